//! Small requests that come together go on together: in one write for each connection, on as few
//! connections as will do. In simulated time, over pipes.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::num::{NonZeroU8, NonZeroU16};
use std::sync::{Arc, Mutex};

use nntp_proxy::auth::AuthHandler;
use nntp_proxy::config::{BackendConfig, Config, RoutingMode, TimeLimits, Tls};
use nntp_proxy::dial::{BoxStream, Boxed, Dial, DialError};
use nntp_proxy::proxy::Proxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Duration, sleep};

const PIPE: usize = 64 * 1024;
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// What came with each read: the connection, and how many requests. A read takes all that was written.
#[derive(Default)]
struct Provider {
    dials: Mutex<usize>,
    reads: Mutex<Vec<(usize, usize)>>,
}

impl Provider {
    fn taken(&self) -> Vec<(usize, usize)> {
        std::mem::take(&mut *self.reads.lock().unwrap())
    }

    async fn serve(&self, mut stream: DuplexStream, connection: usize) {
        stream.write_all(b"200 hello\r\n").await.unwrap();
        let mut buffer = vec![0; PIPE];
        while let Ok(n @ 1..) = stream.read(&mut buffer).await {
            let asked = std::str::from_utf8(&buffer[..n]).unwrap();
            assert!(asked.ends_with("\r\n"), "half a command: {asked}");
            self.reads.lock().unwrap().push((connection, asked.lines().count()));
            sleep(ROUND_TRIP).await;
            let replies: String = asked.lines().map(reply).collect();
            if stream.write_all(replies.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

fn reply(line: &str) -> String {
    match line.split_once(' ') {
        Some(("STAT", id)) => format!("223 0 {id}\r\n"),
        Some(("HEAD", id)) => format!("221 0 {id}\r\nFrom: x\r\n.\r\n"),
        Some(("BODY", id)) => format!("222 0 {id}\r\nx\r\n.\r\n"),
        _ => "500 what?\r\n".into(),
    }
}

struct Dialler(Arc<Provider>);

impl Dial for Dialler {
    fn connect<'a>(&'a self, _: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async move {
            let provider = Arc::clone(&self.0);
            let connection = {
                let mut dials = provider.dials.lock().unwrap();
                *dials += 1;
                *dials
            };
            let (ours, theirs) = duplex(PIPE);
            tokio::spawn(async move { provider.serve(theirs, connection).await });
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

struct Client(DuplexStream);

impl Client {
    async fn of(proxy: &Proxy) -> Self {
        let (ours, theirs) = duplex(PIPE);
        let (proxy, from) = (proxy.clone(), "127.0.0.1:9".parse().unwrap());
        tokio::spawn(async move { proxy.serve_client(Box::new(theirs), from).await });
        let mut client = Self(ours);
        let (greeting, _) = client.replies(1).await;
        assert!(greeting.starts_with("20"), "{greeting}");
        client
    }

    /// Sends all in one write; gives the replies, and how many pieces they came in.
    async fn ask(&mut self, requests: &[String]) -> (String, usize) {
        self.0.write_all(requests.concat().as_bytes()).await.unwrap();
        self.replies(requests.iter().map(|request| reply(request.trim()).lines().count()).sum())
            .await
    }

    async fn replies(&mut self, lines: usize) -> (String, usize) {
        let (mut all, mut pieces, mut buffer) = (String::new(), 0, vec![0; PIPE]);
        while all.lines().count() < lines || !all.ends_with('\n') {
            let n = self.0.read(&mut buffer).await.unwrap();
            assert!(n > 0, "closed after {all}");
            all.push_str(std::str::from_utf8(&buffer[..n]).unwrap());
            pieces += 1;
        }
        (all, pieces)
    }
}

/// A proxy with a provider that has been used already.
async fn running(pipelining: Option<u8>) -> (Arc<Provider>, Client) {
    let provider = Arc::<Provider>::default();
    let backend = BackendConfig {
        id: "p".into(),
        name: "p".into(),
        host: "p.example.com".into(),
        port: 119,
        tls: Tls::Off,
        login: None,
        connections: NonZeroU16::new(8).unwrap(),
        tier: 0,
        required: false,
        pipelining: pipelining.and_then(NonZeroU8::new),
        limits: TimeLimits::from_timeout(Duration::from_secs(30)),
    };
    let auth = Arc::new(AuthHandler::new(None, None));
    let config =
        Config { mode: RoutingMode::Hybrid, posting: false, auth, backends: vec![backend] };
    let proxy = Proxy::new(config, Arc::new(Dialler(Arc::clone(&provider))));
    let mut client = Client::of(&proxy).await;
    for n in 0..3 {
        client.ask(&requests("STAT", 8 + n)).await;
    }
    provider.taken();
    (provider, client)
}

fn requests(verb: &str, n: usize) -> Vec<String> {
    (0..n).map(|n| format!("{verb} <{n}.of.a.usual.length.for.ids@x>\r\n")).collect()
}

fn replies(requests: &[String]) -> String {
    requests.iter().map(|request| reply(request.trim())).collect()
}

#[tokio::test(start_paused = true)]
async fn small_requests_of_one_write_leave_in_one_write_on_one_connection() {
    for verb in ["STAT", "HEAD"] {
        let (provider, mut client) = running(None).await;
        let asked = requests(verb, 64);
        let (said, _) = client.ask(&asked).await;
        assert_eq!(said, replies(&asked));
        let reads = provider.taken();
        assert!(matches!(reads[..], [(_, 64)]), "{verb}: {reads:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn more_than_are_taken_up_at_once_come_in_order_all_the_same() {
    let (_, mut client) = running(None).await;
    let asked = requests("STAT", 500);
    assert_eq!(client.ask(&asked).await.0, replies(&asked));
}

#[tokio::test(start_paused = true)]
async fn the_depth_of_the_settings_counts_for_small_requests_too() {
    for depth in [1, 2, 5] {
        let (provider, mut client) = running(Some(depth)).await;
        let asked = requests("STAT", 64);
        assert_eq!(client.ask(&asked).await.0, replies(&asked));
        let reads = provider.taken();
        assert!(reads.iter().all(|(_, n)| *n <= depth.into()), "{depth}: {reads:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn articles_are_spread_over_the_connections_as_before() {
    let (provider, mut client) = running(None).await;
    let asked = requests("BODY", 8);
    assert_eq!(client.ask(&asked).await.0, replies(&asked));
    let mut connections: Vec<_> = provider.taken().into_iter().map(|(at, _)| at).collect();
    connections.sort_unstable();
    connections.dedup();
    assert!(connections.len() >= 4, "{connections:?}");
}
