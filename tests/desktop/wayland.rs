//! The application under a Wayland compositor, without any X.

use std::net::{Ipv4Addr, SocketAddr};

use newsmux_tests::client::Client;
use newsmux_tests::desktop::{Desktop, Panel};
use newsmux_tests::real::process::{children, free_port};
use newsmux_tests::real::{Tool, skip};
use serde_json::json;

use crate::app::{until, write_settings};
use crate::first_day::files_with;
use crate::idle::{serving, until_ended_well};
use crate::window::Window;

const TOOLS: [Tool; 4] = [Tool::Dbus, Tool::Keyring, Tool::WebDriver, Tool::Weston];
/// A compositor asks for the next frame only of a window that is on the screen.
const TWO_FRAMES: &str =
    "requestAnimationFrame(() => requestAnimationFrame(() => done(document.visibilityState)))";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_serves_and_draws_its_window() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_wayland();
    let panel = Panel::start(&desktop);
    let port = free_port();
    write_settings(&desktop, port, json!([{"id": "a", "host": "127.0.0.1", "tls": "off"}]));
    let window = Window::open(&desktop).await;
    assert_eq!(window.run(TWO_FRAMES).await, json!("visible"));
    let tray = panel.item();
    tray.until("that it serves", |says| says == "Newsmux: On, idle");
    let mut client = Client::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await;
    assert!(client.line().await.starts_with("20"));
    drop(client);
    window.picture("wayland").await;
    // Without keyboard and mouse, which a compositor without a screen does not have, no field can be used.
    window.go("Settings").await;
    tray.choose("Quit Newsmux");
    window.until_ended();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_ends_in_order_with_the_compositor() {
    if skip(&TOOLS) {
        return;
    }
    for arguments in ["--hidden", ""] {
        let mut desktop = Desktop::with_wayland();
        let panel = Panel::start(&desktop);
        let (shell, port) = serving(&desktop, &panel, arguments);
        if arguments.is_empty() {
            let newsmux = children(shell.programs()[0])[0];
            until("the window's web view", || {
                children(newsmux).into_iter().any(|w| !children(w).is_empty())
            });
        }
        let mut client = Client::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await;
        assert!(client.line().await.starts_with("20"));
        desktop.end_compositor();
        client.closed().await;
        until_ended_well(&shell);
        assert!(!files_with(desktop.path(), "the display is gone").is_empty(), "{arguments}");
    }
}
