//! What a backend has done and how it stands, at one moment: for people, and for those who route.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::{Duration, Instant};

use super::State;

/// What a backend has done since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Requests sent.
    pub requests: AtomicU64,
    /// Replies given to clients.
    pub delivered: AtomicU64,
    /// Articles and bodies given to clients: the replies 220 and 222.
    pub articles: AtomicU64,
    /// Articles that the provider said it does not have.
    pub missing: AtomicU64,
    /// Requests that failed by the provider's fault.
    pub failures: AtomicU64,
    /// Bytes of replies received.
    pub bytes: AtomicU64,
}

impl Counters {
    pub(crate) fn count(counter: &AtomicU64) {
        Self::add(counter, 1);
    }

    pub(super) fn add(counter: &AtomicU64, n: usize) {
        counter.fetch_add(n as u64, Ordering::Relaxed);
    }

    /// What was done until now.
    #[must_use]
    pub fn snapshot(&self) -> CounterSnapshot {
        let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CounterSnapshot {
            requests: now(&self.requests),
            delivered: now(&self.delivered),
            articles: now(&self.articles),
            missing: now(&self.missing),
            failures: now(&self.failures),
            bytes: now(&self.bytes),
        }
    }
}

/// [`Counters`] at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the same as in Counters")]
pub struct CounterSnapshot {
    pub requests: u64,
    pub delivered: u64,
    pub articles: u64,
    pub missing: u64,
    pub failures: u64,
    pub bytes: u64,
}

/// Whether a backend can take a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Availability {
    /// Now, though perhaps behind others.
    Ready,
    /// Not before this moment.
    NotBefore(Instant),
    /// Never more: the settings have no place for it.
    Retired,
}

/// What a request can expect of a backend. The first is asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Promise {
    /// It was set aside, and one request is due that tells whether it is well again.
    ProbeDue,
    /// A connection stands and requests go well.
    Proven,
    /// No connection stands yet.
    Unproven,
}

/// What a route has to know of a backend, at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) availability: Availability,
    pub(crate) promise: Promise,
    /// A connection has nothing to do.
    pub(crate) idle: bool,
    /// The provider said lately that it does not serve this account.
    pub(crate) unable: bool,
    /// For how long it could not be used, if that is so.
    pub(crate) down_for: Option<Duration>,
    /// How busy it is, in requests for each thousand connections.
    pub(crate) load: usize,
    /// About how long an article would take that was asked for now; zero where that is not known.
    pub(crate) work: Duration,
}

/// The state of a backend, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendSnapshot {
    /// The provider's id in the settings.
    pub id: String,
    /// The provider's name.
    pub name: String,
    /// How its connections are.
    pub state: State,
    /// A sentence on what is wrong, empty when nothing is.
    pub why: String,
    /// Connections that are open, dialled or closing.
    pub open: u16,
    /// How many may be.
    pub limit: u16,
    /// Requests under way or waiting.
    pub load: usize,
    /// What it has done since it was set up.
    pub counters: CounterSnapshot,
}
