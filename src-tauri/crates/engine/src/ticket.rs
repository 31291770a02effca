//! A fair lock that keeps an order. A connection's reading side, a client's writing side and a
//! session's selected group are used by one request after another, in the order in which the requests
//! came.
//!
//! Each request takes a [`Ticket`] at once, waits for its turn when it needs the thing, and passes it
//! on. Dropping the thing instead poisons the lock for all later tickets: nobody continues with a thing
//! in an unknown state.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

/// Issues the tickets.
#[derive(Debug)]
pub(crate) struct TicketLock<T>(oneshot::Receiver<T>);

/// A place in the order: the right to the thing after all earlier tickets.
#[derive(Debug)]
pub(crate) struct Ticket<T> {
    before: oneshot::Receiver<T>,
    behind: oneshot::Sender<T>,
}

/// The holder of an earlier ticket dropped the thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Poisoned;

impl<T> TicketLock<T> {
    /// Creates a lock with no tickets out.
    pub(crate) fn new(thing: T) -> Self {
        let (behind, end) = oneshot::channel();
        drop(behind.send(thing));
        Self(end)
    }

    /// Issues the next ticket.
    pub(crate) fn ticket(&mut self) -> Ticket<T> {
        let (behind, end) = oneshot::channel();
        Ticket { before: std::mem::replace(&mut self.0, end), behind }
    }

    /// Takes the thing if no ticket is out.
    pub(crate) fn try_take(&mut self) -> Option<T> {
        self.0.try_recv().ok()
    }
}

impl<T> Ticket<T> {
    /// Waits for the thing. Dropping the future keeps the place.
    pub(crate) async fn wait(&mut self) -> Result<T, Poisoned> {
        poll_fn(|cx| self.poll_wait(cx)).await
    }

    /// Like [`wait`](Self::wait). Do not call it again after it was ready.
    pub(crate) fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, Poisoned>> {
        Pin::new(&mut self.before).poll(cx).map_err(|_| Poisoned)
    }

    /// Passes the thing on to the next ticket, even if it is not issued yet. Drops it if the lock is
    /// gone.
    pub(crate) fn pass_on(self, thing: T) {
        drop(self.try_pass_on(thing));
    }

    /// Like [`pass_on`](Self::pass_on), but returns the thing if the lock is gone.
    pub(crate) fn try_pass_on(self, thing: T) -> Option<T> {
        self.behind.send(thing).err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_thing_goes_from_ticket_to_ticket_in_order() {
        let mut lock = TicketLock::new(0);
        let (mut first, mut second) = (lock.ticket(), lock.ticket());
        assert!(lock.try_take().is_none());
        let thing = first.wait().await.unwrap();
        first.pass_on(thing + 1);
        assert_eq!(second.wait().await, Ok(1));
        second.pass_on(7);
        assert_eq!(lock.try_take(), Some(7));
    }

    #[tokio::test]
    async fn dropping_the_thing_poisons_the_lock_for_all_later_tickets() {
        let mut lock = TicketLock::new(());
        let (first, mut second, mut third) = (lock.ticket(), lock.ticket(), lock.ticket());
        drop(first);
        assert_eq!(second.wait().await, Err(Poisoned));
        drop(second);
        assert_eq!(third.wait().await, Err(Poisoned));
    }
}
