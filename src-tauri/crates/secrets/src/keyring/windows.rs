//! The Credential Manager.

use keyring_core::Error;
use windows_native_keyring_store::Store;

use super::Connected;

pub(super) fn connect() -> Connected {
    Store::new().map(|store| store as _)
}

/// It has no lock of its own.
pub(super) fn is_refused(_: &Error) -> bool {
    false
}

/// A session without a logon has none.
pub(super) fn is_gone(error: &Error) -> bool {
    matches!(error, Error::NoStorageAccess(_))
}

pub(super) fn has_no_collection(_: &Error) -> bool {
    false
}

pub(super) fn make_collection() -> Result<(), Error> {
    Ok(())
}
