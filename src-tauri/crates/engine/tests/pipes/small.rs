//! Small requests that come together go on together: in one write for each connection, on as few
//! connections as will do. Large replies leave in few writes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};

use newsmux_tests::provider::{Provider, ProviderState};
use nntp_proxy::config::{BackendConfig, RoutingMode};
use nntp_proxy::dial::{ReadHalf, Stream, WriteHalf};
use nntp_proxy::proxy::Proxy;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, split};
use tokio::time::{Duration, sleep};

use crate::proxy;
use crate::support::{Pipes, backend, config, connect, depth};

const PIPE: usize = 64 * 1024;
const ROUND_TRIP: Duration = Duration::from_millis(20);

fn reply(line: &str) -> String {
    match line.split_once(' ') {
        Some(("STAT", id)) => format!("223 0 {id}\r\n"),
        Some(("HEAD", id)) => format!("221 0 {id}\r\nFrom: x\r\n.\r\n"),
        Some(("BODY", id)) => format!("222 0 {id}\r\nx\r\n.\r\n"),
        _ => "500 what?\r\n".into(),
    }
}

/// What came with each read since this was last asked: the connection, and how many requests. A read
/// takes all that was written.
fn taken(provider: &ProviderState) -> Vec<(u64, usize)> {
    let book = provider.book();
    provider.forget_commands();
    let mut reads: Vec<_> = book.commands.iter().map(|c| (c.connection, c.read)).collect();
    reads.sort_unstable();
    reads.chunk_by(|a, b| a == b).map(|read| (read[0].0, read.len())).collect()
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
        let writes = Arc::<AtomicUsize>::default();
        let stream = connect(proxy, PIPE, |stream| Counted(stream, Arc::clone(&writes)));
        let mut client = Self(stream, writes);
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

async fn cold(pipelining: u8) -> (Arc<ProviderState>, Client, Proxy) {
    let answers = |line: &str| (line != "QUIT").then(|| reply(line));
    let provider = Provider::named("p").latency(ROUND_TRIP).answers(answers).state();
    let settings = BackendConfig { pipelining: depth(pipelining), ..backend("p", 8) };
    let proxy = proxy(RoutingMode::Hybrid, &[&provider], vec![settings]);
    let client = Client::of(&proxy).await;
    (provider, client, proxy)
}

/// A proxy with a provider that has been used already.
async fn running(pipelining: u8) -> (Arc<ProviderState>, Client) {
    let (provider, mut client, _) = cold(pipelining).await;
    for n in 0..3 {
        client.ask(&requests("STAT", 8 + n)).await;
    }
    taken(&provider);
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
        let (provider, mut client) = running(0).await;
        let asked = requests(verb, 64);
        let said = client.ask(&asked).await;
        assert_eq!(said, replies(&asked));
        let reads = taken(&provider);
        assert!(matches!(reads[..], [(_, 64)]), "{verb}: {reads:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn small_requests_of_one_write_open_one_connection() {
    for warm in [false, true] {
        let (provider, mut client, proxy) = cold(0).await;
        if warm {
            client.ask(&requests("STAT", 1)).await;
            proxy.renew();
            sleep(Duration::from_secs(10)).await;
            taken(&provider);
        }
        let before = provider.book().accepted;
        let asked = requests("STAT", 64);
        assert_eq!(client.ask(&asked).await, replies(&asked));
        let reads = taken(&provider);
        assert_eq!(provider.book().accepted - before, 1, "{warm}: {reads:?}");
        assert!(matches!(reads[..], [(_, 64)]), "{warm}: {reads:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn more_than_are_taken_up_at_once_come_in_order_all_the_same() {
    let (_, mut client) = running(0).await;
    let asked = requests("STAT", 500);
    assert_eq!(client.ask(&asked).await, replies(&asked));
}

#[tokio::test(start_paused = true)]
async fn the_depth_of_the_settings_counts_for_small_requests_too() {
    for depth in [1, 2, 5] {
        let (provider, mut client) = running(depth).await;
        let asked = requests("STAT", 64);
        assert_eq!(client.ask(&asked).await, replies(&asked));
        let reads = taken(&provider);
        assert!(reads.iter().all(|(_, n)| *n <= depth.into()), "{depth}: {reads:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn articles_are_spread_over_the_connections_as_before() {
    let (provider, mut client) = running(0).await;
    let asked = requests("BODY", 8);
    assert_eq!(client.ask(&asked).await, replies(&asked));
    let mut connections: Vec<_> = taken(&provider).into_iter().map(|(at, _)| at).collect();
    connections.sort_unstable();
    connections.dedup();
    assert!(connections.len() >= 4, "{connections:?}");
}

#[tokio::test(start_paused = true)]
async fn small_replies_that_are_complete_together_leave_together() {
    // Tokio lets a task do only so much at once: blocks take more of that.
    for (verb, most) in [("STAT", 1), ("HEAD", 3)] {
        let (_, mut client) = running(0).await;
        let asked = requests(verb, 64);
        client.1.store(0, SeqCst);
        assert_eq!(client.ask(&asked).await, replies(&asked));
        let writes = client.1.load(SeqCst);
        assert!(writes <= most, "{verb}: {writes}");
    }
}

#[tokio::test(start_paused = true)]
async fn replies_that_the_client_does_not_take_yet_are_kept_and_no_more_is_asked() {
    let (provider, client) = running(0).await;
    let asked = requests("STAT", 5000);
    let expected = replies(&asked);
    let (mut reading, mut writing) = split(client.0);
    let asking = tokio::spawn(async move {
        writing.write_all(asked.concat().as_bytes()).await.unwrap();
        writing.write_all(b"QUIT\r\n").await.unwrap();
    });
    sleep(Duration::from_secs(60)).await;
    let taken: usize = taken(&provider).into_iter().map(|(_, n)| n).sum();
    assert!(taken < 3000, "{taken}");
    let mut all = String::new();
    reading.read_to_string(&mut all).await.unwrap();
    asking.await.unwrap();
    assert!(all.starts_with(&expected), "{} of {} bytes", all.len(), expected.len());
    assert!(all[expected.len()..].starts_with("205 "), "{}", &all[expected.len()..]);
}

#[tokio::test(start_paused = true)]
async fn who_takes_no_small_reply_is_let_go_after_a_while() {
    let (provider, mut client) = running(0).await;
    // More than the pipe and what is kept besides have room for.
    let asked = requests("STAT", 1700).concat();
    client.0.write_all(asked.as_bytes()).await.unwrap();
    sleep(Duration::from_secs(10)).await;
    assert!(!taken(&provider).is_empty());
    sleep(Duration::from_secs(300)).await;
    let mut all = Vec::new();
    client.0.read_to_end(&mut all).await.unwrap();
    assert!(all.len() < replies(&requests("STAT", 1700)).len(), "not let go");
}

#[tokio::test(start_paused = true)]
async fn an_article_that_has_arrived_leaves_in_writes_of_two_buffers() {
    const MIB: usize = 1024 * 1024;
    let text = "x".repeat(126);
    let lines = 2 * MIB / 128;
    let whole = format!("222 0 <a@b>\r\n{}.\r\n", format!("{text}\r\n").repeat(lines));
    let reply = whole.clone();
    let answers = move |line: &str| (line != "QUIT").then(|| reply.clone());
    let provider = Provider::named("p").answers(answers).state();
    let pipes = Pipes { room: 4 * MIB, ..Pipes::to(&[&provider]) };
    let proxy = Proxy::new(config(RoutingMode::Hybrid, vec![backend("p", 1)]), Arc::new(pipes));
    let writes = Arc::<AtomicUsize>::default();
    let stream = connect(&proxy, 4 * MIB, |stream| Counted(stream, Arc::clone(&writes)));
    let mut client = Client(stream, writes);
    client.replies(1).await;
    client.1.store(0, SeqCst);
    client.0.write_all(b"BODY <a@b>\r\n").await.unwrap();
    assert_eq!(client.replies(whole.lines().count()).await, whole);
    // Four of 512 KiB, and what is left.
    assert!(client.1.load(SeqCst) <= 5, "{}", client.1.load(SeqCst));
}
