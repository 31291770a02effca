//! The loop.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;

use super::store::Keeper;
use super::window::{Do, Window};
use super::{Means, Message, Notice, Shell, Start};
use crate::request::{Failure, Reply, Request};
use crate::settings::{Language, Settings};
use crate::snapshot::{Address, Figures, KeepState, Snapshot, State, Trouble};
use crate::tray::Tray;

/// Everything that the loop owns.
pub(super) struct Controller {
    shell: Box<dyn Shell>,
    publish: watch::Sender<Arc<Snapshot>>,
    keeper: Keeper,
    window: Window,
    told: Vec<Trouble>,
    drawn: Option<Tray>,
    version: &'static str,
    logs: PathBuf,
    spoken: Language,
    starts_at_login: Option<bool>,
    ending: bool,
}

impl Controller {
    pub(super) fn new(shell: Box<dyn Shell>, start: Start, means: Means) -> io::Result<Self> {
        drop(means);
        let (keeper, trouble) = Keeper::open(start.folders.config.join("settings.json"));
        let told = Vec::from_iter(trouble);
        let german = start.system_language.is_some_and(|tag| tag.to_lowercase().starts_with("de"));
        let spoken = if german { Language::De } else { Language::En };
        let first = view(&keeper, &Window::default(), &told, start.version, None);
        Ok(Self {
            shell,
            publish: watch::Sender::new(Arc::new(first)),
            keeper,
            window: Window::default(),
            told,
            drawn: None,
            version: start.version,
            logs: start.folders.logs,
            spoken,
            starts_at_login: None,
            ending: false,
        })
    }

    pub(super) fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.publish.subscribe()
    }

    /// Runs until it is told to quit, or nobody is left who could tell it anything.
    pub(super) async fn run(mut self, mut told: UnboundedReceiver<Message>) {
        self.starts_at_login = self.shell.starts_at_login();
        self.shell.set_log(self.keeper.settings().desktop.log);
        self.shell.show_window();
        self.refresh();
        while let Some(message) = told.recv().await {
            self.hear(message);
            self.refresh();
            if self.ending {
                return self.shell.quit();
            }
        }
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Request(request, answer) => answer.give(self.answer(request)),
            Message::Notice(notice) => self.notice(notice),
            Message::CopyAddress => {
                let Address { host, port } = &self.publish.borrow().address;
                let text = format!("{host}:{port}");
                drop(self.shell.copy(&text));
            }
        }
    }

    fn notice(&mut self, notice: Notice) {
        let to_do = match notice {
            Notice::CloseAsked => {
                self.window.close_asked(self.keeper.settings().desktop.told_of_tray)
            }
            Notice::WindowShown => {
                self.window.is_there();
                Do::Nothing
            }
            Notice::WindowGone => self.window.is_gone(),
            Notice::Tray(there) => self.window.tray(there),
            Notice::StartedAgain => Do::Show,
        };
        self.with_window(to_do);
    }

    fn with_window(&mut self, to_do: Do) {
        match to_do {
            Do::Nothing => {}
            Do::Show => self.shell.show_window(),
            Do::Close => self.shell.close_window(),
            Do::Minimize => self.shell.minimize_window(),
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Settings)) -> Result<Reply, Failure> {
        self.keeper.change(|settings| {
            change(settings);
            Ok(Reply::Done)
        })
    }

    fn answer(&mut self, request: Request) -> Result<Reply, Failure> {
        match request {
            Request::Start => self.change(|s| s.desktop.on = true),
            Request::Stop => self.change(|s| s.desktop.on = false),
            Request::SetMode { mode } => self.change(|s| s.routing.mode = mode),
            Request::SetListen { listen } => self.change(|s| s.listen = listen),
            Request::SetPosting { posting } => self.change(|s| s.posting = posting),
            Request::SetLanguage { language } => self.change(|s| s.desktop.language = language),
            Request::SetStartHidden { hidden } => self.change(|s| s.desktop.start_hidden = hidden),
            Request::OpenLogs => {
                self.shell.open_folder(&self.logs).map_err(Failure::refused).map(|()| Reply::Done)
            }
            Request::Show => {
                self.shell.show_window();
                Ok(Reply::Done)
            }
            Request::CloseWindow => {
                let to_do = self.window.close();
                self.with_window(to_do);
                Ok(Reply::Done)
            }
            Request::StayOpen => {
                self.window.stay_open();
                Ok(Reply::Done)
            }
            Request::Quit => {
                self.ending = true;
                Ok(Reply::Done)
            }
            _ => Err(Failure::refused("this is being built")),
        }
    }

    fn refresh(&mut self) {
        let starts = self.starts_at_login;
        let now = Arc::new(view(&self.keeper, &self.window, &self.told, self.version, starts));
        let language = match now.settings.desktop.language {
            Language::System => self.spoken,
            chosen => chosen,
        };
        let tray = Tray::of(&now, language);
        if self.drawn.as_ref() != Some(&tray) {
            self.shell.draw_tray(&tray);
            self.drawn = Some(tray);
        }
        self.publish.send_if_modified(|last| {
            let news = **last != *now;
            *last = now;
            news
        });
    }
}

fn view(
    keeper: &Keeper,
    window: &Window,
    troubles: &[Trouble],
    version: &'static str,
    start_at_login: Option<bool>,
) -> Snapshot {
    let settings = keeper.settings().clone();
    Snapshot {
        state: if settings.desktop.on { State::Starting } else { State::Stopped },
        troubles: troubles.to_vec(),
        address: Address { host: settings.listen.host.clone(), port: settings.listen.port },
        figures: Figures::default(),
        providers: Vec::new(),
        clients: Vec::new(),
        last_event: 0,
        settings,
        keep: KeepState::Open,
        removed: None,
        check: None,
        start_at_login,
        tray: window.has_tray(),
        farewell: window.says_farewell(),
        version,
    }
}
