//! What was interrupted between the settings and the store of passwords is finished at the next start.

use api::snapshot::{KeepState, PasswordState, State};
use newsmux_tests::provider::Listening;
use nntp_proxy::config::Secret;
use secrets::{Owner, Store, StoreError};
use serde_json::{Value, json};

use crate::app::{App, Begin, PASSWORD, at, fetch, one_article, program};

fn pending(store: &str, owners: &[Value]) -> Value {
    owners.iter().map(|owner| json!({"store": store, "owner": owner})).collect()
}

/// Waits until nothing is pending any more.
async fn is_settled(app: &App) {
    app.at_last(|app| app.saved()["desktop"]["pending"] == Value::Null).await;
}

/// What is left of an application that removed its provider while the keyring was locked, as it still is.
async fn removed_while_locked(news: &Listening) -> Begin {
    let begin = Begin::with_provider(news);
    begin.keyring.fail_always(Some(StoreError::Locked));
    let app = begin.start();
    app.until(|now| now.keep == KeepState::Locked).await;
    app.must(json!({"do": "remove_provider", "id": "a"})).await;
    app.quit().await
}

#[tokio::test]
async fn what_was_removed_while_the_keyring_was_locked_is_deleted_after_a_start() {
    let (news, _) = one_article().await;
    let begin = removed_while_locked(&news).await;
    assert!(!begin.keyring.secrets().is_empty());
    begin.keyring.fail_always(None);
    let app = begin.start();
    is_settled(&app).await;
    assert_eq!(app.kept("a"), None);
}

#[tokio::test]
async fn a_password_that_was_saved_before_its_provider_was_is_deleted() {
    let owners = [json!({"provider": "new"}), json!({"client": "new"})];
    let begin = Begin::new()
        .settings(json!({"desktop": {"pending": pending("keyring", &owners)}}))
        .password("new", PASSWORD);
    begin.keyring.set(&Owner::Client("new".into()), &Secret::new("x")).unwrap();
    let app = begin.start();
    is_settled(&app).await;
    assert_eq!(app.begin.keyring.secrets().len(), 0);
}

#[tokio::test]
async fn a_password_that_was_about_to_change_is_the_one_that_is_there() {
    let (news, article) = one_article().await;
    let owners = [json!({"provider": "a"}), json!({"provider": "b"})];
    let (a, mut b) = (at("a", &news), at("b", &news));
    b["tier"] = json!(1);
    let begin = Begin::new()
        .settings(json!({"providers": [a, b], "desktop": {"pending": pending("keyring", &owners)}}))
        .password("a", PASSWORD);
    let app = begin.start();
    is_settled(&app).await;
    assert_eq!(app.kept("a").as_deref(), Some(PASSWORD));
    assert_eq!(app.provider("a").password, PasswordState::Kept);
    assert_eq!(app.provider("b").password, PasswordState::Missing);
    fetch(&mut program(app.address().await).await, &article).await;
}

#[tokio::test]
async fn copies_of_a_move_that_was_interrupted_go_and_what_is_used_stays() {
    let (news, _) = one_article().await;
    let app = Begin::with_provider(&news).start();
    app.address().await;
    app.must(json!({"do": "open_vault", "passphrase": "p"})).await;
    app.must(json!({"do": "retry_passwords"})).await;
    // As if it had ended before the keyring was told to forget.
    let mut begin = app.quit().await;
    begin = begin.password("a", PASSWORD);
    let mut settings =
        serde_json::from_slice::<Value>(&std::fs::read(begin.file()).unwrap()).unwrap();
    settings["desktop"]["pending"] = pending("keyring", &[json!({"provider": "a"})]);
    let app = begin.settings(settings).start();
    is_settled(&app).await;
    assert_eq!(app.kept("a"), None);
    app.must(json!({"do": "open_vault", "passphrase": "p"})).await;
    app.until(|now| now.state == State::Idle).await;
    assert_eq!(app.provider("a").password, PasswordState::Kept);
}

#[tokio::test]
async fn what_was_removed_before_a_start_is_not_for_a_new_entry() {
    let (news, _) = one_article().await;
    let app = removed_while_locked(&news).await.start();
    app.must(json!({"do": "save_provider", "provider": at("a", &news), "password": null})).await;
    app.begin.keyring.fail_always(None);
    app.must(json!({"do": "retry_passwords"})).await;
    is_settled(&app).await;
    assert_eq!((app.kept("a"), app.provider("a").password), (None, PasswordState::Missing));
}
