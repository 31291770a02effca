//! Newsmux on the desktop. Everything that can be done without a desktop is in `control`; this shows it, and
//! forwards what the user wants.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

#[cfg(target_os = "linux")]
mod again;
mod commands;
mod desktop;
#[cfg(target_os = "linux")]
mod dump;
#[cfg(target_os = "linux")]
mod lean;
mod log;
#[cfg(unix)]
mod signals;
mod tray;
mod window;

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::sync::mpsc;

use control::controller::{self, Folders, Handle, Notice, Start};
#[cfg(unix)]
use control::request::Request;
use tauri::{App, AppHandle, Context, Manager, RunEvent};

use crate::desktop::Desktop;
use crate::log::Log;
use crate::window::{WINDOW, WindowProcess};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Begins without the window.
const HIDDEN: &str = "--hidden";
const USAGE: &str = "\
Usage: newsmux [--hidden]

  --hidden   start without a window, as at login
  --version  print the version";

fn main() -> ExitCode {
    let done = match env::args_os().nth(1) {
        None => run(false),
        Some(argument) if argument == HIDDEN => run(true),
        Some(argument) if argument == WINDOW => run_window(),
        Some(argument) if argument == "--version" => return say(&format!("newsmux {VERSION}")),
        Some(argument) if argument == "--help" => return say(USAGE),
        Some(argument) => {
            return fail(&format!("unknown argument {}\n\n{USAGE}", argument.display()));
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

/// The process in the tray.
fn run(hidden: bool) -> Result<(), Box<dyn Error>> {
    let folders = prepare()?;
    #[cfg(target_os = "linux")]
    if again::is_told() {
        return Ok(());
    }
    let app = tauri::Builder::default()
        // The first: a second start ends here, before it touches anything.
        .plugin(tauri_plugin_single_instance::init(|app, arguments, _| {
            started_again(app, &arguments)
        }))
        .plugin(tauri_plugin_autostart::Builder::new().arg(HIDDEN).build())
        .setup(move |app| set_up(app, folders, hidden))
        .build(context())?;
    app.run(|app, event| match event {
        // It has no window, and goes on.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => app.state::<Handle>().send(Request::Show),
        _ => _ = app,
    });
    Ok(())
}

/// The process of the window.
fn run_window() -> Result<(), Box<dyn Error>> {
    let folders = prepare()?;
    window::run(context(), &folders)
}

/// What holds for both.
fn prepare() -> Result<Folders, Box<dyn Error>> {
    #[cfg(target_os = "linux")]
    dump::forbid();
    #[cfg(target_os = "linux")]
    lean::without_gl();
    Ok(Folders::of_user().ok_or("your home folder, which holds the settings, was not found")?)
}

/// What is built into the program: its configuration, and the window's files.
fn context() -> Context {
    tauri::generate_context!()
}

fn set_up(app: &App, folders: Folders, hidden: bool) -> Result<(), Box<dyn Error>> {
    #[cfg(target_os = "macos")]
    app.handle().set_activation_policy(tauri::ActivationPolicy::Accessory)?;
    let log = Log::start(&folders.logs);
    let (draw, drawn) = mpsc::channel();
    let window = WindowProcess::default();
    let answers = window.controller();
    let desktop = Desktop::new(app.handle().clone(), window, draw, log);
    let system_language = sys_locale::get_locale();
    let start = Start { folders, version: VERSION, hidden, system_language };
    let controller = controller::start(desktop, start)?;
    drop(answers.set(controller.clone()));
    app.manage(controller.clone());
    #[cfg(unix)]
    signals::heed(controller.clone(), |controller| controller.send(Request::QuitNow))?;
    tray::show(app.handle(), drawn, controller)?;
    Ok(())
}

/// Somebody started it once more, unless that was the desktop at login.
fn started_again(app: &AppHandle, arguments: &[String]) {
    if arguments.iter().any(|argument| argument == HIDDEN) {
        return;
    }
    if let Some(controller) = app.try_state::<Handle>() {
        controller.notice(Notice::StartedAgain);
    }
}

#[expect(clippy::print_stdout, reason = "what was asked for on the command line")]
fn say(text: &str) -> ExitCode {
    println!("{text}");
    ExitCode::SUCCESS
}

fn fail(sentence: &str) -> ExitCode {
    eprintln!("newsmux: {sentence}");
    ExitCode::FAILURE
}
