//! The stores of passwords, which of them is used, and how that one is.

use std::mem::replace;
use std::sync::Arc;
use std::time::Duration;

use api::request::FailureCode;
use api::snapshot::{KeepState, VaultState};
use secrets::{Secrets, Store, StoreError, Vault};
use settings::StoreKind;
use tokio::time::Instant;

use super::reading::Reading;

/// How often a keyring that is not there is looked for.
const RETRY: Duration = Duration::from_secs(30);

/// The stores, each with what asks it.
pub(super) struct Stores {
    keyring: Secrets,
    in_vault: Secrets,
    vault: Arc<Vault>,
    used: StoreKind,
    state: KeepState,
    retry_at: Option<Instant>,
    /// The stores whose dialog is waited for.
    awaited: Vec<StoreKind>,
}

impl Stores {
    /// `limit` is how long an answer is waited for.
    pub(super) fn new(
        keyring: Arc<dyn Store>,
        vault: Arc<Vault>,
        limit: Duration,
        used: StoreKind,
    ) -> Self {
        Self {
            keyring: Secrets::with_limit(keyring, limit),
            in_vault: Secrets::with_limit(Arc::clone(&vault) as _, limit),
            vault,
            used,
            state: KeepState::Open,
            retry_at: None,
            awaited: Vec::new(),
        }
    }

    /// Where passwords are saved.
    pub(super) fn used(&self) -> StoreKind {
        self.used
    }

    /// How the store is that is used.
    pub(super) fn state(&self) -> &KeepState {
        &self.state
    }

    /// The code for what fails because the store in use is closed.
    pub(super) fn closed_code(&self) -> FailureCode {
        match self.state {
            KeepState::VaultClosed => FailureCode::VaultClosed,
            _ => FailureCode::KeepClosed,
        }
    }

    /// Another is used from now on. Returns what was.
    pub(super) fn switch(&mut self, kind: StoreKind, state: KeepState) -> (StoreKind, KeepState) {
        (replace(&mut self.used, kind), replace(&mut self.state, state))
    }

    pub(super) fn of(&self, kind: StoreKind) -> Secrets {
        match kind {
            StoreKind::Keyring => self.keyring.clone(),
            StoreKind::Vault => self.in_vault.clone(),
        }
    }

    pub(super) fn vault(&self) -> Arc<Vault> {
        Arc::clone(&self.vault)
    }

    /// How the vault is.
    pub(super) fn vault_state(&self) -> VaultState {
        match (self.vault.exists(), self.vault.is_open()) {
            (false, _) => VaultState::None,
            (true, true) => VaultState::Open,
            (true, false) if self.vault.was_replaced() => VaultState::Other,
            (true, false) => VaultState::Closed,
        }
    }

    /// Records how a store answered, if it is the one that is used.
    pub(super) fn answered<T>(&mut self, kind: StoreKind, answer: &Result<T, StoreError>) {
        if kind != self.used {
            return;
        }
        if !matches!(answer, Err(StoreError::Absent(_))) {
            self.retry_at = None;
        }
        match answer {
            Ok(_) => self.state = KeepState::Open,
            // The dialog is answered, whatever came of it.
            Err(StoreError::Failed(_)) if self.state == KeepState::Asking => {
                self.state = KeepState::Open;
            }
            Err(StoreError::Locked) => self.state = KeepState::Locked,
            Err(StoreError::Absent(said)) => self.state = KeepState::Absent { said: said.clone() },
            Err(StoreError::Closed) => self.state = KeepState::VaultClosed,
            Err(StoreError::TimedOut) => self.state = KeepState::Asking,
            Err(StoreError::Failed(_)) => {}
        }
    }

    /// A store that is not there may come yet. To ask again must not show a dialog again.
    pub(super) fn plan_retry(&mut self, reading: &Reading) {
        self.retry_at = reading.is_silently_absent().then(|| Instant::now() + RETRY);
    }

    /// Whether it is time to look for a keyring that was not there.
    pub(super) fn is_retry_due(&mut self) -> bool {
        self.retry_at.take_if(|at| *at <= Instant::now()).is_some()
    }

    /// A dialog of this store is waited for. Whether that is new.
    pub(super) fn wait(&mut self, kind: StoreKind) -> bool {
        let is_new = !self.awaited.contains(&kind);
        self.awaited.extend(is_new.then_some(kind));
        is_new
    }

    /// It was answered.
    pub(super) fn end_wait(&mut self, kind: StoreKind) {
        self.awaited.retain(|awaited| *awaited != kind);
    }

    /// Nobody needs anything of the store that is used.
    pub(super) fn need_nothing(&mut self) {
        if !self.awaited.contains(&self.used) {
            self.state = KeepState::Open;
        }
    }
}
