//! Connections that drop or fall silent, and a provider that takes logins but serves nothing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::crowd::{Crowd, Tally};
use super::sheet::{Bar, Line, Sheet};
use super::{open, provider};
use crate::articles::Articles;
use crate::provider::{Habits, Sickness};
use crate::relays::{Running, Upstream};

/// How long the throughput is watched before and after all connections are dropped.
const WINDOW: Duration = Duration::from_secs(5);
/// How long a sick provider stands beside a good one.
const SICK: Duration = Duration::from_secs(20);
const KIB: usize = 1024;

/// All connections drop once, 50 ms away, under 20 clients.
pub(super) fn blip(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    let provider = provider(64 * KIB, 50);
    let articles = Arc::clone(&provider.articles);
    let (shop, upstream) = open(provider, 4)?;
    let newsmuxd = Running::newsmuxd(&[upstream], &[])?;
    let loading = Crowd::new("BODY", 20, 1).start(newsmuxd.port(), &articles)?;
    thread::sleep(Duration::from_secs(2));
    let before = Instant::now();
    thread::sleep(WINDOW);
    let dropped = Instant::now();
    shop.drop_all();
    thread::sleep(2 * WINDOW);
    let tally = loading.stop()?;
    let speed = |from| tally.throughput(from, WINDOW) / 1e6;
    let line = |what, from| Line::new(what, speed(from), "MB/s").beside("before", speed(before));
    let after = line("all connections dropped once: the 5 s after", dropped);
    sheet.push(after.bar(Bar::AtLeast(0.95)));
    sheet.push(line("all connections dropped once: the next 5 s", dropped + WINDOW));
    sheet.push(sent_away("all connections dropped once: 400 and closes", &tally));
    Ok(())
}

pub(super) fn stalling(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    beside_sick("stalls", Sickness::Stalls, sheet)
}

pub(super) fn dropping(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    beside_sick("drops", Sickness::Drops, sheet)
}

fn beside_sick(how: &str, sick: Sickness, sheet: &mut Sheet) -> Result<(), String> {
    let articles = Arc::new(Articles::new(64 * KIB));
    let latency = Duration::from_millis(30);
    let open_one = |sick| {
        let habits = Habits { latency, sick, ..Habits::of(Arc::clone(&articles)) };
        let (shop, upstream) = open(habits, 4)?;
        Ok::<_, String>((shop, Upstream { login: true, ..upstream }))
    };
    let crowd = Crowd::new("BODY", 4, 1);
    let (_, good) = open_one(None)?;
    let newsmuxd = Running::newsmuxd(std::slice::from_ref(&good), &[])?;
    let alone = crowd.run(newsmuxd.port(), &articles, Duration::from_secs(4))?;
    drop(newsmuxd);
    let (shop, ill) = open_one(Some(sick))?;
    let newsmuxd = Running::newsmuxd(&[ill, good], &[])?;
    let beside = crowd.run(newsmuxd.port(), &articles, SICK)?;
    let late = |tally: &Tally| {
        let late = tally
            .done
            .iter()
            .filter(|done| done.took.as_secs_f64() * 1000.0 > 3.0 * alone.latency(50));
        100.0 * late.count() as f64 / tally.done.len() as f64
    };
    let what = format!("beside a provider that {how}: later than 3 × the median alone");
    sheet.push(Line::new(what, late(&beside), "%").bar(Bar::AtMost(3.0)));
    let what = format!("beside a provider that {how}: articles a second");
    let rate = |tally: &Tally, time: Duration| tally.done.len() as f64 / time.as_secs_f64();
    let line = Line::new(what, rate(&beside, SICK), "/s");
    sheet.push(line.beside("alone", rate(&alone, Duration::from_secs(4))));
    let logins = shop.counters.logins.load(Ordering::Relaxed) as f64;
    let what = format!("beside a provider that {how}: logins there in {} s", SICK.as_secs());
    sheet.push(Line::new(what, logins, "").bar(Bar::AtMost(10.0)));
    sheet.push(sent_away(&format!("beside a provider that {how}: 400 and closes"), &beside));
    Ok(())
}

/// All idle connections died, and nobody was told.
pub(super) fn silent(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    let provider = provider(64 * KIB, 20);
    let articles = Arc::clone(&provider.articles);
    let (shop, upstream) = open(provider, 4)?;
    let newsmuxd = Running::newsmuxd(&[upstream], &[])?;
    Crowd::new("BODY", 8, 1).requests(100).start(newsmuxd.port(), &articles)?.finish()?;
    thread::sleep(Duration::from_secs(1));
    shop.fall_silent();
    let asked = Instant::now();
    let tally = Crowd::new("BODY", 1, 1).requests(5).start(newsmuxd.port(), &articles)?.finish()?;
    let first = tally.done.first().map_or(f64::INFINITY, |done| (done.at - asked).as_secs_f64());
    let line = Line::new("all idle connections died silently: first article after", first, "s");
    sheet.push(line.bar(Bar::AtMost(3.0)));
    sheet.push(sent_away("all idle connections died silently: 400 and closes", &tally));
    Ok(())
}

fn sent_away(what: &str, tally: &Tally) -> Line {
    Line::new(what, (tally.refused + tally.closed) as f64, "").bar(Bar::AtMost(0.0))
}
