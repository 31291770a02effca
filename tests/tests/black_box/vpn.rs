//! A VPN that goes down leaks nothing: newsmuxd is in a network namespace with two ways to the provider. Needs root; without
//! it, the tests say that they were skipped.

use std::env;
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command as Program, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use newsmux_tests::article::Article;
use newsmux_tests::client::Client;
use newsmux_tests::daemon::{Account, Daemon, Home, Setup};
use newsmux_tests::provider::{Provider, serve_connection};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::runtime::Runtime;
use tokio::task::yield_now;

use crate::body;

/// Tells the inner run from the outer.
const INSIDE: &str = "NEWSMUX_TEST_NAMESPACE";
/// The namespace that newsmuxd is in.
const SPACE: &str = "newsmux";
/// The provider's address (RFC 5737), which both ways lead to.
const NEWS: &str = "192.0.2.1";
/// newsmuxd's address on the way that must not be used.
const OTHER_WAY: &str = "10.9.0.2";
const VPN: &str = "10.8.0.2";

/// The addresses that connections to the provider came from.
type Seen = Arc<Mutex<Vec<IpAddr>>>;

/// Runs this test once more in namespaces of its own, which end with it.
fn in_namespaces(test: &str, inner: impl Future<Output = ()>) {
    if env::var_os(INSIDE).is_some() {
        return Runtime::new().expect("a runtime").block_on(inner);
    }
    let mut can = Program::new("unshare");
    can.args(["-n", "-m", "ip", "link"]).stdout(Stdio::null()).stderr(Stdio::null());
    if !can.status().is_ok_and(|status| status.success()) {
        return eprintln!("skipped: network namespaces need root, unshare and ip");
    }
    let this = env::current_exe().expect("this program");
    let mut again = Program::new("unshare");
    again.args(["-n", "-m"]).arg(this).args(["--exact", test, "--nocapture"]).env(INSIDE, "1");
    assert!(again.status().expect("unshare").success(), "see above");
}

fn sh(lines: &str) {
    let done = Program::new("sh").args(["-ec", lines]).output().expect("sh");
    assert!(done.status.success(), "{lines}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A way that must not be used, and the VPN. The provider can be reached by either.
fn build() {
    sh(&format!(
        "mount -t tmpfs none /run; mkdir -p /run/netns
        ip netns add {SPACE}
        ip link set lo up
        ip addr add {NEWS}/32 dev lo
        ip link add eth1 type veth peer name eth0 netns {SPACE}
        ip addr add 10.9.0.1/24 dev eth1; ip link set eth1 up
        ip -n {SPACE} link set lo up
        ip -n {SPACE} addr add {OTHER_WAY}/24 dev eth0; ip -n {SPACE} link set eth0 up
        ip -n {SPACE} route add default via 10.9.0.1"
    ));
    connect_vpn();
}

fn connect_vpn() {
    sh(&format!(
        "ip link add vpn1 type veth peer name vpn0 netns {SPACE}
        ip addr add 10.8.0.1/24 dev vpn1; ip link set vpn1 up
        ip -n {SPACE} addr add {VPN}/24 dev vpn0; ip -n {SPACE} link set vpn0 up
        ip -n {SPACE} route add {NEWS} via 10.8.0.1"
    ));
}

/// A provider that remembers where connections came from.
async fn provider(articles: &[Article]) -> (u16, Seen) {
    let provider = articles.iter().fold(Provider::named("main"), Provider::with);
    let state = provider.account("u", "p").state();
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let seen = Seen::default();
    let all = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, from)) = listener.accept().await {
            all.lock().unwrap_or_else(PoisonError::into_inner).push(from.ip());
            tokio::spawn(serve_connection(stream, state.clone()));
        }
    });
    (port, seen)
}

fn seen(seen: &Seen) -> Vec<IpAddr> {
    seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// newsmuxd in the namespace, where it listens on the other way.
async fn daemon(port: u16, bind: &str) -> Daemon {
    let listening = provider_fields(port, bind);
    let listen = json!({"host": OTHER_WAY, "port": 0});
    let setup = Setup::new().set("listen", listen).client("me", "pass").provider(listening);
    let home = Home::new(&setup);
    let bare = home.command();
    let mut command = Command::new("ip");
    command.args(["netns", "exec", SPACE]).arg(bare.as_std().get_program());
    command.args(bare.as_std().get_args());
    for (name, value) in bare.as_std().get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    Daemon::launch(home, command).await
}

fn provider_fields(port: u16, bind: &str) -> Account {
    Account::new("main", NEWS, port).login("u", "p").timeout(3).set("bind", json!(bind))
}

async fn client(daemon: &Daemon) -> Client<TcpStream> {
    let mut client = daemon.client().await;
    client.talk("C: AUTHINFO USER me\nS: 381 *\nC: AUTHINFO PASS pass\nS: 281 *").await;
    client
}

/// Waits until an article is there again.
async fn fetch_at_last(daemon: &Daemon, article: &Article) {
    loop {
        let reply = client(daemon).await.ask(&body(article)).await;
        if reply.status.starts_with("222") {
            return assert_eq!(reply.block(), article.body_block());
        }
        yield_now().await;
    }
}

/// An article by the VPN, none without it, and one when it is back; nothing by the other way.
async fn leaks_nothing(bind: &str, ends: &str, says: &str) {
    build();
    let articles = [Article::binary(1, 10_000), Article::binary(2, 10_000)];
    let (port, from) = provider(&articles).await;
    let daemon = daemon(port, bind).await;
    fetch_at_last(&daemon, &articles[0]).await;
    sh(ends);
    // The connection from before is dead, which only time tells.
    let reply = client(&daemon).await.ask(&body(&articles[1])).await;
    assert!(reply.status.starts_with(['4', '5']), "{}", reply.status);
    daemon.until_logged(says).await;
    let reply = client(&daemon).await.ask(&body(&articles[1])).await;
    assert!(reply.status.contains(says), "{}", reply.status);
    sh(&format!("ip -n {SPACE} link del vpn0 2>/dev/null || true"));
    connect_vpn();
    fetch_at_last(&daemon, &articles[1]).await;
    let vpn: IpAddr = VPN.parse().expect("an address");
    assert!(seen(&from).iter().all(|from| *from == vpn), "{:?}", seen(&from));
}

#[test]
fn an_interface_that_is_gone_leaks_nothing() {
    let gone = format!("ip -n {SPACE} link del vpn0");
    in_namespaces(
        "vpn::an_interface_that_is_gone_leaks_nothing",
        leaks_nothing("vpn0", &gone, "there is no network interface vpn0"),
    );
}

#[test]
fn an_interface_that_is_down_leaks_nothing() {
    let down = format!("ip -n {SPACE} link set vpn0 down");
    in_namespaces(
        "vpn::an_interface_that_is_down_leaks_nothing",
        leaks_nothing("vpn0", &down, "network interface vpn0"),
    );
}

#[test]
fn an_address_that_is_gone_leaks_nothing() {
    let gone = format!("ip -n {SPACE} addr del {VPN}/24 dev vpn0");
    in_namespaces(
        "vpn::an_address_that_is_gone_leaks_nothing",
        leaks_nothing(VPN, &gone, "does not have the address 10.8.0.2"),
    );
}

/// Without a setting the other way is used: the tests above can fail.
#[test]
fn without_a_setting_the_system_chooses_the_way() {
    in_namespaces("vpn::without_a_setting_the_system_chooses_the_way", async {
        build();
        let article = Article::binary(1, 10_000);
        let (port, from) = provider(std::slice::from_ref(&article)).await;
        let daemon = daemon(port, OTHER_WAY).await;
        fetch_at_last(&daemon, &article).await;
        assert_eq!(seen(&from), [OTHER_WAY.parse::<IpAddr>().expect("an address")]);
    });
}
