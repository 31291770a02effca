//! The clients of one program, working beside others. Where one gets `400` or is left alone it comes again, and that is
//! counted; a wrong byte ends the trial.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::articles::Articles;
use crate::load::{Done, Load, Target, Worker};

/// How long one that was sent away waits before it comes again.
const PAUSE: Duration = Duration::from_millis(100);
/// The stack of a client, which is one of a thousand.
const STACK: usize = 256 * 1024;

/// See the [module](self).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) load: Load,
    /// How many bytes a second each client reads at most.
    pub(crate) speed: Option<u64>,
    pub(crate) login: Option<&'static str>,
}

/// A crowd at work.
pub(crate) struct Working {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Result<Tally, String>>>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) done: Vec<Done>,
    /// How many `400` there were.
    pub(crate) refused: u64,
    /// How many connections were closed, or gave no reply for a minute.
    pub(crate) closed: u64,
}

impl Crowd {
    /// So many clients with so many requests under way on each, until they are stopped.
    pub(crate) fn new(verb: &'static str, connections: usize, depth: usize) -> Self {
        let load = Load { verb, connections, depth, requests: u64::MAX };
        Self { load, speed: None, login: None }
    }

    /// Ends by itself after so many requests.
    pub(crate) fn requests(mut self, requests: u64) -> Self {
        self.load.requests = requests;
        self
    }

    pub(crate) fn start(self, port: u16, articles: &Arc<Articles>) -> Result<Working, String> {
        let (stop, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let client = |_| {
            let (stop, next, articles) =
                (Arc::clone(&stop), Arc::clone(&next), Arc::clone(articles));
            let client = move || self.work(port, &articles, &stop, &next);
            thread::Builder::new().stack_size(STACK).spawn(client).map_err(|e| e.to_string())
        };
        let clients = (0..self.load.connections).map(client).collect::<Result<_, _>>()?;
        Ok(Working { stop, clients })
    }

    /// Works for so long.
    pub(crate) fn run(
        self,
        port: u16,
        articles: &Arc<Articles>,
        time: Duration,
    ) -> Result<Tally, String> {
        let working = self.start(port, articles)?;
        thread::sleep(time);
        working.stop()
    }

    fn work(
        self,
        port: u16,
        articles: &Arc<Articles>,
        stop: &AtomicBool,
        next: &AtomicU64,
    ) -> Result<Tally, String> {
        let target = Target { port, tls: None };
        let mut numbers = std::iter::from_fn(|| {
            let goes_on = !stop.load(Ordering::Relaxed);
            let n = goes_on.then(|| next.fetch_add(1, Ordering::Relaxed));
            n.filter(|n| *n < self.load.requests)
        });
        let mut tally = Tally::default();
        loop {
            let worked = self.connect(&target, articles).and_then(|mut worker| {
                let worked = worker.work(&mut numbers);
                tally.done.append(&mut worker.done);
                worked
            });
            let Err(error) = worked else { return Ok(tally) };
            tally.count(&error)?;
            if stop.load(Ordering::Relaxed) {
                return Ok(tally);
            }
            thread::sleep(PAUSE);
        }
    }

    fn connect(self, target: &Target, articles: &Arc<Articles>) -> io::Result<Worker> {
        let mut worker = Worker::connect(self.load, target, Arc::clone(articles))?;
        worker.speed = self.speed;
        if let Some(name) = self.login {
            worker.log_in(name)?;
        }
        Ok(worker)
    }
}

impl Working {
    /// Has everyone ask for nothing more, and waits for the replies that are under way.
    pub(crate) fn stop(self) -> Result<Tally, String> {
        self.stop.store(true, Ordering::Relaxed);
        self.finish()
    }

    /// Waits until everyone is done.
    pub(crate) fn finish(self) -> Result<Tally, String> {
        let mut all = Tally::default();
        for client in self.clients {
            let tally = client.join().map_err(|_| "a client panicked".to_owned())??;
            all.done.extend(tally.done);
            all.refused += tally.refused;
            all.closed += tally.closed;
        }
        Ok(all)
    }
}

impl Tally {
    fn count(&mut self, error: &io::Error) -> Result<(), String> {
        match error.kind() {
            ErrorKind::ResourceBusy => self.refused += 1,
            ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::BrokenPipe
            | ErrorKind::TimedOut
            | ErrorKind::WouldBlock => self.closed += 1,
            _ => return Err(error.to_string()),
        }
        Ok(())
    }

    /// Bytes of whole replies.
    pub(crate) fn bytes(&self) -> f64 {
        self.done.iter().map(|done| done.bytes as f64).sum()
    }

    /// Bytes a second of the replies that ended within `time` from `from` on.
    pub(crate) fn throughput(&self, from: Instant, time: Duration) -> f64 {
        let within = self.done.iter().filter(|done| done.at >= from && done.at < from + time);
        within.map(|done| done.bytes as f64).sum::<f64>() / time.as_secs_f64()
    }

    /// So many in a hundred were faster than this, in milliseconds.
    pub(crate) fn latency(&self, percent: usize) -> f64 {
        let mut took: Vec<_> = self.done.iter().map(|done| done.took).collect();
        took.sort_unstable();
        let at = took.get(took.len() * percent / 100);
        at.map_or(f64::NAN, |took| took.as_secs_f64() * 1000.0)
    }
}
