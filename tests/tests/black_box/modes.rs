//! What a client gets in each of the three modes.

use newsmux_tests::article::Article;
use newsmux_tests::daemon::{Daemon, Setup};
use newsmux_tests::provider::{At, Fault, Gate, Provider, on};

use crate::{body, fetch, small, some};

const STATEFUL: [&str; 12] = [
    "GROUP misc.test",
    "LISTGROUP misc.test",
    "LISTGROUP",
    "NEXT",
    "LAST",
    "ARTICLE 3",
    "BODY",
    "STAT 3",
    "XOVER 1-9",
    "OVER",
    "XHDR Subject 1-9",
    "HDR Subject 1-9",
];

#[tokio::test]
async fn standard_gives_a_client_one_connection_for_its_whole_session() {
    let (one, other) = (small(), Article::text("<other@x>", &["x"]));
    let provider =
        Provider::named("a").group("misc.test", &[(3, &one), (5, &other)]).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider]).mode("standard")).await;
    let mut client = daemon.client().await;
    client
        .talk(
            "C: GROUP misc.test
             S: 211 2 3 5 misc.test
             C: STAT <other@x>
             C: NEXT
             C: DATE
             C: XOVER 3-5
             S: 223 *
             S: 223 5 <other@x>
             S: 111 *
             S: 224 *
             S: ...",
        )
        .await;
    fetch(&mut client, &one).await;
    let book = provider.book();
    let lines =
        ["GROUP misc.test", "STAT <other@x>", "NEXT", "DATE", "XOVER 3-5", "BODY <small@x>"];
    assert_eq!(book.accepted, 1);
    assert_eq!(book.on(1), lines);
}

#[tokio::test]
async fn standard_gives_two_clients_two_connections() {
    let provider = Provider::named("a").with(&small()).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider]).mode("standard")).await;
    let (mut one, mut two) = (daemon.client().await, daemon.client().await);
    fetch(&mut one, &small()).await;
    fetch(&mut two, &small()).await;
    fetch(&mut one, &small()).await;
    let book = provider.book();
    assert_eq!((book.on(1).len(), book.on(2).len(), book.accepted), (2, 1, 2));
}

#[tokio::test]
async fn per_command_spreads_requests_over_providers_of_a_tier() {
    let gate = Gate::closed();
    let articles = some(8);
    let provider = |name| {
        let held = on("BODY", Fault::Hold(At::Byte(0), gate.clone()));
        articles.iter().fold(Provider::named(name), Provider::with).rule(held)
    };
    let (a, b) = (provider("a").listen().await, provider("b").listen().await);
    for mode in ["per-command", "hybrid"] {
        let daemon = Daemon::start(&Setup::with(&[&a, &b]).mode(mode)).await;
        let mut clients = Vec::new();
        for article in &articles {
            let mut client = daemon.client().await;
            client.send(&body(article)).await;
            clients.push(client);
        }
        a.until_asked("BODY").await;
        b.until_asked("BODY").await;
        gate.open();
        for (client, article) in clients.iter_mut().zip(&articles) {
            crate::check(&client.reply_to(&body(article)).await, article);
        }
    }
}

#[tokio::test]
async fn per_command_refuses_stateful_requests_without_touching_a_provider() {
    let provider = Provider::named("a").group("misc.test", &[(3, &small())]).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&provider]).mode("per-command")).await;
    let mut client = daemon.client().await;
    for line in STATEFUL {
        assert_eq!(client.ask(line).await.code(), "503", "{line}");
    }
    assert_eq!(client.ask("XFROB x").await.code(), "500");
    assert_eq!(provider.book().accepted, 0);
    fetch(&mut client, &small()).await;
}

#[tokio::test]
async fn what_needs_a_group_is_412_before_there_is_one_and_touches_no_provider() {
    let provider = Provider::named("a").group("misc.test", &[(3, &small())]).listen().await;
    for mode in ["standard", "hybrid"] {
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode)).await;
        let mut client = daemon.client().await;
        for line in STATEFUL.iter().skip(2).chain(&["XOVER", "XHDR Path"]) {
            assert_eq!(client.ask(line).await.code(), "412", "{line} in {mode}");
        }
    }
    assert_eq!(provider.book().accepted, 0);
}

#[tokio::test]
async fn hybrid_sees_requests_by_id_to_any_provider_also_behind_a_group() {
    let (here, there) = (small(), Article::text("<there@x>", &["x"]));
    let a = Provider::named("a").group("misc.test", &[(3, &here), (4, &small())]).listen().await;
    let b = Provider::named("b").with(&there).listen().await;
    let daemon = Daemon::start(&Setup::with(&[&a, &b])).await;
    let mut client = daemon.client().await;
    client.talk("C: GROUP misc.test\nS: 211 * 3 4 misc.test").await;
    fetch(&mut client, &there).await;
    client.talk("C: NEXT\nS: 223 4 *").await;
    assert_eq!(b.count("GROUP"), 0);
    assert_eq!(b.count("BODY"), 1);
}

#[tokio::test]
async fn hybrid_spreads_requests_by_id_also_behind_a_group() {
    let gate = Gate::closed();
    let articles = some(8);
    let provider = |name| {
        let held = on("BODY", Fault::Hold(At::Byte(0), gate.clone()));
        let provider = articles.iter().fold(Provider::named(name), Provider::with).rule(held);
        provider.group("misc.test", &[(1, &articles[0])])
    };
    let (a, b) = (provider("a").listen().await, provider("b").listen().await);
    let daemon = Daemon::start(&Setup::with(&[&a, &b])).await;
    let mut client = daemon.client().await;
    client.talk("C: GROUP misc.test\nS: 211 *").await;
    let lines: Vec<_> = articles.iter().map(body).collect();
    client.send(&lines.join("\r\n")).await;
    a.until_asked("BODY").await;
    b.until_asked("BODY").await;
    gate.open();
    for (line, article) in lines.iter().zip(&articles) {
        crate::check(&client.reply_to(line).await, article);
    }
}

#[tokio::test]
async fn a_request_by_id_does_not_move_the_current_article() {
    let (one, two) = (small(), Article::text("<two@x>", &["x"]));
    let provider = Provider::named("a").group("misc.test", &[(3, &one), (5, &two)]).listen().await;
    for mode in ["standard", "hybrid"] {
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode)).await;
        let dialogue = "
            C: GROUP misc.test
            S: 211 *
            C: BODY <two@x>
            S: 222 *
            S: ...
            C: STAT
            S: 223 3 <small@x>
            C: ARTICLE
            S: 220 3 <small@x>
            S: ...";
        daemon.client().await.talk(dialogue).await;
    }
}

#[tokio::test]
async fn an_unknown_verb_passes_through_in_standard_and_hybrid() {
    let rule = on("XFROB", Fault::say("299 frobbed"));
    let provider = Provider::named("a").with(&small()).rule(rule).listen().await;
    for mode in ["standard", "hybrid"] {
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode)).await;
        let mut client = daemon.client().await;
        client.talk("C: XNOBODY knows\nS: 500 What?").await;
        fetch(&mut client, &small()).await;
        client.talk("C: XFROB this\nS: 299 frobbed").await;
    }
    assert_eq!(provider.count("XNOBODY knows"), 2);
    assert_eq!(provider.count("XFROB this"), 2);
}
