//! The process of the window.

use std::error::Error;
use std::panic;
use std::process;
use std::thread;
use std::time::Duration;

use control::controller::Folders;
use rfd::AsyncFileDialog;
use settings::Theme;
#[cfg(target_os = "macos")]
use tauri::RunEvent;
use tauri::async_runtime;
use tauri::{
    App, AppHandle, Context, Manager, Theme as NativeTheme, Url, WebviewWindow,
    WebviewWindowBuilder, Window, WindowEvent,
};
use tauri_plugin_window_state::StateFlags;

use super::link::{Link, report};
use super::size::{self, SavedFile};
use super::{Move, Order, Report};
#[cfg(windows)]
use crate::alert;
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
    report_panics();
    #[cfg(windows)]
    if let Err(error) = tauri::webview_version() {
        report(&Report::Failed(error.to_string()));
        alert::no_webview();
        return Ok(());
    }
    let saved = SavedFile(folders.config.join("window.json"));
    let window_state = tauri_plugin_window_state::Builder::new()
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
        .with_filename(saved.0.to_string_lossy())
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
        .setup(move |app| set_up(app, &saved))
        .build(context)?;
    app.run(|_app, event| match event {
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => go(_app, Move::Show),
        // Cmd+Q and the Dock's *Quit* end this process. They mean all of Newsmux.
        #[cfg(target_os = "macos")]
        RunEvent::Exit => {
            if !_app.state::<Link>().is_ordered_to_close() {
                report(&Report::QuitAsked);
            }
        }
        _ => drop(event),
    });
    Ok(())
}

/// Why there is no window is for the log.
fn report_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |why| {
        report(&Report::Failed(why.to_string()));
        usual(why);
    }));
}

fn set_up(app: &App, saved: &SavedFile) -> Result<(), Box<dyn Error>> {
    // As long as there is a window it is in the Dock, and Cmd+Tab finds it.
    #[cfg(target_os = "macos")]
    app.handle().set_activation_policy(tauri::ActivationPolicy::Regular)?;
    let app = app.handle().clone();
    let ordered = app.clone();
    // Before there is a window: it may not be wanted any more.
    thread::Builder::new().name("newsmux-orders".into()).spawn(move || {
        let mut system = None;
        ordered.state::<Link>().receive(|order| match order {
            Order::Move(to) => go(&ordered, to),
            Order::ChooseFile(title) => choose_file(&ordered, title),
            Order::Theme(chosen) => use_theme(&ordered, chosen, &mut system),
            Order::Close | Order::Snapshot(_) | Order::Reply { .. } => {}
        });
        ordered.exit(0);
        // A web view that hangs keeps the process from exiting.
        thread::sleep(ENDING);
        process::exit(1);
    })?;
    #[cfg(unix)]
    signals::on_end(app.clone(), |app| app.exit(0))?;
    let config = app.config().app.windows.iter().find(|window| window.label == LABEL);
    let config = config.ok_or(tauri::Error::WindowNotFound)?;
    let window = WebviewWindowBuilder::from_config(&app, config)?.on_navigation(is_ours).build()?;
    if let Err(error) = size::fit(&window, saved, config) {
        eprintln!("newsmux: the window may be larger than the screen: {error}");
    }
    show(&window)?;
    report(&Report::Shown);
    Ok(())
}

/// Moves the window, and reports it once the web view's thread has done so: a thread that hangs reports nothing.
fn go(app: &AppHandle, to: Move) {
    let moved = app.clone();
    let asked = app.run_on_main_thread(move || {
        let Some(window) = moved.get_webview_window(LABEL) else { return };
        let gone = match to {
            Move::Show => show(&window),
            Move::Minimize => window.minimize(),
        };
        match gone {
            Ok(()) => report(&Report::Done),
            Err(error) => eprintln!("newsmux: the window does not go ({to:?}): {error}"),
        }
    });
    if let Err(error) = asked {
        eprintln!("newsmux: the window does not go ({to:?}): {error}");
    }
}

/// Gives the title bar the theme of the settings. `system` is the system's, once it is known.
fn use_theme(app: &AppHandle, chosen: Theme, system: &mut Option<NativeTheme>) {
    let Some(window) = app.get_webview_window(LABEL) else { return };
    if cfg!(target_os = "linux") && system.is_none() {
        *system = window.theme().ok();
    }
    if let Err(error) = window.set_theme(native(chosen, *system)) {
        eprintln!("newsmux: the title bar keeps its theme: {error}");
    }
}

/// None is the system's theme. GTK takes it for the light one, so there `system` says what it was before.
fn native(chosen: Theme, system: Option<NativeTheme>) -> Option<NativeTheme> {
    match chosen {
        Theme::System => system,
        Theme::Light => Some(NativeTheme::Light),
        Theme::Dark => Some(NativeTheme::Dark),
    }
}

/// Lets the user choose a file, and reports which. Some systems open dialogs only on the main thread.
fn choose_file(app: &AppHandle, title: String) {
    let opens = app.clone();
    let asked = app.run_on_main_thread(move || {
        let mut dialog = AsyncFileDialog::new().set_title(title);
        if let Some(window) = opens.get_webview_window(LABEL) {
            dialog = dialog.set_parent(&window);
        }
        let choosing = dialog.pick_file();
        async_runtime::spawn(async move {
            let file = choosing.await.map(|file| file.path().display().to_string());
            report(&Report::Chosen(file));
        });
    });
    if let Err(error) = asked {
        eprintln!("newsmux: no file can be chosen: {error}");
        report(&Report::Chosen(None));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_bar_has_the_chosen_theme_or_the_systems() {
        for system in [None, Some(NativeTheme::Light), Some(NativeTheme::Dark)] {
            assert_eq!(native(Theme::System, system), system);
            assert_eq!(native(Theme::Light, system), Some(NativeTheme::Light));
            assert_eq!(native(Theme::Dark, system), Some(NativeTheme::Dark));
        }
    }
}
