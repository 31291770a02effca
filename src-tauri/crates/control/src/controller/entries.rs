//! Providers and clients: added, changed, removed, put back; each together with its password.

use std::collections::BTreeMap;
use std::fs;

use nntp_proxy::config::Secret;

use api::request::{Arranged, Failure, FailureCode, Password as Entered, Remember, Reply};
use secrets::{Owner, generate};
use settings::{Client, Password, Provider, Settings};

use super::Answer;
use super::checking::Secrets;
use super::passwords::Known;
use super::removed::Removed;
use super::run::Controller;

impl Controller {
    /// Adds a provider, or changes it; with the passwords that were entered for it and its proxy.
    pub(super) fn save_provider(
        &mut self,
        provider: Provider,
        (password, proxy_password): (Option<Entered>, Option<Entered>),
        answer: Answer,
    ) {
        let mut provider = tidy(provider);
        if provider.id.is_empty() {
            provider.id = self.fresh_id(&provider, &[]);
        }
        if let Err(failure) = has_authorities(&provider) {
            return self.give(answer, Err(failure));
        }
        let before = self.settings().provider(&provider.id);
        if password.is_none() && !self.passwords.stays_for(&provider, before) {
            return self.give(answer, Err(elsewhere("password")));
        }
        if proxy_password.is_none() && !self.passwords.stays_for_proxy(&provider, before) {
            return self.give(answer, Err(elsewhere("proxy_password")));
        }
        let saved = provider.clone();
        let entered = Secrets::of(password.as_ref(), proxy_password.as_ref());
        let given = password.as_ref().or(proxy_password.as_ref());
        let remember = given.map_or_else(Remember::default, |entered| entered.hold);
        let password =
            password.map(|entered| (provider.owner(), Password::new(entered.secret, &provider)));
        let proxy_password = proxy_password
            .map(|entered| (provider.proxy_owner(), Password::of_proxy(entered.secret, &provider)));
        let store = self.stores.used();
        let change = move |settings: &mut Settings| {
            let (id, new) = (provider.id.clone(), provider.clone());
            let had_proxy_password = settings.has(&new.proxy_owner());
            match settings.providers.iter_mut().find(|old| old.id == id) {
                Some(old) => *old = new,
                None => settings.providers.push(new),
            }
            if had_proxy_password && !provider.needs_proxy_password() {
                settings.desktop.mark(store, &[provider.proxy_owner()]);
            }
            Ok(Reply::Saved { id })
        };
        let passwords = password.into_iter().chain(proxy_password).collect();
        self.save_with(passwords, remember, change, move |this, done| {
            if done.is_ok() {
                this.checking.saved(&saved, &entered);
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
        let removed = self.undo.removed.as_ref().map(Removed::owner);
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
    pub(super) fn add_client(&mut self, name: &str, remember: Remember, answer: Answer) {
        let client = Client::with_login(name.trim());
        self.give_password(client.owner(), remember, answer, move |settings| {
            settings.add_login(client.clone());
            Ok(())
        });
    }

    /// Gives a client another password.
    pub(super) fn renew_client(&mut self, name: String, remember: Remember, answer: Answer) {
        let owner = Owner::Client(name);
        let client = owner.clone();
        self.give_password(owner, remember, answer, move |settings| {
            if settings.has(&client) { Ok(()) } else { Err(unknown()) }
        });
    }

    fn give_password(
        &mut self,
        owner: Owner,
        remember: Remember,
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
        let password = (owner, Password::of_program(secret));
        self.save_with(vec![password], remember, change, |this, done| {
            if done.is_ok() {
                this.new_password = Some(new);
            }
            this.give(answer, done);
        });
    }

    /// Removes a provider or a client, and its password; that is remembered here for as long as it can be undone.
    pub(super) fn remove(&mut self, owner: Owner) -> Result<Reply, Failure> {
        let owners = self.settings().owners_with(&owner);
        let known = |owner: &Owner| Some((owner.clone(), self.passwords.known(owner)?.clone()));
        let (known, store) = (owners.iter().filter_map(known).collect(), self.stores.used());
        let (mut removed, used) = (None, self.books.used(&owner));
        self.change(|settings| {
            removed = Some(Removed::take(&owner, (known, used), settings).ok_or_else(unknown)?);
            settings.desktop.mark(store, &owners);
            Ok(Reply::Done)
        })?;
        self.undo.removed = removed;
        self.new_password.take_if(|(name, _)| Owner::Client(name.clone()) == owner);
        for owner in owners {
            self.passwords.learn(owner, Some(Known::Missing));
        }
        self.settle_where_open();
        Ok(Reply::Done)
    }

    /// Puts back what was removed last.
    pub(super) fn put_back(&mut self, answer: Answer) {
        let Some(removed) = self.undo.removed.clone() else {
            return self.give(answer, Err(unknown()));
        };
        let remember =
            if removed.is_for_this_session() { Remember::ThisSession } else { Remember::Keep };
        let passwords = removed.passwords();
        // Otherwise the store may still have them.
        let owners = removed.owners();
        let known: Vec<_> = owners
            .into_iter()
            .map(|owner| (owner.clone(), self.passwords.learn(owner, None)))
            .collect();
        let used = removed.heir().and_then(|heir| self.books.used(&heir));
        let change = move |settings: &mut Settings| {
            removed.put_back(used, settings);
            Ok(Reply::Done)
        };
        self.save_with(passwords, remember, change, move |this, done| {
            match done {
                Ok(_) => this.undo.removed = None,
                Err(_) => {
                    for (owner, known) in known {
                        this.passwords.learn(owner, known);
                    }
                }
            }
            this.give(answer, done);
        });
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
        backbone: text(provider.backbone),
        proxy: text(provider.proxy),
        bind: text(provider.bind),
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

/// The password that is kept was entered for another server, another user, or more encryption; `field` is where it is
/// entered.
pub(super) fn elsewhere(field: &str) -> Failure {
    let message = "enter the password again: the saved one is only for the server, port and user name it was \
                   entered for, with at least the same encryption";
    Failure { field: Some(field.into()), ..Failure::new(FailureCode::PasswordAgain, message) }
}

pub(super) fn unknown() -> Failure {
    Failure::new(FailureCode::Unknown, "it is not there any more")
}
