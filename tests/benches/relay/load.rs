//! The clients: they ask as fast as they are allowed to, and compare every byte of every reply.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::articles::Articles;

/// How long a reply may take before the run is called broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much a slow client reads at once, in bytes.
const SLOW_READ: usize = 16 * 1024;

/// What is asked, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) verb: &'static str,
    pub(crate) connections: usize,
    /// How many requests are under way on each connection.
    pub(crate) depth: usize,
    /// How many are measured, in all.
    pub(crate) requests: u64,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) time: Duration,
    pub(crate) bytes: u64,
    /// From each request to the end of its reply, sorted.
    pub(crate) latencies: Vec<Duration>,
}

/// Where to.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) port: u16,
    /// Encrypted, for this authority.
    pub(crate) tls: Option<PathBuf>,
}

/// Where a client logs in, its password.
pub(crate) const PASSWORD: &str = "word";

trait Duplex: Read + Write + Send {}
impl<T: Read + Write + Send> Duplex for T {}

/// Runs the load. `measured` is called when everyone is warm, and again when everyone is done.
pub(crate) fn run(
    load: Load,
    target: &Target,
    articles: &Arc<Articles>,
    mut measured: impl FnMut(),
) -> Result<Outcome, String> {
    let next = Arc::new(AtomicU64::new(0));
    let (warm, go) = (
        Arc::new(Barrier::new(load.connections + 1)),
        Arc::new(Barrier::new(load.connections + 1)),
    );
    let workers: Vec<_> = (0..load.connections)
        .map(|_| {
            let (target, articles) = (target.clone(), Arc::clone(articles));
            let (next, warm, go) = (Arc::clone(&next), Arc::clone(&warm), Arc::clone(&go));
            thread::spawn(move || {
                let mut worker = Worker::connect(load, &target, articles);
                let warmed =
                    worker.as_mut().map(|w| w.work(&mut (0..2 * w.depth()).map(unmeasured)));
                let warmed =
                    warmed.map_or_else(|e| Err(e.to_string()), |w| w.map_err(|e| e.to_string()));
                warm.wait();
                go.wait();
                warmed?;
                let mut worker = worker.map_err(|e| e.to_string())?;
                worker.forget();
                let mut numbers = std::iter::from_fn(|| {
                    Some(next.fetch_add(1, Ordering::Relaxed)).filter(|n| *n < load.requests)
                });
                worker.work(&mut numbers).map_err(|e| e.to_string())?;
                Ok::<_, String>(worker)
            })
        })
        .collect();
    warm.wait();
    measured();
    let began = Instant::now();
    go.wait();
    let mut outcome = Outcome::default();
    for worker in workers {
        let worker = worker.join().map_err(|_| "a client panicked".to_owned())??;
        outcome.bytes += worker.bytes;
        outcome.latencies.extend(worker.latencies);
    }
    outcome.time = began.elapsed();
    measured();
    outcome.latencies.sort_unstable();
    Ok(outcome)
}

/// Articles that no measured request asks for.
fn unmeasured(n: usize) -> u64 {
    u64::MAX / 2 + n as u64
}

/// One connection.
pub(crate) struct Worker {
    load: Load,
    stream: Box<dyn Duplex>,
    articles: Arc<Articles>,
    underway: VecDeque<Reply>,
    buffer: Vec<u8>,
    bytes: u64,
    latencies: Vec<Duration>,
    /// Every whole reply.
    pub(crate) done: Vec<Done>,
    /// How many bytes a second it reads at most.
    pub(crate) speed: Option<u64>,
}

/// A reply that was whole and right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    /// When its last byte came.
    pub(crate) at: Instant,
    /// How long after the request.
    pub(crate) took: Duration,
    pub(crate) bytes: usize,
}

/// A reply that is expected.
struct Reply {
    n: u64,
    asked: Instant,
    status: String,
    /// How much of it has come.
    read: usize,
}

impl Worker {
    pub(crate) fn connect(
        load: Load,
        target: &Target,
        articles: Arc<Articles>,
    ) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", target.port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut stream: Box<dyn Duplex> = match &target.tls {
            None => Box::new(stream),
            Some(ca_file) => Box::new(encrypted(stream, ca_file)?),
        };
        read_line(&mut stream)?;
        Ok(Self {
            load,
            stream,
            articles,
            underway: VecDeque::new(),
            buffer: vec![0; 256 * 1024],
            bytes: 0,
            latencies: Vec::new(),
            done: Vec::new(),
            speed: None,
        })
    }

    pub(crate) fn log_in(&mut self, name: &str) -> io::Result<()> {
        write!(self.stream, "AUTHINFO USER {name}\r\nAUTHINFO PASS {PASSWORD}\r\n")?;
        read_line(&mut self.stream)?;
        let said = read_line(&mut self.stream)?;
        said.starts_with("281").then_some(()).ok_or_else(|| io::Error::other(said))
    }

    fn depth(&self) -> usize {
        self.load.depth
    }

    fn forget(&mut self) {
        self.bytes = 0;
        self.latencies.clear();
    }

    /// Asks for all `numbers` and reads the replies.
    pub(crate) fn work(&mut self, numbers: &mut impl Iterator<Item = u64>) -> io::Result<()> {
        loop {
            let room = self.load.depth.saturating_sub(self.underway.len());
            let mut requests = String::new();
            for n in numbers.by_ref().take(room) {
                requests.push_str(&format!("{} <{n}@bench>\r\n", self.load.verb));
                self.underway.push_back(Reply::expected(self.load.verb, n));
            }
            if self.underway.is_empty() {
                return Ok(());
            }
            self.stream.write_all(requests.as_bytes())?;
            self.stream.flush()?;
            self.read()?;
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let most = if self.speed.is_some() { SLOW_READ } else { self.buffer.len() };
        let n = self.stream.read(self.buffer.get_mut(..most).unwrap_or_default())?;
        if let Some(speed) = self.speed {
            thread::sleep(Duration::from_secs_f64(n as f64 / speed as f64));
        }
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.bytes += n as u64;
        let mut rest = self.buffer.get(..n).unwrap_or_default();
        while !rest.is_empty() {
            let Some(reply) = self.underway.front_mut() else {
                return Err(io::Error::other("more than was asked for"));
            };
            let block = if self.load.verb == "STAT" { &[] } else { self.articles.block(reply.n) };
            if reply.push(block, &mut rest)? {
                let (took, bytes) = (reply.asked.elapsed(), reply.read);
                self.latencies.push(took);
                self.done.push(Done { at: Instant::now(), took, bytes });
                self.underway.pop_front();
            }
        }
        Ok(())
    }
}

impl Reply {
    fn expected(verb: &str, n: u64) -> Self {
        let code = if verb == "STAT" { 223 } else { 222 };
        Self { n, asked: Instant::now(), status: format!("{code} 0 <{n}@bench>\r\n"), read: 0 }
    }

    /// Takes what is the reply's of `bytes`, and says whether it is complete.
    fn push(&mut self, block: &[u8], bytes: &mut &[u8]) -> io::Result<bool> {
        if self.read == 0 && bytes.starts_with(b"400") {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        for (part, begins) in [(self.status.as_bytes(), 0), (block, self.status.len())] {
            let left =
                self.read.checked_sub(begins).and_then(|from| part.get(from..)).unwrap_or_default();
            let (ours, rest) = bytes.split_at(left.len().min(bytes.len()));
            if !left.starts_with(ours) {
                let said = String::from_utf8_lossy(ours.get(..80).unwrap_or(ours));
                return Err(io::Error::other(format!("other bytes than expected: {said}")));
            }
            self.read += ours.len();
            *bytes = rest;
        }
        Ok(self.read == self.status.len() + block.len())
    }
}

/// Reads a line, byte by byte: there is little to read when this is called.
fn read_line(stream: &mut impl Read) -> io::Result<String> {
    let (mut line, mut byte) = (String::new(), [0; 1]);
    while byte != *b"\n" {
        stream.read_exact(&mut byte)?;
        line.push(char::from(byte[0]));
    }
    Ok(line)
}

fn encrypted(
    stream: TcpStream,
    ca_file: &PathBuf,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(ca_file).map_err(io::Error::other)?;
    roots.add(authority).map_err(io::Error::other)?;
    let provider = Arc::new(ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config =
        config.map_err(io::Error::other)?.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let tls = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    Ok(StreamOwned::new(tls, stream))
}
