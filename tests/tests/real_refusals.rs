//! Real programs meet servers that refuse: one article, one group, one command. They get the rest at once, with one
//! login.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::fs;
use std::path::Path;

use newsmux_tests::article::Article;
use newsmux_tests::client::Client;
use newsmux_tests::daemon::{Account, Daemon, Setup};
use newsmux_tests::provider::{Book, Fault, Listening, Provider as Scripted, Quirk, on};
use newsmux_tests::real::download::Post;
use newsmux_tests::real::inn::Inn;
use newsmux_tests::real::nzbget::{self, Nzbget};
use newsmux_tests::real::proxy::{Provider, Proxy};
use newsmux_tests::real::sabnzbd::{self, Sabnzbd};
use newsmux_tests::real::{Server, Tool, folder, nyuu, reader, skip};
use sample::{NZB_NAME, PICTURE_NAME, Sample};
use tokio::task::block_in_place;
use tokio::time::Duration;

const GROUP: &str = "misc.test";

/// Twelve articles at INN, of which the .nzb names one by an id that INN calls malformed.
fn post_with_a_malformed_id(inn: &Inn, folder: &Path) -> Post {
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
    Proxy::start("hybrid", Provider { server, ca_file: None, compressed: false }, None)
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
async fn net_nntp_reads_the_rest() {
    if skip(&[Tool::Perl]) {
        return;
    }
    let provider = strict().await;
    block_in_place(|| reader::net_nntp_of_a_strict_server(before(&provider).server, GROUP));
    let book = provider.book();
    assert!(book.accepted <= 4, "{} connections", book.accepted);
    assert!(book.count("GROUP local.x") <= 4, "{} tries", book.count("GROUP local.x"));
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
    assert_eq!(book.count("XOVER 1-4"), 1, "the overview in one request: {:?}", book.on(1));
}

/// The articles of a picture, and what a downloader is to make of them.
struct Picture {
    post: Post,
    articles: Vec<Article>,
}

impl Picture {
    async fn new(folder: &Path) -> Self {
        let sample = Sample::start().await.unwrap();
        let segments = sample.nzb().split("</segment>").map(|text| text.rsplit('>').next());
        let ids = segments.flatten().filter(|id| id.contains('@')).map(|id| format!("<{id}>"));
        let mut client = Client::connect(sample.address()).await;
        client.line().await;
        let mut articles = Vec::new();
        for id in ids {
            let reply = client.ask(&format!("BODY {id}")).await;
            articles.push(Article::of_block(&id, reply.block()));
        }
        let post = Post { file: folder.join(PICTURE_NAME), nzb: folder.join(NZB_NAME) };
        fs::write(&post.file, sample::picture()).unwrap();
        fs::write(&post.nzb, sample.nzb()).unwrap();
        Self { post, articles }
    }

    /// A provider that has all of it.
    fn at(&self, name: &str) -> Scripted {
        self.articles.iter().fold(Scripted::named(name), |provider, article| provider.with(article))
    }
}

/// Says this to each request for an article that begins so, after the first `skip`.
fn refusing(provider: Scripted, id: &str, says: &str, skip: u64) -> Scripted {
    ["ARTICLE", "BODY"].iter().fold(provider, |provider, verb| {
        provider.rule(on(&format!("{verb} {id}"), Fault::say(says)).skip(skip))
    })
}

/// How often an article was asked for.
fn tries(book: &Book, id: &str) -> usize {
    book.count(&format!("BODY {id}")) + book.count(&format!("ARTICLE {id}"))
}

/// A picture at a provider that refuses two of its articles, and leaves idle connections with a farewell.
async fn two_refused(folder: &Path) -> (Picture, Listening) {
    let picture = Picture::new(folder).await;
    let [first, second] = [0, 1].map(|at: usize| picture.articles[at].id());
    let provider = picture.at("a").idle(Duration::from_millis(300), "503 Timeout\r\n");
    let provider = refusing(provider, first, "480 Authentication required", 0);
    let provider = refusing(provider, second, "500 What?", 0);
    (picture, provider.listen().await)
}

/// Each refused article was asked for a few times, on a few connections.
fn assert_few_tries(picture: &Picture, book: &Book) {
    for article in &picture.articles[..2] {
        let tries = tries(book, article.id());
        assert!((1..=4).contains(&tries), "{tries} tries of {}", article.id());
    }
    assert!(book.accepted <= 12, "{} connections", book.accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn nzbget_asks_for_refused_articles_a_few_times_and_gets_the_rest() {
    if skip(&[Tool::Nzbget]) {
        return;
    }
    let folder = folder();
    let (picture, provider) = two_refused(folder.path()).await;
    let job = block_in_place(|| {
        let proxy = before(&provider);
        let port = format!("Server1.Port={}", proxy.server.port);
        let entry =
            ["Server1.Active=yes", "Server1.Host=127.0.0.1", &port, "Server1.Connections=4"];
        Nzbget::start(folder.path(), &entry).end_of(&picture.post)
    });
    let whole = picture.articles.len() - 2;
    let counts = (&job["FailedArticles"], &job["SuccessArticles"]);
    assert_eq!(counts, (&2.into(), &whole.into()), "{job}");
    assert_few_tries(&picture, &provider.book());
}

#[tokio::test(flavor = "multi_thread")]
async fn sabnzbd_asks_for_refused_articles_a_few_times_and_gets_the_rest() {
    if skip(&[Tool::Sabnzbd]) {
        return;
    }
    let folder = folder();
    let (picture, provider) = two_refused(folder.path()).await;
    let job = block_in_place(|| {
        let proxy = before(&provider);
        let manner = sabnzbd::Manner { connections: 4, pipelining: 2, pre_check: false };
        let entry = sabnzbd::entry(proxy.server, manner);
        Sabnzbd::start(folder.path(), &entry, false).end_of(&picture.post)
    });
    assert!(job["stage_log"].to_string().contains("2 articles"), "{job}");
    assert_few_tries(&picture, &provider.book());
}

/// A picture at a provider whose volume is used up after the first article, and at another of a later tier.
async fn used_up(folder: &Path) -> (Picture, Listening, Listening, Daemon) {
    let picture = Picture::new(folder).await;
    let a = refusing(picture.at("a"), "", "502 Byte limit exceeded", 1).listen().await;
    let b = picture.at("b").listen().await;
    let accounts = [Account::at(&a), Account::at(&b).tier(1)];
    let setup = accounts.into_iter().fold(Setup::new(), Setup::provider);
    let daemon = Daemon::start(&setup).await;
    (picture, a, b, daemon)
}

/// The used-up provider was asked for one more article on each connection at most, and logged into no more.
fn assert_left_alone(a: &Listening) {
    let book = a.book();
    assert!(tries(&book, "") <= 6, "{} tries", tries(&book, ""));
    assert!(book.accepted <= 5, "{} connections", book.accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn nzbget_gets_all_when_the_first_provider_is_used_up() {
    if skip(&[Tool::Nzbget]) {
        return;
    }
    let folder = folder();
    let (picture, a, b, daemon) = used_up(folder.path()).await;
    let server = Server { port: daemon.address().port(), login: None };
    let manner = nzbget::Manner { connections: 4, join_group: false };
    block_in_place(|| nzbget::download(server, &picture.post, folder.path(), manner));
    assert!(tries(&b.book(), "") >= picture.articles.len() - 1);
    assert_left_alone(&a);
}

#[tokio::test(flavor = "multi_thread")]
async fn sabnzbd_gets_all_when_the_first_provider_is_used_up() {
    if skip(&[Tool::Sabnzbd]) {
        return;
    }
    let folder = folder();
    let (picture, a, b, daemon) = used_up(folder.path()).await;
    let server = Server { port: daemon.address().port(), login: None };
    let manner = sabnzbd::Manner { connections: 4, pipelining: 2, pre_check: false };
    block_in_place(|| sabnzbd::download(server, &picture.post, folder.path(), manner));
    assert!(tries(&b.book(), "") >= picture.articles.len() - 1);
    assert_left_alone(&a);
}
