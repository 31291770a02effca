//! Newsmux on the desktop. Everything that can be done without a desktop is in `control`; this shows it, and
//! forwards what the user wants.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod alert;
mod commands;
#[cfg(target_os = "linux")]
mod core_dumps;
mod desktop;
mod event_loop;
mod instance;
mod log;
mod login_item;
mod notification;
#[cfg(unix)]
mod signals;
mod start_error;
mod tray;
mod window;

use std::env;
use std::error::Error;
use std::ffi::OsStr;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Sender};

#[cfg(unix)]
use api::request::Request;
use control::controller::{self, Folders, Handle, Start};
use local::channel::Channel;
use tauri::Context;
use tauri::async_runtime;

use crate::desktop::Desktop;
use crate::event_loop::App;
use crate::instance::Instance;
use crate::log::Log;
use crate::login_item::LoginItem;
use crate::start_error::StartError;
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
        Some(argument) if argument == WINDOW => run_window(env::args_os().nth(2).as_deref()),
        Some(argument) if argument == "--version" => return say(&format!("newsmux {VERSION}")),
        Some(argument) if argument == "--help" => return say(USAGE),
        Some(argument) => {
            return fail(&format!("unknown argument {}\n\n{USAGE}", argument.display()));
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            alert::cannot_start(&error);
            ExitCode::FAILURE
        }
    }
}

/// The process in the tray.
fn run(hidden: bool) -> Result<(), StartError> {
    let folders = prepare()?;
    if !alert::has_display() {
        return Err(StartError::NoDisplay);
    }
    // A second start ends here, before it touches anything.
    let Instance::Only(channel) = Instance::find(hidden)? else { return Ok(()) };
    let (end, ended) = mpsc::channel();
    event_loop::run(ended, move |app| set_up(app, folders, hidden, channel, end))
        .map_err(StartError::System)
}

/// The process of the window. One of another version than its parent is what an update has put in its place: it starts
/// Newsmux anew, which takes the place of the old one.
fn run_window(parent: Option<&OsStr>) -> Result<(), StartError> {
    if parent != Some(OsStr::new(VERSION)) {
        Command::new(env::current_exe()?).stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        return Ok(());
    }
    let folders = prepare()?;
    window::run(context(), &folders).map_err(StartError::Window)
}

/// What holds for both.
fn prepare() -> Result<Folders, StartError> {
    #[cfg(target_os = "linux")]
    core_dumps::forbid();
    Folders::of_user().ok_or(StartError::NoHome)
}

/// What is built into the program: its configuration, and the window's files.
fn context() -> Context {
    tauri::generate_context!()
}

/// Starts everything but the event loop. `end` is dropped when the controller has ended.
fn set_up(
    app: &App,
    folders: Folders,
    hidden: bool,
    channel: Option<Channel>,
    end: Sender<()>,
) -> Result<Handle, Box<dyn Error>> {
    let log = Log::start(&folders.logs);
    let (draw, drawn) = mpsc::channel();
    let (notify, notified) = mpsc::channel();
    let window = WindowProcess::default();
    let answers = window.controller();
    let login = LoginItem::of_user();
    if let Err(error) = login.as_ref().map_err(Clone::clone).and_then(LoginItem::repair) {
        tracing::warn!("cannot mend the start at login: {error}");
    }
    let desktop = Desktop {
        app: app.clone(),
        window,
        draw,
        notify,
        login,
        log: Some(log),
        clipboard: None,
        _end: end,
    };
    let system_language = sys_locale::get_locale();
    let start = Start { folders, version: VERSION, hidden, system_language };
    let controller = controller::start(desktop, start)?;
    drop(answers.set(controller.clone()));
    if let Some(channel) = channel {
        async_runtime::spawn(instance::serve(channel, controller.clone()));
    }
    #[cfg(unix)]
    signals::on_end(controller.clone(), |controller| controller.send(Request::QuitNow))?;
    tray::show(app, drawn, controller.clone())?;
    notification::show(app, notified, controller.clone())?;
    Ok(controller)
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
