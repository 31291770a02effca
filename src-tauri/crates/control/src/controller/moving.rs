//! Opens the vault, and moves passwords from one store to the other.

use api::request::{Failure, FailureCode, Reply};
use api::snapshot::KeepState;
use nntp_proxy::config::Secret;
use secrets::{Owner, Secrets, StoreError, Vault, VaultError};
use settings::StoreKind;
use tokio::task::spawn_blocking;

use super::Answer;
use super::reading::is_refused;
use super::run::Controller;
use super::saving::not_saved;

impl Controller {
    /// Opens the vault, or makes it; passwords are saved there from now on.
    pub(super) fn open_vault(&mut self, passphrase: Secret, answer: Answer) {
        let done = if self.stores.vault().exists() { Ok(()) } else { self.may_save() };
        if let Err(failure) = done {
            return self.give(answer, Err(failure));
        }
        self.with_vault(answer, move |vault| {
            if vault.exists() { vault.open(&passphrase) } else { vault.create(&passphrase) }
        });
    }

    /// Makes a new vault in the place of the one whose passphrase is forgotten. What is known of the old one is saved in
    /// the new one; what was only there is missing then.
    pub(super) fn start_vault_over(&mut self, passphrase: Secret, answer: Answer) {
        if let Err(failure) = self.may_save() {
            return self.give(answer, Err(failure));
        }
        if self.stores.used() == StoreKind::Vault {
            let saved: Vec<_> =
                self.passwords.saved().into_iter().map(|(owner, _)| owner).collect();
            if let Err(failure) = self.mark(StoreKind::Vault, &saved) {
                return self.give(answer, Err(failure));
            }
        }
        self.with_vault(answer, move |vault| vault.start_over(&passphrase));
    }

    /// Gives the vault another passphrase.
    pub(super) fn change_passphrase(&mut self, old: Secret, new: Secret, answer: Answer) {
        if new.expose().is_empty() {
            return self.give(answer, Err(Failure::invalid("new", "the new passphrase is empty")));
        }
        if let Err(failure) = self.may_save() {
            return self.give(answer, Err(failure));
        }
        self.with_vault(answer, move |vault| vault.change_passphrase(&old, &new));
    }

    /// Whether the vault may be written. It belongs to the settings: another Newsmux that holds them uses it too.
    fn may_save(&self) -> Result<(), Failure> {
        Ok(self.settings_file.may_be_changed()?)
    }

    /// Does something that opens the vault; passwords are saved there from now on.
    fn with_vault(
        &mut self,
        answer: Answer,
        open: impl FnOnce(&Vault) -> Result<(), VaultError> + Send + 'static,
    ) {
        let vault = self.stores.vault();
        self.alone(spawn_blocking(move || open(&vault)), |this, opened| {
            let opened = opened.unwrap_or_else(|e| Err(VaultError::Failed(e.to_string())));
            if let Err(error) = opened {
                return this.give(answer, Err(not_opened(&error)));
            }
            if this.stores.used() != StoreKind::Vault {
                return this.move_to(StoreKind::Vault, answer);
            }
            this.read_passwords(|this| {
                this.reconcile();
                this.give(answer, Ok(Reply::Done));
            });
        });
    }

    /// Saves passwords elsewhere from now on.
    pub(super) fn use_store(&mut self, kind: StoreKind, answer: Answer) {
        if kind == self.stores.used() {
            return self.give(answer, Ok(Reply::Done));
        }
        if kind == StoreKind::Vault && !self.stores.vault().is_open() {
            let message = "the vault needs its passphrase first";
            return self.give(answer, Err(Failure::new(FailureCode::VaultClosed, message)));
        }
        let is_closed = match self.stores.state() {
            KeepState::Locked | KeepState::Asking | KeepState::VaultClosed => true,
            KeepState::Open | KeepState::Absent { .. } => false,
        };
        if is_closed && !self.passwords.wanting(self.settings()).is_empty() {
            let message = "unlock the passwords first, so that they can be moved";
            return self.give(answer, Err(Failure::new(self.stores.closed_code(), message)));
        }
        self.move_to(kind, answer);
    }

    /// Copies all that are known, changes the settings, and only then deletes where they were. What could
    /// not be read stays where it is.
    fn move_to(&mut self, kind: StoreKind, answer: Answer) {
        let (saved, to) = (self.passwords.saved(), self.stores.of(kind));
        let owners: Vec<_> = saved.iter().map(|(owner, _)| owner.clone()).collect();
        if let Err(failure) = self.mark(kind, &owners) {
            return self.give(answer, Err(failure));
        }
        self.alone(async move { copy(&to, &saved).await }, move |this, copied| {
            let copied = this.answered(kind, copied);
            let refused = is_refused(&copied);
            let done = copied.map_err(|error| not_saved(&error));
            let done = done.and_then(|()| this.switch_to(kind, &owners));
            let left = if done.is_ok() { kind.other() } else { kind };
            if !refused {
                this.settle(left, |this, _| this.read_passwords(Self::reconcile));
            }
            this.give(answer, done);
        });
    }

    /// Says so in the settings. What is left where they were is to be deleted there, but for what only that store knows.
    fn switch_to(&mut self, kind: StoreKind, owners: &[Owner]) -> Result<Reply, Failure> {
        let (left, state) = self.stores.switch(kind, KeepState::Open);
        let done = self.set(|settings| {
            let providers_and_clients = settings.clone();
            let desktop = &mut settings.desktop;
            desktop.passwords = kind;
            desktop.pending.retain(|pending| {
                pending.store != left || !providers_and_clients.has(&pending.owner)
            });
            desktop.unmark(kind, owners);
            desktop.mark(left, owners);
        });
        if done.is_err() {
            self.stores.switch(left, state);
        }
        done
    }
}

/// Copies passwords, and reads each again to be sure.
async fn copy(to: &Secrets, all: &[(Owner, Secret)]) -> Result<(), StoreError> {
    for (owner, secret) in all {
        to.set(owner, secret).await?;
        if to.get(owner).await?.as_ref() != Some(secret) {
            return Err(StoreError::Failed("a password was not saved as it was given".into()));
        }
    }
    Ok(())
}

fn not_opened(error: &VaultError) -> Failure {
    let message = error.to_string();
    match error {
        VaultError::WrongPassphrase => Failure {
            field: Some("passphrase".into()),
            ..Failure::new(FailureCode::WrongPassphrase, message)
        },
        VaultError::NoPassphrase => Failure::invalid("passphrase", message),
        VaultError::Exists
        | VaultError::Missing
        | VaultError::Unusable(_)
        | VaultError::Failed(_) => Failure::refused(message),
    }
}
