//! Chooses which backend gets a request, and in which order.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::time::Instant;

use crate::backend::Backend;

mod candidate;
mod missing;
mod route;

use missing::Missing;
pub(crate) use route::{Next, Route};

/// One in so many skipped providers is asked all the same, to find out whether its backbone is true.
const SKIPS: u32 = 50;

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
    /// How often a provider was to be skipped because another one of its backbone lacked the article.
    skips: AtomicU32,
}

impl BackendSelector {
    /// Creates a selector without backends.
    #[must_use]
    pub fn new() -> Self {
        Self {
            backends: RwLock::new(Arc::new([])),
            missing: Missing::default(),
            skips: AtomicU32::new(0),
        }
    }

    /// Whether a provider is asked once though one of its backbone does not have the article.
    fn is_check_due(&self) -> bool {
        self.skips.fetch_add(1, Ordering::Relaxed).is_multiple_of(SKIPS)
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

    /// The backend that is asked first for a group: the first of the lowest tier that serves requests.
    pub(crate) fn first_for_groups(&self) -> Option<Arc<Backend>> {
        let (backends, now) = (self.backends(), Instant::now());
        let first =
            |backend: &&Arc<Backend>| (!backend.standing(now).serves, backend.config().tier);
        backends.iter().min_by_key(first).cloned()
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
