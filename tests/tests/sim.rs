//! The engine in simulated time, with providers that fail at random and clients of every kind: no
//! client ever gets a wrong byte, and no provider ever sees one connection too many.
//!
//! A seed says everything that happens, so a failing one replays exactly: `SEED=123 cargo test -p
//! newsmux-tests --test sim`. `SEEDS=100000` tries more of them.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail so")]
#![expect(clippy::panic, reason = "a test may fail so")]

use std::num::{NonZeroU8, NonZeroU16};
use std::ops::Range;
use std::sync::Arc;

use newsmux_tests::article::Article;
use newsmux_tests::provider::{Provider, ProviderState, Script, serve_connection};
use newsmux_tests::rng::Rng;
use nntp_proxy::auth::AuthHandler;
use nntp_proxy::config::{BackendConfig, Config, RoutingMode, TimeLimits, Tls};
use nntp_proxy::dial::{BoxStream, Boxed, Dial, DialError};
use nntp_proxy::proxy::Proxy;
use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf,
    duplex,
};
use tokio::time::{Duration, sleep, timeout};

/// Longer than anything may take in which something still happens.
const FOREVER: Duration = Duration::from_secs(3600);
/// The groups that every provider has.
const GROUPS: [&str; 2] = ["misc.test", "alt.test"];
/// How many articles are in each: the first three, and the next.
const GROUP_SIZE: u64 = 3;

/// Providers behind pipes.
struct Pipes(Vec<Arc<ProviderState>>);

impl Dial for Pipes {
    fn connect<'a>(&'a self, to: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async move {
            let at: usize = to.host.parse().unwrap();
            let (ours, theirs) = duplex(32 * 1024);
            tokio::spawn(serve_connection(theirs, Arc::clone(&self.0[at])));
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

/// Everything that a seed decides.
struct World {
    mode: RoutingMode,
    proxy: Proxy,
    providers: Vec<Arc<ProviderState>>,
    connections: Vec<u16>,
    /// Those at the front are everywhere, those at the back nowhere.
    articles: Vec<Article>,
    everywhere: usize,
    nowhere: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let sizes = [0, 1, 300, 5_000, 20_000, 100_000];
        let articles: Vec<_> =
            (0..12).map(|n| Article::binary(seed ^ n, *rng.pick(&sizes))).collect();
        let (everywhere, nowhere) = (6, 10);
        let (mut providers, mut connections, mut backends) = (Vec::new(), Vec::new(), Vec::new());
        for at in 0..=rng.below(3) {
            let mut provider = Provider::named(&format!("p{at}"));
            for (n, article) in articles.iter().enumerate().take(nowhere) {
                if n < everywhere || rng.chance(500) {
                    provider = provider.with(article);
                }
            }
            for (group, name) in GROUPS.iter().enumerate() {
                let numbered = |nth| {
                    let article = &articles[group * 3 + nth as usize];
                    (number(at as usize, group, nth), article)
                };
                let numbered: Vec<_> = (0..GROUP_SIZE).map(numbered).collect();
                provider = provider.group(name, &numbered);
            }
            let latency = Duration::from_millis(rng.below(100));
            let severity = *rng.pick(&[0, 20, 100, 300]);
            let script = Script::random(seed ^ (at << 32)).severity(severity);
            providers.push(provider.latency(latency).script(script).state());
            let backend = backend(at, &mut rng);
            connections.push(backend.connections.get());
            backends.push(backend);
        }
        let mode =
            *rng.pick(&[RoutingMode::PerCommand, RoutingMode::Hybrid, RoutingMode::Standard]);
        let auth = Arc::new(AuthHandler::new(None, None));
        let config = Config { mode, posting: false, auth, backends };
        let proxy = Proxy::new(config, Arc::new(Pipes(providers.clone())));
        Self { mode, proxy, providers, connections, articles, everywhere, nowhere }
    }

    fn client(self: &Arc<Self>) -> Client {
        let (ours, theirs) = duplex(16 * 1024);
        let proxy = self.proxy.clone();
        let addr = "127.0.0.1:9".parse().unwrap();
        tokio::spawn(async move { proxy.serve_client(Box::new(theirs), addr).await });
        let (read, write) = tokio::io::split(ours);
        (BufReader::new(read), write)
    }
}

type Client = (BufReader<ReadHalf<DuplexStream>>, WriteHalf<DuplexStream>);

fn backend(at: u64, rng: &mut Rng) -> BackendConfig {
    BackendConfig {
        id: at.to_string(),
        name: format!("p{at}"),
        host: at.to_string(),
        port: 119,
        tls: Tls::Off,
        login: None,
        connections: NonZeroU16::new(1 + rng.below(4) as u16).unwrap(),
        tier: rng.below(2) as u8,
        required: rng.chance(200),
        pipelining: NonZeroU8::new(*rng.pick(&[0, 1, 2, 4, 8])),
        limits: TimeLimits::from_timeout(Duration::from_secs(10)),
    }
}

/// What a client asked.
#[derive(Clone, Copy, Debug)]
enum Ask {
    Body(usize),
    Article(usize),
    Stat(usize),
    Date,
    ModeReader,
    Group(usize),
    /// `STAT`, of a number in the selected group.
    Number(u64),
    /// `STAT`, of the current article.
    Current,
}

/// What a client has selected, as far as it was told.
#[derive(Clone, Copy, Debug, Default)]
struct Selected {
    /// The group, and the provider whose numbers count.
    group: Option<(usize, usize)>,
    current: u64,
}

/// The number of an article in a group at a provider: everywhere another.
fn number(provider: usize, group: usize, nth: u64) -> u64 {
    1000 * (provider as u64 + 1) + 100 * group as u64 + nth
}

impl Selected {
    /// Takes the reply to `STAT n` or `STAT`, which has to be about this group and article.
    fn check_stat(&mut self, world: &World, asked: Option<u64>, text: &str) {
        let (group, provider) = self.group.unwrap_or_else(|| panic!("no group, and yet {text}"));
        let asked = asked.unwrap_or(self.current);
        let nth = asked.wrapping_sub(number(provider, group, 0));
        assert!(nth < GROUP_SIZE, "{self:?} does not have {asked}, and yet {text}");
        let article = &world.articles[group * 3 + nth as usize];
        // Of an article by its number, nobody but the provider can tell that it is another.
        let text = text.trim_end().replacen("<another.", "<", 1);
        assert_eq!(text, format!("223 {asked} {}", article.id()), "{self:?}");
        self.current = asked;
    }
}

impl Ask {
    fn random(rng: &mut Rng, articles: usize, selected: Selected) -> Self {
        let n = rng.below(articles as u64) as usize;
        match rng.below(15) {
            0..=4 => Self::Body(n),
            5 | 6 => Self::Article(n),
            7 => Self::Stat(n),
            8 => Self::Date,
            9 => Self::ModeReader,
            10 | 11 => Self::Group(rng.below(2) as usize),
            12 => Self::Current,
            _ => {
                let (group, provider) = selected.group.unwrap_or_default();
                Self::Number(number(provider, group, rng.below(GROUP_SIZE)))
            }
        }
    }

    fn line(self, world: &World) -> String {
        match self {
            Self::Body(n) => format!("BODY {}\r\n", world.articles[n].id()),
            Self::Article(n) => format!("ARTICLE {}\r\n", world.articles[n].id()),
            Self::Stat(n) => format!("STAT {}\r\n", world.articles[n].id()),
            Self::Date => "DATE\r\n".into(),
            Self::ModeReader => "MODE READER\r\n".into(),
            Self::Group(group) => format!("GROUP {}\r\n", GROUPS[group]),
            Self::Number(number) => format!("STAT {number}\r\n"),
            Self::Current => "STAT\r\n".into(),
        }
    }

    /// The blocks that may follow a good status line.
    fn blocks(self, world: &World) -> Vec<Vec<u8>> {
        match self {
            Self::Body(n) => vec![world.articles[n].body_block()],
            Self::Article(n) => {
                world.providers.iter().map(|p| p.article_block(&world.articles[n])).collect()
            }
            _ => vec![Vec::new()],
        }
    }

    fn number(self) -> Option<usize> {
        match self {
            Self::Body(n) | Self::Article(n) | Self::Stat(n) => Some(n),
            _ => None,
        }
    }
}

/// One client's life: connects, asks this and that, reads at its own pace, leaves when it likes.
async fn live(world: Arc<World>, seed: u64) {
    let mut rng = Rng::new(seed);
    for _ in 0..=rng.below(3) {
        sleep(Duration::from_millis(rng.below(500))).await;
        let (mut read, mut write) = world.client();
        let mut greeting = String::new();
        read.read_line(&mut greeting).await.unwrap();
        assert!(greeting.starts_with("201 "), "{greeting}");
        let mut selected = Selected::default();
        let depth = *rng.pick(&[1, 1, 1, 3, 3, 10, 40]);
        let pace = Duration::from_millis(*rng.pick(&[0, 0, 1, 50]));
        for _ in 0..rng.below(6) {
            let asked: Vec<_> =
                (0..depth).map(|_| Ask::random(&mut rng, world.articles.len(), selected)).collect();
            let lines: String = asked.iter().map(|ask| ask.line(&world)).collect();
            let writing = async {
                write.write_all(lines.as_bytes()).await.ok();
            };
            let leaves = rng.chance(100).then(|| rng.below(asked.len() as u64) as usize);
            let reading = read_replies(&world, &mut read, (&asked, &mut selected), leaves, pace);
            let (_, go_on) = tokio::join!(writing, reading);
            if !go_on {
                break;
            }
        }
    }
}

/// Reads the replies to all that was asked; false when the connection is over.
async fn read_replies<R>(
    world: &World,
    read: &mut R,
    (asked, selected): (&[Ask], &mut Selected),
    leaves: Option<usize>,
    pace: Duration,
) -> bool
where
    R: tokio::io::AsyncBufRead + Unpin,
{
    for (at, ask) in asked.iter().enumerate() {
        if leaves == Some(at) {
            return false;
        }
        let mut status = Vec::new();
        let reading = read.read_until(b'\n', &mut status);
        timeout(FOREVER, reading).await.unwrap_or_else(|_| panic!("no reply to {ask:?}")).unwrap();
        if status.is_empty() || status.starts_with(b"400 ") {
            return false;
        }
        assert!(status.ends_with(b"\r\n"), "{ask:?}: {:?}", String::from_utf8_lossy(&status));
        if !check_status(world, *ask, selected, &status) {
            continue;
        }
        if !read_block(read, &ask.blocks(world), pace).await {
            return false;
        }
    }
    true
}

/// Whether a block follows.
fn check_status(world: &World, ask: Ask, selected: &mut Selected, status: &[u8]) -> bool {
    let text = String::from_utf8_lossy(status);
    if status.starts_with(b"430 ") {
        let n = ask.number().unwrap_or_else(|| panic!("{ask:?}: {text}"));
        assert!(n >= world.everywhere, "{ask:?}: every provider has it, and yet {text}");
        return false;
    }
    let code = match ask {
        Ask::Body(_) => "222 ",
        Ask::Article(_) => "220 ",
        Ask::Stat(_) => "223 ",
        Ask::Date => "111 ",
        Ask::ModeReader => "201 ",
        Ask::Group(_) => "211 ",
        Ask::Number(_) | Ask::Current => "223 ",
    };
    // In Standard mode what the provider says is the answer; articles are another matter elsewhere.
    let refused = status.starts_with(b"4") || status.starts_with(b"5");
    if refused && (world.mode == RoutingMode::Standard || ask.number().is_none()) {
        return false;
    }
    assert!(text.starts_with(code), "{ask:?}: {text}");
    match ask {
        Ask::Group(group) => {
            let low: u64 = text.split(' ').nth(2).unwrap().parse().unwrap();
            *selected = Selected { group: Some((group, (low / 1000 - 1) as usize)), current: low };
        }
        Ask::Number(number) => selected.check_stat(world, Some(number), &text),
        Ask::Current => selected.check_stat(world, None, &text),
        _ => {}
    }
    if let Some(n) = ask.number() {
        assert!(n < world.nowhere, "{ask:?}: nobody has it, and yet {text}");
        assert!(text.contains(world.articles[n].id()), "{ask:?}: {text}");
    }
    matches!(ask, Ask::Body(_) | Ask::Article(_))
}

/// Reads a block, which has to be one of these to the last byte; or the end of the connection within
/// it. True when it was whole.
async fn read_block<R>(read: &mut R, possible: &[Vec<u8>], pace: Duration) -> bool
where
    R: tokio::io::AsyncRead + Unpin,
{
    let mut possible: Vec<&[u8]> = possible.iter().map(Vec::as_slice).collect();
    let mut piece = vec![0; 16 * 1024];
    loop {
        let next = possible.iter().map(|block| block.len()).min();
        let next = next.expect("the bytes of some provider's article");
        if next == 0 {
            return true;
        }
        let window = next.min(piece.len());
        let reading = timeout(FOREVER, read.read(&mut piece[..window])).await;
        let n = reading.expect("a reply that goes on").unwrap_or(0);
        if n == 0 {
            return false;
        }
        possible.retain_mut(|block| {
            let same = block.starts_with(&piece[..n]);
            *block = block.get(n..).unwrap_or_default();
            same
        });
        if !pace.is_zero() {
            sleep(pace).await;
        }
    }
}

fn simulate(seed: u64) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async move {
        let world = Arc::new(World::new(seed));
        let mut clients = tokio::task::JoinSet::new();
        for client in 0..=Rng::new(!seed).below(5) {
            clients.spawn(live(Arc::clone(&world), Rng::of(seed, &[client]).next()));
        }
        while let Some(client) = clients.join_next().await {
            client.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        }
        for (provider, limit) in world.providers.iter().zip(&world.connections) {
            let peak = provider.book().peak;
            assert!(peak <= u64::from(*limit), "seed {seed}: {peak} connections of {limit}");
        }
        world.proxy.shutdown(Duration::from_secs(1)).await;
    });
}

fn seeds(standard: Range<u64>) -> Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match (number("SEED"), number("SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, Some(seeds)) => 0..seeds,
        (None, None) => standard,
    }
}

#[test]
fn a_thousand_schedules_of_faults_give_no_wrong_byte_and_no_connection_too_many() {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || seeds(0..1000).skip(thread).step_by(threads).for_each(simulate));
        }
    });
}
