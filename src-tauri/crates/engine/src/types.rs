//! Small value types.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};

/// The size of a [`BufferPool`](crate::pool::BufferPool)'s buffers in bytes: the most that one read
/// from a provider returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferSize(NonZeroUsize);

impl BufferSize {
    /// 256 KiB: large enough that system calls cost little, small enough for the CPU cache.
    pub const DEFAULT: Self = Self(NonZeroUsize::MIN.saturating_add(256 * 1024 - 1));

    /// Creates a size of `bytes`, which must not be zero.
    #[must_use]
    pub const fn new(bytes: NonZeroUsize) -> Self {
        Self(bytes)
    }

    /// The size in bytes.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0.get()
    }
}

impl Default for BufferSize {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Identifies one client session for as long as the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(u64);

impl ClientId {
    /// Whoever is no client, such as Newsmux itself.
    pub(crate) const NOBODY: Self = Self(0);

    /// Creates an id that no other session has.
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The id as a number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}
