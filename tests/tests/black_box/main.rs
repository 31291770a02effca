//! newsmuxd from outside: the real program between scripted providers and scripted clients. Each
//! module is one promise of the proxy, and its tests are the sentences of it.

#![expect(clippy::expect_used, reason = "a helper of tests: what goes wrong here fails the test")]

mod accounts;
mod addresses;
mod articles;
mod compression;
mod contract;
mod dying;
mod encrypted;
mod failover;
mod groups;
mod input;
mod leaving;
mod limits;
mod locals;
mod login;
mod modes;
mod order;
mod ports;
mod posting;
mod provider_login;
mod quirks;
mod refusals;
mod reload;
mod sample;
mod secrets;
mod stale;
mod tiers;
mod tls;
mod traffic;
mod via;
#[cfg(target_os = "linux")]
mod vpn;

use newsmux_tests::article::Article;
use newsmux_tests::client::{Client, Reply};
use newsmux_tests::daemon::Daemon;
use tokio::net::TcpStream;

const MODES: [&str; 3] = ["standard", "per-command", "hybrid"];

/// A small article.
fn small() -> Article {
    Article::text("<small@x>", &["line one", ".", "..", ".dots", "", "the end"])
}

/// `count` articles of some kB, each different.
fn some(count: u64) -> Vec<Article> {
    (0..count).map(|n| Article::binary(n, 3000 + 700 * n as usize)).collect()
}

/// The request for an article's body.
fn body(article: &Article) -> String {
    format!("BODY {}", article.id())
}

/// Asks for the body of an article and checks every byte of it.
async fn fetch(client: &mut Client<TcpStream>, article: &Article) {
    let reply = client.ask(&body(article)).await;
    check(&reply, article);
}

/// Fetches an article with a new client.
async fn fetch_from(daemon: &Daemon, article: &Article) {
    fetch(&mut daemon.client().await, article).await;
}

fn check(reply: &Reply, article: &Article) {
    assert_eq!(reply.code(), "222", "{:?}", reply.status);
    assert!(reply.status.contains(article.id()), "{:?}", reply.status);
    assert!(reply.block() == article.body_block(), "wrong bytes for {}", article.id());
}

/// The text of a block, for looking into it.
fn text(reply: &Reply) -> String {
    String::from_utf8(reply.block().to_vec()).expect("text")
}
