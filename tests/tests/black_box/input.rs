//! What clients should not send: refused in sync, and not for ever.

use newsmux_tests::client::Client;
use newsmux_tests::daemon::{Daemon, Setup};
use newsmux_tests::provider::{Listening, Provider};
use tokio::net::TcpStream;

use crate::{MODES, small};

async fn proxy(mode: &str) -> (Listening, Daemon) {
    let provider = Provider::named("a").with(&small()).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode)).await;
    (provider, daemon)
}

async fn send(client: &mut Client<TcpStream>, bytes: &[u8]) {
    client.try_send_bytes(bytes).await.expect("a connection");
}

#[tokio::test]
async fn a_line_of_more_than_512_octets_is_refused_and_the_next_understood() {
    for mode in MODES {
        let (provider, daemon) = proxy(mode).await;
        let mut client = daemon.client().await;
        for length in [511, 600, 5_000, 100_000] {
            client.send(&format!("DATE {}", "x".repeat(length))).await;
            client.talk("S: 50*\nC: STAT <small@x>\nS: 223 *").await;
        }
        assert_eq!(provider.count("DATE"), 0);
    }
}

#[tokio::test]
async fn a_long_message_id_is_let_through() {
    let (provider, daemon) = proxy("hybrid").await;
    let line = format!("STAT <{}@x>", "x".repeat(700));
    assert_eq!(daemon.client().await.ask(&line).await.code(), "430");
    assert_eq!(provider.count(&line), 1);
}

#[tokio::test]
async fn garbage_is_answered_with_500_or_501_and_never_reaches_a_provider() {
    for mode in MODES {
        let (provider, daemon) = proxy(mode).await;
        let mut client = daemon.client().await;
        for line in [
            b"\x00\x01\x02\r\n".as_slice(),
            b"STAT <a\x00b@x>\r\n",
            b"STAT <small@x>\rQUIT\r\n",
            b"\xff\xfe\xfd\r\n",
            b"!!!\r\n",
            b"GROUP\r\n",
            b"AUTHINFO\r\n",
        ] {
            send(&mut client, line).await;
            let answer = client.line().await;
            let ok = answer.starts_with("50") || line == b"\xff\xfe\xfd\r\n";
            assert!(ok, "{answer} to {:?} in {mode}", String::from_utf8_lossy(line));
            client.talk("C: STAT <small@x>\nS: 223 *").await;
        }
        let commands = provider.book().commands;
        assert!(commands.iter().all(|command| command.line == "STAT <small@x>"), "{commands:?}");
    }
}

#[tokio::test]
async fn a_bare_lf_ends_a_line_too() {
    let (_provider, daemon) = proxy("hybrid").await;
    let mut client = daemon.client().await;
    send(&mut client, b"STAT <small@x>\nDATE\n").await;
    client.talk("S: 223 *\nS: 111 *").await;
}

#[tokio::test]
async fn a_line_may_come_in_pieces() {
    let (_provider, daemon) = proxy("hybrid").await;
    let mut client = daemon.client().await;
    for byte in b"STAT <small@x>\r\n" {
        send(&mut client, &[*byte]).await;
    }
    client.talk("S: 223 *").await;
}

#[tokio::test]
async fn who_sends_nothing_but_garbage_is_let_go() {
    for mode in MODES {
        let (provider, daemon) = proxy(mode).await;
        let mut client = daemon.client().await;
        let garbage = "!!!\r\n".repeat(200);
        drop(client.try_send_bytes(garbage.as_bytes()).await);
        let answers = String::from_utf8_lossy(&client.rest().await).into_owned();
        let count = answers.lines().count();
        assert!(count < 50, "{count} answers in {mode}");
        assert!(answers.lines().all(|line| line.starts_with("50") || line.starts_with("400")));
        assert_eq!(provider.book().accepted, 0);
    }
}

#[tokio::test]
async fn a_line_that_smells_of_http_closes_at_once_without_a_word() {
    for mode in MODES {
        let (provider, daemon) = proxy(mode).await;
        for request in [
            "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            "POST /api HTTP/1.1\r\nContent-Length: 22\r\n\r\nBODY <small@x>\r\nQUIT\r\n",
            "OPTIONS * HTTP/1.1\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "Host: localhost\r\n\r\n",
        ] {
            let mut client = daemon.client().await;
            drop(client.try_send_bytes(request.as_bytes()).await);
            client.closed().await;
        }
        assert_eq!(provider.book().accepted, 0, "in {mode}");
    }
}
