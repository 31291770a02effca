//! A kept password belongs to the server that it was entered for.

use std::fs;

use api::request::Reply;
use api::snapshot::{PasswordState, Trouble};
use newsmux_tests::provider::{Listening, Provider};
use secrets::StoreError;
use serde_json::{Value, json};

use crate::app::{App, Begin, PASSWORD, at, fetch, one_article, program};

fn save(provider: &Value) -> Value {
    json!({"do": "save_provider", "provider": provider, "password": null})
}

fn check(provider: &Value) -> Value {
    json!({"do": "check_provider", "provider": provider, "password": null})
}

fn with(mut provider: Value, changes: Value) -> Value {
    let changes = changes.as_object().unwrap().clone();
    provider.as_object_mut().unwrap().extend(changes);
    provider
}

/// A server that takes any login, and waits for one.
async fn stranger() -> Listening {
    Provider::named("stranger").account("me", PASSWORD).listen().await
}

/// What is entered is neither tested nor saved without the password.
async fn wants_the_password_again(app: &App, provider: &Value) {
    for request in [check(provider), save(provider)] {
        let field = app.refused(request.clone()).await.1;
        assert_eq!(field.as_deref(), Some("password"), "{request}");
    }
}

#[tokio::test]
async fn a_kept_password_is_not_sent_to_another_server_or_for_another_user() {
    let ((news, article), other) = (one_article().await, stranger().await);
    let entry = at("a", &news);
    let begin = Begin::new().settings(json!({"providers": [entry]}));
    let app = begin.password("a", PASSWORD).start();
    fetch(&mut program(app.address().await).await, &article).await;
    for changed in [
        at("a", &other),
        with(entry.clone(), json!({"host": "localhost"})),
        with(entry.clone(), json!({"username": "somebody"})),
    ] {
        wants_the_password_again(&app, &changed).await;
    }
    assert_eq!(
        (other.book().accepted, app.saved()["providers"][0]["port"].clone()),
        (0, entry["port"].clone())
    );
    // The rest can be changed as before, and the server's name has no case.
    app.must(save(&with(entry.clone(), json!({"name": "A", "connections": 3})))).await;
    app.must(check(&entry)).await;
    assert_eq!(app.provider("a").password, PasswordState::Kept);
    // With its password entered it is another server's.
    let password = json!({"secret": PASSWORD, "hold": "keep"});
    let moved = json!({"do": "save_provider", "provider": at("a", &other), "password": password});
    app.must(moved).await;
    app.must(save(&at("a", &other))).await;
    wants_the_password_again(&app, &entry).await;
}

#[tokio::test]
async fn a_kept_password_is_not_sent_with_less_encryption_or_verification() {
    let full =
        json!({"id": "a", "host": "news.example.com", "port": 563, "username": "me", "tls": "on"});
    let lax = with(full.clone(), json!({"verify": "certificate"}));
    let none = with(full.clone(), json!({"verify": "none"}));
    let later = with(full.clone(), json!({"tls": "starttls"}));
    let clear = with(full.clone(), json!({"tls": "off"}));
    let own = with(full.clone(), json!({"ca_file": fs::canonicalize("Cargo.toml").unwrap()}));
    for (given, weaker, fine) in [
        (&full, vec![&lax, &none, &later, &clear, &own], vec![&full]),
        (&lax, vec![&none, &clear], vec![&full]),
        (&later, vec![&clear], vec![&full]),
        (&own, vec![&full, &none, &clear], vec![&own]),
        (&clear, vec![], vec![&none, &later, &own]),
    ] {
        let app = Begin::new().settings(json!({"providers": [given]})).password("a", "x").start();
        app.address().await;
        for weaker in weaker {
            wants_the_password_again(&app, weaker).await;
        }
        for fine in fine {
            app.must(save(fine)).await;
            app.must(save(given)).await;
        }
        app.quit().await;
    }
}

#[tokio::test]
async fn a_password_for_this_session_and_a_locked_one_belong_to_their_server_too() {
    let (news, other) = (one_article().await.0, stranger().await);
    let begin = Begin::new().settings(json!({"providers": [at("a", &news), at("b", &news)]}));
    let begin = begin.password("a", PASSWORD);
    begin.keyring.fail_always(Some(StoreError::Locked));
    let app = begin.start();
    app.until(|now| now.troubles == [Trouble::PasswordsClosed]).await;
    let password = json!({"secret": PASSWORD, "hold": "this_session"});
    app.must(json!({"do": "save_provider", "provider": at("b", &news), "password": password}))
        .await;
    for id in ["a", "b"] {
        wants_the_password_again(&app, &at(id, &other)).await;
    }
    assert_eq!(other.book().accepted, 0);
}

#[tokio::test]
async fn settings_that_were_changed_by_hand_wait_for_the_password() {
    let (news, other) = (one_article().await.0, stranger().await);
    let begin = Begin::new();
    let app = begin.start();
    let password = json!({"secret": PASSWORD, "hold": "keep"});
    let entered = json!({"do": "save_provider", "provider": at("a", &news), "password": password});
    app.must(entered).await;
    let mut begin = app.quit().await;
    for (server, state) in [(&other, PasswordState::Elsewhere), (&news, PasswordState::Kept)] {
        begin = begin.settings(json!({"providers": [at("a", server)]}));
        let app = begin.start();
        let now = app
            .until(|now| now.providers.iter().any(|view| view.password != PasswordState::Closed))
            .await;
        assert_eq!(now.providers[0].password, state);
        let missing = (state == PasswordState::Elsewhere)
            .then(|| Trouble::NoPassword { provider: "a".into() });
        assert_eq!(now.troubles, Vec::from_iter(missing));
        begin = app.quit().await;
    }
    assert_eq!(other.book().accepted, 0);
}

#[tokio::test]
async fn what_a_removed_provider_left_in_the_keyring_is_not_for_a_new_one() {
    let (news, other) = (one_article().await.0, stranger().await);
    let app = Begin::new().start();
    let password = json!({"secret": PASSWORD, "hold": "keep"});
    app.must(json!({"do": "save_provider", "provider": at("a", &news), "password": password}))
        .await;
    let begin = app.quit().await.settings(json!({"providers": []}));
    let app = begin.start();
    assert_eq!(app.must(save(&at("a", &other))).await, Reply::Saved { id: "a".into() });
    app.until(|now| now.troubles == [Trouble::NoPassword { provider: "a".into() }]).await;
    assert_eq!(other.book().accepted, 0);
}
