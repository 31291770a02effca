//! A timer for waits of which there are thousands a second, and that are seldom in vain.
//!
//! Setting one of the runtime's timers takes a lock, and wakes the thread that waits for sockets if no
//! other timer rings earlier. This one is set again only when it rings too early, or would ring too
//! late.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that is kept from wait to wait. See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Is ready at `end`, which may be another moment in each call.
    pub(crate) fn poll_until(&mut self, end: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(end)));
        loop {
            if sleep.deadline() > end {
                sleep.as_mut().reset(end);
            }
            ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() == end {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn it_rings_at_the_end_of_each_wait_whatever_it_was_set_to_before() {
        let (mut timer, began) = (Timer::default(), Instant::now());
        for end in [9, 5, 7, 7, 8, 8, 20] {
            let end = began + SECOND * end;
            let waits = poll_fn(|cx| timer.poll_until(end, cx));
            drop(tokio::time::timeout(SECOND, waits).await);
        }
        assert_eq!(began.elapsed(), SECOND * 7);
        for end in [12, 9, 30] {
            poll_fn(|cx| timer.poll_until(began + SECOND * end, cx)).await;
            assert_eq!(began.elapsed(), SECOND * end.max(12));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_ends_later_than_the_one_before_sets_nothing() {
        let (mut timer, began) = (Timer::default(), Instant::now());
        for (end, set) in [(5, 5), (7, 5), (9, 5), (3, 3)] {
            let waits = poll_fn(|cx| timer.poll_until(began + SECOND * end, cx));
            assert!(tokio::time::timeout(Duration::ZERO, waits).await.is_err());
            assert_eq!(timer.0.as_ref().unwrap().deadline(), began + SECOND * set);
        }
    }
}
