//! The Credential Manager.

use keyring_core::Error;

/// There is no connection that could be lost: what failed once fails again.
pub(super) fn connect() -> Result<(), Error> {
    let failed = |error: &Error| Error::PlatformFailure(error.to_string().into());
    keyring::Entry::store_status().as_ref().map(|()| ()).map_err(failed)
}

pub(super) fn is_lost(_: &Error) -> bool {
    false
}

/// It cannot be locked.
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
