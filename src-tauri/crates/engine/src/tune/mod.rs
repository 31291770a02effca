//! Measures how fast a provider is with more and more connections, and with more requests in flight on
//! each, and says which numbers to use. It downloads articles again that programs requested lately, and
//! throws them away.
//!
//! Programs go first: nothing is measured while they download, and a run ends when one begins.

mod choose;
mod replies;
mod run;
mod worker;

use std::fmt;
use std::num::{NonZeroU8, NonZeroU16};
use std::sync::Arc;
use std::time::Duration;

use crate::backend::{Backend, RATIONED};

/// The most that a run downloads, in bytes.
pub const MOST_BYTES: u64 = 1_000_000_000;
/// The longest that a run takes.
pub const MOST_TIME: Duration = Duration::from_secs(120);
/// Of a limited volume, a run uses at most this share.
const SHARE_OF_VOLUME: u64 = 10;
/// With less than this a run would say little, in bytes.
const LEAST_BYTES: u64 = 100_000_000;
/// How many recent articles a run needs.
pub const LEAST_ARTICLES: usize = 8;

/// What the user allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    /// How many connections the provider's plan allows.
    pub connections: NonZeroU16,
    /// Whether a limited volume may be used.
    pub volume: bool,
}

/// What was varied between measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(rename = "TuneBy"))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum By {
    /// The number of connections.
    Connections,
    /// The number of requests in flight on each.
    Depth,
}

/// A measured speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(rename = "TunePoint"))]
pub struct Point {
    /// What was varied.
    pub by: By,
    /// The number of connections.
    pub connections: u16,
    /// The number of requests in flight on each.
    pub depth: u8,
    /// Bytes a second.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub speed: u64,
}

/// What to use.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Tuned {
    /// The number of connections.
    pub connections: u16,
    /// The number of requests in flight on each; `None` if Newsmux chooses it well by itself.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub pipelining: Option<NonZeroU8>,
    /// The speed with these, in bytes a second.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub speed: u64,
    /// Why no more connections could be opened, if the provider refused one.
    pub refused: Option<String>,
}

/// Why nothing can be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(rename = "TuneUnable"))]
#[cfg_attr(feature = "serde", serde(tag = "why", rename_all = "snake_case"))]
pub enum Unable {
    /// The provider is not in use.
    NotUsed,
    /// Downloads are paused.
    Paused,
    /// A speed limit is on.
    SpeedLimit,
    /// The provider does not work at the moment.
    Down {
        /// Why, in a sentence.
        cause: String,
    },
    /// The account's volume is limited, and the user did not allow using it.
    Volume,
    /// Too little is left of the account's volume.
    VolumeLow,
    /// Programs downloaded nothing from it lately.
    NoArticles,
    /// A program is downloading.
    Downloading,
    /// All connections of the account are in use.
    AllInUse,
    /// No connection could be opened, or all were lost.
    NoConnection {
        /// Why.
        cause: String,
    },
    /// The provider was changed in the settings.
    Changed,
}

impl fmt::Display for Unable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUsed => f.write_str("this provider is not in use"),
            Self::Paused => f.write_str("downloads are paused: resume them first"),
            Self::SpeedLimit => f.write_str("a speed limit is on: turn it off first"),
            Self::Down { cause } => write!(f, "the provider does not work: {cause}"),
            Self::Volume => f.write_str("the account's volume is limited"),
            Self::VolumeLow => f.write_str("too little is left of the account's volume"),
            Self::NoArticles => f.write_str("download something from this provider first"),
            Self::Downloading => f.write_str("a program is downloading: stop it first"),
            Self::AllInUse => f.write_str("all connections are in use"),
            Self::NoConnection { cause } => write!(f, "no connection to the provider: {cause}"),
            Self::Changed => f.write_str("the provider was changed in the settings"),
        }
    }
}

impl std::error::Error for Unable {}

/// A measurement that can run. See the [module](self).
pub struct Tune {
    backend: Arc<Backend>,
    /// All backends: they share one line to the internet.
    all: Vec<Arc<Backend>>,
    requests: Vec<Vec<u8>>,
    up_to: u16,
    most_bytes: u64,
}

impl Tune {
    /// Prepares a measurement of one of the backends.
    pub(crate) fn new(id: &str, all: Vec<Arc<Backend>>, allowed: Allowed) -> Result<Self, Unable> {
        let backend = all.iter().find(|backend| backend.config().id == id);
        let backend = Arc::clone(backend.ok_or(Unable::NotUsed)?);
        is_allowed(&backend)?;
        if backend.is_rationed() {
            return Err(Unable::NoConnection { cause: RATIONED.into() });
        }
        if !backend.serves() {
            return Err(Unable::Down { cause: backend.why() });
        }
        let most_bytes = match backend.volume_left() {
            None => MOST_BYTES,
            Some(_) if !allowed.volume => return Err(Unable::Volume),
            Some(left) => MOST_BYTES.min(left / SHARE_OF_VOLUME),
        };
        if most_bytes < LEAST_BYTES {
            return Err(Unable::VolumeLow);
        }
        let requests = backend.recent_requests();
        if requests.len() < LEAST_ARTICLES {
            return Err(Unable::NoArticles);
        }
        if all.iter().any(|backend| backend.load() > 0) {
            return Err(Unable::Downloading);
        }
        let up_to = allowed.connections.get();
        Ok(Self { backend, all, requests, up_to, most_bytes })
    }

    /// The most that it downloads, in bytes.
    #[must_use]
    pub const fn most_bytes(&self) -> u64 {
        self.most_bytes
    }

    /// Measures, and reports each speed at once. Dropping the future closes all its connections. Run it
    /// within the runtime that serves.
    ///
    /// # Errors
    /// Why it could not be finished; see [`Unable`].
    pub async fn run(self, mut tell: impl FnMut(Point) + Send) -> Result<Tuned, Unable> {
        run::Run::new(self, &mut tell).run().await
    }
}

impl fmt::Debug for Tune {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tune").field("backend", &self.backend).finish_non_exhaustive()
    }
}

/// Whether nothing that the user set is in the way.
fn is_allowed(backend: &Backend) -> Result<(), Unable> {
    match () {
        () if backend.traffic().is_paused() => Err(Unable::Paused),
        () if backend.has_speed_limit() => Err(Unable::SpeedLimit),
        () if backend.is_retired() => Err(Unable::Changed),
        () => Ok(()),
    }
}
