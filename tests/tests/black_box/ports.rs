//! A provider's own port: who connects there is served by that provider alone.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use newsmux_tests::article::Article;
use newsmux_tests::client::Client;
use newsmux_tests::daemon::{Account, Daemon, Home, Setup};
use newsmux_tests::provider::{Ending, Fault, Listening, Provider, on};
use serde_json::json;
use tokio::net::TcpStream;

use crate::{body, fetch};

/// A port that is free now.
fn free() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("its address")
}

async fn provider(name: &str, articles: &[&Article]) -> Listening {
    let provider = Provider::named(name).account("u", "p");
    articles.iter().fold(provider, |provider, article| provider.with(article)).listen().await
}

fn at(provider: &Listening) -> Account {
    Account::at(provider).login("u", "p")
}

fn with_port(provider: &Listening, port: SocketAddr) -> Account {
    at(provider).set("listen_port", json!(port.port()))
}

async fn connect(address: SocketAddr) -> Client<TcpStream> {
    let mut client = Client::connect(address).await;
    client.talk("S: 20*").await;
    client
}

#[tokio::test]
async fn only_that_provider_is_asked_there_and_all_at_the_main_port() {
    let (one, other) = (Article::binary(1, 9000), Article::binary(2, 9000));
    let (a, b) = (provider("a", &[&one]).await, provider("b", &[&other]).await);
    let port = free();
    let setup = Setup::new().provider(with_port(&a, port)).provider(at(&b));
    let daemon = Daemon::start(&setup).await;
    let mut client = connect(port).await;
    fetch(&mut client, &one).await;
    client.talk(&format!("C: {}\nS: 430 *", body(&other))).await;
    assert_eq!(b.book().accepted, 0);
    let mut main = daemon.client().await;
    fetch(&mut main, &one).await;
    fetch(&mut main, &other).await;
}

#[tokio::test]
async fn its_connections_are_shared_with_the_main_port() {
    let articles = [Article::binary(1, 9000), Article::binary(2, 9000)];
    let a = provider("a", &[&articles[0], &articles[1]]).await;
    let port = free();
    let account = with_port(&a, port).connections(1);
    let daemon = Daemon::start(&Setup::new().provider(account)).await;
    let (mut main, mut own) = (daemon.client().await, connect(port).await);
    for _ in 0..5 {
        tokio::join!(fetch(&mut main, &articles[0]), fetch(&mut own, &articles[1]));
    }
    assert_eq!((a.book().peak, a.book().accepted), (1, 1));
}

#[tokio::test]
async fn an_article_that_breaks_off_there_is_resumed_from_the_same_provider() {
    let article = Article::binary(1, 60_000);
    let cut = on("BODY", Fault::cut(20_000, Ending::Close)).once();
    let a = Provider::named("a").account("u", "p").with(&article).rule(cut).listen().await;
    let b = provider("b", &[&article]).await;
    let port = free();
    let setup = Setup::new().provider(with_port(&a, port)).provider(at(&b));
    let _daemon = Daemon::start(&setup).await;
    fetch(&mut connect(port).await, &article).await;
    assert_eq!((a.book().count("BODY"), b.book().accepted), (2, 0));
}

#[tokio::test]
async fn it_wants_the_login_that_programs_need() {
    let article = Article::binary(1, 9000);
    let a = provider("a", &[&article]).await;
    let port = free();
    let setup = Setup::new().client("me", "pass").provider(with_port(&a, port));
    let _daemon = Daemon::start(&setup).await;
    let mut client = connect(port).await;
    client.talk(&format!("C: {}\nS: 480 *", body(&article))).await;
    client.talk("C: AUTHINFO USER me\nS: 381 *\nC: AUTHINFO PASS pass\nS: 281 *").await;
    fetch(&mut client, &article).await;
}

#[tokio::test]
async fn a_reload_opens_and_closes_ports_and_drops_nobody() {
    let article = Article::binary(1, 9000);
    let a = provider("a", &[&article]).await;
    let (first, second) = (free(), free());
    let daemon = Daemon::start(&Setup::new().provider(with_port(&a, first))).await;
    let (mut main, mut own) = (daemon.client().await, connect(first).await);
    daemon.reload(&Setup::new().provider(with_port(&a, second))).await;
    fetch(&mut main, &article).await;
    fetch(&mut own, &article).await;
    fetch(&mut connect(second).await, &article).await;
    assert!(TcpStream::connect(first).await.is_err(), "the old port is still open");
    daemon.reload(&Setup::new().provider(at(&a))).await;
    assert!(TcpStream::connect(second).await.is_err(), "the port is still open");
    fetch(&mut main, &article).await;
    fetch(&mut own, &article).await;
}

#[tokio::test]
async fn a_provider_that_is_changed_is_still_the_one_at_its_port() {
    let article = Article::binary(1, 9000);
    let a = provider("a", &[&article]).await;
    let port = free();
    let daemon = Daemon::start(&Setup::new().provider(with_port(&a, port))).await;
    let mut own = connect(port).await;
    fetch(&mut own, &article).await;
    daemon.reload(&Setup::new().provider(with_port(&a, port).connections(2))).await;
    fetch(&mut own, &article).await;
    daemon.reload(&Setup::new().provider(with_port(&a, port).set("enabled", json!(false)))).await;
    own.talk(&format!("C: {}\nS: 400 *no provider*\nS: (closed)", body(&article))).await;
}

#[tokio::test]
async fn a_busy_port_is_named_with_its_field() {
    let busy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = busy.local_addr().expect("its address");
    let a = provider("a", &[]).await;
    let setup = Setup::new().provider(with_port(&a, port));
    let home = Home::new(&setup);
    let ended = home.run(home.command().args(["--listen", "127.0.0.1:0"])).await;
    for words in ["providers[0].listen_port", &port.port().to_string(), "another program"] {
        assert!(ended.stderr.contains(words), "no {words:?} in {}", ended.stderr);
    }
    assert_eq!((ended.stdout.as_str(), ended.status.code()), ("", Some(1)));

    let daemon = Daemon::start(&Setup::new().provider(at(&a))).await;
    let client = daemon.client().await;
    daemon.reload(&setup).await;
    daemon.until_logged("providers[0].listen_port: cannot listen on").await;
    drop(busy);
    loop {
        // A program that another test starts just now may have the socket for a moment.
        let from = daemon.log().len();
        daemon.reload(&setup).await;
        if !daemon.log()[from..].contains("cannot listen") {
            break;
        }
    }
    connect(port).await;
    drop(client);
}
