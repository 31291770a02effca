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
use control::settings::LogLevel;
use control::tray::Tray;
use tauri::AppHandle;
use tauri_plugin_autostart::ManagerExt;

use crate::log::Log;
use crate::window::WindowProcess;

pub(crate) struct Desktop {
    app: AppHandle,
    window: WindowProcess,
    draw: Sender<Tray>,
    /// Nothing after the end.
    log: Option<Log>,
    /// Kept: on some systems what was copied is gone with it.
    clipboard: Option<Clipboard>,
}

impl Desktop {
    /// `draw` takes the trays to draw.
    pub(crate) fn new(app: AppHandle, window: WindowProcess, draw: Sender<Tray>, log: Log) -> Self {
        Self { app, window, draw, log: Some(log), clipboard: None }
    }
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

    fn open_folder(&mut self, folder: &Path) -> Result<(), String> {
        open::that_detached(folder).map_err(|error| error.to_string())
    }

    fn start_at_login(&mut self, start: bool) -> Result<(), String> {
        let login = self.app.autolaunch();
        let done = if start { login.enable() } else { login.disable() };
        done.map_err(|error| error.to_string())
    }

    fn starts_at_login(&mut self) -> Option<bool> {
        self.app.autolaunch().is_enabled().ok()
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

    fn quit(&mut self) {
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
