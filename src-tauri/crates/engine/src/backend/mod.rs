//! A provider at run time: its connections, health and counters.

use std::fmt;
use std::num::NonZeroU8;
use std::sync::{Arc, MutexGuard};

use nntp::command::Request;
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant, timeout};

use crate::config::BackendConfig;
use crate::dial::{Dial, Metered, Tally};
use crate::error::Error;
use crate::events::{Event, Events};
use crate::lock::Lock;
use crate::pool::BufferPool;
use crate::traffic::{Throttle, Traffic};

mod account;
mod breaker;
mod check_permit;
mod choose;
mod compressed;
mod connection;
mod counters;
mod crawl;
mod dialling;
mod gather;
mod group_turn;
mod learned;
mod lease;
mod line;
mod logins;
mod meter;
mod outcome;
mod pace;
mod pool;
mod recent;
mod reply;
mod slot;
mod standing;
mod tuning;
mod upkeep;
mod used_up;

use outcome::{Loss, Timing};
use pool::{Answer, Effects, Pool};
use slot::Access;

pub(crate) use account::{Account, Accounts};
pub use breaker::State;
pub(crate) use check_permit::CheckPermit;
pub use check_permit::CheckPermits;
pub use counters::{
    AGE_ENDS, AGES, ByAge, CounterSnapshot, Counters, FIRST_BYTE, FIRST_BYTE_ENDS, FirstByte,
};
pub(crate) use gather::Gathering;
pub(crate) use group_turn::{GroupTurn, Prologue};
pub(crate) use lease::{Lease, Wanted};
pub(crate) use line::{Claim, Line, Urgency};
pub(crate) use meter::{Meter, Volume};
pub(crate) use reply::{PriorRefusals, Reply};
pub(crate) use standing::{Availability, Confidence, Standing};
pub use standing::{BackendSnapshot, Retry};
pub(crate) use tuning::TuneConnection;
pub use used_up::VolumeEnded;

/// How long a request waits for a dial before a shared connection will do.
pub(crate) const SHARE_AFTER: Duration = Duration::from_secs(1);
/// Why an account does not serve what others may serve.
const RESERVED: &str = "the rest of its volume is kept for articles that no other provider has";
/// Why an account is not used whose volume is used up.
pub(crate) const USED_UP: &str =
    "its volume is used up: if you bought more, change its quota in the settings";

/// Why a provider has to wait for its next login.
pub(crate) const RATIONED: &str =
    "its connections do not last, so Newsmux logs in at most ten times a minute";

/// A provider at run time. See the [module](self).
pub struct Backend {
    config: BackendConfig,
    resources: Resources,
    account: Arc<Account>,
    pool: Lock<Pool>,
    tally: Tally,
    learned: learned::Learned,
    /// The speed limits for what comes from it.
    throttles: [Arc<Throttle>; 2],
}

/// The shared resources of all backends.
#[derive(Clone)]
pub(crate) struct Resources {
    pub(crate) dialler: Arc<dyn Dial>,
    pub(crate) buffers: BufferPool,
    pub(crate) events: Events,
    pub(crate) traffic: Traffic,
}

impl Backend {
    /// Creates a backend without connections: they are dialled on demand.
    #[must_use]
    pub fn new(config: BackendConfig, dialler: Arc<dyn Dial>, buffers: BufferPool) -> Arc<Self> {
        let (events, traffic) = (Events::new(), Traffic::default());
        let resources = Resources { dialler, buffers, events, traffic };
        Self::with_account(config, &Accounts::default(), &[], resources)
    }

    /// Creates a backend whose connections and bytes count against its account, together with those of
    /// `others`.
    #[must_use]
    pub(crate) fn with_account(
        config: BackendConfig,
        accounts: &Accounts,
        others: &[Arc<Self>],
        mut resources: Resources,
    ) -> Arc<Self> {
        let (account, tally) = (accounts.of(&config, others), accounts.totals.tally(&config));
        resources.dialler = Arc::new(Metered { dialler: resources.dialler, tally: tally.clone() });
        let (pool, learned) = (Lock::new(Pool::new()), learned::Learned::default());
        let throttles = resources.traffic.of_provider(&config.id);
        let new = Arc::new(Self { config, resources, account, pool, tally, learned, throttles });
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

    /// The counters of the provider.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.tally.counters
    }

    /// How much is left of the account's volume.
    pub(crate) fn volume(&self) -> Volume {
        let depth = self.config.pipelining.map_or(pace::DEEPEST, |depth| depth.get().into());
        self.tally.meter.volume(u64::from(self.config.account_connections()) * u64::from(depth))
    }

    /// How many requests a connection carries at once, as configured. Near the end of the volume it is
    /// one.
    fn pipelining(&self) -> Option<NonZeroU8> {
        match self.volume() {
            Volume::Plenty => self.config.pipelining,
            Volume::Scarce | Volume::Reserve | Volume::UsedUp => Some(NonZeroU8::MIN),
        }
    }

    /// The state at this moment.
    #[must_use]
    pub fn snapshot(&self) -> BackendSnapshot {
        let (pool, now) = (self.lock(), Instant::now());
        let why = match self.volume() {
            Volume::UsedUp => USED_UP.into(),
            Volume::Plenty | Volume::Scarce | Volume::Reserve => pool.why(self, now),
        };
        BackendSnapshot {
            id: self.config.id.clone(),
            name: self.config.name.clone(),
            account: self.config.account().id,
            state: pool.breaker.state.clone(),
            why,
            used_up: self.is_used_up(),
            volume_ended: self.account.used_up.volume_ended(),
            retry: pool.retry(self, now),
            open: self.account.open_of(&self.config.id),
            limit: self.account.limit(now, &self.config),
            load: pool.load(),
            counters: self.counters().snapshot(),
        }
    }

    /// Stops dialling, closes idle connections, and turns away waiting requests, because the provider
    /// was changed or removed. Call it within the runtime that serves.
    pub fn retire(self: &Arc<Self>) {
        self.change(|pool, effects| {
            pool.retired = true;
            self.account.retire(&self.config.id);
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

    /// Tries the provider at once if it does not work, although it would be left alone for a while. Call
    /// it within the runtime that serves.
    pub fn try_now(self: &Arc<Self>) {
        self.change(|pool, effects| {
            let paced = self.account.paced_until(effects.now, &self.config.id).is_some();
            let retry = pool.retry(self, effects.now);
            if paced || matches!(retry, None | Some(Retry::UnderWay)) {
                return;
            }
            self.account.used_up.try_now(effects.now);
            pool.breaker.try_now(effects.now);
            pool.warm_up(self, effects);
        });
    }

    /// Closes idle connections: their logins may be forgotten.
    fn close_all_idle(self: &Arc<Self>) {
        self.change(|pool, effects| pool.close_idle(|_| true, effects));
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
            let depth = pool.pace.depth_allowed(effects.now, self.pipelining());
            let fits = usize::from(depth) > what.1.requests.len();
            fits.then(|| Waiting(pool.ask_group_turn(self, what, effects)))
        })
    }

    /// Asks for a connection alone, preferably one on which the client's group is selected.
    pub(crate) fn lease(self: &Arc<Self>, claim: &Claim, wanted: Wanted) -> Waiting<Lease> {
        Waiting(self.change(|pool, effects| pool.ask_lease(self, (claim, wanted), effects)))
    }

    /// Serves waiting requests again: time has passed, or a permit came back.
    pub(crate) fn wake(self: &Arc<Self>) {
        self.change(|_, _| {});
    }

    /// Closes a connection if another host of the account needs it more.
    pub(crate) fn give_way(self: &Arc<Self>) {
        let mut effects = Effects::now();
        self.lock().give_way(self, &mut effects);
        effects.run(self);
    }

    /// Whether the volume allows a request, which may be the `last_resort` for its article.
    fn may_serve(&self, last_resort: bool) -> bool {
        match self.volume() {
            Volume::Plenty | Volume::Scarce => true,
            Volume::Reserve => last_resort,
            Volume::UsedUp => false,
        }
    }

    /// Whether the account is used up: by our count, or by what the provider said.
    fn is_used_up(&self) -> bool {
        self.volume() == Volume::UsedUp || self.account.used_up.is_on(Instant::now())
    }

    /// Why the provider cannot be used, in a sentence for people; empty if it can.
    pub(crate) fn why(&self) -> String {
        if self.volume() == Volume::UsedUp {
            return USED_UP.into();
        }
        self.lock().why(self, Instant::now())
    }

    /// Pauses the account: the provider refuses to serve it, perhaps because its `volume` is used up.
    pub(crate) fn set_used_up(&self, why: String, volume: bool) {
        self.lock().breaker.why.clone_from(&why);
        self.account.used_up.begin(Instant::now(), volume.then_some(why));
    }

    /// Reports a request that failed here and is retried.
    pub(crate) fn tell_retried(&self, error: &Error) {
        let provider = || self.config.name.clone();
        self.resources
            .events
            .tell(|| Event::Retried { provider: provider(), why: error.to_string() });
    }

    /// Whether a speed limit holds for what comes from the provider.
    pub(super) fn is_limited(&self) -> bool {
        self.throttles.iter().any(|throttle| throttle.is_on())
    }

    /// Counts bytes against the speed limits that did not wait for them.
    pub(super) fn charge(&self, bytes: usize) {
        self.throttles.iter().for_each(|throttle| throttle.charge(bytes));
    }

    /// Counts bytes from the provider.
    pub(super) fn count_bytes(&self, bytes: usize) {
        Counters::add(&self.counters().bytes, bytes);
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
