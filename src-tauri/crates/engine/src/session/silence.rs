//! Notices a client that says nothing for too long.

use std::pin::Pin;

use tokio::time::{Duration, Instant, Sleep, sleep_until};

/// The time since something last happened in a session. It has one timer, which is set again only when
/// it rings: a session may see thousands of events a second.
pub(super) struct Silence {
    since: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Silence {
    /// Begins now.
    pub(super) fn new() -> Self {
        let since = Instant::now();
        Self { since, timer: Box::pin(sleep_until(since)) }
    }

    /// Begins again.
    pub(super) fn restart(&mut self) {
        self.since = Instant::now();
    }

    /// Waits until nothing has happened for `limit`. Dropping the future loses nothing.
    pub(super) async fn reaches(&mut self, limit: Duration) {
        while self.since.elapsed() < limit {
            let end = self.since + limit;
            if self.timer.is_elapsed() || self.timer.deadline() > end {
                self.timer.as_mut().reset(end);
            }
            self.timer.as_mut().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn it_lasts_from_the_last_event_for_the_limit_of_that_moment() {
        let (mut silence, began) = (Silence::new(), Instant::now());
        for _ in 0..9 {
            drop(tokio::time::timeout(SECOND, silence.reaches(SECOND * 2)).await);
            silence.restart();
        }
        assert_eq!(began.elapsed(), SECOND * 9);
        silence.reaches(SECOND * 3).await;
        assert_eq!(began.elapsed(), SECOND * 12);
        silence.restart();
        drop(tokio::time::timeout(SECOND, silence.reaches(SECOND * 60)).await);
        silence.reaches(SECOND * 2).await;
        assert_eq!(began.elapsed(), SECOND * 14);
    }
}
