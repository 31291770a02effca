//! What goes on, in numbers: totals since the application started, however often the engine was started
//! and its providers changed, and speeds.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use api::snapshot::Sample;
use nntp_proxy::backend::CounterSnapshot;
use nntp_proxy::proxy::Snapshot;
use settings::SAMPLE_ID;
use tokio::time::Instant;

/// Speeds are the average over this long.
const SMOOTH: Duration = Duration::from_secs(2);
/// It counts as active for so long after the last byte.
const ACTIVE: Duration = Duration::from_secs(3);
/// How many samples of the past are kept, one for each second.
const PAST: usize = 600;
/// Two are not closer than this, in milliseconds; a tick may come a little early.
const APART: u64 = 950;

/// All numbers.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    providers: BTreeMap<String, Tally>,
    all: Meter,
    past: VecDeque<Sample>,
    flowed: Option<Instant>,
    load: usize,
}

/// One provider's.
#[derive(Debug, Default)]
pub(super) struct Tally {
    total: CounterSnapshot,
    meter: Meter,
}

impl Numbers {
    /// Takes what the engine counts, if it runs. `at` is the time for people.
    pub(super) fn sample(&mut self, now: Instant, at: u64, engine: Option<&Snapshot>) {
        let backends = engine.map(|engine| engine.backends.as_slice()).unwrap_or_default();
        let before = self.total();
        for backend in backends {
            self.providers.entry(backend.id.clone()).or_default().total = backend.counters;
        }
        self.providers.values_mut().for_each(|tally| tally.meter.push(now, tally.total.bytes));
        self.load = backends.iter().map(|backend| backend.load).sum();
        let total = self.total();
        if (total.bytes, total.delivered) != (before.bytes, before.delivered) {
            self.flowed = Some(now);
        }
        self.all.push(now, total.bytes);
        if self.past.back().is_none_or(|last| at.abs_diff(last.at) >= APART) {
            self.past.push_back(Sample { at, speed: self.all.speed() });
            self.past.drain(..self.past.len().saturating_sub(PAST));
        }
    }

    /// Whether there is something to do.
    pub(super) fn is_active(&self, now: Instant) -> bool {
        self.load > 0 || self.flowed.is_some_and(|at| now.duration_since(at) < ACTIVE)
    }

    /// Bytes a second, over all.
    pub(super) fn speed(&self) -> u64 {
        self.all.speed()
    }

    /// What was done over all, with providers that were removed.
    pub(super) fn total(&self) -> CounterSnapshot {
        self.providers.values().fold(CounterSnapshot::default(), |all, one| sum(all, one.total))
    }

    /// The same without the sample provider.
    pub(super) fn total_of_real(&self) -> CounterSnapshot {
        let real = self.providers.iter().filter(|(id, _)| id.as_str() != SAMPLE_ID);
        real.fold(CounterSnapshot::default(), |all, (_, one)| sum(all, one.total))
    }

    /// A provider's speed and totals.
    pub(super) fn of(&self, id: &str) -> (u64, CounterSnapshot) {
        self.providers.get(id).map(|one| (one.meter.speed(), one.total)).unwrap_or_default()
    }

    /// The speeds of the last minutes.
    pub(super) fn past(&self) -> Vec<Sample> {
        self.past.iter().copied().collect()
    }
}

fn sum(a: CounterSnapshot, b: CounterSnapshot) -> CounterSnapshot {
    CounterSnapshot {
        requests: a.requests + b.requests,
        delivered: a.delivered + b.delivered,
        articles: a.articles + b.articles,
        missing: a.missing + b.missing,
        failures: a.failures + b.failures,
        bytes: a.bytes + b.bytes,
        ..CounterSnapshot::default()
    }
}

/// From bytes to bytes a second.
#[derive(Debug, Default)]
struct Meter(VecDeque<(Instant, u64)>);

impl Meter {
    fn push(&mut self, now: Instant, bytes: u64) {
        self.0.push_back((now, bytes));
        while self.0.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= SMOOTH) {
            self.0.pop_front();
        }
    }

    fn speed(&self) -> u64 {
        let (Some((from, before)), Some((to, now))) = (self.0.front(), self.0.back()) else {
            return 0;
        };
        let milliseconds = u64::try_from(to.duration_since(*from).as_millis()).unwrap_or(u64::MAX);
        (now - before).saturating_mul(1000).checked_div(milliseconds).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speed_is_the_average_over_two_seconds_and_ends_when_nothing_comes() {
        let (mut meter, start) = (Meter::default(), Instant::now());
        let speeds: Vec<_> = (0..9_u64)
            .map(|half| {
                meter.push(start + Duration::from_millis(half * 500), half.min(4) * 1000);
                meter.speed()
            })
            .collect();
        assert_eq!(speeds, [0, 2000, 2000, 2000, 2000, 1500, 1000, 500, 0]);
        // Ticks that are far apart give what came since the last one.
        meter.push(start + Duration::from_secs(14), 14_000);
        assert_eq!(meter.speed(), 1000);
    }

    #[test]
    fn the_past_has_ten_minutes_in_seconds() {
        let (mut numbers, start) = (Numbers::default(), Instant::now());
        for half in 0..2000 {
            numbers.sample(start + Duration::from_millis(half * 500), half * 500, None);
        }
        let past = numbers.past();
        assert_eq!((past.len(), past[0].at, past[599].at), (600, 400_000, 999_000));
    }
}
