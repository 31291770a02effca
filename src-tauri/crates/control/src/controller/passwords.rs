//! Which passwords are known, how the store is where they are saved, and what it is to have.

use std::collections::BTreeMap;
use std::mem::replace;
use std::sync::Arc;
use std::time::Duration;

use api::snapshot::{KeepState, PasswordState, VaultState};
use nntp_proxy::config::Secret;
use secrets::{Owner, Secrets, StoreError, Vault};
use settings::{Credentials, Password, Provider, Settings, StoreKind};
use tokio::time::Instant;

/// How often a keyring that is not there is looked for.
const RETRY: Duration = Duration::from_secs(30);
/// Within this time nobody can have seen a dialog, let alone dismissed it.
const SILENT: Duration = Duration::from_secs(1);

/// What is known of one password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// It is saved.
    Saved(Password),
    /// It is in memory only.
    ThisSession(Password),
    /// There is none.
    Missing,
    /// It cannot be read; why.
    Failed(String),
    /// The store is closed.
    Closed,
}

impl Known {
    /// The password, where there is one.
    pub(super) fn password(&self) -> Option<&Password> {
        match self {
            Self::Saved(password) | Self::ThisSession(password) => Some(password),
            Self::Missing | Self::Failed(_) | Self::Closed => None,
        }
    }
}

/// The stores, each with what asks it.
pub(super) struct Stores {
    keyring: Secrets,
    in_vault: Secrets,
    vault: Arc<Vault>,
}

impl Stores {
    pub(super) fn new(keyring: Secrets, in_vault: Secrets, vault: Arc<Vault>) -> Self {
        Self { keyring, in_vault, vault }
    }
}

/// All passwords.
pub(super) struct Passwords {
    stores: Stores,
    used: StoreKind,
    known: BTreeMap<Owner, Known>,
    state: KeepState,
    retry_at: Option<Instant>,
    /// The stores whose dialog is waited for.
    awaited: Vec<StoreKind>,
}

/// What a store is to have for one owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Due {
    /// This.
    Have(Secret),
    /// Nothing.
    Nothing,
    /// What it has.
    AsIs,
}

impl Passwords {
    pub(super) fn new(stores: Stores, used: StoreKind) -> Self {
        Self {
            stores,
            used,
            known: BTreeMap::new(),
            state: KeepState::Open,
            retry_at: None,
            awaited: Vec::new(),
        }
    }

    /// How the store is.
    pub(super) fn state(&self) -> &KeepState {
        &self.state
    }

    /// Where passwords are saved.
    pub(super) fn used(&self) -> StoreKind {
        self.used
    }

    pub(super) fn store(&self, kind: StoreKind) -> Secrets {
        match kind {
            StoreKind::Keyring => self.stores.keyring.clone(),
            StoreKind::Vault => self.stores.in_vault.clone(),
        }
    }

    pub(super) fn vault(&self) -> Arc<Vault> {
        Arc::clone(&self.stores.vault)
    }

    /// How the vault is.
    pub(super) fn vault_state(&self) -> VaultState {
        let vault = &self.stores.vault;
        match (vault.exists(), vault.is_open()) {
            (false, _) => VaultState::None,
            (true, true) => VaultState::Open,
            (true, false) if vault.was_replaced() => VaultState::Other,
            (true, false) => VaultState::Closed,
        }
    }

    /// They are saved elsewhere from now on. Returns what was.
    pub(super) fn use_store(
        &mut self,
        kind: StoreKind,
        state: KeepState,
    ) -> (StoreKind, KeepState) {
        (replace(&mut self.used, kind), replace(&mut self.state, state))
    }

    /// Somebody else moved them: nothing is known of where they are now.
    pub(super) fn were_moved(&mut self, kind: StoreKind) {
        self.use_store(kind, KeepState::Open);
        self.known.retain(|_, known| matches!(known, Known::ThisSession(_)));
    }

    pub(super) fn known(&self, owner: &Owner) -> Option<&Known> {
        self.known.get(owner)
    }

    /// Takes what is known now, and returns what was.
    pub(super) fn learn(&mut self, owner: Owner, known: Option<Known>) -> Option<Known> {
        match known {
            Some(known) => self.known.insert(owner, known),
            None => self.known.remove(&owner),
        }
    }

    /// Records how a store answered, if it is the one where passwords are saved.
    pub(super) fn answered<T>(
        &mut self,
        kind: StoreKind,
        answer: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if kind != self.used {
            return answer;
        }
        if !matches!(answer, Err(StoreError::Absent(_))) {
            self.retry_at = None;
        }
        match &answer {
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
        answer
    }

    /// What was removed before the start is not to be read again, should it come back before it is deleted.
    pub(super) fn expect_deleted(&mut self, settings: &Settings) {
        let pending = settings.desktop.pending.iter();
        let removed = pending.filter(|one| one.store == self.used && !settings.has(&one.owner));
        self.known.extend(removed.map(|one| (one.owner.clone(), Known::Missing)));
    }

    /// Those that the settings need and nobody knows. One that is to be deleted is not read.
    pub(super) fn wanting(&self, settings: &Settings) -> Vec<Owner> {
        let is_wanting = |owner: &Owner| match self.known.get(owner) {
            Some(Known::Saved(_) | Known::ThisSession(_)) => false,
            Some(Known::Missing) => !settings.desktop.is_pending(self.used, owner),
            Some(Known::Failed(_) | Known::Closed) | None => true,
        };
        owners(settings).filter(is_wanting).collect()
    }

    /// Those of these owners of whom only the store may know what it has.
    pub(super) fn unread(&self, owners: &[Owner], settings: &Settings) -> Vec<Owner> {
        let is_unread = |owner: &&Owner| {
            settings.has(owner) && matches!(self.known.get(owner), Some(Known::Closed) | None)
        };
        owners.iter().filter(is_unread).cloned().collect()
    }

    /// What the pending passwords of a store are to be. Nothing is said of one that has to be read first.
    pub(super) fn due(&self, kind: StoreKind, settings: &Settings) -> Vec<(Owner, Due)> {
        let due = |owner: &Owner| match self.known.get(owner) {
            _ if kind != self.used || !settings.has(owner) => Some(Due::Nothing),
            Some(Known::Saved(password)) => Some(Due::Have(password.to_saved())),
            Some(Known::ThisSession(_) | Known::Missing) => Some(Due::Nothing),
            Some(Known::Failed(_)) => Some(Due::AsIs),
            Some(Known::Closed) | None => {
                let is_needed = owners(settings).any(|needed| needed == *owner);
                (!is_needed).then_some(Due::AsIs)
            }
        };
        let pending = settings.desktop.pending.iter().filter(|pending| pending.store == kind);
        pending.filter_map(|pending| Some((pending.owner.clone(), due(&pending.owner)?))).collect()
    }

    /// Whether some could not be read because the store was closed.
    pub(super) fn some_are_closed(&self) -> bool {
        self.known.values().any(|known| *known == Known::Closed)
    }

    /// Takes what was read, where nothing better is known by now.
    pub(super) fn take(&mut self, reading: Reading, settings: &Settings) {
        if reading.from != self.used {
            return;
        }
        let Reading { found, refused, silent, .. } = reading;
        let absent = matches!(refused, Some(StoreError::Absent(_)));
        // It may come yet. To ask again must not show a dialog again.
        self.retry_at = (absent && silent).then(|| Instant::now() + RETRY);
        for (owner, read) in found {
            let known = self.known.entry(owner.clone()).or_insert(Known::Closed);
            if known.password().is_none() {
                *known = match read {
                    Known::Saved(password) => {
                        Known::Saved(password.adopt(settings.provider_of(&owner)))
                    }
                    other => other,
                };
            }
        }
    }

    /// Those of these owners cannot be read before the store is open.
    pub(super) fn close(&mut self, owners: Vec<Owner>) {
        self.known.extend(owners.into_iter().map(|owner| (owner, Known::Closed)));
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

    /// Those that are saved, in the form in which they are.
    pub(super) fn saved(&self) -> Vec<(Owner, Secret)> {
        let saved = self.known.iter().filter_map(|(owner, known)| match known {
            Known::Saved(password) => Some((owner.clone(), password.to_saved())),
            Known::ThisSession(_) | Known::Missing | Known::Failed(_) | Known::Closed => None,
        });
        saved.collect()
    }

    /// All that can be used.
    pub(super) fn credentials(&self) -> Credentials {
        let mut credentials = Credentials::default();
        for (owner, known) in &self.known {
            let Some(password) = known.password() else { continue };
            match owner {
                Owner::Provider(id) => {
                    credentials.providers.insert(id.clone(), password.clone());
                }
                Owner::Client(name) => {
                    let secret = password.for_program().cloned();
                    credentials.clients.extend(secret.map(|secret| (name.clone(), secret)));
                }
            }
        }
        credentials
    }

    /// Whether a provider's is there.
    pub(super) fn of(&self, provider: &Provider) -> PasswordState {
        if !provider.needs_password() {
            return PasswordState::NotNeeded;
        }
        match self.known.get(&Owner::Provider(provider.id.clone())) {
            Some(Known::Saved(password) | Known::ThisSession(password))
                if password.for_provider(provider).is_none() =>
            {
                PasswordState::Elsewhere
            }
            Some(Known::Saved(_)) => PasswordState::Kept,
            Some(Known::ThisSession(_)) => PasswordState::ThisSession,
            Some(Known::Missing | Known::Failed(_)) => PasswordState::Missing,
            Some(Known::Closed) | None => PasswordState::Closed,
        }
    }

    /// Whether what is saved for a provider, and may not be known yet, is for it as it is entered now. `before` is what
    /// the settings have.
    pub(super) fn stays_for(&self, provider: &Provider, before: Option<&Provider>) -> bool {
        if !provider.needs_password() {
            return true;
        }
        match self.known.get(&Owner::Provider(provider.id.clone())) {
            Some(Known::Saved(password) | Known::ThisSession(password)) => {
                password.for_provider(provider).is_some()
            }
            // There is none that could go anywhere.
            Some(Known::Missing) => true,
            Some(Known::Failed(_) | Known::Closed) | None => before.is_none_or(|before| {
                !before.needs_password() || provider.may_use_password_of(before)
            }),
        }
    }
}

/// Whose passwords the settings need.
fn owners(settings: &Settings) -> impl Iterator<Item = Owner> {
    let providers = settings.providers.iter().filter(|provider| provider.needs_password());
    let providers = providers.map(|provider| Owner::Provider(provider.id.clone()));
    let clients = settings.clients.iter().map(|client| Owner::Client(client.name.clone()));
    providers.chain(clients)
}

/// What came of reading some passwords.
pub(super) struct Reading {
    from: StoreKind,
    found: Vec<(Owner, Known)>,
    /// Why the last could not be read, and the others were not tried.
    refused: Option<StoreError>,
    silent: bool,
}

impl Reading {
    /// How the store answered; none if it was not asked.
    pub(super) fn answer(&self) -> Option<Result<(), StoreError>> {
        let answer = self.refused.clone().map_or(Ok(()), Err);
        (!self.found.is_empty()).then_some(answer)
    }
}

/// Reads the passwords of `owners`, until the store refuses: it is not to be asked as often as there are passwords.
pub(super) async fn read(secrets: &Secrets, from: StoreKind, owners: Vec<Owner>) -> Reading {
    let began = Instant::now();
    let (mut found, mut refused) = (Vec::new(), None);
    for owner in owners {
        let known = match refused {
            Some(_) => Known::Closed,
            None => match secrets.get(&owner).await {
                Ok(Some(saved)) => Known::Saved(Password::from_saved(saved)),
                Ok(None) => Known::Missing,
                Err(StoreError::Failed(said)) => Known::Failed(said),
                Err(error) => {
                    refused = Some(error);
                    Known::Closed
                }
            },
        };
        found.push((owner, known));
    }
    Reading { from, found, refused, silent: began.elapsed() < SILENT }
}
