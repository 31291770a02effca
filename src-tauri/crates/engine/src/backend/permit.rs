//! The leave to have one connection open. Whoever dials needs one, and it is given back only when the
//! connection is closed: so a provider never sees one too many.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Backend;
use super::pool::Pool;

/// Leave to have one connection. Only [`Pool`] issues it.
#[must_use]
pub(crate) struct Permit {
    backend: Weak<Backend>,
    dialling: bool,
    close_limit: Duration,
}

impl Permit {
    /// For [`Pool`] alone, which has counted it.
    pub(super) fn counted(backend: &Arc<Backend>) -> Self {
        let close_limit = backend.config().limits.drain;
        Self { backend: Arc::downgrade(backend), dialling: true, close_limit }
    }

    /// For a connection that is none of the pool's, which has counted it.
    pub(super) fn for_visit(backend: &Arc<Backend>) -> Self {
        let mut permit = Self::counted(backend);
        permit.dialling = false;
        permit
    }

    /// The dial is over, well or not.
    pub(super) fn dial_over(&mut self, pool: &mut Pool) {
        if std::mem::take(&mut self.dialling) {
            pool.dialling = pool.dialling.saturating_sub(1);
        }
    }

    pub(super) fn close_limit(&self) -> Duration {
        self.close_limit
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(backend) = self.backend.upgrade() {
            if self.dialling {
                backend.dial_abandoned();
            } else {
                backend.permit_returned();
            }
        }
    }
}
