//! A provider's own port in the application: opened and closed with the settings, and told when it is busy.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use api::snapshot::{State, Trouble};
use serde_json::{Value, json};

use crate::app::{Begin, PASSWORD, at, fetch, is_refused, one_article, program};

fn with_port(mut provider: Value, port: SocketAddr) -> Value {
    provider["listen_port"] = json!(port.port());
    provider
}

fn save(provider: &Value) -> Value {
    json!({"do": "save_provider", "provider": provider, "password": null})
}

#[tokio::test]
async fn a_port_is_opened_and_closed_with_the_settings_and_drops_nobody() {
    let (news, article) = one_article().await;
    let entry = at("a", &news);
    let begin = Begin::new().settings(json!({"providers": [entry]}));
    let app = begin.password("a", PASSWORD).start();
    let mut main = program(app.address().await).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap();

    // Another program still has it.
    app.must(save(&with_port(entry.clone(), port))).await;
    let is_told = |trouble: &Trouble| matches!(trouble, Trouble::ProviderPort { provider, port: told, said: None, .. } if provider == "a" && *told == port.port());
    let now = app.until(|now| now.troubles.iter().any(is_told)).await;
    assert_eq!(now.state, State::Attention);
    fetch(&mut main, &article).await;

    drop(listener);
    app.until(|now| !now.troubles.iter().any(is_told)).await;
    let mut own = program(port).await;
    fetch(&mut own, &article).await;

    app.must(save(&entry)).await;
    assert!(is_refused(port).await, "it is still open");
    fetch(&mut main, &article).await;
    fetch(&mut own, &article).await;
}

#[tokio::test]
async fn a_port_is_closed_while_newsmux_is_off() {
    let (news, article) = one_article().await;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let begin = Begin::new().settings(json!({"providers": [with_port(at("a", &news), port)]}));
    let app = begin.password("a", PASSWORD).start();
    app.address().await;
    app.at_last(|_| std::net::TcpStream::connect(port).is_ok()).await;
    fetch(&mut program(port).await, &article).await;
    app.must(json!({"do": "stop"})).await;
    assert!(is_refused(port).await);
    app.must(json!({"do": "start"})).await;
    app.at_last(|_| std::net::TcpStream::connect(port).is_ok()).await;
    fetch(&mut program(port).await, &article).await;
}
