//! The login at providers: right in all its variants, and rarely tried when it is refused.

use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{Fault, Listening, Provider, Quirk, on};

use crate::{body, fetch, fetch_from, small};

fn at(provider: &Listening) -> Setup {
    Setup::new().provider(Account::at(provider).login("u", "p w"))
}

#[tokio::test]
async fn each_variant_of_the_login_is_understood() {
    let base = || Provider::named("a").with(&small());
    for provider in [
        base().account("u", "p w"),
        base().account("u", "p w").quirk(Quirk::LoginBeforeAll),
        base().account("u", "p w").quirk(Quirk::NoPosting),
        base().account("u", "p w").quirk(Quirk::UserIsEnough),
        base().account("u", "p w").quirk(Quirk::BareLf),
        base().account("u", "p w").quirk(Quirk::RefusesCapabilities(480)),
        base().account("u", "p w").quirk(Quirk::RefusesCapabilities(400)),
        // No login needed here: by address, or not known at all.
        base(),
        base().quirk(Quirk::Lacks("AUTHINFO")),
    ] {
        let what = format!("{provider:?}");
        let provider = provider.listen().await;
        let daemon = Daemon::start(&at(&provider)).await;
        let reply = daemon.client().await.ask(&body(&small())).await;
        assert_eq!(reply.code(), "222", "{what}");
    }
}

#[tokio::test]
async fn without_a_name_no_login_is_sent() {
    let provider = Provider::named("a").with(&small()).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider])).await;
    fetch_from(&daemon, &small()).await;
    assert_eq!(provider.book().on(1), ["BODY <small@x>"]);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_and_shown_clearly() {
    let provider = Provider::named("a").with(&small()).account("u", "right").listen().await;
    let mut daemon = Daemon::start(&at(&provider)).await;
    let mut clients = Vec::new();
    for _ in 0..10 {
        let mut client = daemon.client().await;
        client.send(&body(&small())).await;
        clients.push(client);
    }
    for client in &mut clients {
        let answer = client.line().await;
        assert!(answer.starts_with("400 "), "{answer}");
        assert!(answer.contains("refuses the user name or password"), "{answer}");
        client.closed().await;
    }
    assert_eq!(provider.count("AUTHINFO PASS"), 1);
    daemon.signal("TERM").await;
    daemon.ended().await;
    let log = daemon.log();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("refuses the user name or password"), "{warnings:?}");
}

#[tokio::test]
async fn a_refused_login_at_one_provider_costs_nothing_at_another() {
    let a = Provider::named("a").with(&small()).account("u", "right").listen().await;
    let b = Provider::named("b").with(&small()).listen().await;
    let daemon = Daemon::start(&at(&a).provider(Account::at(&b))).await;
    let mut client = daemon.client().await;
    for _ in 0..20 {
        fetch(&mut client, &small()).await;
    }
    assert!(a.count("AUTHINFO PASS") <= 1);
}

#[tokio::test]
async fn a_session_that_the_provider_forgot_is_logged_in_again_unseen() {
    let provider = Provider::named("a")
        .with(&small())
        .account("u", "p w")
        .rule(on("BODY", Fault::say("480 Authentication required")).skip(1).once())
        .listen()
        .await;
    let daemon = Daemon::start(&at(&provider)).await;
    let mut client = daemon.client().await;
    for _ in 0..3 {
        fetch(&mut client, &small()).await;
    }
    assert_eq!(provider.book().logins, 2);
}
