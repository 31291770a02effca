//! Medians and ratios of what was measured.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::load::Outcome;
use crate::relays::Kind;

const MIB: f64 = 1024.0 * 1024.0;
const GIB: f64 = 1024.0 * MIB;

/// One run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// In seconds.
    time: f64,
    requests: f64,
    bytes: f64,
    /// In milliseconds.
    pub(crate) median: f64,
    worst: f64,
    /// Seconds of processor time.
    cpu: f64,
    /// In bytes.
    peak: f64,
}

/// All runs.
#[derive(Default)]
pub(crate) struct Report {
    runs: Vec<(String, Kind, Vec<Sample>)>,
    skipped: BTreeSet<&'static str>,
}

impl Sample {
    pub(crate) fn new(outcome: &Outcome, cpu: Duration, peak: u64) -> Self {
        let at = |percent: usize| {
            let at = outcome.latencies.len() * percent / 100;
            outcome.latencies.get(at).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
        };
        Self {
            time: outcome.time.as_secs_f64(),
            requests: outcome.latencies.len() as f64,
            bytes: outcome.bytes as f64,
            median: at(50),
            worst: at(99),
            cpu: cpu.as_secs_f64(),
            peak: peak as f64,
        }
    }

    fn megabytes_per_second(&self) -> f64 {
        self.bytes / MIB / self.time
    }

    pub(crate) fn requests_per_second(&self) -> f64 {
        self.requests / self.time
    }

    pub(crate) fn cpu_per_gib(&self) -> f64 {
        self.cpu * GIB / self.bytes
    }

    fn cpu_per_10k(&self) -> f64 {
        self.cpu * 10_000.0 / self.requests
    }
}

impl Report {
    /// Says once that something is not run.
    pub(crate) fn skip(&mut self, why: &'static str) {
        if self.skipped.insert(why) {
            println!("skipped: {why}");
        }
    }

    pub(crate) fn add(&mut self, scenario: &str, kind: Kind, sample: Sample) {
        let known = self.runs.iter_mut().find(|(name, of, _)| name == scenario && *of == kind);
        match known {
            Some((_, _, samples)) => samples.push(sample),
            None => self.runs.push((scenario.to_owned(), kind, vec![sample])),
        }
    }

    /// All runs of one alternative in a scenario, if there are any.
    pub(crate) fn samples(&self, scenario: &str, kind: Kind) -> Option<&[Sample]> {
        let run = self.runs.iter().find(|(name, of, _)| name == scenario && *of == kind);
        run.map(|(_, _, samples)| samples.as_slice())
    }

    /// The medians of one scenario. `ours` is newsmuxd's processor time as a multiple of a row's,
    /// round by round.
    pub(crate) fn print(&self, scenario: &str, verb: &str) {
        let small = verb == "STAT";
        let unit = if small { "CPU s/10k" } else { "CPU s/GiB" };
        println!("\n{scenario}");
        println!(
            "| {:<10} | {:>8} | {:>10} | {:>9} | {:>9} | {unit:>9} | {:>6} | {:>8} |",
            "", "MiB/s", "requests/s", "median ms", "99 % ms", "ours ×", "peak MiB"
        );
        println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        let cpu = |s: &Sample| if small { s.cpu_per_10k() } else { s.cpu_per_gib() };
        let of = |kind| self.runs.iter().find(|(name, of, _)| name == scenario && *of == kind);
        for (_, kind, samples) in self.runs.iter().filter(|(name, ..)| name == scenario) {
            let ours = of(Kind::Newsmuxd).map(|(_, _, ours)| {
                median(ours.iter().zip(samples).map(|(ours, theirs)| cpu(ours) / cpu(theirs)))
            });
            let ours = ours.filter(|ratio| ratio.is_finite()).map(|ratio| format!("{ratio:.2}"));
            println!(
                "| {:<10} | {:>8.0} | {:>10.0} | {:>9.3} | {:>9.3} | {:>9.3} | {:>6} | {:>8.1} |",
                kind.to_string(),
                of_all(samples, Sample::megabytes_per_second),
                of_all(samples, Sample::requests_per_second),
                of_all(samples, |s| s.median),
                of_all(samples, |s| s.worst),
                of_all(samples, cpu),
                ours.unwrap_or_default(),
                of_all(samples, |s| s.peak / MIB),
            );
        }
    }

    /// Every figure of every run.
    pub(crate) fn to_json(&self) -> Vec<Value> {
        let run = |sample: &Sample| {
            json!({
                "seconds": sample.time, "requests": sample.requests, "bytes": sample.bytes,
                "median_ms": sample.median, "p99_ms": sample.worst, "cpu_seconds": sample.cpu,
                "peak_bytes": sample.peak,
            })
        };
        let row = |(scenario, kind, samples): &(String, Kind, Vec<Sample>)| {
            let runs: Vec<_> = samples.iter().map(run).collect();
            json!({"scenario": scenario, "relay": kind.to_string(), "runs": runs})
        };
        self.runs.iter().map(row).collect()
    }
}

fn of_all(samples: &[Sample], figure: impl Fn(&Sample) -> f64) -> f64 {
    median(samples.iter().map(figure))
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
