//! The providers, what they have, and what the right replies are.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use newsmux_tests::article::Article;
use newsmux_tests::client::{Client, Reply};
use newsmux_tests::daemon::Account;
use newsmux_tests::provider::{Listening, Provider, serve_connection};
use newsmux_tests::rng::Rng;
use newsmux_tests::tls::Authority;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{Duration, Instant};

use crate::watch::Limits;

pub(crate) const GROUPS: [&str; 2] = ["misc.test", "alt.test"];
/// How many articles are in each group: the first ones, and the next.
pub(crate) const GROUP_SIZE: usize = 6;
/// The first articles are at every provider.
pub(crate) const EVERYWHERE: usize = 24;
/// The last ones, from this on, are at none.
const NOWHERE: usize = 34;
const ARTICLES: usize = 38;
const SIZES: [usize; 8] = [0, 300, 5_000, 5_000, 20_000, 100_000, 300_000, 1_500_000];
/// The login at a provider that wants one.
const LOGIN: (&str, &str) = ("user", "a password");
/// The providers: their name, whether they speak TLS, whether they want a login, and what they say to an idle connection
/// before they close it.
const PROVIDERS: [(&str, bool, bool, &str); 4] = [
    ("a", false, false, ""),
    ("b", true, false, "400 Idle timeout\r\n"),
    ("c", true, true, "502 Session timed out\r\n"),
    ("d", false, true, "503 Timeout\r\n"),
];
/// After how long a connection is idle.
const IDLE: Duration = Duration::from_secs(3);

/// See the [module](self).
pub(crate) struct World {
    pub(crate) articles: Vec<Article>,
    pub(crate) providers: Vec<Place>,
    /// What each provider says to each line while nothing goes wrong.
    replies: Vec<HashMap<String, Reply>>,
}

/// A provider, and what newsmuxd may do there.
pub(crate) struct Place {
    pub(crate) listening: AsyncMutex<Listening>,
    pub(crate) limits: Mutex<Limits>,
    account: Account,
}

impl World {
    pub(crate) async fn new(seed: u64, folder: &Path) -> Self {
        let mut rng = Rng::new(seed);
        let articles: Vec<_> =
            (0..ARTICLES).map(|n| Article::binary(n as u64, SIZES[n % SIZES.len()])).collect();
        let authority = Authority::new();
        let ca_file = folder.join("authority.pem");
        authority.write(&ca_file);
        let (mut providers, mut replies) = (Vec::new(), Vec::new());
        for (at, (name, tls, login, farewell)) in PROVIDERS.iter().enumerate() {
            let mut provider = filled(Provider::named(name), at, &articles, &mut rng);
            replies.push(right_replies(&provider, at, &articles).await);
            if *login {
                provider = provider.account(LOGIN.0, LOGIN.1);
            }
            if *tls {
                provider = provider.tls(&authority.identity("localhost"));
            }
            if !farewell.is_empty() {
                provider = provider.idle(IDLE, farewell);
            }
            let listening = provider.listen().await;
            let mut account = Account::at(&listening).timeout(5);
            if *login {
                account = account.login(LOGIN.0, LOGIN.1);
            }
            if *tls {
                account = account.tls(&ca_file);
            }
            let (listening, limits) = (AsyncMutex::new(listening), Mutex::default());
            providers.push(Place { listening, limits, account });
        }
        Self { articles, providers, replies }
    }

    /// What this provider says to a line while nothing goes wrong; nothing to a line that nobody asks.
    pub(crate) fn reply(&self, provider: usize, line: &str) -> Option<&Reply> {
        self.replies.get(provider)?.get(line)
    }

    /// What the providers say.
    pub(crate) fn replies<'a>(&'a self, line: &str) -> impl Iterator<Item = &'a Reply> {
        self.replies.iter().filter_map(move |known| known.get(line))
    }

    /// False when a provider has ever seen more connections than it was entered with.
    pub(crate) fn is_within_limits(&self) -> bool {
        self.providers.iter().all(|place| place.limits().above == 0)
    }
}

impl Place {
    /// Its settings from now on. What is under way ends there even when it is disabled; its limit stays.
    pub(crate) fn account(&self, connections: u16, enabled: bool) -> Account {
        self.limits().enter(Instant::now(), connections);
        self.account.clone().connections(connections).set("enabled", enabled.into())
    }

    pub(crate) fn limits(&self) -> std::sync::MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of an article in a group at a provider: everywhere another.
pub(crate) fn number(provider: usize, group: usize, nth: usize) -> u64 {
    (1000 * (provider + 1) + 100 * group + nth) as u64
}

/// The range of a group's numbers at a provider.
pub(crate) fn range(provider: usize, group: usize) -> String {
    format!("{}-{}", number(provider, group, 0), number(provider, group, GROUP_SIZE - 1))
}

fn filled(mut provider: Provider, at: usize, articles: &[Article], rng: &mut Rng) -> Provider {
    for (n, article) in articles.iter().enumerate().take(NOWHERE) {
        if n < EVERYWHERE || rng.chance(500) {
            provider = provider.with(article);
        }
    }
    for (group, name) in GROUPS.iter().enumerate() {
        let numbered = |nth| (number(at, group, nth), &articles[group * GROUP_SIZE + nth]);
        let numbered: Vec<_> = (0..GROUP_SIZE).map(numbered).collect();
        provider = provider.group(name, &numbered);
    }
    provider
}

/// Asks a provider that nothing is wrong with.
async fn right_replies(
    provider: &Provider,
    at: usize,
    articles: &[Article],
) -> HashMap<String, Reply> {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    tokio::spawn(serve_connection(theirs, provider.clone().state()));
    let mut client = Client::over(ours);
    client.line().await;
    let by_id = |article: &Article| {
        ["ARTICLE", "BODY", "HEAD", "STAT"].map(|verb| format!("{verb} {}", article.id()))
    };
    let mut lines: Vec<_> = articles.iter().flat_map(by_id).collect();
    for (group, name) in GROUPS.iter().enumerate() {
        lines.push(format!("GROUP {name}"));
        lines.push(format!("OVER {}", range(at, group)));
        lines.push(format!("LISTGROUP {name}"));
        for n in (0..GROUP_SIZE).map(|nth| number(at, group, nth)) {
            lines.extend(["ARTICLE", "BODY", "HEAD", "STAT"].map(|verb| format!("{verb} {n}")));
        }
    }
    let mut replies = HashMap::new();
    for line in lines {
        let reply = client.ask(&line).await;
        replies.insert(line, reply);
    }
    replies
}
