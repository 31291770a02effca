//! The test of a provider.

use control::snapshot::CheckStep;
use newsmux_tests::provider::{Fault, GREETING, Provider, on};
use serde_json::{Value, json};

use crate::app::{Begin, PASSWORD, at, one_article};

fn check(provider: Value, secret: Option<&str>) -> Value {
    let password = secret.map(|secret| json!({"secret": secret, "hold": "this_session"}));
    json!({"do": "check_provider", "provider": provider, "password": password})
}

#[tokio::test]
async fn a_test_finds_step_by_step_and_takes_the_kept_password() {
    let (news, _) = one_article().await;
    let begin = Begin::new().settings(json!({"providers": [at("a", &news)]}));
    let app = begin.password("a", PASSWORD).start();
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
    let steps: Vec<_> = findings.iter().map(|finding| (finding.step, finding.good)).collect();
    use CheckStep::{Capabilities, Connection, Encryption, Login, Name, RoundTrip};
    let all = [Name, Connection, Encryption, Login, Capabilities, RoundTrip];
    assert_eq!(steps, all.map(|step| (step, true)));
    assert!(seen.iter().any(|found| (1..6).contains(found)), "not all at once: {seen:?}");
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
    assert_eq!((last.step, last.good), (CheckStep::Login, false));
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
