//! A keyring that waits for the user in a dialog of its own.

use std::sync::{Arc, Condvar, Mutex};

use api::request::FailureCode;
use api::snapshot::{KeepState, PasswordState, State, Trouble};
use newsmux_tests::client::Client;
use nntp_proxy::config::Secret;
use secrets::memory::MemoryStore;
use secrets::{Owner, Store, StoreError};
use serde_json::{Value, json};

use crate::app::{App, Begin, PASSWORD, at, fetch, one_article, program};

/// A keyring that shows a dialog until it is answered.
#[derive(Debug, Default)]
struct Dialog {
    keyring: Arc<MemoryStore>,
    open: Mutex<bool>,
    answered: Condvar,
}

impl Dialog {
    fn set_open(&self, open: bool) {
        *self.open.lock().unwrap() = open;
        self.answered.notify_all();
    }

    fn wait(&self) -> &MemoryStore {
        let shown = self.answered.wait_while(self.open.lock().unwrap(), |open| !*open);
        drop(shown.unwrap());
        &self.keyring
    }
}

impl Store for Dialog {
    fn get(&self, owner: &Owner) -> Result<Option<Secret>, StoreError> {
        self.wait().get(owner)
    }
    fn set(&self, owner: &Owner, secret: &Secret) -> Result<(), StoreError> {
        self.wait().set(owner, secret)
    }
    fn delete(&self, owner: &Owner) -> Result<(), StoreError> {
        self.wait().delete(owner)
    }
}

fn start(begin: Begin, open: bool) -> (App, Arc<Dialog>) {
    let keyring = Arc::clone(&begin.keyring);
    let dialog = Arc::new(Dialog { keyring, open: Mutex::new(open), ..Dialog::default() });
    (Begin { store: Arc::clone(&dialog) as _, ..begin }.start(), dialog)
}

fn save(provider: Value, secret: &str, hold: &str) -> Value {
    let password = json!({"secret": secret, "hold": hold});
    json!({"do": "save_provider", "provider": provider, "password": password})
}

#[tokio::test]
async fn the_loop_goes_on_while_the_keyring_asks_and_takes_the_answer_when_it_comes() {
    let (news, article) = one_article().await;
    let (app, dialog) = start(Begin::with_provider(&news), false);
    let now = app.until(|now| now.state == State::Attention).await;
    assert_eq!(
        (&now.keep, &now.troubles[..]),
        (&KeepState::Asking, &[Trouble::PasswordsClosed][..])
    );
    app.must(json!({"do": "set_posting", "posting": true})).await;
    let greeting = Client::connect(app.address().await).await.line().await;
    assert!(greeting.starts_with("400 Newsmux is locked"), "{greeting}");
    dialog.set_open(true);
    let now = app.until(|now| now.state == State::Idle).await;
    assert_eq!((&now.keep, &now.troubles[..]), (&KeepState::Open, &[][..]));
    fetch(&mut program(app.address().await).await, &article).await;
}

#[tokio::test]
async fn a_dialog_that_is_dismissed_is_not_shown_again_by_itself() {
    let (news, _) = one_article().await;
    let (app, dialog) = start(Begin::with_provider(&news), false);
    app.until(|now| now.keep == KeepState::Asking).await;
    app.begin.keyring.fail_always(Some(StoreError::Locked));
    dialog.set_open(true);
    app.until(|now| now.keep == KeepState::Locked).await;
    assert_eq!(app.begin.keyring.calls(), 2, "one set by the test, one get by the application");
}

#[tokio::test]
async fn a_password_that_was_given_up_is_not_kept_when_the_answer_comes_late() {
    let (news, _) = one_article().await;
    let (app, dialog) = start(Begin::with_provider(&news), true);
    app.address().await;
    dialog.set_open(false);
    for id in ["a", "new"] {
        let password = json!({"secret": "given up", "hold": "keep"});
        let save = json!({"do": "save_provider", "provider": at(id, &news), "password": password});
        assert_eq!(app.refused(save).await.0, FailureCode::KeepClosed);
        assert_eq!(app.now().keep, KeepState::Asking);
        dialog.set_open(true);
        app.until(|now| now.keep == KeepState::Open).await;
        app.must(json!({"do": "retry_passwords"})).await;
        assert_eq!((app.kept("a").as_deref(), app.kept("new")), (Some(PASSWORD), None));
        assert_eq!(app.now().settings.providers.len(), 1);
        dialog.set_open(false);
    }
    dialog.set_open(true);
}

#[tokio::test]
async fn what_the_keyring_has_is_not_lost_when_another_is_entered_before_it_is_open() {
    let (news, article) = one_article().await;
    let (app, dialog) = start(Begin::with_provider(&news), false);
    app.until(|now| now.keep == KeepState::Asking).await;
    assert_eq!(
        app.refused(save(at("a", &news), "given up", "keep")).await.0,
        FailureCode::KeepClosed
    );
    dialog.set_open(true);
    app.until(|now| now.state == State::Idle).await;
    app.must(json!({"do": "retry_passwords"})).await;
    assert_eq!(app.kept("a").as_deref(), Some(PASSWORD));
    fetch(&mut program(app.address().await).await, &article).await;
}

#[tokio::test]
async fn what_the_keyring_has_for_one_that_needed_none_is_not_lost_either() {
    let (news, _) = one_article().await;
    let mut needs_none = at("a", &news);
    needs_none["username"] = json!(null);
    let begin = Begin::new().settings(json!({"providers": [needs_none]}));
    let (app, dialog) = start(begin.password("a", PASSWORD), true);
    app.address().await;
    dialog.set_open(false);
    let refused = app.refused(save(at("a", &news), "given up", "keep")).await;
    assert_eq!(refused.0, FailureCode::KeepClosed);
    dialog.set_open(true);
    app.until(|now| now.keep == KeepState::Open).await;
    app.must(json!({"do": "retry_passwords"})).await;
    assert_eq!(app.kept("a").as_deref(), Some(PASSWORD));
}

#[tokio::test]
async fn a_password_that_is_known_for_this_session_is_not_kept_by_an_answer_that_comes_late() {
    let (news, _) = one_article().await;
    let (app, dialog) = start(Begin::new(), true);
    app.address().await;
    dialog.set_open(false);
    assert_eq!(
        app.refused(save(at("a", &news), "secret", "keep")).await.0,
        FailureCode::KeepClosed
    );
    app.must(save(at("a", &news), "secret", "this_session")).await;
    dialog.set_open(true);
    app.until(|now| now.keep == KeepState::Open).await;
    app.must(json!({"do": "retry_passwords"})).await;
    assert_eq!(app.kept("a"), None);
    assert_eq!(app.provider("a").password, PasswordState::ThisSession);
}

#[tokio::test]
async fn the_vault_is_open_whatever_the_keyring_is_answered_and_what_was_given_up_there_goes() {
    let (news, _) = one_article().await;
    let (app, dialog) = start(Begin::new(), true);
    app.address().await;
    dialog.set_open(false);
    assert_eq!(
        app.refused(save(at("a", &news), "secret", "keep")).await.0,
        FailureCode::KeepClosed
    );
    app.must(json!({"do": "open_vault", "passphrase": "p"})).await;
    assert_eq!(app.now().keep, KeepState::Open);
    app.must(save(at("a", &news), "secret", "keep")).await;
    dialog.set_open(true);
    app.at_last(|app| app.begin.keyring.calls() == 2).await;
    app.must(json!({"do": "retry_passwords"})).await;
    assert_eq!((app.kept("a"), &app.now().keep), (None, &KeepState::Open));
    assert_eq!(app.provider("a").password, PasswordState::Kept);
}

#[tokio::test]
async fn a_keyring_that_fails_after_its_dialog_is_not_waited_for_any_more() {
    let (news, _) = one_article().await;
    let (app, dialog) = start(Begin::with_provider(&news), false);
    app.until(|now| now.keep == KeepState::Asking).await;
    app.begin.keyring.fail_always(Some(StoreError::Failed("it broke".into())));
    dialog.set_open(true);
    let now = app.until(|now| now.providers[0].password == PasswordState::Missing).await;
    assert_eq!((&now.keep, now.providers[0].said.as_str()), (&KeepState::Open, "it broke"));
}
