//! Speed limits, in bytes a second, priorities, and a pause.

use std::collections::HashMap;
use std::num::{NonZeroU16, NonZeroU64};

/// How many times its share a program of high priority gets.
const WEIGHT: u64 = 4;

/// The limits of a proxy. By default there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrafficLimits {
    /// Whether requests for articles wait. Articles that are under way end.
    pub paused: bool,
    /// For everything that comes from providers.
    pub speed: Option<NonZeroU64>,
    /// For what comes from each provider, by its id.
    pub providers: HashMap<String, NonZeroU64>,
    /// For each program, by its login or, without one, by its own name.
    pub programs: HashMap<String, ProgramLimits>,
}

/// The limits of one program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProgramLimits {
    /// For what it is sent.
    pub speed: Option<NonZeroU64>,
    /// How many articles it is sent at once, as if it had so many connections.
    pub connections: Option<NonZeroU16>,
    /// Its weight in the waiting line.
    pub priority: Priority,
}

/// What a program gets beside others that wait, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Priority {
    /// A quarter of what a normal one gets.
    Low,
    /// Its share.
    #[default]
    Normal,
    /// Four times what a normal one gets.
    High,
}

impl Priority {
    /// What so many bytes cost a program, in bytes of a normal one.
    pub(crate) const fn weigh(self, bytes: u64) -> u64 {
        match self {
            Self::Low => bytes.saturating_mul(WEIGHT),
            Self::Normal => bytes,
            Self::High => bytes.div_ceil(WEIGHT),
        }
    }
}
