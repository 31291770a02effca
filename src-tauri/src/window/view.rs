//! The process of the window.

use std::error::Error;
use std::panic;
use std::process;
use std::thread;
use std::time::Duration;

use control::controller::Folders;
use tauri::{
    App, AppHandle, Context, Manager, Url, WebviewWindow, WebviewWindowBuilder, Window, WindowEvent,
};
use tauri_plugin_window_state::StateFlags;

use super::link::{Link, report};
use super::{Move, Report};
use crate::commands;
#[cfg(unix)]
use crate::signals;

const LABEL: &str = "main";
/// How long a web view may take to end.
const ENDING: Duration = Duration::from_secs(5);

/// Shows the window until it is closed, or the process in the tray has ended.
///
/// # Errors
/// When there can be none.
pub(crate) fn run(context: Context, folders: &Folders) -> Result<(), Box<dyn Error>> {
    tell_panics();
    let window_state = tauri_plugin_window_state::Builder::new()
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
        .with_filename(folders.config.join("window.json").to_string_lossy())
        .build();
    let app = tauri::Builder::default()
        .plugin(window_state)
        .manage(Link::default())
        .invoke_handler(tauri::generate_handler![
            commands::request,
            commands::watch,
            commands::unwatch
        ])
        .on_window_event(on_event)
        .setup(|app| set_up(app))
        .build(context)?;
    app.run(|_, _| ());
    Ok(())
}

/// Why there is no window is for the log.
fn tell_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |why| {
        report(&Report::Failed(why.to_string()));
        usual(why);
    }));
}

fn set_up(app: &App) -> Result<(), Box<dyn Error>> {
    #[cfg(target_os = "macos")]
    app.handle().set_activation_policy(tauri::ActivationPolicy::Accessory)?;
    let app = app.handle().clone();
    let heeds = app.clone();
    // Before there is a window: it may not be wanted any more.
    thread::Builder::new().name("newsmux-orders".into()).spawn(move || {
        heeds.state::<Link>().hear(|to| go(&heeds, to));
        heeds.exit(0);
        thread::sleep(ENDING);
        process::exit(1);
    })?;
    #[cfg(unix)]
    signals::heed(app.clone(), |app| app.exit(0))?;
    let config = app.config().app.windows.iter().find(|window| window.label == LABEL);
    let config = config.ok_or(tauri::Error::WindowNotFound)?;
    let window = WebviewWindowBuilder::from_config(&app, config)?.on_navigation(is_ours).build()?;
    show(&window)?;
    report(&Report::Shown);
    Ok(())
}

fn go(app: &AppHandle, to: Move) {
    let Some(window) = app.get_webview_window(LABEL) else { return };
    let gone = match to {
        Move::Show => show(&window),
        Move::Minimize => window.minimize(),
    };
    if let Err(error) = gone {
        eprintln!("newsmux: the window does not go ({to:?}): {error}");
    }
}

fn show(window: &WebviewWindow) -> tauri::Result<()> {
    window.show()?;
    window.unminimize()?;
    window.set_focus()
}

/// What closing it means is for the controller to say.
fn on_event(_window: &Window, event: &WindowEvent) {
    if let WindowEvent::CloseRequested { api, .. } = event {
        api.prevent_close();
        report(&Report::CloseAsked);
    }
}

/// It shows nothing from elsewhere.
fn is_ours(url: &Url) -> bool {
    url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost")
}
