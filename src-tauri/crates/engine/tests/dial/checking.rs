//! What a check of a provider finds, step by step.

use std::time::Duration;

use nntp_proxy::check::{
    Check, Finding, Found, Outcome, Remedy, Step as Stage, check, is_usable, pasted,
};
use nntp_proxy::config::{BackendConfig, Secret, Tls, Verify};
use nntp_proxy::dial::{NetDialler, Problem};

use crate::certificates::{Authority, expired, for_days, self_signed, valid};
use crate::server::{Server, Step};
use crate::{assert_says, encrypted, plain, with_login};
use Outcome::{Bad, Doubtful, Good};
use Stage::{Capabilities, Connection, Connections, Encryption, Greeting, Login, Name, RoundTrip};

pub(crate) async fn findings(of: &BackendConfig) -> Vec<Finding> {
    let (dialler, mut findings) = (NetDialler::new(), Vec::new());
    let check = Check::new(&dialler).with_pause(Duration::ZERO);
    check.run(of, |finding| findings.push(finding)).await;
    findings
}

pub(crate) fn stages(findings: &[Finding]) -> Vec<(Stage, Outcome)> {
    findings.iter().map(|finding| (finding.step, finding.outcome)).collect()
}

#[track_caller]
pub(crate) fn at(findings: &[Finding], stage: Stage) -> &Finding {
    findings.iter().find(|finding| finding.step == stage).unwrap()
}

/// The sentence of a finding, good or bad.
#[track_caller]
pub(crate) fn words(findings: &[Finding], stage: Stage) -> String {
    at(findings, stage).found.to_string()
}

/// What a good provider says behind the encryption.
pub(crate) fn welcome(greeting: &'static str, capabilities: &'static str) -> Vec<Step> {
    let mut script = vec![Step::Say(greeting), Step::Hear, Step::Say("281 welcome\r\n")];
    script.extend([Step::Hear, Step::Say(capabilities)]);
    for _ in 0..3 {
        script.extend([Step::Hear, Step::Say("111 20260101000000\r\n")]);
    }
    script.extend([Step::Hear, Step::Say("205 bye\r\n")]);
    script
}

#[tokio::test]
async fn a_good_provider_is_good_at_every_step() {
    let authority = Authority::new();
    let mut script = vec![Step::Tls(authority.server("localhost", for_days(30)))];
    script
        .extend(welcome("201 hello\r\n", "101 list\r\nVERSION 2\r\nREADER\r\nOVER MSGID\r\n.\r\n"));
    let server = Server::start(script).await;
    let to = with_login(plain(server.address));
    let to = encrypted(to, Tls::On, Verify::Full, &authority.file());
    let found = findings(&to).await;
    let all = [Name, Connection, Encryption, Greeting, Login, Capabilities, RoundTrip, Connections];
    assert_eq!(stages(&found), all.map(|stage| (stage, Good)), "{found:?}");
    assert_says(&words(&found, Name), &["localhost", "127.0.0.1"]);
    assert_eq!(words(&found, Connection), format!("port {} at 127.0.0.1", server.address.port()));
    let tls = words(&found, Encryption);
    let says = ["TLS 1.3", "host name verified", "for localhost by an authority", "30 days left"];
    assert_says(&tls, &says);
    assert_eq!(words(&found, Greeting), "no posting");
    assert_eq!(at(&found, Greeting).words.as_deref(), Some("hello"));
    assert_eq!(words(&found, Login), "accepted");
    assert_says(&words(&found, Capabilities), &["READER", "OVER"]);
    assert!(words(&found, RoundTrip).ends_with(" ms"));
    assert_eq!(words(&found, Connections), "1 of 1 granted");
    assert!(found.iter().all(|finding| finding.remedy.is_none()));
    let heard = server.heard();
    assert_eq!(heard[1..], ["AUTHINFO USER user", "CAPABILITIES", "DATE", "DATE", "DATE", "QUIT"]);
}

#[tokio::test]
async fn a_provider_without_capabilities_is_good() {
    let server = Server::start(welcome("200 hello\r\n", "500 what?\r\n")).await;
    let found = findings(&with_login(plain(server.address))).await;
    assert!(found.iter().all(|finding| finding.outcome == Good), "{found:?}");
    assert_eq!(words(&found, Greeting), "posting allowed");
    assert_says(&words(&found, Encryption), &["off", "in the clear"]);
    assert_says(&words(&found, Capabilities), &["not told"]);
}

#[tokio::test]
async fn a_check_ends_with_what_is_bad() {
    let server =
        Server::start([Step::Say("200 hello\r\n"), Step::Hear, Step::Say("481 no\r\n")]).await;
    let found = findings(&with_login(plain(server.address))).await;
    assert!(!is_usable(&found));
    let expected =
        [(Name, Good), (Connection, Good), (Encryption, Good), (Greeting, Good), (Login, Bad)];
    assert_eq!(stages(&found), expected);
    assert_says(&words(&found, Login), &["user name or password"]);
    assert_eq!(at(&found, Login).words.as_deref(), Some("481 no"));
}

#[tokio::test]
async fn each_failure_is_found_at_its_step() {
    let authority = Authority::new();
    let server = Server::start([Step::Tls(authority.server("elsewhere.example", valid))]).await;
    let tls = encrypted(plain(server.address), Tls::On, Verify::Full, &authority.file());
    let expected = [(Name, Good), (Connection, Good), (Encryption, Bad)];
    assert_eq!(stages(&findings(&tls).await), expected);

    let mut dead = plain(server.address);
    dead.host = "a".repeat(64);
    assert_eq!(stages(&check(&NetDialler::new(), &dead).await), [(Name, Bad)]);

    let address = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    assert_eq!(stages(&findings(&plain(address)).await), [(Name, Good), (Connection, Bad)]);

    let server = Server::start([Step::Close]).await;
    let expected = [(Name, Good), (Connection, Good), (Encryption, Good), (Greeting, Bad)];
    assert_eq!(stages(&findings(&plain(server.address)).await), expected);
}

#[tokio::test]
async fn a_refused_certificate_is_shown_and_nothing_is_said_to_it() {
    let authority = Authority::new();
    let alone = self_signed("localhost", &authority.other_file(""));
    for (config, problem, says) in [
        (
            authority.server("elsewhere.example", valid),
            Problem::OtherNames,
            "for elsewhere.example by",
        ),
        (authority.server("localhost", expired), Problem::Expired, "valid until 2020-01-01"),
        (
            Authority::called("a stranger").server("localhost", valid),
            Problem::UnknownAuthority,
            "by a stranger",
        ),
        (alone, Problem::SelfSigned, "by localhost"),
    ] {
        let server = Server::start([Step::Tls(config)]).await;
        let to = with_login(plain(server.address));
        let found = findings(&encrypted(to, Tls::On, Verify::Full, &authority.file())).await;
        let last = at(&found, Encryption);
        assert!(
            matches!(&last.found, Found::BadCertificate { problem: seen, .. } if *seen == problem),
            "{last:?}"
        );
        assert_says(&last.found.to_string(), &[says]);
        assert!(server.heard().iter().all(|line| line.starts_with("TLS")), "{:?}", server.heard());
    }
}

#[tokio::test]
async fn a_certificate_that_ends_soon_or_is_not_looked_at_is_doubtful() {
    let authority = Authority::new();
    for (days, verify, outcome) in [
        (15, Verify::Full, Good),
        (13, Verify::Full, Doubtful),
        (30, Verify::Certificate, Good),
        (30, Verify::None, Doubtful),
    ] {
        let mut script = vec![Step::Tls(authority.server("localhost", for_days(days)))];
        script.extend(welcome("200 hello\r\n", "500 what?\r\n"));
        let server = Server::start(script).await;
        let to = with_login(plain(server.address));
        let found = findings(&encrypted(to, Tls::On, verify, &authority.file())).await;
        assert_eq!(at(&found, Encryption).outcome, outcome, "{days} {verify:?}");
        assert!(is_usable(&found), "{found:?}");
    }
}

#[tokio::test]
async fn starttls_that_did_not_happen_is_not_called_good() {
    let authority = Authority::new();
    let connected = [(Name, Good), (Connection, Good)];
    for (script, bad) in [
        (vec![Step::Say("200 hello\r\n"), Step::Hear, Step::Say("580 no\r\n")], Encryption),
        (vec![Step::Say("502 go away\r\n")], Greeting),
    ] {
        let server = Server::start(script).await;
        let to = with_login(plain(server.address));
        let to = encrypted(to, Tls::StartTls, Verify::Full, &authority.file());
        let found = findings(&to).await;
        assert_eq!(stages(&found), [&connected[..], &[(bad, Bad)]].concat(), "{found:?}");
    }
}

#[tokio::test]
async fn starttls_that_did_happen_is_told_with_its_certificate() {
    let authority = Authority::new();
    let mut script = vec![Step::Say("200 hello\r\n"), Step::Hear, Step::Say("382 go on\r\n")];
    script.push(Step::Tls(authority.server("localhost", for_days(30))));
    script.extend(welcome("", "500 what?\r\n").split_off(1));
    let server = Server::start(script).await;
    let to = with_login(plain(server.address));
    let found = findings(&encrypted(to, Tls::StartTls, Verify::Full, &authority.file())).await;
    let order: Vec<_> = found.iter().map(|finding| finding.step).collect();
    assert_eq!(order[1..5], [Connection, Encryption, Greeting, Login], "{found:?}");
    assert_says(&words(&found, Encryption), &["by an authority", "30 days left"]);
}

#[tokio::test]
async fn nothing_is_called_good_that_was_not_tried() {
    let server = Server::start([]).await;
    let mut to = with_login(plain(server.address));
    if let Some(login) = &mut to.login {
        login.password = Secret::new("two\nlines");
    }
    assert_eq!(stages(&findings(&to).await), [(Login, Bad)]);
}

#[tokio::test]
async fn a_provider_that_answers_nothing_more_is_bad() {
    let script = [Step::Say("200 hello\r\n"), Step::Hear, Step::Say("281 welcome\r\n")];
    let server = Server::start(script).await;
    let mut to = with_login(plain(server.address));
    to.limits.first_byte = Duration::from_millis(50);
    let found = findings(&to).await;
    assert_eq!(found.last().unwrap().step, RoundTrip);
    assert_says(&words(&found, RoundTrip), &["does not answer"]);
    assert!(!is_usable(&found));
}

#[tokio::test]
async fn a_login_that_is_wanted_and_was_not_entered_is_asked_for() {
    for (reply, outcome) in [("480 who are you?\r\n", Bad), ("430 no such article\r\n", Good)] {
        let mut script = vec![Step::Say("200 hello\r\n"), Step::Hear, Step::Say(reply)];
        script.extend(welcome("", "500 what?\r\n").split_off(3));
        let server = Server::start(script).await;
        let found = findings(&plain(server.address)).await;
        assert_eq!(at(&found, Login).outcome, outcome, "{found:?}");
        let bad = outcome == Bad;
        assert_eq!(at(&found, Login).found == Found::LoginNeeded, bad);
        assert_eq!(at(&found, Login).words.is_some(), bad);
    }
}

#[tokio::test]
async fn a_pasted_address_is_taken_apart_before_anything_is_dialled() {
    let mut to = plain("127.0.0.1:1".parse().unwrap());
    to.host = "https://news.example.com:443/path".into();
    let found = findings(&to).await;
    assert_eq!(stages(&found), [(Name, Bad)]);
    let (host, port) = ("news.example.com".to_owned(), Some(443));
    assert_eq!(at(&found, Name).remedy, Some(Remedy::TrimHost { host, port }));
}

#[test]
fn what_is_pasted_is_told_from_what_is_a_host() {
    for (entered, host, port) in [
        ("nntps://news.example.com", "news.example.com", None),
        ("news.example.com:563", "news.example.com", Some(563)),
        ("http://me@news.example.com/a?b#c", "news.example.com", None),
        ("[2001:db8::1]:119", "2001:db8::1", Some(119)),
        ("news.example.com/", "news.example.com", None),
    ] {
        assert_eq!(pasted(entered), Some((host.to_owned(), port)), "{entered}");
    }
    for entered in ["news.example.com", "2001:db8::1", "", "https://", "a b:1", "host:port"] {
        assert_eq!(pasted(entered), None, "{entered}");
    }
}
