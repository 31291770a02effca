//! A connection's place at a provider: it counts against the limit until it has ended.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::time::sleep;

use super::state::{Book, ProviderState};

/// A connection that is open.
#[derive(Debug)]
pub(super) struct Admission {
    state: Arc<ProviderState>,
    pub(super) number: u64,
    counted: bool,
    pub(super) refusal: Option<String>,
    /// A fault has taken it: what is still sent on it is for nobody.
    pub(super) lost: bool,
}

impl Admission {
    pub(super) fn new(state: &Arc<ProviderState>) -> Self {
        Self { state: Arc::clone(state), number: 0, counted: false, refusal: None, lost: false }
    }

    /// Counts against the limit, if there is room.
    pub(super) fn counts(&mut self, book: &mut Book, limit: u64) -> bool {
        if book.counted >= limit {
            book.refused += 1;
            return false;
        }
        book.counted += 1;
        self.counted = true;
        true
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let lingers = self.counted && !self.state.config.lingering.is_zero();
        let runtime = Handle::try_current().ok().filter(|_| lingers);
        self.state.note(|book| {
            book.open -= 1;
            book.counted -= u64::from(self.counted && runtime.is_none());
        });
        if let Some(runtime) = runtime {
            let state = Arc::clone(&self.state);
            runtime.spawn(async move {
                sleep(state.config.lingering).await;
                state.note(|book| book.counted -= 1);
            });
        }
    }
}
