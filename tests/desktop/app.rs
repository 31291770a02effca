//! The application as the desktop has it: its processes, and its windows on the display.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use newsmux_tests::desktop::Desktop;
use newsmux_tests::real::process::{Process, children, wait_for};
use serde_json::{Value, json};

use crate::display::{Display, LazyDisplay};

/// How long something may take that has to come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// A window with something in it has more colours than this: letters have soft edges.
const COLOURS: usize = 20;
/// How long it may take to end when it is told to, in seconds.
const ENDING: u32 = 15;

/// The program under test: the one that was built, or the one that `NEWSMUX_APP` names.
pub(crate) fn program() -> PathBuf {
    std::env::var_os("NEWSMUX_APP")
        .map_or_else(|| env!("CARGO_BIN_EXE_newsmux").into(), PathBuf::from)
}

/// Newsmux, started as at login.
pub(crate) struct App {
    process: Process,
    display: LazyDisplay,
}

impl App {
    /// Starts it with these arguments.
    pub(crate) fn start(desktop: &Desktop, arguments: &[&str]) -> Self {
        Self::start_from(&program(), desktop, arguments)
    }

    /// Starts this program instead.
    pub(crate) fn start_from(program: &Path, desktop: &Desktop, arguments: &[&str]) -> Self {
        let mut command = desktop.program(program);
        command.args(arguments);
        let log = desktop.path().join("newsmux.log");
        let process = Process::start(&command, &log, ENDING);
        Self { process, display: Display::open_later(desktop) }
    }

    /// Waits until its window is there, or is not.
    pub(crate) fn until_shown(&self, shown: bool) {
        until_shown(&self.display, shown);
    }

    /// Waits until its window shows something.
    pub(crate) fn until_drawn(&self) {
        until("a drawn window", || self.display.colours("Newsmux") > COLOURS);
    }

    /// The window's width and height.
    pub(crate) fn window_size(&self) -> (u16, u16) {
        self.display.size("Newsmux").unwrap()
    }

    /// What the button in the window's corner does.
    pub(crate) fn close_window(&self) {
        self.display.close("Newsmux");
    }

    /// Waits until there is no window's process any more.
    pub(crate) fn until_freed(&self) {
        until("an end of the window's process", || self.window_processes().is_empty());
    }

    /// Waits until it has ended by itself.
    pub(crate) fn until_ended(&self) {
        until("the end of Newsmux", || self.process.programs().into_iter().all(is_dead));
    }

    /// Its process.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.programs()[0]
    }

    /// How large a copy of its memory may be that a crash leaves behind, as the kernel says.
    pub(crate) fn largest_dumps(&self) -> Vec<String> {
        let limits = |process| fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
        let core = |text: String| {
            let line = text.lines().find_map(|line| line.strip_prefix("Max core file size"));
            line.and_then(|line| line.split_whitespace().next()).unwrap_or_default().to_owned()
        };
        let all = self.process.programs().into_iter().chain(self.window_processes());
        all.map(limits).map(core).collect()
    }

    /// The window's process: it has no other beside it.
    pub(crate) fn window_processes(&self) -> Vec<u32> {
        self.process.programs().into_iter().flat_map(children).collect()
    }
}

/// Whether a process has ended, though nobody has asked what came of it.
pub(crate) fn is_dead(process: u32) -> bool {
    fs::read_to_string(format!("/proc/{process}/stat")).map_or(true, |stat| stat.contains(") Z "))
}

/// Waits until there is a window on the display, or none.
pub(crate) fn until_shown(display: &Display, shown: bool) {
    until("the window", || display.shows("Newsmux") == shown);
}

/// Waits until it is so.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    wait_for(PATIENCE, || is_so().then_some(())).unwrap_or_else(|| panic!("never came: {what}"));
}

/// Ends a process, as the system does for want of memory.
pub(crate) fn kill(process: u32) {
    send("KILL", process);
}

/// Sends a signal.
pub(crate) fn send(signal: &str, process: u32) {
    let kill = Command::new("kill").args(["-s", signal, &process.to_string()]).status();
    assert!(kill.unwrap().success());
}

/// Starts the program once more, to its end. Says whether that went well.
pub(crate) fn start_again(desktop: &Desktop, arguments: &[&str]) -> bool {
    let mut again: Command = desktop.program(program());
    again.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    again.status().unwrap().success()
}

/// Where its settings are.
fn settings_file(desktop: &Desktop) -> PathBuf {
    desktop.home().join(".config/newsmux/settings.json")
}

/// What the settings file says.
pub(crate) fn settings(desktop: &Desktop) -> Value {
    serde_json::from_slice(&fs::read(settings_file(desktop)).unwrap()).unwrap()
}

/// Settings that were there before, for programs on this port.
pub(crate) fn write_settings(desktop: &Desktop, port: u16, providers: Value) {
    let file = settings_file(desktop);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let listen = json!({"host": "127.0.0.1", "port": port});
    let settings = json!({"version": 1, "listen": listen, "providers": providers});
    fs::write(file, settings.to_string()).unwrap();
}
