//! Which password whoever asked believes to be kept.

use std::collections::{BTreeMap, BTreeSet};

use api::request::{Failure, Remember, Reply, Request};
use api::snapshot::{PasswordState, Snapshot};
use nntp_proxy::config::Secret;
use secrets::Owner;
use settings::Settings;

use crate::app::password_in;

/// What was answered so far.
#[derive(Debug, Default)]
pub(super) struct Beliefs {
    kept: BTreeMap<Owner, Secret>,
    removed: Option<(Owner, Option<Secret>)>,
    /// Those whose passwords an end left behind.
    left: BTreeSet<Owner>,
}

impl Beliefs {
    /// The application begins again with this in its keyring and these settings, if they can be read. What belongs to
    /// nobody and is not marked stays.
    pub(super) fn begin(&mut self, keyring: &BTreeMap<Owner, Secret>, settings: &Settings) {
        let has = |owner: &Owner| match owner {
            Owner::Proxy(_) => false,
            Owner::Provider(id) => settings.providers.iter().any(|provider| provider.id == *id),
            Owner::Client(name) => settings.clients.iter().any(|client| client.name == *name),
        };
        let is_marked =
            |owner: &Owner| settings.desktop.pending.iter().any(|pending| pending.owner == *owner);
        let all = keyring.iter().filter(|(owner, _)| has(owner) || !is_marked(owner));
        self.removed = None;
        self.kept = all.map(|(owner, secret)| (owner.clone(), secret.clone())).collect();
        self.left = self.kept.keys().filter(|owner| !has(owner)).cloned().collect();
    }

    pub(super) fn are_left(&self, owner: &Owner) -> bool {
        self.left.contains(owner)
    }

    pub(super) fn learn(&mut self, request: &Request, answer: &Result<Reply, Failure>) {
        match (request, answer) {
            (Request::SaveProvider { password: Some(password), .. }, Ok(Reply::Saved { id })) => {
                let owner = Owner::Provider(id.clone());
                if password.hold == Remember::Keep {
                    self.kept.insert(owner, password.secret.clone());
                }
            }
            (
                Request::AddClient { name, hold } | Request::RenewClient { name, hold },
                Ok(Reply::Password { secret }),
            ) if *hold == Remember::Keep => {
                self.kept.insert(Owner::Client(name.clone()), secret.clone());
            }
            (Request::RemoveProvider { id }, Ok(_)) => self.remove(Owner::Provider(id.clone())),
            (Request::RemoveClient { name }, Ok(_)) => self.remove(Owner::Client(name.clone())),
            (Request::Undo, Ok(_)) => {
                if let Some((owner, Some(secret))) = self.removed.take() {
                    self.kept.insert(owner, secret);
                }
            }
            _ => {}
        }
    }

    fn remove(&mut self, owner: Owner) {
        let secret = self.kept.remove(&owner);
        self.left.remove(&owner);
        self.removed = Some((owner, secret));
    }

    /// Whoever's password is said to be kept has exactly the one that was entered last. Where none was ever moved,
    /// none is lost.
    pub(super) fn check(
        &self,
        now: &Snapshot,
        is_all_here: bool,
        store: impl Fn(&Owner) -> Option<Secret>,
    ) -> Result<(), String> {
        let kept = now.providers.iter().filter(|view| view.password == PasswordState::Kept);
        let missing = now.providers.iter().find(|view| {
            view.password == PasswordState::Missing
                && self.kept.contains_key(&Owner::Provider(view.id.clone()))
        });
        if let Some(lost) = missing.filter(|_| is_all_here) {
            return Err(format!("the password of {} is lost", lost.id));
        }
        for owner in kept.map(|view| Owner::Provider(view.id.clone())) {
            let is = store(&owner).as_ref().map(password_in);
            let believed = self.kept.get(&owner).map(password_in);
            if is != believed {
                return Err(format!("kept for {owner}, and believed: {:?}", [is, believed]));
            }
        }
        Ok(())
    }
}
