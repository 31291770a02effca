//! What the vault promises, with a cheap passphrase except where the cost is the promise.

use std::fs;

use tempfile::TempDir;

use super::*;

/// A passphrase that is quick to try.
const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

fn cheap(folder: &TempDir) -> Vault {
    Vault { cost: CHEAP, ..Vault::at(folder.path().join("vault.json")) }
}

fn made() -> (TempDir, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let vault = cheap(&folder);
    vault.create(&passphrase()).unwrap();
    vault.set(&owner(), &Secret::new("hunter2")).unwrap();
    (folder, vault)
}

fn passphrase() -> Secret {
    Secret::new("correct horse")
}

fn owner() -> Owner {
    Owner::Provider("a".into())
}

fn text(vault: &Vault) -> String {
    fs::read_to_string(&vault.file).unwrap()
}

/// Changes one thing in the file.
fn edit(vault: &Vault, from: &str, to: &str) {
    let text = text(vault);
    assert!(text.contains(from), "{text}");
    fs::write(&vault.file, text.replace(from, to)).unwrap();
}

#[test]
fn a_vault_that_is_made_closed_and_opened_has_what_was_put_in() {
    let (folder, vault) = made();
    let client = Owner::Client("a".into());
    vault.set(&client, &Secret::new("geheim ☂")).unwrap();
    assert_eq!(vault.get(&owner()), Ok(Some(Secret::new("hunter2"))));
    vault.close();
    assert_eq!(vault.get(&owner()), Err(StoreError::Closed));
    assert_eq!(vault.set(&owner(), &passphrase()), Err(StoreError::Closed));
    assert_eq!(vault.delete(&owner()), Err(StoreError::Closed));

    let again = cheap(&folder);
    assert!(again.exists() && !again.is_open());
    again.open(&passphrase()).unwrap();
    assert!(again.is_open());
    again.delete(&owner()).unwrap();
    again.delete(&owner()).unwrap();
    assert_eq!(again.get(&owner()), Ok(None));
    assert_eq!(again.get(&client), Ok(Some(Secret::new("geheim ☂"))));
}

#[test]
fn another_passphrase_is_wrong_and_leaves_it_as_it_was() {
    let (_folder, vault) = made();
    assert_eq!(vault.open(&Secret::new("correct horsE")), Err(VaultError::WrongPassphrase));
    assert!(vault.is_open(), "a mistake closed it");
    vault.close();
    assert_eq!(vault.open(&Secret::new("")), Err(VaultError::WrongPassphrase));
    assert!(!vault.is_open());
    vault.open(&passphrase()).unwrap();
}

#[test]
fn it_is_never_written_over_and_never_without_a_passphrase() {
    let (folder, vault) = made();
    let before = text(&vault);
    assert_eq!(cheap(&folder).create(&passphrase()), Err(VaultError::Exists));
    assert_eq!(text(&vault), before);
    let other = Vault::at(folder.path().join("other.json"));
    assert_eq!(other.create(&Secret::new("")), Err(VaultError::NoPassphrase));
    assert_eq!(other.open(&passphrase()), Err(VaultError::Missing));
    assert!(!other.exists());
}

#[test]
fn nothing_of_a_secret_is_in_the_file_or_in_debug() {
    let (_folder, vault) = made();
    let printed = format!("{} {vault:?}", text(&vault));
    for hidden in ["hunter2", "correct horse", "provider"] {
        assert!(!printed.contains(hidden), "{printed}");
    }
}

#[test]
fn each_write_has_a_nonce_of_its_own() {
    let (_folder, vault) = made();
    let nonce = || vault.read().unwrap().open(&vault.lock().as_ref().unwrap().key).is_ok();
    assert!(nonce());
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        vault.set(&owner(), &Secret::new("hunter2")).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text(&vault)).unwrap();
        assert!(seen.insert(json["nonce"].to_string()) && seen.insert(json["sealed"].to_string()));
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_damaged_and_says_which() {
    let (_folder, vault) = made();
    let whole = text(&vault);
    for cut in 0..whole.len() {
        fs::write(&vault.file, &whole[..cut]).unwrap();
        let error = vault.open(&passphrase()).unwrap_err();
        let VaultError::Unusable(said) = &error else { panic!("at {cut}: {error:?}") };
        assert!(said.contains("vault.json is damaged"), "{said}");
    }
    fs::write(&vault.file, whole).unwrap();
    assert_eq!(vault.get(&owner()), Ok(Some(Secret::new("hunter2"))));
}

#[test]
fn nothing_in_the_file_can_be_changed_unseen() {
    let (_folder, vault) = made();
    let whole = text(&vault);
    let json: serde_json::Value = serde_json::from_str(&whole).unwrap();
    for field in ["/header/salt", "/nonce", "/sealed"] {
        let value = json.pointer(field).unwrap().as_str().unwrap();
        let first = if value.starts_with('A') { "B" } else { "A" };
        edit(&vault, value, &format!("{first}{}", &value[1..]));
        assert_eq!(vault.open(&passphrase()), Err(VaultError::WrongPassphrase), "{field}");
        fs::write(&vault.file, &whole).unwrap();
    }
    edit(&vault, "\"passes\": 1", "\"passes\": 2");
    assert_eq!(vault.open(&passphrase()), Err(VaultError::WrongPassphrase));
}

#[test]
fn a_file_cannot_ask_for_what_is_absurd() {
    let (_folder, vault) = made();
    let whole = text(&vault);
    for (from, to) in [
        ("\"memory_kib\": 64", "\"memory_kib\": 4294967295"),
        ("\"memory_kib\": 64", "\"memory_kib\": 1048577"),
        ("\"memory_kib\": 64", "\"memory_kib\": 0"),
        ("\"passes\": 1", "\"passes\": 0"),
        ("\"passes\": 1", "\"passes\": 1000000"),
        ("\"lanes\": 1", "\"lanes\": 17"),
        ("\"lanes\": 1", "\"lanes\": -1"),
        ("argon2id", "rot13"),
        ("xchacha20-poly1305", "none"),
    ] {
        edit(&vault, from, to);
        assert!(matches!(vault.open(&passphrase()), Err(VaultError::Unusable(_))), "{to}");
        fs::write(&vault.file, &whole).unwrap();
    }
}

#[test]
fn a_newer_file_is_told_from_a_damaged_one() {
    let (_folder, vault) = made();
    edit(&vault, "\"version\": 1", "\"version\": 2, \"more\": true");
    let error = vault.open(&passphrase()).unwrap_err().to_string();
    assert!(error.ends_with("was written by a newer version of Newsmux"), "{error}");
}

#[test]
fn a_file_that_is_too_long_is_not_read() {
    let (_folder, vault) = made();
    fs::write(&vault.file, vec![b' '; (1 << 20) + 1]).unwrap();
    let error = vault.open(&passphrase()).unwrap_err().to_string();
    assert!(error.contains("vault.json: it is too long for a vault"), "{error}");
}

#[test]
fn another_vault_in_its_place_wants_its_own_passphrase() {
    let (_folder, vault) = made();
    let (_other_folder, other) = made();
    fs::copy(&other.file, &vault.file).unwrap();
    assert_eq!(vault.set(&owner(), &Secret::new("new")), Err(StoreError::Closed));
    assert!(!vault.is_open());
    vault.open(&passphrase()).unwrap();
    assert_eq!(vault.get(&owner()), Ok(Some(Secret::new("hunter2"))));
}

#[test]
fn a_vault_that_is_gone_is_not_begun_anew_unasked() {
    let (_folder, vault) = made();
    fs::remove_file(&vault.file).unwrap();
    let gone = Err(StoreError::Failed("there is no vault".into()));
    assert_eq!(vault.set(&owner(), &Secret::new("new")), gone);
    assert!(!vault.exists());
}

#[test]
fn a_write_that_fails_leaves_the_file_as_it_was() {
    let (folder, vault) = made();
    let before = text(&vault);
    // Nothing can be written where the new file would be.
    fs::create_dir(folder.path().join(".vault.json.new")).unwrap();
    let failed = vault.set(&owner(), &Secret::new("new")).unwrap_err();
    assert!(matches!(&failed, StoreError::Failed(said) if said.starts_with("cannot write")));
    assert_eq!(text(&vault), before);
    assert_eq!(vault.get(&owner()), Ok(Some(Secret::new("hunter2"))));
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, vault) = made();
    assert_eq!(vault.file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_passphrase_of_a_real_vault_is_dear_to_try() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::at(folder.path().join("vault.json"));
    vault.create(&passphrase()).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text(&vault)).unwrap();
    assert_eq!(json.pointer("/header/cost/memory_kib").unwrap(), 65536);
    assert_eq!(json.pointer("/header/cost/passes").unwrap(), 3);
    vault.close();
    vault.open(&passphrase()).unwrap();
}

#[test]
fn nothing_is_written_that_could_not_be_read_again() {
    let (_folder, vault) = made();
    let long = Secret::new("x".repeat(1 << 20));
    let other = Owner::Provider("b".into());
    assert!(matches!(vault.set(&other, &long), Err(StoreError::Failed(_))));
    assert_eq!(vault.get(&owner()), Ok(Some(Secret::new("hunter2"))));
}
