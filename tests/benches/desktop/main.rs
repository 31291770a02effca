//! `npm run bench:desktop`: how soon the application serves and is seen after its start, what it takes while nobody looks,
//! and what its window takes while a lot happens. `newsmuxd`, the same without a desktop, is started in turn with it.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "it prints what it measures, and may fail so"
)]

mod activity;
#[expect(dead_code, reason = "it only needs its settings")]
#[path = "../../desktop/app.rs"]
mod app;
#[expect(dead_code, reason = "it asks for colours, not whether there is a window")]
#[path = "../../desktop/display.rs"]
mod display;
#[path = "../relay/usage.rs"]
mod usage;
#[expect(dead_code, reason = "it only opens a page")]
#[path = "../../desktop/window.rs"]
mod window;

use std::env;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use newsmux_tests::desktop::{Desktop, Panel};
use newsmux_tests::real::process::{Process, children, free_port};
use serde_json::json;

use crate::display::Display;
use crate::usage::Usage;

const NEWSMUX: &str = env!("CARGO_BIN_EXE_newsmux");
const ROUNDS: usize = 7;
/// A window with something in it has more colours than this.
const COLOURS: usize = 20;
/// How long it is watched while nobody looks.
const IDLE: Duration = Duration::from_secs(60);
/// For how many minutes its window is watched while a lot happens.
const MINUTES: u32 = 3;
/// What it still does after its start is none of that.
const SETTLED: Duration = Duration::from_secs(5);

fn main() {
    let arguments: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [daemon] = &arguments[..] else { panic!("usage: desktop NEWSMUXD | --activity=MINUTES") };
    if let Some(minutes) = daemon.strip_prefix("--activity=") {
        return activity::watch(minutes.parse().unwrap());
    }
    let mut starts: [Vec<Duration>; 3] = Default::default();
    for _ in 0..ROUNDS {
        starts[0].push(start(daemon, &[], serves));
        starts[1].push(start(NEWSMUX, &["--hidden"], serves));
        starts[2].push(start(NEWSMUX, &[], is_seen));
    }
    let [daemon, hidden, window] = starts.map(median);
    println!(
        "| from the start (medians of {ROUNDS}) | ms | by newsmuxd's |\n| --- | ---: | ---: |"
    );
    for (what, took) in [
        ("newsmuxd serves", daemon),
        ("newsmux --hidden serves", hidden),
        ("newsmux has drawn its window", window),
    ] {
        let ratio = took.as_secs_f64() / daemon.as_secs_f64();
        println!("| {what} | {} | {ratio:.1} |", took.as_millis());
    }
    println!(
        "\n| while nobody looks | MiB resident | of its own | by its share of what is shared | % of a core |\n\
         | --- | ---: | ---: | ---: | ---: |"
    );
    watch_idle("never shown", false);
    watch_idle("its window closed again", true);
    activity::watch(MINUTES);
}

/// How long it takes from the start of a program until it `is_there`.
fn start(program: &str, arguments: &[&str], is_there: fn(&Desktop, u16) -> bool) -> Duration {
    let desktop = Desktop::with_display();
    let _panel = Panel::start(&desktop);
    let port = set_up(&desktop);
    let mut command = desktop.program(program);
    command.args(arguments);
    let began = Instant::now();
    let _process = Process::start(&command, &desktop.path().join("log"), 15);
    until(program, || is_there(&desktop, port));
    began.elapsed()
}

fn until(what: &str, is_there: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_there() {
        assert!(began.elapsed() < Duration::from_secs(30), "never came: {what}");
        sleep(Duration::from_millis(2));
    }
}

fn serves(_: &Desktop, port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn is_seen(desktop: &Desktop, _: u16) -> bool {
    Display::open(desktop).colours("Newsmux") > COLOURS
}

/// Settings with a provider, on a port that nobody uses.
fn set_up(desktop: &Desktop) -> u16 {
    let folder = desktop.home().join(".config/newsmux");
    let port = free_port();
    fs::create_dir_all(&folder).unwrap();
    let settings = json!({
        "version": 1,
        "listen": {"host": "127.0.0.1", "port": port},
        "providers": [{"id": "a", "host": "127.0.0.1", "tls": "off"}],
        "desktop": {"told_of_tray": true},
    });
    fs::write(folder.join("settings.json"), settings.to_string()).unwrap();
    port
}

/// What it takes while nobody looks: never shown, or its window closed again.
fn watch_idle(state: &str, is_shown_first: bool) {
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    set_up(&desktop);
    let mut command: Command = desktop.program(NEWSMUX);
    command.args((!is_shown_first).then_some("--hidden"));
    let process = Process::start(&command, &desktop.path().join("log"), 15);
    if is_shown_first {
        until("its window", || is_seen(&desktop, 0));
        // Where there is no tray yet, it would only be minimized.
        drop(panel.item());
        Display::open(&desktop).close("Newsmux");
    }
    sleep(SETTLED);
    let newsmux = process.programs()[0];
    until("an end of the processes beside it", || children(newsmux).is_empty());
    let before = Usage::of(newsmux).cpu;
    sleep(IDLE);
    let cpu = (Usage::of(newsmux).cpu - before).as_secs_f64() / IDLE.as_secs_f64();
    let [resident, own, proportional] =
        ["Rss:", "Private_Dirty:", "Pss:"].map(|field| memory(newsmux, field));
    println!("| {state} | {resident} | {own} | {proportional} | {:.2} |", cpu * 100.0);
}

/// What `/proc/PID/smaps_rollup` says, in MiB.
fn memory(process: u32, field: &str) -> u64 {
    let rollup =
        fs::read_to_string(Path::new("/proc").join(process.to_string()).join("smaps_rollup"));
    let rollup = rollup.unwrap();
    let line = rollup.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}
