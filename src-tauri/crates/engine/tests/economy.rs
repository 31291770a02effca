//! What the engine takes from providers for what it gives to clients: nothing is fetched twice where
//! nothing fails, and slow is not broken. In simulated time, over pipes.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::num::NonZeroU16;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use nntp_proxy::auth::AuthHandler;
use nntp_proxy::config::{
    BackendConfig, Config, Credentials, RoutingMode, Secret, TimeLimits, Tls,
};
use nntp_proxy::dial::{BoxStream, Boxed, Dial, DialError};
use nntp_proxy::proxy::Proxy;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep, sleep_until};

const MIB: usize = 1024 * 1024;
/// How much a provider sends at once.
const PIECE: usize = 16 * 1024;
const ROUND_TRIP: Duration = Duration::from_millis(50);

/// What a provider does with requests for articles.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Conduct {
    Good,
    /// Closes the connection.
    Drops,
    /// Says nothing more.
    Stalls,
}

struct Provider {
    /// Bytes of an article.
    size: usize,
    line: Line,
    conduct: Mutex<Conduct>,
    sent: AtomicUsize,
    logins: AtomicUsize,
    asked: AtomicUsize,
    /// Connections up to this number are dead: nothing comes back on them.
    dead_until: AtomicUsize,
    dials: AtomicUsize,
}

/// A line with so many bytes a second, shared by all connections.
struct Line {
    rate: Option<usize>,
    free_at: Mutex<Instant>,
}

impl Line {
    async fn pass(&self, bytes: usize) {
        let Some(rate) = self.rate else { return };
        let until = {
            let mut free_at = self.free_at.lock().unwrap();
            *free_at = (*free_at).max(Instant::now())
                + Duration::from_secs(1) * bytes as u32 / rate as u32;
            *free_at
        };
        sleep_until(until).await;
    }
}

impl Provider {
    fn new(size: usize, rate: Option<usize>) -> Arc<Self> {
        Arc::new(Self {
            size,
            line: Line { rate, free_at: Mutex::new(Instant::now()) },
            conduct: Mutex::new(Conduct::Good),
            sent: AtomicUsize::new(0),
            logins: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
            dead_until: AtomicUsize::new(0),
            dials: AtomicUsize::new(0),
        })
    }

    fn conducts(self: Arc<Self>, conduct: Conduct) -> Arc<Self> {
        *self.conduct.lock().unwrap() = conduct;
        self
    }

    async fn serve(&self, stream: DuplexStream, nth: usize) {
        let (read, mut write) = tokio::io::split(stream);
        sleep(ROUND_TRIP).await;
        if write.write_all(b"200 hello\r\n").await.is_err() {
            return;
        }
        let (heard, mut lines) = unbounded_channel();
        let mut listening = JoinSet::new();
        listening.spawn(async move {
            let mut lines = BufReader::new(read).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if heard.send((Instant::now() + ROUND_TRIP, line)).is_err() {
                    return;
                }
            }
        });
        while let Some((due, line)) = lines.recv().await {
            if nth < self.dead_until.load(SeqCst) {
                std::future::pending::<()>().await;
            }
            sleep_until(due).await;
            if !self.answer(&line, &mut write).await {
                return;
            }
        }
    }

    async fn answer<W: AsyncWriteExt + Unpin>(&self, line: &str, write: &mut W) -> bool {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "AUTHINFO" if argument.starts_with("USER") => self.say("381 go on", write).await,
            "AUTHINFO" => {
                self.logins.fetch_add(1, SeqCst);
                self.say("281 welcome", write).await
            }
            "BODY" => self.body(argument, write).await,
            "STAT" => self.say(&format!("223 0 {argument}"), write).await,
            "QUIT" => false,
            _ => self.say("500 what?", write).await,
        }
    }

    async fn say<W: AsyncWriteExt + Unpin>(&self, line: &str, write: &mut W) -> bool {
        write.write_all(format!("{line}\r\n").as_bytes()).await.is_ok()
    }

    async fn body<W: AsyncWriteExt + Unpin>(&self, id: &str, write: &mut W) -> bool {
        self.asked.fetch_add(1, SeqCst);
        let conduct = *self.conduct.lock().unwrap();
        match conduct {
            Conduct::Good => {}
            Conduct::Drops => return false,
            Conduct::Stalls => std::future::pending().await,
        }
        if !self.say(&format!("222 0 {id}"), write).await {
            return false;
        }
        let block = [vec![b'x'; self.size - 5], b"\r\n.\r\n".to_vec()].concat();
        for piece in block.chunks(PIECE) {
            self.line.pass(piece.len()).await;
            if write.write_all(piece).await.is_err() {
                return false;
            }
            self.sent.fetch_add(piece.len(), SeqCst);
        }
        true
    }
}

struct Dialler(Vec<Arc<Provider>>);

impl Dial for Dialler {
    fn connect<'a>(&'a self, to: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async move {
            let provider = Arc::clone(&self.0[usize::from(to.port)]);
            let nth = provider.dials.fetch_add(1, SeqCst);
            let (ours, theirs) = duplex(2 * PIECE);
            tokio::spawn(async move { provider.serve(theirs, nth).await });
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

fn proxy(providers: &[Arc<Provider>], connections: u16, timeout: u64) -> Proxy {
    let backend = |at: usize| BackendConfig {
        id: at.to_string(),
        name: format!("p{at}"),
        host: format!("p{at}.example.com"),
        port: at as u16,
        tls: Tls::Off,
        login: Some(Credentials { user: "u".into(), password: Secret::new("p") }),
        connections: NonZeroU16::new(connections).unwrap(),
        tier: 0,
        required: false,
        pipelining: None,
        limits: TimeLimits::from_timeout(Duration::from_secs(timeout)),
    };
    let backends = (0..providers.len()).map(backend).collect();
    let auth = Arc::new(AuthHandler::new(None, None));
    let config = Config { mode: RoutingMode::Hybrid, posting: false, auth, backends };
    Proxy::new(config, Arc::new(Dialler(providers.to_vec())))
}

struct Client {
    stream: BufReader<DuplexStream>,
    /// Bytes that it takes in a second.
    rate: Option<usize>,
}

impl Client {
    async fn of(proxy: &Proxy, rate: Option<usize>) -> Self {
        let (ours, theirs) = duplex(4 * PIECE);
        let (proxy, from) = (proxy.clone(), "127.0.0.1:9".parse().unwrap());
        tokio::spawn(async move { proxy.serve_client(Box::new(theirs), from).await });
        let mut client = Self { stream: BufReader::new(ours), rate };
        assert!(client.line().await.starts_with("20"));
        client
    }

    async fn send(&mut self, lines: &str) {
        self.stream.write_all(lines.as_bytes()).await.unwrap();
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.unwrap();
        line
    }

    /// Takes a body of so many bytes, at its pace.
    async fn body(&mut self, size: usize) {
        let line = self.line().await;
        assert!(line.starts_with("222 "), "{line}");
        let (mut left, mut piece) = (size, vec![0; PIECE]);
        while left > 0 {
            let window = left.min(PIECE);
            let n = self.stream.read(&mut piece[..window]).await.unwrap();
            assert!(n > 0, "closed with {left} bytes left");
            left -= n;
            if let Some(rate) = self.rate {
                sleep(Duration::from_secs(1) * n as u32 / rate as u32).await;
            }
        }
        assert!(piece.starts_with(b"x") || size < PIECE);
    }
}

/// Each of `clients` asks for so many articles, so many at once.
async fn download(proxy: &Proxy, clients: usize, (articles, depth): (usize, usize), size: usize) {
    let mut all = JoinSet::new();
    for at in 0..clients {
        let proxy = proxy.clone();
        all.spawn(async move {
            let mut client = Client::of(&proxy, None).await;
            take(&mut client, at, (articles, depth), size).await;
        });
    }
    all.join_all().await;
}

async fn take(client: &mut Client, at: usize, (articles, depth): (usize, usize), size: usize) {
    let ask = |n: usize| format!("BODY <{at}.{n}@x>\r\n");
    client.send(&(0..depth.min(articles)).map(ask).collect::<String>()).await;
    for n in 0..articles {
        client.body(size).await;
        if n + depth < articles {
            client.send(&ask(n + depth)).await;
        }
    }
}

/// Bytes from the provider for each that was delivered, in percent.
fn percent(provider: &Provider, delivered: usize) -> usize {
    provider.sent.load(SeqCst) * 100 / delivered
}

#[tokio::test(start_paused = true)]
async fn articles_that_are_pipelined_come_once_whatever_their_size() {
    for (size, articles, depth) in [(MIB * 3 / 4, 60, 10), (MIB * 3 / 2, 60, 8), (10 * MIB, 16, 8)]
    {
        let provider = Provider::new(size, Some(100 * MIB));
        let proxy = proxy(&[Arc::clone(&provider)], 8, 30);
        download(&proxy, 1, (articles, depth), size).await;
        let percent = percent(&provider, size * articles);
        assert!(percent <= 102, "{percent} % for articles of {size} bytes");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_that_pipelines_gets_all_of_it_and_nothing_comes_twice() {
    let size = 2 * MIB;
    let provider = Provider::new(size, None);
    let proxy = proxy(&[Arc::clone(&provider)], 8, 30);
    let mut client = Client::of(&proxy, Some(200_000)).await;
    take(&mut client, 0, (20, 10), size).await;
    let percent = percent(&provider, size * 20);
    assert!(percent <= 102, "{percent} %");
}

#[tokio::test(start_paused = true)]
async fn on_a_slow_line_everybody_waits_and_nobody_is_refused() {
    for timeout in [5, 10] {
        let size = MIB * 3 / 4;
        let provider = Provider::new(size, Some(300_000));
        let proxy = proxy(&[Arc::clone(&provider)], 2, timeout);
        download(&proxy, 20, (3, 1), size).await;
        let percent = percent(&provider, size * 60);
        assert!(percent <= 102, "{percent} % with a timeout of {timeout} s");
    }
}

#[tokio::test(start_paused = true)]
async fn clients_that_take_nothing_leave_the_connections_to_the_others() {
    let size = MIB * 3 / 4;
    let provider = Provider::new(size, Some(50 * MIB));
    let proxy = proxy(&[Arc::clone(&provider)], 4, 30);
    let alone = Instant::now();
    download(&proxy, 4, (20, 1), size).await;
    let alone = alone.elapsed();
    let mut idle = Vec::new();
    for at in 0..30 {
        let mut client = Client::of(&proxy, None).await;
        client
            .send(&(0..10).map(|n| format!("BODY <idle.{at}.{n}@x>\r\n")).collect::<String>())
            .await;
        idle.push(client);
    }
    sleep(Duration::from_secs(20)).await;
    let beside = Instant::now();
    download(&proxy, 4, (20, 1), size).await;
    let beside = beside.elapsed();
    assert!(beside < alone * 2, "{beside:?} beside {alone:?}");
}

#[tokio::test(start_paused = true)]
async fn connections_that_died_in_silence_delay_the_first_article_by_three_seconds() {
    for idle in [1, 20] {
        let provider = Provider::new(PIECE, None);
        let proxy = proxy(&[Arc::clone(&provider)], 4, 30);
        download(&proxy, 8, (3, 1), PIECE).await;
        sleep(Duration::from_secs(idle)).await;
        provider.dead_until.store(provider.dials.load(SeqCst), SeqCst);
        let asked = Instant::now();
        download(&proxy, 1, (1, 1), PIECE).await;
        let after = asked.elapsed();
        assert!(after <= Duration::from_secs(3), "{after:?}, {idle} s idle");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_fails_every_request_beside_a_good_one_is_set_aside() {
    for conduct in [Conduct::Drops, Conduct::Stalls] {
        let (bad, good) =
            (Provider::new(PIECE, None).conducts(conduct), Provider::new(PIECE, None));
        let proxy = proxy(&[Arc::clone(&bad), good], 4, 30);
        let (mut late, mut asked) = (0, 0);
        let mut client = Client::of(&proxy, None).await;
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            let began = Instant::now();
            take(&mut client, asked, (1, 1), PIECE).await;
            late += usize::from(began.elapsed() > Duration::from_secs(1));
            asked += 1;
        }
        let logins = bad.logins.load(SeqCst);
        assert!(logins <= 10, "{logins} logins in a minute");
        assert!(late * 100 <= asked * 3, "{late} of {asked} were late");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_well_again_is_used_again() {
    let (bad, good) =
        (Provider::new(PIECE, None).conducts(Conduct::Drops), Provider::new(PIECE, None));
    let proxy = proxy(&[Arc::clone(&bad), good], 4, 30);
    download(&proxy, 2, (40, 1), PIECE).await;
    *bad.conduct.lock().unwrap() = Conduct::Good;
    let before = bad.sent.load(SeqCst);
    download(&proxy, 8, (400, 1), PIECE).await;
    let again = (bad.sent.load(SeqCst) - before) / PIECE;
    assert!(again > 100, "{again} articles of 3200 came from it again");
}

#[tokio::test(start_paused = true)]
async fn once_all_connections_were_dropped_the_throughput_is_back_within_seconds() {
    let provider = Provider::new(MIB / 4, None);
    let proxy = proxy(&[Arc::clone(&provider)], 4, 30);
    let time = |proxy: Proxy| async move {
        let began = Instant::now();
        download(&proxy, 20, (20, 1), MIB / 4).await;
        began.elapsed()
    };
    let before = time(proxy.clone()).await;
    *provider.conduct.lock().unwrap() = Conduct::Drops;
    let one = provider.asked.load(SeqCst);
    let blip = tokio::spawn({
        let proxy = proxy.clone();
        async move { download(&proxy, 20, (1, 1), MIB / 4).await }
    });
    while provider.asked.load(SeqCst) < one + 4 {
        sleep(Duration::from_millis(1)).await;
    }
    *provider.conduct.lock().unwrap() = Conduct::Good;
    blip.await.unwrap();
    sleep(Duration::from_secs(3)).await;
    let after = time(proxy).await;
    assert!(after * 95 <= before * 100, "{after:?} after, {before:?} before");
}
