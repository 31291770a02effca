//! The Secret Service, which GNOME, KDE and KeePassXC have.

use keyring_core::Error;
use secret_service::EncryptionType;
use secret_service::Error as Cause;
use secret_service::blocking::SecretService;
use zbus_secret_service_keyring_store::Store;

use super::Connected;

pub(super) fn connect() -> Connected {
    Store::new().map(|store| store as _)
}

fn cause(error: &Error) -> Option<&Cause> {
    match error {
        Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) => cause.downcast_ref(),
        _ => None,
    }
}

/// Whether it is locked and the user did not change that, or there is no way to ask.
pub(super) fn is_refused(error: &Error) -> bool {
    matches!(cause(error), Some(Cause::Locked | Cause::Prompt))
}

/// Whether it went away meanwhile.
pub(super) fn is_gone(error: &Error) -> bool {
    matches!(cause(error), Some(Cause::Unavailable | Cause::PromptDisconnected))
}

/// Whether there is a keyring without a place for new entries, as on a desktop that logs in without
/// a password.
pub(super) fn has_no_collection(error: &Error) -> bool {
    matches!(cause(error), Some(Cause::NoResult))
}

/// Asks the user to choose a password for it, as other programs do.
pub(super) fn make_collection() -> Result<(), Error> {
    let failed = |cause: Cause| Error::PlatformFailure(Box::new(cause));
    let service = SecretService::connect(EncryptionType::Dh).map_err(failed)?;
    service.create_collection("Default keyring", "default").map_err(failed)?;
    Ok(())
}
