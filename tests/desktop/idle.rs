//! What it costs when nobody looks, and how it ends then.

use std::fs;

use newsmux_tests::desktop::{Desktop, Panel};
use newsmux_tests::real::process::{Process, children, free_port};
use newsmux_tests::real::skip;
use serde_json::json;

use crate::TOOLS;
use crate::app::{App, program, send, until, write_settings};

/// What may be in memory, in KiB, beside the program's own file: that one is large where it is not optimized.
const MOST: u64 = 60 * 1024;

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
    // The first time it says where it goes on.
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
        write_settings(&desktop, free_port(), json!([{"id": "a", "host": "127.0.0.1"}]));
        let mut shell = desktop.program("sh");
        shell.args(["-c", r#""$0" --hidden; echo "ended with $?""#]).arg(program());
        let shell = Process::start(&shell, &desktop.path().join("shell.log"), 15);
        panel.item().until("that it serves", |says| says == "Newsmux: On, idle");
        send(signal, children(shell.programs()[0])[0]);
        until("its end", || shell.output().contains("ended with"));
        assert!(shell.output().contains("ended with 0"), "{signal}");
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
