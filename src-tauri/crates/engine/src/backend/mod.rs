//! A provider at run time: its connections, health and counters.

use std::fmt;
use std::sync::{Arc, MutexGuard};

use nntp::command::Request;
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant, timeout};

use crate::config::BackendConfig;
use crate::dial::Dial;
use crate::error::Error;
use crate::events::{Event, Events};
use crate::lock::Lock;
use crate::pool::BufferPool;

mod account;
mod breaker;
mod check_permit;
mod choose;
mod connection;
mod crawl;
mod dialling;
mod gather;
mod group_turn;
mod learned;
mod lease;
mod line;
mod logins;
mod outcome;
mod pace;
mod pool;
mod reply;
mod slot;
mod standing;
mod upkeep;
mod used_up;

use outcome::{Loss, Timing};
use pool::{Answer, Effects, Pool};
use slot::Access;

pub(crate) use account::{Account, Accounts};
pub use breaker::State;
pub(crate) use check_permit::CheckPermit;
pub use check_permit::CheckPermits;
pub(crate) use gather::Gathering;
pub(crate) use group_turn::{GroupTurn, Prologue};
pub(crate) use lease::{Lease, Wanted};
pub(crate) use line::{Claim, Urgency};
pub(crate) use reply::{PriorRefusals, Reply};
pub(crate) use standing::{Availability, Confidence, Standing};
pub use standing::{BackendSnapshot, CounterSnapshot, Counters};

/// How long a request waits for a dial before a shared connection will do.
pub(crate) const SHARE_AFTER: Duration = Duration::from_secs(1);

/// A provider at run time. See the [module](self).
pub struct Backend {
    config: BackendConfig,
    resources: Resources,
    account: Arc<Account>,
    pool: Lock<Pool>,
    counters: Counters,
    learned: learned::Learned,
}

/// The shared resources of all backends.
#[derive(Clone)]
pub(crate) struct Resources {
    pub(crate) dialler: Arc<dyn Dial>,
    pub(crate) buffers: BufferPool,
    pub(crate) events: Events,
}

impl Backend {
    /// Creates a backend without connections: they are dialled on demand.
    #[must_use]
    pub fn new(config: BackendConfig, dialler: Arc<dyn Dial>, buffers: BufferPool) -> Arc<Self> {
        let account = Accounts::default().of(&config, &[]);
        Self::with_account(config, account, Resources { dialler, buffers, events: Events::new() })
    }

    /// Creates a backend whose connections count against `account`.
    #[must_use]
    pub(crate) fn with_account(
        config: BackendConfig,
        account: Arc<Account>,
        resources: Resources,
    ) -> Arc<Self> {
        let (pool, counters) = (Lock::new(Pool::new()), Counters::default());
        let learned = learned::Learned::default();
        let new = Arc::new(Self { config, resources, account, pool, counters, learned });
        new.account.enter(&new);
        new
    }

    pub(crate) fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// Returns a consistent view of this moment for routing.
    pub(crate) fn standing(&self, now: Instant) -> Standing {
        self.lock().standing(self, now)
    }

    /// Whether the provider was changed or removed in the settings.
    pub(crate) fn is_retired(&self) -> bool {
        self.lock().retired
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &BackendConfig {
        &self.config
    }

    /// The counters since the start.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The state at this moment.
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

    /// Stops dialling, closes idle connections, and turns away waiting requests, because the provider
    /// was changed or removed. Call it within the runtime that serves.
    pub fn retire(self: &Arc<Self>) {
        self.change(|pool, effects| {
            pool.retired = true;
            pool.close_idle(|_| true, effects);
        });
    }

    /// Forgets pauses and failures and closes idle connections, because the network changed or the
    /// computer slept. Call it within the runtime that serves.
    pub fn renew(self: &Arc<Self>) {
        self.change(|pool, effects| {
            pool.breaker.forget_failures();
            self.account.renew();
            pool.close_idle(|_| true, effects);
        });
    }

    /// Asks for a turn, or a place in line. Once it is granted, the request is queued and its reply can
    /// be read.
    pub(crate) fn turn(
        self: &Arc<Self>,
        claim: &Claim,
        request: &Request,
    ) -> Result<Reply, Waiting<Reply>> {
        let mut effects = Effects::now();
        let asked = self.lock().ask_turn(self, (claim, request), &mut effects);
        effects.run(self);
        asked.map_err(Waiting)
    }

    /// Asks for a turn for a request that depends on a selected group. `None` where connections carry
    /// one request at a time: the prologue then has to wait for each reply, which needs a lease.
    pub(crate) fn group_turn(
        self: &Arc<Self>,
        claim: &Claim,
        prologue: &Prologue,
        request: &Request,
    ) -> Option<Waiting<GroupTurn>> {
        let what = (claim, prologue, request);
        self.change(|pool, effects| {
            let depth = pool.pace.depth_allowed(effects.now, self.config.pipelining);
            let fits = usize::from(depth) > what.1.requests.len();
            fits.then(|| Waiting(pool.ask_group_turn(self, what, effects)))
        })
    }

    /// Asks for a connection alone, preferably one on which the client's group is selected.
    pub(crate) fn lease(self: &Arc<Self>, wanted: Wanted) -> Waiting<Lease> {
        Waiting(self.change(|pool, effects| pool.ask_lease(self, wanted, effects)))
    }

    /// Serves waiting requests again: time has passed, or a permit came back.
    pub(crate) fn wake(self: &Arc<Self>) {
        self.change(|_, _| {});
    }

    /// Why the provider cannot be used, in a sentence for people; empty if it can.
    pub(crate) fn why(&self) -> String {
        let why = self.lock().breaker.why.clone();
        match self.account.paced_until(Instant::now()) {
            Some(_) if why.is_empty() => {
                "ten logins failed within a minute; Newsmux tries again in a minute".into()
            }
            _ => why,
        }
    }

    /// Pauses the account: the provider refuses to serve it.
    pub(crate) fn set_used_up(&self, why: String) {
        self.lock().breaker.why = why;
        self.account.used_up.begin(Instant::now());
    }

    /// Reports a request that failed here and is retried.
    pub(crate) fn tell_retried(&self, error: &Error) {
        let provider = || self.config.name.clone();
        self.resources
            .events
            .tell(|| Event::Retried { provider: provider(), why: error.to_string() });
    }

    /// Counts bytes from the provider.
    pub(super) fn count_bytes(&self, bytes: usize) {
        Counters::add(&self.counters.bytes, bytes);
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
        // On a leased connection, giving up a reply would help nobody else.
        let slot = pool.slot(id).filter(|slot| slot.access != Access::Leased);
        slot.is_some_and(|slot| waiting || slot.turns > 1)
    }

    /// Changes the pool, serves waiting requests with what became free, and runs the effects after
    /// unlocking.
    fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut Pool, &mut Effects) -> T) -> T {
        let mut effects = Effects::now();
        let mut pool = self.lock();
        let changed = change(&mut pool, &mut effects);
        pool.serve(self, &mut effects);
        drop(pool);
        effects.run(self);
        changed
    }

    fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock()
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").field("id", &self.config.id).finish_non_exhaustive()
    }
}

/// A wait for a connection. It ends with a connection or an error.
pub(crate) struct Waiting<T>(oneshot::Receiver<Answer<T>>);

impl<T> Waiting<T> {
    /// Waits up to `patience`. `None` means it is still waiting and keeps its place in line.
    pub(crate) async fn answer(&mut self, patience: Duration) -> Option<Answer<T>> {
        let answer = timeout(patience, &mut self.0).await.ok()?;
        Some(answer.unwrap_or(Err(Error::TurnLost)))
    }
}
