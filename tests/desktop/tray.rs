//! The tray, the start at login, the second start, and a desktop that has no tray.

use std::fs;
use std::sync::mpsc;
use std::thread;

use local::channel::{Answer, Channel, Question, ask_blocking};
use newsmux_tests::desktop::{Desktop, Item, Panel};
use newsmux_tests::real::process::free_port;
use newsmux_tests::real::skip;
use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio::sync::mpsc::unbounded_channel;

use crate::TOOLS;
use crate::app::{App, PATIENCE, kill, program, send, start_again, until, write_settings};
use crate::window::Window;

/// A provider without a login, so that there is nothing to ask the user for.
fn providers() -> Value {
    json!([{"id": "a", "host": "127.0.0.1", "tls": "off"}])
}

fn hidden(desktop: &Desktop) -> App {
    write_settings(desktop, free_port(), providers());
    App::start(desktop, &["--hidden"])
}

fn labels(tray: &Item<'_>) -> Vec<String> {
    tray.menu().into_iter().map(|entry| entry.label).collect()
}

#[test]
fn the_tray_says_how_it_is_and_its_menu_does_what_it_says() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    let app = hidden(&desktop);
    let tray = panel.item();
    tray.until("that it serves", |says| says == "Newsmux: On, idle");
    let all = [
        "On, idle",
        "Stop",
        "Pause for 15 minutes",
        "Pause for 1 hour",
        "Pause until tomorrow",
        "Pause until resumed",
        "Slow mode",
        "Open Newsmux",
        "Copy address",
        "Start at login",
        "Quit Newsmux",
    ];
    assert_eq!(labels(&tray), all);
    assert!(!tray.menu()[0].enabled);
    let sizes: Vec<_> = tray.icon().iter().map(|(width, height, _)| (*width, *height)).collect();
    assert_eq!(sizes, [16, 20, 24, 32, 48, 64].map(|size| (size, size)));
    tray.choose("Pause for 15 minutes");
    tray.until("a pause", |says| says.starts_with("Newsmux: Paused until "));
    tray.choose("Resume");
    tray.until("that it serves", |says| says == "Newsmux: On, idle");
    tray.click();
    app.until_shown(true);
    tray.choose("Quit Newsmux");
    app.until_ended();
}

#[test]
fn start_at_login_is_an_entry_of_the_desktop_that_starts_it_hidden() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    let _app = hidden(&desktop);
    let tray = panel.item();
    let is_ticked = || {
        let menu = tray.menu();
        menu.iter().find(|entry| entry.label == "Start at login").and_then(|entry| entry.checked)
    };
    until("no tick", || is_ticked() == Some(false));
    tray.choose("Start at login");
    until("a tick", || is_ticked() == Some(true));
    let folder = desktop.home().join(".config/autostart");
    let entries: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    let text = fs::read_to_string(&entries[0]).unwrap();
    assert!(text.lines().any(|l| l.starts_with("Exec=") && l.ends_with(" --hidden")), "{text}");
    tray.choose("Start at login");
    until("no tick", || is_ticked() == Some(false));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn a_second_start_shows_the_window_of_the_first() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    let app = hidden(&desktop);
    panel.item().until("that it serves", |says| says == "Newsmux: On, idle");
    assert!(start_again(&desktop, &["--hidden"]), "at login it may be started once more");
    app.until_shown(false);
    assert!(start_again(&desktop, &[]));
    app.until_shown(true);
    assert_eq!(app.window_processes().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_w_closes_the_window_and_ctrl_q_quits() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    write_settings(&desktop, free_port(), providers());
    let window = Window::open(&desktop).await;
    panel.item().until("that it serves", |says| says == "Newsmux: On, idle");
    window.press_with_ctrl("w").await;
    window.reads("Newsmux keeps running in the tray").await;
    window.press("Keep open").await;
    window.reads_no_more("Newsmux keeps running in the tray").await;
    window.press_with_ctrl("q").await;
    window.until_ended();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desktop_without_a_tray_is_told_so_and_the_window_stays() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    write_settings(&desktop, free_port(), providers());
    let window = Window::open(&desktop).await;
    window.reads("This desktop has no tray.").await;
    window.close();
    window.reads("This desktop has no tray.").await;
    assert!(window.display.shows("Newsmux"));
    let panel = Panel::start(&desktop);
    window.reads_no_more("This desktop has no tray.").await;
    panel.item().until("that it serves", |says| says == "Newsmux: On, idle");
    drop(panel);
    window.reads("This desktop has no tray.").await;
}

#[test]
fn another_version_takes_the_place_of_the_one_that_runs() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    let app = hidden(&desktop);
    panel.item().until("that it serves", |says| says == "Newsmux: On, idle");
    let channel = desktop.path().join("run/newsmux/newsmux.sock");
    let show = Question::Show { version: "0.0.1".into() };
    let version = env!("CARGO_PKG_VERSION").into();
    assert_eq!(ask_blocking(&channel, &show).unwrap(), Answer::Running { version });
    app.until_shown(false);
    assert_eq!(ask_blocking(&channel, &Question::Replace).unwrap(), Answer::Ending);
    app.until_ended();
}

#[test]
fn a_start_takes_the_place_of_another_version() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    let old = Channel::open(&desktop.path().join("run/newsmux/newsmux.sock")).unwrap();
    let (ended, end) = mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (replaced, mut replace) = unbounded_channel();
        let answer = move |question| {
            let replaced = replaced.clone();
            async move {
                if question == Question::Replace {
                    replaced.send(()).unwrap();
                    return Answer::Ending;
                }
                Answer::Running { version: "0.0.1".into() }
            }
        };
        runtime.block_on(async {
            tokio::select! {
                _ = old.serve(answer) => {}
                _ = replace.recv() => {}
            }
        });
        drop(runtime);
        ended.send(()).unwrap();
    });
    write_settings(&desktop, free_port(), providers());
    let app = App::start(&desktop, &[]);
    end.recv_timeout(PATIENCE).unwrap();
    app.until_shown(true);
    panel.item().until("that it serves", |says| says == "Newsmux: On, idle");
}

#[test]
fn a_window_of_another_version_starts_newsmux_anew() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    let app = hidden(&desktop);
    panel.item().until("that it serves", |says| says == "Newsmux: On, idle");
    assert!(start_again(&desktop, &["--window", "0.0.1"]));
    app.until_shown(true);
    assert_eq!(app.window_processes().len(), 1);
}

#[test]
fn the_status_is_told_from_outside() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    let _app = hidden(&desktop);
    panel.item().until("that it serves", |says| says == "Newsmux: On, idle");
    let channel = desktop.path().join("run/newsmux/newsmux.sock");
    let Answer::Status(status) = ask_blocking(&channel, &Question::Status).unwrap() else {
        panic!("no status");
    };
    assert_eq!((&*status.program, &*status.state, status.providers.len()), ("newsmux", "idle", 1));
}

#[test]
fn a_start_that_cannot_be_says_why_in_a_box() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let _panel = Panel::start(&desktop);
    let app = hidden(&desktop);
    let channel = desktop.path().join("run/newsmux/newsmux.sock");
    until("the channel", || ask_blocking(&channel, &Question::Status).is_ok());
    send("STOP", app.process_id());
    let second = App::start(&desktop, &[]);
    second.until_shown(true);
    kill(second.process_id());
    send("CONT", app.process_id());
}

#[test]
fn the_start_at_login_names_the_program_where_it_is_now() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    let folder = desktop.home().join(".config/autostart");
    let file = folder.join("Newsmux.desktop");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        &file,
        "[Desktop Entry]\nType=Application\nName=Newsmux\nExec=/gone/newsmux --hidden\n",
    )
    .unwrap();
    let place = desktop.path().join("a place with spaces");
    fs::create_dir(&place).unwrap();
    fs::copy(program(), place.join("newsmux")).unwrap();
    write_settings(&desktop, free_port(), providers());
    let _app = App::start_from(&place.join("newsmux"), &desktop, &["--hidden"]);
    panel.item().until("that it serves", |says| says == "Newsmux: On, idle");
    let text = fs::read_to_string(&file).unwrap();
    let exec = format!("Exec=\"{}\" --hidden", place.join("newsmux").display());
    assert!(text.lines().any(|line| line == exec), "{text}");
}
