//! Where passwords are kept: locked, absent, moved; and what is kept nowhere.

use std::fs;

use api::request::FailureCode;
use api::snapshot::{Happened, KeepState, PasswordState, ProviderState, State, Trouble};
use secrets::StoreError;
use serde_json::{Value, json};
use settings::StoreKind;

use crate::app::{App, Begin, Call, PASSWORD, at, fetch, one_article, program, provider};

fn save(entry: &Value, secret: &str, hold: &str) -> Value {
    let password = json!({"secret": secret, "hold": hold});
    json!({"do": "save_provider", "provider": entry, "password": password})
}

fn retry() -> Value {
    json!({"do": "retry_passwords"})
}

async fn with_one(
    keyring: Option<StoreError>,
) -> (App, newsmux_tests::article::Article, Value, impl Sized) {
    let (news, article) = one_article().await;
    let entry = at("a", &news);
    let begin = Begin::new().settings(json!({"providers": [entry]})).password("a", PASSWORD);
    begin.keyring.fail_always(keyring);
    let app = begin.start();
    (app, article, entry, news)
}

#[tokio::test]
async fn a_closed_keyring_is_a_state_that_ends_when_the_user_opens_it() {
    let absent = "no Secret Service";
    for (error, state, code) in [
        (StoreError::Locked, KeepState::Locked, FailureCode::KeepClosed),
        (
            StoreError::Absent(absent.into()),
            KeepState::Absent { said: absent.into() },
            FailureCode::KeepAbsent,
        ),
    ] {
        let (app, article, entry, _news) = with_one(Some(error)).await;
        let now = app.until(|now| now.state == State::Attention).await;
        assert_eq!((&now.keep, &now.troubles[..]), (&state, &[Trouble::PasswordsClosed][..]));
        let view = provider(&now, "a");
        assert_eq!((view.state, view.password), (ProviderState::NoPassword, PasswordState::Closed));
        assert_eq!(app.refused(retry()).await.0, code);
        assert_eq!(app.refused(save(&entry, "x", "keep")).await.0, code);
        assert_eq!(app.saved()["providers"][0]["id"], "a");
        app.begin.keyring.fail_always(None);
        app.must(retry()).await;
        assert_eq!(app.until(|now| now.state == State::Idle).await.keep, KeepState::Open);
        fetch(&mut program(app.address().await).await, &article).await;
        assert_eq!(app.kept("a").as_deref(), Some(PASSWORD), "what was refused was not kept");
        app.happened(|happened| {
            *happened == Happened::Trouble { trouble: Trouble::PasswordsClosed }
        })
        .await;
    }
}

#[tokio::test]
async fn the_keyring_is_asked_once_and_not_once_for_each_password() {
    let providers = json!([
        {"id": "a", "host": "a.example", "username": "u"},
        {"id": "b", "host": "b.example", "username": "u"},
    ]);
    let begin = Begin::new().settings(json!({"providers": providers, "clients": [{"name": "x"}]}));
    begin.keyring.fail_always(Some(StoreError::Locked));
    let app = begin.start();
    app.until(|now| now.state == State::Attention).await;
    app.must(json!({"do": "set_posting", "posting": true})).await;
    let new = json!({"id": "", "host": "c.example", "username": "u"});
    app.must(json!({"do": "save_provider", "provider": new, "password": null})).await;
    assert_eq!(app.now().troubles, [Trouble::PasswordsClosed]);
    assert_eq!(app.begin.keyring.calls(), 1);
}

#[tokio::test]
async fn a_password_for_this_session_is_kept_nowhere() {
    let (app, article, entry, _news) = with_one(Some(StoreError::Locked)).await;
    app.until(|now| now.state == State::Attention).await;
    let calls = app.begin.keyring.calls();
    app.must(save(&entry, PASSWORD, "this_session")).await;
    fetch(&mut program(app.address().await).await, &article).await;
    assert_eq!(app.provider("a").password, PasswordState::ThisSession);
    assert_eq!(app.now().troubles, []);
    assert_eq!(app.begin.keyring.calls(), calls);
    let app = app.quit().await.start();
    app.until(|now| now.state == State::Attention).await;
}

#[tokio::test]
async fn a_vault_takes_the_passwords_over_and_wants_its_passphrase_after_the_next_start() {
    let (app, article, _, _news) = with_one(None).await;
    app.address().await;
    let open = |passphrase: &str| json!({"do": "open_vault", "passphrase": passphrase});
    assert_eq!(app.refused(open("")).await.0, FailureCode::Invalid);
    app.must(open("open sesame")).await;
    app.must(retry()).await;
    let now = app.now();
    assert_eq!((now.settings.desktop.passwords, &now.keep), (StoreKind::Vault, &KeepState::Open));
    assert_eq!(app.kept("a"), None, "the keyring has it no more");
    fetch(&mut program(app.address().await).await, &article).await;

    let app = app.quit().await.start();
    let now = app.until(|now| now.state == State::Attention).await;
    assert_eq!(
        (&now.keep, &now.troubles[..]),
        (&KeepState::VaultClosed, &[Trouble::PasswordsClosed][..])
    );
    let to_keyring = json!({"do": "keep_passwords", "keep": "keyring"});
    assert_eq!(app.refused(to_keyring).await.0, FailureCode::VaultClosed);
    let wrong = app.refused(open("open barley")).await;
    assert_eq!(wrong, (FailureCode::WrongPassphrase, Some("passphrase".into())));
    app.must(open("open sesame")).await;
    assert_eq!(app.until(|now| now.state == State::Idle).await.keep, KeepState::Open);
    fetch(&mut program(app.address().await).await, &article).await;

    app.must(json!({"do": "keep_passwords", "keep": "keyring"})).await;
    app.must(retry()).await;
    assert_eq!(app.kept("a").as_deref(), Some(PASSWORD));
    let vault = fs::read_to_string(app.begin.folder.path().join("vault.json")).unwrap();
    assert!(!vault.contains(PASSWORD));
    app.quit().await;
}

#[tokio::test]
async fn passwords_that_cannot_be_copied_or_said_to_be_elsewhere_stay_where_they_are() {
    let (app, article, _, _news) = with_one(None).await;
    app.address().await;
    let to_vault = json!({"do": "keep_passwords", "keep": "vault"});
    assert_eq!(app.refused(to_vault.clone()).await.0, FailureCode::VaultClosed);
    app.must(json!({"do": "open_vault", "passphrase": "p"})).await;
    app.must(retry()).await;
    app.begin.keyring.fail_always(Some(StoreError::Failed("no".into())));
    let back = json!({"do": "keep_passwords", "keep": "keyring"});
    assert_eq!(app.refused(back.clone()).await.0, FailureCode::Refused);
    app.begin.keyring.fail_always(None);
    fs::create_dir_all(app.begin.folder.path().join(".settings.json.new/in the way")).unwrap();
    assert_eq!(app.refused(back).await.0, FailureCode::NotSaved);
    app.must(retry()).await;
    assert_eq!((app.now().settings.desktop.passwords, app.kept("a")), (StoreKind::Vault, None));
    fetch(&mut program(app.address().await).await, &article).await;
}

#[tokio::test]
async fn a_vault_can_be_chosen_while_the_keyring_is_locked_and_nothing_there_is_lost() {
    let (app, article, entry, _news) = with_one(Some(StoreError::Locked)).await;
    app.until(|now| now.state == State::Attention).await;
    let to_vault = json!({"do": "open_vault", "passphrase": "p"});
    app.must(to_vault).await;
    let now = app.until(|now| now.keep == KeepState::Open && !now.troubles.is_empty()).await;
    assert_eq!(now.settings.desktop.passwords, StoreKind::Vault);
    app.until(|now| now.troubles == [Trouble::NoPassword { provider: "a".into() }]).await;
    assert_eq!(app.kept("a").as_deref(), Some(PASSWORD));
    app.must(save(&entry, PASSWORD, "keep")).await;
    fetch(&mut program(app.address().await).await, &article).await;
}

#[tokio::test]
async fn what_was_removed_while_the_keyring_was_locked_is_deleted_when_it_is_open() {
    let (app, _, _, _news) = with_one(Some(StoreError::Locked)).await;
    app.until(|now| now.state == State::Attention).await;
    let calls = app.begin.keyring.calls();
    app.must(json!({"do": "remove_provider", "id": "a"})).await;
    assert_eq!(app.begin.keyring.calls(), calls, "that would show the dialog again");
    app.begin.keyring.fail_always(None);
    let other = json!({"id": "b", "host": "b.example", "username": "u"});
    app.must(save(&other, "x", "keep")).await;
    app.must(retry()).await;
    app.must(retry()).await;
    assert_eq!((app.kept("a"), app.kept("b").as_deref()), (None, Some("x")));
}

#[tokio::test]
async fn a_keyring_that_was_opened_for_one_password_gives_the_others_too() {
    let providers = ["a", "b"].map(|id| json!({"id": id, "host": "x.example", "username": "u"}));
    let begin = Begin::new().settings(json!({"providers": providers}));
    let begin = begin.password("a", "x").password("b", "y");
    begin.keyring.fail_always(Some(StoreError::Locked));
    let app = begin.start();
    app.until(|now| now.troubles == [Trouble::PasswordsClosed]).await;
    app.begin.keyring.fail_always(None);
    app.must(save(&providers[1], "z", "keep")).await;
    app.until(|now| now.troubles.is_empty()).await;
    assert_eq!((app.kept("a").as_deref(), app.kept("b").as_deref()), (Some("x"), Some("z")));
}

#[tokio::test]
async fn a_keyring_that_nobody_needs_any_more_is_still_asked_to_forget() {
    let (app, _, _, _news) = with_one(Some(StoreError::Locked)).await;
    app.until(|now| now.keep == KeepState::Locked).await;
    app.must(json!({"do": "remove_provider", "id": "a"})).await;
    assert_eq!(app.refused(retry()).await.0, FailureCode::KeepClosed);
    app.begin.keyring.fail_always(None);
    app.must(retry()).await;
    assert_eq!((app.kept("a"), &app.now().keep), (None, &KeepState::Open));
}

#[tokio::test]
async fn what_was_begun_with_passwords_is_done_before_it_ends() {
    let (app, _, _, _news) = with_one(None).await;
    app.address().await;
    let other = json!({"id": "b", "host": "b.example", "username": "u"});
    let requests = [json!({"do": "remove_provider", "id": "a"}), json!({"do": "quit"})];
    for request in requests {
        app.handle.send(serde_json::from_value(request).unwrap());
    }
    app.told(&Call::Dropped).await;
    assert_eq!(app.kept("a"), None);

    let app = app.begin.start();
    app.address().await;
    for request in [save(&other, "x", "keep"), json!({"do": "quit"})] {
        app.handle.send(serde_json::from_value(request).unwrap());
    }
    app.at_last(|app| app.begin.desk.calls.borrow().ends_with(&[Call::Quit, Call::Dropped])).await;
    let is_saved = app.saved()["providers"].as_array().unwrap().len() == 1;
    assert_eq!((is_saved, app.kept("b").as_deref()), (true, Some("x")));
}

#[tokio::test]
async fn what_was_removed_before_it_could_be_read_comes_back_with_its_password() {
    let (app, article, _, _news) = with_one(Some(StoreError::Locked)).await;
    app.until(|now| now.keep == KeepState::Locked).await;
    app.must(json!({"do": "remove_provider", "id": "a"})).await;
    app.begin.keyring.fail_always(None);
    app.must(retry()).await;
    assert_eq!(app.kept("a"), None);
    app.must(json!({"do": "undo"})).await;
    assert_eq!(app.kept("a").as_deref(), Some(PASSWORD));
    fetch(&mut program(app.address().await).await, &article).await;
}

fn vault_of(app: &App) -> Value {
    serde_json::to_value(&*app.now()).unwrap()["vault"].clone()
}

#[tokio::test]
async fn from_the_keyring_to_a_vault_and_back_and_to_the_vault_again() {
    let (app, article, _, _news) = with_one(None).await;
    app.address().await;
    let open = |passphrase: &str| json!({"do": "open_vault", "passphrase": passphrase});
    assert_eq!(vault_of(&app), "none");
    app.must(open("open sesame")).await;
    app.must(json!({"do": "keep_passwords", "keep": "keyring"})).await;
    app.must(retry()).await;
    assert_eq!((vault_of(&app), app.kept("a").as_deref()), (json!("open"), Some(PASSWORD)));
    let app = app.quit().await.start();
    app.address().await;
    assert_eq!(vault_of(&app), "closed", "a closed vault is not a missing one");
    assert_eq!(app.refused(open("another")).await.0, FailureCode::WrongPassphrase);
    app.must(open("open sesame")).await;
    app.must(retry()).await;
    assert_eq!((vault_of(&app), app.kept("a")), (json!("open"), None));
    app.must(json!({"do": "keep_passwords", "keep": "keyring"})).await;
    app.must(retry()).await;
    // Or with a new passphrase, where the old one is forgotten.
    let app = app.quit().await.start();
    app.address().await;
    app.must(json!({"do": "start_vault_over", "passphrase": "new and long"})).await;
    app.must(retry()).await;
    assert_eq!((app.now().settings.desktop.passwords, app.kept("a")), (StoreKind::Vault, None));
    fetch(&mut program(app.address().await).await, &article).await;
}

#[tokio::test]
async fn a_forgotten_passphrase_costs_the_passwords_and_nothing_else() {
    let (app, article, entry, _news) = with_one(None).await;
    app.address().await;
    app.must(json!({"do": "open_vault", "passphrase": "forgotten"})).await;
    app.must(retry()).await;
    let old = fs::read(app.begin.folder.path().join("vault.json")).unwrap();
    let app = app.quit().await.start();
    app.until(|now| now.keep == KeepState::VaultClosed).await;
    assert_eq!(app.refused(save(&entry, "x", "keep")).await.0, FailureCode::VaultClosed);
    let empty = json!({"do": "start_vault_over", "passphrase": ""});
    assert_eq!(app.refused(empty).await.0, FailureCode::Invalid);
    app.must(json!({"do": "start_vault_over", "passphrase": "new and long"})).await;
    app.until(|now| now.troubles == [Trouble::NoPassword { provider: "a".into() }]).await;
    app.must(save(&entry, PASSWORD, "keep")).await;
    fetch(&mut program(app.address().await).await, &article).await;
    assert_eq!(fs::read(app.begin.folder.path().join("vault.old-1.json")).unwrap(), old);
    let app = app.quit().await.start();
    app.until(|now| now.keep == KeepState::VaultClosed).await;
    app.must(json!({"do": "open_vault", "passphrase": "new and long"})).await;
    app.until(|now| now.state == State::Idle).await;
}

#[tokio::test]
async fn the_passphrase_of_the_vault_can_be_changed() {
    let (app, article, _, _news) = with_one(None).await;
    app.address().await;
    app.must(json!({"do": "open_vault", "passphrase": "first"})).await;
    let change =
        |old: &str, new: &str| json!({"do": "change_passphrase", "passphrase": old, "new": new});
    let wrong = app.refused(change("wrong", "second")).await;
    assert_eq!(wrong, (FailureCode::WrongPassphrase, Some("passphrase".into())));
    assert_eq!(app.refused(change("first", "")).await, (FailureCode::Invalid, Some("new".into())));
    app.must(change("first", "second")).await;
    let app = app.quit().await.start();
    app.until(|now| now.keep == KeepState::VaultClosed).await;
    let open = |passphrase: &str| json!({"do": "open_vault", "passphrase": passphrase});
    assert_eq!(app.refused(open("first")).await.0, FailureCode::WrongPassphrase);
    app.must(open("second")).await;
    app.until(|now| now.state == State::Idle).await;
    fetch(&mut program(app.address().await).await, &article).await;
}

#[tokio::test]
async fn a_vault_that_is_open_loses_nothing_when_it_is_started_over() {
    let (app, article, _, _news) = with_one(None).await;
    app.address().await;
    app.must(json!({"do": "open_vault", "passphrase": "first"})).await;
    app.must(retry()).await;
    app.must(json!({"do": "start_vault_over", "passphrase": "second"})).await;
    app.must(retry()).await;
    let app = app.quit().await.start();
    app.until(|now| now.keep == KeepState::VaultClosed).await;
    app.must(json!({"do": "open_vault", "passphrase": "second"})).await;
    app.until(|now| now.state == State::Idle).await;
    fetch(&mut program(app.address().await).await, &article).await;
}

#[tokio::test]
async fn a_vault_that_was_replaced_wants_the_passphrase_of_the_file_that_is_there_now() {
    let (app, article, entry, _news) = with_one(None).await;
    app.address().await;
    let open = |passphrase: &str| json!({"do": "open_vault", "passphrase": passphrase});
    app.must(open("first")).await;
    app.must(retry()).await;
    let other = Begin::new().start();
    other.must(open("second")).await;
    let vault = |app: &App| app.begin.folder.path().join("vault.json");
    fs::copy(vault(&other), vault(&app)).unwrap();
    let before = fs::read(vault(&app)).unwrap();
    assert_eq!(app.refused(save(&entry, "x", "keep")).await.0, FailureCode::VaultClosed);
    assert_eq!((vault_of(&app), fs::read(vault(&app)).unwrap()), (json!("other"), before));
    let wrong = app.refused(open("first")).await;
    assert_eq!(wrong, (FailureCode::WrongPassphrase, Some("passphrase".into())));
    app.must(open("second")).await;
    assert_eq!(vault_of(&app), "open");
    app.must(save(&entry, PASSWORD, "keep")).await;
    fetch(&mut program(app.address().await).await, &article).await;
}
