//! How a Newsmux is, in figures that every version understands.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How it is. Figures count from its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// `newsmux` or `newsmuxd`.
    pub program: String,
    /// Its version.
    pub version: String,
    /// Its process.
    pub process: u32,
    /// Its state in one word, such as `idle` or `paused`.
    pub state: String,
    /// Where programs connect.
    pub address: String,
    /// Connected programs' connections.
    pub clients: usize,
    /// Bytes from the providers.
    pub bytes: u64,
    /// Articles delivered.
    pub articles: u64,
    /// The providers, in the order of the settings.
    pub providers: Vec<ProviderStatus>,
    /// What limits the speed.
    #[serde(default)]
    pub traffic: TrafficStatus,
    /// How the accounts stand that have a limit or an end, by their ids; as in the statistics.
    #[serde(default)]
    pub accounts: Map<String, Value>,
}

/// What limits the speed of everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrafficStatus {
    /// In one word: `normal` for the limit in the settings, `slow` for slow mode, `speed` for another one, `full`
    /// for none, `paused` for a pause.
    pub mode: String,
    /// The limit, in bytes a second.
    pub speed: Option<u64>,
    /// When that changes by itself, in seconds since 1970.
    #[serde(default)]
    pub until: Option<u64>,
    /// The mode that follows.
    #[serde(default)]
    pub next: Option<String>,
}

/// How a provider is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderStatus {
    /// Its name.
    pub name: String,
    /// Its state in one word, such as `up` or `login_refused`.
    pub state: String,
    /// What is wrong, in a sentence; empty if nothing is.
    pub problem: String,
    /// In how many seconds it is tried again, if it does not work. At 0 it is tried with the next request.
    #[serde(default)]
    pub retry_secs: Option<u64>,
    /// Open connections.
    pub open: u16,
    /// Connections that it grants, as far as is known.
    pub granted: u16,
    /// Bytes from it.
    pub bytes: u64,
}
