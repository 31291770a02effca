//! Where connections are few: reloads, clients that take nothing, dials that hang, providers that are
//! busy.

use std::future::pending;
use std::sync::Arc;

use newsmux_tests::provider::{Fault, GREETING, Provider, ProviderState, on};
use nntp_proxy::backend::State;
use nntp_proxy::config::{BackendConfig, Config, RoutingMode};
use nntp_proxy::proxy::Proxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep};

use crate::support::{backend, config, depth};
use crate::{Client, client, proxy};

const LIST_LINES: usize = 200_000;
const ROUND_TRIP: Duration = Duration::from_millis(50);

/// A provider that is 50 ms away.
fn provider(name: &str) -> Provider {
    let answer = |line: &str| {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        Some(match verb {
            "STAT" if argument.starts_with('<') => format!("223 0 {argument}\r\n"),
            "STAT" => format!("223 {argument} <x@y>\r\n"),
            "GROUP" => "211 3 1 3 g\r\n".to_owned(),
            "BODY" => format!("222 0 {argument}\r\nhello\r\n.\r\n"),
            "LIST" => {
                let lines = (0..LIST_LINES).map(|n| format!("group.number.{n} 1 2 y\r\n"));
                format!("215 list\r\n{}.\r\n", lines.collect::<String>())
            }
            "XTUNNEL" => "299 odd\r\n".to_owned(),
            _ => return None,
        })
    };
    let far = Provider::named(name).answers(answer).latency(ROUND_TRIP);
    far.rule(on(GREETING, Fault::Delay(ROUND_TRIP)))
}

/// One whose bodies take so many milliseconds more.
fn slow(milliseconds: u64) -> Provider {
    provider("a").rule(on("BODY", Fault::Delay(Duration::from_millis(milliseconds))))
}

fn settings(host: &str, connections: u16, pipelining: u8) -> BackendConfig {
    BackendConfig { pipelining: depth(pipelining), ..backend(host, connections) }
}

/// A proxy before one provider, with so many connections, and so many requests on each.
fn before(
    provider: Provider,
    mode: RoutingMode,
    (connections, pipelining): (u16, u8),
) -> (Proxy, Arc<ProviderState>) {
    let provider = provider.state();
    let settings = settings(provider.name(), connections, pipelining);
    (proxy(mode, &[&provider], vec![settings]), provider)
}

/// The same provider, under another name.
fn renamed(mode: RoutingMode, name: &str, (connections, pipelining): (u16, u8)) -> Config {
    let (id, name) = (name.to_owned(), name.to_owned());
    config(mode, vec![BackendConfig { id, name, ..settings("a", connections, pipelining) }])
}

#[tokio::test(start_paused = true)]
async fn a_reload_that_changes_a_provider_keeps_the_selected_group() {
    for mode in [RoutingMode::Hybrid, RoutingMode::Standard] {
        let (proxy, provider) = before(provider("a"), mode, (1, 4));
        let mut client = client(&proxy).await;
        client.talk("C: GROUP g\nS: 211 3 1 3 g\nC: STAT 2\nS: 223 2 <x@y>").await;
        proxy.apply(renamed(mode, "b", (1, 4)));
        client.talk("C: STAT 3\nS: 223 3 <x@y>").await;
        assert_eq!(provider.book().peak, 1, "in {mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_of_a_provider_that_was_removed_is_selected_no_more() {
    for mode in [RoutingMode::Hybrid, RoutingMode::Standard] {
        let [a, other] = ["a", "elsewhere"].map(|name| provider(name).state());
        let proxy = proxy(mode, &[&a, &other], vec![settings("a", 1, 4)]);
        let mut client = client(&proxy).await;
        client.talk("C: GROUP g\nS: 211 3 1 3 g").await;
        proxy.apply(config(mode, vec![settings("elsewhere", 1, 4)]));
        client.talk("C: STAT 2\nS: 412 No newsgroup selected").await;
        client.talk("C: GROUP g\nS: 211 3 1 3 g").await;
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_at_a_reload_are_served_by_the_successor() {
    let (proxy, provider) = before(slow(200), RoutingMode::Hybrid, (1, 1));
    let mut clients = Vec::new();
    for n in 0..4 {
        let mut client = client(&proxy).await;
        client.send(&format!("BODY <{n}@x>")).await;
        clients.push(client);
    }
    sleep(Duration::from_millis(200)).await;
    proxy.apply(renamed(RoutingMode::Hybrid, "b", (1, 1)));
    for (n, client) in clients.iter_mut().enumerate() {
        client.talk(&format!("S: 222 0 <{n}@x>\nS: ...")).await;
    }
    assert_eq!(provider.book().peak, 1);
}

#[tokio::test(start_paused = true)]
async fn connections_of_before_a_reload_count_until_they_are_closed() {
    let (proxy, provider) = before(slow(2000), RoutingMode::Hybrid, (1, 4));
    let (mut first, mut second) = (client(&proxy).await, client(&proxy).await);
    first.send("BODY <1@x>").await;
    sleep(Duration::from_millis(300)).await;
    for name in ["b", "c", "d"] {
        proxy.apply(renamed(RoutingMode::Hybrid, name, (1, 4)));
    }
    second.talk("C: STAT <2@x>\nS: 223 0 <2@x>").await;
    first.talk("S: 222 0 <1@x>\nS: ...").await;
    assert_eq!(provider.book().peak, 1);
}

/// The code of the next reply, and its block read away where it has one.
async fn next_code(client: &mut Client) -> String {
    client.reply_to("BODY").await.code().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_disabled_and_enabled_again_has_no_connection_too_many() {
    let (proxy, provider) = before(slow(2000), RoutingMode::Hybrid, (2, 1));
    let mut clients = Vec::new();
    for n in 0..6 {
        let mut client = client(&proxy).await;
        client.send(&format!("BODY <{n}@x>")).await;
        clients.push(client);
    }
    sleep(Duration::from_millis(500)).await;
    for enabled in [false, true, false, true] {
        let backends = enabled.then(|| settings("a", 2, 1)).into_iter().collect();
        proxy.apply(config(RoutingMode::Hybrid, backends));
        let mut client = client(&proxy).await;
        client.send("BODY <again@x>").await;
        clients.push(client);
        sleep(Duration::from_millis(100)).await;
    }
    let last = Instant::now();
    let mut codes = Vec::new();
    for client in &mut clients {
        codes.push(next_code(client).await);
    }
    // The first two are under way all the while. The others wait or come while no provider is there at
    // all, so that nobody can serve them; only the last one comes when it is back for good.
    let expected = ["222", "222", "400", "400", "400", "400", "400", "400", "400", "222"];
    assert_eq!(codes, expected);
    assert!(last.elapsed() < Duration::from_secs(20), "after {:?}", last.elapsed());
    assert_eq!(provider.book().peak, 2);
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_at_two_reloads_get_the_first_connection_that_is_free() {
    for pause in [0, 30, 300] {
        // Later, they would be asked for again on other connections.
        let (proxy, provider) = before(slow(1700), RoutingMode::Hybrid, (2, 1));
        let (mut busy, mut waiting) = (Vec::new(), Vec::new());
        for n in 0..2 {
            busy.push(client(&proxy).await);
            busy[n].send(&format!("BODY <{n}@x>")).await;
        }
        sleep(Duration::from_millis(500)).await;
        for (n, name) in ["b", "c"].into_iter().enumerate() {
            waiting.push(client(&proxy).await);
            waiting[n].send(&format!("STAT <{n}@x>")).await;
            sleep(Duration::from_millis(pause)).await;
            proxy.apply(renamed(RoutingMode::Hybrid, name, (2, 1)));
        }
        assert_eq!(provider.count("STAT"), 0, "they wait");
        for (n, client) in busy.iter_mut().enumerate() {
            client.talk(&format!("S: 222 0 <{n}@x>\nS: ...")).await;
        }
        let free = Instant::now();
        for (n, client) in waiting.iter_mut().enumerate() {
            client.talk(&format!("S: 223 0 <{n}@x>")).await;
        }
        assert!(free.elapsed() < Duration::from_secs(1), "{:?} later", free.elapsed());
        assert_eq!(provider.book().peak, 2);
    }
}

/// Nothing counts as a failure of a provider, and each is up.
fn assert_well(proxy: &Proxy) {
    for provider in proxy.snapshot().backends {
        let seen = (provider.counters.failures, provider.state, provider.why.as_str());
        assert_eq!(seen, (0, State::Up, ""), "{}", provider.name);
    }
}

/// One has begun to read a long list; how long another waits for its reply behind that.
async fn waits_behind_a_list(proxy: &Proxy, reading: impl AsyncFnOnce(Client)) -> Duration {
    let (mut slow, mut other) = (client(proxy).await, client(proxy).await);
    slow.talk("C: LIST\nS: 215 list").await;
    let asked = Instant::now();
    let other = async {
        other.talk("C: STAT <2@x>\nS: 223 0 <2@x>").await;
        asked.elapsed()
    };
    tokio::select! {
        waited = other => waited,
        () = reading(slow) => unreachable!("the list has no end"),
    }
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_holds_the_others_up_for_half_a_minute_at_most() {
    let (proxy, _) = before(provider("a"), RoutingMode::Hybrid, (1, 4));
    let waited = waits_behind_a_list(&proxy, async |_slow| pending().await).await;
    assert!(waited < Duration::from_secs(45), "after {waited:?}");
}

#[tokio::test(start_paused = true)]
async fn who_takes_a_little_holds_the_others_up_no_longer() {
    let (proxy, _) = before(provider("a"), RoutingMode::Hybrid, (1, 4));
    let waited = waits_behind_a_list(&proxy, async |mut slow| {
        let mut some = [0; 1024];
        while let Ok(1..) = slow.stream().read(&mut some).await {
            sleep(Duration::from_secs(3)).await;
        }
        pending().await
    });
    let waited = waited.await;
    assert!(waited < Duration::from_secs(45), "after {waited:?}");
}

#[tokio::test(start_paused = true)]
async fn standard_mode_does_not_wait_for_itself_when_its_connection_dies() {
    let mortal = on("STAT", Fault::ExtraAndClose(Vec::new())).connection(1);
    let (proxy, _) = before(provider("a").rule(mortal), RoutingMode::Standard, (1, 4));
    let mut client = client(&proxy).await;
    let asked = Instant::now();
    let lines = "C: STAT <1@x>\nC: STAT <2@x>\nC: STAT <3@x>\nC: STAT <4@x>\nS: 223 0 <1@x>";
    client.talk(lines).await;
    sleep(Duration::from_millis(20)).await;
    client.send("STAT <5@x>").await;
    for n in 2..=5 {
        client.talk(&format!("S: 223 0 <{n}@x>")).await;
    }
    assert!(asked.elapsed() < Duration::from_secs(5), "after {:?}", asked.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_dial_that_hangs_keeps_nobody_waiting_while_another_connection_works() {
    let hanging = slow(500).rule(on(GREETING, Fault::stall(0)).skip(1));
    let (proxy, _) = before(hanging, RoutingMode::Hybrid, (2, 4));
    client(&proxy).await.talk("C: STAT <0@x>\nS: 223 0 <0@x>").await;
    let mut clients = JoinSet::new();
    for at in 0..4 {
        let proxy = proxy.clone();
        clients.spawn(async move {
            let mut worst = Duration::ZERO;
            let mut client = client(&proxy).await;
            for n in 0..20 {
                let asked = Instant::now();
                let reply = client.ask(&format!("BODY <{at}.{n}@x>")).await;
                assert_eq!(reply.block(), b"hello\r\n.\r\n");
                worst = worst.max(asked.elapsed());
            }
            worst
        });
    }
    let worst = clients.join_all().await.into_iter().max().unwrap();
    assert!(worst < Duration::from_secs(6), "a request took {worst:?}");
}

#[tokio::test(start_paused = true)]
async fn a_busy_provider_is_not_waited_for_while_another_is_idle() {
    let [a, b] = ["a", "b"].map(|name| provider(name).state());
    let backends = vec![settings("a", 1, 4), settings("b", 1, 4)];
    let proxy = proxy(RoutingMode::Standard, &[&a, &b], backends);
    let (mut first, mut second) = (client(&proxy).await, client(&proxy).await);
    first.talk("C: STAT <1@x>\nS: 223 0 <1@x>").await;
    let asked = Instant::now();
    second.talk("C: STAT <2@x>\nS: 223 0 <2@x>").await;
    assert!(asked.elapsed() < Duration::from_secs(5), "after {:?}", asked.elapsed());
    assert_well(&proxy);
}

#[tokio::test(start_paused = true)]
async fn who_moves_on_from_a_busy_provider_blames_it_for_nothing() {
    let [a, b] = ["a", "b"].map(|name| {
        // It goes on for so long that those behind move to another provider.
        let pause = Duration::from_secs(if name == "a" { 9 } else { 0 });
        provider(name).rule(on("BODY", Fault::Split(vec![16], pause))).state()
    });
    let proxy =
        proxy(RoutingMode::Hybrid, &[&a, &b], vec![settings("a", 1, 1), settings("b", 1, 1)]);
    let asked = Instant::now();
    let mut clients = JoinSet::new();
    for at in 0..6 {
        let proxy = proxy.clone();
        clients.spawn(async move {
            let reply = client(&proxy).await.ask(&format!("BODY <{at}@x>")).await;
            assert_eq!((reply.code(), reply.block()), ("222", &b"hello\r\n.\r\n"[..]));
        });
    }
    clients.join_all().await;
    assert!(asked.elapsed() < Duration::from_secs(11), "after {:?}", asked.elapsed());
    assert!(a.count("BODY") >= 1 && b.count("BODY") >= 2, "{}", b.count("BODY"));
    assert_well(&proxy);
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_replies_ends_when_both_are_silent() {
    let (proxy, _) = before(provider("a"), RoutingMode::Hybrid, (1, 4));
    let (mut odd, mut other) = (client(&proxy).await, client(&proxy).await);
    odd.talk("C: XTUNNEL\nS: 299 odd").await;
    sleep(Duration::from_secs(90)).await;
    let asked = Instant::now();
    other.talk("C: STAT <2@x>\nS: 223 0 <2@x>").await;
    assert!(asked.elapsed() < Duration::from_secs(5), "after {:?}", asked.elapsed());
}

#[tokio::test]
async fn a_reply_under_way_at_a_stop_arrives_whole_though_more_was_asked() {
    let (proxy, _) = before(provider("a"), RoutingMode::Hybrid, (4, 4));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = proxy.clone();
    tokio::spawn(async move { serving.serve(listener).await });
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"LIST\r\n").await.unwrap();
    let mut all = Vec::new();
    while all.len() < 100_000 {
        client.read_buf(&mut all).await.unwrap();
    }
    let stopping = tokio::spawn(async move { proxy.shutdown(Duration::from_secs(20)).await });
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    client.write_all(b"DATE\r\n").await.unwrap();
    // A slow client: the end of the reply still lies in the sockets when the proxy has written it.
    let mut some = vec![0; 16 * 1024];
    while let n @ 1.. = client.read(&mut some).await.unwrap() {
        all.extend_from_slice(&some[..n]);
        sleep(Duration::from_millis(1)).await;
    }
    assert!(all.ends_with(b"\r\n.\r\n"), "{} bytes arrived", all.len());
    drop(client);
    stopping.await.unwrap();
}
