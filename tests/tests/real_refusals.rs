//! Real programs meet servers that refuse: one article, one group, one command. They get the rest at once, with one
//! login.

use std::fs;

use newsmux_tests::article::Article;
use newsmux_tests::provider::{Fault, Listening, Provider as Scripted, Quirk, on};
use newsmux_tests::real::download::Post;
use newsmux_tests::real::inn::Inn;
use newsmux_tests::real::nzbget::Nzbget;
use newsmux_tests::real::proxy::{Provider, Proxy};
use newsmux_tests::real::sabnzbd::{self, Sabnzbd};
use newsmux_tests::real::{Server, Tool, folder, nyuu, reader, skip};
use tokio::task::block_in_place;

const GROUP: &str = "misc.test";

/// Twelve articles at INN, of which the .nzb names one by an id that INN calls malformed.
fn post_with_a_malformed_id(inn: &Inn, folder: &std::path::Path) -> Post {
    let post = nyuu::post(inn.plain, folder, 8);
    let nzb = fs::read_to_string(&post.nzb).unwrap();
    let (before, id) = nzb.rsplit_once("<segment").unwrap();
    let (tag, rest) = id.split_once('>').unwrap();
    let (_, end) = rest.split_once('<').unwrap();
    fs::write(&post.nzb, format!("{before}<segment{tag}>no-domain<{end}")).unwrap();
    post
}

#[test]
fn nzbget_misses_one_article_and_no_more() {
    if skip(&[Tool::Inn, Tool::Nyuu, Tool::Nzbget]) {
        return;
    }
    let folder = folder();
    let inn = Inn::start(folder.path());
    let post = post_with_a_malformed_id(&inn, folder.path());
    let proxy = Proxy::start("hybrid", Provider::plain(&inn), None);
    let port = format!("Server1.Port={}", proxy.server.port);
    let server = ["Server1.Active=yes", "Server1.Host=127.0.0.1", &port, "Server1.Connections=4"];
    let job = Nzbget::start(folder.path(), &server).end_of(&post);
    assert_eq!((&job["FailedArticles"], &job["SuccessArticles"]), (&1.into(), &11.into()), "{job}");
}

#[test]
fn sabnzbd_misses_one_article_and_no_more() {
    if skip(&[Tool::Inn, Tool::Nyuu, Tool::Sabnzbd]) {
        return;
    }
    let folder = folder();
    let inn = Inn::start(folder.path());
    let post = post_with_a_malformed_id(&inn, folder.path());
    let proxy = Proxy::start("hybrid", Provider::plain(&inn), None);
    let manner = sabnzbd::Manner { connections: 4, pipelining: 2, pre_check: false };
    let sabnzbd = Sabnzbd::start(folder.path(), &sabnzbd::entry(proxy.server, manner), false);
    let job = sabnzbd.end_of(&post);
    let lines = job["stage_log"].to_string();
    assert!(lines.contains("1 article"), "{job}");
}

/// A server that answers strangers as INN does, and knows the old names of commands only.
async fn strict() -> Listening {
    let articles: Vec<_> = (1..=4)
        .map(|n| Article::text(&format!("<{n}@x>"), &[&format!("Article {n}."), ".", "end"]))
        .collect();
    let numbered: Vec<_> = (1..).zip(&articles).collect();
    Scripted::named("strict")
        .group(GROUP, &numbered)
        .without_posting()
        .quirk(Quirk::RefusesCapabilities(500))
        .quirk(Quirk::Lacks("OVER"))
        .quirk(Quirk::Lacks("HDR"))
        .rule(on("GROUP local.x", Fault::say("480 Authentication required")))
        .rule(on("LIST SUBSCRIPTIONS", Fault::say("400 Unrecognized command")))
        .rule(on("LIST ACTIVE local.*", Fault::say("503 Not stored here")))
        .rule(on("BODY <no-domain>", Fault::say("501 Bad message-id")))
        .listen()
        .await
}

fn before(provider: &Listening) -> Proxy {
    let server = Server { port: provider.address().port(), login: None };
    Proxy::start("hybrid", Provider { server, ca_file: None }, None)
}

#[tokio::test(flavor = "multi_thread")]
async fn nntplib_reads_the_rest() {
    if skip(&[Tool::Nntplib]) {
        return;
    }
    let provider = strict().await;
    block_in_place(|| reader::nntplib(before(&provider).server, GROUP));
    let book = provider.book();
    assert!(book.accepted <= 4, "{} connections", book.accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn tin_shows_what_there_is() {
    if skip(&[Tool::Tin]) {
        return;
    }
    let (provider, folder) = (strict().await, folder());
    let saved = block_in_place(|| {
        let proxy = before(&provider);
        reader::tin_of(proxy.server, &["local.x", GROUP], folder.path())
    });
    assert_eq!(saved.len(), 4, "tin saved {saved:#?}");
    let book = provider.book();
    assert!(book.accepted <= 4, "{} connections", book.accepted);
    assert_eq!(book.count("XOVER"), 1, "the overview in one request: {:?}", book.on(1));
}
