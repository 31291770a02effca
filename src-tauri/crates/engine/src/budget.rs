//! Limits the memory for read-ahead, in total and for each session.
//!
//! A reply reserves its memory before its command is sent, by the size of earlier articles. So a reply
//! that its client cannot take yet never blocks a connection, nothing is fetched without room for it,
//! and memory is bounded. A session may hold no more than it leaves free, and its next reply may take
//! half of that, so that something is left however many clients are slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::lock::Lock;

/// The limit for all replies together, in bytes.
pub(crate) const IN_ALL: usize = 64 * 1024 * 1024;
/// How much a reservation grows when it is too small, in bytes.
const STEP: usize = 256 * 1024;
/// The size of an article to reserve for before any was seen, in bytes.
const UNKNOWN: usize = 8 * 1024 * 1024;
/// The usual size of an article, in bytes.
const USUAL: usize = 768 * 1024;

/// A session's view of the memory that is left.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    all: Arc<Ledger>,
    own: Arc<Own>,
}

#[derive(Debug)]
struct Ledger {
    free: Lock<usize>,
    /// The recent size of articles in all sessions; zero before the first.
    typical: AtomicUsize,
    /// Signals that memory was returned.
    freed: Notify,
}

/// A session's share. `held` changes only under the ledger's lock.
#[derive(Debug, Default)]
struct Own {
    held: AtomicUsize,
    typical: AtomicUsize,
    freed: Notify,
    slow: AtomicBool,
}

/// Reserved memory for one reply. Dropping it returns the memory.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Budget,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new() -> Self {
        let all =
            Ledger { free: Lock::new(IN_ALL), typical: AtomicUsize::new(0), freed: Notify::new() };
        Self { all: Arc::new(all), own: Arc::default() }
    }

    /// Creates another session's share of the same budget.
    pub(crate) fn for_session(&self) -> Self {
        Self { all: Arc::clone(&self.all), own: Arc::default() }
    }

    /// The expected size of the session's next article, with some more to be safe.
    pub(crate) fn expected(&self) -> usize {
        let size = self.seen().unwrap_or(UNKNOWN);
        (size + size / 16 + STEP / 16).min(IN_ALL / 4)
    }

    /// The likely size of the session's next article.
    pub(crate) fn likely(&self) -> usize {
        self.seen().unwrap_or(USUAL)
    }

    fn seen(&self) -> Option<usize> {
        let seen = [&self.own.typical, &self.all.typical].map(|t| t.load(Ordering::Relaxed));
        seen.into_iter().find(|size| *size > 0)
    }

    /// Records the size of an article.
    pub(crate) fn saw_article(&self, bytes: usize) {
        for typical in [&self.own.typical, &self.all.typical] {
            let old = typical.load(Ordering::Relaxed);
            typical.store(bytes.max(old - old / 64), Ordering::Relaxed);
        }
    }

    /// Reserves this many bytes if both the session's share and the total allow it.
    pub(crate) fn try_reserve(&self, bytes: usize) -> Option<Reservation> {
        let mut reservation = Reservation { budget: self.clone(), bytes: 0 };
        reservation.try_grow(bytes).then_some(reservation)
    }

    /// Creates an empty reservation.
    pub(crate) fn reserve_nothing(&self) -> Reservation {
        Reservation { budget: self.clone(), bytes: 0 }
    }

    /// Waits until the session has returned memory since the last call.
    pub(crate) async fn own_freed(&self) {
        self.own.freed.notified().await;
    }

    /// Lets the session's next reply try to reserve.
    pub(crate) fn wake_next(&self) {
        self.own.freed.notify_one();
    }

    /// Waits until this many bytes can be reserved for the session's next reply, whatever its later
    /// ones hold.
    pub(crate) async fn reserve_next(&self, bytes: usize) -> Reservation {
        let mut reservation = self.reserve_nothing();
        loop {
            let freed = self.all.freed.notified();
            if reservation.try_grow_next(bytes) {
                return reservation;
            }
            freed.await;
        }
    }

    /// Whether the client reads so slowly that nothing is fetched for it without room.
    pub(crate) fn is_slow(&self) -> bool {
        self.own.slow.load(Ordering::Relaxed)
    }

    pub(crate) fn set_slow(&self, slow: bool) {
        self.own.slow.store(slow, Ordering::Relaxed);
    }
}

impl Reservation {
    /// The reserved memory in bytes.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Grows the session's next reply by one step.
    pub(crate) fn grow_next(&mut self) -> bool {
        self.try_grow_next(STEP)
    }

    /// Grows a later reply by one step, as long as anything is free: otherwise what was read would be
    /// lost.
    pub(crate) fn overdraw(&mut self) -> bool {
        let budget = self.budget.clone();
        let mut free = budget.all.free.lock();
        self.take(&mut free, STEP)
    }

    /// Returns everything beyond `bytes`.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        let surplus = self.bytes.saturating_sub(bytes);
        if surplus > 0 {
            self.bytes -= surplus;
            let mut free = self.budget.all.free.lock();
            *free += surplus;
            self.budget.own.held.fetch_sub(surplus, Ordering::Relaxed);
            drop(free);
            self.budget.own.freed.notify_one();
            self.budget.all.freed.notify_waiters();
        }
    }

    fn try_grow(&mut self, bytes: usize) -> bool {
        let budget = self.budget.clone();
        let mut free = budget.all.free.lock();
        let held = budget.own.held.load(Ordering::Relaxed);
        held + bytes <= (*free + held) / 2 && self.take(&mut free, bytes)
    }

    fn try_grow_next(&mut self, bytes: usize) -> bool {
        let budget = self.budget.clone();
        let mut free = budget.all.free.lock();
        bytes <= *free / 2 && self.take(&mut free, bytes)
    }

    fn take(&mut self, free: &mut usize, bytes: usize) -> bool {
        let Some(left) = free.checked_sub(bytes) else { return false };
        *free = left;
        self.bytes += bytes;
        self.budget.own.held.fetch_add(bytes, Ordering::Relaxed);
        true
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    #[test]
    fn a_session_leaves_as_much_as_it_holds() {
        let budget = Budget::new();
        let greedy = budget.for_session();
        let taken: Vec<_> = std::iter::from_fn(|| greedy.try_reserve(MIB)).collect();
        assert_eq!(taken.len(), 32);
        let second = budget.for_session();
        let taken: Vec<_> = std::iter::from_fn(|| second.try_reserve(MIB)).collect();
        assert_eq!(taken.len(), 16);
        assert!(budget.for_session().try_reserve(MIB).is_some());
    }

    #[test]
    fn there_is_no_more_than_the_bound_in_all_and_all_of_it_comes_back() {
        let budget = Budget::new();
        let mut held: Vec<_> = (0..99).map(|_| budget.for_session().reserve_nothing()).collect();
        let grown: usize = held.iter_mut().map(|r| (0..9).filter(|_| r.overdraw()).count()).sum();
        assert_eq!(grown * STEP, IN_ALL);
        drop(held);
        assert_eq!(*budget.all.free.lock(), IN_ALL);
    }

    #[test]
    fn the_next_article_is_expected_to_be_like_the_largest_of_late() {
        let budget = Budget::new();
        budget.for_session().saw_article(2 * MIB);
        assert!(budget.expected() >= 2 * MIB, "what another session saw is better than nothing");
        budget.saw_article(MIB);
        budget.saw_article(10);
        assert!((MIB * 3 / 4..MIB * 5 / 4).contains(&budget.expected()));
    }

    #[tokio::test]
    async fn who_waits_for_room_gets_it_when_it_is_given_back() {
        let (budget, other) = (Budget::new(), Budget::new());
        let first = budget.try_reserve(IN_ALL / 2).unwrap();
        let waiting = budget.for_session();
        let waiting = tokio::spawn(async move { waiting.reserve_next(IN_ALL / 3).await.bytes() });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop((first, other));
        assert_eq!(waiting.await.unwrap(), IN_ALL / 3);
    }
}
