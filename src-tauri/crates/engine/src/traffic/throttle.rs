//! A speed limit that several streams share, exact and smooth.
//!
//! Each stream takes a piece worth a few milliseconds, and the next piece is granted when this one is
//! paid for. Whoever has to wait stands in the same fair [`Line`] as requests do, so a program with one
//! connection gets as much as one with fifty, and what a person waits for goes first.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use tokio::time::{Duration, Instant, sleep_until};

use crate::backend::{Claim, Line};
use crate::lock::Lock;

/// A piece is worth this fraction of a second.
const PIECES: u64 = 100;
/// The smallest and the largest piece, in bytes.
const SMALLEST: u64 = 512;
const LARGEST: u64 = 256 * 1024;
/// How much time may be made up for, when a piece was asked for or granted late.
const CREDIT: Duration = Duration::from_millis(50);
/// How far ahead bytes may be taken that could not wait.
const DEBT: Duration = Duration::from_secs(1);
/// How soon a change of the limit is noticed by those who wait.
const RECHECK: Duration = Duration::from_millis(50);

/// A speed limit. See the [module](self).
pub(crate) struct Throttle {
    /// In bytes a second; zero is no limit.
    rate: AtomicU64,
    state: Lock<State>,
}

struct State {
    /// When all bytes so far are paid for.
    paid_until: Instant,
    line: Line<Arc<Waiter>>,
    /// Whether a task grants pieces to those in line.
    driven: bool,
}

/// A stream that waits for a piece.
pub(super) struct Waiter(Lock<Stand>);

enum Stand {
    Waits(Waker),
    Granted(Grant),
    Left,
}

/// A piece: how many bytes, and at which rate they were paid for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grant {
    pub(super) bytes: usize,
    rate: Option<NonZeroU64>,
}

impl Default for Throttle {
    /// Creates a throttle without a limit.
    fn default() -> Self {
        let state = State { paid_until: Instant::now(), line: Line::new(), driven: false };
        Self { rate: AtomicU64::new(0), state: Lock::new(state) }
    }
}

impl Throttle {
    /// Sets the limit in bytes a second. It holds at once, also for those who wait.
    pub(crate) fn limit(&self, speed: Option<NonZeroU64>) {
        let rate = speed.map_or(0, NonZeroU64::get);
        if self.rate.swap(rate, Ordering::Relaxed) != rate {
            let mut state = self.state.lock();
            state.paid_until = state.paid_until.min(Instant::now() + RECHECK);
        }
    }

    /// Whether there is a limit.
    pub(crate) fn is_on(&self) -> bool {
        self.rate.load(Ordering::Relaxed) != 0
    }

    fn rate(&self) -> Option<NonZeroU64> {
        NonZeroU64::new(self.rate.load(Ordering::Relaxed))
    }

    /// Counts bytes that did not wait. Later ones wait for them, up to a bound.
    pub(crate) fn charge(&self, bytes: usize) {
        if let Some(rate) = self.rate() {
            let (mut state, now) = (self.state.lock(), Instant::now());
            state.pay(now, cost(bytes, rate));
            state.paid_until = state.paid_until.min(now + DEBT);
        }
    }

    /// Grants a piece at once, or a place in line.
    pub(super) fn ask(
        self: &Arc<Self>,
        claim: &mut Claim,
        cx: &Context<'_>,
    ) -> Result<Grant, Arc<Waiter>> {
        let Some(rate) = self.rate() else { return Ok(Grant::UNLIMITED) };
        let (mut state, now) = (self.state.lock(), Instant::now());
        if state.line.is_empty() && state.paid_until <= now {
            return Ok(state.grant(now, rate));
        }
        let waiter = Arc::new(Waiter(Lock::new(Stand::Waits(cx.waker().clone()))));
        claim.cost = piece(rate);
        state.line.push(claim, Arc::clone(&waiter));
        if !std::mem::replace(&mut state.driven, true) {
            tokio::spawn(Arc::clone(self).drive());
        }
        Err(waiter)
    }

    /// Takes back what was not used of a piece.
    pub(super) fn give_back(&self, grant: Grant, used: usize) {
        let Some(rate) = grant.rate else { return };
        let rest = cost(grant.bytes.saturating_sub(used), rate);
        let mut state = self.state.lock();
        state.paid_until = state.paid_until.checked_sub(rest).unwrap_or(state.paid_until);
    }

    /// Grants pieces until nobody waits.
    async fn drive(self: Arc<Self>) {
        while let Some(next) = self.grant_due() {
            sleep_until(next).await;
        }
    }

    /// Grants what is due. Returns when to look again, if somebody waits.
    fn grant_due(&self) -> Option<Instant> {
        let mut woken = Vec::new();
        let mut state = self.state.lock();
        let next = loop {
            while state.line.peek().is_some_and(|next| next.has_left()) {
                drop(state.line.discard());
            }
            if state.line.is_empty() {
                state.driven = false;
                break None;
            }
            let (rate, now) = (self.rate(), Instant::now());
            if rate.is_some() && state.paid_until > now {
                break Some(state.paid_until.min(now + RECHECK));
            }
            let grant = rate.map_or(Grant::UNLIMITED, |rate| state.grant(now, rate));
            woken.extend(state.line.pop().and_then(|next| next.grant(grant)));
        };
        drop(state);
        woken.into_iter().for_each(Waker::wake);
        next
    }
}

impl State {
    fn grant(&mut self, now: Instant, rate: NonZeroU64) -> Grant {
        let grant = Grant { bytes: piece(rate), rate: Some(rate) };
        self.pay(now, cost(grant.bytes, rate));
        grant
    }

    fn pay(&mut self, now: Instant, cost: Duration) {
        let earliest = now.checked_sub(CREDIT).unwrap_or(now);
        self.paid_until = self.paid_until.max(earliest) + cost;
    }
}

impl Grant {
    const UNLIMITED: Self = Self { bytes: usize::MAX, rate: None };
}

impl Waiter {
    /// Returns the piece, if it was granted.
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<Grant> {
        match &mut *self.0.lock() {
            Stand::Granted(grant) => Poll::Ready(*grant),
            Stand::Waits(waker) => {
                waker.clone_from(cx.waker());
                Poll::Pending
            }
            Stand::Left => Poll::Pending,
        }
    }

    /// Leaves the line. Returns the piece, if it was granted meanwhile.
    pub(super) fn leave(&self) -> Option<Grant> {
        match std::mem::replace(&mut *self.0.lock(), Stand::Left) {
            Stand::Granted(grant) => Some(grant),
            Stand::Waits(_) | Stand::Left => None,
        }
    }

    fn has_left(&self) -> bool {
        matches!(*self.0.lock(), Stand::Left)
    }

    fn grant(&self, grant: Grant) -> Option<Waker> {
        match std::mem::replace(&mut *self.0.lock(), Stand::Granted(grant)) {
            Stand::Waits(waker) => Some(waker),
            Stand::Granted(_) | Stand::Left => None,
        }
    }
}

/// The bytes of one piece.
fn piece(rate: NonZeroU64) -> usize {
    let bytes = (rate.get() / PIECES).clamp(SMALLEST, LARGEST);
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// How long so many bytes take.
fn cost(bytes: usize, rate: NonZeroU64) -> Duration {
    let nanos = u128::from(bytes as u64) * 1_000_000_000 / u128::from(rate.get());
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
