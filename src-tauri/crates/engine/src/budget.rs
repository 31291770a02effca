//! How much may be read ahead of the clients, in all.
//!
//! A reply that its client cannot take yet (an earlier one goes first, or the client is slow) is read
//! into memory only under a ticket. So memory is bounded, and a connection is never kept from others
//! by a reply that waits for its client in line.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most that one reply may be read ahead, in bytes: an article with room to spare.
pub(crate) const PER_REPLY: usize = 1280 * 1024;

/// The most that all replies together may be read ahead, in bytes.
pub(crate) const IN_ALL: usize = 64 * 1024 * 1024;

/// How many replies of one session may be read ahead at once, so that one client that takes nothing
/// leaves enough to the others.
const PER_SESSION: usize = 12;

/// The tickets that are left, to all and to one session.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    all: Arc<Semaphore>,
    own: Arc<Semaphore>,
}

/// Leave to read [`PER_REPLY`] bytes ahead. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Ticket {
    _all: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
}

impl Budget {
    pub(crate) fn new() -> Self {
        let all = Arc::new(Semaphore::new(IN_ALL / PER_REPLY));
        Self { all, own: Arc::new(Semaphore::new(PER_SESSION)) }
    }

    /// The same budget for all together, with another session's share.
    pub(crate) fn for_session(&self) -> Self {
        Self { all: Arc::clone(&self.all), own: Arc::new(Semaphore::new(PER_SESSION)) }
    }

    /// A ticket, if one is left.
    pub(crate) fn try_ticket(&self) -> Option<Ticket> {
        let own = Arc::clone(&self.own).try_acquire_owned().ok()?;
        let all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Ticket { _all: all, _own: own })
    }

    /// Waits for a ticket.
    pub(crate) async fn ticket(&self) -> Option<Ticket> {
        let own = Arc::clone(&self.own).acquire_owned().await.ok()?;
        let all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Ticket { _all: all, _own: own })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_session_leaves_tickets_to_the_others() {
        let budget = Budget::new();
        let greedy = budget.for_session();
        let taken: Vec<_> = std::iter::from_fn(|| greedy.try_ticket()).collect();
        assert_eq!(taken.len(), PER_SESSION);
        assert!(greedy.try_ticket().is_none());
        let others: Vec<_> = (0..9).map(|_| budget.for_session().try_ticket()).collect();
        assert!(others.iter().all(Option::is_some));
    }

    #[test]
    fn there_is_no_more_than_the_bound_in_all() {
        let budget = Budget::new();
        let taken: Vec<_> = (0..99).filter_map(|_| budget.for_session().try_ticket()).collect();
        assert_eq!(taken.len() * PER_REPLY, IN_ALL / PER_REPLY * PER_REPLY);
        drop(taken);
        assert!(budget.try_ticket().is_some());
    }
}
