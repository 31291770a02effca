//! The event loop of Linux, without GTK: GTK ends a process at once when its display is lost, and only the window needs it.

use std::error::Error;
use std::process;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use api::request::Request;
use control::controller::Handle;

use super::ENDING;
use super::display::Display;

/// Ends the event loop.
#[derive(Clone)]
pub(crate) struct App {
    exit: Sender<i32>,
}

impl App {
    /// Has the process exit with this code.
    pub(crate) fn exit(&self, code: i32) {
        // A loop that has ended exits already.
        self.exit.send(code).ok();
    }
}

/// Runs until the application exits. `ended` is closed when the controller has ended. A session that ends takes its
/// display away first, so the application ends with the display: in order, as with *Quit*.
///
/// # Errors
/// When it cannot start.
pub(crate) fn run(
    ended: Receiver<()>,
    set_up: impl FnOnce(&App) -> Result<Handle, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let display = Display::of_session()?;
    let (exit, exited) = channel();
    let controller = set_up(&App { exit })?;
    thread::Builder::new().name("newsmux-display".into()).spawn(move || {
        let why = display.until_lost();
        tracing::info!("the display is gone ({why}): Newsmux quits");
        controller.send(Request::QuitNow);
    })?;
    // Without a sender the controller is gone, too.
    let code = exited.recv().unwrap_or_default();
    ended.recv_timeout(ENDING).ok();
    if code == 0 { Ok(()) } else { process::exit(code) }
}
