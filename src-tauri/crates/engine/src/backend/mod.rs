//! A provider at run time: its connections, its health and its counters.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use bytes::Bytes;
use nntp::command::Request;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, timeout};
use tracing::{info, warn};

use crate::baton::Place;
use crate::config::BackendConfig;
use crate::dial::{Dial, DialError, Established, establish_in_mode};
use crate::error::Error;
use crate::events::{Event, Events};
use crate::pool::BufferPool;
use crate::types::ClientId;

mod connection;
mod health;
mod learned;
mod lease;
mod permit;
mod pool;
mod reply;
mod visit;

use connection::{Connection, ReadSide};
use permit::Permit;
use pool::{Effects, Grant, Hold, Pool, Want};

pub use health::State;
pub(crate) use lease::Lease;
pub(crate) use reply::{PriorRefusals, Reply};
pub(crate) use visit::Visit;
pub use visit::Visits;

/// How often idle connections are looked after.
const TICK: Duration = Duration::from_secs(5);
/// A connection that was idle for this long is asked whether it still lives.
const KEEP_ALIVE: Duration = Duration::from_secs(25);
/// How long somebody waits for a dial alone, before a shared connection will do too.
const SHARE_AFTER: Duration = Duration::from_secs(1);

/// A provider at run time. See the [module](self).
pub struct Backend {
    config: BackendConfig,
    means: Means,
    pool: Mutex<Pool>,
    counters: Counters,
    learned: learned::Learned,
    /// With other settings, the same account: its connections count until they are closed.
    before: Option<Arc<Self>>,
    after: OnceLock<Weak<Self>>,
}

/// What every backend works with.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) dialler: Arc<dyn Dial>,
    pub(crate) buffers: BufferPool,
    pub(crate) events: Events,
}

/// What a backend has done since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Requests sent.
    pub requests: AtomicU64,
    /// Replies given to clients.
    pub delivered: AtomicU64,
    /// Articles that the provider said it does not have.
    pub missing: AtomicU64,
    /// Requests that failed by the provider's fault.
    pub failures: AtomicU64,
    /// Bytes of replies received.
    pub bytes: AtomicU64,
}

impl Counters {
    pub(crate) fn count(counter: &AtomicU64) {
        Self::add(counter, 1);
    }

    fn add(counter: &AtomicU64, n: usize) {
        counter.fetch_add(n as u64, Ordering::Relaxed);
    }

    /// What was done until now.
    #[must_use]
    pub fn snapshot(&self) -> CounterSnapshot {
        let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CounterSnapshot {
            requests: now(&self.requests),
            delivered: now(&self.delivered),
            missing: now(&self.missing),
            failures: now(&self.failures),
            bytes: now(&self.bytes),
        }
    }
}

/// [`Counters`] at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the same as in Counters")]
pub struct CounterSnapshot {
    pub requests: u64,
    pub delivered: u64,
    pub missing: u64,
    pub failures: u64,
    pub bytes: u64,
}

/// Whether a backend can take a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Availability {
    /// Now, though perhaps behind others.
    Ready,
    /// Not before this moment.
    NotBefore(Instant),
}

/// The state of a backend, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendSnapshot {
    /// The provider's id in the settings.
    pub id: String,
    /// The provider's name.
    pub name: String,
    /// How its connections are.
    pub state: State,
    /// A sentence on what is wrong, empty when nothing is.
    pub why: String,
    /// Connections that are open, dialled or closing.
    pub open: u16,
    /// How many may be.
    pub limit: u16,
    /// Requests under way or waiting.
    pub load: usize,
    /// What it has done since it was set up.
    pub counters: CounterSnapshot,
}

impl Backend {
    /// A backend with no connection yet: they are dialled on demand.
    #[must_use]
    pub fn new(config: BackendConfig, dialler: Arc<dyn Dial>, buffers: BufferPool) -> Arc<Self> {
        Self::instead_of(None, config, Means { dialler, buffers, events: Events::new() })
    }

    /// A backend that takes the place of `before`, whose settings were changed: as long as that one
    /// has connections open, this one may have fewer.
    #[must_use]
    pub(crate) fn instead_of(
        before: Option<Arc<Self>>,
        config: BackendConfig,
        means: Means,
    ) -> Arc<Self> {
        let (pool, counters) = (Mutex::new(Pool::new()), Counters::default());
        let (before, after) = (before.and_then(Self::still_open), OnceLock::new());
        let learned = learned::Learned::default();
        let new = Arc::new(Self { config, means, pool, counters, learned, before, after });
        if let Some(before) = &new.before {
            // One that is succeeded already has its connections counted by that one.
            drop(before.after.set(Arc::downgrade(&new)));
        }
        new
    }

    /// The last of this one and those before it that has connections open.
    fn still_open(self: Arc<Self>) -> Option<Arc<Self>> {
        if self.lock().open > 0 { Some(self) } else { self.before.clone()?.still_open() }
    }

    /// Permits that are out for those before this one.
    fn open_before(&self) -> u16 {
        self.before.as_ref().map_or(0, |b| b.lock().open.saturating_add(b.open_before()))
    }

    /// Whether the settings have no place for it any more.
    pub(crate) fn is_retired(&self) -> bool {
        self.lock().retired
    }

    /// What it was made of.
    #[must_use]
    pub fn config(&self) -> &BackendConfig {
        &self.config
    }

    /// What it has done since the start.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Its state at this moment.
    #[must_use]
    pub fn snapshot(&self) -> BackendSnapshot {
        let pool = self.lock();
        BackendSnapshot {
            id: self.config.id.clone(),
            name: self.config.name.clone(),
            state: pool.health.state.clone(),
            why: pool.health.why.clone(),
            open: pool.open,
            limit: pool.health.limit(Instant::now(), self.config.connections.get()),
            load: pool.load(),
            counters: self.counters.snapshot(),
        }
    }

    /// Takes no new connections, closes the idle ones, and sends those who wait elsewhere: the provider
    /// was changed or removed. Call it within the runtime that serves.
    pub fn retire(self: &Arc<Self>) {
        self.change(|pool, effects| {
            pool.retired = true;
            pool.close_idle(|_| true, effects);
        });
    }

    /// Forgets pauses and closes idle connections: the network changed, or the computer slept. Call it
    /// within the runtime that serves.
    pub fn renew(self: &Arc<Self>) {
        self.change(|pool, effects| {
            pool.health.forgive();
            pool.close_idle(|_| true, effects);
        });
    }

    /// A turn for a request: it has been sent when this returns, and the reply is to be read.
    pub(crate) async fn turn(
        self: &Arc<Self>,
        client: ClientId,
        request: &Request,
        patience: Duration,
    ) -> Result<Reply, Error> {
        match self.ask(Want::Turn(client, request.clone()), patience).await? {
            Grant::Turn(reply) => Ok(reply),
            Grant::Lease(_) => Err(Error::TurnLost),
        }
    }

    /// A connection with nobody else on it, preferably one on which the client's group is selected.
    pub(crate) async fn lease(self: &Arc<Self>, client: ClientId) -> Result<Lease, Error> {
        match self.ask(Want::Lease(client), self.config.limits.turn).await? {
            Grant::Lease(lease) => Ok(lease),
            Grant::Turn(_) => Err(Error::TurnLost),
        }
    }

    async fn ask(self: &Arc<Self>, want: Want, patience: Duration) -> Result<Grant, Error> {
        let mut effects = Effects::default();
        let asked = self.lock().ask(self, want, &mut effects);
        effects.run(self);
        let mut receiver = match asked {
            Ok(grant) => return Ok(grant),
            Err(receiver) => receiver,
        };
        let mut answer = timeout(patience.min(SHARE_AFTER), &mut receiver).await;
        if answer.is_err() && patience > SHARE_AFTER {
            self.change(|_, _| {});
            answer = timeout(patience.saturating_sub(SHARE_AFTER), receiver).await;
        }
        match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Error::TurnLost),
            Err(_) => Err(Error::TimedOut("a free connection")),
        }
    }

    /// Whether a request should be brought here at all.
    pub(crate) fn availability(&self) -> Availability {
        let (pool, now) = (self.lock(), Instant::now());
        match pool.health.paced_until(now).filter(|_| pool.slots.is_empty()) {
            Some(at) => Availability::NotBefore(at),
            None => Availability::Ready,
        }
    }

    /// Whether the provider said lately that it may not serve this account.
    pub(crate) fn is_unable(&self) -> bool {
        self.lock().health.unable_until(Instant::now()).is_some()
    }

    /// Whether a connection stands, so that a request can be expected to get through.
    pub(crate) fn is_proven(&self) -> bool {
        !self.lock().slots.is_empty()
    }

    /// For how long no connection could be made, if that is so.
    pub(crate) fn down_for(&self) -> Option<Duration> {
        self.lock().health.down_for(Instant::now())
    }

    /// Why it cannot be used, in the words for people; empty when it can.
    pub(crate) fn why(&self) -> String {
        self.lock().health.why.clone()
    }

    /// How busy it is, in requests for each thousand connections.
    pub(crate) fn load(&self) -> usize {
        let pool = self.lock();
        let limit = pool.health.limit(Instant::now(), self.config.connections.get()).max(1);
        pool.load() * 1000 / usize::from(limit)
    }

    /// The provider says that it may not serve this account.
    pub(crate) fn set_unable(&self, why: String) {
        self.lock().health.unable(Instant::now(), why);
    }

    /// Sees to it that a connection will stand, without anyone waiting for it.
    pub(crate) fn warm_up(self: &Arc<Self>) {
        self.change(|pool, effects| pool.warm_up(self, effects));
    }

    fn spawn_dial(self: &Arc<Self>, permit: Permit) {
        let backend = Arc::clone(self);
        tokio::spawn(async move {
            let mode_reader = backend.wants_mode_reader();
            match establish_in_mode(&*backend.means.dialler, &backend.config, mode_reader).await {
                Ok(established) => backend.dialled(established, permit),
                Err(error) => backend.dial_failed(&error, permit),
            }
        });
    }

    fn dialled(self: &Arc<Self>, established: Established, mut permit: Permit) {
        let (news, alone) = self.change(|pool, effects| {
            permit.dial_over(pool);
            let Established { read, write, posting } = established;
            let connection = Connection::new(pool.next_id(), write, posting);
            let side = ReadSide::new(read, Arc::clone(&connection), permit);
            if pool.retired {
                effects.closed.push(side);
                return (false, false);
            }
            pool.add(connection, side);
            (pool.health.connected(), !std::mem::replace(&mut pool.looked_after, true))
        });
        if news {
            info!(provider = self.config.name, "connected");
            self.means.events.tell(|| Event::Connected { provider: self.config.name.clone() });
        }
        if alone {
            tokio::spawn(look_after(Arc::downgrade(self)));
        }
    }

    fn dial_failed(self: &Arc<Self>, error: &DialError, mut permit: Permit) {
        let (news, state, fewer) = {
            let (mut pool, now) = (self.lock(), Instant::now());
            permit.dial_over(&mut pool);
            let (standing, configured) = (pool.standing(), self.config.connections.get());
            let before = pool.health.limit(now, configured);
            let news = pool.health.dial_failed(now, error, standing);
            let granted = pool.health.limit(now, configured);
            (news, pool.health.state.clone(), (granted < before).then_some(granted))
        };
        if news {
            warn!(provider = self.config.name, "{error}");
            let (provider, why) = (self.config.name.clone(), error.to_string());
            self.means.events.tell(|| Event::Failing { provider, state, why });
        }
        if let Some(granted) = fewer {
            self.tell_fewer(granted, error.to_string());
        }
        drop(permit);
    }

    fn tell_fewer(&self, granted: u16, why: String) {
        info!(provider = self.config.name, "grants {granted} connections: {why}");
        let provider = self.config.name.clone();
        self.means.events.tell(|| Event::FewerConnections { provider, granted, why });
    }

    /// A request failed here, and is tried again.
    pub(crate) fn tell_retried(&self, error: &Error) {
        let provider = || self.config.name.clone();
        self.means.events.tell(|| Event::Retried { provider: provider(), why: error.to_string() });
    }

    fn permit_returned(self: &Arc<Self>) {
        self.change(|pool, _| pool.open = pool.open.saturating_sub(1));
        // Whoever took our place may dial now; it may itself be succeeded by now.
        let mut next = self.after.get().and_then(Weak::upgrade);
        while let Some(after) = next {
            after.change(|_, _| {});
            next = after.after.get().and_then(Weak::upgrade);
        }
    }

    /// A dial was dropped before it was over: the runtime ends, and another would end the same way.
    fn dial_abandoned(&self) {
        let mut pool = self.lock();
        pool.open = pool.open.saturating_sub(1);
        pool.dialling = pool.dialling.saturating_sub(1);
    }

    /// A connection is gone: no more turns on it.
    fn lost(self: &Arc<Self>, id: u64) {
        self.change(|pool, _| {
            let Some(at) = pool.slots.iter().position(|slot| slot.connection.id == id) else {
                return;
            };
            if pool.slots.remove(at).turns > 1 {
                pool.health.stumbled(Instant::now(), self.config.pipelining);
            }
        });
    }

    /// The provider says on a connection that it is one too many.
    fn one_too_many(&self, id: u64, said: String) {
        let granted = {
            let (mut pool, now) = (self.lock(), Instant::now());
            let others = pool.slots.iter().filter(|slot| slot.connection.id != id).count();
            pool.health.one_too_many(now, u16::try_from(others).unwrap_or(u16::MAX));
            pool.health.limit(now, self.config.connections.get())
        };
        self.tell_fewer(granted, said);
    }

    /// The provider's bytes came in.
    fn count_bytes(&self, bytes: usize) {
        Counters::add(&self.counters.bytes, bytes);
    }

    /// A turn is over, and the next may read.
    fn turn_done(
        self: &Arc<Self>,
        id: u64,
        place: Place<ReadSide>,
        side: ReadSide,
        round_trip: Option<Duration>,
    ) {
        let mut side = Some(side);
        self.change(|pool, effects| {
            let retired = pool.retired;
            round_trip.into_iter().for_each(|time| pool.health.measured(time));
            let Some(slot) = pool.slot(id) else { return };
            slot.turns = slot.turns.saturating_sub(1);
            slot.heard = Instant::now();
            let unasked = side.as_ref().is_some_and(|side| !side.unread.is_empty());
            let finished = retired && slot.hold != Hold::Leased;
            if slot.turns == 0 && (unasked || finished) {
                pool.slots.retain(|slot| slot.connection.id != id);
            } else if let Some(side) = side.take() {
                effects.closed.extend(place.try_hand_on(side));
            }
            effects.closed.extend(side.take());
        });
    }

    /// Whether a leased connection is still open, and silent between two replies.
    fn is_quiet(self: &Arc<Self>, id: u64) -> bool {
        self.change(|pool, effects| {
            let Some(slot) = pool.slot(id) else { return false };
            let quiet = slot.turns > 0 || slot.is_alive(effects);
            if !quiet {
                pool.slots.retain(|slot| slot.connection.id != id);
            }
            quiet
        })
    }

    /// Whether others wait for a connection, or for their turn on this one.
    fn is_wanted(&self, id: u64) -> bool {
        let mut pool = self.lock();
        let waiting = pool.has_waiting();
        // Who has it alone gives it to nobody by giving up one reply.
        let slot = pool.slot(id).filter(|slot| slot.hold != Hold::Leased);
        slot.is_some_and(|slot| waiting || slot.turns > 1)
    }

    /// Changes the pool, lets those who wait have what that set free, and does the rest unlocked.
    fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut Pool, &mut Effects) -> T) -> T {
        let mut effects = Effects::default();
        let mut pool = self.lock();
        let changed = change(&mut pool, &mut effects);
        pool.serve(self, &mut effects);
        drop(pool);
        effects.run(self);
        changed
    }

    fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").field("id", &self.config.id).finish_non_exhaustive()
    }
}

/// Closes connections that were idle for long, takes out those that died, and keeps the others warm;
/// until none is left.
async fn look_after(backend: Weak<Backend>) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(backend) = backend.upgrade() else { return };
        let idle = backend.config.limits.idle;
        let now = Instant::now();
        let probes = backend.change(|pool, effects| {
            pool.close_idle(|slot| now.duration_since(slot.used) >= idle, effects);
            pool.looked_after = !pool.slots.is_empty();
            pool.looked_after.then(|| pool.probes(&backend, now, effects))
        });
        let Some(probes) = probes else { return };
        for probe in probes {
            tokio::spawn(probe.discard());
        }
    }
}

/// What asks an idle connection whether it lives. Old servers answer 500, which says as much.
fn probe() -> Option<Request> {
    Request::parse(Bytes::from_static(b"DATE")).ok()
}
