//! What the places where passwords are kept are to have in the end, and may not have yet: what was removed while
//! the place was closed, what was given up and may be kept all the same, copies that nobody needs any more.

use secrets::{Owner, Secrets, StoreError};

use crate::settings::Keep;
use nntp_proxy::config::Secret;

/// What a place is to have for one owner: this, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Debt {
    pub(super) owner: Owner,
    pub(super) due: Option<Secret>,
}

/// Those of all places; one for each owner in a place.
#[derive(Debug, Default)]
pub(super) struct Debts(Vec<(Keep, Debt)>);

impl Debts {
    /// The place is to have this, whatever it was to have before.
    pub(super) fn owe(&mut self, place: Keep, owner: Owner, due: Option<Secret>) {
        self.forgive(place, &owner);
        self.0.push((place, Debt { owner, due }));
    }

    /// The place has what it should, or it does not matter any more.
    pub(super) fn forgive(&mut self, place: Keep, owner: &Owner) -> Option<Debt> {
        let at = self.0.iter().position(|(at, debt)| *at == place && debt.owner == *owner)?;
        Some(self.0.remove(at).1)
    }

    /// What the place is to have.
    pub(super) fn of(&self, place: Keep, owner: &Owner) -> Option<&Option<Secret>> {
        let debt = self.0.iter().find(|(at, debt)| *at == place && debt.owner == *owner);
        debt.map(|(_, debt)| &debt.due)
    }

    /// All of a place.
    pub(super) fn all(&self, place: Keep) -> Vec<Debt> {
        self.0.iter().filter(|(at, _)| *at == place).map(|(_, debt)| debt.clone()).collect()
    }
}

/// What came of it.
pub(super) struct Paid {
    pub(super) paid: Vec<Debt>,
    /// What was read before it was deleted.
    pub(super) read: Option<(Owner, Secret)>,
    /// How the place answered the last time.
    pub(super) answered: Result<(), StoreError>,
}

/// Gives the place what it is to have, until it refuses. What it has for `unread` is not lost.
pub(super) async fn pay(to: Secrets, debts: Vec<Debt>, unread: Option<Owner>) -> Paid {
    let mut all = Paid { paid: Vec::new(), read: None, answered: Ok(()) };
    for debt in debts {
        let done = if unread.as_ref() == Some(&debt.owner) {
            take(&to, &debt.owner).await.map(|read| all.read = read)
        } else {
            pay_one(&to, &debt).await
        };
        match done {
            Ok(()) => all.paid.push(debt),
            Err(StoreError::Failed(said)) => all.answered = Err(StoreError::Failed(said)),
            Err(refused) => return Paid { answered: Err(refused), ..all },
        }
    }
    all
}

async fn pay_one(to: &Secrets, debt: &Debt) -> Result<(), StoreError> {
    match &debt.due {
        Some(secret) => to.set(&debt.owner, secret).await,
        None => to.delete(&debt.owner).await,
    }
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
