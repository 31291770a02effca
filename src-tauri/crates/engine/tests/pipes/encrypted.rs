//! Clients that speak TLS.

use newsmux_tests::article::Article;
use newsmux_tests::client::Client;
use newsmux_tests::provider::Provider;
use newsmux_tests::tls::Authority;
use nntp_proxy::config::RoutingMode;
use nntp_proxy::encryption::{HandshakeProblem, ServerIdentity};
use nntp_proxy::events::Event;
use nntp_proxy::proxy::Proxy;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Duration, Instant, sleep};
use tokio_rustls::client::TlsStream;

use crate::support::backend;
use crate::{PATIENCE, proxy};

/// What a pipe to a client holds.
const ROOM: usize = 16 * 1024;

fn identity(authority: &Authority) -> ServerIdentity {
    let identity = authority.identity("newsmux.local");
    let (chain, key) = (identity.certificate_pem.as_bytes(), identity.key_pem.as_bytes());
    ServerIdentity::from_pem(chain, key).unwrap()
}

/// A client's end of a pipe on which the proxy expects TLS.
fn connect(proxy: &Proxy, identity: &ServerIdentity) -> DuplexStream {
    let (ours, theirs) = duplex(ROOM);
    let (proxy, identity) = (proxy.clone(), identity.clone());
    let address = "192.168.1.9:9".parse().unwrap();
    tokio::spawn(async move { proxy.serve_client_encrypted(theirs, address, &identity).await });
    ours
}

async fn encrypt(
    stream: DuplexStream,
    trusted: &Authority,
) -> std::io::Result<TlsStream<DuplexStream>> {
    let name = ServerName::try_from("newsmux.local").unwrap();
    trusted.connector().connect(name, stream).await
}

async fn greeted(
    proxy: &Proxy,
    authority: &Authority,
    identity: &ServerIdentity,
) -> Client<TlsStream<DuplexStream>> {
    let stream = encrypt(connect(proxy, identity), authority).await.unwrap();
    let mut client = Client::over(stream).with_patience(PATIENCE);
    client.talk("S: 201 *").await;
    client
}

#[tokio::test(start_paused = true)]
async fn articles_come_through_byte_for_byte_and_the_end_is_told_at_once() {
    let articles: Vec<_> = (1..=3).map(|n| Article::binary(n, 300_000)).collect();
    let provider = articles.iter().fold(Provider::named("one"), |p, article| p.with(article));
    let one = provider.state();
    let proxy = proxy(RoutingMode::Hybrid, &[&one], vec![backend("one", 2)]);
    let authority = Authority::new();
    let mut client = greeted(&proxy, &authority, &identity(&authority)).await;
    let lines: Vec<_> = articles.iter().map(|article| format!("BODY {}", article.id())).collect();
    let replies = client.ask_all(&lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for (reply, article) in replies.iter().zip(&articles) {
        assert!(reply.block() == article.body_block());
    }
    client.talk("C: QUIT\nS: 205 Bye").await;
    let quit = Instant::now();
    // Without a close_notify, this would be an error.
    assert_eq!(client.stream().read(&mut [0]).await.unwrap(), 0);
    assert!(quit.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_renewed_certificate_is_shown_to_new_clients_and_old_ones_stay() {
    let proxy = proxy(RoutingMode::Hybrid, &[], Vec::new());
    let (old, new) = (Authority::new(), Authority::new());
    let shown = identity(&old);
    let mut client = greeted(&proxy, &old, &shown).await;
    shown.replace(&identity(&new));
    greeted(&proxy, &new, &shown).await.talk("C: DATE\nS: 111 *").await;
    client.talk("C: DATE\nS: 111 *").await;
    assert!(encrypt(connect(&proxy, &shown), &old).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_failed_handshake_is_told_with_its_reason() {
    let proxy = proxy(RoutingMode::Hybrid, &[], Vec::new());
    let mut events = proxy.events();
    let mut told = async || match events.recv().await.unwrap() {
        Event::HandshakeFailed { client, problem } => (client, problem),
        other => panic!("{other:?}"),
    };
    let (authority, other) = (Authority::new(), Authority::new());
    let identity = identity(&authority);
    let client = || "192.168.1.9:9".to_owned();

    assert!(encrypt(connect(&proxy, &identity), &other).await.is_err());
    assert_eq!(told().await, (client(), HandshakeProblem::NotTrusted));

    let mut plain = connect(&proxy, &identity);
    plain.write_all(b"CAPABILITIES\r\n").await.unwrap();
    assert_eq!(told().await, (client(), HandshakeProblem::NoTls));

    // A client of NNTP without TLS waits for the greeting.
    let (silent, began) = (connect(&proxy, &identity), Instant::now());
    assert_eq!(told().await, (client(), HandshakeProblem::NoTls));
    assert_eq!(began.elapsed().as_secs(), 10);
    drop(silent);

    drop(connect(&proxy, &identity));
    assert!(matches!(told().await.1, HandshakeProblem::Other(_)));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_reading_is_let_go() {
    // The end of it is all in the buffer of the encryption.
    let article = Article::binary(1, ROOM + 2000);
    let one = Provider::named("one").with(&article).state();
    let proxy = proxy(RoutingMode::Hybrid, &[&one], vec![backend("one", 2)]);
    let authority = Authority::new();
    let mut client = greeted(&proxy, &authority, &identity(&authority)).await;
    client.send(&format!("BODY {}", article.id())).await;
    sleep(Duration::from_secs(200)).await;
    assert_eq!(proxy.snapshot().clients.len(), 1);
    sleep(Duration::from_secs(400)).await;
    assert_eq!(proxy.snapshot().clients.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_end_is_told_at_once_also_in_the_middle_of_a_handshake() {
    let proxy = proxy(RoutingMode::Hybrid, &[], Vec::new());
    let authority = Authority::new();
    let identity = identity(&authority);
    let mut client = greeted(&proxy, &authority, &identity).await;
    let mut half_way = connect(&proxy, &identity);
    let began = Instant::now();
    let told = async {
        // Without a close_notify, this would be an error.
        assert_eq!(client.stream().read(&mut [0]).await.unwrap(), 0);
        assert_eq!(half_way.read(&mut [0]).await.unwrap(), 0);
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    };
    tokio::join!(proxy.shutdown(Duration::from_secs(5)), told);
}
