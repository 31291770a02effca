//! What comes with time alone, in no time.

use std::sync::Arc;
use std::time::Duration;

use api::request::FailureCode;
use api::snapshot::{KeepState, PasswordState, ProviderView, Trouble};
use control::controller::{Notice, prepare};
use secrets::StoreError;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::app::{App, Begin, Call};

const SECOND: Duration = Duration::from_secs(1);

/// The same, with the loop under this test's time.
pub(crate) fn start(begin: Begin) -> App {
    let (shell, start, means) = begin.parts();
    let (handle, controller) = prepare(shell, start, means).unwrap();
    tokio::spawn(controller);
    App { handle, begin }
}

fn one() -> Begin {
    let providers = json!([{"id": "a", "host": "a.example", "username": "u"}]);
    Begin::new().settings(json!({"providers": providers, "desktop": {"on": false}}))
}

/// Waits until the passwords were read, or could not be.
async fn settled(app: &App) {
    let is_unread = |view: &ProviderView| view.password == PasswordState::Closed;
    app.until(|now| now.keep != KeepState::Open || !now.providers.iter().any(is_unread)).await;
    app.events().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_removed_can_be_put_back_and_after_an_hour_without_its_password() {
    let app = start(one().password("a", "x"));
    settled(&app).await;
    for (minutes, password) in [(50, PasswordState::Kept), (70, PasswordState::Missing)] {
        app.must(json!({"do": "remove_provider", "id": "a"})).await;
        app.until(|now| now.removed.is_some()).await;
        sleep(SECOND * 60 * minutes).await;
        app.must(json!({"do": "undo"})).await;
        app.must(json!({"do": "retry_passwords"})).await;
        assert_eq!(app.now().providers[0].password, password);
    }
}

#[tokio::test(start_paused = true)]
async fn a_locked_keyring_is_not_asked_again_by_itself() {
    let begin = one().password("a", "x");
    begin.keyring.fail_always(Some(StoreError::Locked));
    let app = start(begin);
    settled(&app).await;
    let calls = app.begin.keyring.calls();
    sleep(SECOND * 600).await;
    assert_eq!((app.begin.keyring.calls(), &app.now().keep), (calls, &KeepState::Locked));
}

#[tokio::test(start_paused = true)]
async fn a_keyring_that_is_not_there_yet_is_found_when_it_comes() {
    let begin = one().password("a", "x");
    begin.keyring.fail_always(Some(StoreError::Absent("no bus".into())));
    let app = start(begin);
    settled(&app).await;
    sleep(SECOND * 100).await;
    let calls = app.begin.keyring.calls();
    assert!((4..=6).contains(&calls), "{calls} calls");
    assert_eq!(app.now().troubles, [Trouble::PasswordsClosed]);
    app.begin.keyring.fail_always(None);
    sleep(SECOND * 40).await;
    let now = app.now();
    assert_eq!((&now.keep, now.troubles.len()), (&KeepState::Open, 0));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_published_when_nothing_changes() {
    let app = start(one().password("a", "x"));
    settled(&app).await;
    let mut watch = app.handle.watch();
    let seen = Arc::clone(&watch.borrow_and_update());
    let began = Instant::now();
    let changed = timeout(SECOND * 50, watch.changed()).await;
    assert!(changed.is_err(), "{:?} after {:?}", app.now(), began.elapsed());
    assert_eq!(*seen, *app.now());
}

#[tokio::test(start_paused = true)]
async fn a_keyring_that_is_not_there_yet_is_looked_for_whatever_was_refused_meanwhile() {
    let begin = one().password("a", "x");
    begin.keyring.fail_always(Some(StoreError::Absent("no bus".into())));
    let app = start(begin);
    settled(&app).await;
    let provider = json!({"id": "b", "host": "b.example", "username": "u"});
    let password = json!({"secret": "y", "hold": "keep"});
    let save = json!({"do": "save_provider", "provider": provider, "password": password});
    assert_eq!(app.refused(save).await.0, FailureCode::KeepAbsent);
    app.begin.keyring.fail_always(None);
    sleep(SECOND * 40).await;
    let now = app.now();
    assert_eq!((&now.keep, now.troubles.len()), (&KeepState::Open, 0));
}

#[tokio::test(start_paused = true)]
async fn at_login_the_window_waits_for_the_panel_and_comes_if_none_does() {
    for panel in [false, true] {
        let app = start(Begin { hidden: true, ..one() });
        settled(&app).await;
        app.handle.notice(Notice::Tray(false));
        sleep(SECOND * 15).await;
        assert!(!app.begin.desk.calls.borrow().contains(&Call::Show));
        app.handle.notice(Notice::Tray(panel));
        sleep(SECOND * 10).await;
        assert_eq!(app.begin.desk.calls.borrow().contains(&Call::Show), !panel);
    }
}
