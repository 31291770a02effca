//! The best number of connections and of requests in flight: what is measured, what that costs, and what
//! ends it.

use std::num::NonZeroU16;
use std::sync::Arc;

use newsmux_tests::provider::{Ending, Fault, Limit, Provider, ProviderState, on};
use nntp_proxy::config::{Allowance, Allowances, RoutingMode, TrafficLimits};
use nntp_proxy::proxy::Proxy;
use nntp_proxy::tune::{Allowed, By, LEAST_ARTICLES, Point, Tuned, Unable};
use tokio::time::{Duration, Instant, sleep};

use crate::economy::{before, download, logged_in, take};
use crate::support::{config, depth};
use crate::{client, proxy};

const SIZE: usize = 100_000;
const MB: u32 = 1_000_000;

/// A provider with articles of [`SIZE`] bytes and a login, `latency` milliseconds away.
fn at(latency: u64) -> Provider {
    let articles = |line: &str| {
        let id = line.strip_prefix("BODY ")?;
        Some(format!("222 0 {id}\r\n{}\r\n.\r\n", "x".repeat(SIZE - 5)))
    };
    let latency = Duration::from_millis(latency);
    Provider::named("p").account("u", "p").answers(articles).latency(latency)
}

/// A proxy before this provider, by which articles were downloaded; nothing is in flight.
async fn used(provider: &Arc<ProviderState>, connections: u16) -> Proxy {
    let proxy = before(&[provider], connections);
    download(&proxy, 1, (LEAST_ARTICLES, 1), SIZE).await;
    proxy
}

fn allowed(connections: u16) -> Allowed {
    Allowed { connections: NonZeroU16::new(connections).unwrap(), volume: false }
}

async fn tune(proxy: &Proxy, up_to: u16) -> (Result<Tuned, Unable>, Vec<Point>) {
    let mut points = Vec::new();
    let tune = match proxy.tune("p", allowed(up_to)) {
        Ok(tune) => tune,
        Err(unable) => return (Err(unable), points),
    };
    (tune.run(|point| points.push(point)).await, points)
}

/// The numbers of connections that were measured, in order.
fn connections(points: &[Point]) -> Vec<u16> {
    let of = points.iter().filter(|point| point.by == By::Connections);
    of.map(|point| point.connections).collect()
}

#[tokio::test(start_paused = true)]
async fn a_line_that_three_connections_fill_is_given_four() {
    let provider = at(5).rate_of_each(MB).rate(3 * MB).state();
    let proxy = used(&provider, 20).await;
    let (tuned, points) = tune(&proxy, 20).await;
    let tuned = tuned.unwrap();
    assert_eq!(connections(&points), [1, 2, 4, 6], "{points:?}");
    assert_eq!((tuned.connections, tuned.refused), (4, None));
    assert!((2_800_000..3_200_000).contains(&tuned.speed), "{}", tuned.speed);
    provider.until_alone().await;
    assert_eq!(provider.book().peak, 6);
}

#[tokio::test(start_paused = true)]
async fn a_provider_far_away_needs_several_requests_in_flight() {
    let provider = at(200).rate_of_each(4 * MB).rate(8 * MB).state();
    let mut to = logged_in("p", 2);
    to.pipelining = depth(1);
    let proxy = proxy(RoutingMode::Hybrid, &[&provider], vec![to]);
    download(&proxy, 1, (LEAST_ARTICLES, 1), SIZE).await;
    let (tuned, points) = tune(&proxy, 2).await;
    let depths = points.iter().filter(|point| point.by == By::Depth).map(|point| point.depth);
    assert_eq!(depths.collect::<Vec<_>>(), [1, 2, 4, 8, 16]);
    let speed = |n: usize| points[points.len() - 5 + n].speed;
    assert!(speed(4) > speed(0) * 4, "{points:?}");
    let tuned = tuned.unwrap();
    assert_eq!(tuned.connections, 2);
    assert_eq!(tuned.pipelining, None, "by itself, Newsmux goes as deep as is worth it");
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_is_no_failure() {
    let words = "502 Too many connections";
    for limit in [Limit::AtGreeting(5, words.into()), Limit::AfterLogin(5, words.into())] {
        let provider = at(5).rate_of_each(MB).limit(limit).state();
        let proxy = used(&provider, 20).await;
        let (tuned, points) = tune(&proxy, 20).await;
        let tuned = tuned.unwrap();
        assert_eq!(connections(&points), [1, 2, 4, 5]);
        assert_eq!(tuned.connections, 5);
        assert!(tuned.refused.unwrap().starts_with(words));
        let book = provider.until_alone().await;
        assert_eq!(book.refused, 1, "it is not asked for more");
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_connections_are_opened_than_the_plan_allows_and_each_is_opened_once() {
    let provider = at(5).rate_of_each(MB).state();
    let proxy = used(&provider, 4).await;
    let before = provider.book().logins;
    let (tuned, _) = tune(&proxy, 20).await;
    assert_eq!(tuned.unwrap().connections, 20);
    let book = provider.until_alone().await;
    assert_eq!((book.peak, book.logins - before), (20, 20));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(proxy.snapshot().backends[0].open, 0, "all permits are returned");
}

#[tokio::test(start_paused = true)]
async fn refused_logins_are_no_more_than_ten_a_minute() {
    let provider = at(5).rate_of_each(MB).state();
    let proxy = used(&provider, 4).await;
    provider.set_limit(Limit::AfterLogin(0, "502 Too many connections".into()));
    provider.hang_up("", Ending::Close);
    let logins = provider.count("AUTHINFO PASS");
    let mut said = Vec::new();
    for _ in 0..14 {
        match tune(&proxy, 20).await.0 {
            Err(Unable::NoConnection { cause }) => said.push(cause),
            other => unreachable!("{other:?}"),
        }
    }
    assert!(said[0].contains("502 Too many connections"), "{said:?}");
    assert!(said[13].contains("at most ten times a minute"), "{said:?}");
    let more = provider.count("AUTHINFO PASS") - logins;
    assert!((1..=10).contains(&more), "{more} logins");
}

#[tokio::test(start_paused = true)]
async fn what_it_downloads_is_bounded_and_counted() {
    let provider = at(5).rate(200 * MB).rate_of_each(40 * MB).state();
    let proxy = used(&provider, 20).await;
    let volume = |bytes| {
        let until = proxy.snapshot().accounts[0].bytes + bytes;
        let allowance = Allowance { until, reserve_from: until };
        proxy.set_allowances(&Allowances::from([("p".into(), allowance)]));
    };
    volume(999_000_000);
    assert_eq!(proxy.tune("p", allowed(20)).unwrap_err(), Unable::Volume);
    let yes = Allowed { volume: true, ..allowed(20) };
    assert_eq!(proxy.tune("p", yes).unwrap_err(), Unable::VolumeLow);
    volume(2_000_000_000);
    let before = proxy.snapshot().accounts[0].bytes;
    let run = proxy.tune("p", yes).unwrap();
    assert_eq!(run.most_bytes(), 200_000_000, "a tenth of what is left");
    let tuned = run.run(|_| {}).await;
    let bytes = proxy.snapshot().accounts[0].bytes - before;
    assert!((150_000_000..202_000_000).contains(&bytes), "{bytes} bytes");
    assert!(tuned.unwrap().connections > 1, "what was measured counts");
}

#[tokio::test(start_paused = true)]
async fn dropping_it_closes_all_connections_at_once() {
    let provider = at(5).rate_of_each(MB).state();
    let proxy = used(&provider, 20).await;
    let running = tokio::spawn({
        let proxy = proxy.clone();
        async move { tune(&proxy, 20).await }
    });
    provider.until("six connections", |book| book.open >= 6).await;
    running.abort();
    let aborted = Instant::now();
    provider.until_alone().await;
    assert!(aborted.elapsed() < Duration::from_millis(100), "{:?}", aborted.elapsed());
    sleep(Duration::from_secs(3)).await;
    assert_eq!(proxy.snapshot().backends[0].open, 0, "all permits are returned");
}

#[tokio::test(start_paused = true)]
async fn a_program_that_downloads_ends_it_and_is_served_soon() {
    let provider = at(5).rate(2 * MB).rate_of_each(MB).state();
    let proxy = used(&provider, 4).await;
    let running = tokio::spawn({
        let proxy = proxy.clone();
        async move { tune(&proxy, 4).await }
    });
    provider.until("four connections", |book| book.open == 4).await;
    let (mut program, asked) = (client(&proxy).await, Instant::now());
    take(&mut program, 7, (1, 1), SIZE).await;
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    assert_eq!(running.await.unwrap().0, Err(Unable::Downloading));
    assert!(provider.book().peak <= 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_the_way_is_said_before_anything_is_dialled() {
    let provider = at(5).rate_of_each(MB).state();
    let proxy = before(&[&provider], 4);
    let unable = |proxy: &Proxy, id: &str| proxy.tune(id, allowed(4)).unwrap_err();
    assert_eq!(unable(&proxy, "other"), Unable::NotUsed);
    assert_eq!(unable(&proxy, "p"), Unable::NoArticles);
    download(&proxy, 1, (LEAST_ARTICLES, 1), SIZE).await;
    assert!(proxy.tune("p", allowed(4)).is_ok());
    proxy.limit(&TrafficLimits { paused: true, ..TrafficLimits::default() });
    assert_eq!(unable(&proxy, "p"), Unable::Paused);
    proxy.limit(&TrafficLimits {
        speed: std::num::NonZeroU64::new(1000),
        ..TrafficLimits::default()
    });
    assert_eq!(unable(&proxy, "p"), Unable::SpeedLimit);
    proxy.limit(&TrafficLimits::default());
    let mut program = client(&proxy).await;
    program.send("BODY <busy@x>").await;
    provider.until_asked("BODY <busy").await;
    assert_eq!(unable(&proxy, "p"), Unable::Downloading);
    assert_eq!(provider.book().accepted, 1);
}

/// What comes of a run during which this happens.
async fn ended_by(change: impl FnOnce(&Proxy)) -> Result<Tuned, Unable> {
    let provider = at(5).rate_of_each(MB).state();
    let proxy = used(&provider, 20).await;
    let running = tokio::spawn({
        let proxy = proxy.clone();
        async move { tune(&proxy, 20).await }
    });
    provider.until("four connections", |book| book.open == 4).await;
    change(&proxy);
    let ended = running.await.unwrap().0;
    provider.until_alone().await;
    ended
}

#[tokio::test(start_paused = true)]
async fn a_pause_and_new_settings_end_it() {
    let paused = TrafficLimits { paused: true, ..TrafficLimits::default() };
    assert_eq!(ended_by(|proxy| proxy.limit(&paused)).await, Err(Unable::Paused));
    let changed = config(RoutingMode::Hybrid, vec![logged_in("p", 7)]);
    assert_eq!(ended_by(|proxy| proxy.apply(changed)).await, Err(Unable::Changed));
}

#[tokio::test(start_paused = true)]
async fn articles_that_are_gone_are_not_asked_for_again() {
    let provider = at(5).rate_of_each(MB).state();
    let proxy = used(&provider, 2).await;
    provider.add_rule(on("BODY <0.0@x>", Fault::say("430 No such article")));
    assert_eq!(tune(&proxy, 2).await.0.unwrap().connections, 2);
    let asked = provider.count("BODY <0.0@x>");
    assert!((2..=4).contains(&asked), "{asked} times");
    provider.add_rule(on("BODY", Fault::say("430 No such article")));
    assert_eq!(tune(&proxy, 2).await.0, Err(Unable::NoArticles));
}

#[tokio::test(start_paused = true)]
async fn settings_that_change_do_not_forget_what_was_downloaded() {
    let provider = at(5).rate_of_each(MB).state();
    let proxy = used(&provider, 2).await;
    proxy.apply(config(RoutingMode::Hybrid, vec![logged_in("p", 7)]));
    assert!(proxy.tune("p", allowed(4)).is_ok());
}
