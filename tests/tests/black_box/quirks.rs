//! Real servers' habits, each by its name.

use newsmux_tests::daemon::{Daemon, Setup};
use newsmux_tests::provider::{Fault, Provider, Quirk, on};

use crate::{body, fetch, small};

async fn with(provider: Provider, dialogue: &str) {
    let provider = provider.group("misc.test", &[(3, &small())]).listen().await;
    for mode in ["standard", "hybrid"] {
        let daemon = Daemon::start(&Setup::with(&[&provider]).mode(mode)).await;
        daemon.client().await.talk(dialogue).await;
    }
}

#[tokio::test]
async fn nserv() {
    let nserv = Provider::named("nserv")
        .quirk(Quirk::CommaBehindCode)
        .quirk(Quirk::BodySays(220))
        .quirk(Quirk::ArticleSays(222))
        .quirk(Quirk::EchoesMangledGroup)
        .quirk(Quirk::Lacks("HEAD"))
        .quirk(Quirk::Lacks("DATE"))
        .quirk(Quirk::Lacks("LIST"));
    let dialogue = "
        C: GROUP misc.test
        C: BODY <small@x>
        C: ARTICLE <small@x>
        C: BODY 3
        C: DATE
        C: LIST
        C: STAT <small@x>
        S: 211 *
        S: 220*<small@x>
        S: ...
        S: 222*<small@x>
        S: ...
        S: 220*<small@x>
        S: ...
        S: *
        S: 50*
        S: 223*";
    with(nserv, dialogue).await;
}

#[tokio::test]
async fn supernews_says_221_to_body() {
    let dialogue = "C: BODY <small@x>\nC: STAT <small@x>\nS: 221 *\nS: ...\nS: 223 *";
    with(Provider::named("a").quirk(Quirk::BodySays(221)), dialogue).await;
}

#[tokio::test]
async fn a_bare_lf_behind_a_status_becomes_crlf() {
    let dialogue = "
        C: GROUP misc.test
        C: BODY <small@x>
        C: XOVER 3
        C: STAT <nothing@x>
        C: STAT
        S: 211 *
        S: 222 *
        S: ...
        S: 224 *
        S: ...
        S: 430 *
        S: 223 3 *";
    with(Provider::named("a").quirk(Quirk::BareLf), dialogue).await;
}

#[tokio::test]
async fn a_223_with_nothing_behind_it_or_nonsense() {
    let dialogue = "C: STAT <small@x>\nC: STAT <small@x>\nS: 223*\nS: 223*";
    with(Provider::named("a").quirk(Quirk::BareStat), dialogue).await;
    let dialogue = "C: STAT <nothing@x>\nC: DATE\nS: 223*\nS: 111 *";
    with(Provider::named("a").quirk(Quirk::StatFindsAll), dialogue).await;
}

#[tokio::test]
async fn sn_and_leafnode() {
    let leafnode = Provider::named("leafnode")
        .quirk(Quirk::ListgroupWithoutNumbers)
        .quirk(Quirk::MissingNumberIs430)
        .quirk(Quirk::RefusesCapabilities(500))
        .quirk(Quirk::Lacks("DATE"));
    let dialogue = "
        C: LISTGROUP misc.test
        C: STAT 99
        C: STAT
        S: 211 *
        S: 3
        S: .
        S: 430 *
        S: 223 3 *";
    with(leafnode, dialogue).await;
}

#[tokio::test]
async fn xover_of_nothing_is_whatever_the_provider_says() {
    let dialogue =
        "C: GROUP misc.test\nC: XOVER 9-\nC: OVER 9-\nS: 211 *\nS: 224 *\nS: .\nS: 423 *";
    with(Provider::named("inn"), dialogue).await;
    let dialogue = "C: GROUP misc.test\nC: XOVER 9-\nC: STAT\nS: 211 *\nS: 420 *\nS: 223 3 *";
    with(Provider::named("a").quirk(Quirk::EmptyXoverIs420), dialogue).await;
}

#[tokio::test]
async fn real_numbers_in_replies_by_message_id() {
    let dialogue = "C: BODY <small@x>\nS: 222 3 <small@x>\nS: ...";
    with(Provider::named("a").quirk(Quirk::NumbersById), dialogue).await;
}

#[tokio::test]
async fn message_ids_that_are_none() {
    // Test servers number their articles with these; sabnews and nserv know no better ones.
    for id in ["<a?b=c:d|e/f>", "<no-at-sign>", "<with blanks in it>", "<a>b>"] {
        let article = newsmux_tests::article::Article::text(id, &["x"]);
        let provider = Provider::named("a").with(&article).listen().await;
        let daemon = Daemon::start(&Setup::with(&[&provider])).await;
        fetch(&mut daemon.client().await, &article).await;
    }
}

#[tokio::test]
async fn anothers_article_is_never_taken_for_ours() {
    let a = Provider::named("a").with(&small()).rule(on("BODY", Fault::Impostor)).listen().await;
    let b = Provider::named("b").with(&small()).listen().await;
    for mode in ["per-command", "hybrid"] {
        let daemon = Daemon::start(&Setup::with(&[&a, &b]).mode(mode)).await;
        let mut client = daemon.client().await;
        for _ in 0..5 {
            fetch(&mut client, &small()).await;
        }
    }
}

#[tokio::test]
async fn bytes_behind_a_reply_are_never_taken_for_the_next() {
    for extra in ["\r\n", "222 0 <small@x>\r\nwrong\r\n.\r\n", "x", "430 No\r\n", "400 Bye\r\n"] {
        let fault = Fault::Extra(extra.into());
        let provider = Provider::named("a").with(&small()).rule(on("BODY", fault)).listen().await;
        let daemon = Daemon::start(&Setup::with(&[&provider])).await;
        let mut client = daemon.client().await;
        for _ in 0..5 {
            let reply = client.ask(&body(&small())).await;
            assert_eq!(reply.block(), small().body_block(), "behind {extra:?}");
        }
    }
}
