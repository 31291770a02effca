//! Whatever goes wrong at one provider before the first byte of a reply, another one serves.

use newsmux_tests::client::Client;
use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{Ending, Fault, GREETING, Listening, Provider, on};
use tokio::net::TcpStream;

use crate::{fetch, fetch_from, small};

const REFUSALS: [&str; 12] = [
    "400 Going down",
    "403 Disk on fire",
    "412 No newsgroup selected",
    "420 No current article",
    "423 No such number",
    "430 No such article",
    "451 Taken down",
    "480 Authentication required",
    "500 What?",
    "502 No permission",
    "503 Not now",
    "nonsense",
];

/// All four requests for an article, and their codes.
async fn fetch_in_all_ways(client: &mut Client<TcpStream>) {
    for (verb, code) in [("BODY", "222"), ("ARTICLE", "220"), ("HEAD", "221"), ("STAT", "223")] {
        let line = format!("{verb} {}", small().id());
        let reply = client.ask(&line).await;
        assert_eq!(reply.code(), code, "{line}: {}", reply.status);
    }
    fetch(client, &small()).await;
}

/// A good provider, behind a bad one in the settings.
async fn behind(bad: &Listening, mode: &str) -> (Listening, Daemon) {
    let good = Provider::named("good").with(&small()).listen().await;
    let setup = Setup::new().provider(Account::at(bad).timeout(1)).provider(Account::at(&good));
    let daemon = Daemon::start(&setup.mode(mode)).await;
    (good, daemon)
}

#[tokio::test]
async fn each_refusal_of_an_article_is_hidden_where_another_provider_has_it() {
    for mode in ["per-command", "hybrid"] {
        for words in REFUSALS {
            let mut bad = Provider::named("bad");
            for verb in ["BODY", "ARTICLE", "HEAD", "STAT"] {
                bad = bad.rule(on(verb, Fault::say(words)));
            }
            let bad = bad.listen().await;
            let (_good, daemon) = behind(&bad, mode).await;
            fetch_in_all_ways(&mut daemon.client().await).await;
        }
    }
}

#[tokio::test]
async fn a_refusal_by_everyone_never_sends_a_downloader_into_a_loop_and_ends_no_session() {
    // SABnzbd asks again at once, for ever, when BODY is answered with 500.
    for words in REFUSALS {
        let bad = Provider::named("bad").rule(on("BODY", Fault::say(words))).listen().await;
        let daemon = Daemon::start(&Setup::with(&[&bad])).await;
        let mut client = daemon.client().await;
        let answer = client.ask("BODY <small@x>").await;
        // The provider may serve other articles, whatever it says about this one.
        let expected = match &words[..3] {
            "400" | "403" | "502" | "503" | "non" => "503",
            _ => "430",
        };
        assert_eq!(answer.code(), expected, "{words}: {}", answer.status);
        client.talk("C: DATE\nS: 111 *").await;
    }
}

#[tokio::test]
async fn a_provider_that_does_not_answer_in_time_is_left_for_another() {
    let bad = Provider::named("bad").with(&small());
    let bad =
        bad.rule(on("BODY", Fault::stall(0))).rule(on("STAT", Fault::stall(5))).listen().await;
    let (_good, daemon) = behind(&bad, "hybrid").await;
    let mut client = daemon.client().await;
    fetch(&mut client, &small()).await;
    client.talk("C: STAT <small@x>\nS: 223 *").await;
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_left_for_another() {
    for mode in ["standard", "per-command", "hybrid"] {
        let mut bad = Provider::named("bad").listen().await;
        bad.stop().await;
        let (_good, daemon) = behind(&bad, mode).await;
        fetch_from(&daemon, &small()).await;
    }
}

#[tokio::test]
async fn a_provider_that_does_not_let_us_in_is_left_for_another() {
    for fault in [
        Fault::stall(0),
        Fault::stall(5),
        Fault::cut(0, Ending::Close),
        Fault::cut(7, Ending::Reset),
        Fault::say_and_close("400 Maintenance"),
        Fault::say_and_close("502 Not you"),
        Fault::say("HTTP/1.1 400 Bad Request"),
        Fault::say("\u{16}\u{3}\u{1}"),
    ] {
        let what = format!("{fault:?}");
        let bad = Provider::named("bad").rule(on(GREETING, fault)).listen().await;
        let (_good, daemon) = behind(&bad, "hybrid").await;
        let reply = daemon.client().await.ask("BODY <small@x>").await;
        assert_eq!(reply.code(), "222", "{what}");
    }
}

#[tokio::test]
async fn a_dead_provider_delays_neither_the_start_nor_anothers_articles() {
    let bad = Provider::named("bad").rule(on(GREETING, Fault::stall(0))).listen().await;
    let good = Provider::named("good").with(&small()).listen().await;
    // With a patience of a minute, whoever waits for the dead one is noticed.
    let setup = Setup::new().provider(Account::at(&bad).timeout(60)).provider(Account::at(&good));
    let daemon = Daemon::start(&setup).await;
    let began = std::time::Instant::now();
    for _ in 0..20 {
        fetch_from(&daemon, &small()).await;
    }
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}

#[tokio::test]
async fn when_no_provider_can_be_reached_the_client_is_told_and_let_go() {
    let bad = Provider::named("bad").rule(on("AUTHINFO", Fault::say("502 Account expired")));
    let bad = bad.account("someone", "word").listen().await;
    let setup = Setup::new().provider(Account::at(&bad).login("someone", "word"));
    let daemon = Daemon::start(&setup).await;
    let mut client = daemon.client().await;
    client.talk("C: BODY <small@x>\nS: 400 *bad*expired*\nS: (closed)").await;
}
