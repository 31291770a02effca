//! A session's group and current article: its own, whatever happens to the connections.

use newsmux_tests::article::Article;
use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{Ending, Listening, Provider};

use crate::{MODES, fetch, fetch_from, small};

fn numbered(group: &str) -> Vec<Article> {
    (1..=4).map(|n| Article::text(&format!("<{group}-{n}@x>"), &["x"])).collect()
}

/// A provider with two groups of four articles each, numbered from `from` on.
async fn provider(name: &str, from: u64) -> Listening {
    let mut provider = Provider::named(name).with(&small());
    for group in ["misc.one", "misc.two"] {
        let articles = numbered(group);
        let numbered: Vec<_> = (from..).zip(&articles).collect();
        provider = provider.group(group, &numbered);
    }
    provider.listen().await
}

/// A single connection for all.
fn narrow(provider: &Listening) -> Setup {
    Setup::new().provider(Account::at(provider).connections(1))
}

#[tokio::test]
async fn clients_on_one_connection_never_see_each_others_group() {
    let provider = provider("a", 10).await;
    let daemon = Daemon::start(&narrow(&provider)).await;
    let (mut one, mut two) = (daemon.client().await, daemon.client().await);
    one.talk("C: GROUP misc.one\nS: 211 4 10 13 misc.one").await;
    two.talk("C: STAT\nC: XOVER 1-\nS: 412 *\nS: 412 *").await;
    two.talk("C: GROUP misc.two\nS: 211 4 10 13 misc.two\nC: NEXT\nS: 223 11 <misc.two-2@x>").await;
    for n in 2..=4 {
        let at = 9 + n;
        one.talk(&format!("C: NEXT\nS: 223 {at} <misc.one-{n}@x>")).await;
        two.talk(&format!("C: STAT {at}\nS: 223 {at} <misc.two-{n}@x>")).await;
        two.talk(&format!("C: STAT\nS: 223 {at} <misc.two-{n}@x>")).await;
    }
    one.talk("C: NEXT\nS: 421 *").await;
    fetch_from(&daemon, &small()).await;
    daemon.client().await.talk("C: NEXT\nS: 412 *").await;
    assert_eq!(provider.book().peak, 1);
}

#[tokio::test]
async fn an_unknown_command_finds_its_own_clients_group_or_none() {
    for (mode, connections) in [("hybrid", 1), ("hybrid", 4), ("standard", 4)] {
        let provider = provider("a", 10).await;
        let setup = Setup::new().provider(Account::at(&provider).connections(connections));
        let daemon = Daemon::start(&setup.mode(mode)).await;
        let mut other = daemon.client().await;
        other.talk("C: GROUP misc.one\nS: 211 *\nC: QUIT\nS: 205 *").await;
        drop(other);
        let mut client = daemon.client().await;
        client.talk("C: XNONE\nS: 500 *\nC: GROUP misc.two\nS: 211 *\nC: NEXT\nS: 223 *").await;
        client.talk("C: XSOME\nS: 500 *\nC: NEXT\nS: 223 12 *").await;
        let book = provider.book();
        let before = |begins: &str| {
            let asked = book.commands.iter().find(|command| command.line.starts_with(begins));
            let on = book.on(asked.unwrap().connection);
            let lines = on.into_iter().take_while(|line| !line.starts_with(begins));
            lines.filter(|line| !line.starts_with("X")).last().map(str::to_owned)
        };
        assert_eq!(before("XNONE"), None, "{mode}, {connections}");
        let own = ["NEXT", "STAT 11"].map(str::to_owned);
        assert!(own.contains(&before("XSOME").unwrap()), "{:?}", before("XSOME"));
        assert!(book.peak <= u64::from(connections));
    }
}

#[tokio::test]
async fn an_idle_group_leaves_its_connection_to_others() {
    let provider = provider("a", 10).await;
    let daemon = Daemon::start(&narrow(&provider)).await;
    let mut reader = daemon.client().await;
    reader.talk("C: GROUP misc.one\nS: 211 *\nC: NEXT\nS: 223 11 *").await;
    fetch_from(&daemon, &small()).await;
    reader.talk("C: NEXT\nS: 223 12 *").await;
    assert_eq!(provider.book().accepted, 1);
}

#[tokio::test]
async fn group_and_current_article_are_restored_when_the_provider_closes_an_idle_connection() {
    let provider = provider("a", 10).await;
    for mode in ["standard", "hybrid"] {
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode)).await;
        let mut client = daemon.client().await;
        client.talk("C: GROUP misc.one\nS: 211 *\nC: NEXT\nS: 223 11 *").await;
        for (words, how, at) in
            [("", Ending::Close, 12), ("400 idle\r\n", Ending::Close, 13), ("", Ending::Reset, 14)]
        {
            provider.hang_up(words, how);
            provider.until_alone().await;
            let next = if at == 14 { "S: 421 *".into() } else { format!("S: 223 {at} *") };
            client.talk(&format!("C: NEXT\n{next}")).await;
        }
        client.talk("C: XOVER 10-11\nS: 224 *\nS: 10	*\nS: 11	*\nS: .").await;
    }
}

#[tokio::test]
async fn article_numbers_stay_those_of_the_provider_where_the_group_was_selected() {
    let (mut a, b) = (provider("a", 10).await, provider("b", 700).await);
    let daemon = Daemon::start(&Setup::with(&[&a, &b])).await;
    let mut client = daemon.client().await;
    client.talk("C: GROUP misc.one\nS: 211 4 10 13 misc.one").await;
    a.stop().await;
    a.hang_up("", Ending::Reset);
    a.until_alone().await;
    client.send("NEXT").await;
    daemon.until_logged("cannot connect").await;
    a.restart().await;
    client.talk("S: 223 11 <misc.one-2@x>").await;
    assert_eq!(b.count("GROUP") + b.count("NEXT"), 0);
}

#[tokio::test]
async fn selecting_another_group_starts_at_its_first_article_and_a_missing_one_changes_nothing() {
    let provider = provider("a", 10).await;
    let daemon = Daemon::start(&narrow(&provider)).await;
    let mut client = daemon.client().await;
    client
        .talk(
            "C: GROUP misc.one
             C: NEXT
             C: GROUP misc.none
             C: NEXT
             C: LISTGROUP misc.two
             S: 211 *
             S: 223 11 <misc.one-2@x>
             S: 411 *
             S: 223 12 <misc.one-3@x>
             S: 211 *
             S: ...
             C: STAT
             S: 223 10 <misc.two-1@x>
             C: LAST
             S: 422 *",
        )
        .await;
}

#[tokio::test]
async fn a_lone_group_does_not_put_a_downloader_on_a_slow_way() {
    // NZBGet with JoinGroup says GROUP on every connection, and then only BODY <id>.
    let provider = provider("a", 10).await;
    let daemon = Daemon::start(&Setup::with(&[&provider])).await;
    let mut clients = Vec::new();
    for _ in 0..12 {
        let mut client = daemon.client().await;
        client.talk("C: GROUP misc.one\nS: 211 *").await;
        clients.push(client);
    }
    for client in &mut clients {
        fetch(client, &small()).await;
    }
    assert!(provider.book().peak <= 4);
}

#[tokio::test]
async fn no_mode_shows_a_clients_group_to_the_next_one() {
    let provider = provider("a", 10).await;
    for mode in MODES.into_iter().filter(|mode| *mode != "per-command") {
        let daemon = Daemon::start(&narrow(&provider).mode(mode)).await;
        let mut client = daemon.client().await;
        client.talk("C: GROUP misc.one\nS: 211 *\nC: QUIT\nS: 205 *\nS: (closed)").await;
        daemon.client().await.talk("C: STAT\nS: 412 *").await;
        drop(daemon);
        provider.until_alone().await;
    }
}
