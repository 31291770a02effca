//! What the engine takes from providers for what it gives to clients: nothing is fetched twice where
//! nothing fails, and slow is not broken.

use std::sync::Arc;

use newsmux_tests::provider::{Fault, GREETING, Provider, ProviderState, Script, on};
use nntp_proxy::config::{BackendConfig, Credentials, RoutingMode, Secret, TimeLimits};
use nntp_proxy::proxy::Proxy;
use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep};

use crate::doubt::{drops, stalls};
use crate::support::{backend, connect};
use crate::{Client, client, proxy};

const MIB: usize = 1024 * 1024;
const ROUND_TRIP: Duration = Duration::from_millis(50);
pub(crate) const SMALL: usize = 16 * 1024;

/// A provider that has all articles, each with a block of so many bytes.
pub(crate) fn provider(name: &str, size: usize) -> Provider {
    provider_of(name, move |_| size)
}

/// The same, with a size for each message-id.
fn provider_of(name: &str, size: impl Fn(&str) -> usize + Send + Sync + 'static) -> Provider {
    let answer = move |line: &str| match line.split_once(' ') {
        Some(("BODY", id)) => Some(format!("222 0 {id}\r\n{}\r\n.\r\n", "x".repeat(size(id) - 5))),
        Some(("STAT", id)) => Some(format!("223 0 {id}\r\n")),
        _ => None,
    };
    Provider::named(name)
        .account("u", "p")
        .answers(answer)
        .latency(ROUND_TRIP)
        .rule(on(GREETING, Fault::Delay(ROUND_TRIP)))
}

pub(crate) fn logged_in(name: &str, connections: u16) -> BackendConfig {
    let login = Credentials { user: "u".into(), password: Secret::new("p") };
    BackendConfig { login: Some(login), ..backend(name, connections) }
}

/// A proxy before these providers, with so many connections to each.
pub(crate) fn before(providers: &[&Arc<ProviderState>], connections: u16) -> Proxy {
    let backends = providers.iter().map(|provider| logged_in(provider.name(), connections));
    proxy(RoutingMode::Hybrid, providers, backends.collect())
}

/// Asks for so many articles, so many at once; each has a block of `size` bytes.
pub(crate) async fn take(
    client: &mut Client,
    name: usize,
    (articles, depth): (usize, usize),
    size: usize,
) {
    let line = |n: usize| format!("BODY <{name}.{n}@x>");
    for n in 0..depth.min(articles) {
        client.send(&line(n)).await;
    }
    for n in 0..articles {
        let reply = client.reply_to(&line(n)).await;
        assert_eq!((reply.code(), reply.block().len()), ("222", size));
        if n + depth < articles {
            client.send(&line(n + depth)).await;
        }
    }
}

/// Each of `clients` asks for so many articles, so many at once.
pub(crate) async fn download(proxy: &Proxy, clients: usize, many: (usize, usize), size: usize) {
    let mut all = JoinSet::new();
    for name in 0..clients {
        let proxy = proxy.clone();
        all.spawn(async move { take(&mut client(&proxy).await, name, many, size).await });
    }
    all.join_all().await;
}

#[tokio::test(start_paused = true)]
async fn articles_that_are_pipelined_come_once_whatever_their_size() {
    for (size, articles, depth) in [(MIB * 3 / 4, 60, 10), (MIB * 3 / 2, 60, 8), (10 * MIB, 16, 8)]
    {
        let provider = provider("p", size).rate(100 * MIB as u32).state();
        let proxy = before(&[&provider], 8);
        download(&proxy, 1, (articles, depth), size).await;
        assert_eq!(provider.book().articles, (size * articles) as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_that_pipelines_gets_all_of_it_and_nothing_comes_twice() {
    let (size, articles) = (2 * MIB, 20);
    let provider = provider("p", size).state();
    let proxy = before(&[&provider], 8);
    let mut stream = connect(&proxy, 4 * SMALL, |stream| stream);
    let lines = |n| format!("BODY <{n}@x>\r\n");
    let mut left = "201 Newsmux ready, no posting\r\n".len();
    for n in 0..articles {
        tokio::io::AsyncWriteExt::write_all(&mut stream, lines(n).as_bytes()).await.unwrap();
        left += format!("222 0 <{n}@x>\r\n").len() + size;
    }
    let mut piece = vec![0; SMALL];
    while left > 0 {
        let n = stream.read(&mut piece).await.unwrap();
        assert!(n > 0, "closed with {left} bytes left");
        left -= n;
        sleep(Duration::from_secs(1) * n as u32 / 200_000).await;
    }
    assert_eq!(provider.book().articles, (size * articles) as u64);
}

#[tokio::test(start_paused = true)]
async fn articles_of_many_sizes_come_once_to_a_slow_reader_too() {
    let (articles, depth) = (60_usize, 30);
    let size = |n: usize| [3, 6, 10, 14, 20][n % 5] * MIB / 2;
    let number = |id: &str| id.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap();
    let provider = provider_of("p", move |id| size(number(id))).state();
    let proxy = before(&[&provider], 8);
    let mut client = client(&proxy).await;
    for n in 0..articles + depth {
        if n < articles {
            client.send(&format!("BODY <{n}@x>")).await;
        }
        if let Some(n) = n.checked_sub(depth) {
            let reply = client.reply_to(&format!("BODY <{n}@x>")).await;
            assert_eq!(reply.block().len(), size(n), "article {n}");
            sleep(Duration::from_secs(1) * size(n) as u32 / 1_000_000).await;
        }
    }
    let all: usize = (0..articles).map(size).sum();
    assert_eq!(provider.book().articles, all as u64);
}

#[tokio::test(start_paused = true)]
async fn on_a_slow_line_everybody_waits_and_nobody_is_refused() {
    for timeout in [5, 10] {
        let size = MIB * 3 / 4;
        let provider = provider("p", size).rate(300_000).state();
        let limits = TimeLimits::from_timeout(Duration::from_secs(timeout));
        let settings = BackendConfig { limits, ..logged_in("p", 2) };
        let proxy = proxy(RoutingMode::Hybrid, &[&provider], vec![settings]);
        download(&proxy, 20, (3, 1), size).await;
        assert_eq!(provider.book().articles, (size * 60) as u64, "with a timeout of {timeout} s");
    }
}

#[tokio::test(start_paused = true)]
async fn clients_that_take_nothing_leave_the_connections_to_the_others() {
    let size = MIB * 3 / 4;
    let provider = provider("p", size).rate(50 * MIB as u32).state();
    let proxy = before(&[&provider], 4);
    let alone = Instant::now();
    download(&proxy, 4, (20, 1), size).await;
    let alone = alone.elapsed();
    let mut idle = Vec::new();
    for at in 0..30 {
        let mut client = client(&proxy).await;
        let lines: Vec<_> = (0..10).map(|n| format!("BODY <idle.{at}.{n}@x>")).collect();
        client.send(&lines.join("\r\n")).await;
        idle.push(client);
    }
    sleep(Duration::from_secs(20)).await;
    let beside = Instant::now();
    download(&proxy, 4, (20, 1), size).await;
    let beside = beside.elapsed();
    assert!(beside < alone * 2, "{beside:?} beside {alone:?}");
    for (at, mut client) in idle.into_iter().enumerate() {
        for n in 0..10 {
            let reply = client.reply_to(&format!("BODY <idle.{at}.{n}@x>")).await;
            assert_eq!((reply.code(), reply.block().len()), ("222", size));
        }
    }
    let (sent, delivered) = (provider.book().articles, (size * (80 + 80 + 300)) as u64);
    assert!(sent * 100 <= delivered * 102, "{sent} bytes for {delivered} delivered");
}

#[tokio::test(start_paused = true)]
async fn connections_that_died_in_silence_delay_the_first_article_by_three_seconds() {
    for idle in [1, 20] {
        let provider = provider("p", SMALL).state();
        let proxy = before(&[&provider], 4);
        download(&proxy, 8, (3, 1), SMALL).await;
        sleep(Duration::from_secs(idle)).await;
        let dead = |script: Script, at| script.and(on("", Fault::stall(0)).connection(at));
        provider.play((1..=provider.book().accepted).fold(Script::new(), dead));
        let asked = Instant::now();
        download(&proxy, 1, (1, 1), SMALL).await;
        let after = asked.elapsed();
        assert!(after <= Duration::from_secs(3), "{after:?}, {idle} s idle");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_fails_every_request_beside_a_good_one_is_set_aside() {
    for conduct in [drops(), stalls()] {
        let bad = provider("bad", SMALL).script(conduct).state();
        let good = provider("good", SMALL).state();
        let proxy = before(&[&bad, &good], 4);
        let (mut late, mut asked) = (0, 0);
        let mut client = client(&proxy).await;
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            let began = Instant::now();
            take(&mut client, asked, (1, 1), SMALL).await;
            late += usize::from(began.elapsed() > Duration::from_secs(1));
            asked += 1;
        }
        let logins = bad.book().logins;
        assert!(logins <= 10, "{logins} logins in a minute");
        assert!(late * 100 <= asked * 3, "{late} of {asked} were late");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_well_again_is_used_again() {
    let bad = provider("bad", SMALL).script(drops()).state();
    let good = provider("good", SMALL).state();
    let proxy = before(&[&bad, &good], 4);
    download(&proxy, 2, (40, 1), SMALL).await;
    bad.play(Script::new());
    let before = bad.book().articles;
    download(&proxy, 8, (400, 1), SMALL).await;
    let again = (bad.book().articles - before) / SMALL as u64;
    assert!(again > 100, "{again} articles of 3200 came from it again");
}

#[tokio::test(start_paused = true)]
async fn once_all_connections_were_dropped_the_throughput_is_back_within_seconds() {
    let provider = provider("p", MIB / 4).state();
    let proxy = before(&[&provider], 4);
    let time = |proxy: Proxy| async move {
        let began = Instant::now();
        download(&proxy, 20, (20, 1), MIB / 4).await;
        began.elapsed()
    };
    let before = time(proxy.clone()).await;
    provider.play(drops());
    let one = provider.count("BODY");
    let blip = tokio::spawn({
        let proxy = proxy.clone();
        async move { download(&proxy, 20, (1, 1), MIB / 4).await }
    });
    provider.until("a request on each connection", |book| book.count("BODY") >= one + 4).await;
    sleep(ROUND_TRIP).await;
    provider.play(Script::new());
    blip.await.unwrap();
    sleep(Duration::from_secs(3)).await;
    let after = time(proxy).await;
    assert!(after * 95 <= before * 100, "{after:?} after, {before:?} before");
}
