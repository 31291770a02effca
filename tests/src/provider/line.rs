//! The line to a provider, which all its connections share.

use std::sync::{Mutex, PoisonError};

use tokio::time::{Duration, Instant, sleep_until};

/// What is sent at once on a line that is not slow, in bytes.
const PIECE: usize = 64 * 1024;
/// On a slow line pieces are smaller: so many a second.
const PIECES_A_SECOND: u32 = 50;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Line(Mutex<Use>);

#[derive(Debug)]
struct Use {
    /// Bytes a second; none: as many as you like.
    rate: Option<u32>,
    /// When all that was sent so far has passed.
    free_at: Option<Instant>,
}

impl Line {
    pub(super) fn new(rate: Option<u32>) -> Self {
        Self(Mutex::new(Use { rate, free_at: None }))
    }

    pub(super) fn set_rate(&self, rate: Option<u32>) {
        self.change(|line| line.rate = rate);
    }

    /// How many bytes go at once.
    pub(super) fn piece(&self) -> usize {
        let rate = self.change(|line| line.rate);
        rate.map_or(PIECE, |rate| (rate / PIECES_A_SECOND).max(1) as usize).min(PIECE)
    }

    /// Waits until so many bytes have passed, behind those of the other connections.
    pub(super) async fn pass(&self, bytes: usize) {
        let passed = self.change(|line| {
            let time = Duration::from_secs(1) * u32::try_from(bytes).ok()? / line.rate?;
            let began = line.free_at.map_or_else(Instant::now, |at| at.max(Instant::now()));
            line.free_at = Some(began + time);
            line.free_at
        });
        if let Some(passed) = passed {
            sleep_until(passed).await;
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Use) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
