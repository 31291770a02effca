//! Speed limits: how exact they are, and what they cost.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::sheet::{Bar, Line, Sheet};
use super::{open, provider};
use crate::relays::Running;

/// How long everyone loads before it counts, and then.
const WARM: Duration = Duration::from_secs(2);
const TIME: Duration = Duration::from_secs(10);
const ARTICLES: u64 = 2000;
const GIB: f64 = (1_u64 << 30) as f64;

pub(super) fn slow(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    exact("100 kB/s", 100_000, 16 * 1024, sheet)
}

pub(super) fn medium(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    exact("5 MB/s", 5_000_000, 192 * 1024, sheet)
}

pub(super) fn fast(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    exact("100 MB/s", 100_000_000, 768 * 1024, sheet)
}

/// What comes in ten seconds, beside the limit, and what of it comes twice.
fn exact(what: &str, speed: u64, size: usize, sheet: &mut Sheet) -> Result<(), String> {
    let habits = provider(size, 20);
    let articles = Arc::clone(&habits.articles);
    let (shop, mut upstream) = open(habits, 4)?;
    upstream.speed = Some(speed);
    let newsmuxd = Running::newsmuxd(&[upstream], &[])?;
    let crowd = Crowd::new("BODY", 8, 2).start(newsmuxd.port(), &articles)?;
    thread::sleep(WARM);
    let from = Instant::now();
    thread::sleep(TIME);
    let tally = crowd.stop()?;
    let error = (tally.throughput(from, TIME) / speed as f64 - 1.0).abs();
    sheet.push(Line::new(format!("limit of {what}: error"), error, "").bar(Bar::AtMost(0.05)));
    let twice = shop.counters.sent.load(Ordering::Relaxed) as f64 / tally.bytes();
    let line = Line::new(format!("limit of {what}: bytes for each delivered"), twice, "");
    sheet.push(line.bar(Bar::AtMost(1.02)));
    Ok(())
}

/// A limit that no line reaches, beside none.
pub(super) fn cost(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    let [free, limited] = [None, Some(100_000_000_000)].map(|speed| {
        let habits = provider(768 * 1024, 0);
        let articles = Arc::clone(&habits.articles);
        let (_, mut upstream) = open(habits, 4)?;
        upstream.speed = speed;
        let newsmuxd = Running::newsmuxd(&[upstream], &[])?;
        let crowd = Crowd::new("BODY", 4, 4).requests(ARTICLES);
        let cpu = newsmuxd.usage().cpu;
        let bytes = crowd.start(newsmuxd.port(), &articles)?.finish()?.bytes();
        Ok::<_, String>((newsmuxd.usage().cpu - cpu).as_secs_f64() * GIB / bytes)
    });
    let line = Line::new("a limit out of reach: CPU for each GiB", limited?, "s");
    sheet.push(line.beside("none", free?));
    Ok(())
}
