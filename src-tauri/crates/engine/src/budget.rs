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
pub(crate) const IN_ALL: usize = 32 * 1024 * 1024;

/// The tickets that are left.
#[derive(Debug, Clone)]
pub(crate) struct Budget(Arc<Semaphore>);

/// Leave to read [`PER_REPLY`] bytes ahead. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Ticket {
    _permit: OwnedSemaphorePermit,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(IN_ALL / PER_REPLY)))
    }

    /// A ticket, if one is left.
    pub(crate) fn try_ticket(&self) -> Option<Ticket> {
        let permit = Arc::clone(&self.0).try_acquire_owned().ok()?;
        Some(Ticket { _permit: permit })
    }

    /// Waits for a ticket.
    pub(crate) async fn ticket(&self) -> Option<Ticket> {
        let permit = Arc::clone(&self.0).acquire_owned().await.ok()?;
        Some(Ticket { _permit: permit })
    }
}
