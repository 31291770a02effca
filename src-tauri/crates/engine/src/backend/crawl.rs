//! Notices a reply that brings next to nothing.

use tokio::time::{Duration, Instant};

/// How long to watch a reply before judging it.
const WATCH: Duration = Duration::from_secs(10);
/// A reply that brings less than this in that time crawls: even a modem brings more on each of its
/// connections.
const TRICKLE: usize = 4 * 1024;

/// What a reply has brought since a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recent {
    since: Instant,
    bytes: usize,
}

impl Recent {
    /// Begins now.
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), bytes: 0 }
    }

    /// Leaves out a time in which Newsmux itself held the reply back.
    pub(super) fn leave_out(&mut self, time: Duration) {
        self.since += time;
    }

    /// Counts bytes of the reply.
    pub(super) fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Whether the reply crawls, if it was watched for long enough.
    pub(super) fn crawls(&mut self) -> bool {
        self.since.elapsed() >= WATCH && std::mem::replace(self, Self::new()).bytes < TRICKLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_reply_crawls_that_brings_next_to_nothing_for_ten_seconds() {
        let mut recent = Recent::new();
        recent.add(TRICKLE - 1);
        assert!(!recent.crawls(), "too early to tell");
        tokio::time::advance(WATCH).await;
        assert!(recent.crawls());
        recent.add(TRICKLE);
        tokio::time::advance(WATCH).await;
        assert!(!recent.crawls());
    }
}
