//! Where connections are few: reloads, clients that take nothing, dials that hang, providers that are
//! busy. In simulated time, over pipes.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::num::{NonZeroU8, NonZeroU16};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use nntp_proxy::auth::AuthHandler;
use nntp_proxy::config::{BackendConfig, Config, RoutingMode, TimeLimits, Tls};
use nntp_proxy::dial::{BoxStream, Boxed, Dial, DialError};
use nntp_proxy::proxy::Proxy;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Duration, Instant, sleep};

const LIST_LINES: usize = 200_000;

/// A provider that is 50 ms away.
#[derive(Default)]
struct Provider {
    dials: AtomicUsize,
    open: AtomicUsize,
    peak: AtomicUsize,
    /// How much longer a body takes, in milliseconds.
    body: u64,
    /// The first connection closes after its first reply.
    first_dies: bool,
    /// From the second on, dials never end.
    later_hang: bool,
}

struct Dialler(Arc<Provider>);

impl Dial for Dialler {
    fn connect<'a>(&'a self, _: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async move {
            let provider = Arc::clone(&self.0);
            let nth = provider.dials.fetch_add(1, SeqCst);
            if provider.later_hang && nth > 0 {
                std::future::pending::<()>().await;
            }
            let (ours, theirs) = duplex(64 * 1024);
            provider.peak.fetch_max(provider.open.fetch_add(1, SeqCst) + 1, SeqCst);
            tokio::spawn(async move {
                provider.serve(theirs, nth).await;
                provider.open.fetch_sub(1, SeqCst);
            });
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

impl Provider {
    async fn serve(&self, stream: DuplexStream, nth: usize) {
        let mut stream = BufReader::new(stream);
        sleep(Duration::from_millis(50)).await;
        let mut reply = b"200 hello\r\n".to_vec();
        loop {
            if stream.write_all(&reply).await.is_err() {
                return;
            }
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 || line == "QUIT\r\n" {
                return;
            }
            sleep(Duration::from_millis(50)).await;
            reply = self.reply(line.trim_end()).await;
            if nth == 0 && self.first_dies {
                drop(stream.write_all(&reply).await);
                return;
            }
        }
    }

    async fn reply(&self, line: &str) -> Vec<u8> {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "STAT" if argument.starts_with('<') => format!("223 0 {argument}\r\n").into(),
            "STAT" => format!("223 {argument} <x@y>\r\n").into(),
            "GROUP" => b"211 3 1 3 g\r\n".to_vec(),
            "BODY" => {
                sleep(Duration::from_millis(self.body)).await;
                format!("222 0 {argument}\r\nhello\r\n.\r\n").into()
            }
            "LIST" => {
                let lines = (0..LIST_LINES).map(|n| format!("group.number.{n} 1 2 y\r\n"));
                format!("215 list\r\n{}.\r\n", lines.collect::<String>()).into()
            }
            "XTUNNEL" => b"299 odd\r\n".to_vec(),
            _ => b"500 what?\r\n".to_vec(),
        }
    }
}

fn config(mode: RoutingMode, connections: u16, pipelining: u8, names: &[&str]) -> Config {
    let provider = |name: &&str| BackendConfig {
        id: (*name).to_owned(),
        name: (*name).to_owned(),
        host: "news.example.com".to_owned(),
        port: 119,
        tls: Tls::Off,
        login: None,
        connections: NonZeroU16::new(connections).unwrap(),
        tier: 0,
        required: false,
        pipelining: NonZeroU8::new(pipelining),
        limits: TimeLimits::default(),
    };
    let backends = names.iter().map(provider).collect();
    Config { mode, posting: false, auth: Arc::new(AuthHandler::new(None, None)), backends }
}

fn proxy(config: Config, provider: Provider) -> (Proxy, Arc<Provider>) {
    let provider = Arc::new(provider);
    (Proxy::new(config, Arc::new(Dialler(Arc::clone(&provider)))), provider)
}

struct Client(BufReader<DuplexStream>);

impl Client {
    async fn of(proxy: &Proxy) -> Self {
        let (ours, theirs) = duplex(16 * 1024);
        let proxy = proxy.clone();
        let address = "127.0.0.1:9".parse().unwrap();
        tokio::spawn(async move { proxy.serve_client(Box::new(theirs), address).await });
        let mut client = Self(BufReader::new(ours));
        assert!(client.line().await.starts_with("20"));
        client
    }

    async fn send(&mut self, line: &str) {
        self.0.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        line.trim_end().to_owned()
    }

    async fn ask(&mut self, line: &str) -> String {
        self.send(line).await;
        self.line().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_reload_that_changes_a_provider_keeps_the_selected_group() {
    for mode in [RoutingMode::Hybrid, RoutingMode::Standard] {
        let (proxy, provider) = proxy(config(mode, 1, 4, &["a"]), Provider::default());
        let mut client = Client::of(&proxy).await;
        assert_eq!(client.ask("GROUP g").await, "211 3 1 3 g");
        assert_eq!(client.ask("STAT 2").await, "223 2 <x@y>");
        proxy.apply(config(mode, 1, 4, &["renamed"]));
        assert_eq!(client.ask("STAT 3").await, "223 3 <x@y>", "in {mode:?}");
        assert_eq!(provider.peak.load(SeqCst), 1, "in {mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_of_a_provider_that_was_removed_is_selected_no_more() {
    for mode in [RoutingMode::Hybrid, RoutingMode::Standard] {
        let (proxy, _) = proxy(config(mode, 1, 4, &["a"]), Provider::default());
        let mut client = Client::of(&proxy).await;
        assert_eq!(client.ask("GROUP g").await, "211 3 1 3 g");
        let mut other = config(mode, 1, 4, &["b"]);
        for backend in &mut other.backends {
            backend.host = "elsewhere.example.com".to_owned();
        }
        proxy.apply(other);
        assert_eq!(client.ask("STAT 2").await, "412 No newsgroup selected", "in {mode:?}");
        assert_eq!(client.ask("GROUP g").await, "211 3 1 3 g");
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_at_a_reload_are_served_by_the_successor() {
    let slow = Provider { body: 200, ..Provider::default() };
    let (proxy, provider) = proxy(config(RoutingMode::Hybrid, 1, 1, &["a"]), slow);
    let mut clients = Vec::new();
    for n in 0..4 {
        let mut client = Client::of(&proxy).await;
        client.send(&format!("BODY <{n}@x>")).await;
        clients.push(client);
    }
    sleep(Duration::from_millis(200)).await;
    proxy.apply(config(RoutingMode::Hybrid, 1, 1, &["renamed"]));
    for (n, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.line().await, format!("222 0 <{n}@x>"));
    }
    assert_eq!(provider.peak.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn connections_of_before_a_reload_count_until_they_are_closed() {
    let slow = Provider { body: 2000, ..Provider::default() };
    let (proxy, provider) = proxy(config(RoutingMode::Hybrid, 1, 4, &["a"]), slow);
    let (mut first, mut second) = (Client::of(&proxy).await, Client::of(&proxy).await);
    first.send("BODY <1@x>").await;
    sleep(Duration::from_millis(300)).await;
    for name in ["b", "c", "d"] {
        proxy.apply(config(RoutingMode::Hybrid, 1, 4, &[name]));
    }
    assert_eq!(second.ask("STAT <2@x>").await, "223 0 <2@x>");
    assert_eq!(first.line().await, "222 0 <1@x>");
    assert_eq!(provider.peak.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_disabled_and_enabled_again_has_no_connection_too_many() {
    let slow = Provider { body: 2000, ..Provider::default() };
    let (proxy, provider) = proxy(config(RoutingMode::Hybrid, 2, 1, &["a"]), slow);
    let mut clients = Vec::new();
    for n in 0..6 {
        let mut client = Client::of(&proxy).await;
        client.send(&format!("BODY <{n}@x>")).await;
        clients.push(client);
    }
    sleep(Duration::from_millis(500)).await;
    for names in [&[][..], &["a"], &[], &["a"]] {
        proxy.apply(config(RoutingMode::Hybrid, 2, 1, names));
        let mut client = Client::of(&proxy).await;
        client.send("BODY <again@x>").await;
        clients.push(client);
        sleep(Duration::from_millis(100)).await;
    }
    let last = Instant::now();
    for client in &mut clients {
        client.line().await;
    }
    assert!(last.elapsed() < Duration::from_secs(20), "after {:?}", last.elapsed());
    assert_eq!(provider.peak.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_holds_the_others_up_for_half_a_minute_at_most() {
    let (proxy, _) = proxy(config(RoutingMode::Hybrid, 1, 4, &["a"]), Provider::default());
    let (mut slow, mut other) = (Client::of(&proxy).await, Client::of(&proxy).await);
    assert_eq!(slow.ask("LIST").await, "215 list");
    let asked = Instant::now();
    assert_eq!(other.ask("STAT <2@x>").await, "223 0 <2@x>");
    assert!(asked.elapsed() < Duration::from_secs(45), "after {:?}", asked.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_takes_a_little_holds_the_others_up_no_longer() {
    let (proxy, _) = proxy(config(RoutingMode::Hybrid, 1, 4, &["a"]), Provider::default());
    let (mut slow, mut other) = (Client::of(&proxy).await, Client::of(&proxy).await);
    assert_eq!(slow.ask("LIST").await, "215 list");
    let trickle = tokio::spawn(async move {
        let mut some = [0; 1024];
        while let Ok(1..) = slow.0.read(&mut some).await {
            sleep(Duration::from_secs(3)).await;
        }
    });
    assert_eq!(other.ask("STAT <2@x>").await, "223 0 <2@x>");
    trickle.abort();
}

#[tokio::test(start_paused = true)]
async fn standard_mode_does_not_wait_for_itself_when_its_connection_dies() {
    let mortal = Provider { first_dies: true, ..Provider::default() };
    let (proxy, _) = proxy(config(RoutingMode::Standard, 1, 4, &["a"]), mortal);
    let mut client = Client::of(&proxy).await;
    let asked = Instant::now();
    client.send("STAT <1@x>\r\nSTAT <2@x>\r\nSTAT <3@x>\r\nSTAT <4@x>").await;
    assert_eq!(client.line().await, "223 0 <1@x>");
    sleep(Duration::from_millis(20)).await;
    client.send("STAT <5@x>").await;
    for n in 2..=5 {
        assert_eq!(client.line().await, format!("223 0 <{n}@x>"));
    }
    assert!(asked.elapsed() < Duration::from_secs(5), "after {:?}", asked.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_dial_that_hangs_keeps_nobody_waiting_while_another_connection_works() {
    let hanging = Provider { body: 500, later_hang: true, ..Provider::default() };
    let (proxy, _) = proxy(config(RoutingMode::Hybrid, 2, 4, &["a"]), hanging);
    assert_eq!(Client::of(&proxy).await.ask("STAT <0@x>").await, "223 0 <0@x>");
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..4 {
        let proxy = proxy.clone();
        clients.spawn(async move {
            let mut worst = Duration::ZERO;
            let mut of = Client::of(&proxy).await;
            for n in 0..20 {
                let asked = Instant::now();
                assert!(of.ask(&format!("BODY <{client}.{n}@x>")).await.starts_with("222"));
                assert_eq!((of.line().await, of.line().await), ("hello".into(), ".".into()));
                worst = worst.max(asked.elapsed());
            }
            worst
        });
    }
    let worst = clients.join_all().await.into_iter().max().unwrap();
    assert!(worst < Duration::from_secs(6), "a request took {worst:?}");
}

#[tokio::test(start_paused = true)]
async fn a_busy_provider_is_not_waited_for_while_another_is_idle() {
    let (proxy, _) = proxy(config(RoutingMode::Standard, 1, 4, &["a", "b"]), Provider::default());
    let (mut first, mut second) = (Client::of(&proxy).await, Client::of(&proxy).await);
    assert_eq!(first.ask("STAT <1@x>").await, "223 0 <1@x>");
    let asked = Instant::now();
    assert_eq!(second.ask("STAT <2@x>").await, "223 0 <2@x>");
    assert!(asked.elapsed() < Duration::from_secs(5), "after {:?}", asked.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_replies_ends_when_both_are_silent() {
    let (proxy, _) = proxy(config(RoutingMode::Hybrid, 1, 4, &["a"]), Provider::default());
    let (mut odd, mut other) = (Client::of(&proxy).await, Client::of(&proxy).await);
    assert_eq!(odd.ask("XTUNNEL").await, "299 odd");
    sleep(Duration::from_secs(90)).await;
    let asked = Instant::now();
    assert_eq!(other.ask("STAT <2@x>").await, "223 0 <2@x>");
    assert!(asked.elapsed() < Duration::from_secs(5), "after {:?}", asked.elapsed());
}

#[tokio::test]
async fn a_reply_under_way_at_a_stop_arrives_whole_though_more_was_asked() {
    let (proxy, _) = proxy(config(RoutingMode::Hybrid, 4, 4, &["a"]), Provider::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = proxy.clone();
    tokio::spawn(async move { serving.serve(listener).await });
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"LIST\r\n").await.unwrap();
    let mut all = Vec::new();
    while all.len() < 100_000 {
        client.read_buf(&mut all).await.unwrap();
    }
    let stopping = tokio::spawn(async move { proxy.shutdown(Duration::from_secs(20)).await });
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    client.write_all(b"DATE\r\n").await.unwrap();
    // A slow client: the end of the reply still lies in the sockets when the proxy has written it.
    let mut some = vec![0; 16 * 1024];
    while let n @ 1.. = client.read(&mut some).await.unwrap() {
        all.extend_from_slice(&some[..n]);
        sleep(Duration::from_millis(1)).await;
    }
    assert!(all.ends_with(b"\r\n.\r\n"), "{} bytes arrived", all.len());
    drop(client);
    stopping.await.unwrap();
}
