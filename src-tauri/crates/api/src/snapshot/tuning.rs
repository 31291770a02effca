//! The search for the best number of connections as people see it.

pub use nntp_proxy::tune::{By as TuneBy, Point as TunePoint, Tuned, Unable as TuneUnable};
use serde::Serialize;

/// A search for the best number of connections to a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Tuning {
    /// The id of the provider.
    pub provider: String,
    /// The speeds that were measured so far, in order.
    pub points: Vec<TunePoint>,
    /// What came of it; nothing while it is running.
    pub outcome: Option<TuneOutcome>,
}

/// What came of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum TuneOutcome {
    /// It found what to use.
    Tuned {
        /// What to use.
        tuned: Tuned,
    },
    /// It could not be finished.
    Unable {
        /// Why.
        unable: TuneUnable,
    },
}
