//! Speed limits of the real newsmuxd, from its settings and by newsmuxctl.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use newsmux_tests::article::Article;
use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{Listening, Provider};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep};

use crate::fetch;

/// How long a speed is measured.
const TIME: Duration = Duration::from_secs(5);
/// What is in the buffers of sockets is gone by then.
const SETTLED: Duration = Duration::from_secs(1);

fn articles() -> Vec<Article> {
    (0..8).map(|n| Article::binary(n, 50_000)).collect()
}

async fn provider() -> Listening {
    articles().iter().fold(Provider::named("a"), Provider::with).listen().await
}

/// Downloads of some clients, until this is dropped.
struct Downloads {
    bytes: Arc<AtomicU64>,
    _clients: JoinSet<()>,
}

impl Downloads {
    async fn start(daemon: &Daemon, login: Option<&str>) -> Self {
        let (bytes, mut clients) = (Arc::<AtomicU64>::default(), JoinSet::new());
        for n in 0..4 {
            let (mut client, bytes) = (daemon.client().await, Arc::clone(&bytes));
            if let Some(user) = login {
                assert_eq!(client.ask(&format!("AUTHINFO USER {user}")).await.code(), "381");
                assert_eq!(client.ask("AUTHINFO PASS word").await.code(), "281");
            }
            clients.spawn(async move {
                for article in articles().iter().cycle().skip(n) {
                    fetch(&mut client, article).await;
                    bytes.fetch_add(article.body_block().len() as u64, Relaxed);
                }
            });
        }
        Self { bytes, _clients: clients }
    }

    /// Bytes a second.
    async fn speed(&self) -> f64 {
        sleep(SETTLED).await;
        let (before, began) = (self.bytes.load(Relaxed), Instant::now());
        sleep(TIME).await;
        (self.bytes.load(Relaxed) - before) as f64 / began.elapsed().as_secs_f64()
    }

    /// Four articles may be under way when the measurement begins and when it ends.
    async fn is_about(&self, wanted: f64, what: &str) {
        let speed = self.speed().await;
        let tolerance = wanted * 0.05 + 4.0 * 50_000.0 / TIME.as_secs_f64();
        assert!((speed - wanted).abs() <= tolerance, "{what}: {speed:.0} B/s, not {wanted:.0}");
    }
}

async fn ctl(daemon: &Daemon, arguments: &[&str]) -> String {
    let ended = daemon.home().newsmuxctl(arguments).await;
    assert!(ended.status.success(), "{arguments:?}: {}", ended.stderr);
    ended.stdout.trim().to_owned()
}

#[tokio::test]
async fn newsmuxctl_limits_the_speed_at_once_and_costs_no_connection() {
    let provider = provider().await;
    let limits = json!({"speed": 1_500_000, "slow_speed": 400_000});
    let daemon = Daemon::start(&Setup::with(&[&provider]).set("limits", limits)).await;
    let downloads = Downloads::start(&daemon, None).await;
    downloads.is_about(1_500_000.0, "the limit in the settings").await;
    assert_eq!(ctl(&daemon, &["limit", "slow"]).await, "slow mode: limited to 400.0 kB/s");
    downloads.is_about(400_000.0, "slow mode").await;
    assert_eq!(ctl(&daemon, &["limit", "5M"]).await, "limited to 5.0 MB/s");
    downloads.is_about(5_000_000.0, "another limit").await;
    let status = ctl(&daemon, &["status", "--json"]).await;
    let status: Value = serde_json::from_str(&status).unwrap();
    let traffic = &status["traffic"];
    assert_eq!((&traffic["mode"], &traffic["speed"]), (&json!("speed"), &json!(5_000_000)));
    assert_eq!(ctl(&daemon, &["limit", "off"]).await, "limited to 1.5 MB/s");
    downloads.is_about(1_500_000.0, "the limit in the settings again").await;
    assert!(provider.book().accepted <= 4, "{} connections", provider.book().accepted);
}

#[tokio::test]
async fn a_limit_that_cannot_be_is_refused_in_a_sentence() {
    let daemon = Daemon::start(&Setup::new()).await;
    let ended = daemon.home().newsmuxctl(&["limit", "10"]).await;
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(ended.stderr, "newsmuxctl: 10 is too slow: use at least 1000 bytes a second\n");
}

#[tokio::test]
async fn limits_of_a_provider_and_of_a_program_come_with_a_reload() {
    let provider = provider().await;
    let setup = |speed: Value, program: Value| {
        let account = Account::at(&provider).set("speed", speed);
        let clients = json!([{"name": "one", "speed": program}, {"name": "two"}]);
        let setup = Setup::new().client("one", "word").client("two", "word").provider(account);
        setup.set("clients", clients)
    };
    let daemon = Daemon::start(&setup(json!(2_000_000), Value::Null)).await;
    let one = Downloads::start(&daemon, Some("one")).await;
    one.is_about(2_000_000.0, "the provider's limit").await;
    daemon.reload(&setup(Value::Null, json!(500_000))).await;
    let two = Downloads::start(&daemon, Some("two")).await;
    one.is_about(500_000.0, "the program's limit").await;
    let other = two.speed().await;
    assert!(other > 3_000_000.0, "{other:.0} B/s of the other program");
    assert!(provider.book().accepted <= 4, "{} connections", provider.book().accepted);
}

#[tokio::test]
async fn newsmuxctl_pauses_and_resumes_and_programs_only_wait() {
    let provider = provider().await;
    let daemon = Daemon::start(&Setup::with(&[&provider])).await;
    let (article, mut client) = (&articles()[0], daemon.client().await);
    fetch(&mut client, article).await;
    assert_eq!(ctl(&daemon, &["pause"]).await, "paused");
    assert_eq!(
        ctl(&daemon, &["status"]).await.lines().next().map(|l| l.ends_with(": paused")),
        Some(true)
    );
    client.send(&format!("BODY {}", article.id())).await;
    let mut other = daemon.client().await;
    assert_eq!(other.ask(&format!("STAT {}", article.id())).await.code(), "223");
    sleep(SETTLED).await;
    assert_eq!(provider.count("BODY"), 1, "an article was fetched");
    assert_eq!(ctl(&daemon, &["resume"]).await, "no speed limit");
    let reply = client.reply_to(&format!("BODY {}", article.id())).await;
    assert_eq!((reply.code(), reply.block().to_vec()), ("222", article.body_block()));
    let paused = ctl(&daemon, &["pause", "15m"]).await;
    assert!(paused.starts_with("paused until ") && paused.ends_with(", then normal"), "{paused}");
    assert_eq!(provider.book().accepted, 1, "the connection was kept");
}

#[tokio::test]
async fn the_schedule_in_the_settings_is_followed() {
    let provider = provider().await;
    let all_day = |what: &str| json!([{"from": "00:00", "to": "00:00", what: true}]);
    let setup = |what: &str| {
        let limits = json!({"slow_speed": 400_000, "schedule": all_day(what)});
        Setup::with(&[&provider]).set("limits", limits)
    };
    let daemon = Daemon::start(&setup("slow")).await;
    let downloads = Downloads::start(&daemon, None).await;
    downloads.is_about(400_000.0, "slow by schedule").await;
    daemon.reload(&setup("pause")).await;
    downloads.is_about(0.0, "paused by schedule").await;
    ctl(&daemon, &["resume"]).await;
    let speed = downloads.speed().await;
    assert!(speed > 2_000_000.0, "{speed:.0} B/s after it was resumed");
}
