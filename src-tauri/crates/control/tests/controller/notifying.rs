//! Notifications: told to the shell when something has lasted, and in the language of the settings.

use std::time::Duration;

use api::snapshot::State;
use control::notification::Notification;
use secrets::StoreError;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::app::{App, Begin, saw};
use crate::timing::start;

const SECOND: Duration = Duration::from_secs(1);

fn titles(app: &App) -> Vec<String> {
    let told = app.begin.desk.notifications.borrow();
    told.iter().map(|notification| notification.title.clone()).collect()
}

/// A provider whose password is in a keyring that is locked.
fn locked(desktop: Value) -> Begin {
    let providers = json!([{"id": "a", "host": "a.example", "username": "u"}]);
    let begin = Begin::new().settings(json!({"providers": providers, "desktop": desktop}));
    let begin = begin.password("a", "x");
    begin.keyring.fail_always(Some(StoreError::Locked));
    begin
}

/// Started, and all that other threads do for it is done: they know nothing of this test's time.
async fn started(begin: Begin) -> App {
    let app = start(begin);
    app.at_last(|app| app.now().state == State::Attention).await;
    app
}

#[tokio::test(start_paused = true)]
async fn a_locked_keyring_is_told_once_and_that_it_is_over() {
    let app = started(locked(json!({"language": "de"}))).await;
    sleep(SECOND * 8).await;
    assert!(titles(&app).is_empty());
    sleep(SECOND * 7).await;
    let told = app.begin.desk.notifications.borrow().clone();
    let [Notification { body, click, .. }] = &told[..] else { panic!("{told:?}") };
    let expected = if cfg!(windows) { "sie" } else { "ihn" };
    assert_eq!(
        *body,
        format!("Programme können erst wieder laden, wenn Sie {expected} entsperren.")
    );
    assert_eq!(*click, "Newsmux öffnen");
    sleep(SECOND * 8000).await;
    assert_eq!(titles(&app).len(), 1);
    app.begin.keyring.fail_always(None);
    app.must(json!({"do": "retry_passwords"})).await;
    app.at_last(|app| app.now().state == State::Idle).await;
    sleep(SECOND * 20).await;
    assert_eq!(titles(&app)[1..], ["Downloads sind wieder möglich"]);
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_it_has_to_last_anew() {
    let app = started(locked(json!({}))).await;
    sleep(SECOND * 8).await;
    app.begin.world.sleep(SECOND * 3600);
    sleep(SECOND * 8).await;
    assert!(titles(&app).is_empty());
    sleep(SECOND * 8).await;
    assert_eq!(titles(&app).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_switched_off_is_not_told() {
    let app = started(locked(json!({}))).await;
    let notify = json!({"attention": false, "outages": true, "accounts": true});
    app.must(json!({"do": "set_notify", "notify": notify})).await;
    sleep(SECOND * 8000).await;
    assert!(titles(&app).is_empty());
}

#[tokio::test]
async fn an_account_that_has_expired_is_told_at_once() {
    let provider =
        json!({"id": "a", "name": "Block", "host": "a.example", "expires": "2020-02-29"});
    let app = Begin::new().settings(json!({"providers": [provider]})).start();
    let told = saw(&app.begin.desk.notifications, |told| !told.is_empty()).await;
    assert_eq!(told[0].title, "Block expires today or has expired");
    assert_eq!(told[0].body, "Its last day: 2020-02-29.");
}
