//! The world of a seed: providers, articles, settings and their changes; and what has to hold when it
//! is over.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use newsmux_tests::article::Article;
use newsmux_tests::provider::{Book, Limit, Provider, ProviderState, Script};
use newsmux_tests::rng::Rng;
use nntp_proxy::config::{BackendConfig, Credentials, RoutingMode, Secret, TimeLimits};
use nntp_proxy::proxy::Proxy;
use tokio::time::{Duration, Instant, sleep};

use crate::support::{Pipes, backend, config, depth};

/// The groups that every provider has.
pub(crate) const GROUPS: [&str; 2] = ["misc.test", "alt.test"];
/// How many articles are in each: the first three, and the next.
pub(crate) const GROUP_SIZE: u64 = 3;
/// The articles from this one on are only somewhere, and those from the next on nowhere.
pub(crate) const SOMEWHERE: usize = 6;
const NOWHERE: usize = 10;
const ARTICLES: usize = 12;
/// A minute, less what a password may be under way: the engine counts from the beginning of the dial.
const MINUTE: Duration = Duration::from_secs(58);
/// By so much the headers of one provider's copy may be longer than another's.
const HEADERS: usize = 64;
/// What a provider has sent of a reply before it can know that nobody wants it: a piece, and a pipe full.
const AHEAD: usize = 96 * 1024;
/// What providers may send beside articles for each request: status lines and refusals, in bytes.
const LINES: u64 = 512;
/// As much as for so many requests they may send for logins.
const LOGINS: u64 = 30;

/// Articles of many sizes. The large ones go beyond what is read ahead for a client without asking.
static LIBRARY: LazyLock<Vec<Article>> = LazyLock::new(|| {
    let sizes = [0, 1, 300, 5_000, 20_000, 100_000].repeat(8);
    sizes.iter().zip(0..).map(|(size, seed)| Article::binary(seed, *size)).collect()
});
static LARGE: LazyLock<Vec<Article>> = LazyLock::new(|| {
    let sizes = [1_500_000, 3_000_000, 5_000_000, 7_000_000, 10_000_000];
    sizes.iter().zip(100..).map(|(size, seed)| Article::binary(seed, *size)).collect()
});

/// One article is larger than is ever expected of the next.
static GIANT: LazyLock<Vec<Article>> = LazyLock::new(|| vec![Article::binary(300, 18_000_000)]);

/// Articles as large as they usually are, for clients that ask for many at once.
static USUAL: LazyLock<Vec<Article>> = LazyLock::new(|| {
    (200..200 + ARTICLES as u64).map(|seed| Article::binary(seed, 1_000_000)).collect()
});

/// How much clients ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Volume {
    Little,
    /// Articles of some MB are among it.
    Large,
    /// More at once than may be read ahead for all clients.
    Huge,
}

/// Everything that a seed decides.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) mode: RoutingMode,
    pub(crate) proxy: Proxy,
    pub(crate) providers: Vec<Arc<ProviderState>>,
    pub(crate) articles: Vec<Article>,
    pub(crate) clients: u64,
    pub(crate) volume: Volume,
    /// Clients may leave in the middle.
    pub(crate) clients_leave: bool,
    /// Nothing ever goes wrong.
    pub(crate) is_faultless: bool,
    reloads: u64,
    /// Providers at which nothing ever goes wrong. The first is never taken out of the settings.
    healthy: Vec<usize>,
    settings: Mutex<Vec<(bool, BackendConfig)>>,
    tally: Mutex<Tally>,
}

/// What clients had of articles' blocks, in bytes.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    pub(crate) delivered: u64,
    /// Asked for, and not taken any more.
    pub(crate) unread: u64,
    /// The network changed: logins that failed before do not count.
    renewed: bool,
    /// Each client's dialogue, and when it was held.
    pub(crate) dialogues: BTreeMap<u64, Vec<(Instant, String)>>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let rng = &mut Rng::new(seed);
        let volume = match rng.below(1000) {
            0..15 => Volume::Huge,
            15..150 => Volume::Large,
            _ => Volume::Little,
        };
        let is_faultless = rng.chance(400);
        let articles = articles(rng, volume);
        let count = 1 + rng.below(3) as usize;
        let healthy: Vec<_> = (0..count).filter(|_| is_faultless || rng.chance(350)).collect();
        let (mut providers, mut settings) = (Vec::new(), Vec::new());
        for at in 0..count {
            let backend = random_settings(at, rng);
            let severity = if healthy.contains(&at) { 0 } else { *rng.pick(&[20, 100, 300]) };
            let script = Script::random(Rng::of(seed, &[at as u64]).next()).severity(severity);
            let script = if rng.chance(500) { script.refusing() } else { script };
            let provider = provider(at, &articles, rng).script(script).limit(limit(&backend));
            let provider = match &backend.login {
                Some(login) => provider.account(&login.user, login.password.expose()),
                None => provider,
            };
            providers.push(provider.state());
            settings.push((true, backend));
        }
        if count > 1 && rng.chance(200) {
            let owner = settings[0].1.account();
            settings[1].1.account = Some(owner);
        }
        let mode =
            *rng.pick(&[RoutingMode::PerCommand, RoutingMode::Hybrid, RoutingMode::Standard]);
        let backends = settings.iter().map(|(_, backend): &(_, BackendConfig)| backend.clone());
        let backends = backends.collect();
        let proxy = Proxy::new(
            config(mode, backends),
            Arc::new(Pipes::to(&providers.iter().collect::<Vec<_>>())),
        );
        Self {
            seed,
            mode,
            proxy,
            providers,
            articles,
            clients: match volume {
                Volume::Little => 1 + rng.below(5),
                Volume::Large => 1 + rng.below(3),
                Volume::Huge => 3,
            },
            volume,
            clients_leave: rng.chance(400),
            is_faultless,
            reloads: if rng.chance(500) { 1 + rng.below(5) } else { 0 },
            healthy,
            settings: Mutex::new(settings),
            tally: Mutex::default(),
        }
    }

    /// Whether a provider at which nothing goes wrong is there all the time.
    pub(crate) fn has_healthy(&self) -> bool {
        !self.healthy.is_empty()
    }

    /// Whether nothing ever goes wrong at any provider.
    pub(crate) fn are_all_healthy(&self) -> bool {
        self.healthy.len() == self.providers.len()
    }

    /// Whether this is the one that is there all the time: others may be taken out of the settings.
    pub(crate) fn is_healthy(&self, provider: usize) -> bool {
        self.healthy.first() == Some(&provider)
    }

    /// Whether the healthy provider that is there all the time has an article.
    pub(crate) fn is_certain(&self, article: usize) -> bool {
        let has = |at: &usize| self.providers[*at].holds(&self.articles[article]);
        self.healthy.first().is_some_and(has)
    }

    /// Whether some provider has refused an article, or what asks for it again and again.
    pub(crate) fn was_refused(&self, article: usize) -> bool {
        let id = self.articles[article].id();
        self.providers.iter().any(|provider| {
            let instead = provider.book().instead;
            let unknown = instead.iter().filter(|(_, said)| said.starts_with("500"));
            let about_it = |(line, said): &(String, String)| {
                line.contains(id) && (said.starts_with("480") || said.starts_with("500"))
            };
            unknown.count() >= 3 || instead.iter().any(about_it)
        })
    }

    /// The most bytes of headers that an article has anywhere.
    pub(crate) fn headers(&self, article: usize) -> usize {
        let article = &self.articles[article];
        let whole = self.providers.iter().map(|provider| provider.article_block(article).len());
        whole.max().unwrap_or_default() - article.body_block().len()
    }

    pub(crate) fn is_nowhere(&self, article: usize) -> bool {
        article >= NOWHERE
    }

    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap()
    }

    fn books(&self) -> Vec<Book> {
        self.providers.iter().map(|provider| provider.book()).collect()
    }

    /// What has to hold in the end.
    pub(crate) fn check(&self) {
        for (provider, book) in self.providers.iter().zip(self.books()) {
            let (name, refused) = (provider.name(), book.refused);
            assert_eq!(refused, 0, "seed {}: {name} saw connections too many", self.seed);
            let logins = book.commands.iter().filter(|c| c.line.starts_with("AUTHINFO PASS"));
            let useless = logins.filter(|login| !book.served.contains(&login.connection));
            let at: Vec<_> = useless.map(|login| login.at).collect();
            let hasty = at.windows(11).any(|at| at[10] < at[0] + MINUTE);
            assert!(
                !hasty || self.tally().renewed,
                "seed {}: {name} saw more than ten logins for nothing in a minute",
                self.seed
            );
        }
        self.check_economy();
    }

    /// Nothing is fetched twice. A fault costs what was under way on the connection that it took, and a
    /// client that leaves what it had asked for.
    fn check_economy(&self) {
        let (tally, books) = (self.tally(), self.books());
        let sum = |part: fn(&Book) -> u64| books.iter().map(part).sum::<u64>();
        let (sent, lost) = (sum(|book| book.articles), sum(|book| book.lost));
        let Tally { delivered, unread, requests, .. } = *tally;
        let account = format!(
            "seed {}: {sent} bytes of articles sent for {delivered} delivered, {unread} not taken, {lost} lost",
            self.seed
        );
        assert!(sent <= delivered + unread + lost + self.proofs(&books), "{account}");
        if self.is_faultless {
            assert_eq!(lost, 0, "{account}");
            assert!(unread > 0 || sent == delivered, "{account}");
            let all = sum(|book| book.sent);
            assert!(all <= sent + LINES * (requests + LOGINS), "{account}, {all} in all");
        }
    }

    /// What it costs to go on with another provider's copy: its headers may be longer. Where the first
    /// copy was broken off within its headers, each other provider may be asked, for nothing.
    fn proofs(&self, books: &[Book]) -> u64 {
        let others = self.providers.len() - 1;
        let cost = |(line, within_headers): &(String, bool)| {
            let asked = self.articles.iter().find(|article| line.ends_with(article.id()));
            let size = asked.map_or(0, |article| self.providers[0].article_block(article).len());
            let copies = if *within_headers { others * (size + HEADERS).min(AHEAD) } else { 0 };
            (HEADERS + copies) as u64
        };
        books.iter().flat_map(|book| &book.broken).map(cost).sum()
    }

    /// A number for all that happened.
    pub(crate) fn history(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let began = self.tally().dialogues.values().flatten().map(|(at, _)| *at).min();
        let since = |at: Instant| began.map(|began| at.saturating_duration_since(began));
        for (client, said) in &self.tally().dialogues {
            let said: Vec<_> = said.iter().map(|(at, line)| (since(*at), line)).collect();
            (client, said).hash(&mut hasher);
        }
        for book in self.books() {
            let commands: Vec<_> =
                book.commands.iter().map(|c| (c.connection, &c.line, since(c.at))).collect();
            (commands, book.sent, book.accepted).hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// The number of an article in a group at a provider: everywhere another.
pub(crate) fn number(provider: usize, group: usize, nth: u64) -> u64 {
    1000 * (provider as u64 + 1) + 100 * group as u64 + nth
}

fn articles(rng: &mut Rng, volume: Volume) -> Vec<Article> {
    let mut articles: Vec<_> = Vec::new();
    while articles.len() < ARTICLES {
        let library = match volume {
            Volume::Large if rng.chance(30) => &GIANT,
            Volume::Large if rng.chance(300) => &LARGE,
            Volume::Little | Volume::Large => &LIBRARY,
            Volume::Huge if rng.chance(300) => &LARGE,
            Volume::Huge => &USUAL,
        };
        let next = rng.pick(library);
        if !articles.iter().any(|article: &Article| article.id() == next.id()) {
            articles.push(next.clone());
        }
    }
    articles
}

fn provider(at: usize, articles: &[Article], rng: &mut Rng) -> Provider {
    let mut provider = Provider::named(&format!("p{at}"));
    for (n, article) in articles.iter().enumerate().take(NOWHERE) {
        if n < SOMEWHERE || rng.chance(500) {
            provider = provider.with(article);
        }
    }
    for (group, name) in GROUPS.iter().enumerate() {
        let article = |nth| &articles[group * GROUP_SIZE as usize + nth as usize];
        let numbered: Vec<_> =
            (0..GROUP_SIZE).map(|nth| (number(at, group, nth), article(nth))).collect();
        provider = provider.group(name, &numbered);
    }
    if rng.chance(300) {
        provider = provider.plain_headers();
    }
    if rng.chance(300) {
        provider = provider.rate(*rng.pick(&[100_000, 400_000, 2_000_000]));
    }
    provider.latency(Duration::from_millis(rng.below(100)))
}

fn random_settings(at: usize, rng: &mut Rng) -> BackendConfig {
    let login = Credentials { user: format!("user{at}"), password: Secret::new("a password") };
    BackendConfig {
        login: rng.chance(500).then_some(login),
        tier: rng.below(2) as u8,
        required: rng.chance(200),
        pipelining: depth(*rng.pick(&[0, 1, 2, 4, 8])),
        limits: TimeLimits::from_timeout(Duration::from_secs(10)),
        ..backend(&format!("p{at}"), 1 + rng.below(4) as u16)
    }
}

/// A provider grants as many connections as were entered, and counts one more that comes.
fn limit(backend: &BackendConfig) -> Limit {
    Limit::AtGreeting(backend.connections.get().into(), "502 Too many connections".into())
}

/// Changes the settings now and then.
pub(crate) async fn reload(world: Arc<World>) {
    let mut rng = Rng::of(world.seed, &[u64::MAX]);
    for _ in 0..world.reloads {
        let pause = *rng.pick(&[10, 200, 2_000, 30_000]);
        sleep(Duration::from_millis(rng.below(pause))).await;
        if rng.chance(100) {
            world.tally().renewed = true;
            world.proxy.renew();
            continue;
        }
        let backends = {
            let mut settings = world.settings.lock().unwrap();
            let at = rng.below(settings.len() as u64) as usize;
            let anchored = world.is_healthy(at);
            change(&mut settings[at], anchored, &world.providers[at], &mut rng);
            let enabled = settings.iter().filter(|(enabled, _)| *enabled);
            let mut enabled: Vec<_> = enabled.map(|(_, backend)| backend.clone()).collect();
            if rng.chance(200) {
                enabled.reverse();
            }
            enabled
        };
        world.proxy.apply(config(world.mode, backends));
    }
}

/// Changes something about a provider; `anchored`, it is not taken out.
fn change(
    (enabled, backend): &mut (bool, BackendConfig),
    anchored: bool,
    provider: &ProviderState,
    rng: &mut Rng,
) {
    match rng.below(5) {
        0 => backend.name = format!("renamed {}", rng.below(100)),
        1 => backend.pipelining = depth(*rng.pick(&[0, 1, 2, 8])),
        2 => backend.tier = rng.below(2) as u8,
        3 => {
            backend.connections = backend.connections.saturating_add(1);
            provider.set_limit(limit(backend));
        }
        _ => *enabled = anchored || !*enabled,
    }
}
