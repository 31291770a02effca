//! What a backend has done since the program started. Counting is a few relaxed additions; whoever reads
//! takes a snapshot.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nntp::date::Age;

/// Counters of a provider since the program started, whatever became of its settings.
#[derive(Debug, Default)]
pub struct Counters {
    /// Requests sent.
    pub requests: AtomicU64,
    /// Replies delivered to clients.
    pub delivered: AtomicU64,
    /// Articles and bodies given to clients: the replies 220 and 222.
    pub articles: AtomicU64,
    /// Articles that the provider did not have, whatever was asked about them.
    pub missing: AtomicU64,
    /// Articles and bodies that it did not have.
    pub articles_missing: AtomicU64,
    /// Requests that it refused for another reason.
    pub refused: AtomicU64,
    /// Requests that failed because of the provider.
    pub failures: AtomicU64,
    /// Articles that broke off elsewhere and were continued from this provider.
    pub resumed: AtomicU64,
    /// Articles delivered after every other provider had said that it does not have them.
    pub rescued: AtomicU64,
    /// Articles asked of it although a provider of the same backbone did not have them.
    pub siblings_checked: AtomicU64,
    /// How many of those it had.
    pub siblings_differed: AtomicU64,
    /// Bytes of replies received.
    pub bytes: AtomicU64,
    /// Bytes received on its sockets, encryption and logins included.
    pub received: AtomicU64,
    /// Bytes sent on its sockets.
    pub sent: AtomicU64,
    /// How long replies took to begin, on connections with nothing else in flight.
    pub first_byte: FirstByte,
    /// Articles delivered, by age.
    pub delivered_by_age: ByAge,
    /// Articles and bodies missing, by age.
    pub missing_by_age: ByAge,
}

impl Counters {
    pub(crate) fn count(counter: &AtomicU64) {
        Self::add(counter, 1);
    }

    pub(super) fn add(counter: &AtomicU64, n: usize) {
        counter.fetch_add(n as u64, Ordering::Relaxed);
    }

    /// Returns the current values.
    #[must_use]
    pub fn snapshot(&self) -> CounterSnapshot {
        CounterSnapshot {
            requests: now(&self.requests),
            delivered: now(&self.delivered),
            articles: now(&self.articles),
            missing: now(&self.missing),
            articles_missing: now(&self.articles_missing),
            refused: now(&self.refused),
            failures: now(&self.failures),
            resumed: now(&self.resumed),
            rescued: now(&self.rescued),
            siblings_checked: now(&self.siblings_checked),
            siblings_differed: now(&self.siblings_differed),
            bytes: now(&self.bytes),
            received: now(&self.received),
            sent: now(&self.sent),
            first_byte: self.first_byte.0.each_ref().map(now),
            delivered_by_age: self.delivered_by_age.snapshot(),
            missing_by_age: self.missing_by_age.snapshot(),
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
    pub articles_missing: u64,
    pub refused: u64,
    pub failures: u64,
    pub resumed: u64,
    pub rescued: u64,
    pub siblings_checked: u64,
    pub siblings_differed: u64,
    pub bytes: u64,
    pub received: u64,
    pub sent: u64,
    pub first_byte: [u64; FIRST_BYTE],
    pub delivered_by_age: [[u64; AGES]; 2],
    pub missing_by_age: [[u64; AGES]; 2],
}

/// The number of intervals of [`FirstByte`].
pub const FIRST_BYTE: usize = 32;

/// Where the intervals of [`FirstByte`] end, in microseconds: the first at one millisecond, each further
/// one 1.4 times later. The last interval has no end.
pub const FIRST_BYTE_ENDS: [u64; FIRST_BYTE - 1] = {
    let mut ends = [1000; FIRST_BYTE - 1];
    let mut at = 1;
    while at < ends.len() {
        ends[at] = ends[at - 1] * 14 / 10;
        at += 1;
    }
    ends
};

/// A histogram of times, by [`FIRST_BYTE_ENDS`].
#[derive(Debug, Default)]
pub struct FirstByte([AtomicU64; FIRST_BYTE]);

impl FirstByte {
    pub(super) fn count(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let interval = FIRST_BYTE_ENDS.partition_point(|end| *end <= micros);
        self.0.get(interval).into_iter().for_each(Counters::count);
    }
}

/// The number of intervals of [`ByAge`].
pub const AGES: usize = 21;

/// Where the intervals of [`ByAge`] end, in days: after five short ones, one for each year. The last
/// interval has no end.
pub const AGE_ENDS: [u64; AGES - 1] = [
    1, 7, 30, 90, 180, 365, 730, 1095, 1460, 1825, 2190, 2555, 2920, 3285, 3650, 4015, 4380, 4745,
    5110, 5475,
];

/// Numbers of articles by age: first of those whose date is known, then of those whose age is an
/// estimate.
#[derive(Debug, Default)]
pub struct ByAge([[AtomicU64; AGES]; 2]);

impl ByAge {
    pub(crate) fn count(&self, age: Age) {
        let days = age.seconds / (24 * 60 * 60);
        let interval = AGE_ENDS.partition_point(|end| *end <= days);
        let counters = self.0.get(usize::from(age.estimated));
        if let Some(counter) = counters.and_then(|counters| counters.get(interval)) {
            Counters::count(counter);
        }
    }

    fn snapshot(&self) -> [[u64; AGES]; 2] {
        self.0.each_ref().map(|counters| counters.each_ref().map(now))
    }
}

fn now(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_byte_falls_into_the_interval_of_its_time() {
        let interval = |micros| {
            let times = FirstByte::default();
            times.count(Duration::from_micros(micros));
            times.0.iter().position(|n| now(n) == 1).unwrap()
        };
        let expected =
            [(0, 0), (999, 0), (1000, 1), (1399, 1), (1400, 2), (u64::MAX, FIRST_BYTE - 1)];
        for (micros, at) in expected {
            assert_eq!(interval(micros), at, "{micros} µs");
        }
    }

    #[test]
    fn an_article_is_counted_by_its_age_in_days() {
        let ages = ByAge::default();
        let day = 24 * 60 * 60;
        for (seconds, estimated) in [(0, false), (day, false), (day * 364, true), (u64::MAX, true)]
        {
            ages.count(Age { seconds, estimated });
        }
        let [exact, estimated] = ages.snapshot();
        assert_eq!((exact[0], exact[1], estimated[5], estimated[AGES - 1]), (1, 1, 1, 1));
    }
}
