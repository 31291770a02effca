//! Never more connections than were entered, not for a moment; and what a provider grants is learned.

use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{Ending, Fault, Limit, Listening, Provider, on};
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant};

use crate::{MODES, fetch, fetch_from, small, some};

/// Twelve clients at once, each of which fetches all articles one by one.
async fn rush(daemon: &Daemon) {
    let mut clients = JoinSet::new();
    for n in 0..12 {
        let mut client = daemon.client().await;
        clients.spawn(async move {
            let articles = some(6);
            for article in articles.iter().cycle().skip(n).take(6) {
                fetch(&mut client, article).await;
            }
        });
    }
    while let Some(done) = clients.join_next().await {
        done.expect("a client that was served");
    }
}

fn stocked(name: &str) -> Provider {
    some(6).iter().fold(Provider::named(name), Provider::with).latency(Duration::from_millis(5))
}

fn at(provider: &Listening, connections: u16) -> Setup {
    Setup::new().provider(Account::at(provider).connections(connections).login("u", "p"))
}

#[tokio::test]
async fn no_more_connections_are_open_than_were_entered() {
    for mode in MODES {
        let provider = stocked("a").account("u", "p").listen().await;
        let daemon = Daemon::start(&at(&provider, 3).mode(mode)).await;
        rush(&daemon).await;
        assert!(provider.book().peak <= 3, "{} in {mode}", provider.book().peak);
    }
}

#[tokio::test]
async fn no_more_connections_are_open_than_were_entered_when_they_keep_breaking() {
    for how in [Ending::Close, Ending::Reset] {
        let mut provider = stocked("a").account("u", "p");
        // More would have to wait: ten logins a minute, whatever becomes of the connections.
        for n in 0..8 {
            provider =
                provider.rule(on("BODY", Fault::cut(n * 200, how)).skip(4 * n as u64).once());
        }
        let provider = provider.listen().await;
        let daemon = Daemon::start(&at(&provider, 3)).await;
        rush(&daemon).await;
        let book = provider.book();
        assert!(book.peak <= 3 && book.accepted > 8, "{} of {}", book.peak, book.accepted);
    }
}

#[tokio::test]
async fn a_single_connection_serves_everyone() {
    let provider = stocked("a").account("u", "p").listen().await;
    let daemon = Daemon::start(&at(&provider, 1)).await;
    rush(&daemon).await;
    assert_eq!((provider.book().peak, provider.book().accepted), (1, 1));
}

/// Whatever a provider says to the third connection, the two that stand serve all, and it is not
/// asked for a third again and again.
async fn is_learned(limit: Limit) {
    let words = format!("{limit:?}");
    let provider = stocked("a").account("u", "p").limit(limit).listen().await;
    let daemon = Daemon::start(&at(&provider, 6)).await;
    let began = Instant::now();
    rush(&daemon).await;
    let refused = provider.book().refused;
    // It is asked for one more every ten seconds.
    let due = || began.elapsed().as_secs() / 10;
    assert!((1..=4 + due()).contains(&refused), "{refused} refused by {words}");
    rush(&daemon).await;
    let again = provider.book().refused - refused;
    assert!(again <= due(), "asked {again} times again: {words}");
    assert_eq!(provider.book().counted, 2, "{words}");
}

#[tokio::test]
async fn a_limit_is_learned_from_a_refusal_instead_of_a_greeting() {
    for words in [
        "502 connection limit (2) reached",
        "400 Too many connections",
        "502 You have reached the maximum number of connections",
    ] {
        is_learned(Limit::AtGreeting(2, words.into())).await;
    }
}

#[tokio::test]
async fn a_limit_is_learned_from_a_refusal_behind_the_login() {
    for words in [
        "482 Too many connections for your user",
        "502 Exceeded simultaneous connections",
        "481 Too many threads",
        "481",
        "400 connection limit",
        "502 Go away",
    ] {
        is_learned(Limit::AfterLogin(2, words.into())).await;
    }
}

#[tokio::test]
async fn connections_that_the_provider_still_counts_are_waited_for() {
    let limit = Limit::AtGreeting(1, "502 connection limit (1) reached".into());
    let provider = Provider::named("a").with(&small()).limit(limit);
    let provider = provider.lingering(Duration::from_millis(1500)).listen().await;
    let account = Account::at(&provider).connections(1);
    let daemon = Daemon::start(&Setup::new().provider(account)).await;
    let mut client = daemon.client().await;
    fetch(&mut client, &small()).await;
    provider.hang_up("", Ending::Close);
    provider.until_alone().await;
    fetch(&mut client, &small()).await;
    assert!(provider.book().refused > 0);
}

#[tokio::test]
async fn a_client_that_only_connects_causes_no_connection() {
    // SABnzbd opens and closes a bare connection to each server: an address race.
    let provider = Provider::named("a").with(&small()).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider])).await;
    for _ in 0..20 {
        drop(daemon.client().await);
    }
    daemon.client().await.talk("C: MODE READER\nS: 20*").await;
    assert_eq!(provider.book().accepted, 0);
    fetch_from(&daemon, &small()).await;
}
