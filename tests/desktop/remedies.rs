//! What has gone wrong, and what the window offers for it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use newsmux_tests::client::Client;
use newsmux_tests::desktop::{Desktop, Panel};
use newsmux_tests::provider::Provider;
use newsmux_tests::real::process::free_port;
use newsmux_tests::real::skip;
use serde_json::json;

use crate::app::{settings, until_shown, write_settings};
use crate::first_day::files_with;
use crate::keyring::window_with;
use crate::window::Window;
use crate::{PASSWORD, TOOLS};

const PASSPHRASE: &str = "a passphrase to forget";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_forgets_the_passphrase_starts_over_and_enters_the_passwords_again() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let news = Provider::named("a").account("me", PASSWORD).listen().await;
    let window = window_with(&desktop, &news).await;
    window.see("//h3").await;
    window.go("Settings").await;
    window.see("//label[contains(., \"Encrypted vault\")]").await.click().await.unwrap();
    window.enter("Passphrase", PASSPHRASE).await;
    window.enter("Repeat passphrase", PASSPHRASE).await;
    window.press("Create vault").await;
    window.see("//button[normalize-space()=\"Change passphrase\"]").await;
    assert_eq!(settings(&desktop)["desktop"]["passwords"], "vault");
    window.press_with_ctrl("q").await;
    window.until_ended();
    drop(window);
    for secret in [PASSWORD, PASSPHRASE] {
        assert!(files_with(desktop.path(), secret).is_empty(), "{secret}");
    }

    let window = Window::open(&desktop).await;
    window.reads("The vault with your passwords is locked.").await;
    window.press("Unlock").await;
    window.press("Forgotten? Start over").await;
    window.enter("New passphrase", "another passphrase").await;
    window.enter("Repeat passphrase", "another passphrase").await;
    window.press("Create vault").await;
    window.reads("is missing.").await;
    assert!(desktop.home().join(".config/newsmux/vault.old-1.json").exists());
    window.press("Enter password").await;
    window.enter("Password", PASSWORD).await;
    window.press("Save").await;
    window.see("//h3").await;
    window.go("Overview").await;
    window.reads("Newsmux is on").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_taken_is_changed_by_one_button() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().port();
    write_settings(&desktop, taken, json!([{"id": "a", "host": "127.0.0.1", "tls": "off"}]));
    let window = Window::open(&desktop).await;
    window.reads(&format!("Port {taken} is used by")).await;
    let button = window.see("//button[starts-with(normalize-space(), \"Use port\")]").await;
    let free: u16 = button.text().await.unwrap().split(' ').next_back().unwrap().parse().unwrap();
    button.click().await.unwrap();
    window.reads("Newsmux is on").await;
    assert_eq!(settings(&desktop)["listen"]["port"], free);
    let mut client = Client::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, free))).await;
    assert!(client.line().await.starts_with("20"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_is_still_shown_when_the_window_was_closed_before_it_was_noted() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let panel = Panel::start(&desktop);
    write_settings(&desktop, free_port(), json!([{"id": "a", "host": "127.0.0.1", "tls": "off"}]));
    let window = Window::open(&desktop).await;
    let tray = panel.item();
    tray.until("that it serves", |says| says == "Newsmux: On, idle");
    window.go("Programs").await;
    window.enter("New login", "sabnzbd").await;
    window.press("Add login").await;
    window.press("Add sabnzbd, I'll enter it myself").await;
    let shown = "//dialog[@open]//*[contains(@class, \"mono\")]";
    let password = window.see(shown).await.text().await.unwrap();
    assert!(password.len() > 8, "{password}");
    // The first time, the window says where Newsmux stays.
    window.close();
    window.press_last("Close window").await;
    until_shown(&window.display, false);
    tray.choose("Open Newsmux");
    let window = window.reopened(&desktop).await;
    assert_eq!(window.see(shown).await.text().await.unwrap(), password);
    window.press("I've copied it").await;
    window.see("//body[not(.//dialog[@open])]").await;
}
