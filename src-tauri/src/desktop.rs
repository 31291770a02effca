//! What only the desktop can do for the controller.

use std::path::Path;
use std::sync::mpsc::Sender;
use std::thread;

use arboard::Clipboard;
#[cfg(target_os = "macos")]
use arboard::SetExtApple;
#[cfg(target_os = "linux")]
use arboard::SetExtLinux;
#[cfg(windows)]
use arboard::SetExtWindows;
use control::controller::Shell;
use control::notification::Notification;
use control::tray::Tray;
use settings::LogLevel;
use tokio::sync::oneshot;

use crate::event_loop::App;
use crate::log::Log;
use crate::login_item::LoginItem;
use crate::window::WindowProcess;

pub(crate) struct Desktop {
    pub(crate) app: App,
    pub(crate) window: WindowProcess,
    /// Takes the trays to draw.
    pub(crate) draw: Sender<Tray>,
    /// Takes the notifications to show.
    pub(crate) notify: Sender<Notification>,
    pub(crate) login: Result<LoginItem, String>,
    /// Nothing after the end.
    pub(crate) log: Option<Log>,
    /// Kept: on some systems what was copied is gone with it.
    pub(crate) clipboard: Option<Clipboard>,
    /// Dropped with this: everything has ended.
    pub(crate) _end: Sender<()>,
}

impl Shell for Desktop {
    fn show_window(&mut self) {
        // The controller can do nothing about it; the user finds it in the log.
        if let Err(error) = self.window.show() {
            tracing::error!("cannot show the window: {error}");
        }
    }

    fn close_window(&mut self) {
        self.window.close();
    }

    fn minimize_window(&mut self) {
        self.window.minimize();
    }

    fn draw_tray(&mut self, tray: &Tray) {
        // Where there is no tray nobody draws it.
        drop(self.draw.send(tray.clone()));
    }

    fn notify(&mut self, notification: &Notification) {
        // Where nothing shows them there is the tray.
        drop(self.notify.send(notification.clone()));
    }

    fn open_folder(&mut self, folder: &Path) -> Result<(), String> {
        open::that_detached(folder).map_err(|error| error.to_string())
    }

    fn start_at_login(&mut self, start: bool) -> Result<(), String> {
        self.login.as_ref().map_err(Clone::clone)?.set(start)
    }

    fn starts_at_login(&mut self) -> Option<bool> {
        self.login.as_ref().ok()?.is_set()
    }

    fn set_log(&mut self, level: LogLevel) {
        if let Some(log) = &self.log {
            log.set(level);
        }
    }

    fn copy(&mut self, text: &str) -> Result<(), String> {
        let clipboard = match &mut self.clipboard {
            Some(clipboard) => clipboard,
            none => none.insert(Clipboard::new().map_err(|error| error.to_string())?),
        };
        // It may be a password: neither a history of the clipboard nor the cloud gets it.
        #[cfg(windows)]
        let set = clipboard.set().exclude_from_monitoring();
        #[cfg(not(windows))]
        let set = clipboard.set().exclude_from_history();
        set.text(text).map_err(|error| error.to_string())
    }

    fn choose_file(&mut self, title: &str, chosen: oneshot::Sender<String>) {
        self.window.choose_file(title, chosen);
    }

    fn quit(&mut self) {
        self.window.end();
        self.clipboard = None;
        self.log = None;
        self.app.exit(0);
    }
}

/// Without the controller nothing of the program can be used, nor ended: it does not stay like that. What went
/// wrong is in the log.
impl Drop for Desktop {
    fn drop(&mut self) {
        if thread::panicking() {
            self.log = None;
            self.app.exit(1);
        }
    }
}
