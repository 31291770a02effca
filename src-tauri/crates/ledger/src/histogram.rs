//! How long something took, in buckets that grow by two fifths each.

use std::ops::AddAssign;
use std::time::Duration;

/// Buckets of a [`Histogram`].
pub const BUCKETS: usize = 32;

/// Counts by duration. Bucket `n` holds what took less than [`Histogram::BOUNDS_MICROS`]`[n]` and no
/// less than the bound before it; the last bucket has no upper bound.
///
/// ```
/// use std::time::Duration;
///
/// let mut first_byte = ledger::Histogram::default();
/// for millis in [18, 20, 22, 400] {
///     first_byte.record(Duration::from_millis(millis));
/// }
/// let median = first_byte.percentile(50).unwrap();
/// assert!((15..=25).contains(&median.as_millis()));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Histogram(pub [u64; BUCKETS]);

impl Histogram {
    /// The upper bounds of all buckets but the last, in microseconds: 1 ms · 1.4ⁿ, up to 24 s.
    pub const BOUNDS_MICROS: [u64; BUCKETS - 1] = bounds();

    /// The bucket for what took this long.
    #[must_use]
    pub fn bucket(took: Duration) -> usize {
        Self::BOUNDS_MICROS.partition_point(|bound| u128::from(*bound) <= took.as_micros())
    }

    /// Counts one more.
    pub fn record(&mut self, took: Duration) {
        self.0[Self::bucket(took)] += 1;
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The duration that `percent` of all stayed within, interpolated in its bucket; `None` if nothing
    /// was counted. In the last bucket, its lower bound.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<Duration> {
        let rank = (u128::from(self.count()) * u128::from(percent.min(100))).div_ceil(100).max(1);
        let mut below = 0;
        for (bucket, count) in self.0.iter().enumerate() {
            let count = u128::from(*count);
            if below + count >= rank {
                return Some(interpolated(bucket, rank - below, count));
            }
            below += count;
        }
        None
    }

    /// What was counted since `before`, or `None` if this is not a continuation of it.
    pub(crate) fn since(&self, before: &Self) -> Option<Self> {
        let mut since = *self;
        for (now, before) in since.0.iter_mut().zip(before.0) {
            *now = now.checked_sub(before)?;
        }
        Some(since)
    }
}

impl AddAssign for Histogram {
    fn add_assign(&mut self, other: Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count = count.saturating_add(more);
        }
    }
}

/// Where the `rank`-th of `count` in a bucket is, as if they were spread evenly.
fn interpolated(bucket: usize, rank: u128, count: u128) -> Duration {
    let low = bucket.checked_sub(1).map_or(0, |below| Histogram::BOUNDS_MICROS[below]);
    let high = Histogram::BOUNDS_MICROS.get(bucket).copied().unwrap_or(low);
    let inside = u128::from(high - low) * rank / count;
    Duration::from_micros(low + u64::try_from(inside).unwrap_or(0))
}

const fn bounds() -> [u64; BUCKETS - 1] {
    let mut bounds = [1000; BUCKETS - 1];
    let mut n = 1;
    while n < bounds.len() {
        bounds[n] = bounds[n - 1] * 14 / 10;
        n += 1;
    }
    bounds
}
