//! A newsreader beside downloads that use the same few connections.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::sheet::{Bar, Line, Sheet};
use super::{open, provider};
use crate::articles::Articles;
use crate::provider::{Habits, news};
use crate::relays::Running;

const TIME: Duration = Duration::from_secs(4);
/// How long the downloads run before anything counts.
const WARM: Duration = Duration::from_secs(1);
/// Between two commands: a person reads.
const PAUSE: Duration = Duration::from_millis(200);
/// The provider's line, in bytes a second: it is what limits, so that no processor does.
const SPEED: u64 = 60_000_000;
/// The size of what is downloaded, in bytes.
const SIZE: usize = 768 * 1024;
/// How many requests a download has under way.
const DEPTH: usize = 10;
/// How long a command may take before the trial is called broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// 50 ms away, 4 connections.
pub(super) fn beside_downloads(_: &Path, sheet: &mut Sheet) -> Result<(), String> {
    let alone = median(read(start()?.port(), TIME)?);
    for (downloads, reads, loads) in [
        (1, "newsreader beside 1 download: median", "1 download beside a newsreader"),
        (4, "newsreader beside 4 downloads: median", "4 downloads beside a newsreader"),
        (10, "newsreader beside 10 downloads: median", "10 downloads beside a newsreader"),
    ] {
        let newsmuxd = start()?;
        let loading =
            Crowd::new("BODY", downloads, DEPTH).start(newsmuxd.port(), &newsmuxd.articles)?;
        thread::sleep(WARM);
        let without = Instant::now();
        thread::sleep(TIME);
        let with = Instant::now();
        let took = median(read(newsmuxd.port(), TIME)?);
        let tally = loading.stop()?;
        let line = Line::new(reads, took, "ms").beside("alone", alone);
        sheet.push(line.bar(Bar::AtMost(3.0)));
        let speed = |from| tally.throughput(from, TIME) / 1e6;
        let line = Line::new(loads, speed(with), "MB/s").beside("alone", speed(without));
        sheet.push(line.bar(Bar::AtLeast(0.95)));
    }
    Ok(())
}

/// What the trial is played on.
struct Ground {
    newsmuxd: Running,
    articles: Arc<Articles>,
}

impl Ground {
    fn port(&self) -> u16 {
        self.newsmuxd.port()
    }
}

fn start() -> Result<Ground, String> {
    let provider = Habits { speed: Some(SPEED), ..provider(SIZE, 50) };
    let articles = Arc::clone(&provider.articles);
    let (_, upstream) = open(provider, 4)?;
    Ok(Ground { newsmuxd: Running::newsmuxd(&[upstream], &[])?, articles })
}

/// Reads news for so long, and says how long each command took.
fn read(port: u16, time: Duration) -> Result<Vec<Duration>, String> {
    let mut reader = Newsreader::connect(port).map_err(|e| e.to_string())?;
    let (began, mut took) = (Instant::now(), Vec::new());
    for n in (1..=news::COUNT).cycle() {
        let over = format!("{n}-{}", n + 40);
        let number = n.to_string();
        for (verb, argument) in [("GROUP", "alt.bench"), ("OVER", &over), ("ARTICLE", &number)] {
            if began.elapsed() > time {
                return Ok(took);
            }
            let asked = Instant::now();
            let answered = reader.ask(verb, argument);
            answered.map_err(|e| format!("{verb} {argument}: {e}"))?;
            took.push(asked.elapsed());
            thread::sleep(PAUSE);
        }
    }
    Ok(took)
}

pub(super) struct Newsreader(TcpStream);

impl Newsreader {
    pub(super) fn connect(port: u16) -> io::Result<Self> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut byte = [0; 1];
        while byte != *b"\n" {
            stream.read_exact(&mut byte)?;
        }
        Ok(Self(stream))
    }

    /// Asks, and compares every byte of the reply.
    pub(super) fn ask(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        write!(self.0, "{verb} {argument}\r\n")?;
        let expected = news::reply(verb, argument);
        let mut expected = expected.as_bytes();
        let mut buffer = [0; 16 * 1024];
        while !expected.is_empty() {
            let n = self.0.read(&mut buffer)?;
            let said = buffer.get(..n).unwrap_or_default();
            match expected.strip_prefix(said) {
                Some(rest) if n > 0 => expected = rest,
                _ => {
                    let said = said.get(..n.min(80)).unwrap_or_default();
                    return Err(io::Error::other(String::from_utf8_lossy(said).into_owned()));
                }
            }
        }
        Ok(())
    }
}

/// In milliseconds.
fn median(mut took: Vec<Duration>) -> f64 {
    took.sort_unstable();
    took.get(took.len() / 2).map_or(f64::NAN, |took| took.as_secs_f64() * 1000.0)
}
