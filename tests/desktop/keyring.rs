//! A keyring that is locked or not there: the window says so, with the remedy, and nothing is lost.

use newsmux_tests::desktop::Desktop;
use newsmux_tests::provider::{Listening, Provider};
use newsmux_tests::real::process::free_port;
use newsmux_tests::real::skip;
use serde_json::json;

use crate::app::{settings, write_settings};
use crate::window::Window;
use crate::{PASSWORD, TOOLS};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_keyring_is_said_and_unlocked_is_used() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let news = Provider::named("a").account("me", PASSWORD).listen().await;
    let window = window_with(&desktop, &news).await;
    window.see("//h3").await;
    // Nothing has ended it in good order: what was saved has to be there all the same.
    window.kill();
    drop(window);

    desktop.lock();
    let window = Window::open(&desktop).await;
    window.reads("The keyring is locked, so Newsmux can't read your passwords.").await;
    window.picture("locked").await;
    desktop.start_keyring();
    window.press("Unlock").await;
    window.reads("Newsmux is on").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_keyring_the_user_chooses_and_nothing_is_kept_in_plain_text() {
    if skip(&TOOLS) {
        return;
    }
    let mut desktop = Desktop::without_keyring();
    desktop.start_display();
    let news = Provider::named("a").account("me", PASSWORD).listen().await;
    let window = window_with(&desktop, &news).await;
    window.reads("Newsmux can't use the keyring.").await;
    window.picture("absent").await;
    assert_eq!(settings(&desktop)["providers"], json!([]), "nothing is saved before that");
    window.press("Only for this session").await;
    window.see("//h3").await;
    window.go("Overview").await;
    window.reads("Newsmux is on").await;
}

/// The window of a new user who enters this provider and saves it.
pub(crate) async fn window_with(desktop: &Desktop, news: &Listening) -> Window {
    write_settings(desktop, free_port(), json!([]));
    let window = Window::open(desktop).await;
    enter(&window, news.address().port()).await;
    window.press("Save").await;
    window
}

pub(crate) async fn enter(window: &Window, port: u16) {
    window.press("Add provider").await;
    window.enter("News server", "127.0.0.1").await;
    window.enter("User name", "me").await;
    window.enter("Password", PASSWORD).await;
    window.enter("Port", &port.to_string()).await;
    window.see("//option[@value=\"off\"]").await.click().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_password_is_not_sent_to_another_server() {
    if skip(&TOOLS) {
        return;
    }
    let desktop = Desktop::with_display();
    let news = Provider::named("a").account("me", PASSWORD).listen().await;
    let other = Provider::named("other").account("me", PASSWORD).listen().await;
    let window = window_with(&desktop, &news).await;
    window.press("Edit").await;
    window.enter("Port", &other.address().port().to_string()).await;
    window.reads("Enter the password again: Newsmux sends the saved one only to the server").await;
    for button in ["Test", "Save"] {
        window.press(button).await;
        window.see("//input[@aria-invalid and @type=\"password\"]").await;
    }
    assert_eq!(settings(&desktop)["providers"][0]["port"], news.address().port());
    assert_eq!(other.book().accepted, 0);
}
