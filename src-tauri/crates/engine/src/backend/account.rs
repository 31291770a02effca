//! What a provider company sold: so many connections at once. An account outlives changed settings and
//! counts every connection until the provider has seen its end, so that no reload opens one too many.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::Backend;
use super::pool::Pool;
use crate::config::BackendConfig;

/// A learned limit is raised by one after this long without a refusal.
const LIMIT_MEMORY: Duration = Duration::from_secs(300);
/// At most [`LOGINS`] logins that have served nothing are made within this time.
const LOGIN_WINDOW: Duration = Duration::from_secs(60);
/// See [`LOGIN_WINDOW`].
const LOGINS: usize = 10;
/// How long an account is left alone after the provider said that it is used up; this doubles each time
/// that it says so again.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// The longest that an account is left alone.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// How long the one request may take that is sent after a pause.
const PROBE_LIMIT: Duration = Duration::from_secs(60);

/// See the [module](self).
pub(crate) struct Account {
    host: String,
    user: Option<String>,
    state: Mutex<State>,
    /// The provider has said that it is used up, and has served no article since.
    used_up: AtomicBool,
    backends: Mutex<Vec<Weak<Backend>>>,
}

#[derive(Default)]
struct State {
    /// Permits that are out: dials, open connections and those that still close.
    open: u16,
    limit: Option<Learned>,
    logins: Logins,
    used_up: Option<UsedUp>,
}

/// The account is used up, expired or blocked, by the provider's word.
#[derive(Debug, Clone, Copy)]
struct UsedUp {
    /// No request before this moment.
    until: Instant,
    pause: Duration,
    /// One request was sent after the pause, to see whether the account works again.
    probing: bool,
}

/// A number that experience lowered, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Learned {
    pub(super) number: u16,
    pub(super) at: Instant,
}

impl Learned {
    /// The number now: one more for each `memory` that has passed since.
    pub(super) fn now(self, now: Instant, memory: Duration) -> u16 {
        let steps = now.duration_since(self.at).as_secs() / memory.as_secs();
        self.number.saturating_add(u16::try_from(steps).unwrap_or(u16::MAX))
    }
}

/// The logins of the last minute on whose connections nothing was served yet.
#[derive(Debug, Default)]
struct Logins {
    counted: VecDeque<Login>,
    next: u64,
}

/// One login, as its connection's [`Permit`] knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Login {
    number: u64,
    at: Instant,
}

impl Logins {
    fn begin(&mut self, now: Instant) -> Login {
        self.counted.retain(|counted| now < counted.at + LOGIN_WINDOW);
        self.next += 1;
        let login = Login { number: self.next, at: now };
        self.counted.push_back(login);
        login
    }

    /// From when another login may be made, if not now.
    fn paced_until(&self, now: Instant) -> Option<Instant> {
        let recent = || self.counted.iter().filter(|login| now < login.at + LOGIN_WINDOW);
        let surplus = (recent().count() + 1).checked_sub(LOGINS + 1)?;
        recent().nth(surplus).map(|login| login.at + LOGIN_WINDOW)
    }

    fn forget(&mut self, login: Login) {
        self.counted.retain(|counted| counted.number != login.number);
    }
}

impl Account {
    fn new(config: &BackendConfig) -> Arc<Self> {
        Arc::new(Self {
            host: config.host.clone(),
            user: config.login.as_ref().map(|login| login.user.clone()),
            state: Mutex::default(),
            used_up: AtomicBool::new(false),
            backends: Mutex::default(),
        })
    }

    /// Whether the provider counts the connections of `config` as this account's.
    pub(super) fn belongs_to(&self, config: &BackendConfig) -> bool {
        let user = config.login.as_ref().map(|login| &login.user);
        self.host == config.host && self.user.as_ref() == user
    }

    /// A backend uses the account from now on.
    pub(super) fn enter(&self, backend: &Arc<Backend>) {
        let mut backends = self.backends.lock().unwrap_or_else(PoisonError::into_inner);
        backends.retain(|backend| backend.strong_count() > 0);
        backends.push(Arc::downgrade(backend));
    }

    /// How many connections are open, dialled or closing.
    pub(super) fn open(&self) -> u16 {
        self.lock().open
    }

    /// How many connections the provider grants, as far as is known.
    pub(super) fn limit(&self, now: Instant, configured: u16) -> u16 {
        let learned = self.lock().limit;
        learned.map_or(configured, |learned| learned.now(now, LIMIT_MEMORY).min(configured))
    }

    /// The provider grants no more than this.
    pub(super) fn set_limit(&self, now: Instant, number: u16) {
        self.lock().limit = Some(Learned { number: number.max(1), at: now });
    }

    /// From when another login may be made, if not now.
    pub(super) fn paced_until(&self, now: Instant) -> Option<Instant> {
        self.lock().logins.paced_until(now)
    }

    /// Whether the provider said a short while ago that the account is used up, expired or blocked.
    pub(super) fn is_used_up(&self, now: Instant) -> bool {
        self.lock().used_up.is_some_and(|used_up| now < used_up.until)
    }

    /// Whether a request may be sent. After a pause one may, which tells whether the account works again.
    pub(crate) fn may_send(&self, now: Instant) -> bool {
        if !self.used_up.load(Ordering::Relaxed) {
            return true;
        }
        let mut state = self.lock();
        let Some(used_up) = &mut state.used_up else { return true };
        let over = now >= used_up.until;
        if over {
            (used_up.until, used_up.probing) = (now + PROBE_LIMIT, true);
        }
        over
    }

    /// The provider says that the account is used up.
    pub(super) fn set_used_up(&self, now: Instant) {
        let mut state = self.lock();
        let pause = match state.used_up {
            // This request was sent before that was known.
            Some(used_up) if now < used_up.until && !used_up.probing => return,
            Some(used_up) => (used_up.pause * 2).min(LONGEST_PAUSE),
            None => FIRST_PAUSE,
        };
        state.used_up = Some(UsedUp { until: now + pause, pause, probing: false });
        self.used_up.store(true, Ordering::Relaxed);
    }

    /// The provider serves an article: if it was asked to see whether the account works again, it does.
    pub(crate) fn has_served(&self) {
        if self.used_up.load(Ordering::Relaxed) {
            let probing = self.lock().used_up.is_some_and(|used_up| used_up.probing);
            if probing {
                self.forget_used_up();
            }
        }
    }

    /// What the provider said about the account may be over.
    pub(super) fn forget_used_up(&self) {
        self.lock().used_up = None;
        self.used_up.store(false, Ordering::Relaxed);
    }

    /// What made logins fail may be over.
    pub(super) fn forget_logins(&self) {
        self.lock().logins.counted.clear();
    }

    /// Leave to dial, where fewer than `limit` connections are open.
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
        // Without a name nothing is sent that a provider could count as a login.
        let login = self.user.is_some().then(|| state.logins.begin(now));
        drop(state);
        let mut permit = Permit::new(self, backend, login);
        permit.dialling = true;
        Some(permit)
    }

    /// Leave for a connection that is none of the proxy's, where fewer than `limit` are open.
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
        drop(state);
        Some(Permit::new(self, backend, None))
    }

    /// A permit came back: whoever waits for one may dial.
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

/// The accounts that are in use, or still have connections that close.
#[derive(Default)]
pub(crate) struct Accounts(Mutex<Vec<Weak<Account>>>);

impl Accounts {
    /// The account of `config`: the one that is known, unless a backend in `taken` has it already.
    pub(crate) fn of(&self, config: &BackendConfig, taken: &[Arc<Account>]) -> Arc<Account> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|account| account.strong_count() > 0);
        let free = |account: &Arc<Account>| {
            account.belongs_to(config) && !taken.iter().any(|taken| Arc::ptr_eq(taken, account))
        };
        // The one with the most connections open counts: a limit is never forgotten.
        let found = known.iter().filter_map(Weak::upgrade).filter(free);
        if let Some(account) = found.max_by_key(|account| account.open()) {
            return account;
        }
        let account = Account::new(config);
        known.push(Arc::downgrade(&account));
        account
    }
}

/// Leave to have one connection. Only an [`Account`] issues it. It is given back when it is dropped,
/// which is when the provider has seen the connection's end.
#[must_use]
pub(crate) struct Permit {
    account: Arc<Account>,
    backend: Weak<Backend>,
    login: Option<Login>,
    dialling: bool,
    close_limit: Duration,
}

impl Permit {
    fn new(account: &Arc<Account>, backend: &Arc<Backend>, login: Option<Login>) -> Self {
        Self {
            account: Arc::clone(account),
            backend: Arc::downgrade(backend),
            login,
            dialling: false,
            close_limit: backend.config().limits.drain,
        }
    }

    /// The dial is over, well or not.
    pub(super) fn dial_over(&mut self, pool: &mut Pool) {
        if std::mem::take(&mut self.dialling) {
            pool.dialling = pool.dialling.saturating_sub(1);
        }
    }

    /// The dial failed before a login was sent, or the connection has served something.
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
        // The dial was dropped: the runtime ends, and another dial would end the same way.
        self.account.release();
        if let Some(backend) = self.backend.upgrade() {
            backend.dial_abandoned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            host: "news.example.com".into(),
            user: None,
            state: Mutex::default(),
            used_up: AtomicBool::new(false),
            backends: Mutex::default(),
        }
    }

    #[test]
    fn ten_logins_a_minute_and_no_more() {
        let (mut logins, now) = (Logins::default(), Instant::now());
        for n in 0..10 {
            assert_eq!(logins.paced_until(now), None, "login {n}");
            logins.begin(now + Duration::from_secs(n));
        }
        let later = now + Duration::from_secs(10);
        assert_eq!(logins.paced_until(later), Some(now + LOGIN_WINDOW));
        assert_eq!(logins.paced_until(now + LOGIN_WINDOW), None);
    }

    #[test]
    fn a_login_whose_connection_has_served_makes_room() {
        let (mut logins, now) = (Logins::default(), Instant::now());
        let made: Vec<_> = (0..10).map(|_| logins.begin(now)).collect();
        assert_eq!(logins.paced_until(now), Some(now + LOGIN_WINDOW));
        logins.forget(made[3]);
        assert_eq!(logins.paced_until(now), None);
    }

    /// How many requests a used-up account gets in a day, when somebody wants an article every second.
    #[test]
    fn a_used_up_account_is_asked_ever_more_rarely() {
        let (account, begin) = (account(), Instant::now());
        let asked = |hours: std::ops::Range<u64>| {
            let seconds = (hours.start * 3600..hours.end * 3600).map(Duration::from_secs);
            let asking = |at: &Duration| account.may_send(begin + *at);
            seconds.filter(asking).inspect(|at| account.set_used_up(begin + *at)).count()
        };
        assert_eq!((asked(0..1), asked(1..24)), (7, 23));
        account.forget_used_up();
        assert_eq!(asked(24..25), 7, "as if nothing had been");
    }

    #[test]
    fn one_request_tells_whether_a_used_up_account_works_again() {
        let (account, now) = (account(), Instant::now());
        account.set_used_up(now);
        account.has_served();
        assert!(!account.may_send(now), "what was under way proves nothing");
        let later = now + FIRST_PAUSE;
        assert!(account.may_send(later) && !account.may_send(later), "one of many");
        assert!(account.may_send(later + PROBE_LIMIT), "nothing came of that one");
        account.has_served();
        assert!(account.may_send(later + PROBE_LIMIT));
    }

    #[test]
    fn a_learned_limit_rises_again_with_time() {
        let (learned, now) = (Learned { number: 2, at: Instant::now() }, Instant::now());
        assert_eq!(learned.now(now, LIMIT_MEMORY), 2);
        assert_eq!(learned.now(now + LIMIT_MEMORY * 3, LIMIT_MEMORY), 5);
    }
}
