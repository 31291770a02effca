//! What clients saw, and the table at the end.

use std::sync::atomic::{AtomicU64, Ordering};

use newsmux_tests::provider::Book;

use crate::replies::Verdict;
use crate::world::World;

/// What clients saw.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    right: AtomicU64,
    bytes: AtomicU64,
    missing: AtomicU64,
    refused: AtomicU64,
    sent_away: AtomicU64,
    closed: AtomicU64,
    silent: AtomicU64,
    wrong: AtomicU64,
}

impl Tally {
    pub(crate) fn count(&self, verdict: &Verdict) {
        let counter = match verdict {
            Verdict::Right(bytes) => {
                self.bytes.fetch_add(*bytes as u64, Ordering::Relaxed);
                &self.right
            }
            Verdict::Missing => &self.missing,
            Verdict::Refused => &self.refused,
            Verdict::SentAway => &self.sent_away,
            Verdict::Closed => &self.closed,
            Verdict::Silence => &self.silent,
            Verdict::Wrong(what) => {
                println!("WRONG: {what}");
                &self.wrong
            }
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether something came, all of it was right, and nobody was sent away or waited in vain.
    pub(crate) fn is_good(&self) -> bool {
        let none = |counter: &AtomicU64| counter.load(Ordering::Relaxed) == 0;
        let bad = [&self.wrong, &self.silent, &self.sent_away, &self.missing];
        bad.iter().all(|counter| none(counter)) && !none(&self.right)
    }

    /// `peak` is newsmuxd's memory, in bytes.
    pub(crate) fn print(&self, world: &World, books: &[Book], reloads: u64, peak: u64) {
        let sum = |figure: fn(&Book) -> u64| books.iter().map(figure).sum::<u64>().to_string();
        let seen = |counter: &AtomicU64| counter.load(Ordering::Relaxed).to_string();
        let connections = world.providers.iter().map(|place| {
            let (peak, allowed) = place.limits().peak;
            format!("{peak} of {allowed}")
        });
        let above: u64 = world.providers.iter().map(|place| place.limits().above).sum();
        println!("\n| | |\n| --- | ---: |");
        for (what, figure) in [
            ("replies that were right", seen(&self.right)),
            ("bytes delivered", seen(&self.bytes)),
            ("bytes from providers", sum(|book| book.sent)),
            ("faults injected", sum(|book| book.faults)),
            ("reloads", reloads.to_string()),
            ("logins", sum(|book| book.logins)),
            ("connections to providers", sum(|book| book.accepted)),
            (
                "most connections at once, of those allowed",
                connections.collect::<Vec<_>>().join(", "),
            ),
            ("peak memory in MiB", format!("{:.1}", peak as f64 / 1024.0 / 1024.0)),
            ("refusals", seen(&self.refused)),
            ("430 for an article that all providers have", seen(&self.missing)),
            ("400 while a healthy provider was there (must be 0)", seen(&self.sent_away)),
            ("closed within a reply or without one", seen(&self.closed)),
            ("nothing for two minutes (must be 0)", seen(&self.silent)),
            ("connections above the limit (must be 0)", above.to_string()),
            ("wrong replies (must be 0)", seen(&self.wrong)),
        ] {
            println!("| {what:<50} | {figure:>32} |");
        }
    }
}
