//! What the window must not be able to do, whatever runs in it; and what the program must not leave behind.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

use newsmux_tests::client::Client;
use newsmux_tests::desktop::{Desktop, Panel};
use newsmux_tests::real::process::free_port;
use newsmux_tests::real::skip;
use serde_json::json;

use crate::TOOLS;
use crate::app::{App, is_dead, kill, program, send, until, write_settings};
use crate::window::Window;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_window_can_call_nothing_but_what_is_made_for_it() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    write_settings(&desktop, free_port(), json!([]));
    let window = Window::open(&desktop).await;
    for (what, script) in [
        ("a command of Tauri's", "invoke('plugin:window|set_title', {label: 'main', value: 'x'})"),
        ("a plugin's command", "invoke('plugin:autostart|enable', {})"),
        ("a request that does not exist", "invoke('request', {request: {do: 'format_disk'}})"),
        ("another server", "fetch('http://127.0.0.1:9/')"),
        ("a script in a string", "Promise.resolve().then(() => new Function('return 1')())"),
        (
            "a change of all objects",
            "Promise.resolve().then(() => { 'use strict'; Object.prototype.x = 1; })",
        ),
    ] {
        let script = format!(
            "const invoke = window.__TAURI_INTERNALS__.invoke;
             ({script}).then(() => done('allowed'), () => done('refused'));"
        );
        assert_eq!(window.run(&script).await, json!("refused"), "{what}");
    }
    let asked = "window.__TAURI_INTERNALS__.invoke('request', {request: {do: 'history'}})
        .then((reply) => done(reply.is), done)";
    assert_eq!(window.run(asked).await, json!("history"));
}

#[test]
fn a_crash_leaves_no_passwords_on_the_disk() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    write_settings(&desktop, free_port(), json!([]));
    let app = App::start(&desktop, &[]);
    app.until_shown(true);
    assert_eq!(app.largest_dumps(), ["0", "0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_dies_takes_nobodys_connection_with_it_and_can_be_opened_again() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    let port = free_port();
    write_settings(&desktop, port, json!([{"id": "a", "host": "127.0.0.1", "tls": "off"}]));
    let app = App::start(&desktop, &[]);
    app.until_drawn();
    let tray = panel.item();
    tray.until("that it serves", |says| says == "Newsmux: On, idle");
    let mut client = Client::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await;
    assert!(client.line().await.starts_with("20"));
    kill(app.window_processes()[0]);
    app.until_shown(false);
    app.until_freed();
    assert_eq!(client.ask("DATE").await.code(), "111");
    tray.choose("Open Newsmux");
    app.until_drawn();
}

#[test]
fn without_the_application_there_is_no_window() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    write_settings(&desktop, free_port(), json!([]));
    let app = App::start(&desktop, &[]);
    app.until_drawn();
    let window = app.window_processes()[0];
    kill(app.process_id());
    until("an end of the window's process", || is_dead(window));
    app.until_shown(false);
}

#[test]
fn after_an_update_the_window_is_still_its_own() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    write_settings(&desktop, free_port(), json!([{"id": "a", "host": "127.0.0.1", "tls": "off"}]));
    let old = desktop.path().join("newsmux");
    fs::copy(program(), &old).unwrap();
    let app = App::start_from(&old, &desktop, &["--hidden"]);
    let tray = panel.item();
    tray.until("that it serves", |says| says == "Newsmux: On, idle");
    let update = desktop.path().join("update");
    fs::write(&update, "another program").unwrap();
    fs::rename(&update, &old).unwrap();
    tray.choose("Open Newsmux");
    app.until_drawn();
}

#[test]
fn a_window_that_hangs_is_waited_for_by_nobody_and_opened_anew_when_it_is_wanted() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    write_settings(&desktop, free_port(), json!([{"id": "a", "host": "127.0.0.1", "tls": "off"}]));
    let app = App::start(&desktop, &[]);
    app.until_drawn();
    let tray = panel.item();
    let hangs = app.window_processes()[0];
    send("STOP", hangs);
    // More than it is told at most.
    for _ in 0..20 {
        tray.choose("Stop");
        tray.until("that it is off", |says| says == "Newsmux: Off");
        tray.choose("Start");
        tray.until("that it serves", |says| says == "Newsmux: On, idle");
    }
    tray.choose("Open Newsmux");
    until("an end of the window's process", || is_dead(hangs));
    app.until_drawn();
    assert_ne!(app.window_processes(), [hangs]);
}

#[test]
fn a_window_that_hangs_ends_with_newsmux() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    write_settings(&desktop, free_port(), json!([{"id": "a", "host": "127.0.0.1", "tls": "off"}]));
    let app = App::start(&desktop, &[]);
    app.until_drawn();
    let tray = panel.item();
    let hangs = app.window_processes()[0];
    send("STOP", hangs);
    tray.choose("Quit Newsmux");
    app.until_ended();
    until("an end of the window's process", || is_dead(hangs));
}
