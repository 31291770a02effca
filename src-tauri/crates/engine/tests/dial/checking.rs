//! What a check of a provider finds.

use std::num::NonZeroU16;
use std::time::Duration;

use nntp_proxy::check::{Finding, Step as Stage, check, is_good};
use nntp_proxy::config::{BackendConfig, Secret, Tls, Verify};
use nntp_proxy::dial::NetDialler;

use crate::certificates::{Authority, valid};
use crate::server::{Server, Step};
use crate::{assert_says, encrypted, plain, with_login};

async fn findings(of: &BackendConfig) -> Vec<Finding> {
    check(&NetDialler::new(), of).await
}

fn stages(findings: &[Finding]) -> Vec<(Stage, bool)> {
    findings.iter().map(|(stage, found)| (*stage, found.is_ok())).collect()
}

/// The words of a finding, good or bad.
fn words(findings: &[Finding], stage: Stage) -> &str {
    let found = findings.iter().find(|(at, _)| *at == stage).map(|(_, found)| found);
    match found.unwrap() {
        Ok(words) | Err(words) => words,
    }
}

/// What a good provider says behind the greeting and the encryption.
fn welcome(capabilities: &'static str) -> Vec<Step> {
    let mut script = vec![Step::Hear, Step::Say("281 welcome\r\n"), Step::Hear];
    script.push(Step::Say(capabilities));
    for _ in 0..3 {
        script.extend([Step::Hear, Step::Say("111 20260101000000\r\n")]);
    }
    script.push(Step::Hear);
    script
}

#[tokio::test]
async fn a_good_provider_is_good_at_every_step() {
    let authority = Authority::new();
    let mut script =
        vec![Step::Tls(authority.server("localhost", valid)), Step::Say("201 hello\r\n")];
    script.extend(welcome("101 list\r\nVERSION 2\r\nREADER\r\nOVER MSGID\r\n.\r\n"));
    let server = Server::start(script).await;
    let to = with_login(plain(server.address));
    let to = encrypted(to, Tls::On, Verify::Full, &authority.file());
    let found = findings(&to).await;
    assert!(is_good(&found), "{found:?}");
    assert_eq!(found.len(), 6);
    assert_eq!(words(&found, Stage::Name), "localhost");
    assert_eq!(words(&found, Stage::Connection), format!("port {}", server.address.port()));
    assert_eq!(words(&found, Stage::Encryption), "on, certificate and host name verified");
    assert_eq!(words(&found, Stage::Login), "accepted, no posting");
    assert_says(words(&found, Stage::Capabilities), &["READER", "OVER"]);
    assert!(words(&found, Stage::RoundTrip).ends_with(" ms"));
    let heard = server.heard();
    assert_eq!(heard.iter().filter(|line| line.starts_with("TLS")).count(), 1);
    assert_eq!(heard[1..], ["AUTHINFO USER user", "CAPABILITIES", "DATE", "DATE", "DATE"]);
}

#[tokio::test]
async fn a_provider_without_capabilities_is_good() {
    let mut script = vec![Step::Say("200 hello\r\n")];
    script.extend(welcome("500 what?\r\n"));
    let server = Server::start(script).await;
    let found = findings(&with_login(plain(server.address))).await;
    assert!(is_good(&found), "{found:?}");
    assert_eq!(words(&found, Stage::Login), "accepted, posting allowed");
    assert_says(words(&found, Stage::Encryption), &["off", "in the clear"]);
    assert_says(words(&found, Stage::Capabilities), &["not told"]);
}

#[tokio::test]
async fn a_check_ends_with_what_is_bad() {
    let server = Server::start([Step::Say("200 hello\r\n"), Step::Hear, Step::Say("481 no\r\n")]);
    let found = findings(&with_login(plain(server.await.address))).await;
    assert!(!is_good(&found));
    let expected = [
        (Stage::Name, true),
        (Stage::Connection, true),
        (Stage::Encryption, true),
        (Stage::Login, false),
    ];
    assert_eq!(stages(&found), expected);
    assert_says(words(&found, Stage::Login), &["user name or password"]);
}

#[tokio::test]
async fn each_failure_is_found_at_its_step() {
    let authority = Authority::new();
    let server = Server::start([Step::Tls(authority.server("elsewhere.example", valid))]).await;
    let tls = encrypted(plain(server.address), Tls::On, Verify::Full, &authority.file());
    let expected = [(Stage::Name, true), (Stage::Connection, true), (Stage::Encryption, false)];
    assert_eq!(stages(&findings(&tls).await), expected);

    let mut dead = plain(server.address);
    dead.host = "a".repeat(64);
    assert_eq!(stages(&findings(&dead).await), [(Stage::Name, false)]);

    let address = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let expected = [(Stage::Name, true), (Stage::Connection, false)];
    assert_eq!(stages(&findings(&plain(address)).await), expected);

    let server = Server::start([Step::Close]).await;
    let expected = [
        (Stage::Name, true),
        (Stage::Connection, true),
        (Stage::Encryption, true),
        (Stage::Login, false),
    ];
    assert_eq!(stages(&findings(&plain(server.address)).await), expected);
}

#[tokio::test]
async fn starttls_that_did_not_happen_is_not_called_good() {
    let authority = Authority::new();
    let connected = [(Stage::Name, true), (Stage::Connection, true)];
    for (script, bad) in [
        (vec![Step::Say("200 hello\r\n"), Step::Hear, Step::Say("580 no\r\n")], Stage::Encryption),
        (vec![Step::Say("502 go away\r\n")], Stage::Login),
    ] {
        let server = Server::start(script).await;
        let to = with_login(plain(server.address));
        let to = encrypted(to, Tls::StartTls, Verify::Full, &authority.file());
        let found = findings(&to).await;
        assert_eq!(stages(&found), [&connected[..], &[(bad, false)]].concat(), "{found:?}");
    }
}

#[tokio::test]
async fn nothing_is_called_good_that_was_not_tried() {
    let server = Server::start([]).await;
    let mut to = with_login(plain(server.address));
    if let Some(login) = &mut to.login {
        login.password = Secret::new("two\nlines");
    }
    assert_eq!(stages(&findings(&to).await), [(Stage::Login, false)]);
}

#[tokio::test]
async fn a_provider_that_answers_nothing_more_is_bad() {
    let server = Server::start([Step::Say("200 hello\r\n")]).await;
    let mut to = plain(server.address);
    to.limits.first_byte = Duration::from_millis(50);
    to.connections = NonZeroU16::MIN;
    let found = findings(&to).await;
    assert_eq!(found.last().unwrap().0, Stage::RoundTrip);
    assert_says(words(&found, Stage::RoundTrip), &["does not answer"]);
    assert!(!is_good(&found));
}
