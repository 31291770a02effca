//! A mutex that a panic does not poison: no change made under one is left half done by what may panic.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(thing: T) -> Self {
        Self(Mutex::new(thing))
    }

    /// Waits for the thing.
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
