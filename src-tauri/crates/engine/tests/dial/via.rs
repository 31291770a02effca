//! Connections through a proxy, from an interface or address, and with one version of IP.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use newsmux_tests::socks::{Proxying, Socks};
use nntp_proxy::check::{Finding, Found, Outcome, ProxyProblem, Step as Stage};
use nntp_proxy::config::{BackendConfig, Bind, Credentials, IpVersion, Secret, Socks5, Via};
use nntp_proxy::dial::{NetDialler, establish, interfaces};
use tokio::net::TcpListener;

use crate::checking::{at, findings, stages, welcome, words};
use crate::server::{Server, Step};
use crate::{assert_says, established, plain, refused, with_login};
use Outcome::{Bad, Good};

fn greeting() -> Vec<Step> {
    vec![Step::Say("200 hello\r\n")]
}

/// The provider by a name that only the proxy knows.
fn through(proxy: &Proxying, login: Option<(&str, &str)>) -> BackendConfig {
    let mut to = plain(([127, 0, 0, 1], 119).into());
    "news.invalid".clone_into(&mut to.host);
    let login = login
        .map(|(user, password)| Credentials { user: user.into(), password: Secret::new(password) });
    let host = proxy.address().ip().to_string();
    to.via.proxy = Some(Socks5 { host, port: proxy.address().port(), login });
    to
}

fn bound(to: &BackendConfig, bind: Bind) -> BackendConfig {
    BackendConfig { via: Via { bind: Some(bind), ..Via::default() }, ..to.clone() }
}

#[tokio::test]
async fn the_proxy_looks_up_the_name_and_connects() {
    let server = Server::start(greeting()).await;
    let proxy = Socks::new().name("news.invalid", server.address).listen().await;
    established(&through(&proxy, None)).await;
    assert_eq!((proxy.asked(), server.accepted()), (vec!["news.invalid:119".to_owned()], 1));
}

#[tokio::test]
async fn an_address_is_not_looked_up_by_the_proxy_either() {
    let server = Server::start(greeting()).await;
    let proxy = Socks::new().listen().await;
    let mut to = through(&proxy, None);
    (to.host, to.port) = (server.address.ip().to_string(), server.address.port());
    established(&to).await;
    assert_eq!(proxy.asked(), [server.address.to_string()]);
}

#[tokio::test]
async fn the_proxy_gets_the_login_that_it_wants() {
    let server = Server::start(greeting()).await;
    let proxy = Socks::new().name("news.invalid", server.address).login("me", "pass word");
    let proxy = proxy.listen().await;
    established(&through(&proxy, Some(("me", "pass word")))).await;
    let wrong = refused(&through(&proxy, Some(("me", "wrong")))).await;
    assert_says(&wrong, &["SOCKS5 proxy", "refuses the user name or password"]);
    assert!(!wrong.contains("wrong"), "{wrong}");
    let none = refused(&through(&proxy, None)).await;
    assert_says(&none, &["requires a user name and password"]);
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_proxy_that_is_down_is_never_passed_by() {
    let server = Server::start(greeting()).await;
    let mut proxy = Socks::new().listen().await;
    let mut to = through(&proxy, None);
    // The provider itself can be reached.
    (to.host, to.port) = (server.address.ip().to_string(), server.address.port());
    proxy.stop().await;
    assert_says(&refused(&to).await, &["cannot connect to the SOCKS5 proxy"]);
    assert_eq!(server.accepted(), 0);
    proxy.restart().await;
    established(&to).await;
}

#[tokio::test]
async fn what_is_wrong_with_a_proxy_is_told() {
    for (proxy, says) in [
        (Socks::new().babbling(), "is no SOCKS5 proxy"),
        (Socks::new().silent(), "does not answer"),
        (Socks::new().refusing(1), "gives no reason"),
        (Socks::new().refusing(2), "rules do not allow"),
        (Socks::new().refusing(3), "network is unreachable"),
        (Socks::new(), "host is unreachable"),
        (Socks::new().refusing(5), "connection refused"),
        (Socks::new().refusing(6), "timed out"),
        (Socks::new().refusing(7), "does not support"),
    ] {
        let proxy = proxy.listen().await;
        let mut to = through(&proxy, None);
        to.limits.connect = Duration::from_millis(300);
        assert_says(&refused(&to).await, &[says, &proxy.address().to_string()]);
    }
}

#[tokio::test]
async fn a_check_shows_the_proxy_as_a_step() {
    let server = Server::start(welcome("200 hello\r\n", "101 list\r\nREADER\r\n.\r\n")).await;
    let proxy = Socks::new().name("news.invalid", server.address).listen().await;
    let found = findings(&with_login(through(&proxy, None))).await;
    let way = &stages(&found)[..3];
    assert_eq!(way, [(Stage::Proxy, Good), (Stage::Name, Good), (Stage::Connection, Good)]);
    assert_eq!(words(&found, Stage::Proxy), proxy.address().to_string());
    assert_eq!(words(&found, Stage::Name), "news.invalid, looked up by the proxy");
    assert!(found.iter().all(|finding| finding.outcome != Bad), "{found:?}");
}

#[tokio::test]
async fn a_check_says_which_step_of_the_way_failed() {
    let mut proxy = Socks::new().login("me", "pass").listen().await;
    let found = findings(&through(&proxy, Some(("me", "wrong")))).await;
    let [Finding { found: Found::ProxyFailed { problem, .. }, .. }] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(*problem, ProxyProblem::LoginRefused);
    let found = findings(&through(&proxy, Some(("me", "pass")))).await;
    assert_eq!(stages(&found), [(Stage::Proxy, Good), (Stage::Connection, Bad)]);
    assert_says(&words(&found, Stage::Connection), &["cannot connect to the provider"]);
    proxy.stop().await;
    let found = findings(&through(&proxy, None)).await;
    assert_eq!(stages(&found), [(Stage::Proxy, Bad)]);
}

#[tokio::test]
async fn a_source_address_is_the_one_that_the_provider_sees() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = plain(listener.local_addr().unwrap());
    let from = Ipv4Addr::new(127, 0, 0, 7);
    // Only Linux has all of 127.0.0.0/8.
    if !cfg!(target_os = "linux") {
        return;
    }
    let to = bound(&to, Bind::Address(from.into()));
    let seen = async { listener.accept().await.unwrap().1.ip() };
    let (seen, _) = tokio::join!(seen, async {
        drop(
            tokio::time::timeout(Duration::from_millis(500), establish(&NetDialler::new(), &to))
                .await,
        );
    });
    assert_eq!(seen, IpAddr::V4(from));
}

#[tokio::test]
async fn without_its_interface_or_address_nothing_is_sent() {
    let server = Server::start(greeting()).await;
    let to = plain(server.address);
    // RFC 5737: no computer has it.
    for (bind, says) in [
        (Bind::Interface("newsmux-none0".into()), "no network interface newsmux-none0"),
        (Bind::Address([192, 0, 2, 7].into()), "does not have the address 192.0.2.7"),
    ] {
        let to = bound(&to, bind);
        assert_says(&refused(&to).await, &[says, "connect the VPN"]);
        let found = findings(&to).await;
        assert_eq!(stages(&found), [(Stage::Interface, Bad)], "{found:?}");
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn without_its_interface_not_even_the_name_is_looked_up() {
    let dialler = NetDialler::resolving(|_, _| Err(io::Error::other("looked up")));
    let to = bound(&plain(([127, 0, 0, 1], 1).into()), Bind::Interface("newsmux-none0".into()));
    let error = establish(&dialler, &to).await.err().unwrap().to_string();
    assert_says(&error, &["newsmux-none0"]);
}

#[tokio::test]
async fn only_addresses_of_the_chosen_version_are_tried() {
    let four = Server::start(greeting()).await;
    let Ok(listener) = TcpListener::bind("[::1]:0").await else { return };
    let six = Server::on(listener, greeting());
    let both: [SocketAddr; 2] = [six.address, four.address];
    let dialler = || NetDialler::resolving(move |_, _| Ok(both.to_vec()));
    for (ip, accepted) in
        [(IpVersion::V4, (0, 1)), (IpVersion::V6, (1, 1)), (IpVersion::Auto, (2, 1))]
    {
        let mut to = plain(four.address);
        to.via.ip = ip;
        establish(&dialler(), &to).await.unwrap();
        assert_eq!((six.accepted(), four.accepted()), accepted, "{ip:?}");
    }
}

#[tokio::test]
async fn a_host_without_an_address_of_the_chosen_version_says_so() {
    let mut to = plain(([127, 0, 0, 1], 1).into());
    to.via.ip = IpVersion::V6;
    assert_says(&refused(&to).await, &["has no IPv6 address"]);
    let found = findings(&to).await;
    assert_eq!(stages(&found), [(Stage::Name, Bad)]);
}

#[tokio::test]
async fn a_check_names_the_interface_and_the_addresses() {
    let server = Server::start(welcome("200 hello\r\n", "500 what?\r\n")).await;
    let mut to = with_login(plain(server.address));
    "localhost".clone_into(&mut to.host);
    let found = findings(&bound(&to, Bind::Address([127, 0, 0, 1].into()))).await;
    assert_says(&words(&found, Stage::Interface), &["127.0.0.1"]);
    assert_eq!(words(&found, Stage::Name), "localhost (127.0.0.1)");
    assert_says(&words(&found, Stage::Connection), &["at 127.0.0.1"]);
    assert!(at(&found, Stage::Interface).remedy.is_none());
}

#[test]
fn loopback_is_no_interface_to_choose() {
    let all = interfaces();
    assert!(
        all.iter().all(|(_, addresses)| addresses.iter().all(|ip| !ip.is_loopback())),
        "{all:?}"
    );
}
