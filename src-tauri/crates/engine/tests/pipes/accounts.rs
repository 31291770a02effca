//! Accounts: their connections over several hosts, their volume, and providers of one backbone.

use std::num::NonZeroU16;
use std::sync::Arc;

use newsmux_tests::provider::{Provider, ProviderState};
use nntp_proxy::config::{AccountConfig, Allowance, Allowances, BackendConfig, RoutingMode};
use nntp_proxy::proxy::Proxy;
use tokio::time::{Duration, Instant, sleep, timeout};

use crate::economy::{before, download, logged_in, provider};
use crate::support::config;
use crate::{client, proxy};

const SIZE: usize = 700 * 1024;

/// A provider that has the articles whose message-id begins with its name, and `all` of them or none.
fn partial(name: &'static str) -> Provider {
    let answer = move |line: &str| match line.split_once(" <") {
        Some(("BODY", id)) if id.starts_with(name) => {
            Some(format!("222 0 <{id}\r\n{}\r\n.\r\n", "x".repeat(SIZE - 5)))
        }
        Some(("BODY", _)) => Some("430 no such article\r\n".to_owned()),
        _ => None,
    };
    Provider::named(name).account("u", "p").answers(answer).latency(Duration::from_millis(20))
}

/// A host of the account `a`, which is named after that host and has so many connections.
fn host(name: &str, connections: u16) -> BackendConfig {
    if name == "a" {
        return logged_in(name, connections);
    }
    let account = AccountConfig {
        id: "a".into(),
        host: "a".into(),
        user: Some("u".into()),
        connections: NonZeroU16::new(connections).unwrap(),
    };
    BackendConfig { account: Some(account), ..logged_in(name, connections) }
}

fn bytes(proxy: &Proxy, account: &str) -> u64 {
    let accounts = proxy.snapshot().accounts;
    accounts.iter().find(|known| known.id == account).unwrap().bytes
}

/// What a provider's sockets have seen: replies with the greeting, and the lines of its client.
fn on_sockets(provider: &ProviderState) -> u64 {
    let book = provider.book();
    let lines: usize = book.commands.iter().map(|command| command.line.len() + 2).sum();
    book.sent + lines as u64
}

fn allow(account: &str, until: u64, reserve: u64) -> Allowances {
    Allowances::from([(account.into(), Allowance { until, reserve_from: until - reserve })])
}

async fn code(proxy: &Proxy, line: &str) -> String {
    let mut client = client(proxy).await;
    client.ask(line).await.code().to_owned()
}

/// So many clients ask for the articles of a provider, one after the other, without an end.
async fn ask_for_ever(proxy: &Proxy, provider: &'static str, clients: usize) {
    let mut all = tokio::task::JoinSet::new();
    for name in 0..clients {
        let mut client = client(proxy).await;
        all.spawn(async move {
            for n in 0.. {
                client.ask(&format!("BODY <{provider}{name}.{n}@x>")).await;
            }
        });
    }
    all.join_all().await;
}

#[tokio::test(start_paused = true)]
async fn two_hosts_of_one_account_share_its_connections() {
    let (a, b) = (partial("a").state(), partial("b").state());
    let proxy = proxy(RoutingMode::Hybrid, &[&a, &b], vec![host("a", 4), host("b", 4)]);
    let (one, other) = (Arc::clone(&a), Arc::clone(&b));
    let peak = tokio::spawn(async move {
        let mut peak = 0;
        for _ in 0..20_000 {
            peak = peak.max(one.book().open + other.book().open);
            sleep(Duration::from_millis(1)).await;
        }
        peak
    });
    let mut clients = tokio::task::JoinSet::new();
    for name in 0..8 {
        let proxy = proxy.clone();
        clients.spawn(async move {
            let mut client = client(&proxy).await;
            for n in 0..30 {
                let host = if (name + n) % 3 == 0 { "b" } else { "a" };
                let reply = client.ask(&format!("BODY <{host}{name}.{n}@x>")).await;
                assert_eq!(reply.code(), "222");
            }
        });
    }
    clients.join_all().await;
    assert_eq!(peak.await.unwrap(), 4);
    assert!(a.book().logins + b.book().logins < 60, "they take each other's connections away");
}

#[tokio::test(start_paused = true)]
async fn hosts_that_take_turns_with_too_few_connections_log_in_ten_times_a_minute() {
    for (connections, names) in [(1, &["a", "b"][..]), (2, &["a", "b", "c"])] {
        let slow = |name| partial(name).rate(2_000_000).state();
        let hosts: Vec<_> = names.iter().copied().map(slow).collect();
        let backends = names.iter().map(|name| host(name, connections)).collect();
        let proxy = proxy(RoutingMode::Hybrid, &hosts.iter().collect::<Vec<_>>(), backends);
        let wanted = |name: &'static str| {
            let proxy = proxy.clone();
            tokio::spawn(async move { ask_for_ever(&proxy, name, 2).await })
        };
        let busy: Vec<_> = names.iter().map(|name| wanted(name)).collect();
        sleep(Duration::from_secs(180)).await;
        let logins: u64 = hosts.iter().map(|host| host.book().logins).sum();
        assert!(logins <= 3 * 10 + u64::from(connections), "{logins} logins in three minutes");
        for host in hosts {
            let served = host.book().articles / SIZE as u64;
            assert!(served > 100, "{served} articles of {}", host.name());
        }
        busy.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_with_none_gets_a_connection_from_one_that_is_busy_all_the_time() {
    let (a, b) = (partial("a").state(), partial("b").state());
    let backends = vec![host("a", 2), BackendConfig { tier: 1, ..host("b", 2) }];
    let proxy = proxy(RoutingMode::Hybrid, &[&a, &b], backends);
    let busy = proxy.clone();
    let busy = tokio::spawn(async move { ask_for_ever(&busy, "a", 4).await });
    sleep(Duration::from_secs(5)).await;
    assert_eq!((a.book().open, b.book().open), (2, 0));
    let asked = Instant::now();
    assert_eq!(code(&proxy, "BODY <b@x>").await, "222");
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    busy.abort();
}

#[tokio::test(start_paused = true)]
async fn the_host_that_the_account_is_named_after_gets_a_connection_back() {
    let (a, b) = (partial("a").state(), partial("b").state());
    let backends = vec![BackendConfig { tier: 1, ..host("a", 2) }, host("b", 2)];
    let proxy = proxy(RoutingMode::Hybrid, &[&a, &b], backends);
    let busy = proxy.clone();
    let busy = tokio::spawn(async move { ask_for_ever(&busy, "b", 4).await });
    sleep(Duration::from_secs(5)).await;
    assert_eq!((a.book().open, b.book().open), (0, 2));
    let asked = Instant::now();
    assert_eq!(code(&proxy, "BODY <a@x>").await, "222");
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    busy.abort();
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_taken_out_leaves_its_connections_to_the_others() {
    let (a, b) = (partial("a").state(), partial("b").state());
    let proxy = proxy(RoutingMode::Hybrid, &[&a, &b], vec![host("a", 1), host("b", 1)]);
    let busy = proxy.clone();
    let busy = tokio::spawn(async move {
        tokio::join!(ask_for_ever(&busy, "a", 2), ask_for_ever(&busy, "b", 2))
    });
    sleep(Duration::from_secs(20)).await;
    busy.abort();
    proxy.apply(config(RoutingMode::Hybrid, vec![host("a", 1)]));
    for n in 0..20 {
        let line = format!("BODY <a{n}@x>");
        let answered = timeout(Duration::from_secs(20), code(&proxy, &line)).await;
        assert_eq!(answered.unwrap(), "222");
    }
}

#[tokio::test(start_paused = true)]
async fn two_reserves_are_used_one_after_the_other_and_not_taken_for_missing() {
    let providers = ["a", "b", "c"].map(|name| partial(name).state());
    let [a, b, c] = &providers;
    let backends = ["a", "b", "c"].map(|name| logged_in(name, 1)).to_vec();
    let proxy = proxy(RoutingMode::Hybrid, &[a, b, c], backends);
    let mut both = allow("b", 100 * SIZE as u64, 100 * SIZE as u64);
    both.extend(allow("c", 100 * SIZE as u64, 100 * SIZE as u64));
    proxy.set_allowances(&both);
    for name in ["a", "b", "c"] {
        assert_eq!(code(&proxy, &format!("BODY <{name}@x>")).await, "222", "{name}");
    }
    assert_eq!(code(&proxy, "BODY <nowhere@x>").await, "430");
    assert!([b, c].iter().all(|block| block.book().count("BODY") <= 3));
}

#[tokio::test(start_paused = true)]
async fn each_byte_on_a_socket_is_counted_for_its_account() {
    let provider = provider("p", SIZE).state();
    let proxy = before(&[&provider], 4);
    download(&proxy, 3, (20, 4), SIZE).await;
    assert_eq!(bytes(&proxy, "p"), on_sockets(&provider));
}

#[tokio::test(start_paused = true)]
async fn a_volume_ends_within_one_article_for_each_connection_and_the_next_tier_serves() {
    let (block, fill) = (provider("a", SIZE).state(), provider("b", SIZE).state());
    let backends = vec![logged_in("a", 4), BackendConfig { tier: 1, ..logged_in("b", 4) }];
    let proxy = proxy(RoutingMode::Hybrid, &[&block, &fill], backends);
    let until = 100 * SIZE as u64;
    proxy.set_allowances(&allow("a", until, 0));
    download(&proxy, 50, (10, 4), SIZE).await;
    let (used, most) = (on_sockets(&block), until + 4 * (SIZE as u64 + 100));
    assert!((until..=most).contains(&used), "{used} of {until}");
    assert_eq!(block.book().articles + fill.book().articles, (500 * SIZE) as u64);
    let asked = block.book().commands.len();
    download(&proxy, 5, (5, 4), SIZE).await;
    let said = block.book().commands.split_off(asked);
    assert!(said.iter().all(|command| command.line == "QUIT"), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn with_the_only_account_used_up_a_program_is_told_so() {
    let provider = provider("p", SIZE).state();
    let proxy = before(&[&provider], 4);
    proxy.set_allowances(&allow("p", 0, 0));
    let mut client = client(&proxy).await;
    let reply = client.ask("BODY <1@x>").await;
    assert_eq!(
        reply.status,
        "400 Newsmux: p: its volume is used up: if you bought more, change its quota in the settings"
    );
    assert_eq!(provider.book().accepted, 0);
    proxy.set_allowances(&Allowances::new());
    assert_eq!(code(&proxy, "BODY <1@x>").await, "222");
}

#[tokio::test(start_paused = true)]
async fn a_reserve_is_kept_for_what_no_other_provider_has() {
    let (a, b) = (partial("a").state(), partial("b").state());
    let backends = vec![logged_in("a", 2), logged_in("b", 2)];
    let proxy = proxy(RoutingMode::Hybrid, &[&a, &b], backends);
    proxy.set_allowances(&allow("a", 100 * SIZE as u64, 100 * SIZE as u64));
    for n in 0..5 {
        assert_eq!(code(&proxy, &format!("BODY <b{n}@x>")).await, "222");
    }
    assert_eq!(a.book().count("BODY"), 0);
    assert_eq!(code(&proxy, "BODY <a@x>").await, "222");
    assert_eq!((a.book().count("BODY"), b.book().count("BODY")), (1, 6));
    b.hang_up("400 down", newsmux_tests::provider::Ending::Close);
    b.add_rule(newsmux_tests::provider::on(
        "AUTHINFO",
        newsmux_tests::provider::Fault::say_and_close("400 down"),
    ));
    let waited = timeout(Duration::from_secs(600), code(&proxy, "BODY <b@x>")).await;
    assert_ne!(waited.unwrap(), "222");
    assert_eq!(a.book().count("BODY"), 1, "an outage is no reason");
}

#[tokio::test(start_paused = true)]
async fn a_sibling_is_not_asked_for_what_its_backbone_lacks_but_for_a_few() {
    let names = ["a", "b", "c"];
    let providers: Vec<_> = names.iter().map(|name| partial(name).state()).collect();
    let sibling = |name: &str| {
        let backbone = (name != "c").then(|| "omicron".to_owned());
        BackendConfig { backbone, ..logged_in(name, 2) }
    };
    let backends = names.iter().map(|name| sibling(name)).collect();
    let all: Vec<_> = providers.iter().collect();
    let proxy = Proxy::new(
        config(RoutingMode::Hybrid, backends),
        Arc::new(crate::support::Pipes::to(&all)),
    );
    let mut client = client(&proxy).await;
    for n in 0..100 {
        assert_eq!(client.ask(&format!("BODY <c{n}@x>")).await.code(), "222");
    }
    let asked = |at: usize| providers[at].book().count("BODY");
    assert_eq!(asked(2), 100);
    assert!(asked(0) + asked(1) <= 102, "{} and {}", asked(0), asked(1));
    let counters = |at: usize| proxy.snapshot().backends[at].counters;
    let checked = counters(0).siblings_checked + counters(1).siblings_checked;
    assert!(checked >= 1, "{checked}");
    assert_eq!(counters(0).siblings_differed + counters(1).siblings_differed, 0);
    assert!(counters(2).rescued > 0);
}
