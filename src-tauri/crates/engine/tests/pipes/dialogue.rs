//! What a client says and hears.

use newsmux_tests::article::Article;
use newsmux_tests::provider::{Ending, Fault, Provider, on};
use nntp_proxy::backend::State;
use nntp_proxy::config::{BackendConfig, RoutingMode};
use nntp_proxy::events::Event;
use tokio::time::Duration;

use crate::support::backend;
use crate::{client, proxy};

/// What a client gets of an article that it asks for with this line.
const OK: usize = "222 0 <a@b>\r\n".len();

fn in_tier(tier: u8, name: &str) -> BackendConfig {
    BackendConfig { tier, ..backend(name, 2) }
}

#[tokio::test(start_paused = true)]
async fn an_article_comes_through_byte_for_byte() {
    let article = Article::text("<a@b>", &["line", ".dotted", ""]);
    let one = Provider::named("one").with(&article).state();
    let proxy = proxy(RoutingMode::Hybrid, &[&one], vec![backend("one", 2)]);
    let dialogue = "
        C: BODY <a@b>
        C: QUIT
        S: 222 0 <a@b>
        S: line
        S: ..dotted
        S:
        S: .
        S: 205 Bye
    ";
    client(&proxy).await.talk(dialogue).await;
    assert_eq!(one.book().on(1), ["BODY <a@b>"]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_article_is_asked_for_in_every_tier_and_then_missing() {
    let [one, two] =
        ["one", "two"].map(|name| Provider::named(name).latency(Duration::from_millis(10)).state());
    let backends = vec![in_tier(1, "two"), in_tier(0, "one")];
    let proxy = proxy(RoutingMode::PerCommand, &[&one, &two], backends);
    client(&proxy).await.talk("C: BODY <a@b>\nS: 430 *").await;
    let (one, two) = (one.book(), two.book());
    assert_eq!((one.on(1), two.on(1)), (vec!["BODY <a@b>"], vec!["BODY <a@b>"]));
    assert!(one.commands[0].at < two.commands[0].at);
}

#[tokio::test(start_paused = true)]
async fn a_dead_provider_is_passed_over_and_a_broken_connection_hidden() {
    let breaks = Provider::named("breaks").rule(on("STAT", Fault::cut(0, Ending::Close))).state();
    let found = |line: &str| Some(format!("223 0 {}\r\n", line.strip_prefix("STAT ")?));
    let works = Provider::named("works").answers(found).state();
    let backends = vec![in_tier(0, "dead"), in_tier(0, "breaks"), in_tier(1, "works")];
    let proxy = proxy(RoutingMode::PerCommand, &[&breaks, &works], backends);
    let dialogue = "
        C: STAT <1@x>
        C: STAT <2@x>
        C: STAT <3@x>
        S: 223 0 <1@x>
        S: 223 0 <2@x>
        S: 223 0 <3@x>
    ";
    client(&proxy).await.talk(dialogue).await;
}

#[tokio::test(start_paused = true)]
async fn a_group_at_a_provider_that_fails_ends_no_session() {
    let article = Article::text("<a@b>", &["text"]);
    let fails = on("STAT 1", Fault::cut(0, Ending::Close));
    let home = Provider::named("home").group("a", &[(1, &article)]).rule(fails).state();
    let other = Provider::named("other").with(&article).state();
    let backends = vec![backend("home", 1), backend("other", 1)];
    let proxy = proxy(RoutingMode::Hybrid, &[&home, &other], backends);
    let dialogue = "
        C: GROUP a
        C: STAT 1
        C: BODY <a@b>
        S: 211 1 1 1 a
        S: 503 Newsmux: home: *
        S: 222 0 <a@b>
        S: text
        S: .
    ";
    client(&proxy).await.talk(dialogue).await;
}

#[tokio::test(start_paused = true)]
async fn a_body_broken_off_goes_on_with_the_other_providers_copy() {
    let article = Article::text("<a@b>", &["the body, line one", "line two"]);
    let whole = Provider::named("one").state().article_block(&article);
    let cut = OK + whole.len() - " two\r\n.\r\n".len();
    let one = Provider::named("one").with(&article);
    let one = one.rule(on("ARTICLE", Fault::cut(cut, Ending::Close))).state();
    let two = Provider::named("two").with(&article).state();
    let backends = vec![in_tier(0, "one"), in_tier(1, "two")];
    let proxy = proxy(RoutingMode::PerCommand, &[&one, &two], backends);
    let reply = client(&proxy).await.ask("ARTICLE <a@b>").await;
    // It has the headers that the first provider had sent.
    assert_eq!(reply.block(), whole);
    assert_eq!(two.count("ARTICLE"), 1);
}

#[tokio::test(start_paused = true)]
async fn headers_broken_off_go_on_with_the_same_providers_copy() {
    let article = Article::text("<a@b>", &["text"]);
    let cut = on("ARTICLE", Fault::cut(OK + 10, Ending::Close)).times(3);
    let one = Provider::named("one").with(&article).rule(cut).state();
    let two = Provider::named("two").with(&article).state();
    let backends = vec![backend("one", 2), backend("two", 2)];
    let proxy = proxy(RoutingMode::PerCommand, &[&one, &two], backends);
    let reply = client(&proxy).await.ask("ARTICLE <a@b>").await;
    assert_eq!(reply.block(), one.article_block(&article));
    assert_eq!((one.count("ARTICLE"), two.count("ARTICLE")), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn one_article_that_breaks_every_connection_leaves_the_provider_to_the_others() {
    let article = Article::text("<a@b>", &["text"]);
    let breaks = on("BODY <breaks@b>", Fault::cut(0, Ending::Close));
    let one = Provider::named("one").with(&article).rule(breaks).state();
    let proxy = proxy(RoutingMode::PerCommand, &[&one], vec![backend("one", 2)]);
    let dialogue = "
        C: BODY <breaks@b>
        C: BODY <a@b>
        S: 503 *
        S: 222 0 <a@b>
        S: text
        S: .
        C: BODY <breaks@b>
        C: BODY <a@b>
        S: 503 *
        S: 222 0 <a@b>
        S: text
        S: .
    ";
    client(&proxy).await.talk(dialogue).await;
    assert_eq!(proxy.snapshot().backends[0].state, State::Up);
}

#[tokio::test(start_paused = true)]
async fn a_group_is_the_sessions_own_and_is_restored_where_it_was_lost() {
    let [first, seventh, other] =
        ["<1@a>", "<7@a>", "<5@b>"].map(|id| Article::text(id, &["text"]));
    let one = Provider::named("one")
        .group("a", &[(1, &first), (7, &seventh)])
        .group("b", &[(5, &other)])
        .state();
    let proxy = proxy(RoutingMode::Hybrid, &[&one], vec![backend("one", 1)]);
    let (mut a, mut b) = (client(&proxy).await, client(&proxy).await);
    b.talk("C: XOVER\nS: 412 *").await;
    let selects = "
        C: GROUP a
        C: STAT 7
        S: 211 2 1 7 a
        S: 223 7 <7@a>
    ";
    a.talk(selects).await;
    let overview = "
        C: XOVER
        C: GROUP b
        C: XOVER
        S: 412 *
        S: 211 1 5 5 b
        S: 224 *
        S: 5\t*
        S: .
    ";
    b.talk(overview).await;
    a.talk("C: STAT\nS: 223 7 <7@a>").await;
    let said = ["GROUP a", "STAT 7", "GROUP b", "XOVER", "GROUP a", "STAT 7", "STAT"];
    assert_eq!(one.book().on(1), said);
}

#[tokio::test(start_paused = true)]
async fn replies_keep_their_order_whatever_is_pipelined() {
    let [first, second, third] = ["<1>", "<2>", "<3>"].map(|id| Article::text(id, &["body"]));
    let group = [(1, &first), (2, &second), (3, &third)];
    for mode in [RoutingMode::Hybrid, RoutingMode::Standard] {
        let one = Provider::named("one").group("g", &group).state();
        let proxy = proxy(mode, &[&one], vec![backend("one", 2)]);
        let dialogue = "
            C: STAT <1>
            C: BODY <2>
            C: MODE READER
            C: GROUP g
            C: BODY <3>
            C: NONSENSE
            S: 223 0 <1>
            S: 222 0 <2>
            S: body
            S: .
            S: 201 *
            S: 211 3 1 3 g
            S: 222 0 <3>
            S: body
            S: .
            S: 500 What?
            C: QUIT
            S: 205 Bye
        ";
        client(&proxy).await.talk(dialogue).await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_provider_the_reply_says_what_to_do() {
    let proxy = proxy(RoutingMode::Hybrid, &[], Vec::new());
    let dialogue = "
        C: DATE
        C: BODY <a@b>
        S: 111 20*
        S: 400 *no provider is set up*
        S: (closed)
    ";
    client(&proxy).await.talk(dialogue).await;
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_reported_and_counted() {
    let article = Article::text("<a@b>", &["line"]);
    let broken = Article::text("<broken@b>", &["half a line"]);
    let one = Provider::named("one").with(&article).with(&broken);
    let one = one.rule(on("BODY <broken@b>", Fault::cut(25, Ending::Close))).state();
    let backends = vec![in_tier(0, "one"), in_tier(1, "dead")];
    let proxy = proxy(RoutingMode::PerCommand, &[&one], backends);
    let mut told = proxy.events();
    let mut client = client(&proxy).await;
    assert_eq!(client.ask("BODY <a@b>").await.block(), article.body_block());
    client.talk("C: BODY <missing@b>\nS: 430 *").await;

    let snapshot = proxy.snapshot();
    let (one, seen) = (snapshot.backends[0].counters, &snapshot.clients[0]);
    assert_eq!((one.requests, one.delivered, one.missing, one.failures), (2, 1, 1, 0));
    let whole = OK + article.body_block().len();
    assert_eq!(one.bytes, (whole + "430 No such article\r\n".len()) as u64);
    assert_eq!(seen.requests, 2);
    assert!(seen.bytes > whole as u64, "{}", seen.bytes);
    assert_eq!(seen.user, None);
    assert_eq!(seen.address.to_string(), "127.0.0.1:9");

    client.send("BODY <broken@b>").await;
    client.rest().await;
    drop(client);
    while !proxy.snapshot().clients.is_empty() {
        tokio::task::yield_now().await;
    }
    let all: Vec<_> = std::iter::from_fn(|| told.try_recv().ok()).collect();
    let name = "one".to_owned();
    assert_eq!(all[0], Event::Connected { provider: name.clone() });
    assert!(
        matches!(&all[1], Event::Failing { provider, state: State::Down, .. } if provider == "dead"),
        "{all:?}"
    );
    assert_eq!(
        all[2],
        Event::NotFound { client: "127.0.0.1:9".into(), message_id: Some("<missing@b>".into()) }
    );
    assert!(matches!(&all[3], Event::Retried { provider, .. } if *provider == name), "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_group_is_selected_once_for_a_newsreader_that_is_alone_with_it() {
    let articles = ["<1@g>", "<2@g>", "<3@g>"].map(|id| Article::text(id, &["text"]));
    let numbered: Vec<_> = (1..).zip(&articles).collect();
    let one = Provider::named("one").group("g", &numbered).state();
    let proxy = proxy(RoutingMode::Hybrid, &[&one], vec![backend("one", 2)]);
    let (mut reader, mut other) = (client(&proxy).await, client(&proxy).await);
    // Both at once, so that there are two connections to choose from.
    reader.send("GROUP g").await;
    other.send("STAT <1@g>").await;
    reader.talk("S: 211 3 1 3 g").await;
    other.talk("S: 223 0 <1@g>").await;
    for number in 1..=3 {
        reader.talk(&format!("C: STAT {number}\nS: 223 {number} <{number}@g>")).await;
    }
    assert_eq!(one.count("GROUP"), 1);
}
