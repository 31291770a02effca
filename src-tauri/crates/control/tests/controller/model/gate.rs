//! A keyring that answers when the test lets it, and as it wants.

use std::sync::{Arc, Condvar, Mutex};

use nntp_proxy::config::Secret;
use secrets::memory::MemoryStore;
use secrets::{Owner, Store, StoreError};

/// A keyring behind a gate.
#[derive(Debug)]
pub(super) struct Gate {
    keyring: Arc<MemoryStore>,
    state: Mutex<State>,
    opened: Condvar,
}

#[derive(Debug, Default)]
struct State {
    held: bool,
    fails: bool,
    ended: bool,
}

impl Gate {
    pub(super) fn new(keyring: Arc<MemoryStore>) -> Self {
        let state = State { held: true, ..State::default() };
        Self { keyring, state: Mutex::new(state), opened: Condvar::new() }
    }

    /// Nothing is answered for now.
    pub(super) fn hold(&self) {
        self.state.lock().unwrap().held = true;
    }

    /// Everything is answered so from now on.
    pub(super) fn answer(&self, error: Option<StoreError>) {
        let mut state = self.state.lock().unwrap();
        (state.held, state.fails) = (false, error.is_some());
        self.keyring.fail_always(error);
        self.opened.notify_all();
    }

    pub(super) fn is_held(&self) -> bool {
        self.state.lock().unwrap().held
    }

    pub(super) fn fails(&self) -> bool {
        self.state.lock().unwrap().fails
    }

    /// The program that asks ends, and what it has asked is as if it never was.
    pub(super) fn end(&self) {
        let mut state = self.state.lock().unwrap();
        (state.held, state.ended) = (false, true);
        self.opened.notify_all();
    }

    fn pass<T>(
        &self,
        call: impl FnOnce(&MemoryStore) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let state = self.state.lock().unwrap();
        let state = self.opened.wait_while(state, |state| state.held).unwrap();
        if state.ended { Err(StoreError::Locked) } else { call(&self.keyring) }
    }
}

impl Store for Gate {
    fn get(&self, owner: &Owner) -> Result<Option<Secret>, StoreError> {
        self.pass(|keyring| keyring.get(owner))
    }
    fn set(&self, owner: &Owner, secret: &Secret) -> Result<(), StoreError> {
        self.pass(|keyring| keyring.set(owner, secret))
    }
    fn delete(&self, owner: &Owner) -> Result<(), StoreError> {
        self.pass(|keyring| keyring.delete(owner))
    }
}
