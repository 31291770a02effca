//! Permission for one connection. Nothing dials without it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::super::Backend;
use super::super::logins::{Fate, Login};
use super::super::pool::Pool;
use super::Account;

/// Permission for one connection, issued only by an [`Account`]. It is returned when dropped, after the
/// provider has seen the connection close.
#[must_use]
pub(crate) struct Permit {
    account: Arc<Account>,
    backend: Weak<Backend>,
    /// The id of the provider.
    host: String,
    login: Option<Login>,
    dialling: bool,
    close_limit: Duration,
}

impl Permit {
    pub(super) fn new(
        account: &Arc<Account>,
        backend: &Arc<Backend>,
        login: Option<Login>,
        dialling: bool,
    ) -> Self {
        Self {
            account: Arc::clone(account),
            backend: Arc::downgrade(backend),
            host: backend.config().id.clone(),
            login,
            dialling,
            close_limit: backend.config().limits.drain,
        }
    }

    /// Records that the dial is over, whether it succeeded or not.
    pub(in super::super) fn dial_over(&mut self, pool: &mut Pool) {
        if std::mem::take(&mut self.dialling) {
            pool.dialling = pool.dialling.saturating_sub(1);
        }
    }

    /// Records what became of the login.
    pub(in super::super) fn login(&self, fate: Fate) {
        if let Some(login) = self.login {
            self.account.learn(login, fate);
        }
    }

    pub(in super::super) fn close_limit(&self) -> Duration {
        self.close_limit
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.dialling {
            return self.account.returned(&self.host);
        }
        // The dial was dropped because the runtime is shutting down. Another dial would end the same
        // way.
        self.account.release(&self.host);
        if let Some(backend) = self.backend.upgrade() {
            backend.dial_abandoned();
        }
    }
}
