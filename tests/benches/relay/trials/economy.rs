//! How many bytes come from the provider for each that is delivered, while nothing fails; and whether anyone is sent
//! away.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::crowd::Crowd;
use super::sheet::{Bar, Line, Sheet};
use super::{open, provider};
use crate::provider::Habits;
use crate::relays::Running;

const MB: u64 = 1_000_000;
/// What a provider sends beside its articles: greetings, mainly.
const SMALL_TALK: f64 = 64.0 * 1024.0;

/// One provider, and who loads from it.
struct Case {
    what: &'static str,
    provider: Habits,
    connections: u16,
    timeout: Option<u16>,
    crowd: Crowd,
    /// How long it works, if its requests do not end it.
    time: Option<Duration>,
}

pub(super) fn common(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    let crowd = Crowd::new("BODY", 1, 10).requests(400);
    fast("768 KiB, 1 × 10", 768 * 1024, crowd).measure(sheet)
}

pub(super) fn large(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    fast("1.5 MB, 1 × 8", 1_500_000, Crowd::new("BODY", 1, 8).requests(200)).measure(sheet)
}

pub(super) fn huge(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    fast("10 MB, 1 × 8", 10_000_000, Crowd::new("BODY", 1, 8).requests(40)).measure(sheet)
}

pub(super) fn slow_reader(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    let crowd = Crowd { speed: Some(MB), ..Crowd::new("BODY", 2, 10).requests(40) };
    let case = fast("2 MB, 2 × 10 at 1 MB/s each", 2_000_000, crowd);
    Case { timeout: Some(5), ..case }.measure(sheet)
}

pub(super) fn slow_line(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    let what = "768 KiB, 20 × 1 on a line of 1 MB/s";
    let case = fast(what, 768 * 1024, Crowd::new("BODY", 20, 1));
    let provider = Habits { speed: Some(MB), ..case.provider };
    let time = Some(Duration::from_secs(25));
    Case { provider, connections: 2, timeout: Some(5), time, ..case }.measure(sheet)
}

fn fast(what: &'static str, size: usize, crowd: Crowd) -> Case {
    Case { what, provider: provider(size, 10), connections: 8, timeout: None, crowd, time: None }
}

impl Case {
    fn measure(self, sheet: &mut Sheet) -> Result<(), String> {
        let articles = self.provider.articles.clone();
        let (shop, mut upstream) = open(self.provider, self.connections)?;
        upstream.timeout = self.timeout;
        let newsmuxd = Running::newsmuxd(&[upstream], &[])?;
        let tally = match self.time {
            None => self.crowd.start(newsmuxd.port(), &articles)?.finish()?,
            Some(time) => self.crowd.run(newsmuxd.port(), &articles, time)?,
        };
        // What it reads ahead for nobody would come a little later.
        drop(newsmuxd);
        let sent = shop.counters.sent.load(Ordering::Relaxed) as f64 - SMALL_TALK;
        let what = self.what;
        let each = Line::new(format!("{what}: bytes for each delivered"), sent / tally.bytes(), "");
        sheet.push(each.bar(Bar::AtMost(1.02)));
        let away = (tally.refused + tally.closed) as f64;
        let away = Line::new(format!("{what}: 400 and closes"), away, "");
        sheet.push(away.bar(Bar::AtMost(0.0)));
        Ok(())
    }
}
