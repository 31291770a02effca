//! Providers that fail, crawl or are silent, beside good ones: they are left alone soon, at little cost,
//! and come back by themselves.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use newsmux_tests::article::Article;
use newsmux_tests::provider::{Ending, Fault, Provider, Script, on};
use nntp_proxy::backend::Retry;
use nntp_proxy::config::RoutingMode;
use nntp_proxy::proxy::Proxy;
use tokio::time::{Duration, Instant, sleep};
use tracing::field::Field;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber, subscriber};

use crate::economy::{SMALL, before, download, logged_in, provider, take};
use crate::{client, proxy};

/// An article that takes a while on each line here.
const ARTICLE: usize = 64 * 1024;
const MINUTE: Duration = Duration::from_secs(60);

/// Every request for an article ends the connection.
pub(crate) fn drops() -> Script {
    Script::new().and(on("BODY", Fault::cut(0, Ending::Close)))
}

/// No request for an article has a reply.
pub(crate) fn stalls() -> Script {
    Script::new().and(on("BODY", Fault::stall(0)))
}

/// Counts what would be written to the log, as it is set by default, and shows it where a test fails.
#[derive(Clone, Default)]
struct Log(Arc<AtomicUsize>);

impl Log {
    fn lines(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::INFO
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        self.0.fetch_add(1, SeqCst);
        event.record(&mut |field: &Field, value: &dyn Debug| eprintln!("{field}: {value:?}"));
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_fails_for_ten_minutes_writes_a_handful_of_lines() {
    for conduct in [drops(), stalls()] {
        let log = Log::default();
        let counted = subscriber::set_default(log.clone());
        let bad = provider("bad", SMALL).script(conduct).state();
        let good = provider("good", SMALL).state();
        let proxy = before(&[&bad, &good], 4);
        let mut client = client(&proxy).await;
        let (end, mut asked) = (Instant::now() + 10 * MINUTE, 0);
        while Instant::now() < end {
            take(&mut client, asked, (1, 1), SMALL).await;
            asked += 1;
        }
        drop(counted);
        assert!(asked > 2_000, "{asked}");
        let lines = log.lines();
        assert!(lines <= 25, "{lines} lines for {asked} articles");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_crawls_is_asked_last_and_comes_back_when_it_is_well() {
    let crawls = provider("crawls", ARTICLE).rate(20_000).state();
    let good = provider("good", ARTICLE).rate(1_000_000).state();
    let proxy = before(&[&crawls, &good], 4);
    let download_for = async |time: Duration| {
        crawls.forget_commands();
        good.forget_commands();
        let began = Instant::now();
        while began.elapsed() < time {
            download(&proxy, 8, (10, 1), ARTICLE).await;
        }
        (crawls.count("BODY"), good.count("BODY"))
    };
    let (tried, _) = download_for(MINUTE).await;
    assert!(tried <= 8, "{tried} articles were asked of it at first");
    let (tried, asked) = download_for(3 * MINUTE).await;
    assert!(tried * 100 <= asked, "{tried} articles were asked of it, and {asked} of the other");
    crawls.set_rate(Some(1_000_000));
    download_for(3 * MINUTE).await;
    let (one, other) = download_for(MINUTE).await;
    assert!(one * 3 > other, "{one} articles come from it again, and {other} from the other");
}

#[tokio::test(start_paused = true)]
async fn an_article_that_crawls_comes_from_another_connection() {
    let crawl = Fault::Split((100..ARTICLE).step_by(100).collect(), Duration::from_secs(1));
    let crawls = on("BODY <0.", crawl).times(1);
    let provider = provider("p", ARTICLE).rate(1_000_000).rule(crawls).state();
    let proxy = before(&[&provider], 4);
    let began = Instant::now();
    download(&proxy, 4, (100, 4), ARTICLE).await;
    let took = began.elapsed();
    assert!(took < MINUTE, "{took:?} for {} articles", provider.count("BODY"));
    assert!(provider.book().accepted <= 5, "{} connections", provider.book().accepted);
}

#[tokio::test(start_paused = true)]
async fn replies_that_begin_late_cost_a_login_for_none_of_them_once_that_is_known() {
    let late = Fault::Delay(Duration::from_secs(5));
    let slow = provider("slow", SMALL).rule(on("BODY", late)).state();
    let proxy = before(&[&slow], 4);
    download(&proxy, 8, (5, 1), SMALL).await;
    let (asked, logins) = (slow.count("BODY"), slow.book().logins);
    assert!(logins <= 10, "{logins} logins for {asked} requests");
    download(&proxy, 8, (20, 1), SMALL).await;
    assert_eq!((slow.count("BODY") - asked, slow.book().logins - logins), (160, 0));
}

/// One article in twenty comes from the provider's slow disk, and is late each time it is asked for.
#[tokio::test(start_paused = true)]
async fn a_few_replies_that_begin_late_among_many_cost_neither_logins_nor_time() {
    let (clients, articles, late) = (8, 400, Duration::from_secs(3));
    let cold = (0..clients).flat_map(|client| {
        (0..articles).step_by(20).map(move |n| format!("BODY <{client}.{}@", n + client))
    });
    let script = cold.fold(Script::new(), |script, line| script.and(on(&line, Fault::Delay(late))));
    let provider = provider("p", SMALL).script(script).state();
    let proxy = before(&[&provider], 8);
    let began = Instant::now();
    download(&proxy, clients, (articles, 1), SMALL).await;
    let (took, logins) = (began.elapsed(), provider.book().logins);
    let least = late * (articles as u32 / 20);
    assert!(took < least * 2, "{took:?}, of which {least:?} are waits for the provider");
    assert!(logins <= 18, "{logins} logins");
}

#[tokio::test(start_paused = true)]
async fn a_newsreaders_requests_may_take_as_long_as_the_settings_allow() {
    let late = Fault::Delay(Duration::from_secs(15));
    let article = Article::text("<one@x>", &["text"]);
    for verb in ["GROUP", "OVER", "ARTICLE"] {
        for mode in [RoutingMode::Hybrid, RoutingMode::Standard] {
            let group = provider("p", SMALL).group("g", &[(1, &article)]);
            let provider = group.rule(on(verb, late.clone())).state();
            let proxy = proxy(mode, &[&provider], vec![logged_in("p", 4)]);
            let mut client = client(&proxy).await;
            for (line, code) in [("GROUP g", "211"), ("OVER 1", "224"), ("ARTICLE 1", "220")] {
                assert_eq!(
                    client.ask(line).await.code(),
                    code,
                    "{line} in {mode:?}, {verb} is late"
                );
            }
        }
    }
}

fn retry(proxy: &Proxy, provider: &str) -> Option<Retry> {
    let backends = proxy.snapshot().backends;
    backends.iter().find(|backend| backend.id == provider)?.retry
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_tried_again_when_the_user_says_so_but_never_ten_times_a_minute() {
    let refuses = Script::new().and(on("AUTHINFO PASS", Fault::say("481 wrong password")));
    let provider = Provider::named("p").account("u", "p").script(refuses).state();
    let proxy = proxy(RoutingMode::Hybrid, &[&provider], vec![logged_in("p", 4)]);
    client(&proxy).await.ask("BODY <1@x>").await;
    let Some(Retry::In(pause)) = retry(&proxy, "p") else { panic!("{:?}", retry(&proxy, "p")) };
    assert!(pause > MINUTE, "{pause:?}");
    for _ in 0..50 {
        proxy.try_now(None);
        sleep(Duration::from_secs(1)).await;
    }
    let tries = provider.count("AUTHINFO PASS");
    assert!((2..=10).contains(&tries), "{tries} logins in a minute");
    provider.play(Script::new());
    sleep(MINUTE).await;
    proxy.try_now(Some("q"));
    assert!(matches!(retry(&proxy, "p"), Some(Retry::In(_))), "another was meant");
    proxy.try_now(Some("p"));
    assert_eq!(retry(&proxy, "p"), Some(Retry::UnderWay));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(retry(&proxy, "p"), None);
    assert_eq!(provider.count("AUTHINFO PASS"), tries + 1);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_was_set_aside_is_probed_when_the_user_says_so() {
    let bad = provider("bad", SMALL).script(stalls()).state();
    let good = provider("good", SMALL).state();
    let proxy = before(&[&bad, &good], 4);
    let mut client = client(&proxy).await;
    let mut asked = 0;
    // It fails its probes, too: the pauses grow.
    while !matches!(retry(&proxy, "bad"), Some(Retry::In(pause)) if pause > MINUTE / 4) {
        take(&mut client, asked, (1, 1), SMALL).await;
        asked += 1;
    }
    bad.play(Script::new());
    take(&mut client, asked, (1, 1), SMALL).await;
    assert_eq!(bad.book().articles, 0);
    proxy.try_now(Some("bad"));
    assert_eq!(retry(&proxy, "bad"), Some(Retry::UnderWay), "a connection is made");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(retry(&proxy, "bad"), Some(Retry::NextRequest), "a login is no proof");
    take(&mut client, asked + 1, (1, 1), SMALL).await;
    assert_eq!(bad.book().articles, SMALL as u64);
    assert_eq!(retry(&proxy, "bad"), None);
}
