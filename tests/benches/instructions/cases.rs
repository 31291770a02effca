//! The pieces of work that are counted.

use std::hint::black_box;

use bytes::Bytes;
use newsmux_tests::article::Article;
use nntp::block::{BlockScan, Scan};
use nntp::command::Request;
use nntp::line::LineReader;
use nntp::status::StatusLine;

use crate::serve::serve;

/// A piece of work.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What the figure is for.
    pub(crate) unit: &'static str,
    /// How often it runs.
    pub(crate) times: u64,
    /// Does it so many times, and says how many units one time has. It makes what it needs itself: what
    /// others leave on the heap would change how much its own allocations take.
    pub(crate) run: fn(u64) -> Result<f64, String>,
}

/// The message-id of every request.
pub(crate) const ID: &str = "<part12of99.AbCdEfGhIjKl@news.example.com>";

pub(crate) const CASES: [Case; 14] = [
    case("scan an article, 256 KiB at once", "KiB", 20, |n| scan(&article(), 256 * 1024, n)),
    case("scan an article, 1460 octets at once", "KiB", 20, |n| scan(&article(), 1460, n)),
    case("scan a text of 4 KiB", "KiB", 2000, |n| scan(&text(), 256 * 1024, n)),
    case("parse BODY <id>", "command", 20_000, |n| parse(&["BODY ", ID], n)),
    case("parse ARTICLE <id>", "command", 20_000, |n| parse(&["ARTICLE ", ID], n)),
    case("parse STAT <id>", "command", 20_000, |n| parse(&["STAT ", ID], n)),
    case("parse GROUP", "command", 20_000, |n| parse(&["GROUP alt.binaries.example"], n)),
    case("parse an unknown command", "command", 20_000, |n| parse(&["XSECRET now"], n)),
    case("find the lines of 16 commands", "command", 2000, lines),
    case("parse a status line", "reply", 20_000, status),
    case("serve STAT <id>, 1 provider", "request", 2000, |n| serve(1, 1, n)),
    case("serve STAT <id>, 2 providers", "request", 2000, |n| serve(2, 1, n)),
    case("serve STAT <id>, 8 providers", "request", 2000, |n| serve(8, 1, n)),
    case("serve 16 times STAT <id> at once", "request", 200, |n| serve(1, 16, n)),
];

const fn case(
    name: &'static str,
    unit: &'static str,
    times: u64,
    run: fn(u64) -> Result<f64, String>,
) -> Case {
    Case { name, unit, times, run }
}

fn article() -> Vec<u8> {
    Article::binary(1, 768 * 1024).body_block()
}

fn text() -> Vec<u8> {
    let line = "A line of a text has about sixty octets and ends here.";
    Article::text(ID, &[line; 73]).body_block()
}

fn scan(block: &[u8], piece: usize, times: u64) -> Result<f64, String> {
    for _ in 0..times {
        let (mut scan, mut last) = (BlockScan::default(), Scan::More);
        for piece in block.chunks(piece) {
            last = black_box(scan.push(black_box(piece)));
        }
        if last == Scan::More {
            return Err("the end was not found".to_owned());
        }
    }
    Ok(block.len() as f64 / 1024.0)
}

/// The line is without its end, as `LineReader` gives it.
fn parse(words: &[&str], times: u64) -> Result<f64, String> {
    let line = Bytes::from(words.concat());
    for _ in 0..times {
        black_box(Request::parse(black_box(&line).clone())).map_err(|e| e.to_string())?;
    }
    Ok(1.0)
}

fn lines(times: u64) -> Result<f64, String> {
    let commands = format!("BODY {ID}\r\n").repeat(16);
    let mut buffer = LineReader::new(512);
    for _ in 0..times {
        buffer.push(black_box(commands.as_bytes()));
        while let Some(line) = buffer.next_line() {
            black_box(line).map_err(|e| e.to_string())?;
        }
    }
    Ok(16.0)
}

fn status(times: u64) -> Result<f64, String> {
    let line = Bytes::from(format!("222 0 {ID} body follows\r\n"));
    for _ in 0..times {
        black_box(StatusLine::parse(black_box(&line).clone())).map_err(|e| e.to_string())?;
    }
    Ok(1.0)
}
