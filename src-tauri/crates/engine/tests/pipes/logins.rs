//! How often an account is logged in to: at most ten times a minute where connections do not last, and
//! at once where they do.

use std::sync::Arc;

use newsmux_tests::provider::{At, Ending, Fault, Provider, ProviderState, Rule, on};
use nntp_proxy::config::{BackendConfig, RoutingMode};
use nntp_proxy::proxy::Proxy;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep};

use crate::client;
use crate::economy::{SMALL, before, download, logged_in, provider, take};
use crate::support::config;

const MINUTE: Duration = Duration::from_secs(60);

/// Each connection ends right behind its first reply.
fn after_one_reply() -> Rule {
    on("BODY", Fault::Cut(At::Byte(usize::MAX), Ending::Close))
}

/// The most logins that the provider saw within a minute, less what one takes: the engine counts from
/// the beginning of the dial.
fn most_in_a_minute(provider: &ProviderState) -> usize {
    let (book, minute) = (provider.book(), MINUTE - Duration::from_secs(1));
    let logins = book.commands.iter().filter(|command| command.line.starts_with("AUTHINFO PASS"));
    let at: Vec<_> = logins.map(|login| login.at).collect();
    let within =
        |from: &Instant| at.iter().filter(|at| (*from..*from + minute).contains(at)).count();
    at.iter().map(within).max().unwrap_or_default()
}

/// Each of `clients` asks for one article after the other for so long. Returns how many they got, and
/// how many took longer than a second.
async fn ask_for(proxy: &Proxy, clients: usize, time: Duration) -> (usize, usize) {
    let (mut all, end) = (JoinSet::new(), Instant::now() + time);
    for at in 0..clients {
        let mut client = client(proxy).await;
        all.spawn(async move {
            let (mut had, mut late) = (0, 0);
            while Instant::now() < end {
                let asked = Instant::now();
                take(&mut client, at * 100_000 + had, (1, 1), SMALL).await;
                had += 1;
                late += usize::from(asked.elapsed() > Duration::from_secs(1));
            }
            (had, late)
        });
    }
    all.join_all().await.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

#[tokio::test(start_paused = true)]
async fn connections_that_end_after_one_reply_cost_ten_logins_a_minute_and_the_other_provider_serves()
 {
    let idle = |provider: Provider| provider.idle(Duration::from_millis(200), "");
    let silent = |provider: Provider| provider.rule(after_one_reply());
    let denying = |provider: Provider| {
        provider.rule(on("BODY", Fault::say_and_close("480 Authentication required")))
    };
    for (brief, clients) in [
        (silent(provider("brief", SMALL)), 1),
        (silent(provider("brief", SMALL)), 6),
        (idle(provider("brief", SMALL)), 1),
        (denying(provider("brief", SMALL)), 2),
    ] {
        let (brief, good) = (brief.state(), provider("good", SMALL).state());
        let proxy = before(&[&brief, &good], 4);
        let (had, late) = ask_for(&proxy, clients, 5 * MINUTE).await;
        let logins = most_in_a_minute(&brief);
        assert!(logins <= 10, "{logins} logins in a minute");
        assert!(had > 1000 && late * 100 <= had * 3, "{late} of {had} were late");
    }
}

#[tokio::test(start_paused = true)]
async fn alone_a_provider_that_serves_one_reply_for_each_login_serves_ten_a_minute() {
    for clients in [1, 4, 12] {
        let brief = provider("brief", SMALL).rule(after_one_reply()).state();
        let proxy = before(&[&brief], 4);
        let (had, _) = ask_for(&proxy, clients, 5 * MINUTE).await;
        let logins = most_in_a_minute(&brief);
        assert!(logins <= 10, "{logins} logins in a minute for {clients} clients");
        assert!(had >= 40, "{had} articles for {clients} clients");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cold_start_opens_all_connections_at_once() {
    let provider = provider("p", SMALL).rate(10_000_000).state();
    let proxy = before(&[&provider], 50);
    let busy = tokio::spawn({
        let proxy = proxy.clone();
        async move { download(&proxy, 60, (200, 1), SMALL).await }
    });
    sleep(Duration::from_secs(3)).await;
    assert_eq!(provider.book().open, 50);
    busy.await.unwrap();
    assert_eq!(provider.book().logins, 50);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_restarts_has_all_connections_again_within_seconds() {
    for lived in [Duration::from_secs(8), 2 * MINUTE] {
        let provider = provider("p", SMALL).rate(2_000_000).state();
        let proxy = before(&[&provider], 50);
        let busy = tokio::spawn({
            let proxy = proxy.clone();
            async move { ask_for(&proxy, 60, lived + Duration::from_secs(10)).await }
        });
        sleep(lived).await;
        assert_eq!(provider.book().open, 50);
        provider.hang_up("400 Restarting", Ending::Close);
        sleep(Duration::from_secs(5)).await;
        assert_eq!(provider.book().open, 50, "after {lived:?}");
        busy.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn new_settings_right_after_the_start_cost_no_wait() {
    let provider = provider("p", SMALL).rate(10_000_000).state();
    let proxy = before(&[&provider], 50);
    download(&proxy, 60, (3, 1), SMALL).await;
    let changed = BackendConfig { pipelining: crate::support::depth(2), ..logged_in("p", 50) };
    proxy.apply(config(RoutingMode::Hybrid, vec![changed]));
    let asked = Instant::now();
    download(&proxy, 60, (3, 1), SMALL).await;
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
}

#[tokio::test(start_paused = true)]
async fn clients_that_leave_in_the_middle_cost_ten_logins_a_minute() {
    let size = 10 * 1024 * 1024;
    let provider = provider("p", size).rate(1_000_000).state();
    let proxy = Arc::new(before(&[&provider], 4));
    let end = Instant::now() + 3 * MINUTE;
    while Instant::now() < end {
        let mut client = client(&proxy).await;
        client.talk("C: STAT <1@x>\nS: 223 *").await;
        client.send("BODY <1@x>").await;
        client.line().await;
        client.abort();
        sleep(Duration::from_millis(500)).await;
    }
    let logins = most_in_a_minute(&provider);
    assert!(logins <= 14, "{logins} logins in a minute");
}

#[tokio::test(start_paused = true)]
async fn logins_that_a_provider_has_forgotten_on_all_connections_are_made_anew() {
    let provider = provider("p", SMALL).rate(2_000_000).state();
    let proxy = before(&[&provider], 10);
    download(&proxy, 20, (3, 1), SMALL).await;
    let connections = provider.book().accepted;
    assert_eq!(connections, 10);
    for connection in 1..=connections {
        provider.add_rule(on("BODY", Fault::say("480 Who are you?")).connection(connection));
    }
    sleep(MINUTE).await;
    let asked = Instant::now();
    download(&proxy, 4, (10, 1), SMALL).await;
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_missing_while_a_provider_that_was_not_asked_waits_for_a_login() {
    let lacks = |line: &str| line.starts_with("BODY").then(|| "430 No such article\r\n".to_owned());
    let lacks = Provider::named("lacks").account("u", "p").answers(lacks).state();
    let brief = provider("brief", SMALL).rule(after_one_reply()).state();
    let proxy = before(&[&lacks, &brief], 4);
    let mut all = JoinSet::new();
    for name in 0..30 {
        let mut client = client(&proxy).await;
        all.spawn(async move { client.ask(&format!("BODY <{name}@x>")).await.code().to_owned() });
    }
    let codes = all.join_all().await;
    assert!(codes.iter().any(|code| code == "222"), "{codes:?}");
    assert!(codes.iter().all(|code| code == "222" || code == "503"), "{codes:?}");
}
