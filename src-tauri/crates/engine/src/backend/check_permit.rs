//! Connections that a check has beside those of the proxy. They count in the pools like all others: the
//! provider never sees more than were entered.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use super::account::Permit;
use super::{Backend, Promise, State};
use crate::config::BackendConfig;
use crate::router::BackendSelector;

/// Where a check asks for leave. Use it within the runtime that serves.
#[derive(Clone)]
pub struct Visits {
    selector: Arc<BackendSelector>,
    /// Visits that are under way.
    out: Arc<AtomicU16>,
}

/// Leave for a check to have one connection.
#[must_use]
pub(crate) struct Visit {
    /// None where the proxy does not know the account.
    permit: Option<Permit>,
    out: Arc<AtomicU16>,
}

impl Visits {
    /// After how long it is worth to ask again.
    pub(crate) const PATIENCE: Duration = Duration::from_millis(50);

    pub(crate) fn new(selector: Arc<BackendSelector>) -> Self {
        Self { selector, out: Arc::default() }
    }

    /// Leave for one more connection, where that is not more than were entered. Where it would be, an idle
    /// one is closed, so that there is leave soon.
    pub(crate) fn enter(&self, to: &BackendConfig) -> Option<Visit> {
        let same = self.same(to);
        let permit = match same.split_first() {
            None => None,
            Some((first, others)) => {
                let others: u16 = others.iter().map(|backend| backend.account.open()).sum();
                let limit = to.connections.get().saturating_sub(others);
                let permit = first.account.try_visit(first, limit);
                if permit.is_none() {
                    same.iter().any(Backend::close_one);
                    return None;
                }
                permit
            }
        };
        self.out.fetch_add(1, Ordering::Relaxed);
        Some(Visit { permit, out: Arc::clone(&self.out) })
    }

    /// How many connections the proxy has open with the account itself.
    pub(crate) fn beside(&self, to: &BackendConfig) -> u16 {
        let open = self.same(to).iter().map(|backend| backend.account.open()).sum::<u16>();
        open.saturating_sub(self.out.load(Ordering::Relaxed))
    }

    /// Whether the very same login is in use on connections that stand.
    pub(crate) fn login_works(&self, to: &BackendConfig) -> bool {
        self.same(to).iter().any(|backend| {
            let up = backend.snapshot().state == State::Up;
            up && backend.standing().promise == Promise::Proven
                && backend.config().login == to.login
        })
    }

    fn same(&self, to: &BackendConfig) -> Vec<Arc<Backend>> {
        let all = self.selector.backends();
        all.iter().filter(|backend| backend.config().is_same_account(to)).cloned().collect()
    }
}

impl Backend {
    /// Closes one connection that nobody uses at the moment. Whether there was one.
    fn close_one(self: &Arc<Self>) -> bool {
        let closed = Cell::new(false);
        self.change(|pool, effects| pool.close_idle(|_| !closed.replace(true), effects));
        closed.get()
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.out.fetch_sub(1, Ordering::Relaxed);
        drop(self.permit.take());
    }
}

impl fmt::Debug for Visits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visits").field("out", &self.out).finish_non_exhaustive()
    }
}
