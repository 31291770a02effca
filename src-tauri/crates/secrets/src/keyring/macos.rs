//! The Keychain.

use apple_native_keyring_store::keychain::Store;
use keyring_core::Error;
use security_framework::base::Error as Cause;

use super::Connected;

/// The user cancelled, the password was wrong, or there is no way to ask.
const REFUSED: [i32; 3] = [-128, -25293, -25308];
/// There is no keychain.
const GONE: [i32; 3] = [-25291, -25294, -25307];

pub(super) fn connect() -> Connected {
    Store::new().map(|store| store as _)
}

fn code(error: &Error) -> Option<i32> {
    match error {
        Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) => {
            cause.downcast_ref::<Cause>().map(|cause| cause.code())
        }
        _ => None,
    }
}

pub(super) fn is_refused(error: &Error) -> bool {
    code(error).is_some_and(|code| REFUSED.contains(&code))
}

pub(super) fn is_gone(error: &Error) -> bool {
    code(error).is_some_and(|code| GONE.contains(&code))
}

pub(super) fn has_no_collection(_: &Error) -> bool {
    false
}

pub(super) fn make_collection() -> Result<(), Error> {
    Ok(())
}
