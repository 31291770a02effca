//! Providers behind a SOCKS5 proxy, bound to an address, or with one version of IP.

use newsmux_tests::client::Client;
use newsmux_tests::daemon::{Account, Daemon, Home, Setup};
use newsmux_tests::provider::{Listening, Provider};
use newsmux_tests::socks::{Proxying, Socks};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::yield_now;

use crate::{body, small};

const NAME: &str = "news.invalid";

async fn provider() -> Listening {
    Provider::named("main").with(&small()).account("u", "p").listen().await
}

async fn proxy(provider: &Listening) -> Proxying {
    Socks::new().name(NAME, provider.address()).listen().await
}

fn behind(provider: &Listening, proxy: &Proxying) -> Setup {
    let account = Account::at(provider).login("u", "p").behind(proxy.address(), NAME);
    Setup::new().provider(account)
}

async fn fetch(client: &mut Client<TcpStream>) {
    crate::fetch(client, &small()).await;
}

#[tokio::test]
async fn articles_come_through_the_proxy() {
    let provider = provider().await;
    let proxy = proxy(&provider).await;
    let daemon = Daemon::start(&behind(&provider, &proxy)).await;
    fetch(&mut daemon.client().await).await;
    assert_eq!(proxy.asked(), [format!("{NAME}:{}", provider.address().port())]);
}

#[tokio::test]
async fn the_proxys_password_is_in_the_credentials_file_and_in_no_log() {
    let provider = provider().await;
    let proxy = Socks::new().name(NAME, provider.address()).login("me", "proxy secret");
    let proxy = proxy.listen().await;
    let account = Account::at(&provider).login("u", "p");
    let right = account.clone().behind_login(proxy.address(), NAME, ("me", "proxy secret"));
    let daemon = Daemon::start(&Setup::new().provider(right)).await;
    fetch(&mut daemon.client().await).await;
    let wrong = account.behind_login(proxy.address(), NAME, ("me", "wrong secret"));
    daemon.reload(&Setup::new().provider(wrong)).await;
    let reply = daemon.client().await.ask(&body(&small())).await;
    assert!(reply.status.contains("refuses the user name or password"), "{}", reply.status);
    assert!(!daemon.log().contains("secret"), "{}", daemon.log());
}

#[tokio::test]
async fn a_proxy_that_is_down_is_never_passed_by_and_is_used_when_it_is_back() {
    let provider = provider().await;
    let mut proxy = proxy(&provider).await;
    let daemon = Daemon::start(&behind(&provider, &proxy)).await;
    proxy.stop().await;
    let reply = daemon.client().await.ask(&body(&small())).await;
    assert!(reply.status.contains("cannot connect to the SOCKS5 proxy"), "{}", reply.status);
    assert_eq!(provider.book().accepted, 0);
    proxy.restart().await;
    loop {
        let reply = daemon.client().await.ask(&body(&small())).await;
        if reply.status.starts_with("222") {
            break;
        }
        yield_now().await;
    }
}

#[tokio::test]
async fn a_proxy_in_the_settings_makes_new_connections_and_drops_no_session() {
    let provider = provider().await;
    let proxy = proxy(&provider).await;
    let direct = Setup::new().provider(Account::at(&provider).login("u", "p"));
    let daemon = Daemon::start(&direct).await;
    let mut client = daemon.client().await;
    fetch(&mut client).await;
    daemon.reload(&behind(&provider, &proxy)).await;
    fetch(&mut client).await;
    assert_eq!((proxy.asked().len(), provider.book().accepted), (1, 2));
}

#[tokio::test]
async fn without_its_address_a_provider_is_left_alone_and_the_reply_says_why() {
    let provider = provider().await;
    // RFC 5737: no computer has it.
    let account = Account::at(&provider).login("u", "p").set("bind", json!("192.0.2.7"));
    let daemon = Daemon::start(&Setup::new().provider(account)).await;
    let reply = daemon.client().await.ask(&body(&small())).await;
    assert!(reply.status.contains("does not have the address 192.0.2.7"), "{}", reply.status);
    assert_eq!(provider.book().accepted, 0);
}

#[tokio::test]
async fn the_check_shows_each_step_of_the_way() {
    let provider = provider().await;
    let mut proxy = proxy(&provider).await;
    let account = Account::at(&provider).login("u", "p").behind(proxy.address(), NAME);
    let home = Home::new(&Setup::new().provider(account.set("bind", json!("127.0.0.1"))));
    let said = home.run(home.command().arg("--check")).await.stdout;
    let steps =
        ["interface: 127.0.0.1", "proxy: 127.0.0.1:", "name: news.invalid, looked up by the"];
    for step in steps {
        assert!(said.contains(&format!("ok       {step}")), "{step}: {said}");
    }
    proxy.stop().await;
    let said = home.run(home.command().arg("--check")).await.stdout;
    assert!(said.contains("FAILED   proxy: cannot connect to 127.0.0.1:"), "{said}");
}

#[tokio::test]
async fn what_cannot_be_is_named_by_its_field() {
    for (field, value, words) in [
        ("proxy", json!("127.0.0.1:1080"), "has to be the address of a SOCKS5 proxy"),
        ("proxy", json!("socks5://u:hunter2@h"), "must not have a password in it"),
        ("proxy", json!(7), "a string"),
        ("bind", json!(""), "has to be a network interface"),
        ("ip", json!("v5"), "v5"),
        ("ip", json!("v6"), "does not go with host"),
    ] {
        let home = Home::new(&Setup::new());
        let mut provider = json!({"id": "a", "host": "127.0.0.1"});
        provider[field] = value;
        home.write_settings(&json!({"providers": [provider]}).to_string());
        let ended = home.run(&mut home.command()).await;
        let path = format!("providers[0].{field}");
        for word in ["settings.json", &path, words] {
            assert!(ended.stderr.contains(word), "no {word:?} in {:?}", ended.stderr);
        }
        assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
}
