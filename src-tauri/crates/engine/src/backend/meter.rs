//! Counts the bytes of an account on its sockets, and knows how much of its volume is left.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::Allowance;

/// Room for an article, in bytes. When the volume has room only for what could be in flight, connections
/// carry one request at a time: when it ends, at most one article is then in flight on each.
const ARTICLE: u64 = 1024 * 1024;

/// An account's bytes, and what is left of its volume. See the [module](self).
#[derive(Debug)]
pub(crate) struct Meter {
    bytes: AtomicU64,
    until: AtomicU64,
    reserve_from: AtomicU64,
}

/// How much of an account's volume is left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Volume {
    #[default]
    Plenty,
    /// So little that connections carry one request at a time.
    Scarce,
    /// Only what is kept for articles that no other provider has.
    Reserve,
    UsedUp,
}

impl Default for Meter {
    fn default() -> Self {
        let without_limit = || AtomicU64::new(u64::MAX);
        Self { bytes: AtomicU64::new(0), until: without_limit(), reserve_from: without_limit() }
    }
}

impl Meter {
    /// The bytes received and sent so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Sets how much may still be transferred; `None` removes the limit.
    pub(crate) fn allow(&self, allowance: Option<&Allowance>) {
        let (until, reserve_from) =
            allowance.map_or((u64::MAX, u64::MAX), |some| (some.until, some.reserve_from));
        self.until.store(until, Ordering::Relaxed);
        self.reserve_from.store(reserve_from, Ordering::Relaxed);
    }

    /// How many bytes are left outside the reserve; `None` without a limit.
    pub(crate) fn left(&self) -> Option<u64> {
        let until = self.until.load(Ordering::Relaxed);
        let limit = self.reserve_from.load(Ordering::Relaxed).min(until);
        (until != u64::MAX).then(|| limit.saturating_sub(self.bytes()))
    }

    /// How much is left, if up to `requests` may be in flight.
    pub(crate) fn volume(&self, requests: u64) -> Volume {
        let until = self.until.load(Ordering::Relaxed);
        if until == u64::MAX {
            return Volume::Plenty;
        }
        let bytes = self.bytes();
        let margin = ARTICLE * requests;
        let next_limit = self.reserve_from.load(Ordering::Relaxed).min(until);
        match bytes {
            _ if bytes >= until => Volume::UsedUp,
            _ if bytes >= next_limit => Volume::Reserve,
            _ if bytes + margin >= next_limit => Volume::Scarce,
            _ => Volume::Plenty,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_volume_shrinks_to_the_reserve_and_ends_at_the_byte() {
        let meter = Meter::default();
        assert_eq!(meter.volume(2), Volume::Plenty);
        let allowance = Allowance { until: 100 * ARTICLE, reserve_from: 90 * ARTICLE };
        meter.allow(Some(&allowance));
        let mut seen = Vec::new();
        for (bytes, expected) in [
            (0, Volume::Plenty),
            (88 * ARTICLE - 1, Volume::Plenty),
            (1, Volume::Scarce),
            (2 * ARTICLE - 1, Volume::Scarce),
            (1, Volume::Reserve),
            (10 * ARTICLE - 1, Volume::Reserve),
            (1, Volume::UsedUp),
        ] {
            meter.count(bytes);
            seen.push((meter.volume(2), expected));
        }
        assert!(seen.iter().all(|(volume, expected)| volume == expected), "{seen:?}");
        meter.allow(None);
        assert_eq!(meter.volume(2), Volume::Plenty);
    }
}
