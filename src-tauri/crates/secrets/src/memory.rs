//! Secrets that are forgotten when the process ends. It fails when told to: tests take it for a keyring.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nntp_proxy::config::Secret;

use super::{Owner, Store, StoreError};

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    secrets: BTreeMap<Owner, Secret>,
    next: VecDeque<Option<StoreError>>,
    always: Option<StoreError>,
    calls: usize,
}

impl MemoryStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next call fails so. Several are taken in order.
    pub fn fail_once(&self, error: StoreError) {
        self.lock().next.push_back(Some(error));
    }

    /// After so many calls that succeed, one fails so.
    pub fn fail_after(&self, calls: usize, error: StoreError) {
        let mut inner = self.lock();
        inner.next.extend((0..calls).map(|_| None).chain([Some(error)]));
    }

    /// Every call fails so from now on; none ends that.
    pub fn fail_always(&self, error: Option<StoreError>) {
        self.lock().always = error;
    }

    /// How often it was called.
    pub fn calls(&self) -> usize {
        self.lock().calls
    }

    /// What it holds, whether it fails or not.
    pub fn secrets(&self) -> BTreeMap<Owner, Secret> {
        self.lock().secrets.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self) -> Result<MutexGuard<'_, Inner>, StoreError> {
        let mut inner = self.lock();
        inner.calls += 1;
        match inner.next.pop_front().unwrap_or_else(|| inner.always.clone()) {
            Some(error) => Err(error),
            None => Ok(inner),
        }
    }
}

impl Store for MemoryStore {
    fn get(&self, owner: &Owner) -> Result<Option<Secret>, StoreError> {
        Ok(self.call()?.secrets.get(owner).cloned())
    }

    fn set(&self, owner: &Owner, secret: &Secret) -> Result<(), StoreError> {
        self.call()?.secrets.insert(owner.clone(), secret.clone());
        Ok(())
    }

    fn delete(&self, owner: &Owner) -> Result<(), StoreError> {
        self.call()?.secrets.remove(owner);
        Ok(())
    }
}
