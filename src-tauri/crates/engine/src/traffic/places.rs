//! How many articles a program is sent at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::lock::Lock;

/// A program's places. Whoever has none waits, in the order of asking.
pub(crate) struct Places {
    semaphore: Arc<Semaphore>,
    count: Lock<Count>,
}

struct Count {
    /// The limit.
    most: usize,
    /// How many permits there are, free and taken. More than `most` only until some are returned.
    there: usize,
}

/// A place. Dropping it returns it.
pub(crate) struct Place {
    places: Arc<Places>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Default for Places {
    /// Creates places without a limit.
    fn default() -> Self {
        let there = Semaphore::MAX_PERMITS;
        let count = Lock::new(Count { most: there, there });
        Self { semaphore: Arc::new(Semaphore::new(there)), count }
    }
}

impl Places {
    /// Sets the limit. It holds at once; articles that are under way beyond it end.
    pub(super) fn limit(&self, most: Option<usize>) {
        let mut count = self.count.lock();
        count.most = most.unwrap_or(Semaphore::MAX_PERMITS);
        match count.most.checked_sub(count.there) {
            Some(more) => self.semaphore.add_permits(more),
            None => count.there -= self.semaphore.forget_permits(count.there - count.most),
        }
        count.there = count.there.max(count.most);
    }

    /// Waits for a place.
    pub(super) async fn take(self: Arc<Self>) -> Place {
        // The semaphore is never closed.
        let permit = Arc::clone(&self.semaphore).acquire_owned().await.ok();
        Place { places: self, permit }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut count = self.places.count.lock();
        if let Some(permit) = self.permit.take()
            && count.there > count.most
        {
            permit.forget();
            count.there -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Duration, timeout};

    use super::*;

    async fn at_once(places: &Arc<Places>) -> Option<Place> {
        timeout(Duration::ZERO, Arc::clone(places).take()).await.ok()
    }

    #[tokio::test]
    async fn a_change_of_the_limit_holds_at_once() {
        let places = Arc::new(Places::default());
        let mut held = Vec::new();
        for (most, taken) in [(2, 2), (3, 3), (1, 3), (4, 4)] {
            places.limit(Some(most));
            while let Some(place) = at_once(&places).await {
                held.push(place);
            }
            assert_eq!(held.len(), taken, "at most {most}");
        }
        places.limit(Some(1));
        for left in (1..4).rev() {
            drop(held.pop());
            assert_eq!(held.len(), left);
            assert!(at_once(&places).await.is_none(), "{left} are taken");
        }
        drop(held.pop());
        assert!(at_once(&places).await.is_some());
        places.limit(None);
        assert!(at_once(&places).await.is_some());
    }

    #[tokio::test]
    async fn who_waits_is_let_in_when_the_limit_is_lifted() {
        let places = Arc::new(Places::default());
        places.limit(Some(1));
        let held = at_once(&places).await;
        let waiting = tokio::spawn(Arc::clone(&places).take());
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        places.limit(None);
        drop((waiting.await, held));
    }
}
