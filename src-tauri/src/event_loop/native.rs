//! The event loop of Windows and macOS, which Tauri runs.

use std::error::Error;
use std::sync::mpsc::Receiver;

use api::request::Request;
use control::controller::Handle;
pub(crate) use tauri::AppHandle as App;
use tauri::{Manager, RunEvent};

use super::ENDING;
use crate::context;

/// Runs until the application exits. `ended` is closed when the controller has ended.
///
/// # Errors
/// When it cannot start.
pub(crate) fn run(
    ended: Receiver<()>,
    set_up: impl FnOnce(&App) -> Result<Handle, Box<dyn Error>> + Send + 'static,
) -> Result<(), Box<dyn Error>> {
    let app = tauri::Builder::default()
        .setup(move |app| {
            #[cfg(target_os = "macos")]
            app.handle().set_activation_policy(tauri::ActivationPolicy::Accessory)?;
            app.manage(set_up(app.handle())?);
            Ok(())
        })
        .build(context())?;
    app.run(move |app, event| match event {
        // It has no window, and continues.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        // The session ends, unless the controller has ended before.
        RunEvent::Exit => {
            app.state::<Handle>().send(Request::QuitNow);
            ended.recv_timeout(ENDING).ok();
        }
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => app.state::<Handle>().send(Request::Show),
        _ => {}
    });
    Ok(())
}
