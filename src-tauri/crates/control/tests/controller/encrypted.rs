//! TLS for programs in the application: turned on and off, with a certificate to import.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use api::snapshot::{EncryptedView, State, Trouble};
use newsmux_tests::client::Client;
use newsmux_tests::tls::connector;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::app::{App, Begin, PASSWORD, at, is_refused, one_article};

fn set_tls(tls: &Value) -> Value {
    json!({"do": "set_tls", "tls": tls})
}

fn with_port(port: u16) -> Value {
    set_tls(&json!({"port": port, "certificate": "auto"}))
}

async fn open(app: &App) -> EncryptedView {
    let is_open = |now: &api::snapshot::Snapshot| now.encrypted.is_some();
    app.until(is_open).await.encrypted.clone().unwrap()
}

#[tokio::test]
async fn it_is_turned_on_and_off_and_the_certificate_is_saved_to_be_imported() {
    let (news, article) = one_article().await;
    let begin = Begin::new().settings(json!({"providers": [at("a", &news)]}));
    let app = begin.password("a", PASSWORD).start();
    let main = app.address().await;
    let refused = app.ask(json!({"do": "save_certificate"})).await;
    assert!(refused.is_err(), "there is none yet");
    let busy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = busy.local_addr().unwrap().port();

    app.must(with_port(port)).await;
    let is_told = |trouble: &Trouble| matches!(trouble, Trouble::EncryptedPort { port: told, said: None, .. } if *told == port);
    let now = app.until(|now| now.troubles.iter().any(is_told)).await;
    assert_eq!((now.state, now.encrypted.as_ref()), (State::Attention, None));
    drop(busy);
    let view = open(&app).await;
    assert_eq!((view.address.port, view.own), (port, true));
    assert!(view.names.contains(&"localhost".to_owned()), "{:?}", view.names);

    let downloads = app.begin.folder.path().join("downloads");
    fs::create_dir(&downloads).unwrap();
    app.must(json!({"do": "save_certificate"})).await;
    let saved = fs::read(downloads.join("newsmux-certificate.crt")).unwrap();
    let stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.unwrap();
    let name = "localhost".to_owned().try_into().unwrap();
    let stream = connector(&saved).connect(name, stream).await.unwrap();
    let mut client = Client::over(stream);
    client.talk("S: 20*").await;
    let reply = client.ask(&format!("BODY {}", article.id())).await;
    assert!(reply.block() == article.body_block());

    app.must(set_tls(&Value::Null)).await;
    let gone = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    assert!(is_refused(gone).await, "it is still open");
    app.until(|now| now.encrypted.is_none()).await;
    client.talk("C: DATE\nS: 111 *").await;
    assert_eq!(app.address().await, main, "the other port was never closed");
}

#[tokio::test]
async fn a_certificate_that_cannot_be_shown_is_told() {
    let app = Begin::new().settings(json!({"providers": []})).start();
    app.address().await;
    let tls = json!({"port": 0, "certificate": "absent.pem", "key": "absent.key"});
    app.must(set_tls(&tls)).await;
    let is_told = |trouble: &Trouble| matches!(trouble, Trouble::EncryptedPort { said: Some(said), .. } if said.contains("absent.pem"));
    app.until(|now| now.troubles.iter().any(is_told)).await;
    app.must(set_tls(&json!({"port": 0, "certificate": "auto"}))).await;
    open(&app).await;
    app.until(|now| !now.troubles.iter().any(is_told)).await;
}

#[tokio::test]
async fn others_need_a_login_there_too() {
    let begin = Begin::new().settings(json!({"providers": []}));
    let app = begin.start();
    app.address().await;
    let everywhere = set_tls(&json!({"host": " 0.0.0.0 ", "port": 0, "certificate": "auto"}));
    let failure = app.ask(everywhere).await.unwrap_err();
    assert_eq!(failure.field.as_deref(), Some("host"));
}

#[tokio::test]
async fn the_certificate_is_renewed_as_soon_as_the_computer_wakes() {
    let tls = json!({"host": "127.0.0.1", "port": 0, "tls": {"port": 0}});
    let app = Begin::new().settings(json!({"providers": [], "listen": tls})).start();
    let first = open(&app).await;
    app.begin.world.sleep(Duration::from_secs(330 * 24 * 60 * 60));
    let is_renewed = |view: &EncryptedView| view.expires > first.expires;
    let now = app.until(|now| now.encrypted.as_ref().is_some_and(is_renewed)).await;
    let view = now.encrypted.clone().unwrap();
    assert_eq!((view.fingerprint, view.address), (first.fingerprint, first.address));
}
