//! `COMPRESS DEFLATE` (RFC 8054): overviews come compressed, and nobody notices but the meter.

use std::sync::Arc;

use newsmux_tests::article::Article;
use newsmux_tests::client::Reply;
use newsmux_tests::provider::{Ending, Fault, Provider, ProviderState, Script, on};
use newsmux_tests::rng::Rng;
use nntp_proxy::auth::AuthHandler;
use nntp_proxy::config::{BackendConfig, Compression, Config, Credentials, RoutingMode, Secret};
use nntp_proxy::proxy::Proxy;
use tokio::io::duplex;
use tokio::time::{Duration, sleep};

use crate::support::{backend, config, connect, depth};
use crate::{Client, client, proxy};

/// How many articles the group has.
const COUNT: u64 = 300;
const OVERVIEW: &str = "XOVER 1-300";
const ROUND_TRIP: Duration = Duration::from_millis(50);

fn articles() -> Vec<Article> {
    (1..=COUNT).map(|n| Article::binary(n, 2000)).collect()
}

/// A provider with a group, 50 ms away.
fn provider(name: &str) -> Provider {
    let articles = articles();
    let numbered: Vec<_> = (1..).zip(&articles).collect();
    let provider = Provider::named(name).group("g", &numbered).latency(ROUND_TRIP);
    articles.iter().fold(provider, |provider, article| provider.with(article))
}

fn settings(connections: u16) -> BackendConfig {
    BackendConfig { compression: Compression::Auto, ..backend("a", connections) }
}

fn before(provider: &Arc<ProviderState>, mode: RoutingMode, settings: BackendConfig) -> Proxy {
    proxy(mode, &[provider], vec![settings])
}

async fn reader(proxy: &Proxy) -> Client {
    let mut client = client(proxy).await;
    client.talk("C: GROUP g\nS: 211 300 1 300 g").await;
    client
}

/// What the provider says without any compression.
async fn plain_overview() -> Reply {
    let provider = provider("a").state();
    let proxy = before(&provider, RoutingMode::Hybrid, backend("a", 1));
    let reply = reader(&proxy).await.ask(OVERVIEW).await;
    assert_eq!((reply.code(), provider.count("COMPRESS")), ("224", 0));
    assert!(received(&proxy) > reply.block().len() as u64);
    reply
}

/// Bytes on the provider's sockets.
fn received(proxy: &Proxy) -> u64 {
    proxy.snapshot().backends[0].counters.received
}

/// The connection that this was said on.
fn connection_of(provider: &ProviderState, line: &str) -> u64 {
    let book = provider.book();
    let command = book.commands.iter().rfind(|command| command.line.starts_with(line));
    command.unwrap().connection
}

#[tokio::test(start_paused = true)]
async fn an_overview_comes_compressed_and_is_the_same() {
    let plain = plain_overview().await;
    for mode in [RoutingMode::Hybrid, RoutingMode::Standard] {
        for pipelining in [None, depth(1)] {
            let provider = provider("a").compresses().state();
            let settings = BackendConfig { pipelining, ..settings(2) };
            let proxy = before(&provider, mode, settings);
            let mut reader = reader(&proxy).await;
            for _ in 0..3 {
                assert_eq!(reader.ask(OVERVIEW).await, plain, "in {mode:?}");
            }
            assert_eq!(provider.count("COMPRESS"), 1);
            assert!(received(&proxy) < plain.block().len() as u64, "{}", received(&proxy));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn only_overviews_and_headers_are_worth_a_compression() {
    let provider = provider("a").compresses().state();
    let proxy = before(&provider, RoutingMode::Hybrid, settings(2));
    let mut reader = reader(&proxy).await;
    reader.talk("C: STAT 2\nS: 223 2 *\nC: DATE\nS: 111 *").await;
    for line in ["ARTICLE 3", "HEAD 4", "LIST ACTIVE", &format!("BODY {}", articles()[0].id())] {
        assert!(reader.ask(line).await.code().starts_with('2'), "{line}");
    }
    assert_eq!(provider.count("COMPRESS"), 0);
    assert_eq!(reader.ask("XHDR Subject 1-300").await.code(), "221");
    assert_eq!(provider.count("COMPRESS"), 1);
}

#[tokio::test(start_paused = true)]
async fn the_login_is_over_before_anything_is_compressed() {
    let provider = provider("a").account("me", "secret").compresses().state();
    let login = Credentials { user: "me".into(), password: Secret::new("secret") };
    let settings = BackendConfig { login: Some(login), ..settings(1) };
    let proxy = before(&provider, RoutingMode::Hybrid, settings);
    assert_eq!(reader(&proxy).await.ask(OVERVIEW).await.code(), "224");
    let said =
        ["AUTHINFO USER me", "AUTHINFO PASS secret", "GROUP g", "COMPRESS DEFLATE", OVERVIEW];
    assert_eq!(provider.book().on(1), said);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_in_flight_around_the_command() {
    let body = &*format!("BODY {}", articles()[0].id());
    for mode in [RoutingMode::Hybrid, RoutingMode::Standard] {
        for before_overview in ["STAT 7", body] {
            let provider = provider("a").compresses().state();
            let proxy = before(&provider, mode, settings(1));
            let mut client = client(&proxy).await;
            let lines = [body, "GROUP g", before_overview, OVERVIEW, body, "STAT 8", body];
            for _ in 0..2 {
                let replies = client.ask_all(&lines).await;
                for (line, reply) in lines.iter().zip(&replies) {
                    assert!(reply.code().starts_with('2'), "{mode:?}: {line}: {reply:?}");
                }
                assert_eq!(replies[0].block(), articles()[0].body_block());
                assert_eq!(replies[0].block(), replies[6].block());
            }
            // At the latest this one finds the connection idle.
            assert_eq!(client.ask(OVERVIEW).await.code(), "224");
            let book = provider.book();
            let at = book.commands.iter().position(|one| one.line == "COMPRESS DEFLATE");
            let Some(at) = at else { panic!("nothing was compressed in {mode:?}") };
            let [last, compress, next] = [at - 1, at, at + 1].map(|at| &book.commands[at]);
            assert!(last.at + ROUND_TRIP <= compress.at, "{mode:?}: {last:?} was not answered");
            assert!(compress.at + ROUND_TRIP <= next.at, "{mode:?}: {next:?} did not wait");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn articles_come_on_the_other_connections_while_there_is_a_choice() {
    let provider = provider("a").compresses().state();
    let proxy = before(&provider, RoutingMode::Hybrid, settings(2));
    let (mut one, mut two) = (reader(&proxy).await, reader(&proxy).await);
    let body = format!("BODY {}", articles()[9].id());
    // Both connections are open, and one of them is compressed.
    for client in [&mut one, &mut two] {
        client.send(&body).await;
    }
    for client in [&mut one, &mut two] {
        assert_eq!(client.reply_to(&body).await.code(), "222");
    }
    assert_eq!(provider.book().open, 2);
    let mut downloader = client(&proxy).await;
    for _ in 0..3 {
        // A group is selected on both, and the compressed one was used last.
        two.talk("C: STAT 5\nS: 223 *").await;
        assert_eq!(one.ask(OVERVIEW).await.code(), "224");
        assert_eq!(downloader.ask(&body).await.code(), "222");
        let compressed = connection_of(&provider, "COMPRESS");
        assert_eq!(connection_of(&provider, "XOVER"), compressed);
        assert_ne!(connection_of(&provider, "BODY"), compressed);
    }
    // Another reader uses the compressed connection, too.
    assert_eq!(two.ask("XHDR Subject 1-9").await.code(), "221");
    assert_eq!(connection_of(&provider, "XHDR"), connection_of(&provider, "COMPRESS"));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_does_not_compress_is_asked_once_in_half_an_hour() {
    let plain = plain_overview().await;
    for refusal in ["500 What?", "503 No such thing", "502 Not for you", "403 No memory"] {
        let rule = on("COMPRESS", Fault::say(refusal));
        let provider = provider("a").compresses().rule(rule).state();
        let proxy = before(&provider, RoutingMode::Hybrid, settings(2));
        let mut reader = reader(&proxy).await;
        for _ in 0..3 {
            assert_eq!(reader.ask(OVERVIEW).await, plain, "{refusal}");
        }
        assert_eq!((provider.count("COMPRESS"), provider.book().accepted), (1, 1), "{refusal}");
        sleep(Duration::from_secs(31 * 60)).await;
        let mut reader = self::reader(&proxy).await;
        assert_eq!(reader.ask(OVERVIEW).await, plain, "{refusal}");
        assert_eq!(provider.count("COMPRESS"), 2, "{refusal}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_hangs_or_hangs_up_at_the_command_serves_uncompressed() {
    let plain = plain_overview().await;
    for fault in [Fault::stall(0), Fault::cut(0, Ending::Close), Fault::cut(7, Ending::Reset)] {
        let what = format!("{fault:?}");
        let provider = provider("a").compresses().rule(on("COMPRESS", fault)).state();
        let proxy = before(&provider, RoutingMode::Hybrid, settings(2));
        let mut reader = reader(&proxy).await;
        for _ in 0..3 {
            assert_eq!(reader.ask(OVERVIEW).await, plain, "{what}");
        }
        assert_eq!(provider.count("COMPRESS"), 1, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_stream_is_never_taken_for_a_reply() {
    let plain = plain_overview().await;
    let whole = format!("{}\r\n", plain.status).len() + plain.block().len();
    // The connection is compressed behind the group's reply: this is all that comes on it.
    for good in [0, 1, 200, 2000, whole / 2, whole - 1, whole] {
        let provider = provider("a").compresses_badly_behind(good as u64).state();
        let proxy = before(&provider, RoutingMode::Hybrid, settings(1));
        match reader(&proxy).await.try_ask(OVERVIEW).await {
            Ok(reply) => assert_eq!(reply, plain, "broken behind {good}"),
            // It had begun, and cannot be continued.
            Err(_) => assert!(good > 0, "broken behind {good}"),
        }
        // A provider that does this is asked for no compression any more.
        let mut reader = reader(&proxy).await;
        assert_eq!(reader.ask(OVERVIEW).await, plain, "behind {good}");
        assert_eq!(reader.ask(OVERVIEW).await, plain, "behind {good}");
        assert!(provider.count("COMPRESS") <= 2, "behind {good}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_compressed_reply_that_breaks_off_is_never_completed() {
    let plain = plain_overview().await;
    let whole = [format!("{}\r\n", plain.status).as_bytes(), plain.block()].concat();
    for cut in [0, 3, 30, 5000, whole.len() - 5, whole.len() - 1] {
        let rule = on("XOVER", Fault::cut(cut, Ending::Close)).times(1);
        let provider = provider("a").compresses().rule(rule).state();
        let proxy = before(&provider, RoutingMode::Hybrid, settings(1));
        let mut reader = reader(&proxy).await;
        reader.send(OVERVIEW).await;
        match reader.try_reply_to(OVERVIEW).await {
            Ok(reply) => assert_eq!(reply, plain, "cut at {cut}"),
            Err(_) => {
                // Its status line has been read.
                let (rest, block) = (reader.rest().await, plain.block());
                assert!(block.starts_with(&rest) && rest.len() < block.len(), "cut at {cut}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_at_the_command_leaves_no_unknown_connection_behind() {
    let plain = plain_overview().await;
    for wait in [10, 45, 55, 70, 95, 105] {
        let provider = provider("a").compresses().state();
        let proxy = before(&provider, RoutingMode::Hybrid, settings(1));
        let (ours, theirs) = duplex(64 * 1024);
        let serving = proxy.clone();
        let session = tokio::spawn(async move {
            serving.serve_client(Box::new(theirs), "127.0.0.1:9".parse().unwrap()).await;
        });
        let mut ends = Client::over(ours);
        ends.talk("S: 201 *\nC: GROUP g\nS: 211 *").await;
        ends.send(OVERVIEW).await;
        sleep(Duration::from_millis(wait)).await;
        session.abort();
        assert_eq!(reader(&proxy).await.ask(OVERVIEW).await, plain, "ended after {wait} ms");
        // While nobody knew whether the connection is compressed, nobody else said anything on it.
        let book = provider.book();
        let said = book.on(1);
        if said.iter().filter(|line| **line == OVERVIEW).count() == 0 {
            assert_eq!(said[..2], ["GROUP g", "COMPRESS DEFLATE"], "ended after {wait} ms");
            assert_eq!(said.iter().filter(|line| **line == "GROUP g").count(), 1, "{said:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_article_is_posted_on_a_compressed_connection_unharmed() {
    let provider = provider("a").compresses().state();
    let pipes = crate::support::Pipes::to(&[&provider]);
    let posting = Config { posting: true, ..config(RoutingMode::Hybrid, vec![settings(1)]) };
    let auth = Arc::new(AuthHandler::new(None, None));
    let proxy = Proxy::new(Config { auth, ..posting }, Arc::new(pipes));
    let stream = connect(&proxy, 64 * 1024, |stream| stream);
    let mut client = Client::over(stream).with_patience(crate::PATIENCE);
    client.talk("S: 200 *\nC: GROUP g\nS: 211 *").await;
    assert_eq!(client.ask(OVERVIEW).await.code(), "224");
    client.talk("C: POST\nS: 340 *").await;
    let article = Article::binary(7, 300_000);
    client.upload(article.body()).await;
    client.talk("S: 240 *").await;
    let posted = provider.book().posted;
    let stuffed = article.body_block();
    assert_eq!(posted.len(), 1);
    assert!(posted[0] == stuffed[..stuffed.len() - 3]);
    assert_eq!(provider.book().accepted, 1);
}

#[tokio::test(start_paused = true)]
async fn a_compressed_connection_stays_usable_after_a_pause() {
    let provider = provider("a").compresses().state();
    let proxy = before(&provider, RoutingMode::Hybrid, settings(1));
    let mut reader = reader(&proxy).await;
    for _ in 0..5 {
        assert_eq!(reader.ask("XOVER 1-10").await.code(), "224");
        // There is a keep-alive in between.
        sleep(Duration::from_secs(50)).await;
    }
    assert_eq!((provider.count("COMPRESS"), provider.book().accepted), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_bomb_takes_no_more_memory_than_any_other_reply() {
    const BOMB: usize = 150_000_000;
    /// What Newsmux reads ahead at most, of all replies together.
    const READ_AHEAD: u64 = 64 * 1024 * 1024;
    let bomb = |line: &str| {
        let block = || "0".repeat(998) + "\r\n";
        line.starts_with("XOVER")
            .then(|| format!("224 boom\r\n{}.\r\n", block().repeat(BOMB / 1000)))
    };
    let provider = provider("a").answers(bomb).compresses().state();
    let proxy = before(&provider, RoutingMode::Hybrid, settings(1));
    let mut reader = reader(&proxy).await;
    reader.send(OVERVIEW).await;
    assert_eq!(reader.line().await, "224 boom");
    sleep(Duration::from_secs(1)).await;
    let inflated = || proxy.snapshot().backends[0].counters.bytes;
    let held = inflated();
    assert!(held < READ_AHEAD + 1_000_000, "{held} bytes for nobody");
    // What its client does not want is not inflated either: the connection is closed.
    drop(reader);
    provider.until_alone().await;
    assert!(inflated() < held + 4_000_000, "{} bytes for nobody", inflated() - held);
}

/// One who reads overviews and articles of a group, on a new connection whenever one ends. Says how many
/// replies were right.
async fn reads_on(proxy: Proxy, plain: Reply, mut rng: Rng) -> u64 {
    let (mut good, articles) = (0, articles());
    for _ in 0..4 {
        let mut client = Client::over(connect(&proxy, 64 * 1024, |stream| stream));
        client = client.with_patience(crate::PATIENCE);
        let Ok(greeting) = client.try_line().await else { continue };
        assert!(greeting.starts_with("201 "), "{greeting}");
        if !client.try_ask("GROUP g").await.is_ok_and(|reply| reply.code() == "211") {
            continue;
        }
        for _ in 0..6 {
            let article = rng.pick(&articles);
            let body = format!("BODY {}", article.id());
            let (line, right) = match rng.below(3) {
                0 => (body, (article.body_block(), "222")),
                _ => (OVERVIEW.to_owned(), (plain.block().to_vec(), "224")),
            };
            if client.try_send(&line).await.is_err() {
                break;
            }
            let Ok(status) = client.try_line().await else { break };
            let code = status.get(..3).unwrap();
            if code != right.1 {
                assert!(code.starts_with(['4', '5']), "{line}: {status}");
                continue;
            }
            let Ok(block) = client.try_block().await else {
                let rest = client.rest().await;
                assert!(right.0.starts_with(&rest) && rest.len() < right.0.len(), "{line}");
                break;
            };
            assert!(block == right.0, "{line}: other bytes");
            good += 1;
        }
    }
    good
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_readers_get_the_right_bytes_or_none() {
    let (plain, mut compressed, mut good) = (plain_overview().await, 0, 0);
    for seed in 0..30 {
        let mut rng = Rng::new(seed);
        let script = Script::random(seed).severity(60);
        let provider = provider("a").compresses().script(script).state();
        let pipelining = depth(*rng.pick(&[0, 1, 4]));
        let settings = BackendConfig { pipelining, ..settings(1 + rng.below(3) as u16) };
        let mode = *rng.pick(&[RoutingMode::Hybrid, RoutingMode::Hybrid, RoutingMode::Standard]);
        let proxy = before(&provider, mode, settings);
        let readers = (0..3)
            .map(|n| tokio::spawn(reads_on(proxy.clone(), plain.clone(), Rng::of(seed, &[n]))));
        for reader in readers.collect::<Vec<_>>() {
            let read = reader.await;
            good += read.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        }
        compressed += provider.count("COMPRESS");
    }
    // The test is worth something only while most of it goes well.
    assert!(compressed >= 30 && good >= 750, "{compressed} connections compressed, {good} replies");
}
