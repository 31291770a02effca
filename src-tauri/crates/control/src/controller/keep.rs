//! Where passwords are kept: reads them, opens the vault, moves them from one place to the other.

use nntp_proxy::config::Secret;
use secrets::{Owner, StoreError, Vault, VaultError};
use tokio::task::spawn_blocking;

use super::Answer;
use super::debts::pay;
use super::entries::not_kept;
use super::passwords::{copy, read};
use super::removed::Removed;
use super::run::Controller;
use crate::request::{Failure, FailureCode, Reply};
use crate::settings::Keep;
use crate::snapshot::KeepState;

impl Controller {
    /// Reads the passwords that are not known yet.
    pub(super) fn read_passwords(&mut self, then: impl FnOnce(&mut Self) + Send + 'static) {
        let wanting = self.passwords.wanting(self.keeper.settings());
        self.read_these(wanting, |this, _| then(this));
    }

    fn read_these(
        &mut self,
        owners: Vec<Owner>,
        then: impl FnOnce(&mut Self, Result<(), StoreError>) + Send + 'static,
    ) {
        let keep = self.passwords.keep();
        let reading = read(self.passwords.place(keep), keep, owners);
        self.alone(reading, move |this, reading| {
            let answered = reading.refused.clone().map_or(Ok(()), Err);
            let answered = if reading.is_empty() { answered } else { this.heard(keep, answered) };
            this.passwords.take(reading, this.keeper.settings());
            this.pay_where_open();
            then(this, answered);
        });
    }

    /// The settings may name somebody whose password nobody has looked for yet.
    pub(super) fn read_new(&mut self) {
        self.passwords.know_what_is_owed(self.keeper.settings());
        let mut new = self.passwords.wanting(self.keeper.settings());
        new.retain(|owner| self.passwords.known(owner).is_none());
        if new.is_empty() {
            return;
        }
        if *self.passwords.state() == KeepState::Open {
            self.read_these(new, |this, _| this.reconcile());
        } else {
            // It would only ask the user once more.
            self.passwords.close(new);
        }
    }

    /// Takes note of how a place answered.
    pub(super) fn heard<T>(
        &mut self,
        place: Keep,
        answer: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if matches!(answer, Err(StoreError::TimedOut)) && self.passwords.wait(place) {
            self.wait_for_answer(place);
        }
        self.passwords.heard(place, answer)
    }

    /// A dialog waits for the user; when it is answered, there may be more.
    fn wait_for_answer(&self, place: Keep) {
        let secrets = self.passwords.place(place);
        let answered = async move { secrets.settled().await };
        self.later(answered, move |this, answered| {
            this.passwords.wait_no_more(place);
            if is_refused(&this.heard(place, answered)) {
                return;
            }
            this.pay(place, move |this, answered| {
                if place == this.passwords.keep() && !is_refused(&answered) {
                    this.read_passwords(Self::reconcile);
                }
            });
        });
    }

    /// Puts right what can be put right without a dialog.
    pub(super) fn pay_where_open(&mut self) {
        if *self.passwords.state() == KeepState::Open {
            self.pay(self.passwords.keep(), |_, _| ());
        }
    }

    /// Gives a place what it is to have and may not have, and goes on with how it answered. What can be put back is
    /// read before it is deleted, if only the place knows it.
    pub(super) fn pay(
        &mut self,
        place: Keep,
        then: impl FnOnce(&mut Self, Result<(), StoreError>) + Send + 'static,
    ) {
        let debts = self.passwords.debts().all(place);
        let unread = self.removed.as_ref().filter(|removed| removed.is_unread());
        let unread = unread.map(Removed::owner);
        if debts.is_empty() {
            return then(self, Ok(()));
        }
        let paying = pay(self.passwords.place(place), debts, unread);
        self.alone(paying, move |this, all| {
            let answered = this.heard(place, all.answered);
            if let Err(error) = &answered {
                tracing::warn!("a password is still kept that should not be: {error}");
            }
            for debt in &all.paid {
                this.passwords.debts().forgive(place, &debt.owner);
            }
            this.passwords.paid(place, all.paid, this.keeper.settings());
            if let (Some((owner, secret)), Some(removed)) = (all.read, &mut this.removed) {
                removed.was_read(&owner, secret);
            }
            then(this, answered);
        });
    }

    /// Asks the place again: the user has done something about it.
    pub(super) fn retry_passwords(&mut self, answer: Answer) {
        let wanting = self.passwords.wanting(self.keeper.settings());
        let then = |this: &mut Self, done: Result<(), StoreError>| {
            this.reconcile();
            this.give(answer, done.map(|()| Reply::Done).map_err(|error| not_kept(&error)));
        };
        if wanting.is_empty() {
            self.passwords.rest();
            self.pay(self.passwords.keep(), then);
        } else {
            self.read_these(wanting, then);
        }
    }

    /// Opens the vault, or makes it; passwords are kept there from now on.
    pub(super) fn open_vault(&mut self, passphrase: Secret, answer: Answer) {
        self.with_vault(answer, move |vault| {
            if vault.exists() { vault.open(&passphrase) } else { vault.create(&passphrase) }
        });
    }

    /// Makes a new vault in the place of the one whose passphrase is forgotten; what was only there is missing then.
    pub(super) fn start_vault_over(&mut self, passphrase: Secret, answer: Answer) {
        if self.passwords.keep() == Keep::Vault {
            // What is known of the old one goes into the new one.
            for (owner, kept) in self.passwords.kept() {
                self.passwords.debts().owe(Keep::Vault, owner, Some(kept));
            }
        }
        self.with_vault(answer, move |vault| vault.start_over(&passphrase));
    }

    /// Gives the vault another passphrase.
    pub(super) fn change_passphrase(&mut self, old: Secret, new: Secret, answer: Answer) {
        if new.expose().is_empty() {
            return self.give(answer, Err(Failure::invalid("new", "the new passphrase is empty")));
        }
        self.with_vault(answer, move |vault| vault.change_passphrase(&old, &new));
    }

    /// Does something that opens the vault; passwords are kept there from now on.
    fn with_vault(
        &mut self,
        answer: Answer,
        open: impl FnOnce(&Vault) -> Result<(), VaultError> + Send + 'static,
    ) {
        let vault = self.passwords.vault();
        let opening = spawn_blocking(move || open(&vault));
        self.alone(opening, |this, opened| {
            let opened = opened.unwrap_or_else(|e| Err(VaultError::Failed(e.to_string())));
            if let Err(error) = opened {
                return this.give(answer, Err(not_opened(&error)));
            }
            if this.passwords.keep() != Keep::Vault {
                return this.move_to(Keep::Vault, answer);
            }
            this.read_passwords(|this| {
                this.reconcile();
                this.give(answer, Ok(Reply::Done));
            });
        });
    }

    /// Keeps passwords elsewhere.
    pub(super) fn keep_passwords(&mut self, keep: Keep, answer: Answer) {
        if keep == self.passwords.keep() {
            return self.give(answer, Ok(Reply::Done));
        }
        let closed = |message: &str| Err(Failure::new(FailureCode::KeepClosed, message));
        if keep == Keep::Vault && !self.passwords.vault().is_open() {
            let message = "the vault wants its passphrase first";
            return self.give(answer, Err(Failure::new(FailureCode::VaultClosed, message)));
        }
        let behind = !self.passwords.wanting(self.keeper.settings()).is_empty();
        match self.passwords.state() {
            KeepState::Locked | KeepState::Asking | KeepState::VaultClosed if behind => {
                self.give(
                    answer,
                    closed("open the place where passwords are now, so that they can be moved"),
                );
            }
            _ => self.move_to(keep, answer),
        }
    }

    /// Copies all that are known, changes the settings, and only then deletes where they were. What could
    /// not be read stays where it is.
    fn move_to(&mut self, keep: Keep, answer: Answer) {
        let (moved, to) = (self.passwords.kept(), self.passwords.place(keep));
        for (owner, _) in &moved {
            self.passwords.debts().forgive(keep, owner);
        }
        let copying = async move { (copy(&to, &moved).await, moved) };
        self.alone(copying, move |this, (copied, moved)| {
            let owners = moved.into_iter().map(|(owner, _)| owner).collect();
            let copied = this.heard(keep, copied);
            let refused = is_refused(&copied);
            let done = copied.map_err(|e| not_kept(&e)).and_then(|()| this.switch_to(keep));
            match &done {
                Ok((_, left)) => this.forget(*left, owners, refused),
                Err(_) => this.forget(keep, owners, refused),
            }
            this.give(answer, done.map(|(reply, _)| reply));
        });
    }

    /// Says so in the settings. Gives the place that is left.
    fn switch_to(&mut self, keep: Keep) -> Result<(Reply, Keep), Failure> {
        let (left, state) = self.passwords.move_to(keep, KeepState::Open);
        let done = self.change(|settings| {
            settings.desktop.passwords = keep;
            Ok(Reply::Done)
        });
        if done.is_err() {
            self.passwords.move_to(left, state);
        }
        done.map(|reply| (reply, left))
    }

    /// Deletes the copies in the other place, unless it has just refused; then looks for what is missing in the
    /// one that is used.
    fn forget(&mut self, place: Keep, owners: Vec<Owner>, refused: bool) {
        if place == self.passwords.keep() {
            // Somebody else has said so in the settings meanwhile.
            return;
        }
        for owner in owners {
            self.passwords.debts().owe(place, owner, None);
        }
        if !refused {
            self.pay(place, |this, _| this.read_passwords(Self::reconcile));
        }
    }
}

/// Whether to ask more would show a dialog once more.
fn is_refused(answered: &Result<(), StoreError>) -> bool {
    match answered {
        Ok(()) | Err(StoreError::Failed(_)) => false,
        Err(
            StoreError::Locked | StoreError::Absent(_) | StoreError::Closed | StoreError::TimedOut,
        ) => true,
    }
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
