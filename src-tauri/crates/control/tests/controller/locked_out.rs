//! No program is locked out without a word: the first login, refused programs, and a locked keyring.

use api::request::FailureCode;
use api::snapshot::{Happened, State, Trouble};
use newsmux_tests::client::Client;
use nntp_proxy::config::Secret;
use secrets::{Owner, Store, StoreError};
use serde_json::{Value, json};

use crate::app::{Begin, PASSWORD, at, fetch, is_refused, is_this_program, one_article, program};
use crate::connecting::{connect, nzbget, of_nzbget, sabnzbd, saved_options};

fn with_new_login(address: &str) -> Value {
    let mut request = connect(address, "the key");
    request["login"] = json!("sabnzbd");
    request["new_login"] = json!(true);
    request
}

#[tokio::test]
async fn the_first_login_is_entered_in_a_program_before_it_is_needed() {
    let app = Begin::new().start();
    let address = app.address().await;
    let sabnzbd = sabnzbd("").await;
    app.must(with_new_login(&sabnzbd.address)).await;
    assert_eq!(app.now().settings.clients[0].name, "sabnzbd");
    let kept = app.begin.keyring.secrets();
    let password = kept[&Owner::Client("sabnzbd".into())].expose().to_owned();
    let asked = sabnzbd.asked().join("\n");
    assert!(asked.contains(&format!("username=sabnzbd&password={password}")), "{asked}");
    let mut client = program(address).await;
    client.ask("AUTHINFO USER sabnzbd").await;
    assert_eq!(client.ask(&format!("AUTHINFO PASS {password}")).await.code(), "281");
    let again = app.refused(with_new_login(&sabnzbd.address)).await;
    assert_eq!(again, (FailureCode::Invalid, Some("name".into())));
}

#[tokio::test]
async fn the_first_login_is_entered_in_nzbget_as_well() {
    let app = Begin::new().start();
    app.address().await;
    let nzbget = nzbget().await;
    app.must(of_nzbget(with_new_login(&nzbget.address))).await;
    assert_eq!(app.now().settings.clients[0].name, "sabnzbd");
    let kept = app.begin.keyring.secrets();
    let password = kept[&Owner::Client("sabnzbd".into())].expose().to_owned();
    let options = saved_options(&nzbget);
    for (key, value) in [("Username", "sabnzbd"), ("Password", &password)] {
        let option = (format!("Server2.{key}"), value.to_owned());
        assert!(options.contains(&option), "{key}: {options:?}");
    }
}

#[tokio::test]
async fn a_login_that_cannot_be_kept_is_taken_back_in_the_program() {
    let app = Begin::new().start();
    let address = app.address().await;
    app.begin.keyring.fail_always(Some(StoreError::Locked));
    let sabnzbd = sabnzbd("").await;
    assert_eq!(app.refused(with_new_login(&sabnzbd.address)).await.0, FailureCode::KeepClosed);
    assert!(sabnzbd.asked().last().unwrap().contains("mode=del_config"), "{:?}", sabnzbd.asked());
    assert_eq!((app.now().settings.clients.len(), app.now().connected.len()), (0, 0));
    assert_ne!(program(address).await.ask("BODY <a@b>").await.code(), "480");
}

#[tokio::test]
async fn a_saved_login_is_not_sent_to_another_computer() {
    let app = Begin::new().start();
    app.address().await;
    app.must(json!({"do": "add_client", "name": "sabnzbd", "hold": "keep"})).await;
    let elsewhere = connect("http://192.0.2.1:8080", "the key");
    assert_eq!(app.refused(elsewhere).await.0, FailureCode::LoginElsewhere);
}

#[tokio::test]
async fn refused_programs_are_shown_by_name() {
    let app = Begin::new().start();
    app.address().await;
    app.must(json!({"do": "add_client", "name": "sabnzbd", "hold": "keep"})).await;
    let mut client = program(app.address().await).await;
    assert_eq!(client.ask("BODY <a@b>").await.code(), "480");
    app.happened(
        |happened| matches!(happened, Happened::LoginNeeded { client } if is_this_program(client)),
    )
    .await;
    client.ask("AUTHINFO USER sabnzbd").await;
    assert_eq!(client.ask("AUTHINFO PASS wrong").await.code(), "481");
    app.happened(
        |happened| matches!(happened, Happened::ClientRefused { client } if is_this_program(client)),
    )
    .await;
}

#[tokio::test]
async fn programs_hear_that_newsmux_is_locked_until_it_is_opened() {
    let (news, article) = one_article().await;
    for clients in [json!([]), json!([{"name": "sabnzbd"}])] {
        let begin =
            Begin::new().settings(json!({"providers": [at("a", &news)], "clients": clients}));
        let begin = begin.password("a", PASSWORD);
        begin.keyring.set(&Owner::Client("sabnzbd".into()), &Secret::new("x")).unwrap();
        begin.keyring.fail_always(Some(StoreError::Locked));
        let app = begin.start();
        app.until(|now| now.state == State::Attention).await;
        let address = app.address().await;
        let greeting = Client::connect(address).await.line().await;
        assert_eq!(greeting.trim_end(), "400 Newsmux is locked: open its window");
        app.begin.keyring.fail_always(None);
        app.must(json!({"do": "retry_passwords"})).await;
        app.until(|now| now.state == State::Idle).await;
        if clients == json!([]) {
            fetch(&mut program(app.address().await).await, &article).await;
        }
        let open = app.address().await;
        app.must(json!({"do": "stop"})).await;
        assert!(is_refused(open).await);
    }
}

#[tokio::test]
async fn programs_hear_whose_password_is_missing_until_it_is_entered() {
    let (news, article) = one_article().await;
    let entry = at("a", &news);
    let begin = Begin::new().settings(json!({"providers": [entry]}));
    let app = begin.password("a", PASSWORD).start();
    app.until(|now| now.state == State::Idle).await;
    app.begin.keyring.fail_always(Some(StoreError::Locked));
    let app = app.quit().await.start();
    app.until(|now| now.state == State::Attention).await;
    let address = app.address().await;
    let locked = Client::connect(address).await.line().await;
    assert_eq!(locked.trim_end(), "400 Newsmux is locked: open its window");
    app.begin.keyring.fail_always(None);
    app.begin.keyring.delete(&Owner::Provider("a".into())).unwrap();
    app.must(json!({"do": "retry_passwords"})).await;
    app.until(|now| now.troubles == [Trouble::NoPassword { provider: "a".into() }]).await;
    let missing = Client::connect(address).await.line().await;
    let says = "400 Newsmux: the password for a is missing: open Newsmux's window";
    assert_eq!(missing.trim_end(), says);
    let save = json!({"do": "save_provider", "provider": entry, "password": {"secret": PASSWORD, "hold": "keep"}});
    app.must(save).await;
    fetch(&mut program(app.address().await).await, &article).await;
}
