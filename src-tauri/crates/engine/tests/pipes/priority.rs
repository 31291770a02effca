//! A program's priority, and how many articles it is sent at once.

use std::num::NonZeroU16;

use newsmux_tests::provider::{Ending, Fault, ProviderState, on};
use nntp_proxy::config::{Priority, ProgramLimits, RoutingMode, TrafficLimits};
use nntp_proxy::proxy::Proxy;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep};

use crate::fairness::{
    Downloads, SIZE, WARM, having_all, logged_in, provider, shared, shared_in, speeds,
};

fn limit(proxy: &Proxy, program: &str, limits: ProgramLimits) {
    let programs = [(program.to_owned(), limits)].into();
    proxy.limit(&TrafficLimits { programs, ..TrafficLimits::default() });
}

fn of(priority: Priority) -> ProgramLimits {
    ProgramLimits { priority, ..ProgramLimits::default() }
}

fn at_once(connections: u16) -> ProgramLimits {
    ProgramLimits { connections: NonZeroU16::new(connections), ..ProgramLimits::default() }
}

#[tokio::test(start_paused = true)]
async fn programs_share_the_line_by_their_priorities() {
    for (priority, least, most) in
        [(Priority::High, 0.72, 0.88), (Priority::Normal, 0.45, 0.55), (Priority::Low, 0.14, 0.26)]
    {
        let proxy = shared(&provider());
        limit(&proxy, "small", of(priority));
        let both = ["small", "big"].map(|name| Downloads::start(&proxy, name, (8, 10)));
        let [small, big] = speeds(&both).await;
        let share = small / (small + big);
        assert!((least..=most).contains(&share), "{priority:?}: {share:.3}");
    }
}

/// What a player gets that asks for one article after the other, as a person watches.
async fn player_beside(proxy: &Proxy, big: JoinSet<()>) -> Duration {
    let mut player = logged_in(proxy, "small").await;
    sleep(WARM).await;
    let mut took = Vec::new();
    for n in 0..60 {
        let asked = Instant::now();
        let reply = player.ask(&format!("BODY <{n}@player>")).await;
        assert_eq!(reply.block().len(), SIZE);
        took.push(asked.elapsed());
    }
    drop(big);
    took.sort_unstable();
    took[took.len() / 2]
}

/// Clients of a program that ask for nothing but `STAT`, many at once.
fn flood(proxy: &Proxy, program: &'static str) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for at in 0..20 {
        let proxy = proxy.clone();
        clients.spawn(async move {
            let mut client = logged_in(&proxy, program).await;
            let line = format!("STAT <{at}@x>");
            for _ in 0..50 {
                client.send(&line).await;
            }
            loop {
                assert!(client.line().await.starts_with("223 "));
                client.send(&line).await;
            }
        });
    }
    clients
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_small_requests_delays_no_player() {
    let alone = player_beside(&shared(&provider()), JoinSet::new()).await;
    for flooding in ["small", "big"] {
        let proxy = shared(&provider());
        limit(&proxy, "small", of(Priority::High));
        let beside = player_beside(&proxy, flood(&proxy, flooding)).await;
        assert!(beside <= alone * 3 / 2, "{beside:?} beside {flooding}, {alone:?} alone");
    }
}

/// The most articles that were under way at once, in the next seconds.
async fn most_at_once(provider: &ProviderState) -> usize {
    let mut most = 0;
    sleep(WARM).await;
    for _ in 0..500 {
        sleep(Duration::from_millis(10)).await;
        let sent = usize::try_from(provider.book().articles).unwrap() / SIZE;
        most = most.max(provider.count("BODY") - sent);
    }
    most
}

#[tokio::test(start_paused = true)]
async fn a_program_is_sent_no_more_articles_at_once_than_its_limit_allows() {
    let provider = provider();
    let proxy = shared(&provider);
    limit(&proxy, "small", at_once(2));
    let small = [Downloads::start(&proxy, "small", (8, 10))];
    let [limited] = speeds(&small).await;
    assert_eq!(most_at_once(&provider).await, 2);
    // The change holds at once, for those who wait, too.
    limit(&proxy, "small", at_once(3));
    assert_eq!(most_at_once(&provider).await, 3);
    limit(&proxy, "small", of(Priority::Normal));
    let [free] = speeds(&small).await;
    assert!(free > limited * 2.0, "{free:.0} B/s without the limit, {limited:.0} with it");
    assert_eq!(proxy.snapshot().backends[0].counters.failures, 0);
}

/// Later requests of a client read ahead, and must not keep its next one from being served.
#[tokio::test(start_paused = true)]
async fn one_place_serves_every_client_in_turn() {
    let provider = provider();
    let proxy = shared(&provider);
    limit(&proxy, "small", at_once(1));
    let mut clients = Vec::new();
    for at in 0..4 {
        let mut client = logged_in(&proxy, "small").await;
        for n in 0..20 {
            client.send(&format!("BODY <{at}.{n}@x>")).await;
        }
        clients.push(client);
    }
    for (at, client) in clients.iter_mut().enumerate() {
        for n in 0..20 {
            let reply = client.reply_to(&format!("BODY <{at}.{n}@x>")).await;
            assert_eq!((reply.code(), reply.block().len()), ("222", SIZE));
        }
    }
    assert_eq!(provider.count("BODY"), 80);
}

/// In Standard mode, requests take their places in order, but a later one must not keep the session's
/// connection from an earlier one that lost it.
#[tokio::test(start_paused = true)]
async fn one_place_is_enough_for_a_session_that_loses_its_connection() {
    for cut in [0, SIZE / 2] {
        let breaks = on("BODY <0@x>", Fault::cut(cut, Ending::Close)).once();
        let provider = having_all().rule(breaks).state();
        let proxy = shared_in(RoutingMode::Standard, &provider);
        limit(&proxy, "small", at_once(1));
        let mut client = logged_in(&proxy, "small").await;
        for n in 0..4 {
            client.send(&format!("BODY <{n}@x>")).await;
        }
        for n in 0..4 {
            let reply = client.reply_to(&format!("BODY <{n}@x>")).await;
            assert_eq!((reply.code(), reply.block().len()), ("222", SIZE), "{n}, cut at {cut}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_place_when_a_pause_begins_waits_for_its_end_too() {
    let provider = provider();
    let proxy = shared(&provider);
    let limits = |paused| TrafficLimits {
        paused,
        programs: [("small".to_owned(), at_once(2))].into(),
        ..TrafficLimits::default()
    };
    proxy.limit(&limits(false));
    let mut clients = Vec::new();
    for n in 0..20 {
        let mut client = logged_in(&proxy, "small").await;
        client.send(&format!("BODY <{n}@x>")).await;
        clients.push(client);
    }
    provider.until("two requests", |book| book.count("BODY") == 2).await;
    proxy.limit(&limits(true));
    sleep(WARM * 10).await;
    assert_eq!(provider.count("BODY"), 2);
    proxy.limit(&limits(false));
    for (n, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.reply_to(&format!("BODY <{n}@x>")).await.block().len(), SIZE);
    }
}
