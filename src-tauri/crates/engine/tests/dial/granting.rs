//! How many connections a check counts: never more than were entered, alone or beside a proxy.

use std::sync::Arc;
use std::time::Duration;

use nntp_proxy::auth::AuthHandler;
use nntp_proxy::check::{Check, Finding, Found, Outcome, Proof, Remedy, Step as Stage, Why};
use nntp_proxy::config::{Allowances, BackendConfig, Config, RoutingMode, TrafficLimits};
use nntp_proxy::dial::NetDialler;
use nntp_proxy::proxy::Proxy;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};

use crate::checking::{at, findings, welcome};
use crate::server::{Server, Step};
use crate::{assert_says, plain, with_login};

fn wanting(server: &Server, connections: u16) -> BackendConfig {
    let mut to = with_login(plain(server.address));
    to.connections = connections.try_into().unwrap();
    to
}

fn first() -> Vec<Step> {
    welcome("200 hello\r\n", "500 what?\r\n")
}

fn one_more() -> Vec<Step> {
    let bye = [Step::Hear, Step::Say("205 bye\r\n")];
    let mut script = vec![Step::Say("200 hello\r\n"), Step::Hear, Step::Say("281 welcome\r\n")];
    script.extend(bye);
    script
}

fn logins(server: &Server) -> usize {
    server.heard().iter().filter(|line| line.starts_with("AUTHINFO USER")).count()
}

#[tokio::test]
async fn as_many_as_were_entered_are_opened_and_closed_politely() {
    let server = Server::in_turn(vec![first(), one_more()]).await;
    let found = findings(&wanting(&server, 5)).await;
    let all = Found::Granted { count: 5, wanted: 5, beside: 0, cause: None };
    assert_eq!(at(&found, Stage::Connections).found, all);
    assert_eq!(at(&found, Stage::Connections).outcome, Outcome::Good);
    assert_eq!(logins(&server), 5);
    assert_eq!(server.heard().iter().filter(|line| *line == "QUIT").count(), 5);
}

#[tokio::test]
async fn the_first_refusal_ends_it_and_the_number_is_offered() {
    let refused = vec![Step::Say("502 too many\r\n"), Step::Close];
    let server = Server::in_turn(vec![first(), one_more(), one_more(), refused]).await;
    let found = findings(&wanting(&server, 8)).await;
    let last = at(&found, Stage::Connections);
    assert_eq!(last.found, Found::Granted { count: 3, wanted: 8, beside: 0, cause: None });
    assert_eq!(last.outcome, Outcome::Doubtful);
    assert_eq!(last.words.as_deref(), Some("502 too many"));
    assert_eq!(last.remedy, Some(Remedy::LowerConnections { to: 3 }));
    assert_eq!(logins(&server), 3);
}

#[tokio::test]
async fn not_more_than_fifty_are_tried() {
    let server = Server::in_turn(vec![first(), one_more()]).await;
    let found = findings(&wanting(&server, 500)).await;
    assert_says(&at(&found, Stage::Connections).found.to_string(), &["50 of 500"]);
    assert_eq!(at(&found, Stage::Connections).remedy, None);
    assert_eq!(logins(&server), 50);
}

fn proxy_for(to: &BackendConfig) -> Proxy {
    let auth = Arc::new(AuthHandler::new(None, None));
    let (mode, backends) = (RoutingMode::PerCommand, vec![to.clone()]);
    let config = Config {
        mode,
        posting: false,
        auth,
        backends,
        allowances: Allowances::new(),
        traffic: TrafficLimits::default(),
    };
    Proxy::new(config, Arc::new(NetDialler::new()))
}

/// A client that has asked for something.
async fn asking(proxy: &Proxy, request: &str) -> BufReader<DuplexStream> {
    let (ours, theirs) = duplex(4096);
    let serving = proxy.clone();
    tokio::spawn(async move {
        serving.serve_client(Box::new(theirs), "127.0.0.1:1".parse().unwrap()).await;
    });
    let mut ours = BufReader::new(ours);
    let mut line = String::new();
    ours.read_line(&mut line).await.unwrap();
    ours.write_all(request.as_bytes()).await.unwrap();
    ours
}

/// A proxy that has one connection of the account open, and a client that has asked for something on it.
async fn busy_with(to: &BackendConfig) -> (Proxy, BufReader<DuplexStream>) {
    let proxy = proxy_for(to);
    let client = asking(&proxy, "STAT <a@b>\r\n").await;
    (proxy, client)
}

/// The same when its client has been answered: the connection is idle.
async fn idle_with(to: &BackendConfig) -> Proxy {
    let (proxy, mut client) = busy_with(to).await;
    let mut line = String::new();
    client.read_line(&mut line).await.unwrap();
    assert!(line.starts_with("430"), "{line}");
    proxy
}

fn serving() -> Vec<Step> {
    let mut script = vec![Step::Say("200 hello\r\n"), Step::Hear, Step::Say("281 welcome\r\n")];
    script.extend([Step::Hear, Step::Say("430 no\r\n"), Step::Hear, Step::Say("205 bye\r\n")]);
    script.push(Step::Close);
    script
}

async fn beside(proxy: &Proxy, to: &BackendConfig) -> Vec<Finding> {
    let (dialler, mut findings) = (NetDialler::new(), Vec::new());
    let check = Check::new(&dialler).with_permits(proxy.check_permits()).with_pause(Duration::ZERO);
    check.run(to, |finding| findings.push(finding)).await;
    findings
}

#[tokio::test]
async fn what_the_proxy_has_open_counts() {
    let server = Server::in_turn(vec![serving(), first(), one_more()]).await;
    let to = wanting(&server, 4);
    let proxy = idle_with(&to).await;
    let found = beside(&proxy, &to).await;
    let all = Found::Granted { count: 3, wanted: 4, beside: 1, cause: None };
    assert_eq!(at(&found, Stage::Connections).found, all);
    assert_says(&all.to_string(), &["3 granted beside the 1 that Newsmux has open"]);
    assert_eq!(logins(&server), 4);
    let now = proxy.snapshot();
    assert_eq!(now.backends[0].open, 1, "the check has given everything back");
    let sent: usize = server.heard().iter().map(|line| line.len() + 2).sum();
    assert_eq!(now.backends[0].counters.sent, sent as u64, "the check counts, too");
}

#[tokio::test]
async fn an_idle_connection_of_the_proxy_makes_room() {
    let server = Server::in_turn(vec![serving(), first()]).await;
    let to = wanting(&server, 1);
    let proxy = idle_with(&to).await;
    let found = beside(&proxy, &to).await;
    assert!(found.iter().all(|finding| finding.outcome == Outcome::Good), "{found:?}");
    assert_eq!(proxy.snapshot().backends[0].open, 0);
}

#[tokio::test]
async fn no_more_than_one_idle_connection_makes_room_however_long_that_takes() {
    let wait = |ms| Step::Wait(Duration::from_millis(ms));
    let mut slow = vec![Step::Say("200 hello\r\n"), Step::Hear, Step::Say("281 welcome\r\n")];
    slow.extend([Step::Hear, wait(300), Step::Say("430 no\r\n")]);
    slow.extend([Step::Hear, wait(300), Step::Say("205 bye\r\n"), Step::Close]);
    let server = Server::in_turn(vec![slow.clone(), slow.clone(), slow, first()]).await;
    let to = wanting(&server, 3);
    let proxy = proxy_for(&to);
    let mut clients = Vec::new();
    for n in 0..3 {
        clients.push(asking(&proxy, &format!("BODY <{n}@b>\r\n")).await);
    }
    for client in &mut clients {
        client.read_line(&mut String::new()).await.unwrap();
    }
    assert_eq!(proxy.snapshot().backends[0].open, 3);
    let found = beside(&proxy, &to).await;
    let all = Found::Granted { count: 1, wanted: 3, beside: 2, cause: None };
    assert_eq!(at(&found, Stage::Connections).found, all);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(proxy.snapshot().backends[0].open, 2, "no other was closed in the meantime");
}

#[tokio::test]
async fn a_login_that_the_proxy_uses_cannot_be_what_is_wrong() {
    let unclear = vec![Step::Say("200 hello\r\n"), Step::Hear, Step::Say("502 no\r\n")];
    let server = Server::in_turn(vec![serving(), unclear]).await;
    let to = wanting(&server, 4);
    let proxy = idle_with(&to).await;
    let found = beside(&proxy, &to).await;
    let (why, proof) = (Why::Connections, Proof::LoginWorks);
    assert_eq!(at(&found, Stage::Login).found, Found::Refused { why, proof, beside: 1 });
}

#[tokio::test]
async fn where_the_proxy_needs_all_connections_itself_nothing_is_dialled() {
    let silent = vec![Step::Say("200 hello\r\n"), Step::Hear, Step::Say("281 welcome\r\n")];
    let server = Server::in_turn(vec![silent, first()]).await;
    let mut to = wanting(&server, 1);
    to.limits.drain = Duration::from_millis(100);
    let (proxy, _client) = busy_with(&to).await;
    server.until("STAT <a@b>").await;
    let found = beside(&proxy, &to).await;
    let last = found.last().unwrap();
    assert_eq!((last.step, last.outcome), (Stage::Connection, Outcome::Bad));
    assert_eq!(last.found, Found::AllInUse { open: 1 });
    assert_eq!(logins(&server), 1);
}
