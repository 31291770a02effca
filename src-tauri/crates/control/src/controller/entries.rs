//! Providers and clients: added, changed, removed, put back; each together with its password.

use std::collections::BTreeMap;
use std::fs;

use nntp_proxy::config::Secret;

use secrets::{Owner, StoreError, generate};

use super::Answer;
use super::debts::Debt;
use super::passwords::{Known, keep};
use super::removed::Removed;
use super::run::Controller;
use crate::password::Password;
use crate::request::{Arranged, Failure, FailureCode, Hold, Password as Entered, Reply};
use crate::settings::{Client, Keep, Provider, Settings};

impl Controller {
    /// Adds a provider, or changes it.
    pub(super) fn save_provider(
        &mut self,
        provider: Provider,
        password: Option<Entered>,
        answer: Answer,
    ) {
        let mut provider = tidy(provider);
        if provider.id.is_empty() {
            provider.id = self.fresh_id(&provider, &[]);
        }
        if let Err(failure) = has_authorities(&provider) {
            return self.give(answer, Err(failure));
        }
        let before = self.settings().providers.iter().find(|before| before.id == provider.id);
        if password.is_none() && !self.passwords.stays_for(&provider, before) {
            return self.give(answer, Err(elsewhere()));
        }
        let owner = Owner::Provider(provider.id.clone());
        let (saved, with) = (provider.clone(), password.as_ref().map(|p| p.secret.clone()));
        let password =
            password.map(|entered| (Password::new(entered.secret, &provider), entered.hold));
        let change = move |settings: &mut Settings| {
            let (id, new) = (provider.id.clone(), provider.clone());
            match settings.providers.iter_mut().find(|old| old.id == id) {
                Some(old) => *old = new,
                None => settings.providers.push(new),
            }
            Ok(Reply::Saved { id })
        };
        self.keep_and(owner, password, change, move |this, done| {
            if done.is_ok() {
                this.checking.saved(&saved, with.as_ref());
            }
            this.give(answer, done);
        });
    }

    /// An id that nobody has, nor any of `others`, as much like the name as an id can be.
    pub(super) fn fresh_id(&self, provider: &Provider, others: &[Provider]) -> String {
        let name = provider.name.as_deref().unwrap_or(&provider.host);
        let words =
            name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let mut base = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
        if base.is_empty() {
            base = "provider".into();
        }
        let removed = self.removed.as_ref().map(Removed::owner);
        let is_free = |id: &String| {
            self.settings().providers.iter().chain(others).all(|provider| provider.id != *id)
                && removed != Some(Owner::Provider(id.clone()))
        };
        let numbered = (2_u32..).map(|number| format!("{base}-{number}"));
        let mut ids = [base.clone()].into_iter().chain(numbered);
        ids.find(is_free).unwrap_or(base)
    }

    pub(super) fn enable_provider(&mut self, id: &str, enabled: bool) -> Result<Reply, Failure> {
        self.change(|settings| {
            let provider = settings.providers.iter_mut().find(|provider| provider.id == id);
            provider.ok_or_else(unknown)?.enabled = enabled;
            Ok(Reply::Done)
        })
    }

    pub(super) fn arrange_providers(&mut self, order: &[Arranged]) -> Result<Reply, Failure> {
        self.change(|settings| {
            let all = settings.providers.drain(..).map(|provider| (provider.id.clone(), provider));
            let mut all: BTreeMap<_, _> = all.collect();
            for Arranged { id, tier } in order {
                let provider = all.remove(id).ok_or_else(unknown)?;
                settings.providers.push(Provider { tier: *tier, ..provider });
            }
            if all.is_empty() { Ok(Reply::Done) } else { Err(unknown()) }
        })
    }

    /// Adds a client, with a password of our making.
    pub(super) fn add_client(&mut self, name: &str, hold: Hold, answer: Answer) {
        let client = Client { name: name.trim().into() };
        let owner = Owner::Client(client.name.clone());
        self.give_password(owner, hold, answer, move |settings| {
            settings.clients.push(client.clone());
            Ok(())
        });
    }

    /// Gives a client another password.
    pub(super) fn renew_client(&mut self, name: String, hold: Hold, answer: Answer) {
        let owner = Owner::Client(name.clone());
        self.give_password(owner, hold, answer, move |settings| {
            let is_there = settings.clients.iter().any(|client| client.name == name);
            if is_there { Ok(()) } else { Err(unknown()) }
        });
    }

    fn give_password(
        &mut self,
        owner: Owner,
        hold: Hold,
        answer: Answer,
        change: impl Fn(&mut Settings) -> Result<(), Failure> + Send + 'static,
    ) {
        let secret = match new_password() {
            Ok(secret) => secret,
            Err(failure) => return self.give(answer, Err(failure)),
        };
        let reply = Reply::Password { secret: secret.clone() };
        let new = (owner.name().to_owned(), secret.clone());
        let change = move |settings: &mut Settings| change(settings).map(|()| reply.clone());
        let password = Some((Password::of_program(secret), hold));
        self.keep_and(owner, password, change, |this, done| {
            if done.is_ok() {
                this.new_password = Some(new);
            }
            this.give(answer, done);
        });
    }

    /// Removes a provider or a client. Its password is forgotten where it is kept, and remembered here for
    /// as long as that can be undone.
    pub(super) fn remove(&mut self, owner: Owner) -> Result<Reply, Failure> {
        let known = self.passwords.known(&owner).cloned();
        let mut removed = None;
        self.change(|settings| {
            removed = Some(Removed::take(&owner, known, settings).ok_or_else(unknown)?);
            Ok(Reply::Done)
        })?;
        self.removed = removed;
        self.new_password.take_if(|(name, _)| Owner::Client(name.clone()) == owner);
        self.passwords.learn(owner.clone(), None);
        let place = self.passwords.keep();
        self.passwords.debts().owe(place, owner, None);
        self.pay_where_open();
        Ok(Reply::Done)
    }

    /// Puts back what was removed last.
    pub(super) fn undo(&mut self, answer: Answer) {
        let Some(removed) = self.removed.clone() else {
            return self.give(answer, Err(unknown()));
        };
        let (owner, place) = (removed.owner(), self.passwords.keep());
        // What it has is wanted again, unless something else is kept now.
        let owed = self.passwords.debts().forgive(place, &owner);
        let password = match &removed.known {
            Some(Known::Kept(password)) => Some((password.clone(), Hold::Keep)),
            Some(Known::ThisSession(password)) => Some((password.clone(), Hold::ThisSession)),
            Some(Known::Missing | Known::Failed(_) | Known::Closed) | None => None,
        };
        let change = move |settings: &mut Settings| {
            removed.put_back(settings);
            Ok(Reply::Done)
        };
        self.keep_and(owner, password, change, move |this, done| {
            match (&done, owed) {
                (Ok(_), _) => this.removed = None,
                (Err(_), Some(Debt { owner, due })) => {
                    this.passwords.debts().owe(place, owner, due)
                }
                (Err(_), None) => {}
            }
            this.give(answer, done);
        });
    }

    /// Keeps a password as the user wants, and then changes the settings; both or neither.
    pub(super) fn keep_and(
        &mut self,
        owner: Owner,
        password: Option<(Password, Hold)>,
        change: impl Fn(&mut Settings) -> Result<Reply, Failure> + Send + 'static,
        then: impl FnOnce(&mut Self, Result<Reply, Failure>) + Send + 'static,
    ) {
        if let Err(failure) = self.keeper.allows(&change) {
            return then(self, Err(failure));
        }
        match password {
            None => {
                let done = self.change(change);
                then(self, done);
            }
            Some((password, Hold::ThisSession)) => {
                let done = self.change_knowing(owner, Known::ThisSession(password), change);
                then(self, done);
            }
            Some((password, Hold::Keep)) => {
                let place = self.passwords.keep();
                let before = self.passwords.before(&owner, self.keeper.settings());
                let to = self.passwords.place(place);
                let keeping = keep(to, owner.clone(), password.to_kept(), before);
                self.alone(keeping, move |this, kept| {
                    let done = match kept {
                        Ok(before) => this.kept((place, owner, before), password, change),
                        Err((error, before)) => this.was_not_kept((place, owner, before), error),
                    };
                    then(this, done);
                });
            }
        }
    }

    fn kept(
        &mut self,
        (place, owner, before): (Keep, Owner, Option<Secret>),
        password: Password,
        change: impl Fn(&mut Settings) -> Result<Reply, Failure>,
    ) -> Result<Reply, Failure> {
        drop(self.heard(place, Ok(())));
        self.passwords.debts().forgive(place, &owner);
        let done = if place == self.passwords.keep() {
            self.change_knowing(owner.clone(), Known::Kept(password), change)
        } else {
            Err(Failure::refused("passwords were moved meanwhile: try it again"))
        };
        if done.is_err() {
            self.passwords.debts().owe(place, owner, before);
            self.pay(place, |_, _| ());
        } else if self.passwords.some_are_closed() {
            // The user has opened it for this one.
            self.read_passwords(Self::reconcile);
        }
        done
    }

    fn was_not_kept(
        &mut self,
        (place, owner, before): (Keep, Owner, Option<Option<Secret>>),
        error: StoreError,
    ) -> Result<Reply, Failure> {
        if let Some(before) = before {
            self.passwords.debts().owe(place, owner, before);
        }
        let failure = not_kept(&error);
        drop(self.heard::<()>(place, Err(error)));
        Err(failure)
    }

    fn change_knowing(
        &mut self,
        owner: Owner,
        known: Known,
        change: impl Fn(&mut Settings) -> Result<Reply, Failure>,
    ) -> Result<Reply, Failure> {
        let before = self.passwords.learn(owner.clone(), Some(known));
        let done = self.change(change);
        if done.is_err() {
            self.passwords.learn(owner, before);
        }
        done
    }
}

/// As it was meant: what was left empty is nothing, and what was pasted has no blanks around it.
pub(super) fn tidy(provider: Provider) -> Provider {
    let text = |text: Option<String>| {
        text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    Provider {
        host: provider.host.trim().to_owned(),
        name: text(provider.name),
        username: text(provider.username),
        ca_file: provider.ca_file.filter(|file| !file.as_os_str().is_empty()),
        ..provider
    }
}

/// A file of authorities has to be there when it is entered.
pub(super) fn has_authorities(provider: &Provider) -> Result<(), Failure> {
    match &provider.ca_file {
        Some(file) if !fs::metadata(file).is_ok_and(|file| file.is_file()) => {
            Err(Failure::invalid("ca_file", "cannot be read: enter the path of a PEM file"))
        }
        _ => Ok(()),
    }
}

pub(super) fn new_password() -> Result<Secret, Failure> {
    generate().ok_or_else(|| Failure::refused("the system gives no random numbers"))
}

/// The password that is kept was entered for another server, another user, or more encryption.
pub(super) fn elsewhere() -> Failure {
    let message = "enter the password again: the saved one is only for the server, port and user name it was \
                   entered for, with at least the same encryption";
    Failure { field: Some("password".into()), ..Failure::new(FailureCode::PasswordAgain, message) }
}

pub(super) fn unknown() -> Failure {
    Failure::new(FailureCode::Unknown, "it is not there any more")
}

/// Why a password was not kept, to whoever entered it.
pub(super) fn not_kept(error: &StoreError) -> Failure {
    let code = match error {
        StoreError::Locked | StoreError::TimedOut => FailureCode::KeepClosed,
        StoreError::Closed => FailureCode::VaultClosed,
        StoreError::Absent(_) => FailureCode::KeepAbsent,
        StoreError::Failed(_) => FailureCode::Refused,
    };
    Failure::new(code, error.to_string())
}
