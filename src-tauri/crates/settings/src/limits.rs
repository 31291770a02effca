//! Speed limits in the settings, and their form for the engine.

use std::num::{NonZeroU16, NonZeroU64};

use local::channel::SpeedLimit;
use nntp_proxy::config::{ProgramLimits, TrafficLimits};
use serde::{Deserialize, Serialize};

use crate::check::check_speed;
use crate::{Complaint, Rule, Settings};

/// The lowest speed limit, in bytes a second.
pub(crate) const LOWEST: u64 = 1000;

/// The limits for everything together. Speeds are bytes a second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The most that comes from all providers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub speed: Option<u64>,
    /// The same in slow mode.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub slow_speed: u64,
    /// When other limits hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<Rule>>"))]
    pub schedule: Vec<Rule>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { speed: None, slow_speed: 1_000_000, schedule: Vec::new() }
    }
}

/// Which limit holds for everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub enum TrafficMode {
    /// The one in the settings.
    #[default]
    Normal,
    /// Slow mode.
    Slow,
    /// None at all.
    Full,
    /// No article is fetched.
    Paused,
    /// Another one.
    Speed {
        /// In bytes a second.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        speed: u64,
    },
}

impl Limits {
    /// The limit for everything in this mode.
    #[must_use]
    pub fn speed_in(&self, mode: TrafficMode) -> Option<u64> {
        match mode {
            TrafficMode::Normal | TrafficMode::Paused => self.speed,
            TrafficMode::Full => None,
            TrafficMode::Slow => {
                Some(self.speed.map_or(self.slow_speed, |speed| speed.min(self.slow_speed)))
            }
            TrafficMode::Speed { speed } => Some(speed),
        }
    }
}

impl From<SpeedLimit> for TrafficMode {
    fn from(limit: SpeedLimit) -> Self {
        match limit {
            SpeedLimit::Off => Self::Normal,
            SpeedLimit::Slow => Self::Slow,
            SpeedLimit::Speed { speed } => Self::Speed { speed },
        }
    }
}

impl TrafficMode {
    /// How newsmuxctl calls it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Slow => "slow",
            Self::Full => "full",
            Self::Paused => "paused",
            Self::Speed { .. } => "speed",
        }
    }

    /// Checks the speed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(self) -> Result<(), Complaint> {
        match self {
            Self::Speed { speed } => check_speed("speed", Some(speed)),
            Self::Normal | Self::Slow | Self::Full | Self::Paused => Ok(()),
        }
    }
}

impl Settings {
    /// What the engine is told in this mode.
    #[must_use]
    pub fn traffic(&self, mode: TrafficMode) -> TrafficLimits {
        let of_provider = |speed: Option<u64>| speed.and_then(NonZeroU64::new);
        let providers = self.providers.iter();
        let clients = self.clients.iter();
        TrafficLimits {
            paused: mode == TrafficMode::Paused,
            speed: self.limits.speed_in(mode).and_then(NonZeroU64::new),
            providers: providers
                .filter_map(|one| Some((one.id.clone(), of_provider(one.speed)?)))
                .collect(),
            programs: clients
                .filter(|client| client.has_limits())
                .map(|client| {
                    let limits = ProgramLimits {
                        speed: client.speed.and_then(NonZeroU64::new),
                        connections: client.connections.and_then(NonZeroU16::new),
                        priority: client.priority,
                    };
                    (client.name.clone(), limits)
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_mode_is_never_faster_than_the_limit_in_the_settings() {
        let limits = |speed| Limits { speed, slow_speed: 500_000, ..Limits::default() };
        for (speed, mode, holds) in [
            (None, TrafficMode::Normal, None),
            (Some(800_000), TrafficMode::Normal, Some(800_000)),
            (None, TrafficMode::Slow, Some(500_000)),
            (Some(800_000), TrafficMode::Slow, Some(500_000)),
            (Some(200_000), TrafficMode::Slow, Some(200_000)),
            (Some(200_000), TrafficMode::Speed { speed: 900_000 }, Some(900_000)),
        ] {
            assert_eq!(limits(speed).speed_in(mode), holds, "{speed:?} {mode:?}");
        }
    }
}
