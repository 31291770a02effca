//! Dialogues with the engine over pipes, in simulated time: what a client says and hears, and what
//! the providers behind it see.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail so")]

use std::collections::HashMap;
use std::num::{NonZeroU8, NonZeroU16};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nntp_proxy::auth::AuthHandler;
use nntp_proxy::backend::State;
use nntp_proxy::config::{BackendConfig, Config, RoutingMode, TimeLimits, Tls};
use nntp_proxy::dial::{BoxStream, Boxed, Dial, DialError};
use nntp_proxy::events::Event;
use nntp_proxy::proxy::Proxy;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};

type Script = Arc<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

/// Providers that answer each line by a script, or close where it has no answer.
#[derive(Clone, Default)]
struct Providers {
    scripts: HashMap<String, Script>,
    said: Arc<Mutex<Vec<String>>>,
}

impl Providers {
    fn with(
        mut self,
        host: &str,
        script: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        self.scripts.insert(host.into(), Arc::new(script));
        self
    }

    fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    async fn serve(self, host: String, stream: DuplexStream) {
        let script = Arc::clone(&self.scripts[&host]);
        let (read, mut write) = tokio::io::split(stream);
        write.write_all(b"200 hello\r\n").await.ok();
        let mut lines = BufReader::new(read).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            self.said.lock().unwrap().push(format!("{host}: {line}"));
            if line == "QUIT" {
                break;
            }
            let Some(reply) = script(&line) else { break };
            // A reply without an end is broken off.
            if write.write_all(&reply).await.is_err() || !reply.ends_with(b"\n") {
                break;
            }
        }
    }
}

impl Dial for Providers {
    fn connect<'a>(&'a self, to: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async move {
            if !self.scripts.contains_key(&to.host) {
                return Err(DialError::Connect(std::io::ErrorKind::ConnectionRefused.into()));
            }
            let (ours, theirs) = duplex(64 * 1024);
            tokio::spawn(self.clone().serve(to.host.clone(), theirs));
            Ok(Box::new(ours) as BoxStream)
        })
    }

    fn start_tls<'a>(
        &'a self,
        stream: BoxStream,
        _: &'a BackendConfig,
    ) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async { Ok(stream) })
    }
}

fn provider(host: &str, tier: u8) -> BackendConfig {
    BackendConfig {
        id: host.into(),
        name: host.into(),
        host: host.into(),
        port: 119,
        tls: Tls::Off,
        login: None,
        connections: NonZeroU16::new(2).unwrap(),
        tier,
        required: false,
        pipelining: NonZeroU8::new(4),
        limits: TimeLimits::default(),
    }
}

struct World {
    proxy: Proxy,
    providers: Providers,
}

impl World {
    fn new(mode: RoutingMode, providers: Providers, backends: Vec<BackendConfig>) -> Self {
        let config =
            Config { mode, posting: true, auth: Arc::new(AuthHandler::new(None, None)), backends };
        let proxy = Proxy::new(config, Arc::new(providers.clone()));
        Self { proxy, providers }
    }

    fn client(&self) -> Client {
        let (ours, theirs) = duplex(64 * 1024);
        let proxy = self.proxy.clone();
        let addr = "127.0.0.1:9".parse().unwrap();
        tokio::spawn(async move { proxy.serve_client(Box::new(theirs), addr).await });
        Client(BufReader::new(ours))
    }

    async fn greeted(&self) -> Client {
        let mut client = self.client();
        assert!(client.line().await.starts_with("20"));
        client
    }
}

struct Client(BufReader<DuplexStream>);

impl Client {
    async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.0.read_line(&mut line);
        tokio::time::timeout(Duration::from_secs(600), read).await.expect("a reply").unwrap();
        line
    }

    async fn expect(&mut self, text: &str) {
        let mut heard = vec![0; text.len()];
        let read = self.0.read_exact(&mut heard);
        tokio::time::timeout(Duration::from_secs(600), read).await.expect("a reply").unwrap();
        assert_eq!(String::from_utf8_lossy(&heard), text);
    }
}

fn reply(text: &str) -> Option<Vec<u8>> {
    Some(text.as_bytes().to_vec())
}

#[tokio::test(start_paused = true)]
async fn an_article_comes_through_byte_for_byte() {
    let article = "222 0 <a@b>\r\nline\r\n..dotted\r\n\r\n.\r\n";
    let providers = Providers::default().with("one", move |_| reply(article));
    let world = World::new(RoutingMode::Hybrid, providers, vec![provider("one", 0)]);
    let mut client = world.greeted().await;
    client.say("BODY <a@b>\r\nQUIT\r\n").await;
    client.expect(article).await;
    client.expect("205 Bye\r\n").await;
    assert_eq!(world.providers.said(), ["one: BODY <a@b>"]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_article_is_asked_for_in_every_tier_and_then_missing() {
    let missing = |_: &str| reply("430 no\r\n");
    let providers = Providers::default().with("one", missing).with("two", missing);
    let backends = vec![provider("two", 1), provider("one", 0)];
    let world = World::new(RoutingMode::PerCommand, providers, backends);
    let mut client = world.greeted().await;
    client.say("BODY <a@b>\r\n").await;
    assert!(client.line().await.starts_with("430 "));
    assert_eq!(world.providers.said(), ["one: BODY <a@b>", "two: BODY <a@b>"]);
}

#[tokio::test(start_paused = true)]
async fn a_dead_provider_is_passed_over_and_a_broken_connection_hidden() {
    let providers = Providers::default()
        .with("breaks", |_| None)
        .with("works", |line| reply(&format!("223 0 {}\r\n", line.trim_start_matches("STAT "))));
    let backends = vec![provider("dead", 0), provider("breaks", 0), provider("works", 1)];
    let world = World::new(RoutingMode::PerCommand, providers, backends);
    let mut client = world.greeted().await;
    client.say("STAT <1@x>\r\nSTAT <2@x>\r\nSTAT <3@x>\r\n").await;
    client.expect("223 0 <1@x>\r\n223 0 <2@x>\r\n223 0 <3@x>\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_body_broken_off_goes_on_with_the_other_providers_copy() {
    let cut = "220 0 <a@b>\r\nPath: one\r\n\r\nthe body, line one\r\nline";
    let whole = "220 0 <a@b>\r\nPath: somewhere!two\r\n\r\nthe body, line one\r\nline two\r\n.\r\n";
    let providers = Providers::default()
        .with("one", move |line| line.starts_with("ARTICLE").then(|| cut.into()))
        .with("two", move |_| reply(whole));
    let backends = vec![provider("one", 0), provider("two", 1)];
    let world = World::new(RoutingMode::PerCommand, providers, backends);
    let mut client = world.greeted().await;
    client.say("ARTICLE <a@b>\r\n").await;
    client.expect(cut).await;
    client.expect(" two\r\n.\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_group_is_the_sessions_own_and_is_restored_where_it_was_lost() {
    let providers = Providers::default().with("one", |line| {
        reply(match line {
            "GROUP a" => "211 9 1 9 a\r\n",
            "GROUP b" => "211 5 5 9 b\r\n",
            "STAT 7" => "223 7 <7@a>\r\n",
            "STAT" => "223 7 <7@a>\r\n",
            "XOVER" => "224 follows\r\n5\tsubject\r\n.\r\n",
            "DATE" => "111 20260101000000\r\n",
            _ => return None,
        })
    });
    let mut backend = provider("one", 0);
    backend.connections = NonZeroU16::new(1).unwrap();
    let world = World::new(RoutingMode::Hybrid, providers, vec![backend]);
    let (mut a, mut b) = (world.greeted().await, world.greeted().await);
    b.say("XOVER\r\n").await;
    assert!(b.line().await.starts_with("412 "));
    a.say("GROUP a\r\nSTAT 7\r\n").await;
    a.expect("211 9 1 9 a\r\n223 7 <7@a>\r\n").await;
    b.say("XOVER\r\nGROUP b\r\nXOVER\r\n").await;
    assert!(b.line().await.starts_with("412 "));
    b.expect("211 5 5 9 b\r\n224 follows\r\n5\tsubject\r\n.\r\n").await;
    a.say("STAT\r\n").await;
    a.expect("223 7 <7@a>\r\n").await;
    let said = world.providers.said();
    let ours = ["one: GROUP a", "one: STAT 7", "one: GROUP b", "one: XOVER"];
    assert_eq!(said, [&ours[..], &["one: GROUP a", "one: STAT 7", "one: STAT"]].concat());
}

#[tokio::test(start_paused = true)]
async fn replies_keep_their_order_whatever_is_pipelined() {
    let providers = Providers::default().with("one", |line| {
        reply(&match line.split_once(' ') {
            Some(("STAT", id)) => format!("223 0 {id}\r\n"),
            Some(("BODY", id)) => format!("222 0 {id}\r\nbody of {id}\r\n.\r\n"),
            Some(("GROUP", name)) => format!("211 1 1 1 {name}\r\n"),
            _ => "500 what\r\n".into(),
        })
    });
    for mode in [RoutingMode::Hybrid, RoutingMode::Standard] {
        let world = World::new(mode, providers.clone(), vec![provider("one", 0)]);
        let mut client = world.greeted().await;
        client
            .say("STAT <1>\r\nBODY <2>\r\nMODE READER\r\nGROUP g\r\nBODY <3>\r\nNONSENSE\r\n")
            .await;
        client.expect("223 0 <1>\r\n222 0 <2>\r\nbody of <2>\r\n.\r\n200 ").await;
        client.line().await;
        client.expect("211 1 1 1 g\r\n222 0 <3>\r\nbody of <3>\r\n.\r\n500 what\r\n").await;
        client.say("QUIT\r\n").await;
        client.expect("205 Bye\r\n").await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_provider_the_reply_says_what_to_do() {
    let world = World::new(RoutingMode::Hybrid, Providers::default(), Vec::new());
    let mut client = world.greeted().await;
    client.say("DATE\r\nBODY <a@b>\r\n").await;
    assert!(client.line().await.starts_with("111 20"));
    let reply = client.line().await;
    assert!(reply.starts_with("400 ") && reply.contains("no provider is set up"), "{reply}");
    assert_eq!(client.line().await, "");
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_told_and_counted() {
    let article = "222 0 <a@b>\r\nline\r\n.\r\n";
    let script = move |line: &str| match line {
        "BODY <a@b>" => reply(article),
        "BODY <broken@b>" => reply("222 0 <broken@b>\r\nhalf"),
        _ => reply("430 no\r\n"),
    };
    let providers = Providers::default().with("one", script);
    let backends = vec![provider("one", 0), provider("dead", 1)];
    let world = World::new(RoutingMode::PerCommand, providers, backends);
    let mut told = world.proxy.events();
    let mut client = world.greeted().await;
    client.say("BODY <a@b>\r\n").await;
    client.expect(article).await;
    client.say("BODY <missing@b>\r\n").await;
    assert!(client.line().await.starts_with("430 "));

    let snapshot = world.proxy.snapshot();
    let (one, seen) = (snapshot.backends[0].counters, &snapshot.clients[0]);
    assert_eq!((one.requests, one.delivered, one.missing, one.failures), (2, 1, 1, 0));
    let expected = (article.len() + "430 no\r\n".len()) as u64;
    assert_eq!(one.bytes, expected);
    assert_eq!(seen.requests, 2);
    assert!(seen.bytes > article.len() as u64, "{}", seen.bytes);
    assert_eq!(seen.user, None);
    assert_eq!(seen.address.to_string(), "127.0.0.1:9");

    client.say("BODY <broken@b>\r\n").await;
    while !client.line().await.is_empty() {}
    drop(client);
    while !world.proxy.snapshot().clients.is_empty() {
        tokio::task::yield_now().await;
    }
    let mut all = Vec::new();
    while let Ok(event) = told.try_recv() {
        all.push(event);
    }
    let name = "one".to_owned();
    assert_eq!(all[0], Event::Connected { provider: name.clone() });
    assert!(
        matches!(&all[1], Event::Failing { provider, state: State::Down, .. } if provider == "dead"),
        "{all:?}"
    );
    assert_eq!(all[2], Event::NotFound { client: "127.0.0.1:9".into() });
    assert!(matches!(&all[3], Event::Retried { provider, .. } if *provider == name), "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_group_is_selected_once_for_a_newsreader_that_is_alone_with_it() {
    let providers = Providers::default().with("a", |line| {
        let reply = match line.split_once(' ') {
            Some(("GROUP", _)) => "211 3 1 3 g\r\n".to_owned(),
            Some(("STAT", id)) if id.starts_with('<') => format!("223 0 {id}\r\n"),
            Some(("STAT", number)) => format!("223 {number} <{number}@g>\r\n"),
            _ => "500 what?\r\n".to_owned(),
        };
        Some(reply.into_bytes())
    });
    let world = World::new(RoutingMode::Hybrid, providers, vec![provider("a", 0)]);
    let (mut reader, mut other) = (world.greeted().await, world.greeted().await);
    // Both at once, so that there are two connections to choose from.
    reader.say("GROUP g\r\n").await;
    other.say("STAT <0@x>\r\n").await;
    reader.expect("211 3 1 3 g\r\n").await;
    other.expect("223 0 <0@x>\r\n").await;
    for number in 1..=3 {
        reader.say(&format!("STAT {number}\r\n")).await;
        reader.expect(&format!("223 {number} <{number}@g>\r\n")).await;
    }
    let said = world.providers.said();
    let groups = said.iter().filter(|line| line.contains("GROUP")).count();
    assert_eq!(groups, 1, "{said:?}");
}
