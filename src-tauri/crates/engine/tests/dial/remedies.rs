//! What a check offers as a remedy: only what it has seen, and never at the price of the password.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use nntp_proxy::check::{Check, Finding, Found, Outcome, Proof, Remedy, Step as Stage, Why};
use nntp_proxy::config::{BackendConfig, Tls, TlsOptions, Verify};
use nntp_proxy::dial::{BoxStream, Boxed, Dial, DialError, NetDialler};

use crate::certificates::{Authority, valid};
use crate::checking::{at, findings, welcome};
use crate::server::{Server, Step};
use crate::{assert_says, encrypted, plain, with_login};

const HOST: &str = "news.example.com";

/// A host of which the ports are servers of the test.
struct Host {
    net: NetDialler,
    ports: HashMap<u16, SocketAddr>,
    ca_file: PathBuf,
}

impl Host {
    fn new(authority: &Authority, ports: &[(u16, &Server)]) -> Self {
        let ports = ports.iter().map(|(port, server)| (*port, server.address)).collect();
        Self { net: NetDialler::new(), ports, ca_file: authority.file() }
    }

    async fn findings(&self, port: u16, tls: Tls) -> Vec<Finding> {
        let mut to = with_login(plain(([127, 0, 0, 1], port).into()));
        (to.host, to.tls) = (HOST.into(), tls);
        to.limits.greeting = Duration::from_millis(200);
        let mut findings = Vec::new();
        let check = Check::new(self).with_pause(Duration::ZERO);
        check.run(&to, |finding| findings.push(finding)).await;
        findings
    }
}

impl Dial for Host {
    fn connect<'a>(&'a self, to: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async move {
            let refused = || DialError::Connect(io::ErrorKind::ConnectionRefused.into());
            let address = self.ports.get(&to.port).ok_or_else(refused)?;
            let (host, port) = (address.ip().to_string(), address.port());
            self.net.connect(&BackendConfig { host, port, ..to.clone() }).await
        })
    }

    fn start_tls<'a>(
        &'a self,
        stream: BoxStream,
        to: &'a BackendConfig,
    ) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async move {
            let ca_file = Some(self.ca_file.clone());
            let tls = Tls::On(TlsOptions { ca_file, ..TlsOptions::default() });
            self.net.start_tls(stream, &BackendConfig { tls, ..to.clone() }).await
        })
    }
}

fn tls_on() -> Tls {
    Tls::On(TlsOptions::default())
}

fn news(authority: &Authority) -> Vec<Step> {
    let mut script = vec![Step::Tls(authority.server(HOST, valid))];
    script.extend(welcome("200 hello\r\n", "500 what?\r\n"));
    script
}

fn plain_news(capabilities: &'static str) -> Vec<Step> {
    let bye = [Step::Hear, Step::Say("205 bye\r\n")];
    let mut script = vec![Step::Say("200 hello\r\n"), Step::Hear, Step::Say(capabilities)];
    script.extend(bye);
    script
}

fn said_account(server: &Server) -> bool {
    server.heard().iter().any(|line| line.contains("AUTHINFO"))
}

#[tokio::test]
async fn a_plain_port_with_tls_on_leads_to_what_is_seen_there() {
    let authority = Authority::new();
    let encrypted = Server::start(news(&authority)).await;
    let starttls = "101 list\r\nREADER\r\nSTARTTLS\r\n.\r\n";
    for (capabilities, other, remedy) in [
        (starttls, Some(&encrypted), Remedy::UseTls { port: 563 }),
        (starttls, None, Remedy::UseStartTls { port: 119 }),
        ("101 list\r\nREADER\r\n.\r\n", None, Remedy::UseNoTls { port: 119 }),
    ] {
        let open = Server::start(plain_news(capabilities)).await;
        let mut ports = vec![(119, &open)];
        ports.extend(other.map(|server| (563, server)));
        let found = Host::new(&authority, &ports).findings(119, tls_on()).await;
        let bad = at(&found, Stage::Encryption);
        assert_eq!((&bad.found, bad.outcome), (&Found::SpeaksNoTls, Outcome::Bad));
        assert_eq!(bad.remedy, Some(remedy));
        assert!(!said_account(&open) && !said_account(&encrypted));
    }
}

#[tokio::test]
async fn no_encryption_is_offered_with_what_it_means() {
    let remedy = Remedy::UseNoTls { port: 119 }.to_string();
    assert_says(&remedy, &["\"off\"", "119", "nothing is encrypted", "password"]);
}

#[tokio::test]
async fn a_tls_port_with_tls_off_leads_to_tls_on_the_same_port() {
    let authority = Authority::new();
    let server = Server::start(news(&authority)).await;
    for tls in [Tls::Off, Tls::StartTls(TlsOptions::default())] {
        let found = Host::new(&authority, &[(443, &server)]).findings(443, tls).await;
        let bad = at(&found, Stage::Greeting);
        assert_eq!((&bad.found, bad.outcome), (&Found::SpeaksTls, Outcome::Bad));
        assert_eq!(bad.remedy, Some(Remedy::UseTls { port: 443 }));
        assert!(!said_account(&server), "{:?}", server.heard());
    }
}

#[tokio::test]
async fn a_dead_port_leads_to_the_usual_ones_where_they_live() {
    let authority = Authority::new();
    let (tls, open) =
        (Server::start(news(&authority)).await, Server::start(plain_news("500\r\n")).await);
    for (ports, wanted, remedy) in [
        (vec![(563, &tls), (119, &open)], Tls::Off, Some(Remedy::UseTls { port: 563 })),
        (vec![(119, &open)], tls_on(), Some(Remedy::UseNoTls { port: 119 })),
        (vec![], tls_on(), None),
    ] {
        let found = Host::new(&authority, &ports).findings(80, wanted).await;
        let bad = at(&found, Stage::Connection);
        assert!(matches!(bad.found, Found::NotConnected { .. }));
        assert_eq!(bad.remedy, remedy);
    }
    assert!(!said_account(&tls) && !said_account(&open));
}

#[tokio::test]
async fn what_goes_in_the_clear_leads_to_encryption_where_there_is_some() {
    let authority = Authority::new();
    let tls = Server::start(news(&authority)).await;
    let open = Server::start(welcome("200 hello\r\n", "500 what?\r\n")).await;
    for (ports, remedy) in [
        (vec![(119, &open), (563, &tls)], Some(Remedy::UseTls { port: 563 })),
        (vec![(119, &open)], None),
    ] {
        let found = Host::new(&authority, &ports).findings(119, Tls::Off).await;
        let clear = at(&found, Stage::Encryption);
        assert_eq!((clear.outcome, &clear.remedy), (Outcome::Doubtful, &remedy));
        assert_eq!(at(&found, Stage::Login).outcome, Outcome::Good);
    }
    assert!(!said_account(&tls));
}

#[tokio::test]
async fn a_refusal_for_want_of_encryption_leads_to_it() {
    let authority = Authority::new();
    let tls = Server::start(news(&authority)).await;
    let strict =
        [Step::Say("200 hello\r\n"), Step::Hear, Step::Say("483 encrypt first\r\n"), Step::Close];
    for (ports, remedy) in [(vec![&tls], Some(Remedy::UseTls { port: 563 })), (vec![], None)] {
        let open = Server::start(strict.clone()).await;
        let mut all = vec![(119, &open)];
        all.extend(ports.into_iter().map(|server| (563, server)));
        let found = Host::new(&authority, &all).findings(119, Tls::Off).await;
        let bad = at(&found, Stage::Login);
        assert!(matches!(bad.found, Found::Refused { why: Why::Encryption, .. }), "{bad:?}");
        assert_eq!(bad.remedy, remedy);
        assert!(!open.heard().iter().any(|line| line.contains("pass word")));
    }
}

#[tokio::test]
async fn starttls_that_is_refused_leads_to_tls_from_the_first_byte() {
    let authority = Authority::new();
    let tls = Server::start(news(&authority)).await;
    let open =
        Server::start([Step::Say("200 hello\r\n"), Step::Hear, Step::Say("502 no\r\n")]).await;
    let host = Host::new(&authority, &[(119, &open), (563, &tls)]);
    let found = host.findings(119, Tls::StartTls(TlsOptions::default())).await;
    let bad = at(&found, Stage::Encryption);
    assert_eq!(
        (&bad.found, &bad.remedy),
        (&Found::NoStartTls, &Some(Remedy::UseTls { port: 563 }))
    );
    assert_eq!(bad.words.as_deref(), Some("502 no"));
}

#[tokio::test]
async fn a_web_server_is_named_whether_it_waits_or_not() {
    let authority = Authority::new();
    let web = "HTTP/1.1 400 Bad Request\r\n\r\n";
    let secure = Step::Tls(authority.server(HOST, valid));
    for (script, tls, stage) in [
        (vec![Step::Say(web), Step::Close], Tls::Off, Stage::Greeting),
        (vec![Step::Hear, Step::Say(web), Step::Close], Tls::Off, Stage::Greeting),
        (vec![secure, Step::Hear, Step::Say(web), Step::Close], tls_on(), Stage::Greeting),
        (vec![Step::Hear, Step::Say(web), Step::Close], tls_on(), Stage::Encryption),
    ] {
        let server = Server::start(script).await;
        let found = Host::new(&authority, &[(443, &server)]).findings(443, tls).await;
        assert_eq!(at(&found, stage).found, Found::WebServer, "{found:?}");
        assert!(!said_account(&server));
    }
}

fn login(replies: &[&'static str]) -> Vec<Step> {
    let mut script = vec![Step::Say("200 hello\r\n")];
    script.extend(replies.iter().flat_map(|reply| [Step::Hear, Step::Say(reply)]));
    script
}

fn refusal(found: &[Finding], stage: Stage) -> (Why, Proof) {
    match at(found, stage).found {
        Found::Refused { why, proof, .. } => (why, proof),
        ref other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refusal_is_told_apart_by_its_words_or_by_a_second_try() {
    for (reply, expected) in [
        ("481 wrong password\r\n", (Why::Login, Proof::Told)),
        ("482 too many connections\r\n", (Why::Connections, Proof::Told)),
        ("502 account expired\r\n", (Why::Account, Proof::Told)),
        ("400 going down\r\n", (Why::Unavailable, Proof::Told)),
        ("482 no\r\n", (Why::Login, Proof::TriedTwice)),
        ("502 no\r\n", (Why::Login, Proof::TriedTwice)),
    ] {
        let server = Server::start(login(&["381 more\r\n", reply])).await;
        let found = findings(&with_login(plain(server.address))).await;
        assert_eq!(refusal(&found, Stage::Login), expected, "{reply}");
        assert_eq!(at(&found, Stage::Login).words.as_deref(), Some(reply.trim_end()));
        let tries = server.heard().iter().filter(|line| line.contains("USER")).count();
        let sure = matches!(expected.0, Why::Login | Why::Account) && expected.1 == Proof::Told;
        assert_eq!(tries, if sure { 1 } else { 2 }, "{reply}");
    }
}

#[tokio::test]
async fn a_refusal_before_the_login_is_not_about_it() {
    let server = Server::start([Step::Say("502 no service\r\n"), Step::Close]).await;
    let found = findings(&with_login(plain(server.address))).await;
    assert_eq!(refusal(&found, Stage::Greeting), (Why::Unavailable, Proof::BeforeLogin));
    assert_says(&at(&found, Stage::Greeting).found.to_string(), &["not the reason"]);
}

#[tokio::test]
async fn a_login_that_is_taken_the_second_time_was_right() {
    let good = welcome("200 hello\r\n", "500 what?\r\n");
    let server = Server::in_turn(vec![login(&["381 more\r\n", "482 no\r\n"]), good]).await;
    let found = findings(&with_login(plain(server.address))).await;
    let login = at(&found, Stage::Login);
    assert_eq!(login.found, Found::LoggedIn { second_try: true });
    assert_eq!((login.outcome, login.words.as_deref()), (Outcome::Doubtful, Some("482 no")));
    assert_eq!(found.len(), 8, "each step is told once: {found:?}");
}

/// A provider that repeats all it hears, wherever it can.
#[tokio::test]
async fn no_finding_has_the_password_in_it() {
    let echo = "pass word of user";
    let capabilities = "101 list\r\nX-pass word-user\r\n.\r\n";
    let scripts: [Vec<Step>; 5] = [
        welcome("200 hello pass word and user\r\n", capabilities),
        vec![Step::Say("502 pass word of user\r\n")],
        login(&["481 user pass word\r\n"]),
        login(&["381 more\r\n", "482 pass word of user\r\n"]),
        login(&["381 more\r\n", "999 pass word of user\r\n"]),
    ];
    for script in scripts {
        let server = Server::start(script).await;
        let mut to = with_login(plain(server.address));
        to.connections = 2.try_into().unwrap();
        for finding in findings(&to).await {
            let all = format!("{finding:?} {}", finding.found);
            assert!(!all.contains("pass word") && !all.contains(echo), "{all}");
        }
    }
}

#[tokio::test]
async fn no_certificate_has_the_password_in_it_when_it_is_told() {
    let authority = Authority::called("pass word");
    let mut script = vec![Step::Tls(authority.server("localhost", valid))];
    script.extend(welcome("200 hello\r\n", "500 what?\r\n"));
    let server = Server::start(script).await;
    let to = with_login(plain(server.address));
    let other = Authority::new();
    for ca_file in [authority.file(), other.file()] {
        let to = encrypted(to.clone(), Tls::On, Verify::Full, &ca_file);
        let found = findings(&to).await;
        let told = format!("{:?}", at(&found, Stage::Encryption));
        assert!(told.contains("***") && !told.contains("pass word"), "{told}");
    }
}

#[tokio::test]
async fn a_peer_whose_tls_was_refused_is_never_sent_the_password() {
    let (authority, stranger) = (Authority::new(), Authority::called("a stranger"));
    let mut script = vec![Step::Tls(stranger.server("localhost", valid))];
    script.extend(welcome("200 hello\r\n", "500 what?\r\n"));
    for tls in [Tls::On as fn(TlsOptions) -> Tls, Tls::StartTls] {
        let server = Server::start(script.clone()).await;
        let mut to = with_login(plain(server.address));
        to.limits.greeting = Duration::from_millis(100);
        findings(&encrypted(to, tls, Verify::Full, &authority.file())).await;
        assert!(!said_account(&server), "{:?}", server.heard());
    }
}
