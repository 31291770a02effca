//! The system's keyring: the Secret Service on Linux, the Keychain on macOS, the Credential Manager on
//! Windows. One entry for each secret, or on macOS one for all of them: see [`one_item`].

mod one_item;
#[cfg(all(unix, not(target_os = "macos")))]
#[path = "keyring/linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "keyring/macos.rs"]
mod system;
#[cfg(windows)]
#[path = "keyring/windows.rs"]
mod system;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use keyring_core::{Entry, Error};
use nntp_proxy::config::Secret;

use self::one_item::OneItem;
use super::{Owner, Store, StoreError};

/// What entries are found by, together with their owner.
const SERVICE: &str = "newsmux";

/// The keyring of the user who runs this, as this system wants it used. `lock` is a file that keeps two programs from
/// changing the one item of macOS at the same time; no other system needs it.
#[must_use]
pub fn keyring_of_user(lock: &Path) -> Arc<dyn Store> {
    if cfg!(target_os = "macos") {
        Arc::new(OneItem::new(Keyring::new(), lock))
    } else {
        Arc::new(Keyring::new())
    }
}

/// The system's keyring. One that was not there when the application started, or is started again, is found as soon as
/// it is there.
pub struct Keyring {
    system: Box<dyn System>,
}

/// What the keyring gives access to, so that tests can take another.
trait System: Send + Sync {
    /// The entry of a user.
    fn entry(&self, user: &str, connection: Connection) -> Result<Entry, Error>;

    /// All entries of this service, and perhaps of others.
    fn entries(&self) -> Result<Vec<Entry>, Error>;
}

/// Over which connection an entry is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connection {
    /// The one that there is.
    Known,
    /// A new one.
    New,
}

/// The user's own.
struct OfUser;

impl Keyring {
    /// The keyring of the user who runs this.
    #[must_use]
    pub fn new() -> Self {
        Self { system: Box::new(OfUser) }
    }

    /// Asks the entry of `user`; once more over a new connection where the first was lost.
    fn ask<T>(
        &self,
        user: &str,
        question: impl Fn(&Entry) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let ask = |connection| {
            self.system.entry(user, connection).map_err(unconnected).map(|entry| question(&entry))
        };
        match ask(Connection::Known)? {
            Err(error) if system::is_lost(&error) => ask(Connection::New)?.map_err(explain),
            done => done.map_err(explain),
        }
    }

    fn read(&self, user: &str) -> Result<Option<Secret>, StoreError> {
        self.ask(user, |entry| match entry.get_password() {
            Ok(password) => Ok(Some(Secret::new(password))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn write(&self, user: &str, secret: &str) -> Result<(), StoreError> {
        self.ask(user, |entry| {
            let set = || entry.set_password(secret);
            match set() {
                // One may be left in a second keyring, and would be found again later.
                Err(Error::Ambiguous(all)) => remove(all).and_then(|()| set()),
                Err(error) if system::has_no_collection(&error) => {
                    system::make_collection().and_then(|()| set())
                }
                done => done,
            }
        })
    }

    fn remove(&self, user: &str) -> Result<(), StoreError> {
        self.ask(user, |entry| match entry.delete_credential() {
            Err(Error::NoEntry) => Ok(()),
            Err(Error::Ambiguous(all)) => remove(all),
            done => done,
        })
    }

    /// The users of the entries that there are.
    fn users(&self) -> Result<Vec<String>, StoreError> {
        let entries = self.system.entries().map_err(explain)?;
        let ours = entries.iter().filter_map(Entry::get_specifiers);
        Ok(ours.filter(|(service, _)| service == SERVICE).map(|(_, user)| user).collect())
    }
}

impl System for OfUser {
    /// `keyring` connects once in a process: it remembers a keyring that was not there, and keeps using one whose bus
    /// has ended. Only then a new connection is made through `keyring_core`, from which `keyring` takes it too.
    fn entry(&self, user: &str, connection: Connection) -> Result<Entry, Error> {
        if connection == Connection::New {
            system::connect()?;
            return Entry::new(SERVICE, user);
        }
        match keyring::Entry::new(SERVICE, user) {
            Ok(entry) => Ok(entry.inner),
            Err(Error::NoDefaultStore) => self.entry(user, Connection::New),
            Err(error) => Err(error),
        }
    }

    fn entries(&self) -> Result<Vec<Entry>, Error> {
        Entry::search(&HashMap::from([("service", SERVICE)]))
    }
}

impl Default for Keyring {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring")
    }
}

impl Store for Keyring {
    fn get(&self, owner: &Owner) -> Result<Option<Secret>, StoreError> {
        self.read(&owner.to_string())
    }

    fn set(&self, owner: &Owner, secret: &Secret) -> Result<(), StoreError> {
        self.write(&owner.to_string(), secret.expose())
    }

    fn delete(&self, owner: &Owner) -> Result<(), StoreError> {
        self.remove(&owner.to_string())
    }
}

/// Without a connection there is no keyring.
fn unconnected(error: Error) -> StoreError {
    match explain(error) {
        StoreError::Failed(said) => StoreError::Absent(said),
        other => other,
    }
}

fn remove(entries: Vec<Entry>) -> Result<(), Error> {
    entries.iter().try_for_each(Entry::delete_credential)
}

/// In our words where there are some. An error can hold the secret: it is never printed as a whole.
fn explain(error: Error) -> StoreError {
    if system::has_no_collection(&error) {
        return StoreError::Absent("no keyring was made yet".into());
    }
    if system::is_refused(&error) {
        return StoreError::Locked;
    }
    if system::is_gone(&error) {
        return StoreError::Absent(said(&error));
    }
    StoreError::Failed(match error {
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            "the keyring has something under our name that is no password: enter it anew".into()
        }
        Error::TooLong(_, limit) => format!("the keyring takes no more than {limit} bytes"),
        Error::Ambiguous(_) => "the keyring has the password twice: enter it anew".into(),
        error => said(&error),
    })
}

/// The system's words alone.
fn said(error: &Error) -> String {
    match error {
        Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) => cause.to_string(),
        error => error.to_string(),
    }
}
