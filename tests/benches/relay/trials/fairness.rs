//! Two programs share one provider: one with a single connection, one with fifty.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::sheet::{Bar, Line, Sheet};
use super::{open, provider};
use crate::articles::Articles;
use crate::provider::Habits;
use crate::relays::Running;

const TIME: Duration = Duration::from_secs(4);
/// How long everyone loads before it counts.
const WARM: Duration = Duration::from_secs(1);
/// The provider's line, in bytes a second: it is what is shared.
const SPEED: u64 = 50_000_000;

pub(super) fn throughput(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    for (what, depth, bar) in [("1 × 10", 10, Some(Bar::AtLeast(0.45))), ("1 × 1", 1, None)] {
        let (articles, newsmuxd) = shared()?;
        let [small, big] = [("small", 1, depth), ("big", 50, 1)].map(|(login, clients, depth)| {
            let crowd = Crowd { login: Some(login), ..Crowd::new("BODY", clients, depth) };
            crowd.start(newsmuxd.port(), &articles)
        });
        let (small, big) = (small?, big?);
        thread::sleep(WARM);
        let from = Instant::now();
        thread::sleep(TIME);
        let [small, big] = [small.stop()?, big.stop()?].map(|tally| tally.throughput(from, TIME));
        let what = format!("one program with {what} beside one with 50 × 1: its share");
        let line = Line::new(what, small / (small + big), "");
        sheet.push(match bar {
            Some(bar) => line.bar(bar),
            None => line,
        });
    }
    Ok(())
}

pub(super) fn stat(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    let (articles, newsmuxd) = shared()?;
    let stat = Crowd { login: Some("small"), ..Crowd::new("STAT", 1, 1) };
    let alone = stat.run(newsmuxd.port(), &articles, TIME / 2)?;
    let big = Crowd { login: Some("big"), ..Crowd::new("BODY", 50, 1) };
    let big = big.start(newsmuxd.port(), &articles)?;
    thread::sleep(WARM);
    let beside = stat.run(newsmuxd.port(), &articles, TIME)?;
    big.stop()?;
    let line = Line::new("STAT beside a program with 50 × 1: median", beside.latency(50), "ms");
    sheet.push(line.beside("alone", alone.latency(50)));
    Ok(())
}

/// A provider with 4 connections, and newsmuxd for two programs.
fn shared() -> Result<(Arc<Articles>, Running), String> {
    let provider = Habits { speed: Some(SPEED), ..provider(768 * 1024, 20) };
    let articles = Arc::clone(&provider.articles);
    let (_, upstream) = open(provider, 4)?;
    Ok((articles, Running::newsmuxd(&[upstream], &["small", "big"])?))
}
