//! What was removed last, for as long as that can be undone.

use std::time::Duration;

use nntp_proxy::config::Secret;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use secrets::Owner;
use settings::{Client, Password, Provider, Settings};

use super::passwords::Known;

/// For how long its password is remembered. The entry itself can be put back until another is removed.
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// An entry that was removed, and its password, which is not on the disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Removed {
    entry: Entry,
    /// Where it was.
    at: usize,
    /// The hosts that shared its account, as they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hosts: Vec<Provider>,
    /// What was known of its passwords.
    #[serde(skip)]
    known: Vec<(Owner, Known)>,
    #[serde(skip, default = "Instant::now")]
    until: Instant,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Provider(Box<Provider>),
    Client(Client),
}

impl Removed {
    /// Takes an entry out of the settings; none where there is none. `used` is how much of its account
    /// has been used.
    pub(super) fn take(
        owner: &Owner,
        (known, used): (Vec<(Owner, Known)>, Option<u64>),
        settings: &mut Settings,
    ) -> Option<Self> {
        let mut hosts = Vec::new();
        let (entry, at) = match owner {
            Owner::Provider(id) => {
                let at = settings.providers.iter().position(|provider| provider.id == *id)?;
                let removed = settings.providers.remove(at);
                hosts = settings.hand_over_account(&removed, used);
                (Entry::Provider(Box::new(removed)), at)
            }
            Owner::Proxy(_) => return None,
            Owner::Client(name) => {
                let at = settings
                    .clients
                    .iter()
                    .position(|client| client.login && client.name == *name)?;
                (Entry::Client(settings.clients.remove(at)), at)
            }
        };
        Some(Self { entry, at, hosts, known, until: Instant::now() + WINDOW })
    }

    /// The one that its account was handed over to.
    pub(super) fn heir(&self) -> Option<Owner> {
        self.hosts.first().map(|host| Owner::Provider(host.id.clone()))
    }

    /// Puts it back where it was. `used` is how much its account has been used since by now, with what
    /// was used before.
    pub(super) fn put_back(&self, used: Option<u64>, settings: &mut Settings) {
        match &self.entry {
            Entry::Provider(provider) => {
                let at = self.at.min(settings.providers.len());
                settings.providers.insert(at, (**provider).clone());
                let heir = self.heir().and_then(|heir| settings.provider_of(&heir)?.quota);
                let before = heir.map_or(0, |quota| quota.used_before);
                let used_since = used.unwrap_or(before).saturating_sub(before);
                settings.give_back_account(&provider.id, &self.hosts, used_since);
            }
            Entry::Client(client) => {
                settings.clients.retain(|other| other.name != client.name);
                settings.clients.insert(self.at.min(settings.clients.len()), client.clone());
            }
        }
    }

    /// Whose it is.
    pub(super) fn owner(&self) -> Owner {
        match &self.entry {
            Entry::Provider(provider) => provider.owner(),
            Entry::Client(client) => client.owner(),
        }
    }

    /// The name that people see.
    pub(super) fn name(&self) -> &str {
        match &self.entry {
            Entry::Provider(provider) => provider.display_name(),
            Entry::Client(client) => &client.name,
        }
    }

    /// Whose passwords went with it.
    pub(super) fn owners(&self) -> Vec<Owner> {
        match &self.entry {
            Entry::Provider(provider) if provider.needs_proxy_password() => {
                vec![provider.owner(), provider.proxy_owner()]
            }
            Entry::Provider(_) | Entry::Client(_) => vec![self.owner()],
        }
    }

    /// Its passwords, as far as they are known.
    pub(super) fn passwords(&self) -> Vec<(Owner, Password)> {
        let known = self.known.iter();
        known
            .filter_map(|(owner, known)| Some((owner.clone(), known.password()?.clone())))
            .collect()
    }

    /// Whether they were in memory only.
    pub(super) fn is_for_this_session(&self) -> bool {
        self.known.iter().any(|(_, known)| matches!(known, Known::ThisSession(_)))
    }

    /// Whose passwords are nowhere but where they are kept.
    pub(super) fn unread(&self) -> Vec<Owner> {
        let is_unread = |known: &Known| matches!(known, Known::Closed | Known::Failed(_));
        let known = self.known.iter().filter(|(_, known)| is_unread(known));
        known.map(|(owner, _)| owner.clone()).collect()
    }

    /// It was read before it was deleted there.
    pub(super) fn was_read(&mut self, owner: &Owner, saved: Secret) {
        let provider = match &self.entry {
            Entry::Provider(provider) => Some(&**provider),
            Entry::Client(_) => None,
        };
        let read = Known::Saved(Password::from_saved(saved).adopt(owner, provider));
        if let Some((_, known)) = self.known.iter_mut().find(|(whose, _)| whose == owner) {
            *known = read;
        }
    }

    /// Forgets the passwords after a while.
    pub(super) fn forget_in_time(&mut self) {
        if self.until <= Instant::now() {
            self.known.clear();
        }
    }
}
