//! Limits the memory for read-ahead, in total, for each program and for each session.
//!
//! A reply reserves its memory before its command is sent, by the size of earlier articles. So a reply
//! that its client cannot take yet never blocks a connection, nothing is fetched without room for it,
//! and memory is bounded. A session, and all sessions of a program, may hold no more than they leave
//! free. A session's next reply may take half of that, so that something is left however many clients
//! are slow.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clients::Client;
use crate::lock::Lock;

mod trust;

use trust::Habits;
pub(crate) use trust::Trust;

/// The limit for all replies together, in bytes.
pub(crate) const IN_ALL: usize = 64 * 1024 * 1024;
/// How much a reservation grows when it is too small, in bytes.
const STEP: usize = 256 * 1024;
/// The assumed size of an article before any was seen, in bytes: large enough for almost all.
const UNKNOWN: usize = 8 * 1024 * 1024;
/// The usual size of an article, in bytes.
const USUAL: usize = 768 * 1024;

/// The memory of all sessions.
#[derive(Debug, Clone)]
pub(crate) struct Budget(Arc<Ledger>);

/// A session's share of it.
#[derive(Debug, Clone)]
pub(crate) struct Share {
    all: Arc<Ledger>,
    own: Arc<Own>,
}

#[derive(Debug)]
struct Ledger {
    memory: Lock<Memory>,
    /// The recent size of articles in all sessions; zero before the first.
    typical: AtomicUsize,
    /// Signals that memory was returned.
    freed: Notify,
}

#[derive(Debug)]
struct Memory {
    free: usize,
    /// What each program holds.
    held: HashMap<Arc<str>, usize>,
}

#[derive(Debug)]
struct Own {
    client: Arc<Client>,
    /// What the session holds. It changes only under the ledger's lock.
    held: AtomicUsize,
    typical: AtomicUsize,
    freed: Notify,
    habits: Habits,
}

/// Reserved memory for one reply. Dropping it returns the memory.
#[derive(Debug)]
pub(crate) struct Reservation {
    share: Share,
    program: Arc<str>,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new() -> Self {
        let memory = Lock::new(Memory { free: IN_ALL, held: HashMap::new() });
        Self(Arc::new(Ledger { memory, typical: AtomicUsize::new(0), freed: Notify::new() }))
    }

    /// Creates the share of a client's session.
    pub(crate) fn for_session(&self, client: &Arc<Client>) -> Share {
        let own = Own {
            client: Arc::clone(client),
            held: AtomicUsize::new(0),
            typical: AtomicUsize::new(0),
            freed: Notify::new(),
            habits: Habits::default(),
        };
        Share { all: Arc::clone(&self.0), own: Arc::new(own) }
    }
}

impl Share {
    /// The memory to reserve for the session's next article.
    pub(crate) fn expected(&self) -> usize {
        let size = self.typical().unwrap_or(UNKNOWN);
        (size + size / 16 + STEP / 16).min(IN_ALL / 4)
    }

    /// The likely size of the session's next article.
    pub(crate) fn likely(&self) -> usize {
        self.typical().unwrap_or(USUAL)
    }

    fn typical(&self) -> Option<usize> {
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

    /// Reserves this many bytes if the session's share, its program's and the total allow it.
    pub(crate) fn try_reserve(&self, bytes: usize) -> Option<Reservation> {
        let mut reservation = self.reserve_nothing();
        reservation.try_grow(bytes).then_some(reservation)
    }

    /// Creates an empty reservation.
    pub(crate) fn reserve_nothing(&self) -> Reservation {
        Reservation { share: self.clone(), program: self.own.client.program(), bytes: 0 }
    }

    /// Waits until the session has returned memory since the last call.
    pub(crate) async fn own_freed(&self) {
        self.own.freed.notified().await;
    }

    /// Lets the session's next reply try to reserve.
    pub(crate) fn wake_next(&self) {
        self.own.freed.notify_one();
    }

    /// Waits until so many bytes can be reserved for the session's next reply, whatever its later ones
    /// hold.
    pub(crate) async fn reserve_next(&self, bytes: impl Fn() -> usize) -> Reservation {
        self.reserve(bytes, |_| 0).await
    }

    /// Like [`reserve_next`](Self::reserve_next), but leaves free what the program's other sessions hold.
    pub(crate) async fn reserve_in_turn(&self, bytes: impl Fn() -> usize) -> Reservation {
        let program = self.own.client.program();
        let others = |memory: &Memory| {
            let program = memory.held.get(&program).copied().unwrap_or_default();
            program.saturating_sub(self.own.held.load(Ordering::Relaxed))
        };
        self.reserve(bytes, others).await
    }

    /// Waits for half of what is free beyond `kept` bytes.
    async fn reserve(
        &self,
        bytes: impl Fn() -> usize,
        kept: impl Fn(&Memory) -> usize,
    ) -> Reservation {
        let mut reservation = self.reserve_nothing();
        loop {
            let freed = self.all.freed.notified();
            let bytes = bytes();
            if reservation.grow(bytes, |memory| kept(memory) + 2 * bytes <= memory.free) {
                return reservation;
            }
            freed.await;
        }
    }

    /// How far the client is trusted to take its next article at once.
    pub(crate) fn trust(&self) -> Trust {
        self.own.habits.trust(self.typical())
    }

    /// Records that the client took a reply of this size, and how long after it was fetched.
    pub(crate) fn was_taken(&self, bytes: usize, time: Duration) {
        self.own.habits.was_taken(bytes, time);
    }

    /// Records that an article has to be fetched again, of which this many bytes were read already,
    /// because the client did not take it. The rest of it comes too, for nobody.
    pub(crate) fn was_wasted(&self, bytes: usize) {
        self.own.habits.was_wasted(bytes.max(self.likely()));
    }
}

impl Reservation {
    /// The reserved memory in bytes.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Grows the session's next reply by one step.
    pub(crate) fn grow_next(&mut self) -> bool {
        self.grow(STEP, |memory| STEP <= memory.free / 2)
    }

    /// Grows a later reply by one step, as long as anything is free: otherwise what was read would be
    /// lost.
    pub(crate) fn overdraw(&mut self) -> bool {
        self.grow(STEP, |_| true)
    }

    /// Returns everything beyond `bytes`.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        let surplus = self.bytes.saturating_sub(bytes);
        if surplus > 0 {
            self.bytes -= surplus;
            let mut memory = self.share.all.memory.lock();
            memory.free += surplus;
            if let Some(held) = memory.held.get_mut(&self.program) {
                *held -= surplus;
                if *held == 0 {
                    memory.held.remove(&self.program);
                }
            }
            self.share.own.held.fetch_sub(surplus, Ordering::Relaxed);
            drop(memory);
            self.share.own.freed.notify_one();
            self.share.all.freed.notify_waiters();
        }
    }

    fn try_grow(&mut self, bytes: usize) -> bool {
        let share = self.share.clone();
        let program = Arc::clone(&self.program);
        self.grow(bytes, |memory| {
            let session = share.own.held.load(Ordering::Relaxed);
            let program = memory.held.get(&program).copied().unwrap_or_default();
            [session, program].iter().all(|held| held + bytes <= (memory.free + held) / 2)
        })
    }

    /// Takes this many bytes if they are there and `may` says so.
    fn grow(&mut self, bytes: usize, may: impl FnOnce(&Memory) -> bool) -> bool {
        let mut memory = self.share.all.memory.lock();
        let Some(left) = memory.free.checked_sub(bytes).filter(|_| may(&memory)) else {
            return false;
        };
        memory.free = left;
        self.bytes += bytes;
        *memory.held.entry(Arc::clone(&self.program)).or_default() += bytes;
        self.share.own.held.fetch_add(bytes, Ordering::Relaxed);
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
    use std::net::SocketAddr;

    use tokio::time::timeout;

    use super::*;

    const MIB: usize = 1024 * 1024;

    /// A session of the program at this address.
    fn session(budget: &Budget, program: u8) -> Share {
        budget.for_session(&Client::new(SocketAddr::from(([127, 0, 0, program], 9))))
    }

    fn all(share: &Share) -> Vec<Reservation> {
        std::iter::from_fn(|| share.try_reserve(MIB)).collect()
    }

    #[test]
    fn a_session_leaves_as_much_as_it_holds() {
        let budget = Budget::new();
        let greedy = all(&session(&budget, 1));
        assert_eq!(greedy.len(), 32);
        let second = all(&session(&budget, 2));
        assert_eq!(second.len(), 16);
        assert!(session(&budget, 3).try_reserve(MIB).is_some());
    }

    #[test]
    fn a_program_with_many_sessions_leaves_as_much_as_it_holds() {
        let budget = Budget::new();
        let sessions: Vec<_> = (0..50).map(|_| session(&budget, 1)).collect();
        let held: Vec<_> = sessions.iter().flat_map(all).collect();
        assert_eq!(held.len(), 32);
        assert_eq!(all(&session(&budget, 2)).len(), 16);
        drop(held);
        assert_eq!(all(&session(&budget, 2)).len(), 32);
        assert!(budget.0.memory.lock().held.is_empty());
    }

    #[tokio::test]
    async fn the_next_reply_in_turn_leaves_free_what_the_other_sessions_of_its_program_hold() {
        let budget = Budget::new();
        let mut held = all(&session(&budget, 1));
        assert_eq!(held.len(), 32);
        let next = session(&budget, 1);
        let size = || MIB;
        let at_once = Duration::ZERO;
        assert!(timeout(at_once, next.reserve_next(size)).await.is_ok());
        assert!(timeout(at_once, next.reserve_in_turn(size)).await.is_err());
        drop((held.pop(), held.pop()));
        assert!(timeout(at_once, next.reserve_in_turn(size)).await.is_ok());
        // Its own later replies are not in its way.
        let one = session(&budget, 2);
        let own = all(&one);
        assert_eq!(own.len(), 17);
        assert!(timeout(at_once, one.reserve_in_turn(size)).await.is_ok());
        drop((held, own));
    }

    #[test]
    fn there_is_no_more_than_the_bound_in_all_and_all_of_it_comes_back() {
        let budget = Budget::new();
        let mut held: Vec<_> = (0..99).map(|_| session(&budget, 1).reserve_nothing()).collect();
        let grown: usize = held.iter_mut().map(|r| (0..9).filter(|_| r.overdraw()).count()).sum();
        assert_eq!(grown * STEP, IN_ALL);
        drop(held);
        assert_eq!(budget.0.memory.lock().free, IN_ALL);
    }

    #[test]
    fn the_next_article_is_expected_to_be_like_the_largest_of_late() {
        let budget = Budget::new();
        let share = session(&budget, 1);
        session(&budget, 1).saw_article(2 * MIB);
        assert!(share.expected() >= 2 * MIB, "what another session saw is better than nothing");
        share.saw_article(MIB);
        share.saw_article(10);
        assert!((MIB * 3 / 4..MIB * 5 / 4).contains(&share.expected()));
    }

    #[tokio::test]
    async fn who_waits_for_room_gets_it_when_it_is_given_back() {
        let budget = Budget::new();
        let first = session(&budget, 1).try_reserve(IN_ALL / 2).unwrap();
        let waiting = session(&budget, 1);
        let waiting =
            tokio::spawn(async move { waiting.reserve_next(|| IN_ALL / 3).await.bytes() });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        assert_eq!(waiting.await.unwrap(), IN_ALL / 3);
    }
}
