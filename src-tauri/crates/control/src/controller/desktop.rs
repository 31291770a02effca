//! The desktop: the window, the tray, notifications, and all that only the shell can do.

use std::mem::take;
use std::path::Path;

use api::request::{Failure, Reply};
use api::snapshot::{Snapshot, State};
use settings::{Language, LogLevel};
use tokio::sync::oneshot::{self, Receiver};
use tokio::time::Instant;

use super::notifier::Notifier;
use super::window::{Window, WindowAction};
use super::{Shell, Start};
use crate::tray::Tray;

/// The desktop, and what is shown on it.
pub(super) struct Desktop {
    shell: Box<dyn Shell>,
    window: Window,
    tray: Option<Tray>,
    notifier: Notifier,
    starts_at_login: Option<bool>,
    /// The language that the system speaks.
    spoken: Language,
    /// Whether it is to begin without its window, as at login.
    hidden: bool,
    /// Whether it began without its window for another reason, and the start is not over yet.
    shows_failed_start: bool,
}

impl Desktop {
    pub(super) fn new(shell: Box<dyn Shell>, start: &Start) -> Self {
        let tag = start.system_language.as_ref().map(|tag| tag.to_lowercase());
        let is_german = tag.is_some_and(|tag| tag.starts_with("de"));
        Self {
            shell,
            window: Window::default(),
            tray: None,
            notifier: Notifier::default(),
            starts_at_login: None,
            spoken: if is_german { Language::De } else { Language::En },
            hidden: start.hidden,
            shows_failed_start: false,
        }
    }

    /// Shows the window, or begins without it. Whether it does, and a panel may come later than the application.
    pub(super) fn begin(&mut self, log: LogLevel, needs_window: bool, start_hidden: bool) -> bool {
        self.starts_at_login = self.shell.starts_at_login();
        self.shell.set_log(log);
        let begins_hidden = !needs_window && (self.hidden || start_hidden);
        if begins_hidden {
            self.shows_failed_start = !self.hidden;
            self.window.await_panel();
        } else {
            self.shell.show_window();
        }
        begins_hidden
    }

    /// What is known of the window.
    pub(super) fn window(&self) -> &Window {
        &self.window
    }

    /// Whether the application starts at login; none where the system does not say.
    pub(super) fn starts_at_login(&self) -> Option<bool> {
        self.starts_at_login
    }

    /// Does what the window's rules make of what happened.
    pub(super) fn with_window(&mut self, happened: impl FnOnce(&mut Window) -> WindowAction) {
        match happened(&mut self.window) {
            WindowAction::None => {}
            WindowAction::Show => self.shell.show_window(),
            WindowAction::Close => self.shell.close_window(),
            WindowAction::Minimize => self.shell.minimize_window(),
        }
    }

    /// The window stays after all.
    pub(super) fn stay_open(&mut self) {
        self.window.stay_open();
    }

    /// The window is there, and somebody looks at what the system says.
    pub(super) fn window_shown(&mut self) {
        self.window.is_there();
        self.starts_at_login = self.shell.starts_at_login();
    }

    /// Draws the tray, notifies the user, and ends the start with the window where that failed.
    pub(super) fn draw(&mut self, now: &Snapshot) {
        let language = match now.settings.desktop.language {
            Language::System => self.spoken,
            chosen => chosen,
        };
        let tray = Tray::of(now, language);
        if self.tray.as_ref() != Some(&tray) {
            self.shell.draw_tray(&tray);
            self.tray = Some(tray);
        }
        for notification in self.notifier.notices(Instant::now(), now, language) {
            self.shell.notify(&notification);
        }
        // At login that is left to the tray.
        let is_started = now.state != State::Starting;
        if is_started && take(&mut self.shows_failed_start) && now.state == State::Attention {
            self.shell.show_window();
        }
    }

    /// Connections were renewed: whatever fails now may well recover in a moment.
    pub(super) fn renewed(&mut self) {
        self.notifier.wait_anew();
    }

    pub(super) fn set_log(&mut self, level: LogLevel) {
        self.shell.set_log(level);
    }

    pub(super) fn copy(&mut self, text: &str) -> Result<Reply, Failure> {
        self.shell.copy(text).map_err(Failure::refused).map(|()| Reply::Done)
    }

    pub(super) fn open_folder(&mut self, folder: &Path) -> Result<Reply, Failure> {
        self.shell.open_folder(folder).map_err(Failure::refused).map(|()| Reply::Done)
    }

    /// The file that the user chooses. The sender is dropped when none is chosen.
    pub(super) fn choose_file(&mut self, title: &str) -> Receiver<String> {
        let (choose, chosen) = oneshot::channel();
        self.shell.choose_file(title, choose);
        chosen
    }

    pub(super) fn start_at_login(&mut self, start: bool) -> Result<Reply, Failure> {
        let done = self.shell.start_at_login(start);
        self.starts_at_login = self.shell.starts_at_login();
        done.map_err(Failure::refused).map(|()| Reply::Done)
    }

    /// Ends the application.
    pub(super) fn quit(&mut self) {
        self.shell.quit();
    }
}
