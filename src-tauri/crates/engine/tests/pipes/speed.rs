//! Speed limits: exact and smooth, for everything, for a provider and for a program. Whoever is held back
//! by one is fetched once, and is neither slow nor broken.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use newsmux_tests::provider::{Fault, ProviderState, Script, on};
use nntp_proxy::auth::AuthHandler;
use nntp_proxy::config::{Config, Credentials, ProgramLimits, RoutingMode, Secret, TrafficLimits};
use nntp_proxy::proxy::Proxy;
use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep, timeout};

use crate::economy::{before, download, logged_in, provider, take};
use crate::support::{Pipes, config};
use crate::{Client, client};

const SIZE: usize = 384 * 1024;
const SECOND: Duration = Duration::from_secs(1);
/// How long downloads run before anything counts, and for how long it counts.
const WARM: Duration = Duration::from_secs(2);
const TIME: Duration = Duration::from_secs(10);

fn all(speed: u64) -> TrafficLimits {
    TrafficLimits { speed: NonZeroU64::new(speed), ..TrafficLimits::default() }
}

fn of_provider(name: &str, speed: u64) -> TrafficLimits {
    let speed = NonZeroU64::new(speed).map(|speed| (name.to_owned(), speed));
    TrafficLimits { providers: speed.into_iter().collect(), ..TrafficLimits::default() }
}

fn of_program(name: &str, speed: u64) -> TrafficLimits {
    let limits = ProgramLimits { speed: NonZeroU64::new(speed), ..ProgramLimits::default() };
    let programs = HashMap::from([(name.to_owned(), limits)]);
    TrafficLimits { programs, ..TrafficLimits::default() }
}

/// Clients that download until this is dropped, and how many bytes they have been sent.
struct Downloads {
    bytes: Arc<AtomicUsize>,
    clients: JoinSet<()>,
}

impl Downloads {
    fn new() -> Self {
        Self { bytes: Arc::default(), clients: JoinSet::new() }
    }

    /// So many more clients, each with so many requests under way.
    fn add(&mut self, clients: Vec<Client>, depth: usize) {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        for mut client in clients {
            let id = NEXT.fetch_add(1, Relaxed);
            let bytes = Arc::clone(&self.bytes);
            self.clients.spawn(async move {
                let line = |n: usize| format!("BODY <{id}.{n}@x>\r\n");
                let first: String = (0..depth).map(line).collect();
                client.send(first.trim_end()).await;
                let (mut piece, mut asked, mut came) = (vec![0; 16 * 1024], depth, 0);
                loop {
                    let n = client.stream().read(&mut piece).await.unwrap();
                    assert!(n > 0, "the client was disconnected");
                    bytes.fetch_add(n, Relaxed);
                    came += n;
                    while came / SIZE + depth > asked {
                        client.send(line(asked).trim_end()).await;
                        asked += 1;
                    }
                }
            });
        }
    }

    /// Bytes a second.
    async fn speed(&mut self, time: Duration) -> f64 {
        let before = self.bytes.load(Relaxed);
        tokio::select! {
            ended = self.clients.join_next() => panic!("a client ended: {ended:?}"),
            () = sleep(time) => {}
        }
        (self.bytes.load(Relaxed) - before) as f64 / time.as_secs_f64()
    }
}

/// Bytes a second from all providers.
async fn received(proxy: &Proxy, time: Duration) -> f64 {
    let bytes = || -> u64 { proxy.snapshot().backends.iter().map(|one| one.counters.bytes).sum() };
    let before = bytes();
    sleep(time).await;
    (bytes() - before) as f64 / time.as_secs_f64()
}

async fn clients(proxy: &Proxy, count: usize) -> Vec<Client> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(client(proxy).await);
    }
    all
}

async fn downloads(proxy: &Proxy, count: usize, depth: usize) -> Downloads {
    let mut downloads = Downloads::new();
    downloads.add(clients(proxy, count).await, depth);
    downloads
}

#[track_caller]
fn is_about(speed: f64, wanted: u64, what: &str) {
    let ratio = speed / wanted as f64;
    assert!((0.95..=1.05).contains(&ratio), "{what}: {speed:.0} B/s is {ratio:.3} of {wanted}");
}

#[tokio::test(start_paused = true)]
async fn a_limit_for_all_is_exact_at_any_speed_and_number_of_connections() {
    for (speed, connections, count) in [
        (100_000, 1, 1),
        (100_000, 8, 8),
        (100_000, 50, 60),
        (1_000_000, 8, 20),
        (20_000_000, 8, 8),
        (120_000_000, 20, 20),
    ] {
        for depth in [1, 4] {
            let provider = provider("p", SIZE).state();
            let proxy = before(&[&provider], connections);
            proxy.limit(&all(speed));
            let mut downloads = downloads(&proxy, count, depth).await;
            sleep(WARM).await;
            let what = format!("{count} clients on {connections} connections, depth {depth}");
            is_about(received(&proxy, TIME).await, speed, &what);
            if depth == 1 {
                is_about(downloads.speed(TIME).await, speed, &format!("{what}, from outside"));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_limited_download_is_smooth() {
    let provider = provider("p", SIZE).state();
    let proxy = before(&[&provider], 4);
    proxy.limit(&all(1_000_000));
    let mut downloads = downloads(&proxy, 4, 1).await;
    sleep(WARM).await;
    for _ in 0..10 {
        let mut second = Vec::new();
        for _ in 0..10 {
            second.push(downloads.speed(SECOND / 10).await);
        }
        // Articles that end at the same time leave a gap of a round trip, and it is made up for.
        let fits = |speed: &f64| (400_000.0..=1_550_000.0).contains(speed);
        assert!(second.iter().all(fits), "{second:?}");
        is_about(second.iter().sum::<f64>() / 10.0, 1_000_000, "in a second");
    }
}

/// Each connection gets so little that without the limit it would be given up as stalled or crawling.
#[tokio::test(start_paused = true)]
async fn what_is_held_back_comes_once_on_the_same_connections_and_is_not_slow() {
    let provider = provider("p", SIZE / 8).state();
    let proxy = before(&[&provider], 20);
    proxy.limit(&all(4_000));
    download(&proxy, 20, (2, 1), SIZE / 8).await;
    assert_eq!(provider.book().articles, (SIZE / 8 * 40) as u64);
    assert_eq!(provider.count("BODY"), 40);
    assert!(provider.book().accepted <= 20);
    let snapshot = proxy.snapshot();
    assert_eq!(snapshot.backends[0].counters.failures, 0);
    assert_eq!(snapshot.backends[0].why, "");
}

#[tokio::test(start_paused = true)]
async fn a_change_holds_at_once_also_for_what_is_under_way() {
    let provider = provider("p", SIZE).rate(50_000_000).state();
    let proxy = before(&[&provider], 8);
    let mut downloads = downloads(&proxy, 8, 1).await;
    sleep(WARM).await;
    for speed in [100_000, 5_000_000, 400_000] {
        proxy.limit(&all(speed));
        // What the clients' pipes hold already.
        sleep(SECOND / 4).await;
        is_about(downloads.speed(TIME).await, speed, "after a change");
        proxy.limit(&all(0));
        sleep(SECOND / 4).await;
        let free = downloads.speed(SECOND).await;
        assert!(free > 40_000_000.0, "{free:.0} B/s after the limit of {speed} was lifted");
    }
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_provider_leaves_the_other_alone() {
    let (slow, fast) = (provider("a", SIZE).state(), provider("b", SIZE).rate(9_000_000).state());
    let proxy = before(&[&slow, &fast], 4);
    proxy.limit(&of_provider("a", 1_000_000));
    let mut downloads = downloads(&proxy, 20, 1).await;
    sleep(WARM * 2).await;
    let before = [&slow, &fast].map(|provider| provider.book().articles);
    let speed = downloads.speed(TIME * 4).await;
    let time = TIME.as_secs_f64() * 4.0;
    let [slow, fast] = [(&slow, before[0]), (&fast, before[1])]
        .map(|(provider, before)| (provider.book().articles - before) as f64 / time);
    assert!((900_000.0..=1_100_000.0).contains(&slow), "{slow:.0} B/s");
    assert!(fast > 8_500_000.0, "{fast:.0} B/s of the other, {speed:.0} in all");
}

#[tokio::test(start_paused = true)]
async fn the_lowest_of_several_limits_holds() {
    let provider = provider("p", SIZE).state();
    let proxy = before(&[&provider], 4);
    for (own, all) in [(300_000, 3_000_000), (3_000_000, 300_000)] {
        let speed = NonZeroU64::new(all);
        proxy.limit(&TrafficLimits { speed, ..of_provider("p", own) });
        let _downloads = downloads(&proxy, 4, 2).await;
        sleep(WARM).await;
        is_about(received(&proxy, TIME).await, 300_000, "the lower one");
    }
}

/// A proxy before a provider, for two programs with a login each.
fn for_two_programs(provider: &Arc<ProviderState>, connections: u16) -> Proxy {
    let login = |user: &str| Credentials { user: user.into(), password: Secret::new("word") };
    let auth = Arc::new(AuthHandler::with_logins(["one", "two"].map(login)));
    let settings = config(RoutingMode::Hybrid, vec![logged_in("p", connections)]);
    Proxy::new(Config { auth, ..settings }, Arc::new(Pipes::to(&[provider])))
}

async fn downloads_of(proxy: &Proxy, program: &str, count: usize, depth: usize) -> Downloads {
    let mut clients = clients(proxy, count).await;
    for client in &mut clients {
        assert_eq!(client.ask(&format!("AUTHINFO USER {program}")).await.code(), "381");
        assert_eq!(client.ask("AUTHINFO PASS word").await.code(), "281");
    }
    let mut downloads = Downloads::new();
    downloads.add(clients, depth);
    downloads
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_program_is_exact_and_leaves_the_other_alone() {
    for (speed, count, depth) in [(100_000, 8, 2), (1_000_000, 1, 4), (3_000_000, 50, 2)] {
        let provider = provider("p", SIZE).rate(20_000_000).state();
        let proxy = for_two_programs(&provider, 4);
        proxy.limit(&of_program("one", speed));
        let mut one = downloads_of(&proxy, "one", count, depth).await;
        let mut two = downloads_of(&proxy, "two", 8, 2).await;
        sleep(WARM * 2).await;
        is_about(one.speed(TIME).await, speed, "the limited one");
        let others = two.speed(TIME).await;
        assert!(others > 15_500_000.0, "{others:.0} B/s of the other beside {speed}");
        is_about(one.speed(TIME).await, speed, "the limited one later");
    }
}

#[tokio::test(start_paused = true)]
async fn for_a_program_with_a_limit_nothing_is_fetched_twice() {
    let provider = provider("p", SIZE).state();
    let proxy = for_two_programs(&provider, 4);
    proxy.limit(&of_program("one", 200_000));
    let mut one = downloads_of(&proxy, "one", 250, 4).await;
    let mut two = downloads_of(&proxy, "two", 8, 2).await;
    sleep(TIME * 12).await;
    let lines = provider.book().commands.iter().filter(|c| c.line.starts_with("BODY")).count();
    let mut different: Vec<_> = provider.book().commands.iter().map(|c| c.line.clone()).collect();
    different.retain(|line| line.starts_with("BODY"));
    different.sort_unstable();
    different.dedup();
    assert!(one.speed(SECOND).await > 0.0 && two.speed(SECOND).await > 0.0);
    assert_eq!(lines, different.len(), "requests, and how many of them differ");
}

#[tokio::test(start_paused = true)]
async fn under_a_limit_a_program_with_one_connection_gets_half_beside_one_with_fifty() {
    let provider = provider("p", SIZE).state();
    let proxy = for_two_programs(&provider, 60);
    proxy.limit(&all(2_000_000));
    let _many = downloads_of(&proxy, "two", 50, 2).await;
    let mut single = downloads_of(&proxy, "one", 1, 10).await;
    sleep(WARM * 30).await;
    let one = single.speed(TIME * 2).await;
    assert!((900_000.0..=1_100_000.0).contains(&one), "{one:.0} B/s of the one");
    is_about(received(&proxy, TIME).await, 2_000_000, "both");
}

#[tokio::test(start_paused = true)]
async fn a_small_request_does_not_wait_for_a_limit() {
    let provider = provider("p", SIZE).state();
    let proxy = before(&[&provider], 8);
    proxy.limit(&all(500_000));
    let _downloads = downloads(&proxy, 4, 1).await;
    let mut client = client(&proxy).await;
    sleep(WARM).await;
    for _ in 0..20 {
        let asked = Instant::now();
        assert_eq!(client.ask("STAT <a@x>").await.code(), "223");
        let took = asked.elapsed();
        assert!(took < SECOND / 2, "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_stalls_under_a_limit_is_still_noticed() {
    let bad = provider("bad", SIZE).state();
    let good = provider("good", SIZE).state();
    let proxy = before(&[&bad, &good], 4);
    proxy.limit(&all(2_000_000));
    download(&proxy, 8, (2, 1), SIZE).await;
    bad.play(Script::new().and(on("BODY", Fault::stall(SIZE / 2))));
    let took = timeout(TIME * 12, download(&proxy, 8, (6, 1), SIZE)).await;
    assert!(took.is_ok(), "articles hang");
    assert!(proxy.snapshot().backends[0].counters.failures > 0);
}

/// The rest of its articles is read away, so that the connections can be kept.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_a_limited_download_costs_no_connection() {
    let provider = provider("p", SIZE).state();
    let proxy = before(&[&provider], 4);
    proxy.limit(&all(200_000));
    for _ in 0..4 {
        let leaving = downloads(&proxy, 4, 1).await;
        sleep(SECOND).await;
        drop(leaving);
        sleep(WARM).await;
    }
    proxy.limit(&all(0));
    take(&mut client(&proxy).await, 9, (4, 1), SIZE).await;
    assert_eq!(provider.book().accepted, 4);
}
