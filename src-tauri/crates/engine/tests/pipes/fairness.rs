//! Programs that share a provider's few connections: each gets its share of the line, however many
//! connections the other opens and however much it asks for at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use newsmux_tests::provider::{Fault, GREETING, Provider, ProviderState, on};
use nntp_proxy::auth::AuthHandler;
use nntp_proxy::config::{Config, Credentials, RoutingMode, Secret};
use nntp_proxy::proxy::Proxy;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep};

use crate::support::{Pipes, backend, config};
use crate::{Client, client};

/// An article's block, in bytes.
pub(crate) const SIZE: usize = 384 * 1024;
/// The provider's line, in bytes a second: it is what is shared.
const SPEED: u32 = 30_000_000;
/// How long an article takes on a connection that shares the line with the others.
const ARTICLE: Duration = Duration::from_millis(4 * 13);
const ROUND_TRIP: Duration = Duration::from_millis(50);
const CONNECTIONS: u16 = 4;
/// How long downloads run before anything counts.
pub(crate) const WARM: Duration = Duration::from_secs(3);
const TIME: Duration = Duration::from_secs(10);
/// Between two commands of a newsreader: a person reads.
const PAUSE: Duration = Duration::from_millis(200);

/// A provider that has all articles, and one group.
pub(crate) fn provider() -> Arc<ProviderState> {
    having_all().state()
}

/// The same, before it is opened.
pub(crate) fn having_all() -> Provider {
    let answer = |line: &str| {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        Some(match verb {
            "BODY" => format!("222 0 {argument}\r\n{}\r\n.\r\n", "x".repeat(SIZE - 5)),
            "STAT" => format!("223 0 {argument}\r\n"),
            "GROUP" => "211 500 1 500 g\r\n".to_owned(),
            "OVER" | "XOVER" => {
                let lines =
                    (1..40).map(|n| format!("{n}\tSubject\tFrom\tDate\t<{n}@x>\t\t9\t9\r\n"));
                format!("224 overview\r\n{}.\r\n", lines.collect::<String>())
            }
            "ARTICLE" => {
                format!("220 {argument} <x@y>\r\nSubject: x\r\n\r\n{}\r\n.\r\n", "x".repeat(2000))
            }
            _ => return None,
        })
    };
    let greeting = on(GREETING, Fault::Delay(ROUND_TRIP));
    Provider::named("p").answers(answer).latency(ROUND_TRIP).rate(SPEED).rule(greeting)
}

/// A proxy before a provider, for two programs with a login each.
pub(crate) fn shared(provider: &Arc<ProviderState>) -> Proxy {
    shared_in(RoutingMode::Hybrid, provider)
}

pub(crate) fn shared_in(mode: RoutingMode, provider: &Arc<ProviderState>) -> Proxy {
    let login = |user: &str| Credentials { user: user.into(), password: Secret::new("word") };
    let auth = Arc::new(AuthHandler::with_logins(["small", "big"].map(login)));
    let settings = config(mode, vec![backend("p", CONNECTIONS)]);
    Proxy::new(Config { auth, posting: true, ..settings }, Arc::new(Pipes::to(&[provider])))
}

/// A client of this program.
pub(crate) async fn logged_in(proxy: &Proxy, program: &str) -> Client {
    let mut client = client(proxy).await;
    assert_eq!(client.ask(&format!("AUTHINFO USER {program}")).await.code(), "381");
    assert_eq!(client.ask("AUTHINFO PASS word").await.code(), "281");
    client
}

/// A program's clients, which download until it is dropped.
pub(crate) struct Downloads {
    bytes: Arc<AtomicUsize>,
    _clients: JoinSet<()>,
}

impl Downloads {
    /// So many clients, each with so many requests under way.
    pub(crate) fn start(
        proxy: &Proxy,
        program: &'static str,
        (count, depth): (usize, usize),
    ) -> Self {
        let (bytes, mut clients) = (Arc::<AtomicUsize>::default(), JoinSet::new());
        for at in 0..count {
            let (proxy, bytes) = (proxy.clone(), Arc::clone(&bytes));
            clients.spawn(async move {
                let mut client = logged_in(&proxy, program).await;
                let line = |n: usize| format!("BODY <{program}.{at}.{n}@x>");
                for n in 0..depth {
                    client.send(&line(n)).await;
                }
                for n in 0.. {
                    let status = client.line().await;
                    assert!(status.starts_with("222 "), "{status}");
                    client.bytes(SIZE).await;
                    bytes.fetch_add(SIZE, Relaxed);
                    client.send(&line(n + depth)).await;
                }
            });
        }
        Self { bytes, _clients: clients }
    }

    fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }
}

/// What two programs get of a provider's line.
async fn shares(small: (usize, usize), big: (usize, usize)) -> (f64, f64) {
    let proxy = shared(&provider());
    let programs = [Downloads::start(&proxy, "small", small), Downloads::start(&proxy, "big", big)];
    let [small, big] = speeds(&programs).await;
    (small / f64::from(SPEED), big / f64::from(SPEED))
}

/// What programs get, in bytes a second.
pub(crate) async fn speeds<const N: usize>(programs: &[Downloads; N]) -> [f64; N] {
    sleep(WARM).await;
    let before = programs.each_ref().map(Downloads::bytes);
    sleep(TIME).await;
    std::array::from_fn(|at| (programs[at].bytes() - before[at]) as f64 / TIME.as_secs_f64())
}

#[tokio::test(start_paused = true)]
async fn one_connection_gets_half_of_the_line_beside_any_number_of_another_program() {
    for big in [(8, 1), (50, 1), (8, 10), (50, 10)] {
        let (small, others) = shares((1, 10), big).await;
        let share = small / (small + others);
        assert!(share >= 0.45, "{share:.3} beside {big:?}");
        assert!(small + others >= 0.95, "{small:.3} and {others:.3} of the line, beside {big:?}");
    }
}

/// It has one connection of the four, but for the round trip and the article before it there.
#[tokio::test(start_paused = true)]
async fn one_article_at_a_time_gets_the_same_beside_any_number_of_another_program() {
    for big in [(8, 1), (50, 1), (8, 10), (50, 10)] {
        let (small, _) = shares((1, 1), big).await;
        assert!(small >= 0.1, "{small:.3} of the line, beside {big:?}");
    }
}

/// How long the requests of a client take that asks them one by one.
async fn times(client: &mut Client, lines: &[&str]) -> Vec<Duration> {
    let mut took = Vec::new();
    for line in lines {
        let asked = Instant::now();
        let reply = client.ask(line).await;
        assert!(reply.code() < "300", "{line}: {}", reply.status);
        took.push(asked.elapsed());
        sleep(PAUSE).await;
    }
    took.sort_unstable();
    took
}

fn median(took: &[Duration]) -> Duration {
    took[took.len() / 2]
}

#[tokio::test(start_paused = true)]
async fn a_small_request_waits_for_no_more_than_what_is_under_way() {
    for big in [(8, 1), (50, 1), (8, 10), (50, 10)] {
        let proxy = shared(&provider());
        let _big = Downloads::start(&proxy, "big", big);
        sleep(WARM).await;
        let mut small = logged_in(&proxy, "small").await;
        let took = times(&mut small, &["STAT <x@y>"; 100]).await;
        let worst = took.last().unwrap();
        assert!(median(&took) <= ROUND_TRIP * 3 / 2, "{:?} beside {big:?}", median(&took));
        assert!(*worst <= ROUND_TRIP + ARTICLE, "{worst:?} beside {big:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_newsreader_beside_downloads_is_quick_and_costs_them_little() {
    let commands: Vec<_> = (1..40)
        .flat_map(|n| {
            ["GROUP g".to_owned(), format!("OVER {n}-{}", n + 40), format!("ARTICLE {n}")]
        })
        .collect();
    let commands: Vec<_> = commands.iter().map(String::as_str).collect();
    for program in ["small", "big"] {
        let proxy = shared(&provider());
        let alone = median(&times(&mut logged_in(&proxy, program).await, &commands).await);
        for downloads in [1, 4, 10] {
            let proxy = shared(&provider());
            let big = Downloads::start(&proxy, "big", (downloads, 10));
            sleep(WARM).await;
            let before = big.bytes();
            sleep(TIME).await;
            let without = big.bytes() - before;
            let mut reader = logged_in(&proxy, program).await;
            let (before, began) = (big.bytes(), Instant::now());
            let took = times(&mut reader, &commands).await;
            let time = began.elapsed();
            let with = (big.bytes() - before) as f64 / time.as_secs_f64();
            let kept = with / (without as f64 / TIME.as_secs_f64());
            assert!(median(&took) <= alone * 3, "{:?}, alone {alone:?}", median(&took));
            assert!(kept >= 0.95, "{downloads} downloads keep {kept:.3}");
        }
    }
}

/// Clients of a program that post one article after the other. Returns how many were posted.
fn posters(proxy: &Proxy, program: &'static str, count: usize) -> (JoinSet<()>, Arc<AtomicUsize>) {
    let (posted, mut clients) = (Arc::<AtomicUsize>::default(), JoinSet::new());
    for _ in 0..count {
        let (proxy, posted) = (proxy.clone(), Arc::clone(&posted));
        clients.spawn(async move {
            let mut client = logged_in(&proxy, program).await;
            let article = format!("Subject: x\r\n\r\n{}\r\n.", "x".repeat(20_000));
            loop {
                assert_eq!(client.ask("POST").await.code(), "340");
                client.send(&article).await;
                assert!(client.line().await.starts_with("240"));
                posted.fetch_add(1, Relaxed);
            }
        });
    }
    (clients, posted)
}

#[tokio::test(start_paused = true)]
async fn programs_that_post_leave_the_others_their_share() {
    // One article at a time comes in a round trip and a little.
    for (downloads, least) in [(1, 2_500_000.0), (20, f64::from(SPEED) / 3.0)] {
        let proxy = shared(&provider());
        let (_posters, posted) = posters(&proxy, "big", 20);
        let [speed] = speeds(&[Downloads::start(&proxy, "small", (downloads, 1))]).await;
        assert!(speed >= least, "{speed:.0} B/s for {downloads} beside posters");
        assert!(posted.load(Relaxed) > 300, "{posted:?} posted beside {downloads}");
        let mut reader = logged_in(&proxy, "small").await;
        let took = median(&times(&mut reader, &["STAT <x@y>"; 40]).await);
        assert!(took <= ROUND_TRIP * 2, "{took:?} for STAT beside posters");
    }
}
