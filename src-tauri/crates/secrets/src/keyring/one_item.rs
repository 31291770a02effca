//! All secrets in one entry of the keyring, for macOS: an update that is not signed makes the Keychain ask the user once for
//! each entry.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, create_dir_all};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use keyring_core::Error;
use nntp_proxy::config::Secret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Keyring, Owner, Store, StoreError};

/// The user of the entry.
const USER: &str = "passwords";
/// How the users of entries began when there was one for each secret.
const OLD: [&str; 2] = ["provider/", "client/"];

/// A keyring with one entry for all secrets. The entry is read once, and again before each change: another program may
/// have changed it. Entries of earlier versions are moved into it.
///
/// An entry of an earlier version is never older than what was moved: whoever changes a secret removes that entry first.
/// So a move that was interrupted is simply made again.
pub(super) struct OneItem {
    keyring: Keyring,
    lock: PathBuf,
    known: Mutex<Option<Item>>,
}

/// What is in the entry: secrets by the names of their owners.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    secrets: BTreeMap<String, Zeroizing<String>>,
}

impl OneItem {
    /// In `keyring`. Who changes the entry locks the file `lock`.
    pub(super) fn new(keyring: Keyring, lock: &Path) -> Self {
        Self { keyring, lock: lock.to_owned(), known: Mutex::new(None) }
    }

    /// Changes the secret of `owner`. The entry is written if `change` says so.
    fn change(
        &self,
        owner: &Owner,
        change: impl FnOnce(&mut Item, String) -> bool,
    ) -> Result<(), StoreError> {
        let mut known = self.known();
        let _lock = self.lock();
        let mut item = self.read()?;
        let name = owner.to_string();
        self.keyring.remove(&name)?;
        if change(&mut item, name) {
            // When it fails, nobody knows what is in it now.
            *known = None;
            self.write(&item)?;
        }
        *known = Some(item);
        Ok(())
    }

    /// What is in the entry, and in those of earlier versions, which are removed. The caller has the lock.
    fn read(&self) -> Result<Item, StoreError> {
        let mut item = match self.keyring.read(USER)? {
            Some(text) => serde_json::from_str(text.expose()).map_err(|_| unreadable())?,
            None => Item::default(),
        };
        let mut moved = Vec::new();
        for name in self.keyring.users()? {
            if !OLD.iter().any(|old| name.starts_with(old)) {
                continue;
            }
            if let Some(secret) = self.read_old(&name)? {
                item.insert(name.clone(), &secret);
                moved.push(name);
            }
        }
        if !moved.is_empty() {
            self.write(&item)?;
            // Those that stay are moved the next time.
            moved.iter().for_each(|name| drop(self.keyring.remove(name)));
        }
        Ok(item)
    }

    /// The secret in an entry of an earlier version. One that is no password must not keep the others from being read.
    fn read_old(&self, name: &str) -> Result<Option<Secret>, StoreError> {
        self.keyring.ask(name, |entry| match entry.get_password() {
            Ok(password) => Ok(Some(Secret::new(password))),
            Err(Error::NoEntry | Error::BadEncoding(_) | Error::BadDataFormat(..)) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn write(&self, item: &Item) -> Result<(), StoreError> {
        if item.secrets.is_empty() {
            return self.keyring.remove(USER);
        }
        let text = serde_json::to_string(item).map(Zeroizing::new);
        self.keyring.write(USER, &text.map_err(|_| unreadable())?)
    }

    /// Waits for other programs. Where the system knows no locks there is nothing to hold.
    fn lock(&self) -> Option<File> {
        let locked = open(&self.lock).and_then(|file| file.lock().map(|()| file));
        locked.ok()
    }

    fn known(&self) -> MutexGuard<'_, Option<Item>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Item {
    fn get(&self, owner: &Owner) -> Option<Secret> {
        self.secrets.get(&owner.to_string()).map(|secret| Secret::new(secret.as_str()))
    }

    fn insert(&mut self, name: String, secret: &Secret) {
        self.secrets.insert(name, Zeroizing::new(secret.expose().to_owned()));
    }
}

impl Store for OneItem {
    fn get(&self, owner: &Owner) -> Result<Option<Secret>, StoreError> {
        let mut known = self.known();
        if let Some(secret) = known.as_ref().and_then(|item| item.get(owner)) {
            return Ok(Some(secret));
        }
        let _lock = self.lock();
        let item = known.insert(self.read()?);
        Ok(item.get(owner))
    }

    fn set(&self, owner: &Owner, secret: &Secret) -> Result<(), StoreError> {
        self.change(owner, |item, name| {
            item.insert(name, secret);
            true
        })
    }

    fn delete(&self, owner: &Owner) -> Result<(), StoreError> {
        self.change(owner, |item, name| item.secrets.remove(&name).is_some())
    }
}

fn open(lock: &Path) -> io::Result<File> {
    if let Some(folder) = lock.parent() {
        create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create(true).truncate(false).open(lock)
}

/// Nothing is written over that a newer version may have written.
fn unreadable() -> StoreError {
    StoreError::Failed(
        "the Keychain item \"newsmux\" is damaged or from a newer version: update Newsmux, or delete the item".into(),
    )
}

#[cfg(test)]
mod tests;
