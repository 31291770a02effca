//! The keyring's errors in our words, with a keyring that fails as it is told.

use keyring_core::CredentialStore;
use keyring_core::mock::{Cred, Store as Mock};

use super::*;

impl System for Arc<CredentialStore> {
    fn entry(&self, user: &str, _: Connection) -> Result<Entry, Error> {
        self.build(SERVICE, user, None)
    }

    fn entries(&self) -> Result<Vec<Entry>, Error> {
        self.search(&HashMap::from([("service", SERVICE)]))
    }
}

/// A keyring that cannot be connected to.
struct Unconnected;

impl System for Unconnected {
    fn entry(&self, _: &str, _: Connection) -> Result<Entry, Error> {
        Err(Error::PlatformFailure("no bus".into()))
    }

    fn entries(&self) -> Result<Vec<Entry>, Error> {
        Err(Error::PlatformFailure("no bus".into()))
    }
}

pub(super) fn with(store: &Arc<CredentialStore>) -> Keyring {
    Keyring { system: Box::new(Arc::clone(store)) }
}

fn mock() -> (Keyring, Arc<CredentialStore>) {
    let store: Arc<CredentialStore> = Mock::new().unwrap();
    (with(&store), store)
}

fn owner() -> Owner {
    Owner::Provider("a".into())
}

/// The next use of the owner's entry fails so.
fn fail(store: &Arc<CredentialStore>, error: Error) {
    let entry = store.build("newsmux", "provider/a", None).unwrap();
    entry.as_any().downcast_ref::<Cred>().unwrap().set_error(error);
}

fn get_after(error: Error) -> StoreError {
    let (keyring, store) = mock();
    fail(&store, error);
    keyring.get(&owner()).unwrap_err()
}

#[test]
fn each_owner_has_a_secret_of_its_own() {
    let (keyring, _store) = mock();
    let client = Owner::Client("a".into());
    keyring.set(&owner(), &Secret::new("p")).unwrap();
    keyring.set(&client, &Secret::new("c")).unwrap();
    assert_eq!(keyring.get(&owner()), Ok(Some(Secret::new("p"))));
    keyring.delete(&owner()).unwrap();
    keyring.delete(&owner()).unwrap();
    assert_eq!(keyring.get(&owner()), Ok(None));
    assert_eq!(keyring.get(&client), Ok(Some(Secret::new("c"))));
}

#[test]
fn no_secret_is_in_an_error() {
    let said = get_after(Error::BadEncoding(b"hunter2\xff".to_vec()));
    let because = "not what it should be".into();
    let also = get_after(Error::BadDataFormat(b"hunter2".to_vec(), because));
    for said in [said, also] {
        assert!(matches!(&said, StoreError::Failed(said) if said.contains("enter it anew")));
        let printed = format!("{said:?} {said}");
        assert!(!printed.contains("hunter2") && !printed.contains("104, 117"), "{printed}");
    }
}

#[test]
fn what_it_fails_with_is_said_in_its_words() {
    let failed = get_after(Error::PlatformFailure("the moon is full".into()));
    assert_eq!(failed, StoreError::Failed("the moon is full".into()));
    let (keyring, store) = mock();
    fail(&store, Error::TooLong("password encoded as UTF-16".into(), 2560));
    let refused = keyring.set(&owner(), &Secret::new("long")).unwrap_err();
    assert_eq!(refused, StoreError::Failed("the keyring takes no more than 2560 bytes".into()));
}

#[test]
fn a_keyring_that_cannot_be_connected_to_is_absent() {
    let keyring = Keyring { system: Box::new(Unconnected) };
    let absent = || StoreError::Absent("no bus".into());
    assert_eq!(keyring.get(&owner()), Err(absent()));
    assert_eq!(keyring.set(&owner(), &Secret::new("p")), Err(absent()));
    assert_eq!(keyring.delete(&owner()), Err(absent()));
}

#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn locked_and_absent_are_told_apart() {
    use secret_service::Error as Cause;
    let after = |cause: Cause| get_after(Error::PlatformFailure(Box::new(cause)));
    assert_eq!(after(Cause::Locked), StoreError::Locked);
    assert_eq!(after(Cause::Prompt), StoreError::Locked);
    assert!(matches!(after(Cause::Unavailable), StoreError::Absent(_)));
    assert!(matches!(after(Cause::PromptDisconnected), StoreError::Absent(_)));
    assert!(matches!(after(Cause::NoResult), StoreError::Absent(_)));
    assert!(matches!(after(Cause::Crypto("wrong")), StoreError::Failed(_)));
}
