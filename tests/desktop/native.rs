//! What the window has from the system: the dialog that a file is chosen in, and the theme of its title bar.

use newsmux_tests::desktop::Desktop;
use newsmux_tests::real::process::free_port;
use newsmux_tests::real::skip;
use serde_json::json;

use crate::TOOLS;
use crate::app::{until, write_settings};
use crate::window::Window;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_chosen_in_the_systems_dialog() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    write_settings(&desktop, free_port(), json!([]));
    let window = Window::open(&desktop).await;
    window.go("Providers").await;
    window.press("Add provider").await;
    window.unfold("More").await;
    let title = "Choose a CA certificate";
    for _ in 0..2 {
        window.press("Choose file").await;
        until("the dialog", || window.display.shows(title));
        // The window answers while it is open.
        window.enter("Name", "Northwind").await;
        window.display.close(title);
        until("the end of the dialog", || !window.display.shows(title));
        window.see("//button[normalize-space()=\"Choose file\" and not(@aria-busy)]").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_title_bar_follows_the_theme() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    write_settings(&desktop, free_port(), json!([]));
    let window = Window::open(&desktop).await;
    // GTK has one theme for a program: what the web view takes for the system's is the title bar's.
    for (theme, is_dark) in [("dark", true), ("light", false), ("dark", true), ("system", false)] {
        let script = format!(
            "const dark = matchMedia('(prefers-color-scheme: dark)');
             const look = () => {{ if (dark.matches === {is_dark}) done('followed'); }};
             dark.addEventListener('change', look);
             window.__TAURI_INTERNALS__
                 .invoke('request', {{request: {{do: 'set_theme', theme: '{theme}'}}}})
                 .then(look, done);"
        );
        assert_eq!(window.run(&script).await, json!("followed"), "{theme}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_pressed_in_the_window_may_be_copied_by_the_web_view() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    write_settings(&desktop, free_port(), json!([]));
    let window = Window::open(&desktop).await;
    // As where the system lets only the window copy: the application is asked first, and refuses.
    let listen = "document.addEventListener('click', () => setTimeout(
            () => navigator.clipboard.writeText('by the web view').then(
                () => document.title = 'copied', (error) => document.title = String(error)), 100));
        done('listens')";
    assert_eq!(window.run(listen).await, json!("listens"));
    window.press("Add provider").await;
    until("a copy", || window.display.clipboard() == "by the web view");
}
