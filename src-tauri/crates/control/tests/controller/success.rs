//! What is said to be well is well: articles, tests, and the state of the whole.

#[cfg(target_os = "linux")]
use std::process::{Command, Stdio};

use api::request::Reply;
use api::snapshot::{Happened, Outcome, State, Step, Trouble};
use control::tray::{Icon, Tray};
use newsmux_tests::client::Client;
use newsmux_tests::provider::{Limit, Provider};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::app::{App, Begin, PASSWORD, at, fetch, is_this_program, one_article, program, saw};
use crate::connecting::{connect, sabnzbd};

fn is_served(app: &App) -> bool {
    app.now().connected.iter().any(|connected| connected.served)
}

/// Lets the loop look at what goes on.
async fn looked(app: &App) {
    for _ in 0..4 {
        let before = app.now().figures.at;
        tokio::time::timeout(
            std::time::Duration::from_millis(1200),
            app.until(|now| now.figures.at != before),
        )
        .await
        .ok();
    }
}

fn tip(app: &App) -> (Icon, String) {
    let trays = app.begin.desk.trays.borrow();
    let tray = trays.last().unwrap();
    // What was downloaded today follows.
    let state = tray.tooltip.split(" · ").next().unwrap_or_default();
    (tray.icon, state.to_owned())
}

#[tokio::test]
async fn a_group_or_a_list_is_no_article() {
    let (news, article) = one_article().await;
    let app = Begin::with_provider(&news).start();
    let mut client = program(app.address().await).await;
    for request in [
        "GROUP misc.test",
        "LIST ACTIVE",
        &format!("STAT {}", article.id()),
        &format!("HEAD {}", article.id()),
    ] {
        client.ask(request).await;
    }
    app.until(|now| now.figures.replies > 0).await;
    assert_eq!(app.now().figures.articles, 0);
    fetch(&mut client, &article).await;
    app.until(|now| now.figures.articles == 1).await;
    let says = |tray: &Tray| {
        tray.tooltip.starts_with("Newsmux: On") && tray.tooltip.ends_with(" kB today")
    };
    saw(&app.begin.desk.trays, |trays| trays.last().is_some_and(says)).await;
    app.must(json!({"do": "set_language", "language": "de"})).await;
    let says = |tray: &Tray| tray.tooltip.contains(" · heute ");
    saw(&app.begin.desk.trays, |trays| trays.last().is_some_and(says)).await;
    assert_eq!(client.ask(&format!("ARTICLE {}", article.id())).await.code(), "220");
    app.until(|now| now.figures.articles == 2).await;
}

#[tokio::test]
async fn a_program_works_when_it_was_given_an_article_itself_and_not_another() {
    let (news, article) = one_article().await;
    let app = Begin::with_provider(&news).start();
    let mut logins = Vec::new();
    for name in ["sabnzbd", "other"] {
        let add = json!({"do": "add_client", "name": name, "hold": "keep"});
        let Reply::Password { secret } = app.must(add).await else { panic!() };
        logins.push((name, secret));
    }
    let sabnzbd = sabnzbd("").await;
    let mut request = connect(&sabnzbd.address, "the key");
    request["login"] = json!("sabnzbd");
    app.must(request).await;
    let address = app.address().await;
    let mut clients: Vec<Client<TcpStream>> = Vec::new();
    for (name, secret) in &logins {
        let mut client = program(address).await;
        client.ask(&format!("AUTHINFO USER {name}")).await;
        assert_eq!(client.ask(&format!("AUTHINFO PASS {}", secret.expose())).await.code(), "281");
        clients.push(client);
    }
    fetch(&mut clients[1], &article).await;
    clients[0].ask("LIST ACTIVE").await;
    looked(&app).await;
    assert!(!is_served(&app), "another program was given it");
    fetch(&mut clients[0], &article).await;
    app.until(|now| now.connected.iter().any(|connected| connected.served)).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_a_login_a_program_is_known_by_its_process() {
    is_known_by_its_process(None).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_that_shares_its_login_is_known_by_its_process() {
    is_known_by_its_process(Some("shared")).await;
}

#[cfg(target_os = "linux")]
async fn is_known_by_its_process(login: Option<&str>) {
    let (news, article) = one_article().await;
    let app = Begin::with_provider(&news).start();
    let mut logs_in = Vec::new();
    if let Some(name) = login {
        let add = json!({"do": "add_client", "name": name, "hold": "keep"});
        let Reply::Password { secret } = app.must(add).await else { panic!() };
        logs_in.push(format!("AUTHINFO USER {name}"));
        logs_in.push(format!("AUTHINFO PASS {}", secret.expose()));
    }
    let address = app.address().await;
    // It is played by this process.
    let sabnzbd = sabnzbd("").await;
    let mut request = connect(&sabnzbd.address, "the key");
    request["login"] = json!(login);
    app.must(request).await;
    let body = format!("BODY {}", article.id());
    let sends = logs_in.iter().chain([&body]);
    let sends: String = sends.map(|line| format!("printf '%s\\r\\n' '{line}' >&3; ")).collect();
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{}; {sends} exec sleep 20", address.port());
    let mut other =
        Command::new("bash").args(["-c", &script]).stdin(Stdio::null()).spawn().unwrap();
    app.until(|now| now.figures.articles == 1).await;
    looked(&app).await;
    assert!(!is_served(&app), "another process was given it");
    other.kill().unwrap();
    other.wait().unwrap();
    let mut client = program(address).await;
    for line in &logs_in {
        client.ask(line).await;
    }
    fetch(&mut client, &article).await;
    app.until(|now| now.connected.iter().any(|connected| connected.served)).await;
}

#[tokio::test]
async fn without_a_provider_it_is_not_on_and_well() {
    let app = Begin::new()
        .settings(json!({"providers": [{"id": "a", "host": "a.example", "enabled": false}]}))
        .start();
    app.address().await;
    let now = app.until(|now| now.state == State::NoProvider).await;
    assert!(!now.serves);
    assert_eq!(
        tip(&app),
        (Icon::Degraded, "Newsmux: Nothing can be downloaded: no provider is enabled".into())
    );
    app.must(json!({"do": "enable_provider", "id": "a", "enabled": true})).await;
    assert!(app.until(|now| now.state == State::Idle).await.serves);
}

#[tokio::test]
async fn when_all_providers_are_down_everything_says_so_and_when_one_is_the_others_go_on() {
    let (news, article) = one_article().await;
    let down = json!({"id": "deaf", "host": "127.0.0.1", "port": 1, "tls": "off"});
    let app = Begin::new()
        .settings(json!({"providers": [down, at("a", &news)]}))
        .password("a", PASSWORD)
        .start();
    let address = app.address().await;
    app.must(json!({"do": "enable_provider", "id": "a", "enabled": false})).await;
    let request = format!("BODY {}", article.id());
    assert_eq!(program(address).await.ask(&request).await.code(), "400");
    let now = app.until(|now| now.state == State::Down).await;
    assert!(!now.serves);
    assert_eq!(
        tip(&app),
        (Icon::Attention, "Newsmux: Nothing can be downloaded: all providers are down".into())
    );
    app.must(json!({"do": "enable_provider", "id": "a", "enabled": true})).await;
    fetch(&mut program(address).await, &article).await;
    assert!(app.until(|now| now.state == State::Degraded).await.serves);
    assert_eq!(tip(&app), (Icon::Degraded, "Newsmux: deaf is down".into()));
}

#[tokio::test]
async fn accounts_that_are_used_up_or_at_their_limit_are_not_down() {
    let full = Provider::named("full").limit(Limit::AtGreeting(0, "502 Too many".into()));
    let full = full.listen().await;
    let used_up = |id| json!({"id": id, "host": "127.0.0.1", "port": 1, "tls": "off", "quota": {"bytes": 5, "used_before": 9}});
    let mut full = at("full", &full);
    full["username"] = Value::Null;
    for (providers, why) in [
        (json!([used_up("x"), used_up("y")]), "all accounts are used up"),
        (json!([full]), "all providers are at their connection limit"),
        (json!([used_up("x"), full]), "no provider is available"),
    ] {
        let app = Begin::new().settings(json!({ "providers": providers })).start();
        let mut client = program(app.address().await).await;
        client.ask("BODY <a@b>").await;
        app.until(|now| now.state == State::Down).await;
        app.must(json!({"do": "history"})).await;
        let is_down = |trouble: &Trouble| matches!(trouble, Trouble::ProviderDown { .. });
        assert!(!app.now().troubles.iter().any(is_down), "{:?}", app.now().troubles);
        let words = format!("Newsmux: Nothing can be downloaded: {why}");
        assert_eq!(tip(&app), (Icon::Attention, words));
    }
}

#[tokio::test]
async fn several_providers_that_are_down_are_counted_in_the_tray() {
    let (news, article) = one_article().await;
    let down = |id| json!({"id": id, "host": "127.0.0.1", "port": 1, "tls": "off"});
    let app = Begin::new()
        .settings(json!({"providers": [down("x"), down("y"), at("a", &news)]}))
        .password("a", PASSWORD)
        .start();
    fetch(&mut program(app.address().await).await, &article).await;
    app.until(|now| now.troubles.len() == 2).await;
    app.must(json!({"do": "history"})).await;
    assert_eq!(tip(&app), (Icon::Degraded, "Newsmux: 2 providers are down".into()));
}

#[tokio::test]
async fn the_first_steps_that_are_done_stay_done_after_a_restart() {
    let (news, article) = one_article().await;
    let app = Begin::with_provider(&news).start();
    let mut client = program(app.address().await).await;
    let steps = |app: &App| app.now().settings.desktop.first_steps;
    app.until(|now| now.clients.len() == 1).await;
    assert!(!steps(&app).program_set_up, "it has asked for nothing");
    client.ask("DATE").await;
    app.until(|now| now.settings.desktop.first_steps.program_set_up).await;
    assert!(!steps(&app).article_delivered);
    fetch(&mut client, &article).await;
    app.until(|now| now.settings.desktop.first_steps.article_delivered).await;
    drop(client);
    let app = app.quit().await.start();
    app.address().await;
    assert_eq!(app.now().figures.articles, 0);
    assert!(steps(&app).article_delivered && steps(&app).provider_works);
}

#[tokio::test]
async fn missing_articles_of_one_program_are_one_event_with_the_last_of_them() {
    let (news, _) = one_article().await;
    let app = Begin::with_provider(&news).start();
    let address = app.address().await;
    for article in 0..30 {
        let mut client = program(address).await;
        let request = format!("BODY <missing{article}@x>");
        assert_eq!(client.ask(&request).await.code(), "430");
    }
    let is_last = |happened: &Happened| match happened {
        Happened::NotFound { client, message_id: Some(id) } => {
            is_this_program(client) && id == "<missing29@x>"
        }
        _ => false,
    };
    assert_eq!(app.happened(is_last).await.times, 30);
    let missing = |happened: &Happened| matches!(happened, Happened::NotFound { .. });
    assert_eq!(app.events().await.iter().filter(|event| missing(&event.happened)).count(), 1);
}

#[tokio::test]
async fn a_test_that_passed_counts_for_what_was_saved_until_that_changes() {
    let (news, _) = one_article().await;
    let app = Begin::new().start();
    let password = json!({"secret": PASSWORD, "hold": "keep"});
    let entry = at("", &news);
    let check =
        |entry: &Value| json!({"do": "check_provider", "provider": entry, "password": password});
    app.must(check(&entry)).await;
    let now = app.until(|now| now.check.as_ref().is_some_and(|check| check.done)).await;
    let findings = &now.check.as_ref().unwrap().findings;
    let encryption = findings.iter().find(|one| one.step == Step::Encryption).unwrap();
    assert_eq!(encryption.outcome, Outcome::Doubtful, "none is not a green tick");
    let save =
        |entry: &Value| json!({"do": "save_provider", "provider": entry, "password": password});
    let Reply::Saved { id } = app.must(save(&entry)).await else { panic!() };
    app.must(json!({"do": "dismiss_check"})).await;
    assert!(app.provider(&id).tested);
    let mut changed = entry.clone();
    changed["id"] = json!(id);
    changed["name"] = json!("A");
    app.must(json!({"do": "save_provider", "provider": changed, "password": null})).await;
    assert!(app.provider(&id).tested, "the name is not tested");
    changed["connections"] = json!(3);
    app.must(json!({"do": "save_provider", "provider": changed, "password": null})).await;
    assert!(!app.provider(&id).tested);
}

#[tokio::test]
async fn a_test_of_a_saved_provider_counts_without_saving_it_again() {
    let (news, _) = one_article().await;
    let app = Begin::with_provider(&news).start();
    app.address().await;
    assert!(!app.provider("a").tested);
    let mut changed = at("a", &news);
    changed["connections"] = json!(3);
    for (provider, counts) in [(changed, false), (at("a", &news), true)] {
        app.must(json!({"do": "check_provider", "provider": provider, "password": null})).await;
        app.until(|now| now.check.as_ref().is_some_and(|check| check.done)).await;
        assert_eq!(app.provider("a").tested, counts);
        app.must(json!({"do": "dismiss_check"})).await;
    }
    app.until(|now| now.settings.desktop.first_steps.provider_works).await;
}
