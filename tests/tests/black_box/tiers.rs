//! Tiers: a block account is asked only when every usable lower one said 430.

use newsmux_tests::article::Article;
use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{Ending, Fault, Listening, Provider, on};
use serde_json::json;
use tokio::time::Duration;

use crate::{body, fetch, fetch_from, small};

async fn with_small(name: &str) -> Listening {
    Provider::named(name).with(&small()).listen().await
}

async fn empty(name: &str) -> Listening {
    Provider::named(name).listen().await
}

fn tiers(lower: &[&Listening], upper: &Listening) -> Setup {
    Setup::with(lower).provider(Account::at(upper).tier(1))
}

#[tokio::test]
async fn a_higher_tier_is_not_even_dialled_while_the_lower_one_has_the_articles() {
    let (a, block) = (with_small("a").await, with_small("block").await);
    let daemon = Daemon::start(&tiers(&[&a], &block)).await;
    for _ in 0..10 {
        fetch_from(&daemon, &small()).await;
    }
    assert_eq!(block.book().accepted, 0);
}

#[tokio::test]
async fn a_higher_tier_is_asked_when_all_lower_ones_lack_the_article() {
    let (a, b, block) = (empty("a").await, empty("b").await, with_small("block").await);
    let daemon = Daemon::start(&tiers(&[&a, &b], &block)).await;
    fetch_from(&daemon, &small()).await;
    assert_eq!((a.count("BODY"), b.count("BODY"), block.count("BODY")), (1, 1, 1));
}

#[tokio::test]
async fn one_lower_provider_that_has_it_is_enough() {
    let (a, b, block) = (empty("a").await, with_small("b").await, with_small("block").await);
    let daemon = Daemon::start(&tiers(&[&a, &b], &block)).await;
    for _ in 0..5 {
        fetch_from(&daemon, &small()).await;
    }
    assert_eq!(block.book().accepted, 0);
}

#[tokio::test]
async fn a_lower_tier_that_is_merely_busy_is_waited_for() {
    let slow = on("BODY", Fault::Delay(Duration::from_millis(700)));
    let a = Provider::named("a").with(&small()).rule(slow).listen().await;
    let block = with_small("block").await;
    let narrow = Account::at(&a).connections(1).set("pipelining", json!(1));
    let setup = Setup::new().provider(narrow).provider(Account::at(&block).tier(1));
    let daemon = Daemon::start(&setup).await;
    let (mut one, mut two) = (daemon.client().await, daemon.client().await);
    one.send(&body(&small())).await;
    two.send(&body(&small())).await;
    for client in [&mut one, &mut two] {
        crate::check(&client.reply_to(&body(&small())).await, &small());
    }
    assert_eq!((a.count("BODY"), block.book().accepted), (2, 0));
}

#[tokio::test]
async fn a_lower_tier_that_is_down_is_passed_over() {
    let (mut a, block) = (with_small("a").await, with_small("block").await);
    a.stop().await;
    let daemon = Daemon::start(&tiers(&[&a], &block)).await;
    fetch_from(&daemon, &small()).await;
    assert_eq!(block.count("BODY"), 1);
}

#[tokio::test]
async fn a_required_provider_that_is_down_is_waited_for() {
    let (mut a, block) = (with_small("a").await, with_small("block").await);
    a.stop().await;
    let required = Account::at(&a).set("required", json!(true));
    let setup = Setup::new().provider(required).provider(Account::at(&block).tier(1));
    let daemon = Daemon::start(&setup).await;
    let mut client = daemon.client().await;
    client.send(&body(&small())).await;
    daemon.until_logged("cannot connect").await;
    a.restart().await;
    crate::check(&client.reply_to(&body(&small())).await, &small());
    assert_eq!(block.book().accepted, 0);
}

#[tokio::test]
async fn an_article_that_nobody_has_is_430_after_each_was_asked_once() {
    let (a, b, block) = (empty("a").await, empty("b").await, empty("block").await);
    for mode in ["per-command", "hybrid"] {
        let daemon = Daemon::start(&tiers(&[&a, &b], &block).mode(mode)).await;
        let mut client = daemon.client().await;
        let before = [&a, &b, &block].map(|provider| provider.count("ARTICLE"));
        client.talk("C: ARTICLE <small@x>\nS: 430 *\nC: DATE\nS: 111 *").await;
        let after = [&a, &b, &block].map(|provider| provider.count("ARTICLE"));
        assert_eq!(after, before.map(|count| count + 1));
    }
}

#[tokio::test]
async fn a_430_is_never_given_from_memory() {
    let (a, b) = (empty("a").await, empty("b").await);
    let daemon = Daemon::start(&Setup::with(&[&a, &b])).await;
    let mut client = daemon.client().await;
    for _ in 0..3 {
        assert_eq!(client.ask(&body(&small())).await.code(), "430");
    }
    assert_eq!((a.count("BODY"), b.count("BODY")), (3, 3));
    b.add(small());
    fetch(&mut client, &small()).await;
}

#[tokio::test]
async fn a_430_is_remembered_to_ask_others_first() {
    let (a, b) = (empty("a").await, with_small("b").await);
    let daemon = Daemon::start(&Setup::with(&[&a, &b])).await;
    let mut client = daemon.client().await;
    // Once a has denied it, b is asked first, and a not at all.
    for _ in 0..10 {
        fetch(&mut client, &small()).await;
    }
    assert!(a.count("BODY") <= 1, "{}", a.count("BODY"));
}

#[tokio::test]
async fn a_provider_that_is_away_for_a_moment_is_waited_for_before_an_article_is_missing() {
    let (a, mut b) = (empty("a").await, with_small("b").await);
    let daemon = Daemon::start(&Setup::with(&[&a, &b])).await;
    let mut client = daemon.client().await;
    fetch(&mut client, &small()).await;
    b.stop().await;
    b.hang_up("", Ending::Reset);
    b.until_alone().await;
    client.send(&body(&small())).await;
    daemon.until_logged("cannot connect").await;
    b.restart().await;
    crate::check(&client.reply_to(&body(&small())).await, &small());
}

#[tokio::test]
async fn tiers_hold_for_requests_of_a_group_reader_too() {
    let (a, block) = (empty("a").await, with_small("block").await);
    let other = Article::text("<other@x>", &["x"]);
    let reader = Provider::named("reader").group("misc.test", &[(1, &other)]).listen().await;
    let daemon = Daemon::start(&tiers(&[&reader, &a], &block)).await;
    let mut client = daemon.client().await;
    client.talk("C: GROUP misc.test\nS: 211 *\nC: BODY <other@x>\nS: 222 *\nS: ...").await;
    assert_eq!(block.book().accepted, 0);
    fetch(&mut client, &small()).await;
    assert_eq!(block.book().accepted, 1);
}
