//! Which passwords are known, and how the place is where they are kept.

use std::collections::BTreeMap;
use std::mem::replace;
use std::sync::Arc;
use std::time::Duration;

use nntp_proxy::config::Secret;
use tokio::time::Instant;

use secrets::{Owner, Secrets, StoreError, Vault};

use super::debts::{Debt, Debts};
use crate::credentials::Credentials;
use crate::password::{Password, Server};
use crate::settings::{Keep, Provider, Settings};
use crate::snapshot::{KeepState, PasswordState, VaultState};

/// How often a keyring that is not there is looked for.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// Within this time nobody can have seen a dialog, let alone dismissed it.
const SILENT: Duration = Duration::from_secs(1);

/// What is known of one password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// It is kept.
    Kept(Password),
    /// It is in memory only.
    ThisSession(Password),
    /// There is none.
    Missing,
    /// It cannot be read; why.
    Failed(String),
    /// The place is closed.
    Closed,
}

/// The places, each with what asks it.
pub(super) struct Places {
    pub(super) keyring: Secrets,
    pub(super) in_vault: Secrets,
    pub(super) vault: Arc<Vault>,
}

/// All passwords.
pub(super) struct Passwords {
    places: Places,
    keep: Keep,
    known: BTreeMap<Owner, Known>,
    state: KeepState,
    look_again: Option<Instant>,
    debts: Debts,
    /// The places whose dialog is waited for.
    waits: Vec<Keep>,
}

/// What came of reading some.
pub(super) struct Reading {
    from: Keep,
    found: Vec<(Owner, Known)>,
    /// Why the last could not be read, and the others were not tried.
    pub(super) refused: Option<StoreError>,
    silent: bool,
}

impl Passwords {
    pub(super) fn new(places: Places, keep: Keep) -> Self {
        Self {
            places,
            keep,
            known: BTreeMap::new(),
            state: KeepState::Open,
            look_again: None,
            debts: Debts::default(),
            waits: Vec::new(),
        }
    }

    /// How the place is.
    pub(super) fn state(&self) -> &KeepState {
        &self.state
    }

    /// Where they are kept.
    pub(super) fn keep(&self) -> Keep {
        self.keep
    }

    pub(super) fn place(&self, keep: Keep) -> Secrets {
        match keep {
            Keep::Keyring => self.places.keyring.clone(),
            Keep::Vault => self.places.in_vault.clone(),
        }
    }

    pub(super) fn vault(&self) -> Arc<Vault> {
        Arc::clone(&self.places.vault)
    }

    /// How the vault is.
    pub(super) fn vault_state(&self) -> VaultState {
        let vault = &self.places.vault;
        match (vault.exists(), vault.is_open()) {
            (false, _) => VaultState::None,
            (true, true) => VaultState::Open,
            (true, false) if vault.was_replaced() => VaultState::Other,
            (true, false) => VaultState::Closed,
        }
    }

    /// What the places are to have.
    pub(super) fn debts(&mut self) -> &mut Debts {
        &mut self.debts
    }

    /// They are kept elsewhere from now on. Gives what was.
    pub(super) fn move_to(&mut self, keep: Keep, state: KeepState) -> (Keep, KeepState) {
        (replace(&mut self.keep, keep), replace(&mut self.state, state))
    }

    /// They were moved by somebody else: nothing is known of where they are now.
    pub(super) fn were_moved(&mut self, keep: Keep) {
        self.move_to(keep, KeepState::Open);
        self.known.retain(|_, known| matches!(known, Known::ThisSession(_)));
    }

    pub(super) fn known(&self, owner: &Owner) -> Option<&Known> {
        self.known.get(owner)
    }

    /// Takes what is known now, and gives what was.
    pub(super) fn learn(&mut self, owner: Owner, known: Option<Known>) -> Option<Known> {
        match known {
            Some(known) => self.known.insert(owner, known),
            None => self.known.remove(&owner),
        }
    }

    /// Takes note of how a place answered, if it is the one where they are kept.
    pub(super) fn heard<T>(
        &mut self,
        place: Keep,
        answer: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if place != self.keep {
            return answer;
        }
        if !matches!(answer, Err(StoreError::Absent(_))) {
            self.look_again = None;
        }
        match &answer {
            Ok(_) => self.state = KeepState::Open,
            // Whatever was asked is answered.
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

    /// Those that the settings need and nobody knows. What a place has instead of what it is to have is not
    /// read.
    pub(super) fn wanting(&self, settings: &Settings) -> Vec<Owner> {
        let is_known = |owner: &Owner| {
            matches!(self.known.get(owner), Some(Known::Kept(_) | Known::ThisSession(_)))
                || self.debts.of(self.keep, owner).is_some()
        };
        owners(settings).filter(|owner| !is_known(owner)).collect()
    }

    /// Whether some could not be read because the place was closed.
    pub(super) fn some_are_closed(&self) -> bool {
        self.known.values().any(|known| *known == Known::Closed)
    }

    /// What the place is to have when what is kept now is given up; nothing where only the place knows.
    pub(super) fn before(&self, owner: &Owner, settings: &Settings) -> Option<Option<Secret>> {
        if let Some(due) = self.debts.of(self.keep, owner) {
            return Some(due.clone());
        }
        match self.known.get(owner) {
            Some(Known::Kept(password)) => Some(Some(password.to_kept())),
            Some(Known::Missing) => Some(None),
            // One that was not needed until now was never read.
            None if is_in(settings, owner) => None,
            None => Some(None),
            Some(Known::ThisSession(_) | Known::Failed(_) | Known::Closed) => None,
        }
    }

    /// Takes what was read, where nothing better is known by now. How the place is was heard before.
    pub(super) fn take(&mut self, reading: Reading, settings: &Settings) {
        if reading.from != self.keep {
            return;
        }
        let Reading { found, refused, silent, .. } = reading;
        let absent = matches!(refused, Some(StoreError::Absent(_)));
        // It may come yet. To ask again must not show a dialog again.
        self.look_again = (absent && silent).then(|| Instant::now() + LOOK_AGAIN);
        for (owner, read) in found {
            let known = self.known.entry(owner.clone()).or_insert(Known::Closed);
            if !matches!(known, Known::Kept(_) | Known::ThisSession(_)) {
                *known = match read {
                    Known::Kept(password) => {
                        Known::Kept(password.adopt(provider_of(settings, &owner)))
                    }
                    other => other,
                };
            }
        }
    }

    /// Those of these owners cannot be had before the place is open.
    pub(super) fn close(&mut self, owners: Vec<Owner>) {
        self.known.extend(owners.into_iter().map(|owner| (owner, Known::Closed)));
    }

    /// Whether it is time to look for a keyring that was not there.
    pub(super) fn is_to_look_again(&mut self) -> bool {
        self.look_again.take_if(|at| *at <= Instant::now()).is_some()
    }

    /// What the place is to have for those whom nobody knows is known.
    pub(super) fn know_what_is_owed(&mut self, settings: &Settings) {
        for owner in owners(settings) {
            if let Some(due) = self.debts.of(self.keep, &owner) {
                let due = known_as(due.clone(), provider_of(settings, &owner));
                self.known.entry(owner).or_insert(due);
            }
        }
    }

    /// A place has what it was to have.
    pub(super) fn paid(&mut self, place: Keep, debts: Vec<Debt>, settings: &Settings) {
        for Debt { owner, due } in debts {
            let known = self.known.get_mut(&owner).filter(|_| place == self.keep);
            if let Some(known @ (Known::Missing | Known::Failed(_) | Known::Closed)) = known {
                *known = known_as(due, provider_of(settings, &owner));
            }
        }
    }

    /// A dialog of this place is waited for. Whether that is new.
    pub(super) fn wait(&mut self, place: Keep) -> bool {
        let is_new = !self.waits.contains(&place);
        self.waits.extend(is_new.then_some(place));
        is_new
    }

    /// It was answered.
    pub(super) fn wait_no_more(&mut self, place: Keep) {
        self.waits.retain(|waits| *waits != place);
    }

    /// Nothing is asked of the place.
    pub(super) fn rest(&mut self) {
        if !self.waits.contains(&self.keep) {
            self.state = KeepState::Open;
        }
    }

    /// Those that are kept, with their owners, in the form in which they are.
    pub(super) fn kept(&self) -> Vec<(Owner, Secret)> {
        let kept = self.known.iter().filter_map(|(owner, known)| match known {
            Known::Kept(password) => Some((owner.clone(), password.to_kept())),
            Known::ThisSession(_) | Known::Missing | Known::Failed(_) | Known::Closed => None,
        });
        kept.collect()
    }

    /// All that can be used.
    pub(super) fn credentials(&self) -> Credentials {
        let mut credentials = Credentials::default();
        for (owner, known) in &self.known {
            let (Known::Kept(password) | Known::ThisSession(password)) = known else { continue };
            match owner {
                Owner::Provider(id) => {
                    credentials.providers.insert(id.clone(), password.clone());
                }
                Owner::Client(name) => {
                    let secret =
                        password.for_program().map(|secret| (name.clone(), secret.clone()));
                    credentials.clients.extend(secret);
                }
            }
        }
        credentials
    }

    /// Whether a provider's is there.
    pub(super) fn of(&self, provider: &Provider) -> PasswordState {
        if !needs_password(provider) {
            return PasswordState::NotNeeded;
        }
        match self.known.get(&Owner::Provider(provider.id.clone())) {
            Some(Known::Kept(password) | Known::ThisSession(password))
                if password.for_provider(provider).is_none() =>
            {
                PasswordState::Elsewhere
            }
            Some(Known::Kept(_)) => PasswordState::Kept,
            Some(Known::ThisSession(_)) => PasswordState::ThisSession,
            Some(Known::Missing | Known::Failed(_)) => PasswordState::Missing,
            Some(Known::Closed) | None => PasswordState::Closed,
        }
    }

    /// Whether what is kept for a provider, and may not be known yet, is for it as it is entered now. `before` is what
    /// the settings have.
    pub(super) fn stays_for(&self, provider: &Provider, before: Option<&Provider>) -> bool {
        if !needs_password(provider) {
            return true;
        }
        match self.known.get(&Owner::Provider(provider.id.clone())) {
            Some(Known::Kept(password) | Known::ThisSession(password)) => {
                password.for_provider(provider).is_some()
            }
            // There is none that could go anywhere.
            Some(Known::Missing) => true,
            Some(Known::Failed(_) | Known::Closed) | None => before.is_none_or(|before| {
                !needs_password(before) || Server::of(before).allows(&Server::of(provider))
            }),
        }
    }
}

/// What a place is to have, as it is known.
fn known_as(due: Option<Secret>, provider: Option<&Provider>) -> Known {
    let password = |kept| Known::Kept(Password::from_kept(kept).adopt(provider));
    due.map_or(Known::Missing, password)
}

fn provider_of<'a>(settings: &'a Settings, owner: &Owner) -> Option<&'a Provider> {
    match owner {
        Owner::Provider(id) => settings.providers.iter().find(|provider| provider.id == *id),
        Owner::Client(_) => None,
    }
}

pub(super) fn needs_password(provider: &Provider) -> bool {
    provider.username.as_deref().is_some_and(|user| !user.is_empty())
}

/// Whether the settings have this one, whether he needs a password or not.
fn is_in(settings: &Settings, owner: &Owner) -> bool {
    match owner {
        Owner::Provider(id) => settings.providers.iter().any(|provider| provider.id == *id),
        Owner::Client(name) => settings.clients.iter().any(|client| client.name == *name),
    }
}

/// Whose passwords the settings need.
fn owners(settings: &Settings) -> impl Iterator<Item = Owner> {
    let providers = settings.providers.iter().filter(|provider| needs_password(provider));
    let providers = providers.map(|provider| Owner::Provider(provider.id.clone()));
    let clients = settings.clients.iter().map(|client| Owner::Client(client.name.clone()));
    providers.chain(clients)
}

/// Reads the passwords of `owners`, until the place refuses: it is not to be asked as often as there are
/// passwords.
pub(super) async fn read(secrets: Secrets, from: Keep, owners: Vec<Owner>) -> Reading {
    let began = Instant::now();
    let (mut found, mut refused) = (Vec::new(), None);
    for owner in owners {
        let known = match refused {
            Some(_) => Known::Closed,
            None => match secrets.get(&owner).await {
                Ok(Some(kept)) => Known::Kept(Password::from_kept(kept)),
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

impl Reading {
    /// Whether nothing was asked.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

/// Keeps a password, instead of what the place had `before`, where that is known. Gives what it had. When there
/// is no answer, it may yet be kept: then what it had is with the error.
pub(super) async fn keep(
    to: Secrets,
    owner: Owner,
    secret: Secret,
    before: Option<Option<Secret>>,
) -> Result<Option<Secret>, (StoreError, Option<Option<Secret>>)> {
    let before = match before {
        Some(before) => before,
        None => match to.get(&owner).await {
            Ok(before) => before,
            // What cannot be read is what is replaced.
            Err(StoreError::Failed(_)) => None,
            Err(refused) => return Err((refused, None)),
        },
    };
    match to.set(&owner, &secret).await {
        Ok(()) => Ok(before),
        Err(StoreError::TimedOut) => Err((StoreError::TimedOut, Some(before))),
        Err(refused) => Err((refused, None)),
    }
}

/// Copies passwords, and reads each again to be sure.
pub(super) async fn copy(to: &Secrets, all: &[(Owner, Secret)]) -> Result<(), StoreError> {
    for (owner, secret) in all {
        to.set(owner, secret).await?;
        if to.get(owner).await?.as_ref() != Some(secret) {
            return Err(StoreError::Failed("a password was not kept as it was given".into()));
        }
    }
    Ok(())
}
