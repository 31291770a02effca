//! How a client takes what it asked for, and whether its next article may be fetched without room for it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Articles of up to this size fit into what systems keep for a client that does not read, in bytes.
const SMALL: usize = 224 * 1024;
/// A client that takes longer for the rest of an article, once it was fetched, is slow.
const SLOW: Duration = Duration::from_secs(1);
/// A client may make Newsmux fetch one byte twice for so many that it takes.
const TAKEN_FOR_WASTED: u64 = 64;

/// How long a session's next reply waits for room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The client takes what it asked for at once: not at all.
    Prompt,
    /// It has yet to show how it reads, or it reads slowly: for a while.
    Unproven,
    /// Too much was fetched twice because of it: for long.
    Wasteful,
}

/// What a client has taken, and how.
#[derive(Debug, Default)]
pub(super) struct Habits {
    /// Whether it has taken its last article at once.
    prompt: AtomicBool,
    /// The bytes that it took.
    taken: AtomicU64,
    /// The bytes that were fetched twice because it did not take them.
    wasted: AtomicU64,
}

impl Habits {
    /// How far it is trusted with an article as large as they typically are, if that is known.
    pub(super) fn trust(&self, typical: Option<usize>) -> Trust {
        let [taken, wasted] =
            [&self.taken, &self.wasted].map(|bytes| bytes.load(Ordering::Relaxed));
        match self.prompt.load(Ordering::Relaxed) {
            _ if taken < wasted.saturating_mul(TAKEN_FOR_WASTED) => Trust::Wasteful,
            true => Trust::Prompt,
            // Before the first article nobody can have filled the memory, and small ones cost little.
            false if typical.is_none_or(|size| size <= SMALL) => Trust::Prompt,
            false => Trust::Unproven,
        }
    }

    /// It took a reply of this size, so long after that was fetched.
    pub(super) fn was_taken(&self, bytes: usize, time: Duration) {
        self.taken.fetch_add(bytes as u64, Ordering::Relaxed);
        if bytes > SMALL {
            self.prompt.store(time < SLOW, Ordering::Relaxed);
        }
    }

    /// So much has to be fetched again because it did not take it.
    pub(super) fn was_wasted(&self, bytes: usize) {
        self.wasted.fetch_add(bytes as u64, Ordering::Relaxed);
        self.prompt.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 1024 * 1024;

    #[test]
    fn a_client_is_trusted_once_it_has_taken_an_article_and_64_times_what_it_has_wasted() {
        let habits = Habits::default();
        let trust = || habits.trust(Some(SIZE));
        assert_eq!(trust(), Trust::Unproven);
        habits.was_taken(SIZE, Duration::ZERO);
        assert_eq!(trust(), Trust::Prompt);
        habits.was_wasted(SIZE);
        for _ in 0..63 {
            assert_eq!(trust(), Trust::Wasteful);
            habits.was_taken(SIZE, Duration::ZERO);
        }
        assert_eq!(trust(), Trust::Prompt);
        habits.was_taken(SIZE, SLOW);
        assert_eq!(trust(), Trust::Unproven);
    }

    #[test]
    fn small_articles_and_the_first_of_all_need_no_trust() {
        let habits = Habits::default();
        assert_eq!(habits.trust(None), Trust::Prompt);
        assert_eq!(habits.trust(Some(SMALL)), Trust::Prompt);
        assert_eq!(habits.trust(Some(SMALL + 1)), Trust::Unproven);
    }
}
