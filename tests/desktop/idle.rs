//! What it costs when nobody looks, and how it ends then.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

use newsmux_tests::client::Client;
use newsmux_tests::desktop::{Desktop, Panel};
use newsmux_tests::real::process::{Process, children, free_port};
use newsmux_tests::real::skip;
use serde_json::json;

use crate::TOOLS;
use crate::app::{App, program, send, until, until_shown, write_settings};
use crate::display::Display;
use crate::first_day::files_with;

/// What may be in memory, in KiB, beside the program's own file: that one is large where it is not optimized.
const MOST: u64 = 52 * 1024;

#[test]
fn hidden_it_is_small() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    let providers = json!([{"id": "a", "host": "127.0.0.1", "tls": "off"}]);
    write_settings(&desktop, free_port(), providers);
    let app = App::start(&desktop, &["--hidden"]);
    let tray = panel.item();
    tray.until("that it serves", |says| says == "Newsmux: On, idle");
    let never_shown = resident(app.process_id());
    assert!(never_shown < MOST, "{never_shown} KiB are in memory");
    tray.choose("Open Newsmux");
    app.until_drawn();
    // The first time, it says that it keeps running in the tray.
    app.close_window();
    app.close_window();
    app.until_shown(false);
    app.until_freed();
    let closed = resident(app.process_id());
    assert!(closed < MOST, "{closed} KiB are in memory after the window was closed");
}

#[test]
fn told_to_end_by_the_system_it_ends_in_order() {
    if skip(&TOOLS) {
        return;
    }
    for signal in ["TERM", "INT", "HUP"] {
        let desktop = Desktop::with_display();
        let panel = Panel::start(&desktop);
        let (shell, _) = serving(&desktop, &panel, "--hidden");
        send(signal, children(shell.programs()[0])[0]);
        until_ended_well(&shell);
    }
}

/// Starts the application with these arguments, by a shell that says how it ended, and returns both that and the port when
/// it serves.
pub(crate) fn serving(desktop: &Desktop, panel: &Panel, arguments: &str) -> (Process, u16) {
    let port = free_port();
    write_settings(desktop, port, json!([{"id": "a", "host": "127.0.0.1", "tls": "off"}]));
    let mut shell = desktop.program("sh");
    shell.args(["-c", r#""$0" $1; echo "ended with $?""#]).arg(program()).arg(arguments);
    let shell = Process::start(&shell, &desktop.path().join("shell.log"), 15);
    panel.item().until("that it serves", |says| says == "Newsmux: On, idle");
    (shell, port)
}

pub(crate) fn until_ended_well(shell: &Process) {
    until("its end", || shell.output().contains("ended with"));
    assert!(shell.output().contains("ended with 0"), "{}", shell.output());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_display_it_ends_in_order() {
    if skip(&TOOLS) {
        return;
    }
    for arguments in ["--hidden", ""] {
        let mut desktop = Desktop::with_display();
        let panel = Panel::start(&desktop);
        let (shell, port) = serving(&desktop, &panel, arguments);
        if arguments.is_empty() {
            until_shown(&Display::open(&desktop), true);
        }
        let mut client = Client::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await;
        assert!(client.line().await.starts_with("20"));
        assert_eq!(client.ask("DATE").await.code(), "111");
        desktop.end_display();
        client.closed().await;
        until_ended_well(&shell);
        assert!(!files_with(desktop.path(), "the display is gone").is_empty(), "{arguments}");
    }
}

#[test]
fn without_any_display_it_says_so_and_does_not_start() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::without_keyring();
    for display in ["", ":4000"] {
        let mut shell = desktop.program("sh");
        shell.args(["-c", r#""$0" --hidden; echo "ended with $?""#]).arg(program());
        shell.env("DISPLAY", display);
        let shell = Process::start(&shell, &desktop.path().join("shell.log"), 15);
        until("its end", || shell.output().contains("ended with 1"));
        assert!(shell.output().contains("there is no display"), "{}", shell.output());
    }
}

/// How much of a process is in memory, in KiB (`proc(5)`), but for its program's file.
fn resident(process: u32) -> u64 {
    let maps = fs::read_to_string(format!("/proc/{process}/smaps")).unwrap();
    let own = fs::canonicalize(program()).unwrap();
    let mut is_own = false;
    let mut sum = 0;
    for line in maps.lines() {
        match line.strip_prefix("Rss:") {
            Some(size) if !is_own => {
                sum += size.trim().trim_end_matches(" kB").parse::<u64>().unwrap();
            }
            Some(_) => {}
            // The first line of a mapping: its place, and the file.
            None if !line.split(' ').next().unwrap().ends_with(':') => {
                is_own = line.ends_with(own.to_str().unwrap());
            }
            None => {}
        }
    }
    sum
}
