//! One entry for all secrets, on the mock of `keyring-core`: the Keychain itself is only on macOS.

use std::collections::HashMap;
use std::fs::TryLockError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keyring_core::mock::{Cred, Store as Mock};
use keyring_core::{CredentialStore, Entry};
use tempfile::TempDir;

use super::super::tests::with;
use super::super::{Connection, SERVICE, System};
use super::*;

/// A keychain, and the programs that use it.
struct Keychain {
    store: Arc<CredentialStore>,
    folder: TempDir,
}

impl Keychain {
    fn new() -> Self {
        Self { store: Mock::new().unwrap(), folder: tempfile::tempdir().unwrap() }
    }

    /// With entries of an earlier version.
    fn of_earlier_version(entries: &[(&str, &str)]) -> Self {
        let keychain = Self::new();
        entries.iter().for_each(|(name, password)| keychain.put(name, password));
        keychain
    }

    /// One more program.
    fn newsmux(&self) -> OneItem {
        OneItem::new(with(&self.store), &self.folder.path().join("new/keychain.lock"))
    }

    fn put(&self, user: &str, text: &str) {
        self.store.build(SERVICE, user, None).unwrap().set_password(text).unwrap();
    }

    /// The next use of an entry fails so.
    fn fail(&self, user: &str, error: Error) {
        let entry = self.store.build(SERVICE, user, None).unwrap();
        entry.as_any().downcast_ref::<Cred>().unwrap().set_error(error);
    }

    /// What is in it.
    fn entries(&self) -> Vec<(String, String)> {
        let all = self.store.search(&HashMap::from([("service", SERVICE)])).unwrap();
        let text = |entry: &Entry| entry.get_password().ok();
        let entry = |entry| Some((Entry::get_specifiers(entry)?.1, text(entry)?));
        all.iter().filter_map(entry).collect()
    }
}

fn provider(id: &str) -> Owner {
    Owner::Provider(id.into())
}

fn secret(text: &str) -> Option<Secret> {
    Some(Secret::new(text))
}

/// The next use of an entry fails.
fn fail(entry: &Entry) {
    entry.as_any().downcast_ref::<Cred>().unwrap().set_error(failure());
}

fn failure() -> Error {
    Error::PlatformFailure("the moon is full".into())
}

#[test]
fn all_secrets_are_in_one_entry_and_the_last_takes_it_along() {
    let keychain = Keychain::new();
    let newsmux = keychain.newsmux();
    newsmux.set(&provider("a"), &Secret::new("p\"☂")).unwrap();
    newsmux.set(&Owner::Client("a".into()), &Secret::new("c")).unwrap();
    newsmux.set(&provider("a"), &Secret::new("new")).unwrap();
    let item = r#"{"secrets":{"client/a":"c","provider/a":"new"}}"#;
    assert_eq!(keychain.entries(), [("passwords".into(), item.into())]);
    let other = keychain.newsmux();
    assert_eq!(other.get(&provider("a")), Ok(secret("new")));
    assert_eq!(other.get(&Owner::Client("a".into())), Ok(secret("c")));
    assert_eq!(other.get(&provider("b")), Ok(None));
    other.delete(&provider("a")).unwrap();
    other.delete(&provider("a")).unwrap();
    assert_eq!(other.get(&provider("a")), Ok(None));
    other.delete(&Owner::Client("a".into())).unwrap();
    assert_eq!(keychain.entries(), []);
}

#[test]
fn the_entry_is_read_once_however_many_secrets_are_wanted() {
    let keychain = Keychain::of_earlier_version(&[("provider/a", "1"), ("provider/b", "2")]);
    let newsmux = keychain.newsmux();
    assert_eq!(newsmux.get(&provider("a")), Ok(secret("1")));
    keychain.fail(USER, failure());
    assert_eq!(newsmux.get(&provider("b")), Ok(secret("2")));
    assert_eq!(newsmux.get(&provider("a")), Ok(secret("1")));
}

#[test]
fn entries_of_an_earlier_version_are_moved_together() {
    let old = [("provider/a", "1"), ("client/tv", "2"), ("other", "kept")];
    let keychain = Keychain::of_earlier_version(&old);
    assert_eq!(keychain.newsmux().get(&Owner::Client("tv".into())), Ok(secret("2")));
    let item = r#"{"secrets":{"client/tv":"2","provider/a":"1"}}"#;
    let both = [("other".into(), "kept".into()), ("passwords".into(), item.into())];
    assert_eq!(keychain.entries(), both);
}

#[test]
fn a_move_that_was_interrupted_is_finished_the_next_time() {
    let old = [("provider/a", "1"), ("provider/b", "2")];
    let keychain = Keychain::of_earlier_version(&old);
    // It cannot be written: all stays as it was.
    keychain.fail(USER, failure());
    keychain.newsmux().get(&provider("a")).unwrap_err();
    assert_eq!(keychain.entries().len(), 2);
    // It ends between writing and removing. Meanwhile an earlier version has changed a password.
    keychain.put(USER, r#"{"secrets":{"provider/a":"1","provider/b":"2"}}"#);
    keychain.put("provider/b", "newer");
    let newsmux = keychain.newsmux();
    assert_eq!(newsmux.get(&provider("b")), Ok(secret("newer")));
    assert_eq!(newsmux.get(&provider("a")), Ok(secret("1")));
    assert_eq!(keychain.entries().len(), 1);
}

/// A keychain that lets an entry be read once, and then refuses everything about it.
struct Unremovable(Arc<CredentialStore>, AtomicBool);

impl System for Unremovable {
    fn entry(&self, user: &str, _: Connection) -> Result<Entry, Error> {
        let entry = self.0.build(SERVICE, user, None)?;
        if user == "provider/a" && self.1.swap(true, Ordering::Relaxed) {
            fail(&entry);
        }
        Ok(entry)
    }

    fn entries(&self) -> Result<Vec<Entry>, Error> {
        self.0.entries()
    }
}

#[test]
fn an_entry_that_cannot_be_removed_never_replaces_a_newer_secret() {
    let keychain = Keychain::of_earlier_version(&[("provider/a", "old")]);
    let system = Unremovable(Arc::clone(&keychain.store), AtomicBool::new(false));
    let keyring = Keyring { system: Box::new(system) };
    let newsmux = OneItem::new(keyring, &keychain.folder.path().join("keychain.lock"));
    newsmux.set(&provider("a"), &Secret::new("new")).unwrap_err();
    let newsmux = keychain.newsmux();
    assert_eq!(newsmux.get(&provider("a")), Ok(secret("old")));
    newsmux.set(&provider("a"), &Secret::new("new")).unwrap();
    assert_eq!(keychain.newsmux().get(&provider("a")), Ok(secret("new")));
}

#[test]
fn an_old_entry_that_is_no_password_does_not_hide_the_others() {
    let keychain = Keychain::of_earlier_version(&[("provider/a", "1"), ("provider/b", "2")]);
    keychain.fail("provider/b", Error::BadEncoding(vec![0xff]));
    assert_eq!(keychain.newsmux().get(&provider("a")), Ok(secret("1")));
}

#[test]
fn an_entry_of_a_newer_version_is_not_written_over() {
    let newer = r#"{"secrets":{},"stamps":{}}"#;
    let keychain = Keychain::of_earlier_version(&[(USER, newer)]);
    let newsmux = keychain.newsmux();
    let said = newsmux.set(&provider("a"), &Secret::new("p")).unwrap_err().to_string();
    assert!(said.contains("update Newsmux"), "{said}");
    newsmux.get(&provider("a")).unwrap_err();
    newsmux.delete(&provider("a")).unwrap_err();
    assert_eq!(keychain.entries(), [(USER.into(), newer.into())]);
}

#[test]
fn what_could_not_be_written_is_not_taken_for_written() {
    let keychain = Keychain::new();
    let newsmux = keychain.newsmux();
    newsmux.set(&provider("a"), &Secret::new("1")).unwrap();
    keychain.store.build(SERVICE, "provider/a", None).unwrap();
    keychain.fail("provider/a", failure());
    newsmux.set(&provider("a"), &Secret::new("2")).unwrap_err();
    assert_eq!(newsmux.get(&provider("a")), Ok(secret("1")));
}

/// A keychain that notices whenever it is used while another program could use it, too.
struct Watched {
    store: Arc<CredentialStore>,
    lock: PathBuf,
    is_locked: Arc<AtomicBool>,
}

impl System for Watched {
    fn entry(&self, user: &str, _: Connection) -> Result<Entry, Error> {
        let lock = open(&self.lock).map(|lock| lock.try_lock());
        if !matches!(lock, Ok(Err(TryLockError::WouldBlock))) {
            self.is_locked.store(false, Ordering::Relaxed);
        }
        self.store.build(SERVICE, user, None)
    }

    fn entries(&self) -> Result<Vec<Entry>, Error> {
        self.store.entries()
    }
}

#[test]
fn programs_that_use_it_at_the_same_time_lose_nothing() {
    let keychain = Keychain::of_earlier_version(&[("provider/a", "1")]);
    let (store, lock) = (Arc::clone(&keychain.store), keychain.folder.path().join("lock"));
    let is_locked = Arc::new(AtomicBool::new(true));
    let watched = Watched { store, lock: lock.clone(), is_locked: Arc::clone(&is_locked) };
    let one = OneItem::new(Keyring { system: Box::new(watched) }, &lock);
    assert_eq!(one.get(&provider("a")), Ok(secret("1")));
    // Another program changes the entry that this one knows.
    let other = keychain.newsmux();
    other.set(&provider("b"), &Secret::new("2")).unwrap();
    one.set(&provider("c"), &Secret::new("3")).unwrap();
    one.delete(&provider("a")).unwrap();
    assert_eq!(keychain.newsmux().get(&provider("b")), Ok(secret("2")));
    assert_eq!(one.get(&provider("b")), Ok(secret("2")));
    assert!(is_locked.load(Ordering::Relaxed));
}
