//! One connection of the provider: reads requests, and answers each.

use std::io::{self, BufWriter, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Decompress, FlushDecompress};
use rustls::{ServerConnection, StreamOwned};

use super::counted::Counted;
use super::{Counters, Shop, Sickness, news};

impl Shop {
    pub(super) fn serve_one(&self, stream: TcpStream, number: u64, full: bool) -> io::Result<()> {
        if full {
            return (&stream).write_all(b"502 too many connections\r\n");
        }
        if !self.habits.latency.is_zero() {
            return self.far_away(stream, number);
        }
        match &self.habits.tls {
            Some(config) => {
                let tls = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
                self.nearby(StreamOwned::new(tls, stream), number)
            }
            None => self.nearby(stream, number),
        }
    }

    /// Answers at once.
    fn nearby(&self, stream: impl Read + Write, number: u64) -> io::Result<()> {
        let mut stream = Counted { stream, shop: self };
        stream.write_all(b"200 ready\r\n")?;
        let (mut lines, mut buffer) = (Lines::default(), [0; 16 * 1024]);
        loop {
            let n = stream.stream.read(&mut buffer)?;
            self.counters.read(n, number);
            let mut out = BufWriter::with_capacity(32 * 1024, &mut stream);
            for line in lines.push(buffer.get(..n).unwrap_or_default()) {
                if line == "COMPRESS DEFLATE" {
                    out.write_all(b"206 now\r\n")?;
                    out.flush()?;
                    drop(out);
                    return self.compressed(stream, number);
                }
                if !self.answer(&line, &mut out, number)? {
                    return out.flush();
                }
            }
            out.flush()?;
            if n == 0 {
                return Ok(());
            }
        }
    }

    /// The same, with compression both ways (RFC 8054).
    fn compressed(&self, stream: Counted<'_, impl Read + Write>, number: u64) -> io::Result<()> {
        let (mut lines, mut buffer, mut plain) = (Lines::default(), [0; 16 * 1024], Vec::new());
        let mut inflate = Decompress::new(false);
        let mut out = DeflateEncoder::new(stream, Compression::default());
        loop {
            let n = out.get_mut().stream.read(&mut buffer)?;
            self.counters.read(n, number);
            plain.clear();
            plain.reserve(buffer.len());
            let read = buffer.get(..n).unwrap_or_default();
            // Commands are short: what they inflate to has room.
            inflate.decompress_vec(read, &mut plain, FlushDecompress::Sync)?;
            for line in lines.push(&plain) {
                if !self.answer(&line, &mut out, number)? {
                    return out.flush();
                }
            }
            out.flush()?;
            if n == 0 {
                return Ok(());
            }
        }
    }

    /// Answers each request so long after it came.
    fn far_away(&self, stream: TcpStream, number: u64) -> io::Result<()> {
        let (sender, requests) = mpsc::channel();
        let mut input = stream.try_clone()?;
        let mut stream = Counted { stream, shop: self };
        let latency = self.habits.latency;
        thread::scope(|scope| {
            scope.spawn(move || {
                let (mut lines, mut buffer) = (Lines::default(), [0; 16 * 1024]);
                while let Ok(n @ 1..) = input.read(&mut buffer) {
                    self.counters.read(n, number);
                    let due = Instant::now() + latency;
                    for line in lines.push(buffer.get(..n).unwrap_or_default()) {
                        drop(sender.send((due, line)));
                    }
                }
            });
            thread::sleep(latency);
            let talk = || -> io::Result<()> {
                stream.write_all(b"200 ready\r\n")?;
                for (due, line) in requests {
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    if !self.answer(&line, &mut stream, number)? {
                        break;
                    }
                }
                Ok(())
            };
            let talked = talk();
            // Ends the one who reads, too.
            drop(stream.stream.shutdown(std::net::Shutdown::Both));
            talked
        })
    }

    /// False when that was the end.
    fn answer(&self, line: &str, out: &mut impl Write, number: u64) -> io::Result<bool> {
        if self.is_silent(number) {
            return Ok(true);
        }
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "AUTHINFO" => return self.log_in(argument, out),
            "DATE" => return out.write_all(b"111 20260101000000\r\n").map(|()| true),
            "QUIT" => return out.write_all(b"205 bye\r\n").map(|()| false),
            _ => {}
        }
        match self.habits.sick {
            Some(Sickness::Stalls) => Ok(true),
            Some(Sickness::Drops) => Ok(false),
            None => self.article(verb, argument, out).map(|()| true),
        }
    }

    fn log_in(&self, argument: &str, out: &mut impl Write) -> io::Result<bool> {
        if argument.starts_with("PASS") {
            self.counters.logins.fetch_add(1, Ordering::Relaxed);
            return out.write_all(b"281 welcome\r\n").map(|()| true);
        }
        out.write_all(b"381 and the password?\r\n").map(|()| true)
    }

    fn article(&self, verb: &str, argument: &str, out: &mut impl Write) -> io::Result<()> {
        let id = argument.strip_prefix('<').and_then(|id| id.split('@').next());
        match (verb, id.and_then(|n| n.parse::<u64>().ok())) {
            ("BODY" | "STAT", Some(n)) if self.habits.half && n % 2 == 0 => {
                out.write_all(b"430 no\r\n")
            }
            ("BODY", Some(n)) => {
                write!(out, "222 0 {argument}\r\n")?;
                out.write_all(self.habits.articles.block(n))
            }
            ("STAT", Some(_)) => write!(out, "223 0 {argument}\r\n"),
            _ => out.write_all(news::reply(verb, argument).as_bytes()),
        }
    }
}

impl Counters {
    fn read(&self, bytes: usize, connection: u64) {
        if bytes > 0 {
            self.reads.fetch_add(1, Ordering::Relaxed);
            self.read_from.fetch_or(1 << (connection % 64), Ordering::Relaxed);
        }
    }
}

/// Puts lines together.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        self.0.push_str(&String::from_utf8_lossy(bytes));
        let whole = self.0.rfind('\n').map_or(0, |at| at + 1);
        self.0.drain(..whole).collect::<String>().lines().map(str::to_owned).collect()
    }
}
