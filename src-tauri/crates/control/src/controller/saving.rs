//! Passwords and settings change together. First the settings mark whose password is about to change, then the store
//! gets it, then the settings change and the mark is gone. What was interrupted stays marked until
//! [`settle`](Controller::settle) has made the store agree with the settings, at the latest after the next start.

use api::request::{Failure, FailureCode, Remember, Reply};
use api::snapshot::KeepState;
use nntp_proxy::config::Secret;
use secrets::{Owner, Secrets, StoreError};
use settings::{Password, Settings, StoreKind};

use super::passwords::{Due, Known};
use super::reading::read;
use super::removed::Removed;
use super::run::Controller;

/// Passwords with their owners.
pub(super) type NewPasswords = Vec<(Owner, Password)>;

impl Controller {
    /// Saves passwords, and then changes the settings; both or neither.
    pub(super) fn save_with(
        &mut self,
        passwords: NewPasswords,
        remember: Remember,
        change: impl Fn(&mut Settings) -> Result<Reply, Failure> + Send + 'static,
        then: impl FnOnce(&mut Self, Result<Reply, Failure>) + Send + 'static,
    ) {
        let allowed = self.settings_file.allows(&change);
        if let Err(failure) = allowed {
            return then(self, Err(failure));
        }
        if passwords.is_empty() || remember == Remember::ThisSession {
            let done = self.change_knowing(passwords, Known::ThisSession, change);
            self.settle_where_open();
            return then(self, done);
        }
        let store = self.stores.used();
        let owners: Vec<_> = passwords.iter().map(|(owner, _)| owner.clone()).collect();
        if let Err(failure) = self.mark(store, &owners) {
            return then(self, Err(failure));
        }
        let (secrets, unread) =
            (self.stores.of(store), self.passwords.unread(&owners, self.settings()));
        let saved: Vec<_> = passwords
            .iter()
            .map(|(owner, password)| (owner.clone(), password.to_saved()))
            .collect();
        let saving = async move {
            let reading = read(&secrets, store, unread).await;
            let done = match reading.answer() {
                Some(Err(refused)) => Err(refused),
                Some(Ok(())) | None => set_all(&secrets, &saved).await,
            };
            (reading, done)
        };
        self.alone(saving, move |this, (reading, done)| {
            if reading.answer().is_some() {
                this.take(reading);
            }
            let done = this.answered(store, done).map_err(|error| not_saved(&error));
            let done = done.and_then(|()| {
                if store != this.stores.used() {
                    return Err(Failure::refused("passwords were moved meanwhile: try it again"));
                }
                this.change_knowing(passwords, Known::Saved, |settings| {
                    let reply = change(settings)?;
                    settings.desktop.unmark(store, &owners);
                    Ok(reply)
                })
            });
            if done.is_ok() && this.passwords.some_are_closed() {
                // The user has opened it for this one.
                this.read_passwords(Self::reconcile);
            }
            this.settle_where_open();
            then(this, done);
        });
    }

    /// Changes the settings, with passwords that are known from then on.
    fn change_knowing(
        &mut self,
        passwords: NewPasswords,
        known: impl Fn(Password) -> Known,
        change: impl FnOnce(&mut Settings) -> Result<Reply, Failure>,
    ) -> Result<Reply, Failure> {
        let mut before = Vec::new();
        for (owner, password) in passwords {
            before.push((owner.clone(), self.passwords.learn(owner, Some(known(password)))));
        }
        let done = self.change(change);
        if done.is_err() {
            for (owner, known) in before {
                self.passwords.learn(owner, known);
            }
        }
        done
    }

    /// Says in the settings that the passwords of these owners may be others than the store has.
    pub(super) fn mark(&mut self, store: StoreKind, owners: &[Owner]) -> Result<Reply, Failure> {
        self.set(|settings| settings.desktop.mark(store, owners))
    }

    /// Settles what can be settled without a dialog.
    pub(super) fn settle_where_open(&mut self) {
        if *self.stores.state() == KeepState::Open {
            self.settle(self.stores.used(), |_, _| ());
        }
    }

    /// Makes a store agree with the settings where passwords are marked, as soon as nothing else is under way with
    /// passwords. What can be put back is read before it is deleted, if only the store knows it.
    pub(super) fn settle(
        &mut self,
        store: StoreKind,
        then: impl FnOnce(&mut Self, Result<(), StoreError>) + Send + 'static,
    ) {
        self.when_idle(move |this| {
            let due = this.passwords.due(store, this.settings());
            if due.is_empty() || this.settings_file.is_read_only() {
                return then(this, Ok(()));
            }
            let unread = this.undo.removed.as_ref().map(Removed::unread).unwrap_or_default();
            let settling = settle(this.stores.of(store), due, unread);
            this.alone(settling, move |this, settled| {
                let answered = this.answered(store, settled.answered);
                if let Err(error) = &answered {
                    tracing::warn!("a saved password is not as it should be yet: {error}");
                }
                for (owner, secret) in settled.read {
                    let removed = this.undo.removed.iter_mut();
                    removed.for_each(|removed| removed.was_read(&owner, secret.clone()));
                }
                this.settled(store, settled.owners);
                then(this, answered);
            });
        });
    }

    fn settled(&mut self, store: StoreKind, owners: Vec<Owner>) {
        let unmarked = self.set(|settings| settings.desktop.unmark(store, &owners));
        if let Err(failure) = unmarked {
            tracing::warn!(
                "passwords will be checked again after the next start: {}",
                failure.message
            );
        }
        for owner in owners {
            if !self.settings().has(&owner) {
                self.passwords.learn(owner, None);
            }
        }
    }
}

/// What came of settling.
struct Settled {
    owners: Vec<Owner>,
    /// What was read before it was deleted.
    read: Vec<(Owner, Secret)>,
    /// How the store answered the last time.
    answered: Result<(), StoreError>,
}

/// Gives the store what it is to have, until it refuses. What it has for `unread` is not lost.
async fn settle(to: Secrets, due: Vec<(Owner, Due)>, unread: Vec<Owner>) -> Settled {
    let mut all = Settled { owners: Vec::new(), read: Vec::new(), answered: Ok(()) };
    for (owner, due) in due {
        let done = match due {
            Due::Have(secret) => to.set(&owner, &secret).await,
            Due::Nothing if unread.contains(&owner) => {
                take(&to, &owner).await.map(|read| all.read.extend(read))
            }
            Due::Nothing => to.delete(&owner).await,
            Due::AsIs => Ok(()),
        };
        match done {
            Ok(()) => all.owners.push(owner),
            Err(StoreError::Failed(said)) => all.answered = Err(StoreError::Failed(said)),
            Err(refused) => return Settled { answered: Err(refused), ..all },
        }
    }
    all
}

/// Reads and deletes.
async fn take(from: &Secrets, owner: &Owner) -> Result<Option<(Owner, Secret)>, StoreError> {
    let read = match from.get(owner).await {
        // It is no password.
        Err(StoreError::Failed(_)) => None,
        read => read?,
    };
    from.delete(owner).await?;
    Ok(read.map(|secret| (owner.clone(), secret)))
}

async fn set_all(to: &Secrets, all: &[(Owner, Secret)]) -> Result<(), StoreError> {
    for (owner, secret) in all {
        to.set(owner, secret).await?;
    }
    Ok(())
}

/// Why a password was not saved, to whoever entered it.
pub(super) fn not_saved(error: &StoreError) -> Failure {
    let code = match error {
        StoreError::Locked | StoreError::TimedOut => FailureCode::KeepClosed,
        StoreError::Closed => FailureCode::VaultClosed,
        StoreError::Absent(_) => FailureCode::KeepAbsent,
        StoreError::Failed(_) => FailureCode::Refused,
    };
    Failure::new(code, error.to_string())
}
