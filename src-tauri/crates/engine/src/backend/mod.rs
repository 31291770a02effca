//! A provider at run time: its connections, its health and its counters.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use nntp::command::Request;
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, timeout};
use tracing::{info, warn};

use crate::baton::Place;
use crate::config::BackendConfig;
use crate::dial::{Dial, DialError, Established, Milestone, Trouble, establish_in_mode};
use crate::error::Error;
use crate::events::{Event, Events};
use crate::pool::BufferPool;
use crate::types::ClientId;

mod account;
mod breaker;
mod check_permit;
mod connection;
mod gather;
mod group_turn;
mod learned;
mod lease;
mod line;
mod logins;
mod pace;
mod pool;
mod reply;
mod slot;
mod standing;
mod used_up;

use account::Permit;
use connection::{Connection, ReadSide};
use pool::{Answer, Effects, Pool};
use slot::Hold;

pub(crate) use account::{Account, Accounts};
pub use breaker::State;
pub(crate) use check_permit::CheckPermit;
pub use check_permit::CheckPermits;
pub(crate) use gather::Gathering;
pub(crate) use group_turn::{GroupTurn, Prologue};
pub(crate) use lease::Lease;
pub(crate) use line::{Claim, Urgency};
pub(crate) use reply::{PriorRefusals, Reply};
pub(crate) use standing::{Availability, Promise, Standing};
pub use standing::{BackendSnapshot, CounterSnapshot, Counters};

/// How often idle connections are looked after.
const TICK: Duration = Duration::from_secs(5);
/// A connection that was idle for this long is asked whether it still lives.
const KEEP_ALIVE: Duration = Duration::from_secs(25);
/// How long somebody waits for a dial alone, before a shared connection will do too.
pub(crate) const SHARE_AFTER: Duration = Duration::from_secs(1);

/// A provider at run time. See the [module](self).
pub struct Backend {
    config: BackendConfig,
    means: Means,
    account: Arc<Account>,
    pool: Mutex<Pool>,
    counters: Counters,
    learned: learned::Learned,
}

/// What every backend works with.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) dialler: Arc<dyn Dial>,
    pub(crate) buffers: BufferPool,
    pub(crate) events: Events,
}

impl Backend {
    /// A backend with no connection yet: they are dialled on demand.
    #[must_use]
    pub fn new(config: BackendConfig, dialler: Arc<dyn Dial>, buffers: BufferPool) -> Arc<Self> {
        let account = Accounts::default().of(&config, &[]);
        Self::with_account(config, account, Means { dialler, buffers, events: Events::new() })
    }

    /// A backend whose connections count as `account`'s.
    #[must_use]
    pub(crate) fn with_account(
        config: BackendConfig,
        account: Arc<Account>,
        means: Means,
    ) -> Arc<Self> {
        let (pool, counters) = (Mutex::new(Pool::new()), Counters::default());
        let learned = learned::Learned::default();
        let new = Arc::new(Self { config, means, account, pool, counters, learned });
        new.account.enter(&new);
        new
    }

    pub(crate) fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// What a route has to know, all of one moment.
    pub(crate) fn standing(&self) -> Standing {
        self.lock().standing(self)
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
            state: pool.breaker.state.clone(),
            why: pool.breaker.why.clone(),
            open: self.account.open(),
            limit: self.account.limit(Instant::now(), self.config.connections.get()),
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
            pool.breaker.forget_failures();
            self.account.renew();
            pool.close_idle(|_| true, effects);
        });
    }

    /// A turn for a request: it has been sent when this is ready, and the reply is to be read.
    pub(crate) fn turn(self: &Arc<Self>, claim: &Claim, request: &Request) -> Waiting<Reply> {
        let mut effects = Effects::default();
        let asked = self.lock().ask_turn(self, (claim, request), &mut effects);
        effects.run(self);
        match asked {
            Ok(reply) => Waiting::Over(Some(Ok(reply))),
            Err(receiver) => Waiting::InLine(receiver),
        }
    }

    /// A turn for a request that depends on a selected group; none where the connections carry one request
    /// at a time, so that the prologue has to wait for each reply.
    pub(crate) fn group_turn(
        self: &Arc<Self>,
        claim: &Claim,
        prologue: Prologue,
        request: &Request,
    ) -> Option<Waiting<GroupTurn>> {
        let what = (claim, prologue, request);
        self.change(|pool, effects| {
            let depth = pool.pace.depth_allowed(Instant::now(), self.config.pipelining);
            let fits = usize::from(depth) > what.1.requests.len();
            fits.then(|| Waiting::InLine(pool.ask_group_turn(self, what, effects)))
        })
    }

    /// A connection with nobody else on it, preferably one on which the client's group is selected.
    pub(crate) fn lease(self: &Arc<Self>, client: ClientId) -> Waiting<Lease> {
        Waiting::InLine(self.change(|pool, effects| pool.ask_lease(self, client, effects)))
    }

    /// Looks again at who could be served: time has passed, or a permit came back.
    pub(crate) fn wake(self: &Arc<Self>) {
        self.change(|_, _| {});
    }

    /// Why it cannot be used, in the words for people; empty when it can.
    pub(crate) fn why(&self) -> String {
        let why = self.lock().breaker.why.clone();
        match self.account.paced_until(Instant::now()) {
            Some(_) if why.is_empty() => {
                "ten logins failed within a minute; Newsmux tries again in a minute".into()
            }
            _ => why,
        }
    }

    /// The provider says that it may not serve this account.
    pub(crate) fn set_used_up(&self, why: String) {
        self.lock().breaker.why = why;
        self.account.used_up.begin(Instant::now());
    }

    /// Sees to it that a connection will stand, without anyone waiting for it.
    pub(crate) fn warm_up(self: &Arc<Self>) {
        self.change(|pool, effects| pool.warm_up(self, effects));
    }

    fn spawn_dial(self: &Arc<Self>, permit: Permit) {
        let backend = Arc::clone(self);
        tokio::spawn(async move {
            let (mode, mut nobody) = (backend.mode_reader(), |_: Milestone<'_>| {});
            let dialler = &*backend.means.dialler;
            match establish_in_mode(dialler, &backend.config, mode, &mut nobody).await {
                Ok(established) => backend.dialled(established, permit),
                Err(failed) => backend.dial_failed(&failed.error, permit),
            }
        });
    }

    fn dialled(self: &Arc<Self>, established: Established, mut permit: Permit) {
        if established.mode_reader {
            self.mode_reader_needed();
        }
        let (news, alone) = self.change(|pool, effects| {
            permit.dial_over(pool);
            let Established { read, write, posting, address, .. } = established;
            let connection = Connection::new(pool.next_id(), write, posting);
            let side = ReadSide::new(read, Arc::clone(&connection), permit);
            if pool.retired {
                effects.closed.push(side);
                return (false, false);
            }
            pool.add(connection, side, address);
            (pool.breaker.connected(), !std::mem::replace(&mut pool.looked_after, true))
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
        let configured = self.config.connections.get();
        let (news, state, fewer) = {
            let (mut pool, now) = (self.lock(), Instant::now());
            permit.dial_over(&mut pool);
            let standing = pool.count();
            let before = self.account.limit(now, configured);
            let trouble = pool.breaker.trouble(error, standing);
            if trouble == Trouble::Limit && standing > 0 {
                self.account.set_limit(now, standing);
            }
            if trouble == Trouble::Down {
                permit.forget_login();
            }
            let news = pool.breaker.dial_failed(now, error, trouble, standing);
            let granted = self.account.limit(now, configured);
            (news, pool.breaker.state.clone(), (granted < before).then_some(granted))
        };
        if news {
            warn!(provider = self.config.name, "{error}");
            self.tell_failing(state, error.to_string());
        }
        if let Some(granted) = fewer {
            self.tell_fewer(granted, error.to_string());
        }
        drop(permit);
    }

    fn tell_failing(&self, state: State, why: String) {
        let provider = self.config.name.clone();
        self.means.events.tell(|| Event::Failing { provider, state, why });
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

    /// A dial was dropped before it was over: the runtime ends, and another would end the same way.
    fn dial_abandoned(&self) {
        let mut pool = self.lock();
        pool.dialling = pool.dialling.saturating_sub(1);
    }

    /// A connection is gone: no more turns on it.
    fn lost(self: &Arc<Self>, id: u64, loss: Loss) {
        let now = Instant::now();
        let set_aside = self.change(|pool, effects| {
            let at = pool.slots.iter().position(|slot| slot.connection.id == id)?;
            let slot = pool.slots.remove(at);
            let (why, weight) = match loss {
                Loss::Ours => {
                    pool.breaker.probe_abandoned(now);
                    return None;
                }
                Loss::Silent { since, stale, why } => {
                    pool.close_unheard(since, effects);
                    if stale {
                        pool.breaker.probe_abandoned(now);
                        return None;
                    }
                    (why, breaker::SILENT)
                }
                Loss::Failed(why) => (why, 1),
            };
            // That it logs us in says little about an address which then answers nothing.
            if weight == breaker::SILENT || !slot.has_served {
                let address = slot.address.into_iter();
                address.for_each(|at| self.means.dialler.failed(at, &self.config));
            }
            if slot.turns > 1 {
                pool.pace.stumbled(now, slot.born, self.config.pipelining);
            }
            let news = pool.breaker.failed(now, slot.born, (why, weight));
            news.then(|| (pool.breaker.state.clone(), pool.breaker.why.clone()))
        });
        if let Some((state, why)) = set_aside {
            warn!(provider = self.config.name, "set aside: {why}");
            self.tell_failing(state, why);
        }
    }

    /// The provider says on a connection that it is one too many.
    fn one_too_many(&self, id: u64, said: String) {
        let granted = {
            let (mut pool, now) = (self.lock(), Instant::now());
            let others = pool.slots.iter().filter(|slot| slot.connection.id != id).count();
            self.account.set_limit(now, u16::try_from(others).unwrap_or(u16::MAX));
            pool.breaker.one_too_many(now);
            self.account.limit(now, self.config.connections.get())
        };
        self.tell_fewer(granted, said);
    }

    /// The provider's bytes came in.
    fn count_bytes(&self, bytes: usize) {
        Counters::add(&self.counters.bytes, bytes);
    }

    /// The reply to a probe has begun: others may come.
    fn probe_answered(&self) {
        self.lock().breaker.probe_answered();
    }

    /// A turn is over, and the next may read.
    fn turn_done(self: &Arc<Self>, id: u64, place: Place<ReadSide>, side: ReadSide, took: Took) {
        let mut side = Some(side);
        let back = self.change(|pool, effects| {
            let (retired, now) = (pool.retired, Instant::now());
            took.first_line.into_iter().for_each(|time| pool.pace.measured_round_trip(time));
            took.block.into_iter().for_each(|time| pool.pace.measured_article(now, time));
            let back = pool.breaker.served();
            let Some(slot) = pool.slot(id) else { return back };
            slot.turns = slot.turns.saturating_sub(1);
            slot.heard = now;
            if !std::mem::replace(&mut slot.has_served, true) {
                side.iter().for_each(ReadSide::has_served);
                let address = slot.address.into_iter();
                address.for_each(|at| self.means.dialler.succeeded(at, &self.config));
            }
            let unasked = side.as_ref().is_some_and(|side| !side.unread.is_empty());
            let finished = retired && slot.hold != Hold::Leased;
            if slot.turns == 0 && (unasked || finished) {
                pool.slots.retain(|slot| slot.connection.id != id);
            } else if let Some(side) = side.take() {
                effects.closed.extend(place.try_hand_on(side));
            }
            effects.closed.extend(side.take());
            back
        });
        if back {
            info!(provider = self.config.name, "requests go well again");
            self.means.events.tell(|| Event::Connected { provider: self.config.name.clone() });
        }
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

/// Why a connection that had turns is gone.
enum Loss {
    /// It was given up by us, or for what its client did.
    Ours,
    /// It was silent since a request was sent on it; before that, perhaps for long enough to have died
    /// unnoticed.
    Silent { since: Instant, stale: bool, why: String },
    /// The provider's failure, in a sentence.
    Failed(String),
}

/// What a turn took, where that says something about the way to the provider.
#[derive(Default)]
struct Took {
    first_line: Option<Duration>,
    block: Option<Duration>,
}

/// A wait for a connection. It ends with a connection or with an error.
pub(crate) enum Waiting<T> {
    InLine(oneshot::Receiver<Answer<T>>),
    Over(Option<Answer<T>>),
}

impl<T> Waiting<T> {
    /// Waits no longer than `patience`. None: it goes on waiting, and keeps its place.
    pub(crate) async fn answer(&mut self, patience: Duration) -> Option<Answer<T>> {
        match self {
            Self::Over(answer) => Some(answer.take().unwrap_or(Err(Error::TurnLost))),
            Self::InLine(receiver) => {
                let answer = timeout(patience, receiver).await.ok()?;
                Some(answer.unwrap_or(Err(Error::TurnLost)))
            }
        }
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
