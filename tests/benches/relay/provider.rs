//! The provider: as cheap as can be, so that the relay in front of it is what limits. A thread for each
//! connection; articles are written from where they lie.

use std::io::{self, BufWriter, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use newsmux_tests::tls::Authority;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::articles::Articles;
use crate::{number, value};

/// What it serves, and how.
struct Shop {
    articles: Articles,
    /// From the arrival of a request to its reply.
    latency: Duration,
    /// How many connections it allows.
    connections: usize,
    open: AtomicUsize,
    /// Every second article is missing.
    half: bool,
    tls: Option<Arc<ServerConfig>>,
}

/// Says on which port it listens, and serves until it is killed.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let tls = value(arguments, "--tls").map(|ca_file| {
        let authority = Authority::new();
        authority.write(Path::new(ca_file));
        authority.identity("localhost").server_config()
    });
    let shop = Arc::new(Shop {
        articles: Articles::new(number(arguments, "--size", 768 * 1024)?),
        latency: Duration::from_millis(number(arguments, "--latency", 0)?),
        connections: number(arguments, "--connections", 1000)?,
        open: AtomicUsize::new(0),
        half: arguments.iter().any(|word| word == "--half"),
        tls,
    });
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| format!("no port: {e}"))?;
    let port = listener.local_addr().map_err(|e| e.to_string())?.port();
    println!("{port}");
    for stream in listener.incoming() {
        let (stream, shop) = (stream.map_err(|e| e.to_string())?, Arc::clone(&shop));
        // A client that leaves is no matter.
        thread::spawn(move || drop(shop.serve(stream)));
    }
    Ok(())
}

impl Shop {
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let before = self.open.fetch_add(1, Ordering::SeqCst);
        let served = if before >= self.connections {
            stream.write_all(b"502 too many connections\r\n")
        } else {
            match &self.tls {
                Some(config) => {
                    let tls = ServerConnection::new(Arc::clone(config));
                    self.nearby(StreamOwned::new(tls.map_err(io::Error::other)?, stream))
                }
                None if self.latency.is_zero() => self.nearby(stream),
                None => self.far_away(stream),
            }
        };
        self.open.fetch_sub(1, Ordering::SeqCst);
        served
    }

    /// Answers at once.
    fn nearby(&self, mut stream: impl Read + Write) -> io::Result<()> {
        stream.write_all(b"200 ready\r\n")?;
        let (mut lines, mut buffer) = (Lines::default(), [0; 16 * 1024]);
        loop {
            let n = stream.read(&mut buffer)?;
            let mut out = BufWriter::with_capacity(32 * 1024, &mut stream);
            for line in lines.push(buffer.get(..n).unwrap_or_default()) {
                if !self.answer(&line, &mut out)? {
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
    fn far_away(&self, mut stream: TcpStream) -> io::Result<()> {
        let (sender, requests) = mpsc::channel();
        let mut input = stream.try_clone()?;
        let latency = self.latency;
        thread::spawn(move || {
            let (mut lines, mut buffer) = (Lines::default(), [0; 16 * 1024]);
            while let Ok(n @ 1..) = input.read(&mut buffer) {
                let due = Instant::now() + latency;
                for line in lines.push(buffer.get(..n).unwrap_or_default()) {
                    drop(sender.send((due, line)));
                }
            }
        });
        thread::sleep(latency);
        stream.write_all(b"200 ready\r\n")?;
        for (due, line) in requests {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if !self.answer(&line, &mut stream)? {
                break;
            }
        }
        Ok(())
    }

    /// False when that was the end.
    fn answer(&self, line: &str, out: &mut impl Write) -> io::Result<bool> {
        let (verb, id) = line.split_once(' ').unwrap_or((line, ""));
        let n = id.trim_start_matches('<').split('@').next().and_then(|n| n.parse::<u64>().ok());
        match (verb, n) {
            ("BODY" | "STAT", Some(n)) if self.half && n % 2 == 0 => write!(out, "430 no\r\n")?,
            ("BODY", Some(n)) => {
                write!(out, "222 0 {id}\r\n")?;
                out.write_all(self.articles.block(n))?;
            }
            ("STAT", Some(_)) => write!(out, "223 0 {id}\r\n")?,
            ("DATE", _) => write!(out, "111 20260101000000\r\n")?,
            ("QUIT", _) => return out.write_all(b"205 bye\r\n").map(|()| false),
            _ => write!(out, "500 what?\r\n")?,
        }
        Ok(true)
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
