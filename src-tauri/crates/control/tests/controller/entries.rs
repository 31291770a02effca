//! Providers and clients: entered, changed, removed, put back.

use api::request::{FailureCode, Reply};
use api::snapshot::{PasswordState, State, Trouble};
use newsmux_tests::client::Client;
use secrets::Owner;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::app::{App, Begin, PASSWORD, at, fetch, one_article, program};

fn ids(app: &App) -> Vec<String> {
    app.now().settings.providers.iter().map(|provider| provider.id.clone()).collect()
}

fn save(provider: Value) -> Value {
    json!({"do": "save_provider", "provider": provider, "password": null})
}

/// A program that logs in.
async fn login(client: &mut Client<TcpStream>, name: &str, password: &str) -> String {
    client.ask(&format!("AUTHINFO USER {name}")).await;
    client.ask(&format!("AUTHINFO PASS {password}")).await.code().to_owned()
}

async fn add_client(app: &App, name: &str) -> String {
    match app.must(json!({"do": "add_client", "name": name, "hold": "keep"})).await {
        Reply::Password { secret } => secret.expose().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_names_its_field_and_nothing_is_saved() {
    let app = Begin::new().start();
    for (field, value) in [
        ("host", json!("")),
        ("host", json!("https://news.example.com")),
        ("host", json!("news.example.com:563")),
        ("port", json!(0)),
        ("connections", json!(0)),
        ("connections", json!(501)),
        ("pipelining", json!(65)),
        ("timeout_secs", json!(601)),
        ("ca_file", json!("/nowhere/ca.pem")),
    ] {
        let mut provider = json!({"id": "", "host": "news.example.com"});
        provider[field] = value.clone();
        let invalid = (FailureCode::Invalid, Some(field.to_owned()));
        assert_eq!(app.refused(save(provider.clone())).await, invalid, "{field}: {value}");
        let check = json!({"do": "check_provider", "provider": provider, "password": null});
        if field == "host" && value != "" {
            // What to enter instead is for the test to say.
            app.must(check).await;
        } else {
            assert_eq!(app.refused(check).await, invalid, "{field}: {value}");
        }
    }
    assert_eq!(ids(&app), Vec::<String>::new());
}

#[tokio::test]
async fn a_new_provider_is_given_an_id_that_nobody_has() {
    let app = Begin::new().start();
    for (name, id) in [
        (json!(null), "news-example-com"),
        (json!(null), "news-example-com-2"),
        (json!(" Größte News! "), "gr-te-news"),
        (json!("…"), "provider"),
    ] {
        let provider = json!({"id": "", "name": name, "host": " news.example.com "});
        assert_eq!(app.must(save(provider)).await, Reply::Saved { id: id.into() });
    }
    assert!(
        app.now().settings.providers.iter().all(|provider| provider.host == "news.example.com")
    );
    assert_eq!(app.now().providers[2].name, "Größte News!");
}

#[tokio::test]
async fn providers_are_switched_and_put_into_another_order() {
    let providers = json!([{"id": "a", "host": "a.example"}, {"id": "b", "host": "b.example"}]);
    let app = Begin::new().settings(json!({"providers": providers})).start();
    app.must(json!({"do": "enable_provider", "id": "a", "enabled": false})).await;
    let order = json!([{"id": "b", "tier": 0}, {"id": "a", "tier": 3}]);
    app.must(json!({"do": "arrange_providers", "order": order})).await;
    assert_eq!(ids(&app), ["b", "a"]);
    let moved = app.now().settings.providers[1].clone();
    assert_eq!((moved.tier, moved.enabled), (3, false));
    for order in [json!([{"id": "b", "tier": 0}]), json!([{"id": "c", "tier": 0}])] {
        let refused = app.refused(json!({"do": "arrange_providers", "order": order})).await;
        assert_eq!(refused, (FailureCode::Unknown, None));
    }
    let nobody = json!({"do": "enable_provider", "id": "c", "enabled": true});
    assert_eq!(app.refused(nobody).await, (FailureCode::Unknown, None));
    assert_eq!(ids(&app), ["b", "a"]);
}

#[tokio::test]
async fn a_removed_provider_leaves_no_password_and_undo_brings_both_back() {
    let ((news, article), other) = (one_article().await, json!({"id": "z", "host": "z.example"}));
    let begin = Begin::new().settings(json!({"providers": [at("a", &news), other]}));
    let app = begin.password("a", PASSWORD).start();
    app.address().await;
    app.must(json!({"do": "remove_provider", "id": "a"})).await;
    assert_eq!((ids(&app), app.now().removed.as_deref()), (vec!["z".to_owned()], Some("a")));
    // What changes passwords waits for what is under way.
    app.must(json!({"do": "retry_passwords"})).await;
    assert_eq!(app.kept("a"), None);
    app.must(json!({"do": "undo"})).await;
    assert_eq!((ids(&app), app.now().removed.as_ref()), (vec!["a".into(), "z".to_owned()], None));
    assert_eq!(app.kept("a").as_deref(), Some(PASSWORD));
    fetch(&mut program(app.address().await).await, &article).await;
    assert_eq!(app.refused(json!({"do": "undo"})).await, (FailureCode::Unknown, None));
}

#[tokio::test]
async fn a_client_has_a_password_of_our_making_that_only_it_can_use() {
    let app = Begin::new().start();
    let mut before = program(app.address().await).await;
    let password = add_client(&app, " sabnzbd ").await;
    assert!(password.len() >= 20, "{password}");
    assert!(password.chars().all(|c| c.is_ascii_alphanumeric() && !"l1Io0O".contains(c)));
    let kept = app.begin.keyring.secrets();
    assert_eq!(kept[&Owner::Client("sabnzbd".into())].expose(), password);
    assert!(!app.saved().to_string().contains(&password));

    let mut client = program(app.address().await).await;
    assert_eq!(client.ask("BODY <a@b>").await.code(), "480");
    assert_eq!(login(&mut client, "sabnzbd", "a guess").await, "481");
    assert_eq!(login(&mut client, "sabnzbd", &password).await, "281");
    assert_ne!(before.ask("BODY <a@b>").await.code(), "480", "who is in stays in");

    let again = json!({"do": "add_client", "name": "sabnzbd", "hold": "keep"});
    assert_eq!(app.refused(again).await, (FailureCode::Invalid, Some("name".into())));
    let empty = json!({"do": "add_client", "name": " ", "hold": "keep"});
    assert_eq!(app.refused(empty).await, (FailureCode::Invalid, Some("name".into())));
    let renew = json!({"do": "renew_client", "name": "sabnzbd", "hold": "keep"});
    let Reply::Password { secret } = app.must(renew).await else { panic!() };
    assert_ne!(secret.expose(), password);
    let mut client = program(app.address().await).await;
    assert_eq!(login(&mut client, "sabnzbd", secret.expose()).await, "281");
    let nobody = json!({"do": "renew_client", "name": "nobody", "hold": "keep"});
    assert_eq!(app.refused(nobody).await, (FailureCode::Unknown, None));
}

#[tokio::test]
async fn a_client_that_was_removed_comes_back_with_its_password() {
    let app = Begin::new().start();
    app.address().await;
    let password = add_client(&app, "sabnzbd").await;
    app.must(json!({"do": "remove_client", "name": "sabnzbd"})).await;
    app.must(json!({"do": "undo"})).await;
    let mut client = program(app.address().await).await;
    assert_eq!(login(&mut client, "sabnzbd", &password).await, "281");
    assert_eq!(app.begin.keyring.secrets().len(), 1);
}

#[tokio::test]
async fn without_any_clients_password_nobody_is_served_rather_than_everybody() {
    let app = Begin::new().settings(json!({"clients": [{"name": "x"}, {"name": "y"}]})).start();
    let now = app.until(|now| now.state == State::Attention).await;
    let gone = ["x", "y"].map(|name| Trouble::NoClientPassword { client: name.into() });
    assert_eq!(now.troubles, gone);
    assert_eq!(now.address.port, 0, "it does not listen");
    app.must(json!({"do": "renew_client", "name": "y", "hold": "keep"})).await;
    let mut client = program(app.address().await).await;
    assert_eq!(client.ask("BODY <a@b>").await.code(), "480");
    assert_eq!(app.now().troubles, gone[..1]);

    // The one that could log in goes, and the door is shut again.
    let address = app.address().await;
    app.must(json!({"do": "remove_client", "name": "y"})).await;
    app.until(|now| now.address.port == 0).await;
    assert!(crate::app::is_refused(address).await);
}

#[tokio::test]
async fn the_last_login_stays_where_other_computers_could_connect() {
    let app = Begin::new().start();
    app.address().await;
    let password = add_client(&app, "sabnzbd").await;
    app.must(json!({"do": "set_listen", "listen": {"host": "0.0.0.0", "port": 0}})).await;
    let refused = app.refused(json!({"do": "remove_client", "name": "sabnzbd"})).await;
    assert_eq!(refused, (FailureCode::Invalid, Some("host".into())));
    assert_eq!(app.begin.keyring.secrets().len(), 1);
    assert!(!serde_json::to_string(&*app.now()).unwrap().contains(&password));
}

#[tokio::test]
async fn a_provider_without_its_password_is_left_out_and_the_others_go_on() {
    let (news, article) = one_article().await;
    let mut lost = at("lost", &news);
    lost["tier"] = json!(0);
    let begin = Begin::new().settings(json!({"providers": [lost, at("a", &news)]}));
    let app = begin.password("a", PASSWORD).start();
    fetch(&mut program(app.address().await).await, &article).await;
    let now = app.until(|now| now.state == State::Attention).await;
    assert_eq!(now.troubles, [Trouble::NoPassword { provider: "lost".into() }]);
    assert_eq!(app.provider("lost").password, PasswordState::Missing);
    let password = json!({"secret": PASSWORD, "hold": "keep"});
    let save = json!({"do": "save_provider", "provider": at("lost", &news), "password": password});
    app.must(save).await;
    app.until(|now| now.troubles.is_empty()).await;
    assert_eq!(app.provider("lost").password, PasswordState::Kept);
}
