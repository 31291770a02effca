//! A host with several addresses, one of which is sick: `localhost` is both loopback addresses.

use std::io::ErrorKind;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{Listening, Provider};
use newsmux_tests::real::skip_because;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::{fetch, small};

/// What the sick address says before it hangs up; nothing at all, and it stays silent.
const SICK: [Option<&str>; 4] = [None, Some(""), Some("400 busy\r\n"), Some("502 not here\r\n")];

/// A provider at one loopback address, and a listener for the same port of the other. None where a
/// computer has only one: a test is skipped there, but not in continuous integration.
async fn two_addresses() -> Option<(Listening, TcpListener)> {
    loop {
        let provider = Provider::named("a").with(&small()).account("u", "p").listen().await;
        match TcpListener::bind((Ipv6Addr::LOCALHOST, provider.address().port())).await {
            Ok(listener) => return Some((provider, listener)),
            // Somebody else has this port there.
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => {
                skip_because(&format!(
                    "this computer has no IPv6 loopback address ([::1]: {error})"
                ));
                return None;
            }
        }
    }
}

/// Takes connections, and serves nobody. Counts them.
async fn sick(listener: TcpListener, says: Option<&'static str>, count: Arc<AtomicUsize>) {
    let mut open = Vec::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        count.fetch_add(1, SeqCst);
        match says {
            None => open.push(stream),
            Some(words) => stream.write_all(words.as_bytes()).await.unwrap_or_default(),
        }
    }
}

#[tokio::test]
async fn a_sick_address_does_not_keep_the_others_from_serving() {
    for says in SICK {
        let Some((provider, listener)) = two_addresses().await else { return };
        let count = Arc::new(AtomicUsize::new(0));
        tokio::spawn(sick(listener, says, Arc::clone(&count)));
        let account = Account::at(&provider).set("host", json!("localhost"));
        let account = account.login("u", "p").connections(1).timeout(10);
        let daemon = Daemon::start(&Setup::new().provider(account)).await;
        let mut client = daemon.client().await;
        let served = timeout(Duration::from_secs(10), fetch(&mut client, &small())).await;
        assert!(served.is_ok(), "{says:?}: not served");
        let book = provider.book();
        assert_eq!((book.logins, count.load(SeqCst)), (1, 1), "{says:?}");
    }
}

/// Logs everybody in, and drops the connection at the first request.
async fn dropping(listener: TcpListener, count: Arc<AtomicUsize>) {
    while let Ok((stream, _)) = listener.accept().await {
        count.fetch_add(1, SeqCst);
        tokio::spawn(async move {
            let (mut stream, mut line) = (BufReader::new(stream), String::new());
            for reply in ["200 hello\r\n", "281 welcome\r\n"] {
                stream.write_all(reply.as_bytes()).await.unwrap_or_default();
                stream.read_line(&mut line).await.unwrap_or_default();
            }
        });
    }
}

#[tokio::test]
async fn an_address_that_drops_every_request_is_left_for_the_other() {
    let Some((provider, listener)) = two_addresses().await else { return };
    let count = Arc::new(AtomicUsize::new(0));
    tokio::spawn(dropping(listener, Arc::clone(&count)));
    let account = Account::at(&provider).set("host", json!("localhost"));
    let account = account.login("u", "p").connections(1).timeout(10);
    let daemon = Daemon::start(&Setup::new().provider(account)).await;
    for _ in 0..5 {
        fetch(&mut daemon.client().await, &small()).await;
    }
    assert_eq!((provider.book().logins, count.load(SeqCst)), (1, 1));
}
