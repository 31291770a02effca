//! The window. It is made when it is wanted: a web view that nobody looks at would be most of the program's
//! memory.

use control::controller::{Handle, Notice};
use tauri::{AppHandle, Manager, Result, Url, WebviewWindowBuilder, Window, WindowEvent};

use crate::commands::Watching;

const LABEL: &str = "main";

/// Makes the window, or brings it to the front.
pub(crate) fn show(app: &AppHandle) -> Result<()> {
    let window = match app.get_webview_window(LABEL) {
        Some(window) => window,
        None => {
            let config = app.config().app.windows.iter().find(|window| window.label == LABEL);
            let config = config.ok_or(tauri::Error::WindowNotFound)?;
            let window =
                WebviewWindowBuilder::from_config(app, config)?.on_navigation(is_ours).build()?;
            app.state::<Handle>().notice(Notice::WindowShown);
            window
        }
    };
    window.show()?;
    window.unminimize()?;
    window.set_focus()
}

/// Closes it, and frees the web view.
pub(crate) fn close(app: &AppHandle) -> Result<()> {
    app.get_webview_window(LABEL).map_or(Ok(()), |window| window.destroy())
}

/// Puts it where it can be brought back from without a tray.
pub(crate) fn minimize(app: &AppHandle) -> Result<()> {
    app.get_webview_window(LABEL).map_or(Ok(()), |window| window.minimize())
}

/// What closing it means is for the controller to say.
pub(crate) fn on_event(window: &Window, event: &WindowEvent) {
    let controller = window.state::<Handle>();
    match event {
        WindowEvent::CloseRequested { api, .. } => {
            api.prevent_close();
            controller.notice(Notice::CloseAsked);
        }
        WindowEvent::Destroyed => {
            window.state::<Watching>().replace(None);
            controller.notice(Notice::WindowGone);
            #[cfg(target_os = "linux")]
            crate::leftover::end();
        }
        _ => {}
    }
}

/// It shows nothing from elsewhere.
fn is_ours(url: &Url) -> bool {
    url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost")
}
