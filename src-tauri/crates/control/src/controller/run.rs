//! The loop: it owns everything, never waits for anything, and publishes what changed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use api::snapshot::{Happened, Snapshot};
use nntp_proxy::config::Secret;
use nntp_proxy::proxy::Snapshot as Engine;
use settings::{Settings, SettingsFile};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::books::Books;
use super::checking::Checking;
use super::desktop::Desktop;
use super::encrypted::Encrypted;
use super::environment::{Environment, Watch, millis};
use super::events::Events;
use super::figures::Numbers;
use super::importing::Importing;
use super::other_users::OtherUsers;
use super::passwords::Passwords;
use super::ports::Ports;
use super::power::Power;
use super::removed::Removed;
use super::sample::Sampling;
use super::serving::Serving;
use super::stores::Stores;
use super::traffic::Traffic;
use super::troubles::news;
use super::tuning::Tuning;
use super::undo::Undo;
use super::window::Window;
use super::work::Work;
use super::{Dependencies, Message, Notice, Shell, Start};

/// How often the figures are read while somebody looks.
const LOOKED_AT: Duration = Duration::from_millis(500);
/// And while nobody does.
const UNSEEN: Duration = Duration::from_secs(2);

/// For how long what is under way with passwords is waited for at the end. A dialog is not.
const FINISH: Duration = Duration::from_secs(2);

/// For how long a desktop may be without a panel after the login.
const PANEL: Duration = Duration::from_secs(20);

/// Where the snapshot is published.
pub(super) type Publish = watch::Sender<Arc<Snapshot>>;

/// Everything that the loop owns.
pub(super) struct Controller {
    pub(super) desktop: Desktop,
    pub(super) environment: Box<dyn Environment>,
    pub(super) settings_file: SettingsFile,
    pub(super) stores: Stores,
    pub(super) passwords: Passwords,
    pub(super) serving: Serving,
    pub(super) power: Power,
    pub(super) ports: Ports,
    pub(super) encrypted: Encrypted,
    pub(super) traffic: Traffic,
    pub(super) numbers: Numbers,
    pub(super) engine: Option<Engine>,
    pub(super) events: Events,
    /// A client's new password, until the user has taken note of it.
    pub(super) new_password: Option<(String, Secret)>,
    pub(super) quitting: Quitting,
    pub(super) undo: Undo,
    pub(super) checking: Checking,
    pub(super) tuning: Tuning,
    pub(super) importing: Importing,
    /// Why the settings could not be saved, until they were or the user has dismissed it.
    pub(super) not_saved: Option<String>,
    pub(super) start: Start,
    pub(super) sampling: Sampling,
    pub(super) books: Books,
    pub(super) other_users: OtherUsers,
    watch: Watch,
    next_tick: Instant,
    pub(super) work: Work,
}

/// Whether the application ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quitting {
    /// It does not.
    No,
    /// The user wants to end it while programs download, and was asked.
    Asked,
    /// It does.
    Now,
}

impl Controller {
    pub(super) fn new(
        shell: Box<dyn Shell>,
        start: Start,
        dependencies: Dependencies,
    ) -> io::Result<Self> {
        let settings_file =
            SettingsFile::open(start.folders.config.join("settings.json"), start.version);
        let Dependencies { keyring, vault, environment, timeout: limit } = dependencies;
        let used = settings_file.settings().desktop.passwords;
        let undo = Undo::open(start.folders.config.join("undo.json"));
        Ok(Self {
            desktop: Desktop::new(shell, &start),
            stores: Stores::new(keyring, vault, limit, used),
            passwords: Passwords::default(),
            settings_file,
            serving: Serving::new()?,
            power: Power { starting: true, ..Power::default() },
            ports: Ports::default(),
            encrypted: Encrypted::default(),
            traffic: Traffic::default(),
            numbers: Numbers::default(),
            engine: None,
            events: Events::default(),
            new_password: None,
            quitting: Quitting::No,
            checking: Checking::default(),
            tuning: Tuning::default(),
            importing: Importing::default(),
            undo,
            not_saved: None,
            start,
            sampling: Sampling::default(),
            books: Books::default(),
            other_users: OtherUsers::default(),
            watch: Watch::new(environment.now(), Instant::now(), environment.sources()),
            environment,
            next_tick: Instant::now(),
            work: Work::new(),
        })
    }

    pub(super) fn settings(&self) -> &Settings {
        self.settings_file.settings()
    }

    /// Runs until the user quits, or nobody is left who could ask for anything.
    pub(super) async fn run(mut self, mut messages: UnboundedReceiver<Message>, publish: Publish) {
        self.begin();
        while self.quitting != Quitting::Now {
            self.refresh(&publish);
            tokio::select! {
                message = messages.recv() => match message {
                    Some(message) => self.handle(message),
                    None => break,
                },
                Some(next) = self.work.next() => next(&mut self),
                () = sleep_until(self.next_tick) => self.tick(),
            }
        }
        self.end(&publish).await;
    }

    fn begin(&mut self) {
        self.open_books();
        let needs_window =
            self.settings().providers.is_empty() || self.settings_troubles().next().is_some();
        let (log, hidden) = (self.settings().desktop.log, self.settings().desktop.start_hidden);
        if self.desktop.begin(log, needs_window, hidden) {
            self.later(sleep(PANEL), |this, ()| {
                this.desktop.with_window(Window::waited_for_panel);
            });
        }
        self.passwords.expect_deleted(self.settings_file.settings());
        self.read_passwords(|this| {
            this.power.starting = false;
            this.reconcile();
            this.settle(this.stores.used().other(), |_, _| ());
        });
    }

    /// Says that it stops, before that takes its time.
    async fn end(mut self, publish: &Publish) {
        self.power.over = true;
        self.stop();
        self.refresh(publish);
        drop(timeout(FINISH, self.finish(publish)).await);
        let Self { serving, mut desktop, quitting, settings_file, books, .. } = self;
        serving.end().await;
        books.finish();
        // Another Newsmux may change them now.
        drop(settings_file);
        if quitting == Quitting::Now {
            desktop.quit();
        }
    }

    /// What is under way with passwords comes to its end, so that they and the settings agree.
    async fn finish(&mut self, publish: &Publish) {
        while self.work.is_busy()
            && let Some(next) = self.work.next().await
        {
            next(self);
            self.refresh(publish);
        }
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::Request(request, answer) => self.answer(*request, answer),
            Message::Notice(notice) => self.notice(notice),
            Message::Stats { range, by, answer } => self.stats(range, by, answer),
            Message::CopyAddress => {
                let text = self.address().to_string();
                if let Err(failure) = self.desktop.copy(&text) {
                    tracing::warn!("cannot copy the address: {}", failure.message);
                }
            }
        }
    }

    fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::CloseAsked => self.close_asked(),
            Notice::WindowShown => {
                self.desktop.window_shown();
                self.next_tick = self.next_tick.min(Instant::now() + LOOKED_AT);
            }
            Notice::WindowGone => {
                // Nobody is left who could choose.
                self.importing.dismiss();
                self.desktop.with_window(Window::is_gone);
            }
            Notice::Tray(there) => self.desktop.with_window(|window| window.tray(there)),
            Notice::StartedAgain => self.desktop.with_window(Window::wanted),
        }
    }

    /// Adds it to the events and to the log.
    pub(super) fn record(&mut self, happened: Happened) {
        tracing::info!("{happened:?}");
        self.events.add(self.millis(), happened);
    }

    /// The time, in milliseconds since 1970.
    pub(super) fn millis(&self) -> u64 {
        millis(self.environment.now())
    }

    fn tick(&mut self) {
        let (now, due) = (self.environment.now(), self.next_tick);
        let sources = self.environment.sources();
        if self.watch.tick(now, due, sources) && self.serving.is_on() {
            self.serving.renew();
            self.encrypted.look_now();
            self.record(Happened::Renewed);
            self.desktop.renewed();
        }
        self.undo.removed.iter_mut().for_each(Removed::forget_in_time);
        let before = self.settings().clone();
        if self.settings_file.recheck() {
            self.changed(&before);
        }
        self.look_at_the_schedule();
        if self.power.shut.is_some() || self.ports.some_are_shut() || self.encrypted.is_due() {
            self.reconcile();
        }
        if self.stores.is_retry_due() {
            self.read_passwords(Self::reconcile);
        }
        self.sample();
        let every = if self.desktop.window().is_shown() { LOOKED_AT } else { UNSEEN };
        self.next_tick = Instant::now() + every;
    }

    /// Reads what the engine counts.
    pub(super) fn sample(&mut self) {
        self.engine = self.serving.snapshot();
        self.numbers.sample(Instant::now(), self.millis(), self.engine.as_ref());
        self.look_for_first_articles();
    }

    /// Publishes what has changed, and draws the tray.
    fn refresh(&mut self, publish: &Publish) {
        if !self.settings_file.is_read_only() {
            self.undo.save();
        }
        let before = Arc::clone(&publish.borrow());
        let mut now = self.view(Some(&before));
        if self.save_first_steps(&now) {
            now = self.view(Some(&before));
        }
        for trouble in news(&before.troubles, &now.troubles) {
            self.record(Happened::Trouble { trouble });
        }
        let now = Snapshot { last_event: self.events.last(), ..now };
        self.desktop.draw(&now);
        if now != *before {
            publish.send_replace(Arc::new(now));
        }
        self.work.reply();
    }
}
