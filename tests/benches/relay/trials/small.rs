//! Many clients, many small requests, and a provider that is far away.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::sheet::{Bar, Line, Sheet};
use super::{open, provider};
use crate::articles::Articles;
use crate::load::{self, Load, Outcome};
use crate::relays::{Kind, Running};

const TIME: Duration = Duration::from_secs(3);
const KIB: usize = 1024;

/// What a request costs while a thousand clients wait for theirs.
pub(super) fn waiting(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    let few = cpu_per_request(4)?;
    let line = Line::new("1,000 waiting clients: CPU for a STAT", cpu_per_request(1000)?, "µs");
    sheet.push(line.beside("4 clients", few).bar(Bar::AtMost(1.5)));
    Ok(())
}

fn cpu_per_request(clients: usize) -> Result<f64, String> {
    let provider = provider(KIB, 0);
    let articles = Arc::clone(&provider.articles);
    let (_, upstream) = open(provider, 4)?;
    let newsmuxd = Running::newsmuxd(&[upstream], &[])?;
    let loading = Crowd::new("STAT", clients, 1).start(newsmuxd.port(), &articles)?;
    thread::sleep(Duration::from_secs(1));
    let (from, before) = (Instant::now(), newsmuxd.usage().cpu);
    thread::sleep(TIME);
    let cpu = newsmuxd.usage().cpu.saturating_sub(before);
    let tally = loading.stop()?;
    let served = tally.done.iter().filter(|done| done.at >= from && done.at < from + TIME).count();
    Ok(cpu.as_secs_f64() * 1e6 / served as f64)
}

/// In how many pieces 64 small requests of one client reach a provider.
pub(super) fn one_write(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    let provider = provider(KIB, 20);
    let articles = Arc::clone(&provider.articles);
    let (shop, upstream) = open(provider, 8)?;
    let newsmuxd = Running::newsmuxd(&[upstream], &[])?;
    Crowd::new("STAT", 1, 16).requests(400).start(newsmuxd.port(), &articles)?.finish()?;
    let (mut writes, mut connections) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        thread::sleep(Duration::from_millis(200));
        shop.counters.reads.store(0, Ordering::SeqCst);
        shop.counters.read_from.store(0, Ordering::SeqCst);
        Crowd::new("STAT", 1, 64).requests(64).start(newsmuxd.port(), &articles)?.finish()?;
        writes.push(shop.counters.reads.load(Ordering::SeqCst));
        connections.push(shop.counters.read_from.load(Ordering::SeqCst).count_ones().into());
    }
    let median = |mut all: Vec<u64>| {
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default() as f64
    };
    let line = Line::new("64 STATs in one write: reads at the provider", median(writes), "");
    sheet.push(line.bar(Bar::AtMost(1.0)));
    let connections = median(connections);
    sheet.push(Line::new("64 STATs in one write: connections they came on", connections, ""));
    Ok(())
}

/// Many small requests under way.
pub(super) fn against_nginx(programs: &Path, sheet: &mut Sheet) -> Result<(), String> {
    let load = |requests| Load { verb: "STAT", connections: 4, depth: 16, requests };
    let ours = run(Kind::Newsmuxd, load(100_000), 0, 8, programs)?;
    let line = Line::new("STAT, 4 × 16: requests a second", per_second(&ours), "/s");
    if let Some(why) = Kind::Nginx.is_missing(programs) {
        println!("skipped: {why}");
        sheet.push(line);
        return Ok(());
    }
    let nginx = run(Kind::Nginx, load(600_000), 0, 8, programs)?;
    sheet.push(line.beside("nginx", per_second(&nginx)).bar(Bar::AtLeast(0.5)));
    Ok(())
}

/// 50 ms away, 4 connections, 20 clients one at a time.
pub(super) fn far_away(programs: &Path, sheet: &mut Sheet) -> Result<(), String> {
    let load = |connections, requests| Load { verb: "BODY", connections, depth: 1, requests };
    let direct = run(Kind::Direct, load(4, 200), 50, 4, programs)?;
    let ours = run(Kind::Newsmuxd, load(20, 1600), 50, 4, programs)?;
    let line = Line::new("50 ms away, 20 × 1 on 4 connections", per_second(&ours), "/s");
    sheet.push(line.beside("4 × 1 directly", per_second(&direct)).bar(Bar::AtLeast(4.0)));
    let at = |percent: usize| {
        let took = ours.latencies.get(ours.latencies.len() * percent / 100);
        took.map_or(f64::NAN, |took| took.as_secs_f64() * 1000.0)
    };
    let line = Line::new("50 ms away, 20 × 1 on 4 connections: 99th percentile", at(99), "ms");
    sheet.push(line.beside("median", at(50)).bar(Bar::AtMost(2.0)));
    Ok(())
}

/// A relay under a load, in front of a provider of so many connections, `latency` milliseconds away.
fn run(
    kind: Kind,
    load: Load,
    latency: u64,
    connections: u16,
    programs: &Path,
) -> Result<Outcome, String> {
    let provider = provider(768 * KIB, latency);
    let articles: Arc<Articles> = Arc::clone(&provider.articles);
    let (_, upstream) = open(provider, connections)?;
    let relay = kind.start(&[upstream], programs)?;
    load::run(load, &relay.target(), &articles, || {})
}

fn per_second(outcome: &Outcome) -> f64 {
    outcome.latencies.len() as f64 / outcome.time.as_secs_f64()
}
