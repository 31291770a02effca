//! A connection whose bytes are counted, and held to the speed of the provider's line.

use std::io::{self, Write};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::Shop;

/// The least and the most that is written at once on a line with a limit, in bytes.
const PIECE: (usize, usize) = (4 * 1024, 64 * 1024);
/// What a sleep that took too long may be made up for by.
const SLACK: Duration = Duration::from_millis(5);

pub(super) struct Counted<'a, S> {
    pub(super) stream: S,
    pub(super) shop: &'a Shop,
}

impl<S: Write> Write for Counted<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = match self.shop.habits.speed {
            None => bytes,
            Some(speed) => {
                let most = usize::try_from(speed / 500).unwrap_or(PIECE.1).clamp(PIECE.0, PIECE.1);
                let piece = bytes.get(..most).unwrap_or(bytes);
                self.shop.wait_for_line(piece.len(), speed);
                piece
            }
        };
        let n = self.stream.write(piece)?;
        self.shop.counters.sent.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Shop {
    /// Waits until the line is free, and takes it for the time that so many bytes need.
    fn wait_for_line(&self, bytes: usize, speed: u64) {
        let mut free = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let begins = (*free).max(now.checked_sub(SLACK).unwrap_or(now));
        *free = begins + Duration::from_secs_f64(bytes as f64 / speed as f64);
        drop(free);
        thread::sleep(begins.saturating_duration_since(Instant::now()));
    }
}
