//! Programs that guess logins.

use std::net::SocketAddr;
use std::sync::Arc;

use newsmux_tests::client::Client;
use nntp_proxy::auth::AuthHandler;
use nntp_proxy::config::{Config, RoutingMode};
use nntp_proxy::proxy::Proxy;
use tokio::io::{DuplexStream, duplex};
use tokio::time::{Duration, Instant, sleep};

use crate::PATIENCE;
use crate::support::{Pipes, config};

const GUESSER: &str = "192.168.1.66:9";
const HERE: &str = "127.0.0.1:9";

fn proxy() -> Proxy {
    let auth = AuthHandler::new(Some("me".into()), Some("word".into()));
    let config = Config { auth: Arc::new(auth), ..config(RoutingMode::Hybrid, Vec::new()) };
    Proxy::new(config, Arc::new(Pipes::to(&[])))
}

async fn client(proxy: &Proxy, address: &str) -> Client<DuplexStream> {
    let (ours, theirs) = duplex(4096);
    let (proxy, address): (_, SocketAddr) = (proxy.clone(), address.parse().unwrap());
    tokio::spawn(async move { proxy.serve_client(Box::new(theirs), address).await });
    let mut client = Client::over(ours).with_patience(PATIENCE);
    assert!(client.line().await.starts_with("201 "));
    client
}

/// Logs in once. Returns the reply, and after how many seconds it came.
async fn log_in(proxy: &Proxy, from: &str, password: &str) -> (String, u64) {
    let mut client = client(proxy, from).await;
    assert_eq!(client.ask("AUTHINFO USER me").await.code(), "381");
    let asked = Instant::now();
    let reply = client.ask(&format!("AUTHINFO PASS {password}")).await;
    (reply.code().to_owned(), asked.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn guessing_takes_ever_longer_and_concerns_no_other_address() {
    let proxy = proxy();
    let mut took = Vec::new();
    for guess in 0..8 {
        let (code, seconds) = log_in(&proxy, GUESSER, &format!("guess{guess}")).await;
        assert_eq!(code, "481");
        took.push(seconds);
    }
    assert_eq!(took, [0, 0, 0, 0, 1, 2, 4, 8]);
    assert_eq!(log_in(&proxy, "192.168.1.67:9", "word").await, ("281".into(), 0));
    assert_eq!(log_in(&proxy, GUESSER, "word").await, ("281".into(), 16));
}

#[tokio::test(start_paused = true)]
async fn guessing_on_many_connections_at_once_is_no_faster() {
    let proxy = proxy();
    let guesses = (0..500).map(|guess| {
        let proxy = proxy.clone();
        tokio::spawn(async move { log_in(&proxy, GUESSER, &format!("guess{guess}")).await.0 })
    });
    let guesses: Vec<_> = guesses.collect();
    sleep(Duration::from_millis(1)).await;
    // Not even the right one is told from the others.
    assert_eq!(log_in(&proxy, GUESSER, "word").await, ("400".into(), 0));
    let mut answered = 0;
    for guess in guesses {
        let code = guess.await.unwrap();
        assert!(code == "481" || code == "400", "{code}");
        answered += usize::from(code == "481");
    }
    assert!(answered < 15, "{answered} guesses were checked");
}

#[tokio::test(start_paused = true)]
async fn a_program_with_an_old_password_does_not_lock_out_the_others_of_its_computer() {
    let proxy = proxy();
    for from in [HERE, GUESSER] {
        for _ in 0..200 {
            assert_eq!(log_in(&proxy, from, "old").await, ("481".into(), 0));
        }
        assert_eq!(log_in(&proxy, from, "word").await, ("281".into(), 0));
    }
    for guess in 0..50 {
        log_in(&proxy, HERE, &format!("guess{guess}")).await;
    }
    assert_eq!(log_in(&proxy, HERE, "word").await, ("281".into(), 1));
}

#[tokio::test(start_paused = true)]
async fn a_login_that_waits_does_not_hold_up_the_end() {
    let proxy = proxy();
    for guess in 0..8 {
        log_in(&proxy, GUESSER, &format!("guess{guess}")).await;
    }
    let mut waits = client(&proxy, GUESSER).await;
    waits.talk("C: AUTHINFO USER me\nS: 381 *").await;
    waits.send("AUTHINFO PASS word").await;
    sleep(Duration::from_secs(1)).await;
    let began = Instant::now();
    proxy.shutdown(Duration::from_secs(5)).await;
    waits.closed().await;
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}
