//! Chooses which backend gets a request, and in which order.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use crate::backend::Backend;

mod missing;
mod route;

use missing::Missing;
pub(crate) use route::{Next, Route};

/// The backends of a proxy, with a memory of articles that they do not have.
///
/// ```
/// use nntp_proxy::router::BackendSelector;
///
/// assert!(BackendSelector::new().backends().is_empty());
/// ```
pub struct BackendSelector {
    backends: RwLock<Arc<[Arc<Backend>]>>,
    missing: Missing,
}

impl BackendSelector {
    /// Creates a selector without backends.
    #[must_use]
    pub fn new() -> Self {
        Self { backends: RwLock::new(Arc::new([])), missing: Missing::default() }
    }

    /// Adds a backend at the end.
    pub fn add_backend(&self, backend: Arc<Backend>) {
        let mut backends = self.backends().to_vec();
        backends.push(backend);
        self.replace(backends);
    }

    /// Replaces all backends. Requests in flight continue on the old ones.
    pub fn replace(&self, backends: Vec<Arc<Backend>>) {
        *self.backends.write().unwrap_or_else(PoisonError::into_inner) = backends.into();
    }

    /// Returns the backend that replaced `of` after a settings change, if it is the same server.
    pub(crate) fn successor(&self, of: &Backend) -> Option<Arc<Backend>> {
        let same = |new: &&Arc<Backend>| new.config().is_same_server(of.config());
        self.backends().iter().find(same).cloned()
    }

    /// The backends, in the order of the settings.
    #[must_use]
    pub fn backends(&self) -> Arc<[Arc<Backend>]> {
        Arc::clone(&self.backends.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for BackendSelector {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for BackendSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.backends().iter()).finish()
    }
}
