//! The provider: as cheap as can be, so that the relay in front of it is what limits. A thread for each
//! connection; articles are written from where they lie. It runs as a program of its own, or inside this one,
//! where its counters can be read and its faults be ordered.

mod connection;
mod counted;
pub(crate) mod news;

use std::collections::BTreeMap;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use newsmux_tests::tls::Authority;
use rustls::ServerConfig;

use crate::articles::Articles;
use crate::{number, value};

/// What it serves, and how.
pub(crate) struct Habits {
    pub(crate) articles: Arc<Articles>,
    /// From the arrival of a request to its reply.
    pub(crate) latency: Duration,
    /// How many connections it allows.
    pub(crate) connections: usize,
    /// Bytes a second, for all connections together.
    pub(crate) speed: Option<u64>,
    /// Every second article is missing.
    pub(crate) half: bool,
    pub(crate) sick: Option<Sickness>,
    pub(crate) tls: Option<Arc<ServerConfig>>,
}

/// What happens to each request behind the login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sickness {
    /// It is never answered.
    Stalls,
    /// The connection is closed.
    Drops,
}

/// What has happened at a provider.
#[derive(Default)]
pub(crate) struct Counters {
    /// Bytes written to all connections.
    pub(crate) sent: AtomicU64,
    pub(crate) logins: AtomicU64,
    /// Reads that returned anything.
    pub(crate) reads: AtomicU64,
    /// The connections that something was read from: a bit for each, by its number modulo 64.
    pub(crate) read_from: AtomicU64,
}

/// A provider that serves.
pub(crate) struct Shop {
    habits: Habits,
    pub(crate) counters: Counters,
    open: AtomicUsize,
    /// All connections that stand, by their number.
    standing: Mutex<BTreeMap<u64, TcpStream>>,
    accepted: AtomicU64,
    /// Connections with a lower number never answer again.
    silent_below: AtomicU64,
    /// When the line is free for the next bytes.
    line: Mutex<Instant>,
}

/// Says on which port it listens, and serves until it is killed.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let tls = value(arguments, "--tls").map(|ca_file| {
        let authority = Authority::new();
        authority.write(Path::new(ca_file));
        authority.identity("localhost").server_config()
    });
    let articles = Arc::new(Articles::new(number(arguments, "--size", 768 * 1024)?));
    let shop = Shop::new(Habits {
        latency: Duration::from_millis(number(arguments, "--latency", 0)?),
        connections: number(arguments, "--connections", 1000)?,
        half: arguments.iter().any(|word| word == "--half"),
        tls,
        ..Habits::of(articles)
    });
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| format!("no port: {e}"))?;
    println!("{}", listener.local_addr().map_err(|e| e.to_string())?.port());
    shop.serve_all(&listener).map_err(|e| e.to_string())
}

impl Habits {
    /// Nearby, and without limits and faults.
    pub(crate) fn of(articles: Arc<Articles>) -> Self {
        let (latency, connections) = (Duration::ZERO, 1000);
        Self { articles, latency, connections, speed: None, half: false, sick: None, tls: None }
    }
}

impl Shop {
    fn new(habits: Habits) -> Arc<Self> {
        Arc::new(Self {
            habits,
            counters: Counters::default(),
            open: AtomicUsize::new(0),
            standing: Mutex::default(),
            accepted: AtomicU64::new(0),
            silent_below: AtomicU64::new(0),
            line: Mutex::new(Instant::now()),
        })
    }

    /// Serves inside this program, until that ends; also says on which port.
    pub(crate) fn open(habits: Habits) -> Result<(Arc<Self>, u16), String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| format!("no port: {e}"))?;
        let port = listener.local_addr().map_err(|e| e.to_string())?.port();
        let shop = Self::new(habits);
        let serving = Arc::clone(&shop);
        thread::spawn(move || serving.serve_all(&listener));
        Ok((shop, port))
    }

    /// Closes every connection that stands.
    pub(crate) fn drop_all(&self) {
        for stream in self.standing().values() {
            // Some have ended already.
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// Never answers on a connection that stands, and never closes it.
    pub(crate) fn fall_silent(&self) {
        self.silent_below.store(self.accepted.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    fn serve_all(self: &Arc<Self>, listener: &TcpListener) -> io::Result<()> {
        for stream in listener.incoming() {
            let (stream, shop) = (stream?, Arc::clone(self));
            let number = self.accepted.fetch_add(1, Ordering::SeqCst);
            // A client that leaves is no matter.
            thread::spawn(move || drop(shop.serve(stream, number)));
        }
        Ok(())
    }

    fn serve(&self, stream: TcpStream, number: u64) -> io::Result<()> {
        stream.set_nodelay(true)?;
        self.standing().insert(number, stream.try_clone()?);
        let before = self.open.fetch_add(1, Ordering::SeqCst);
        let served = self.serve_one(stream, number, before >= self.habits.connections);
        self.open.fetch_sub(1, Ordering::SeqCst);
        self.standing().remove(&number);
        served
    }

    fn standing(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, TcpStream>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_silent(&self, number: u64) -> bool {
        number < self.silent_below.load(Ordering::SeqCst)
    }
}
