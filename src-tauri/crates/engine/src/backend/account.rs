//! A provider account with a limited number of connections. It outlives settings changes and counts
//! every connection until the provider has seen it close, so a reload never opens one too many.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::Backend;
use super::logins::{Login, Logins};
use super::pool::Pool;
use super::used_up::UsedUp;
use crate::config::BackendConfig;

/// After this long without a refusal, a lowered limit rises by one.
const LIMIT_MEMORY: Duration = Duration::from_secs(300);

/// A provider account. See the [module](self).
pub(crate) struct Account {
    host: String,
    user: Option<String>,
    state: Mutex<State>,
    pub(crate) used_up: UsedUp,
    backends: Mutex<Vec<Weak<Backend>>>,
}

#[derive(Default)]
struct State {
    /// Permits in use: dials, open connections, and connections that are still closing.
    open: u16,
    limit: Option<Lowered>,
    logins: Logins,
}

/// A limit that experience has lowered, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lowered {
    pub(super) number: u16,
    pub(super) at: Instant,
}

impl Lowered {
    /// The current number: one more for each `memory` that has passed.
    pub(super) fn now(self, now: Instant, memory: Duration) -> u16 {
        let steps = now.duration_since(self.at).as_secs() / memory.as_secs();
        self.number.saturating_add(u16::try_from(steps).unwrap_or(u16::MAX))
    }
}

impl Account {
    fn new(config: &BackendConfig) -> Arc<Self> {
        Arc::new(Self {
            host: config.host.clone(),
            user: config.login.as_ref().map(|login| login.user.clone()),
            state: Mutex::default(),
            used_up: UsedUp::default(),
            backends: Mutex::default(),
        })
    }

    /// Whether the provider counts the connections of `config` against this account.
    pub(super) fn belongs_to(&self, config: &BackendConfig) -> bool {
        let user = config.login.as_ref().map(|login| &login.user);
        self.host == config.host && self.user.as_ref() == user
    }

    /// Registers a backend that uses the account.
    pub(super) fn enter(&self, backend: &Arc<Backend>) {
        let mut backends = self.backends.lock().unwrap_or_else(PoisonError::into_inner);
        backends.retain(|backend| backend.strong_count() > 0);
        backends.push(Arc::downgrade(backend));
    }

    /// How many connections are open, being dialled or closing.
    pub(super) fn open(&self) -> u16 {
        self.lock().open
    }

    /// How many connections the provider grants, as far as is known.
    pub(super) fn limit(&self, now: Instant, configured: u16) -> u16 {
        let lowered = self.lock().limit;
        lowered.map_or(configured, |lowered| lowered.now(now, LIMIT_MEMORY).min(configured))
    }

    /// Records that the provider grants no more than this.
    pub(super) fn set_limit(&self, now: Instant, number: u16) {
        self.lock().limit = Some(Lowered { number: number.max(1), at: now });
    }

    /// Until when no login may be made, if logins are used up for now.
    pub(super) fn paced_until(&self, now: Instant) -> Option<Instant> {
        self.lock().logins.paced_until(now)
    }

    /// Forgets used-up pauses and counted logins, to try again at once.
    pub(super) fn renew(&self) {
        self.used_up.forget();
        self.lock().logins.forget_all();
    }

    /// Returns a permit to dial if fewer connections are open than the provider grants.
    pub(super) fn try_permit(
        self: &Arc<Self>,
        backend: &Arc<Backend>,
        now: Instant,
    ) -> Option<Permit> {
        let limit = self.limit(now, backend.config().connections.get());
        let mut state = self.lock();
        if state.open >= limit || state.logins.paced_until(now).is_some() {
            return None;
        }
        state.open += 1;
        // Without a user name, nothing is sent that a provider could count as a login.
        let login = self.user.is_some().then(|| state.logins.begin(now));
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
        Some(Permit::new(self, backend, None, false))
    }

    /// Takes a permit back and lets waiting backends dial.
    fn returned(&self) {
        self.release();
        let backends = self.backends.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for backend in backends.iter().filter_map(Weak::upgrade) {
            backend.wake();
        }
    }

    fn release(&self) {
        let mut state = self.lock();
        state.open = state.open.saturating_sub(1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The accounts in use, and those whose connections are still closing.
#[derive(Default)]
pub(crate) struct Accounts(Mutex<Vec<Weak<Account>>>);

impl Accounts {
    /// Returns the account of `config`: the known one, unless a backend in `taken` already has it.
    pub(crate) fn of(&self, config: &BackendConfig, taken: &[Arc<Account>]) -> Arc<Account> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|account| account.strong_count() > 0);
        let free = |account: &Arc<Account>| {
            account.belongs_to(config) && !taken.iter().any(|taken| Arc::ptr_eq(taken, account))
        };
        // Prefer the account with the most open connections, so that no limit is forgotten.
        let found = known.iter().filter_map(Weak::upgrade).filter(free);
        if let Some(account) = found.max_by_key(|account| account.open()) {
            return account;
        }
        let account = Account::new(config);
        known.push(Arc::downgrade(&account));
        account
    }
}

/// Permission for one connection, issued only by an [`Account`]. It is returned when dropped, after the
/// provider has seen the connection close.
#[must_use]
pub(crate) struct Permit {
    account: Arc<Account>,
    backend: Weak<Backend>,
    login: Option<Login>,
    dialling: bool,
    close_limit: Duration,
}

impl Permit {
    fn new(
        account: &Arc<Account>,
        backend: &Arc<Backend>,
        login: Option<Login>,
        dialling: bool,
    ) -> Self {
        Self {
            account: Arc::clone(account),
            backend: Arc::downgrade(backend),
            login,
            dialling,
            close_limit: backend.config().limits.drain,
        }
    }

    /// Records that the dial is over, whether it succeeded or not.
    pub(super) fn dial_over(&mut self, pool: &mut Pool) {
        if std::mem::take(&mut self.dialling) {
            pool.dialling = pool.dialling.saturating_sub(1);
        }
    }

    /// Stops counting the login: the dial failed before it was sent, or the connection has served a
    /// reply.
    pub(super) fn forget_login(&self) {
        if let Some(login) = self.login {
            self.account.lock().logins.forget(login);
        }
    }

    pub(super) fn close_limit(&self) -> Duration {
        self.close_limit
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.dialling {
            return self.account.returned();
        }
        // The dial was dropped because the runtime is shutting down. Another dial would end the same
        // way.
        self.account.release();
        if let Some(backend) = self.backend.upgrade() {
            backend.dial_abandoned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lowered_limit_rises_again_with_time() {
        let (lowered, now) = (Lowered { number: 2, at: Instant::now() }, Instant::now());
        assert_eq!(lowered.now(now, LIMIT_MEMORY), 2);
        assert_eq!(lowered.now(now + LIMIT_MEMORY * 3, LIMIT_MEMORY), 5);
    }
}
