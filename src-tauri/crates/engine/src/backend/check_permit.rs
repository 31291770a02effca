//! Permits for a check's connections beside those of the proxy. They count against the same account, so
//! the provider never sees more connections than were configured.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::account::Permit;
use super::{Backend, Confidence, State};
use crate::config::BackendConfig;
use crate::dial::Tally;
use crate::router::BackendSelector;

/// How often a permit is requested again while none is free.
const RETRY: Duration = Duration::from_millis(50);

/// Issues permits to checks. Use it within the runtime that serves.
#[derive(Clone)]
pub struct CheckPermits {
    selector: Arc<BackendSelector>,
    issued: Arc<AtomicU16>,
}

/// Permission for a check to open one connection. Dropping it returns the permit.
#[must_use]
pub(crate) struct CheckPermit {
    /// `None` if the proxy does not use the account.
    _permit: Option<Permit>,
    issued: Arc<AtomicU16>,
}

impl CheckPermits {
    pub(crate) fn new(selector: Arc<BackendSelector>) -> Self {
        Self { selector, issued: Arc::default() }
    }

    /// Returns a permit if one more connection stays within the configured number.
    pub(crate) fn try_acquire(&self, to: &BackendConfig) -> Option<CheckPermit> {
        let same = self.same_account(to);
        let permit = match same.split_first() {
            None => None,
            Some((first, _)) => {
                let elsewhere = open(&same).saturating_sub(first.account.open());
                let limit = to.account_connections().saturating_sub(elsewhere);
                Some(first.account.try_check_permit(first, limit)?)
            }
        };
        self.issued.fetch_add(1, Ordering::Relaxed);
        Some(CheckPermit { _permit: permit, issued: Arc::clone(&self.issued) })
    }

    /// Waits for a permit up to `limit`. If all connections are open, closes an idle one to make room.
    pub(crate) async fn acquire(&self, to: &BackendConfig, limit: Duration) -> Option<CheckPermit> {
        let mut made_room = false;
        let acquiring = async {
            loop {
                if let Some(permit) = self.try_acquire(to) {
                    return permit;
                }
                // The provider may need a moment to notice that the connection is closed.
                made_room = made_room || self.same_account(to).iter().any(Backend::close_one);
                sleep(RETRY).await;
            }
        };
        timeout(limit, acquiring).await.ok()
    }

    /// How many connections the proxy itself has open with the account.
    pub(crate) fn open_in_proxy(&self, to: &BackendConfig) -> u16 {
        open(&self.same_account(to)).saturating_sub(self.issued.load(Ordering::Relaxed))
    }

    /// Whether the same login works on open connections of the proxy.
    pub(crate) fn login_works(&self, to: &BackendConfig) -> bool {
        self.same_account(to).iter().any(|backend| {
            let up = backend.snapshot().state == State::Up;
            up && backend.standing(Instant::now()).confidence == Confidence::Proven
                && backend.config().login == to.login
        })
    }

    /// Where the proxy counts what the account transfers, if it uses it.
    pub(crate) fn tally(&self, to: &BackendConfig) -> Option<Tally> {
        let same = self.same_account(to);
        let itself = same.iter().find(|backend| backend.config().id == to.id);
        itself.or(same.first()).map(|backend| backend.tally.clone())
    }

    fn same_account(&self, to: &BackendConfig) -> Vec<Arc<Backend>> {
        let all = self.selector.backends();
        let same = all.iter().filter(|backend| backend.config().is_same_account(to));
        let mut same: Vec<_> = same.cloned().collect();
        // Hosts of one account count their connections together.
        same.sort_by_key(|backend| Arc::as_ptr(&backend.account));
        same
    }
}

/// For a check without a running proxy.
impl Default for CheckPermits {
    fn default() -> Self {
        Self::new(Arc::new(BackendSelector::new()))
    }
}

/// The open connections of all accounts of these backends, which are sorted by account.
fn open(backends: &[Arc<Backend>]) -> u16 {
    let accounts = backends.chunk_by(|a, b| Arc::ptr_eq(&a.account, &b.account));
    accounts.filter_map(<[_]>::first).map(|backend| backend.account.open()).sum()
}

impl Backend {
    /// Closes one idle connection. Returns whether there was one.
    fn close_one(self: &Arc<Self>) -> bool {
        self.change(|pool, effects| pool.close_one(effects))
    }
}

impl Drop for CheckPermit {
    fn drop(&mut self) {
        self.issued.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for CheckPermits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckPermits").field("issued", &self.issued).finish_non_exhaustive()
    }
}
