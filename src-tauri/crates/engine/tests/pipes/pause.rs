//! A pause: sessions stay, what is under way ends, nothing new is fetched, and nobody is told an error.

use std::num::NonZeroU8;

use newsmux_tests::article::Article;
use newsmux_tests::provider::{Ending, Fault, Script, on};
use nntp_proxy::config::{BackendConfig, RoutingMode, TrafficLimits};
use nntp_proxy::proxy::Proxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Duration, Instant, sleep, timeout};

use crate::economy::{before, logged_in, provider, take};
use crate::support::connect;
use crate::{Client, client, proxy};

const SIZE: usize = 384 * 1024;
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn pause(proxy: &Proxy, paused: bool) {
    proxy.limit(&TrafficLimits { paused, ..TrafficLimits::default() });
}

/// Whether the client gets nothing for an hour.
async fn gets_nothing(client: &mut Client) -> bool {
    timeout(HOUR, client.stream().read_u8()).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_ends_and_the_next_article_waits_for_the_end_of_the_pause() {
    for mode in [RoutingMode::Hybrid, RoutingMode::PerCommand, RoutingMode::Standard] {
        let provider = provider("p", SIZE).rate(200_000).state();
        let proxy = proxy(mode, &[&provider], vec![logged_in("p", 1)]);
        let mut client = client(&proxy).await;
        client.send("BODY <a@x>").await;
        provider.until("the request", |book| book.count("BODY") == 1).await;
        pause(&proxy, true);
        client.send("BODY <b@x>").await;
        let reply = client.reply_to("BODY <a@x>").await;
        assert_eq!((reply.code(), reply.block().len()), ("222", SIZE), "{mode:?}");
        assert!(gets_nothing(&mut client).await, "{mode:?}");
        assert_eq!(provider.count("BODY"), 1, "{mode:?}");
        pause(&proxy, false);
        let reply = client.reply_to("BODY <b@x>").await;
        assert_eq!((reply.code(), reply.block().len()), ("222", SIZE), "{mode:?}");
        assert_eq!(provider.book().articles, SIZE as u64 * 2);
        assert_eq!(proxy.snapshot().backends[0].counters.failures, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn small_requests_are_answered_during_a_pause() {
    let provider = provider("p", SIZE).state();
    let proxy = before(&[&provider], 2);
    pause(&proxy, true);
    let mut client = client(&proxy).await;
    assert_eq!(client.ask("STAT <a@x>").await.code(), "223");
    assert_eq!(client.ask("CAPABILITIES").await.code(), "101");
    client.send("BODY <a@x>\r\nQUIT").await;
    assert!(gets_nothing(&mut client).await);
    pause(&proxy, false);
    assert_eq!(client.reply_to("BODY <a@x>").await.block().len(), SIZE);
    assert!(client.line().await.starts_with("205"));
}

/// Twenty clients wait in line for two connections.
#[tokio::test(start_paused = true)]
async fn who_waits_in_line_when_a_pause_begins_is_served_after_it() {
    let provider = provider("p", SIZE).rate(400_000).state();
    let proxy = before(&[&provider], 2);
    let mut clients = Vec::new();
    for n in 0..20 {
        let mut client = client(&proxy).await;
        client.send(&format!("BODY <{n}@x>")).await;
        clients.push(client);
    }
    provider.until("two requests", |book| book.count("BODY") >= 2).await;
    sleep(SECOND).await;
    pause(&proxy, true);
    let sent = provider.count("BODY");
    sleep(SECOND * 60).await;
    assert!(sent < 20, "nobody waits in line");
    assert_eq!(provider.count("BODY"), sent);
    assert_eq!(provider.book().articles, (SIZE * sent) as u64, "what was under way");
    pause(&proxy, false);
    for (n, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.reply_to(&format!("BODY <{n}@x>")).await.block().len(), SIZE);
    }
    assert_eq!(provider.book().articles, SIZE as u64 * 20, "each came once");
}

#[tokio::test(start_paused = true)]
async fn an_article_that_breaks_off_during_a_pause_is_still_completed() {
    let cut = Script::new().and(on("BODY", Fault::cut(SIZE / 2, Ending::Close)).once());
    let provider = provider("p", SIZE).rate(200_000).script(cut).state();
    let proxy = before(&[&provider], 2);
    let mut client = client(&proxy).await;
    client.send("BODY <a@x>").await;
    assert!(client.line().await.starts_with("222"));
    pause(&proxy, true);
    let began = Instant::now();
    client.bytes(SIZE).await;
    assert!(began.elapsed() < SECOND * 20);
}

/// Some downloaders try an article only a few times, but connect as often as it takes.
#[tokio::test(start_paused = true)]
async fn a_program_that_gave_up_waiting_is_greeted_again_when_the_pause_is_over() {
    let provider = provider("p", SIZE).state();
    let proxy = before(&[&provider], 2);
    pause(&proxy, true);
    for _ in 0..3 {
        // Each session ends with its client.
        let mut waiting = client(&proxy).await;
        waiting.send("BODY <a@x>").await;
        sleep(SECOND).await;
        drop(waiting);
        sleep(SECOND).await;
        assert_eq!(proxy.snapshot().clients.len(), 0);
        let mut again = connect(&proxy, 1024, |stream| stream);
        let greeted = timeout(HOUR, again.read_u8()).await;
        assert!(greeted.is_err(), "greeted during the pause");
        assert_eq!(proxy.snapshot().clients.len(), 1);
        pause(&proxy, false);
        assert_eq!(again.read_u8().await.unwrap(), b'2');
        drop(again);
        take(&mut client(&proxy).await, 1, (1, 1), SIZE).await;
        pause(&proxy, true);
    }
}

/// SABnzbd says QUIT and closes when it has waited for long enough.
#[tokio::test(start_paused = true)]
async fn a_program_that_says_goodbye_during_a_pause_leaves_nothing_behind() {
    let quits = ["BODY <a@x>\r\nQUIT".to_owned(), "BODY <a@x>\r\nXUNKNOWN".into(), full_pipeline()];
    for goodbye in quits {
        let provider = provider("p", SIZE).state();
        let proxy = before(&[&provider], 2);
        pause(&proxy, true);
        let mut waiting = client(&proxy).await;
        waiting.send(&goodbye).await;
        sleep(SECOND).await;
        assert_eq!(proxy.snapshot().clients.len(), 1);
        drop(waiting);
        sleep(SECOND).await;
        assert_eq!(proxy.snapshot().clients.len(), 0, "{goodbye:.20}");
        let mut again = connect(&proxy, 1024, |stream| stream);
        assert!(timeout(HOUR, again.read_u8()).await.is_err(), "greeted during the pause");
        pause(&proxy, false);
        assert_eq!(again.read_u8().await.unwrap(), b'2');
        assert_eq!(provider.count("BODY"), 0, "fetched for nobody");
    }
}

/// More requests than run at once.
fn full_pipeline() -> String {
    (0..70).map(|n| format!("BODY <{n}@x>\r\n")).collect()
}

#[tokio::test(start_paused = true)]
async fn an_article_under_way_is_completed_for_a_client_that_says_no_more_during_a_pause() {
    let provider = provider("p", SIZE).rate(200_000).state();
    let proxy = before(&[&provider], 2);
    let mut client = client(&proxy).await;
    client.send("BODY <a@x>").await;
    provider.until("the request", |book| book.count("BODY") == 1).await;
    pause(&proxy, true);
    client.send("BODY <b@x>").await;
    client.stream().shutdown().await.unwrap();
    let reply = client.reply_to("BODY <a@x>").await;
    assert_eq!((reply.code(), reply.block().len()), ("222", SIZE));
    assert_eq!(client.stream().read(&mut [0]).await.unwrap(), 0);
    assert_eq!(proxy.snapshot().backends[0].counters.failures, 0);
    assert_eq!(provider.count("BODY"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_for_longer_than_clients_may_be_silent_is_kept() {
    let provider = provider("p", SIZE).state();
    let proxy = before(&[&provider], 2);
    let mut client = client(&proxy).await;
    // The time of silence has begun before the pause.
    sleep(SECOND).await;
    pause(&proxy, true);
    client.send("BODY <a@x>").await;
    assert!(gets_nothing(&mut client).await);
    pause(&proxy, false);
    assert_eq!(client.reply_to("BODY <a@x>").await.block().len(), SIZE);
}

#[tokio::test(start_paused = true)]
async fn requests_in_a_group_that_wait_in_line_wait_for_the_end_of_the_pause_too() {
    let article = Article::text("<one@x>", &["text"]);
    let provider = provider("p", SIZE).rate(100_000).group("g", &[(1, &article)]).state();
    let one = BackendConfig { pipelining: NonZeroU8::new(1), ..logged_in("p", 1) };
    let proxy = proxy(RoutingMode::Hybrid, &[&provider], vec![one]);
    let (mut first, mut second) = (client(&proxy).await, client(&proxy).await);
    assert_eq!(second.ask("GROUP g").await.code(), "211");
    first.send("BODY <a@x>").await;
    provider.until("the request", |book| book.count("BODY") == 1).await;
    second.send("BODY 1").await;
    sleep(SECOND).await;
    pause(&proxy, true);
    assert_eq!(first.reply_to("BODY <a@x>").await.block().len(), SIZE);
    sleep(SECOND * 60).await;
    assert_eq!(provider.count("BODY"), 1);
    pause(&proxy, false);
    assert_eq!(second.reply_to("BODY 1").await.block().len(), SIZE);
}
