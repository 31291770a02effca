//! The loop: it owns everything, never waits for anything, and publishes what changed.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use downloaders::import::Servers;
use nntp_proxy::config::Secret;
use nntp_proxy::events::Event as Told;
use nntp_proxy::proxy::Snapshot as Engine;
use secrets::Secrets;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::answer::changes_passwords;
use super::checking::Checking;
use super::connecting::Connection;
use super::events::{Events, happened, is_nameless, named};
use super::figures::Numbers;
use super::outside::{Outside, Watch};
use super::passwords::{Passwords, Places};
use super::removed::Removed;
use super::sample::Sampling;
use super::serving::Serving;
use super::store::Keeper;
use super::undo::UndoFile;
use super::window::{Do, Window};
use super::{Answer, Means, Message, Notice, Shell, Start};
use crate::request::{Failure, Reply, Request};
use crate::settings::{Language, Settings};
use crate::snapshot::{Happened, Snapshot, State, Trouble};
use crate::tray::Tray;

/// How often the figures are read while somebody looks.
const LOOKED_AT: Duration = Duration::from_millis(500);
/// And while nobody does.
const UNSEEN: Duration = Duration::from_secs(2);

/// For how long what is under way with passwords is waited for at the end. A dialog is not.
const FINISH: Duration = Duration::from_secs(2);

/// For how long a desktop may be without a panel after the login.
const PANEL: Duration = Duration::from_secs(20);

/// What happens in the engine within this time is told together.
const TOGETHER: Duration = Duration::from_millis(100);

/// Where the snapshot is published.
pub(super) type Publish = watch::Sender<Arc<Snapshot>>;

/// What goes on in the loop when something that was waited for is there.
type Continue = Box<dyn FnOnce(&mut Controller) + Send>;

/// Everything that the loop owns.
pub(super) struct Controller {
    pub(super) shell: Box<dyn Shell>,
    pub(super) outside: Box<dyn Outside>,
    pub(super) keeper: Keeper,
    pub(super) passwords: Passwords,
    pub(super) serving: Serving,
    pub(super) power: Power,
    pub(super) numbers: Numbers,
    pub(super) engine: Option<Engine>,
    pub(super) events: Events,
    pub(super) window: Window,
    pub(super) removed: Option<Removed>,
    /// A client's new password, until the user has taken note of it.
    pub(super) new_password: Option<(String, Secret)>,
    /// The user wants to end it while programs download, and was asked.
    pub(super) asks_to_quit: bool,
    undo: UndoFile,
    pub(super) checking: Checking,
    /// What was read from another program's settings, passwords too.
    pub(super) importing: Option<Servers>,
    pub(super) connected: Option<Connection>,
    /// Troubles that are only told, until they are dismissed.
    pub(super) told: Vec<Trouble>,
    pub(super) starts_at_login: Option<bool>,
    pub(super) version: &'static str,
    pub(super) logs: PathBuf,
    pub(super) downloads: Option<PathBuf>,
    pub(super) sampling: Sampling,
    pub(super) ending: bool,
    spoken: Language,
    start_hidden: Option<bool>,
    watch: Watch,
    drawn: Option<Tray>,
    next_tick: Instant,
    inbox: UnboundedReceiver<Continue>,
    post: UnboundedSender<Continue>,
    /// How much is under way with passwords: what would change them waits until that is done.
    busy: usize,
    waiting: VecDeque<(Request, Answer)>,
    /// Answers that go out behind the snapshot that has what they tell.
    given: Vec<(Answer, Result<Reply, Failure>)>,
}

/// Whether it serves, as far as the user and the passwords are concerned.
#[derive(Debug, Default)]
pub(super) struct Power {
    /// The passwords are read for the first time.
    pub(super) starting: bool,
    /// It goes on at this time.
    pub(super) paused: Option<SystemTime>,
    /// How many doors are being opened.
    pub(super) opening: usize,
    /// Why it is not open.
    pub(super) shut: Option<Trouble>,
    /// The application ends: it serves no more.
    pub(super) over: bool,
}

impl Controller {
    pub(super) fn new(shell: Box<dyn Shell>, start: Start, means: Means) -> io::Result<Self> {
        let keeper = Keeper::open(start.folders.config.join("settings.json"), start.version);
        let Means { keyring, vault, outside, patience } = means;
        let places = Places {
            keyring: Secrets::with_limit(keyring, patience),
            in_vault: Secrets::with_limit(Arc::clone(&vault) as _, patience),
            vault,
        };
        let (undo, undoable) = UndoFile::open(start.folders.config.join("undo.json"));
        let german = start.system_language.is_some_and(|tag| tag.to_lowercase().starts_with("de"));
        let (post, inbox) = mpsc::unbounded_channel();
        Ok(Self {
            shell,
            passwords: Passwords::new(places, keeper.settings().desktop.passwords),
            keeper,
            serving: Serving::new()?,
            power: Power { starting: true, ..Power::default() },
            numbers: Numbers::default(),
            engine: None,
            events: Events::default(),
            window: Window::default(),
            removed: undoable.removed,
            new_password: None,
            asks_to_quit: false,
            checking: Checking::default(),
            importing: None,
            connected: undoable.connected,
            undo,
            told: Vec::new(),
            starts_at_login: None,
            version: start.version,
            logs: start.folders.logs,
            downloads: start.folders.downloads,
            sampling: Sampling::default(),
            ending: false,
            spoken: if german { Language::De } else { Language::En },
            start_hidden: Some(start.hidden),
            watch: Watch::new(outside.now(), Instant::now(), outside.sources()),
            outside,
            drawn: None,
            next_tick: Instant::now(),
            inbox,
            post,
            busy: 0,
            waiting: VecDeque::new(),
            given: Vec::new(),
        })
    }

    pub(super) fn settings(&self) -> &Settings {
        self.keeper.settings()
    }

    /// Runs until it is told to quit, or nobody is left who could tell it anything.
    pub(super) async fn run(mut self, mut told: UnboundedReceiver<Message>, publish: Publish) {
        self.begin();
        while !self.ending {
            self.refresh(&publish);
            tokio::select! {
                message = told.recv() => match message {
                    Some(message) => self.hear(message),
                    None => break,
                },
                Some(go_on) = self.inbox.recv() => go_on(&mut self),
                () = sleep_until(self.next_tick) => self.tick(),
            }
        }
        self.end(&publish).await;
    }

    fn begin(&mut self) {
        self.starts_at_login = self.shell.starts_at_login();
        self.shell.set_log(self.settings().desktop.log);
        let first = self.settings().providers.is_empty() || self.keeper.troubles().next().is_some();
        let hidden = self.start_hidden == Some(true) || self.settings().desktop.start_hidden;
        if first || !hidden {
            self.start_hidden = None;
            self.shell.show_window();
        } else {
            self.window.await_panel();
            self.later(sleep(PANEL), |this, ()| {
                let to_do = this.window.waited_for_panel();
                this.with_window(to_do);
            });
        }
        self.read_passwords(|this| {
            this.power.starting = false;
            this.reconcile();
        });
    }

    /// Says that it stops, before that takes its time.
    async fn end(mut self, publish: &Publish) {
        self.power.over = true;
        self.stop();
        self.refresh(publish);
        drop(timeout(FINISH, self.finish(publish)).await);
        let Self { serving, mut shell, ending, keeper, .. } = self;
        serving.end().await;
        // Another Newsmux may change them now.
        drop(keeper);
        if ending {
            shell.quit();
        }
    }

    /// What is under way with passwords comes to its end, so that they and the settings agree.
    async fn finish(&mut self, publish: &Publish) {
        while self.busy > 0
            && let Some(go_on) = self.inbox.recv().await
        {
            go_on(self);
            self.refresh(publish);
        }
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Request(request, answer) => self.ask(request, answer),
            Message::Notice(notice) => self.notice(notice),
            Message::CopyAddress => {
                let text = self.address().to_string();
                if let Err(said) = self.shell.copy(&text) {
                    tracing::warn!("cannot copy the address: {said}");
                }
            }
        }
    }

    fn notice(&mut self, notice: Notice) {
        let to_do = match notice {
            Notice::CloseAsked => self.window.close_asked(self.settings().desktop.told_of_tray),
            Notice::WindowShown => {
                self.window.is_there();
                self.starts_at_login = self.shell.starts_at_login();
                self.next_tick = self.next_tick.min(Instant::now() + LOOKED_AT);
                Do::Nothing
            }
            Notice::WindowGone => {
                // Nobody is left who could choose.
                self.importing = None;
                self.window.is_gone()
            }
            Notice::Tray(there) => self.window.tray(there),
            Notice::StartedAgain => self.window.wanted(),
        };
        self.with_window(to_do);
    }

    pub(super) fn with_window(&mut self, to_do: Do) {
        match to_do {
            Do::Nothing => {}
            Do::Show => self.shell.show_window(),
            Do::Close => self.shell.close_window(),
            Do::Minimize => self.shell.minimize_window(),
        }
    }

    /// Answers a request, now or when those before it are done.
    pub(super) fn ask(&mut self, request: Request, answer: Answer) {
        if self.busy > 0 && changes_passwords(&request) {
            self.waiting.push_back((request, answer));
        } else {
            self.answer(request, answer);
        }
    }

    /// Answers, as soon as the snapshot is published.
    pub(super) fn give(&mut self, answer: Answer, done: Result<Reply, Failure>) {
        self.given.push((answer, done));
    }

    /// Has `work` done beside the loop, and goes on with what comes of it.
    pub(super) fn later<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
        then: impl FnOnce(&mut Self, T) + Send + 'static,
    ) {
        let post = self.post.clone();
        tokio::spawn(async move {
            let done = work.await;
            // The loop may have ended, and nobody needs it then.
            drop(post.send(Box::new(move |this| then(this, done))));
        });
    }

    /// Like [`later`](Self::later); until then nothing else changes passwords.
    pub(super) fn alone<T: Send + 'static>(
        &mut self,
        work: impl Future<Output = T> + Send + 'static,
        then: impl FnOnce(&mut Self, T) + Send + 'static,
    ) {
        self.busy += 1;
        self.later(work, |this, done| {
            this.busy -= 1;
            then(this, done);
            while this.busy == 0
                && !this.power.over
                && let Some((request, answer)) = this.waiting.pop_front()
            {
                this.answer(request, answer);
            }
        });
    }

    /// Listens to the engine until it stops.
    pub(super) fn listen_to(&self, mut events: Receiver<Told>) {
        let post = self.post.clone();
        tokio::spawn(async move {
            while let Some(told) = gather(&mut events).await {
                drop(post.send(Box::new(move |this| this.engine_told(told))));
            }
        });
    }

    /// What the steps of a check say, as they are done.
    pub(super) fn poster(&self) -> impl Fn(Continue) + Send + Sync + 'static {
        let post = self.post.clone();
        move |go_on| drop(post.send(go_on))
    }

    fn engine_told(&mut self, told: Vec<Told>) {
        let at = millis(self.outside.now());
        let (nameless, told): (Vec<_>, Vec<_>) = told.into_iter().partition(is_nameless);
        told.into_iter().filter_map(happened).for_each(|one| self.events.tell(at, one));
        if !nameless.is_empty() {
            self.later(spawn_blocking(|| named(nameless)), |this, named| {
                let at = millis(this.outside.now());
                named.into_iter().flatten().for_each(|one| this.events.tell(at, one));
            });
        }
        self.engine = self.serving.snapshot();
    }

    /// It is told among the events, and in the log.
    pub(super) fn tell(&mut self, happened: Happened) {
        tracing::info!("{happened:?}");
        self.events.tell(millis(self.outside.now()), happened);
    }

    fn tick(&mut self) {
        let (now, due) = (self.outside.now(), self.next_tick);
        let sources = self.outside.sources();
        if self.watch.tick(now, due, sources) && self.serving.is_on() {
            self.serving.renew();
            self.tell(Happened::Renewed);
        }
        self.removed.iter_mut().for_each(Removed::forget_in_time);
        let before = self.settings().clone();
        if self.keeper.look_again() {
            self.changed(&before);
        }
        if self.power.paused.take_if(|until| *until <= now).is_some() || self.power.shut.is_some() {
            self.reconcile();
        }
        if self.passwords.is_to_look_again() {
            self.read_passwords(Self::reconcile);
        }
        self.sample();
        let every = if self.window.is_shown() { LOOKED_AT } else { UNSEEN };
        self.next_tick = Instant::now() + every;
    }

    /// Reads what the engine counts.
    pub(super) fn sample(&mut self) {
        self.engine = self.serving.snapshot();
        let at = millis(self.outside.now());
        self.numbers.sample(Instant::now(), at, self.engine.as_ref());
        self.look_for_first_article();
    }

    /// Publishes what has changed, and draws the tray.
    fn refresh(&mut self, publish: &Publish) {
        if !self.keeper.is_read_only() {
            self.undo.save(self.removed.as_ref(), self.connected.as_ref());
        }
        let before = Arc::clone(&publish.borrow());
        let mut now = self.view(Some(&before));
        if self.save_first_steps(&now) {
            now = self.view(Some(&before));
        }
        for trouble in news(&before.troubles, &now.troubles) {
            self.tell(Happened::Trouble { trouble });
        }
        let now = Snapshot { last_event: self.events.last(), ..now };
        self.draw(&now);
        self.show_at_start(now.state);
        if now != *before {
            publish.send_replace(Arc::new(now));
        }
        self.given.drain(..).for_each(|(answer, done)| answer.give(done));
    }

    fn draw(&mut self, now: &Snapshot) {
        let language = match now.settings.desktop.language {
            Language::System => self.spoken,
            chosen => chosen,
        };
        let tray = Tray::of(now, language);
        if self.drawn.as_ref() != Some(&tray) {
            self.shell.draw_tray(&tray);
            self.drawn = Some(tray);
        }
    }

    /// One that starts without its window shows it when the start fails; at login it leaves that to the tray.
    fn show_at_start(&mut self, state: State) {
        if state == State::Starting {
            return;
        }
        if mem::take(&mut self.start_hidden) == Some(false) && state == State::Attention {
            self.shell.show_window();
        }
    }
}

/// What happened, and what else shortly after it; none when the engine has stopped.
async fn gather(events: &mut Receiver<Told>) -> Option<Vec<Told>> {
    let first = loop {
        match events.recv().await {
            Ok(first) => break first,
            // Those that were missed are told no more.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    };
    let (deadline, mut told) = (Instant::now() + TOGETHER, vec![first]);
    loop {
        match timeout_at(deadline, events.recv()).await {
            Ok(Ok(one)) => told.push(one),
            Ok(Err(RecvError::Lagged(_))) => {}
            Ok(Err(RecvError::Closed)) | Err(_) => return Some(told),
        }
    }
}

/// Troubles that came up, apart from those that the engine tells of.
fn news(before: &[Trouble], now: &[Trouble]) -> Vec<Trouble> {
    let is_told = |trouble: &&Trouble| {
        matches!(trouble, Trouble::LoginRefused { .. } | Trouble::ProviderDown { .. })
    };
    let is_new = |trouble: &&Trouble| !before.contains(trouble);
    now.iter().filter(|trouble| !is_told(trouble)).filter(is_new).cloned().collect()
}

/// Milliseconds since 1970.
pub(super) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
