//! A provider account with a limited number of connections. It outlives settings changes and counts
//! every connection until the provider has seen it close, so a reload never opens one too many.

mod accounts;
mod permit;
mod tune_permit;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::Backend;
use super::logins::{Fate, Login, Logins};
use super::recent::Recent;
use super::used_up::UsedUp;
use crate::config::{AccountConfig, BackendConfig};
use crate::lock::Lock;

pub(crate) use accounts::Accounts;
pub(crate) use permit::Permit;

/// How long a lowered limit waits before it rises by one, at first; this doubles with each refusal, as
/// providers may take a while to notice that a connection was closed.
const FIRST_STEP: Duration = Duration::from_secs(10);
/// The longest such wait.
const LONGEST_STEP: Duration = Duration::from_secs(300);

/// A provider account. See the [module](self).
pub(crate) struct Account {
    config: AccountConfig,
    state: Lock<State>,
    pub(crate) used_up: UsedUp,
    pub(crate) recent: Recent,
    /// Whether a host waits for a connection that another one has. Usually none does, and no lock is
    /// taken.
    contended: AtomicBool,
    backends: Lock<Vec<Weak<Backend>>>,
    /// Accounts that hosts of this one had before, as long as they have connections open.
    former: Lock<Vec<Weak<Self>>>,
    /// The hosts that it has or had, each as if it had an account of its own.
    members: Lock<Vec<AccountConfig>>,
}

#[derive(Default)]
struct State {
    /// Permits in use: dials, open connections, and connections that are still closing.
    open: u16,
    /// The same for each host of the account.
    hosts: Vec<Host>,
    limit: Option<Lowered>,
    step: Duration,
    logins: Logins,
}

/// A host of the account.
struct Host {
    /// The id of its provider.
    id: String,
    open: u16,
    /// How many backends use it: during a reload two, later none.
    users: u16,
    /// Whether it found all connections taken when it wanted one.
    waits: bool,
    /// Whether another host is closing a connection for it.
    promised: bool,
}

/// A limit that experience has lowered, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lowered {
    pub(super) number: u16,
    pub(super) at: Instant,
}

impl Lowered {
    /// The current number: one more for each `step` that has passed.
    pub(super) fn now(self, now: Instant, step: Duration) -> u16 {
        let steps = now.duration_since(self.at).as_millis() / step.as_millis().max(1);
        self.number.saturating_add(u16::try_from(steps).unwrap_or(u16::MAX))
    }
}

impl State {
    fn host(&mut self, id: &str) -> &mut Host {
        let at = self.place(id);
        &mut self.hosts[at]
    }

    /// Until when a host may not log in, if it has used its share of logins.
    fn paced_until(&mut self, now: Instant, id: &str) -> Option<Instant> {
        let host = self.place(id);
        let hosts = self.hosts.iter().filter(|host| host.users > 0).count();
        self.logins.paced_until(now, host, hosts)
    }

    /// The number of a host.
    fn place(&mut self, id: &str) -> usize {
        self.hosts.iter().position(|host| host.id == id).unwrap_or_else(|| {
            self.hosts.push(Host {
                id: id.to_owned(),
                open: 0,
                users: 0,
                waits: false,
                promised: false,
            });
            self.hosts.len() - 1
        })
    }

    fn granted(&self, now: Instant) -> u16 {
        self.limit.map_or(u16::MAX, |lowered| lowered.now(now, self.step))
    }
}

impl Account {
    fn new(config: AccountConfig) -> Arc<Self> {
        Arc::new(Self {
            config,
            state: Lock::default(),
            used_up: UsedUp::default(),
            recent: Recent::default(),
            contended: AtomicBool::new(false),
            backends: Lock::default(),
            former: Lock::default(),
            members: Lock::default(),
        })
    }

    /// How many connections hosts of this account still have open from when they had another.
    fn still_open(&self) -> u16 {
        let mut former = self.former.lock();
        former.retain(|account| account.upgrade().is_some_and(|account| account.open() > 0));
        let open = former.iter().filter_map(Weak::upgrade).map(|account| account.open());
        open.fold(0, u16::saturating_add)
    }

    /// Registers a backend that uses the account.
    pub(super) fn enter(&self, backend: &Arc<Backend>) {
        self.lock().host(&backend.config().id).users += 1;
        let own = backend.config().own_account();
        if !self.has_host(&own) {
            self.members.lock().push(own);
        }
        let mut backends = self.backends.lock();
        backends.retain(|backend| backend.strong_count() > 0);
        backends.push(Arc::downgrade(backend));
    }

    /// Whether a host has or had this account.
    fn has_host(&self, host: &AccountConfig) -> bool {
        let members = self.members.lock();
        members.iter().any(|member| member.is_same(host))
    }

    /// The backends that use it.
    pub(super) fn backends(&self) -> Vec<Arc<Backend>> {
        let backends = self.backends.lock();
        backends.iter().filter_map(Weak::upgrade).collect()
    }

    /// How many connections are open, being dialled or closing.
    pub(crate) fn open(&self) -> u16 {
        self.lock().open
    }

    /// How many of them are those of one host.
    pub(super) fn open_of(&self, id: &str) -> u16 {
        self.lock().host(id).open
    }

    /// How many connections the provider grants to one host, as far as is known.
    pub(super) fn limit(&self, now: Instant, config: &BackendConfig) -> u16 {
        self.lock().granted(now).min(config.account_connections()).min(config.connections.get())
    }

    /// Records that the provider grants no more than this over all hosts.
    pub(super) fn set_limit(&self, now: Instant, number: u16) {
        let mut state = self.lock();
        let recent = |limit: &Lowered| now < limit.at + state.step * 4;
        state.step = match state.limit.as_ref().filter(|limit| recent(limit)) {
            Some(_) => (state.step * 2).min(LONGEST_STEP),
            None => FIRST_STEP,
        };
        state.limit = Some(Lowered { number: number.max(1), at: now });
    }

    /// Until when a host may not log in, if it has used its share of logins.
    pub(super) fn paced_until(&self, now: Instant, id: &str) -> Option<Instant> {
        self.lock().paced_until(now, id)
    }

    /// Whether connections serve something but do not last, so that logins are rationed.
    pub(super) fn is_brief(&self, now: Instant) -> bool {
        self.lock().logins.are_brief(now)
    }

    /// Forgets used-up pauses and counted logins, to try again at once.
    pub(super) fn renew(&self) {
        self.used_up.forget();
        self.lock().logins.forget_all();
    }

    /// Returns a permit to dial if fewer connections are open than the provider grants. Otherwise other
    /// hosts of the account learn that this one waits.
    pub(super) fn try_permit(
        self: &Arc<Self>,
        backend: &Arc<Backend>,
        now: Instant,
    ) -> Option<Permit> {
        let config = backend.config();
        let still_open = self.still_open();
        let mut state = self.lock();
        let limit = state.granted(now).min(config.account_connections());
        let limit = limit.saturating_sub(still_open);
        let promised = state.hosts.iter().filter(|host| host.promised && host.id != config.id);
        let full = state.open.saturating_add(u16::from(promised.count() > 0)) >= limit;
        let paced = state.paced_until(now, &config.id).is_some();
        let host = state.host(&config.id);
        if host.open >= config.connections.get() {
            return None;
        }
        host.waits = full;
        if full || paced {
            let others = |host: &Host| host.id != config.id && host.open > 0;
            let contended = full && state.hosts.iter().any(others);
            self.contended.fetch_or(contended, Ordering::Relaxed);
            return None;
        }
        host.open += 1;
        host.promised = false;
        state.open += 1;
        // Without a user name, nothing is sent that a provider could count as a login.
        let login = config.login.is_some().then(|| {
            let place = state.place(&config.id);
            state.logins.begin(now, place)
        });
        Some(Permit::new(self, backend, login, true))
    }

    /// Returns a permit for a check's connection if fewer than `limit` are open.
    pub(super) fn try_check_permit(
        self: &Arc<Self>,
        backend: &Arc<Backend>,
        limit: u16,
    ) -> Option<Permit> {
        let mut state = self.lock();
        if state.open >= limit {
            return None;
        }
        state.open += 1;
        state.host(&backend.config().id).open += 1;
        Some(Permit::new(self, backend, None, false))
    }

    /// Whether any host waits for a connection that another one has.
    pub(super) fn is_contended(&self) -> bool {
        self.contended.load(Ordering::Relaxed)
    }

    /// Whether a host has to give up a connection, because another one waits and has fewer. That one will
    /// get it.
    pub(super) fn gives_way(&self, id: &str) -> bool {
        let mut state = self.lock();
        let own = state.host(id).open;
        let fewer = |host: &&mut Host| host.waits && host.id != id && host.open + 1 < own.max(2);
        let waiting = state.hosts.iter_mut().filter(fewer).min_by_key(|host| host.open);
        let gives = waiting.is_some();
        waiting.into_iter().for_each(|host| (host.waits, host.promised) = (false, true));
        let still = state.hosts.iter().any(|host| host.waits);
        self.contended.store(still, Ordering::Relaxed);
        gives
    }

    /// Lets the other hosts give up a connection for `backend`, if it waits for one.
    pub(super) fn ask_for_room(&self, backend: &Arc<Backend>) {
        if self.is_contended() {
            let others = self.backends();
            others.iter().filter(|other| !Arc::ptr_eq(other, backend)).for_each(Backend::give_way);
        }
    }

    /// Takes a permit back and lets waiting backends dial, those first that it was given up for.
    fn returned(&self, id: &str) {
        self.release(id);
        let mut backends = self.backends();
        let promised = |id: &str| self.lock().host(id).promised;
        backends.sort_by_cached_key(|backend| !promised(&backend.config().id));
        for backend in backends {
            backend.wake();
        }
        // Whoever has not taken it by now does not need it.
        self.lock().hosts.iter_mut().for_each(|host| host.promised = false);
    }

    /// Forgets that a host waits: its backend takes no more requests.
    pub(super) fn retire(&self, id: &str) {
        let mut state = self.lock();
        let host = state.host(id);
        (host.waits, host.promised) = (false, false);
        host.users = host.users.saturating_sub(1);
    }

    fn release(&self, id: &str) {
        let mut state = self.lock();
        state.open = state.open.saturating_sub(1);
        let host = state.host(id);
        host.open = host.open.saturating_sub(1);
    }

    /// Records what became of a login.
    fn learn(&self, login: Login, fate: Fate) {
        self.lock().logins.learn(Instant::now(), login, fate);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU16;

    #[test]
    fn a_lowered_limit_rises_again_with_time() {
        let (lowered, now) = (Lowered { number: 2, at: Instant::now() }, Instant::now());
        assert_eq!(lowered.now(now, FIRST_STEP), 2);
        assert_eq!(lowered.now(now + FIRST_STEP * 3, FIRST_STEP), 5);
    }

    #[test]
    fn a_limit_that_is_refused_again_rises_more_slowly() {
        let config = AccountConfig {
            id: "a".into(),
            host: "a".into(),
            user: None,
            connections: NonZeroU16::MAX,
        };
        let (account, mut now) = (Account::new(config), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..7 {
            account.set_limit(now, 46);
            let rises = |at: &u64| account.lock().granted(now + Duration::from_secs(*at)) > 46;
            let wait = (1..).find(rises).unwrap();
            waits.push(wait);
            now += Duration::from_secs(wait);
        }
        assert_eq!(waits, [10, 20, 40, 80, 160, 300, 300]);
    }
}
