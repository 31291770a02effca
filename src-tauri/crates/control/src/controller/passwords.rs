//! Which passwords are known, and what the stores are to have.

use std::collections::BTreeMap;

use api::snapshot::PasswordState;
use nntp_proxy::config::Secret;
use secrets::Owner;
use settings::{Client, Credentials, Password, Provider, Settings, StoreKind};

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

/// All passwords. Where they are saved is in the settings.
#[derive(Debug, Default)]
pub(super) struct Passwords(BTreeMap<Owner, Known>);

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
    pub(super) fn known(&self, owner: &Owner) -> Option<&Known> {
        self.0.get(owner)
    }

    /// Takes what is known now, and returns what was.
    pub(super) fn learn(&mut self, owner: Owner, known: Option<Known>) -> Option<Known> {
        match known {
            Some(known) => self.0.insert(owner, known),
            None => self.0.remove(&owner),
        }
    }

    /// What was removed before the start is not to be read again, should it come back before it is deleted.
    pub(super) fn expect_deleted(&mut self, settings: &Settings) {
        let pending = settings.desktop.pending.iter();
        let removed = pending
            .filter(|one| one.store == settings.desktop.passwords && !settings.has(&one.owner));
        self.0.extend(removed.map(|one| (one.owner.clone(), Known::Missing)));
    }

    /// Those that the settings need and nobody knows. One that is to be deleted is not read.
    pub(super) fn wanting(&self, settings: &Settings) -> Vec<Owner> {
        let is_wanting = |owner: &Owner| match self.0.get(owner) {
            Some(Known::Saved(_) | Known::ThisSession(_)) => false,
            Some(Known::Missing) => !settings.desktop.is_pending(settings.desktop.passwords, owner),
            Some(Known::Failed(_) | Known::Closed) | None => true,
        };
        owners(settings).filter(is_wanting).collect()
    }

    /// Those of these owners of whom only the store may know what it has.
    pub(super) fn unread(&self, owners: &[Owner], settings: &Settings) -> Vec<Owner> {
        let is_unread = |owner: &&Owner| {
            settings.has(owner) && matches!(self.0.get(owner), Some(Known::Closed) | None)
        };
        owners.iter().filter(is_unread).cloned().collect()
    }

    /// What the pending passwords of a store are to be. Nothing is said of one that has to be read first.
    pub(super) fn due(&self, kind: StoreKind, settings: &Settings) -> Vec<(Owner, Due)> {
        let due = |owner: &Owner| match self.0.get(owner) {
            _ if kind != settings.desktop.passwords || !settings.has(owner) => Some(Due::Nothing),
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
        self.0.values().any(|known| *known == Known::Closed)
    }

    /// Takes what was read, where nothing better is known by now.
    pub(super) fn take(&mut self, found: Vec<(Owner, Known)>, settings: &Settings) {
        for (owner, read) in found {
            let known = self.0.entry(owner.clone()).or_insert(Known::Closed);
            if known.password().is_none() {
                *known = match read {
                    Known::Saved(password) => {
                        Known::Saved(password.adopt(&owner, settings.provider_of(&owner)))
                    }
                    other => other,
                };
            }
        }
    }

    /// Somebody else moved them: nothing is known of where they are now.
    pub(super) fn forget_saved(&mut self) {
        self.0.retain(|_, known| matches!(known, Known::ThisSession(_)));
    }

    /// Those of these owners cannot be read before the store is open.
    pub(super) fn close(&mut self, owners: Vec<Owner>) {
        self.0.extend(owners.into_iter().map(|owner| (owner, Known::Closed)));
    }

    /// Those that are saved, in the form in which they are.
    pub(super) fn saved(&self) -> Vec<(Owner, Secret)> {
        let saved = self.0.iter().filter_map(|(owner, known)| match known {
            Known::Saved(password) => Some((owner.clone(), password.to_saved())),
            Known::ThisSession(_) | Known::Missing | Known::Failed(_) | Known::Closed => None,
        });
        saved.collect()
    }

    /// All that can be used.
    pub(super) fn credentials(&self) -> Credentials {
        let mut credentials = Credentials::default();
        for (owner, known) in &self.0 {
            let Some(password) = known.password() else { continue };
            match owner {
                Owner::Provider(id) => {
                    credentials.providers.insert(id.clone(), password.clone());
                }
                Owner::Proxy(id) => {
                    credentials.proxies.insert(id.clone(), password.clone());
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
        self.state(&provider.owner(), |password| password.for_provider(provider).is_some())
    }

    /// Whether that of a provider's proxy is there.
    pub(super) fn of_proxy(&self, provider: &Provider) -> PasswordState {
        if !provider.needs_proxy_password() {
            return PasswordState::NotNeeded;
        }
        self.state(&provider.proxy_owner(), |password| password.for_proxy_of(provider).is_some())
    }

    /// How one is there that `fits`.
    fn state(&self, owner: &Owner, fits: impl Fn(&Password) -> bool) -> PasswordState {
        match self.0.get(owner) {
            Some(Known::Saved(password) | Known::ThisSession(password)) if !fits(password) => {
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
        let was_for_it =
            |before: &Provider| !before.needs_password() || provider.may_use_password_of(before);
        !provider.needs_password()
            || self
                .stays(&provider.owner(), |password| password.for_provider(provider).is_some())
                .unwrap_or_else(|| before.is_none_or(was_for_it))
    }

    /// The same for what is saved for its proxy.
    pub(super) fn stays_for_proxy(&self, provider: &Provider, before: Option<&Provider>) -> bool {
        let was_for_it =
            |before: &Provider| !before.needs_proxy_password() || provider.has_proxy_of(before);
        let owner = provider.proxy_owner();
        !provider.needs_proxy_password()
            || self
                .stays(&owner, |password| password.for_proxy_of(provider).is_some())
                .unwrap_or_else(|| before.is_none_or(was_for_it))
    }

    /// Whether what is known of one is that it `fits`, or that there is none that could go anywhere.
    fn stays(&self, owner: &Owner, fits: impl Fn(&Password) -> bool) -> Option<bool> {
        match self.0.get(owner) {
            Some(Known::Saved(password) | Known::ThisSession(password)) => Some(fits(password)),
            Some(Known::Missing) => Some(true),
            Some(Known::Failed(_) | Known::Closed) | None => None,
        }
    }
}

/// Whose passwords the settings need.
fn owners(settings: &Settings) -> impl Iterator<Item = Owner> {
    let providers = settings.providers.iter().filter(|provider| provider.needs_password());
    let providers = providers.map(Provider::owner);
    let proxies = settings.providers.iter().filter(|provider| provider.needs_proxy_password());
    let clients = settings.logins().map(Client::owner);
    providers.chain(proxies.map(Provider::proxy_owner)).chain(clients)
}
