//! What compression saves a newsreader on a slow line, and what it costs where there is nothing to save.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::crowd::Crowd;
use super::newsreader::Newsreader;
use super::sheet::{Line, Sheet};
use super::{open, provider};
use crate::provider::Habits;
use crate::relays::Running;

/// The provider's line, in bytes a second.
const SPEED: u64 = 1_000_000;
const OVERVIEW: &str = "1-10000";
const ARTICLES: u64 = 200;
const GIB: f64 = (1_u64 << 30) as f64;

/// An overview of 10,000 articles on a slow line.
pub(super) fn overview(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    let [plain, compressed] = [false, true].map(|compressed| {
        let habits = Habits { speed: Some(SPEED), ..provider(1000, 0) };
        let (shop, mut upstream) = open(habits, 2)?;
        upstream.compressed = compressed;
        let newsmuxd = Running::newsmuxd(&[upstream], &[])?;
        let began = Instant::now();
        read(newsmuxd.port())?;
        let (sent, time) = (shop.counters.sent.load(Ordering::Relaxed), began.elapsed());
        Ok::<_, String>((sent as f64 / 1e6, time.as_secs_f64()))
    });
    let ((plain, plain_time), (compressed, time)) = (plain?, compressed?);
    let what = "XOVER of 10,000 on a line of 1 MB/s, compressed";
    sheet.push(Line::new(format!("{what}: bytes"), compressed, "MB").beside("not", plain));
    sheet.push(Line::new(format!("{what}: time"), time, "s").beside("not", plain_time));
    Ok(())
}

/// Articles in yEnc on a connection that is compressed all the same.
pub(super) fn articles(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    let [plain, compressed] = [false, true].map(|compressed| {
        let habits = provider(768 * 1024, 0);
        let articles = habits.articles.clone();
        let (shop, mut upstream) = open(habits, 1)?;
        upstream.compressed = compressed;
        let newsmuxd = Running::newsmuxd(&[upstream], &[])?;
        read(newsmuxd.port())?;
        let (sent, cpu) = (shop.counters.sent.load(Ordering::Relaxed), newsmuxd.usage().cpu);
        let crowd = Crowd::new("BODY", 1, 10).requests(ARTICLES);
        let bytes = crowd.start(newsmuxd.port(), &articles)?.finish()?.bytes();
        let cpu = (newsmuxd.usage().cpu - cpu).as_secs_f64() * GIB / bytes;
        let sent = (shop.counters.sent.load(Ordering::Relaxed) - sent) as f64 / bytes;
        Ok::<_, String>((sent, cpu))
    });
    let ((plain, plain_cpu), (compressed, cpu)) = (plain?, compressed?);
    let what = "yEnc on a compressed connection";
    let line = Line::new(format!("{what}: bytes for each delivered"), compressed, "");
    sheet.push(line.beside("not", plain));
    let line = Line::new(format!("{what}: CPU for each GiB"), cpu, "s");
    sheet.push(line.beside("not", plain_cpu));
    Ok(())
}

fn read(port: u16) -> Result<(), String> {
    let read = || {
        let mut reader = Newsreader::connect(port)?;
        reader.ask("GROUP", "alt.bench")?;
        reader.ask("XOVER", OVERVIEW)
    };
    read().map_err(|e| e.to_string())
}
