//! Accounts: what was bought is never overdrawn, whatever becomes of newsmuxd.

use newsmux_tests::article::Article;
use newsmux_tests::daemon::{Account, Daemon, Home, Setup};
use newsmux_tests::provider::{Listening, Provider};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{fetch, some};

/// How many articles a client fetches.
const ARTICLES: u64 = 20;
/// The volume that was bought, in bytes.
const VOLUME: u64 = 1_000_000;

fn stocked(name: &str) -> Provider {
    some(ARTICLES).iter().fold(Provider::named(name), Provider::with)
}

/// A block account first, and an unlimited one behind it.
fn block_first(block: &Listening, fill: &Listening, quota: Value) -> Setup {
    Setup::new()
        .provider(Account::at(block).login("u", "p").set("quota", quota))
        .provider(Account::at(fill).login("u", "p").set("tier", json!(1)))
}

/// So many clients fetch all articles.
async fn rush(daemon: &Daemon, clients: usize) {
    let mut all = JoinSet::new();
    for _ in 0..clients {
        let mut client = daemon.client().await;
        all.spawn(async move {
            for article in some(ARTICLES) {
                fetch(&mut client, &article).await;
            }
        });
    }
    all.join_all().await;
}

/// What its sockets have seen.
fn on_sockets(provider: &Listening) -> u64 {
    let book = provider.book();
    let lines: usize = book.commands.iter().map(|command| command.line.len() + 2).sum();
    book.sent + lines as u64
}

#[tokio::test]
async fn a_block_is_not_overdrawn_and_the_next_tier_serves_also_after_a_crash() {
    let block = stocked("block").account("u", "p").listen().await;
    let fill = stocked("fill").account("u", "p").listen().await;
    let setup = block_first(&block, &fill, json!({ "bytes": VOLUME }));
    let mut daemon = Daemon::start(&setup).await;
    rush(&daemon, 50).await;
    daemon.until_logged("block: its volume is used up").await;
    let size = |article: &Article| article.body_block().len() as u64;
    let largest = some(ARTICLES).iter().map(size).max().unwrap();
    let used = on_sockets(&block);
    assert!((VOLUME..VOLUME + 4 * (largest + 100)).contains(&used), "{used}");
    daemon.signal("KILL").await;
    daemon.ended().await;
    let daemon = daemon.again().await;
    rush(&daemon, 5).await;
    assert_eq!(on_sockets(&block), used, "asked again");
}

#[tokio::test]
async fn what_was_used_before_counts_and_more_can_be_bought_without_a_restart() {
    let block = stocked("block").account("u", "p").listen().await;
    let fill = stocked("fill").account("u", "p").listen().await;
    let spent = json!({ "bytes": VOLUME, "used_before": VOLUME });
    let daemon = Daemon::start(&block_first(&block, &fill, spent)).await;
    rush(&daemon, 2).await;
    assert_eq!(block.book().accepted, 0);
    let more = json!({ "bytes": 100 * VOLUME, "used_before": VOLUME });
    daemon.reload(&block_first(&block, &fill, more)).await;
    let before = fill.book().count("BODY");
    rush(&daemon, 2).await;
    assert_eq!(fill.book().count("BODY"), before);
    assert!(block.book().count("BODY") > 0);
}

#[tokio::test]
async fn a_provider_that_calls_its_month_used_up_is_not_asked_again_after_a_crash() {
    let used_up =
        |line: &str| line.starts_with("BODY").then(|| "502 Byte limit exceeded\r\n".into());
    let block = stocked("block").account("u", "p").answers(used_up).listen().await;
    let fill = stocked("fill").account("u", "p").listen().await;
    let month = json!({ "bytes": 100 * VOLUME, "period": "month" });
    let mut daemon = Daemon::start(&block_first(&block, &fill, month)).await;
    rush(&daemon, 2).await;
    daemon.until_logged("not asked before the next period: 502 Byte limit exceeded").await;
    let asked = block.book().count("BODY");
    assert!((1..=4).contains(&asked), "{asked}");
    daemon.signal("KILL").await;
    daemon.ended().await;
    let daemon = daemon.again().await;
    rush(&daemon, 2).await;
    assert_eq!(block.book().count("BODY"), asked);
}

#[tokio::test]
async fn what_cannot_be_is_named_by_its_place() {
    let provider = |fields: &str| {
        let first = r#"{"id": "a", "host": "a.example"}"#;
        let second = format!(r#"{{"id": "b", "host": "b.example", {fields}}}"#);
        format!(r#"{{"providers": [{first}, {second}]}}"#)
    };
    for (fields, words) in [
        (r#""quota": {"bytes": 0}"#, ["providers[1].quota.bytes", "more than 0"]),
        (r#""quota": {"bytes": 9, "reserve": 9}"#, ["providers[1].quota.reserve", "less than"]),
        (
            r#""quota": {"bytes": 9, "period": "month", "reset_day": 32}"#,
            ["providers[1].quota.reset_day", "from 1 to 31"],
        ),
        (r#""account": "b""#, ["providers[1].account", "names the provider itself"]),
        (r#""account": "c""#, ["providers[1].account", "no provider \"c\""]),
        (r#""account": "a", "expires": "2030-01-01""#, ["providers[1].expires", "set it at \"a\""]),
        (r#""expires": "tomorrow""#, ["providers[1].expires", "settings.json"]),
    ] {
        let home = Home::new(&Setup::new());
        home.write_settings(&provider(fields));
        let ended = home.run(home.command().args(["--listen", "127.0.0.1:0"])).await;
        for word in words {
            assert!(ended.stderr.contains(word), "no {word:?} in {:?}", ended.stderr);
        }
    }
}
