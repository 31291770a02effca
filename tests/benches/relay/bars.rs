//! The bars that the design sets for the comparisons: cost, small requests, distance.

use crate::relays::Kind;
use crate::report::{Report, Sample};
use crate::trials::{Bar, Line, Sheet};

/// A figure of newsmuxd's, beside the best of others.
struct Comparison {
    what: &'static str,
    unit: &'static str,
    figure: fn(&Sample) -> f64,
    others: &'static [Kind],
    /// What the others are called.
    beside: &'static str,
    best: fn(f64, f64) -> f64,
}

const BARE: Comparison = Comparison {
    what: "CPU for each GiB",
    unit: "s",
    figure: Sample::cpu_per_gib,
    others: &[Kind::Bare],
    beside: "bare relay",
    best: f64::min,
};
const RIVALS: Comparison =
    Comparison { others: &[Kind::Haproxy, Kind::Nginx], beside: "best rival", ..BARE };
const STAT: Comparison = Comparison {
    what: "median",
    unit: "ms",
    figure: |sample| sample.median,
    others: &[Kind::Nginx],
    beside: "nginx",
    best: f64::min,
};
const SPEED: Comparison = Comparison {
    what: "requests a second",
    unit: "/s",
    figure: Sample::requests_per_second,
    others: &[Kind::Direct, Kind::Haproxy, Kind::Nginx],
    beside: "best other",
    best: f64::max,
};

/// Adds them, for all scenarios that were run.
pub(crate) fn add(report: &Report, sheet: &mut Sheet) {
    for (scenario, comparison, bar) in [
        ("plain, 1 × 1", BARE, Bar::AtMost(1.1)),
        ("plain, 1 × 16", BARE, Bar::AtMost(1.1)),
        ("plain, 8 × 1", BARE, Bar::AtMost(1.2)),
        ("plain, 8 × 16", BARE, Bar::AtMost(1.2)),
        ("plain, 1 × 1", RIVALS, Bar::AtMost(1.0)),
        ("plain, 1 × 16", RIVALS, Bar::AtMost(1.0)),
        ("plain, 8 × 1", RIVALS, Bar::AtMost(1.0)),
        ("plain, 8 × 16", RIVALS, Bar::AtMost(1.0)),
        ("TLS, 1 × 1", RIVALS, Bar::AtMost(0.7)),
        ("TLS, 1 × 16", RIVALS, Bar::AtMost(0.7)),
        ("TLS, 8 × 1", RIVALS, Bar::AtMost(0.7)),
        ("TLS, 8 × 16", RIVALS, Bar::AtMost(0.7)),
        ("STAT, 1 × 1", STAT, Bar::AtMost(1.0)),
        ("50 ms, 4 allowed, 4 × 10", SPEED, Bar::AtLeast(0.97)),
    ] {
        if let Some(line) = comparison.line(report, scenario) {
            sheet.push(line.bar(bar));
        }
    }
}

impl Comparison {
    /// None where newsmuxd or all others were not run.
    fn line(&self, report: &Report, scenario: &str) -> Option<Line> {
        let ours = report.samples(scenario, Kind::Newsmuxd)?;
        let others: Vec<_> =
            self.others.iter().filter_map(|kind| report.samples(scenario, *kind)).collect();
        let round = |(at, own): (usize, &Sample)| {
            let others = others.iter().filter_map(|samples| samples.get(at)).map(self.figure);
            Some(((self.figure)(own), Some(others.reduce(self.best)?)))
        };
        let rounds = ours.iter().enumerate().map(round).collect::<Option<Vec<_>>>()?;
        let what = format!("{scenario}, {} rounds: {}", rounds.len(), self.what);
        Some(Line::of_rounds(what, self.unit, self.beside, rounds))
    }
}
