//! Small requests that come together go on together: in one write for each connection, on as few
//! connections as will do. In simulated time, over pipes.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::io::{self, IoSlice};
use std::num::{NonZeroU8, NonZeroU16};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use nntp_proxy::auth::AuthHandler;
use nntp_proxy::config::{BackendConfig, Config, RoutingMode, TimeLimits, Tls};
use nntp_proxy::dial::{BoxStream, Boxed, Dial, DialError, ReadHalf, Stream, WriteHalf};
use nntp_proxy::proxy::Proxy;
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex, split,
};
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

/// The proxy's end of a client's pipe: counts the writes.
struct Counted(DuplexStream, Arc<AtomicUsize>);

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.1.fetch_add(1, SeqCst);
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.1.fetch_add(1, SeqCst);
        Pin::new(&mut self.0).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl Stream for Counted {
    fn halves(self: Box<Self>) -> (ReadHalf, WriteHalf) {
        let (read, write) = split(*self);
        (Box::new(read), Box::new(write))
    }
}

/// A client, and how many writes it was sent.
struct Client(DuplexStream, Arc<AtomicUsize>);

impl Client {
    async fn of(proxy: &Proxy) -> Self {
        let (ours, theirs) = duplex(PIPE);
        let (proxy, from) = (proxy.clone(), "127.0.0.1:9".parse().unwrap());
        let mut client = Self(ours, Arc::default());
        let theirs = Counted(theirs, Arc::clone(&client.1));
        tokio::spawn(async move { proxy.serve_client(Box::new(theirs), from).await });
        let greeting = client.replies(1).await;
        assert!(greeting.starts_with("20"), "{greeting}");
        client
    }

    /// Sends all in one write; gives the replies.
    async fn ask(&mut self, requests: &[String]) -> String {
        self.0.write_all(requests.concat().as_bytes()).await.unwrap();
        self.replies(requests.iter().map(|request| reply(request.trim()).lines().count()).sum())
            .await
    }

    async fn replies(&mut self, lines: usize) -> String {
        let (mut all, mut buffer) = (String::new(), vec![0; PIPE]);
        while all.lines().count() < lines || !all.ends_with('\n') {
            let n = self.0.read(&mut buffer).await.unwrap();
            assert!(n > 0, "closed after {all}");
            all.push_str(std::str::from_utf8(&buffer[..n]).unwrap());
        }
        all
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
        let said = client.ask(&asked).await;
        assert_eq!(said, replies(&asked));
        let reads = provider.taken();
        assert!(matches!(reads[..], [(_, 64)]), "{verb}: {reads:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn more_than_are_taken_up_at_once_come_in_order_all_the_same() {
    let (_, mut client) = running(None).await;
    let asked = requests("STAT", 500);
    assert_eq!(client.ask(&asked).await, replies(&asked));
}

#[tokio::test(start_paused = true)]
async fn the_depth_of_the_settings_counts_for_small_requests_too() {
    for depth in [1, 2, 5] {
        let (provider, mut client) = running(Some(depth)).await;
        let asked = requests("STAT", 64);
        assert_eq!(client.ask(&asked).await, replies(&asked));
        let reads = provider.taken();
        assert!(reads.iter().all(|(_, n)| *n <= depth.into()), "{depth}: {reads:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn articles_are_spread_over_the_connections_as_before() {
    let (provider, mut client) = running(None).await;
    let asked = requests("BODY", 8);
    assert_eq!(client.ask(&asked).await, replies(&asked));
    let mut connections: Vec<_> = provider.taken().into_iter().map(|(at, _)| at).collect();
    connections.sort_unstable();
    connections.dedup();
    assert!(connections.len() >= 4, "{connections:?}");
}

#[tokio::test(start_paused = true)]
async fn small_replies_that_are_complete_together_leave_together() {
    // Tokio lets a task do only so much at once: blocks take more of that.
    for (verb, most) in [("STAT", 1), ("HEAD", 3)] {
        let (_, mut client) = running(None).await;
        let asked = requests(verb, 64);
        client.1.store(0, SeqCst);
        assert_eq!(client.ask(&asked).await, replies(&asked));
        let writes = client.1.load(SeqCst);
        assert!(writes <= most, "{verb}: {writes}");
    }
}

#[tokio::test(start_paused = true)]
async fn replies_that_the_client_does_not_take_yet_are_kept_and_no_more_is_asked() {
    let (provider, client) = running(None).await;
    let asked = requests("STAT", 5000);
    let expected = replies(&asked);
    let (mut reading, mut writing) = split(client.0);
    let asking = tokio::spawn(async move {
        writing.write_all(asked.concat().as_bytes()).await.unwrap();
        writing.write_all(b"QUIT\r\n").await.unwrap();
    });
    sleep(Duration::from_secs(60)).await;
    let taken: usize = provider.taken().into_iter().map(|(_, n)| n).sum();
    assert!(taken < 3000, "{taken}");
    let mut all = String::new();
    reading.read_to_string(&mut all).await.unwrap();
    asking.await.unwrap();
    assert!(all.starts_with(&expected), "{} of {} bytes", all.len(), expected.len());
    assert!(all[expected.len()..].starts_with("205 "), "{}", &all[expected.len()..]);
}

#[tokio::test(start_paused = true)]
async fn who_takes_no_small_reply_is_let_go_after_a_while() {
    let (provider, mut client) = running(None).await;
    // More than the pipe and what is kept besides have room for.
    let asked = requests("STAT", 1700).concat();
    client.0.write_all(asked.as_bytes()).await.unwrap();
    sleep(Duration::from_secs(10)).await;
    assert!(!provider.taken().is_empty());
    sleep(Duration::from_secs(300)).await;
    let mut all = Vec::new();
    client.0.read_to_end(&mut all).await.unwrap();
    assert!(all.len() < replies(&requests("STAT", 1700)).len(), "not let go");
}
