//! The steps of a measurement: more connections until that gains nothing, then more requests in flight
//! on each.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::info;

use super::choose::{self, DEPTHS};
use super::worker::{Shared, work};
use super::{By, MOST_TIME, Point, Tune, Tuned, Unable, is_allowed};
use crate::backend::{Backend, RATIONED, TuneConnection};
use crate::dial::DialError;

/// How often to look whether a step is over, or a program needs the line.
const TICK: Duration = Duration::from_millis(50);
/// After a change, the speed has to settle for so long, or for so many bytes.
const SETTLE: (Duration, u64) = (Duration::from_secs(1), 16_000_000);
/// Then it is measured for so long, or for so many bytes.
const MEASURE: (Duration, u64) = (Duration::from_secs(3), 48_000_000);
/// New connections have so long to begin with an article.
const BEGIN: Duration = Duration::from_secs(5);
/// A program that has had requests in flight for so many ticks is downloading.
const BUSY_TICKS: u32 = 10;

/// A running measurement.
pub(super) struct Run<'a> {
    shared: Arc<Shared>,
    all: Vec<Arc<Backend>>,
    up_to: u16,
    ends: Instant,
    tell: &'a mut (dyn FnMut(Point) + Send),
    points: Vec<Point>,
    /// Dropping it ends all connections.
    connections: JoinSet<Option<String>>,
    handles: Vec<Handle>,
    /// Why no further connection can be had.
    full: Option<String>,
    refused: Option<String>,
    busy_ticks: u32,
}

/// One of the connections.
struct Handle {
    task: AbortHandle,
    /// Requests whose reply is not complete.
    outstanding: Arc<AtomicUsize>,
}

/// Whether a step could be measured.
enum Measured {
    Yes,
    /// Time or bytes are used up, or a connection was lost.
    No,
}

impl<'a> Run<'a> {
    pub(super) fn new(tune: Tune, tell: &'a mut (dyn FnMut(Point) + Send)) -> Self {
        let Tune { backend, all, requests, up_to, most_bytes } = tune;
        Self {
            shared: Shared::new(backend, requests, most_bytes),
            all,
            up_to,
            ends: Instant::now() + MOST_TIME,
            tell,
            points: Vec::new(),
            connections: JoinSet::new(),
            handles: Vec::new(),
            full: None,
            refused: None,
            busy_ticks: 0,
        }
    }

    pub(super) async fn run(mut self) -> Result<Tuned, Unable> {
        let backend = Arc::clone(&self.shared.backend);
        let name = &backend.config().name;
        info!(provider = name, "measuring the best number of connections");
        backend.make_room();
        let depth = u8::try_from(backend.depth_in_use()).unwrap_or(u8::MAX);
        self.shared.depth.store(depth, Ordering::Relaxed);
        self.add_connections().await?;
        let no_result = || Unable::NoConnection { cause: "nothing could be measured".into() };
        let best = choose::smallest(&self.points, By::Connections).ok_or_else(no_result)?;
        self.close_surplus(best.connections);
        self.vary_depth().await?;
        let deep = choose::smallest(&self.points, By::Depth).unwrap_or(best);
        let (configured, automatic) = (backend.config().pipelining, backend.automatic_depth());
        let pipelining = choose::pipelining(deep.depth, configured, automatic);
        let (connections, speed) = (best.connections, best.speed.max(deep.speed));
        info!(provider = name, connections, speed, "measured");
        Ok(Tuned { connections, pipelining, speed, refused: self.refused.take() })
    }

    /// Measures with more and more connections, until that gains nothing or no more can be had.
    async fn add_connections(&mut self) -> Result<(), Unable> {
        let limit = self.shared.backend.limit_of_plan(self.up_to);
        let mut tried = 0;
        while let Some(wanted) = choose::next(tried, limit) {
            self.open(wanted).await?;
            let opened = self.open_now();
            if opened <= tried {
                break;
            }
            let Measured::Yes = self.measure(By::Connections).await? else { break };
            tried = opened;
            if !choose::gained(&self.points) || self.full.is_some() {
                break;
            }
        }
        Ok(())
    }

    async fn vary_depth(&mut self) -> Result<(), Unable> {
        for depth in DEPTHS {
            self.shared.depth.store(depth, Ordering::Relaxed);
            let Measured::Yes = self.measure(By::Depth).await? else { break };
        }
        Ok(())
    }

    /// Opens connections, one after the other, until there are so many or no more can be had.
    async fn open(&mut self, wanted: u16) -> Result<(), Unable> {
        while self.open_now() < wanted && self.full.is_none() {
            self.interrupted()?;
            if let Err(cause) = self.open_one().await? {
                if self.connections.is_empty() {
                    return Err(self.no_connection(cause));
                }
                self.full = Some(cause.unwrap_or_default());
            }
        }
        Ok(())
    }

    fn no_connection(&self, cause: Option<String>) -> Unable {
        let rationed = || self.shared.backend.is_rationed().then(|| RATIONED.to_owned());
        match cause.or_else(rationed) {
            Some(cause) => Unable::NoConnection { cause },
            None => Unable::AllInUse,
        }
    }

    /// Fails with the reason, or without one if the account has no permit left.
    async fn open_one(&mut self) -> Result<Result<(), Option<String>>, Unable> {
        let mut dialling = pin!(dial(Arc::clone(&self.shared.backend), self.up_to));
        let dialled = loop {
            tokio::select! {
                biased;
                dialled = &mut dialling => break dialled,
                () = sleep(TICK) => self.interrupted()?,
                () = sleep_until(self.ends) => return Ok(Err(Some("it took too long".into()))),
            }
        };
        Ok(match dialled {
            Ok(connection) => {
                let outstanding = Arc::clone(&connection.outstanding);
                let task = self.connections.spawn(work(connection, Arc::clone(&self.shared)));
                self.handles.push(Handle { task, outstanding });
                Ok(())
            }
            Err(Some(DialError::Refused(refusal))) => {
                let words = format!("{} {}", refusal.code, refusal.text);
                self.refused = Some(words.clone());
                Err(Some(words))
            }
            Err(error) => Err(error.map(|error| error.to_string())),
        })
    }

    fn open_now(&self) -> u16 {
        u16::try_from(self.connections.len()).unwrap_or(u16::MAX)
    }

    /// Closes connections beyond that number.
    fn close_surplus(&mut self, wanted: u16) {
        let wanted = usize::from(wanted).min(self.handles.len());
        self.handles.drain(wanted..).for_each(|surplus| surplus.task.abort());
    }

    /// Measures the speed once it has settled.
    async fn measure(&mut self, by: By) -> Result<Measured, Unable> {
        let began = Instant::now();
        while !self.is_ready() && began.elapsed() < BEGIN {
            let Measured::Yes = self.tick().await? else { return Ok(Measured::No) };
        }
        let settled = self.pass(SETTLE).await?;
        let (Measured::Yes, from, began) = (settled, self.bytes(), Instant::now()) else {
            return Ok(Measured::No);
        };
        let Measured::Yes = self.pass(MEASURE).await? else { return Ok(Measured::No) };
        let (bytes, micros) = (self.bytes() - from, began.elapsed().as_micros().max(1));
        let speed = u64::try_from(u128::from(bytes) * 1_000_000 / micros).unwrap_or(u64::MAX);
        let depth = self.shared.depth.load(Ordering::Relaxed);
        let connections = u16::try_from(self.handles.len()).unwrap_or(u16::MAX);
        let point = Point { by, connections, depth, speed };
        self.points.push(point);
        (self.tell)(point);
        Ok(Measured::Yes)
    }

    /// Whether all connections have got the beginning of an article, and none has more in flight than it
    /// should.
    fn is_ready(&self) -> bool {
        let depth = usize::from(self.shared.depth.load(Ordering::Relaxed));
        let deeper = |one: &Handle| one.outstanding.load(Ordering::Relaxed) > depth;
        let serving = usize::from(self.shared.serving.load(Ordering::Relaxed));
        serving >= self.handles.len() && !self.handles.iter().any(deeper)
    }

    /// Lets so much time or so many bytes pass.
    async fn pass(&mut self, (time, bytes): (Duration, u64)) -> Result<Measured, Unable> {
        let (began, from) = (Instant::now(), self.bytes());
        while began.elapsed() < time && self.bytes() - from < bytes {
            let Measured::Yes = self.tick().await? else { return Ok(Measured::No) };
        }
        Ok(Measured::Yes)
    }

    async fn tick(&mut self) -> Result<Measured, Unable> {
        sleep(TICK).await;
        self.interrupted()?;
        let mut lost = None;
        self.handles.retain(|one| !one.task.is_finished());
        while let Some(ended) = self.connections.try_join_next() {
            lost = lost.or(ended.ok().flatten());
        }
        if !self.shared.has_articles() {
            return Err(Unable::NoArticles);
        }
        if let Some(cause) = lost {
            if self.connections.is_empty() {
                return Err(Unable::NoConnection { cause });
            }
            self.full = Some(cause);
            return Ok(Measured::No);
        }
        let over = self.shared.is_spent() || Instant::now() >= self.ends;
        Ok(if over { Measured::No } else { Measured::Yes })
    }

    /// Fails if a program needs the line, or the user wants something else.
    fn interrupted(&mut self) -> Result<(), Unable> {
        is_allowed(&self.shared.backend)?;
        let busy = self.all.iter().any(|backend| backend.load() > 0);
        self.busy_ticks = if busy { self.busy_ticks + 1 } else { 0 };
        let waits = self.all.iter().any(|backend| backend.is_waited_for());
        if waits && self.busy_ticks > 1 || self.busy_ticks >= BUSY_TICKS {
            return Err(Unable::Downloading);
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.shared.bytes.load(Ordering::Relaxed)
    }
}

/// Opens a connection. Fails without an error if the account has no permit left.
async fn dial(backend: Arc<Backend>, up_to: u16) -> Result<TuneConnection, Option<DialError>> {
    let permit = backend.tune_permit(up_to).await.ok_or(None)?;
    backend.dial_to_tune(permit).await.map_err(|failed| Some(failed.error))
}
