//! Articles delivered and missing, by how old they were.

use std::ops::AddAssign;

use serde::Serialize;

/// Age buckets: five within half a year, then half a year, then by year up to fifteen, and older.
pub const AGES: usize = 21;

/// The upper bounds of all buckets but the last, in days.
const BOUNDS_DAYS: [u32; AGES - 1] = [
    1, 7, 30, 90, 180, 365, 730, 1095, 1460, 1825, 2190, 2555, 2920, 3285, 3650, 4015, 4380, 4745,
    5110, 5475,
];

/// Articles asked of a provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Asked {
    /// Delivered.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub delivered: u64,
    /// Missing: answered with 430.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub missing: u64,
}

/// Articles asked of a provider, by age. Articles of unknown age are in none.
///
/// Completion is only as fair as what is counted here: if the age of a delivered article is read from
/// its Date header, a missing one has none. Count as exact only what another provider delivered, or as
/// estimated both what is delivered and what is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ages {
    /// The age is known from the article's Date header.
    pub exact: [Asked; AGES],
    /// The age is read from a time in the message-id.
    pub estimated: [Asked; AGES],
}

/// An age bucket, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AgeRange {
    /// This old or older.
    pub from_days: u32,
    /// Younger than this; `None` for the oldest.
    pub to_days: Option<u32>,
}

impl AgeRange {
    /// The bucket at an index of [`Ages`].
    #[must_use]
    pub fn of(bucket: usize) -> Self {
        Self {
            from_days: bucket.checked_sub(1).map_or(0, |below| BOUNDS_DAYS[below.min(AGES - 2)]),
            to_days: BOUNDS_DAYS.get(bucket).copied(),
        }
    }
}

impl Asked {
    /// Delivered and missing together.
    #[must_use]
    pub fn all(self) -> u64 {
        self.delivered.saturating_add(self.missing)
    }

    fn since(self, before: Self) -> Option<Self> {
        Some(Self {
            delivered: self.delivered.checked_sub(before.delivered)?,
            missing: self.missing.checked_sub(before.missing)?,
        })
    }
}

impl AddAssign for Asked {
    fn add_assign(&mut self, other: Self) {
        self.delivered = self.delivered.saturating_add(other.delivered);
        self.missing = self.missing.saturating_add(other.missing);
    }
}

impl Ages {
    /// The index of the bucket for an article this many days old.
    #[must_use]
    pub fn bucket(days: u32) -> usize {
        BOUNDS_DAYS.partition_point(|bound| *bound <= days)
    }

    /// What was counted since `before`, or `None` if this is not a continuation of it.
    pub(crate) fn since(&self, before: &Self) -> Option<Self> {
        let mut since = *self;
        let before = before.exact.iter().chain(&before.estimated);
        for (now, before) in since.exact.iter_mut().chain(&mut since.estimated).zip(before) {
            *now = now.since(*before)?;
        }
        Some(since)
    }
}

impl AddAssign for Ages {
    fn add_assign(&mut self, other: Self) {
        let more = other.exact.into_iter().chain(other.estimated);
        for (count, more) in self.exact.iter_mut().chain(&mut self.estimated).zip(more) {
            *count += more;
        }
    }
}
