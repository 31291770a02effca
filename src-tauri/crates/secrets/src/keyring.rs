//! The system's keyring: the Secret Service on Linux, the Keychain on macOS, the Credential Manager on
//! Windows. One entry for each secret.

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

use std::fmt;
use std::sync::Arc;

use keyring_core::{CredentialStore, Entry, Error};
use nntp_proxy::config::Secret;

use super::{Owner, Store, StoreError};

/// What entries are found by, together with their owner.
const SERVICE: &str = "newsmux";

/// The system's keyring.
///
/// Each call connects anew. That costs some milliseconds, and a keyring that was not there when the
/// application started, or is started again, is found as soon as it is there; nothing is held open.
pub struct Keyring {
    connect: Box<dyn Fn() -> Connected + Send + Sync>,
}

type Connected = Result<Arc<CredentialStore>, Error>;

impl Keyring {
    /// The keyring of the user who runs this.
    #[must_use]
    pub fn new() -> Self {
        Self { connect: Box::new(system::connect) }
    }

    fn entry(&self, owner: &Owner) -> Result<Entry, StoreError> {
        let store = (self.connect)().map_err(|error| match explain(error) {
            StoreError::Failed(said) => StoreError::Absent(said),
            other => other,
        })?;
        store.build(SERVICE, &owner.to_string(), None).map_err(explain)
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
        match self.entry(owner)?.get_password() {
            Ok(password) => Ok(Some(Secret::new(password))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(explain(error)),
        }
    }

    fn set(&self, owner: &Owner, secret: &Secret) -> Result<(), StoreError> {
        let entry = self.entry(owner)?;
        let first = match entry.set_password(secret.expose()) {
            // One may be left in a second keyring, and would be found again later.
            Err(Error::Ambiguous(all)) => {
                remove(all).and_then(|()| entry.set_password(secret.expose()))
            }
            done => done,
        };
        match first {
            Err(error) if system::has_no_collection(&error) => {
                system::make_collection().map_err(explain)?;
                entry.set_password(secret.expose()).map_err(explain)
            }
            done => done.map_err(explain),
        }
    }

    fn delete(&self, owner: &Owner) -> Result<(), StoreError> {
        match self.entry(owner)?.delete_credential() {
            Err(Error::NoEntry) => Ok(()),
            Err(Error::Ambiguous(all)) => remove(all).map_err(explain),
            done => done.map_err(explain),
        }
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
