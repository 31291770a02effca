//! The test of a provider.

use newsmux_tests::provider::{Fault, GREETING, Limit, Provider, on};
use serde_json::{Value, json};

use api::snapshot::{Finding, Found, Outcome, Remedy, Step};

use crate::app::{App, Begin, PASSWORD, at, fetch, one_article, program};

fn check(provider: Value, secret: Option<&str>) -> Value {
    let password = secret.map(|secret| json!({"secret": secret, "hold": "this_session"}));
    json!({"do": "check_provider", "provider": provider, "password": password})
}

#[tokio::test]
async fn a_test_finds_step_by_step_and_takes_the_kept_password() {
    let (news, _) = one_article().await;
    let app = Begin::with_provider(&news).start();
    app.address().await;
    let mut watch = app.handle.watch();
    app.must(check(at("a", &news), None)).await;
    let mut seen = Vec::new();
    loop {
        let check = watch.borrow_and_update().check.clone();
        let found = check.as_ref().map_or(0, |check| check.findings.len());
        seen.push(found);
        if check.is_some_and(|check| check.done) {
            break;
        }
        watch.changed().await.unwrap();
    }
    let findings = app.now().check.clone().unwrap().findings;
    let steps: Vec<_> = findings.iter().map(|finding| (finding.step, finding.outcome)).collect();
    use Step::{
        Capabilities, Connection, Connections, Encryption, Greeting, Login, Name, RoundTrip,
    };
    let all = [Name, Connection, Encryption, Greeting, Login, Capabilities, RoundTrip, Connections];
    let outcome = |step| if step == Encryption { Outcome::Doubtful } else { Outcome::Good };
    assert_eq!(steps, all.map(|step| (step, outcome(step))), "without encryption");
    assert!(seen.iter().any(|found| (1..8).contains(found)), "not all at once: {seen:?}");
    assert_eq!(news.until_alone().await.peak, 2, "as many as were entered");
    app.must(json!({"do": "dismiss_check"})).await;
    assert_eq!(app.now().check, None);
}

#[tokio::test]
async fn a_test_ends_with_what_is_wrong_and_changes_nothing() {
    let (news, _) = one_article().await;
    let app = Begin::new().start();
    app.must(check(at("", &news), Some("wrong"))).await;
    let now = app.until(|now| now.check.as_ref().is_some_and(|check| check.done)).await;
    let last = now.check.as_ref().unwrap().findings.last().unwrap().clone();
    assert_eq!((last.step, last.outcome), (Step::Login, Outcome::Bad));
    assert_eq!(last.words.as_deref(), Some("481 Authentication failed"));
    assert_eq!((now.settings.providers.len(), app.begin.keyring.calls()), (0, 0));
    let field = app.refused(check(at("", &news), None)).await.1;
    assert_eq!(field.as_deref(), Some("password"));
}

#[tokio::test]
async fn a_dismissed_test_ends_at_once() {
    let stuck = Provider::named("a").rule(on(GREETING, Fault::stall(0))).listen().await;
    let app = Begin::new().start();
    app.must(check(at("", &stuck), Some("x"))).await;
    let now = app.until(|now| now.check.as_ref().is_some_and(|c| c.findings.len() == 3)).await;
    assert!(!now.check.as_ref().unwrap().done);
    stuck.until("a connection", |book| book.open == 1).await;
    app.must(json!({"do": "dismiss_check"})).await;
    stuck.until_alone().await;
    assert_eq!(app.now().check, None);
}

/// Tests a provider to the end, and gives the last finding.
async fn last(app: &App, provider: Value) -> Finding {
    app.must(check(provider, Some(PASSWORD))).await;
    let now = app.until(|now| now.check.as_ref().is_some_and(|check| check.done)).await;
    now.check.as_ref().unwrap().findings.last().unwrap().clone()
}

fn with_connections(mut provider: Value, connections: u16) -> Value {
    provider["connections"] = connections.into();
    provider
}

#[tokio::test]
async fn a_test_beside_the_proxy_never_opens_more_than_were_entered() {
    let (news, article) = one_article().await;
    let settings = json!({"providers": [with_connections(at("a", &news), 3)]});
    let app = Begin::new().settings(settings).password("a", PASSWORD).start();
    fetch(&mut program(app.address().await).await, &article).await;
    let granted = last(&app, with_connections(at("a", &news), 3)).await.found;
    assert_eq!(granted, Found::Granted { count: 2, wanted: 3, beside: 1, cause: None });
    let book = news.until("the end of the test", |book| book.count("QUIT") >= 2).await;
    assert_eq!((book.peak, book.refused), (3, 0));
}

#[tokio::test]
async fn a_test_finds_how_many_connections_are_granted() {
    let words = "502 Too many connections for you";
    let limit = Limit::AfterLogin(3, words.into());
    let news = Provider::named("a").account("me", PASSWORD).limit(limit).listen().await;
    let app = Begin::new().start();
    let last = last(&app, with_connections(at("", &news), 6)).await;
    assert_eq!((last.step, last.outcome), (Step::Connections, Outcome::Doubtful));
    assert_eq!(last.words.as_deref(), Some(words));
    assert_eq!(last.remedy, Some(Remedy::LowerConnections { to: 3 }));
    assert_eq!(news.until_alone().await.accepted, 4, "the first refusal ends it");
}

#[tokio::test]
async fn a_pasted_host_is_tested_as_far_as_to_say_what_to_enter() {
    let (news, _) = one_article().await;
    let app = Begin::new().start();
    let mut pasted = at("", &news);
    pasted["host"] = "https://news.example.com/".into();
    let last = last(&app, pasted).await;
    let (host, port) = ("news.example.com".to_owned(), None);
    assert_eq!((last.step, last.remedy), (Step::Name, Some(Remedy::TrimHost { host, port })));
    assert_eq!(news.book().accepted, 0);
}

#[tokio::test]
async fn a_provider_that_is_not_saved_yet_is_given_nobodys_password() {
    let (news, _) = one_article().await;
    let app = Begin::new().settings(json!({"providers": [at("new", &news)]}));
    let app = app.password("new", PASSWORD).start();
    app.address().await;
    let field = app.refused(check(at("", &news), None)).await.1;
    assert_eq!(field.as_deref(), Some("password"));
}
