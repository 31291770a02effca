//! Reads passwords from the store that is used, and asks it again when the user has done something about it.

use std::time::Duration;

use api::request::Reply;
use api::snapshot::KeepState;
use secrets::{Owner, Secrets, StoreError};
use settings::{Password, StoreKind};
use tokio::time::Instant;

use super::Answer;
use super::passwords::Known;
use super::run::Controller;
use super::saving::not_saved;

/// Within this time nobody can have seen a dialog, let alone dismissed it.
const SILENT: Duration = Duration::from_secs(1);

impl Controller {
    /// Reads the passwords that are not known yet.
    pub(super) fn read_passwords(&mut self, then: impl FnOnce(&mut Self) + Send + 'static) {
        let wanting = self.passwords.wanting(self.settings());
        self.read_these(wanting, |this, _| then(this));
    }

    fn read_these(
        &mut self,
        owners: Vec<Owner>,
        then: impl FnOnce(&mut Self, Result<(), StoreError>) + Send + 'static,
    ) {
        let kind = self.stores.used();
        let store = self.stores.of(kind);
        self.alone(async move { read(&store, kind, owners).await }, move |this, reading| {
            let answered = reading.answer().map_or(Ok(()), |answer| this.answered(kind, answer));
            this.take(reading);
            this.settle_where_open();
            then(this, answered);
        });
    }

    /// Takes what was read, unless passwords were moved meanwhile.
    pub(super) fn take(&mut self, reading: Reading) {
        if reading.from == self.stores.used() {
            self.stores.plan_retry(&reading);
            self.passwords.take(reading.found, self.settings_file.settings());
        }
    }

    /// The settings may name somebody whose password nobody has looked for yet.
    pub(super) fn read_new(&mut self) {
        let mut new = self.passwords.wanting(self.settings());
        new.retain(|owner| self.passwords.known(owner).is_none());
        if new.is_empty() {
            return;
        }
        if *self.stores.state() == KeepState::Open {
            self.read_these(new, |this, _| this.reconcile());
        } else {
            // It would only ask the user once more.
            self.passwords.close(new);
        }
    }

    /// Records how a store answered.
    pub(super) fn answered<T>(
        &mut self,
        kind: StoreKind,
        answer: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if matches!(answer, Err(StoreError::TimedOut)) && self.stores.wait(kind) {
            self.wait_for_answer(kind);
        }
        self.stores.answered(kind, &answer);
        answer
    }

    /// A dialog waits for the user; when it is answered, there may be more.
    fn wait_for_answer(&self, kind: StoreKind) {
        let store = self.stores.of(kind);
        self.later(async move { store.settled().await }, move |this, answered| {
            this.stores.end_wait(kind);
            if is_refused(&this.answered(kind, answered)) {
                return;
            }
            this.settle(kind, move |this, answered| {
                if kind == this.stores.used() && !is_refused(&answered) {
                    this.read_passwords(Self::reconcile);
                }
            });
        });
    }

    /// Asks the store again: the user has done something about it.
    pub(super) fn retry_passwords(&mut self, answer: Answer) {
        let wanting = self.passwords.wanting(self.settings());
        let then = |this: &mut Self, done: Result<(), StoreError>| {
            this.reconcile();
            this.give(answer, done.map(|()| Reply::Done).map_err(|error| not_saved(&error)));
        };
        if wanting.is_empty() {
            self.stores.need_nothing();
            self.settle(self.stores.used(), then);
        } else {
            self.read_these(wanting, then);
        }
    }
}

/// What came of reading some passwords.
pub(super) struct Reading {
    from: StoreKind,
    found: Vec<(Owner, Known)>,
    /// Why the last could not be read, and the others were not tried.
    refused: Option<StoreError>,
    /// Whether nobody can have seen a dialog.
    silent: bool,
}

impl Reading {
    /// Whether there is no store to read, and looking for it showed nothing.
    pub(super) fn is_silently_absent(&self) -> bool {
        self.silent && matches!(self.refused, Some(StoreError::Absent(_)))
    }

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

/// Whether to ask more would show a dialog once more.
pub(super) fn is_refused(answered: &Result<(), StoreError>) -> bool {
    match answered {
        Ok(()) | Err(StoreError::Failed(_)) => false,
        Err(
            StoreError::Locked | StoreError::Absent(_) | StoreError::Closed | StoreError::TimedOut,
        ) => true,
    }
}
