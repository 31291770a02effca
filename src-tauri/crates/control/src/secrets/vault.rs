//! A file of our own for machines without a keyring: secrets encrypted with a passphrase, which is kept
//! nowhere.

mod sealed;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nntp_proxy::config::Secret;
use zeroize::Zeroizing;

use self::sealed::{Contents, Cost, Header, Key, Sealed};
use super::{Owner, Store, StoreError};
use crate::atomic::write_atomically;

/// No vault of ours is longer.
const LONGEST: u64 = 1 << 20;

/// The owner reads and writes it, nobody else.
const MODE: u32 = 0o600;

/// A file of secrets that a passphrase opens.
///
/// It is closed at first. While it is open the key that was made of the passphrase is in memory; the
/// secrets are in the file, and are read each time.
pub struct Vault {
    file: PathBuf,
    cost: Cost,
    open: Mutex<Option<Open>>,
}

/// What the passphrase was turned into, and for which file.
struct Open {
    header: Header,
    key: Key,
}

/// Why a vault cannot be made or opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VaultError {
    /// The key that the passphrase gives does not fit. A file that was tampered with looks the same.
    WrongPassphrase,
    /// A passphrase without a character protects nothing.
    NoPassphrase,
    /// There is one, and it is never written over.
    Exists,
    /// There is none.
    Missing,
    /// It is damaged, or a newer version wrote it; in a sentence.
    Unusable(String),
    /// It cannot be read or written; in a sentence.
    Failed(String),
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongPassphrase => {
                "the passphrase does not open the vault; if it is the right one, the file was changed"
            }
            Self::NoPassphrase => "the passphrase is empty",
            Self::Exists => "there is a vault already",
            Self::Missing => "there is no vault",
            Self::Unusable(said) | Self::Failed(said) => said,
        })
    }
}

impl std::error::Error for VaultError {}

impl From<VaultError> for StoreError {
    fn from(error: VaultError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Vault {
    /// The vault in `file`, whether it is there or not; closed.
    pub fn at(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into(), cost: Cost::default(), open: Mutex::new(None) }
    }

    /// Whether there is one.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.file.exists()
    }

    /// Whether its passphrase was given.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.lock().is_some()
    }

    /// Makes an empty one, which is then open. Takes as long as [`open`](Self::open).
    ///
    /// # Errors
    /// When there is one, when the passphrase is empty, or when the file cannot be written.
    pub fn create(&self, passphrase: &Secret) -> Result<(), VaultError> {
        let mut open = self.lock();
        if passphrase.expose().is_empty() {
            return Err(VaultError::NoPassphrase);
        }
        if self.exists() {
            return Err(VaultError::Exists);
        }
        let header = Header::new(self.cost)?;
        let key = header.key(passphrase)?;
        let made = Open { header, key };
        self.write(&made, &Contents::default())?;
        *open = Some(made);
        Ok(())
    }

    /// Opens it. Takes a tenth of a second or more, by design: never to be called in an async task.
    ///
    /// # Errors
    /// When the passphrase is another, or the file is missing, damaged or cannot be read.
    pub fn open(&self, passphrase: &Secret) -> Result<(), VaultError> {
        let mut open = self.lock();
        let sealed = self.read()?;
        let key = sealed.header.key(passphrase)?;
        sealed.open(&key).map_err(|error| self.name(error))?;
        *open = Some(Open { header: sealed.header, key });
        Ok(())
    }

    /// Closes it, and forgets the key.
    pub fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Result<Sealed, VaultError> {
        let text = read(&self.file).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => VaultError::Missing,
            _ => VaultError::Failed(format!("cannot read {}: {error}", self.file.display())),
        })?;
        Sealed::parse(&text).map_err(|error| self.name(error))
    }

    /// Says which file is damaged.
    fn name(&self, error: VaultError) -> VaultError {
        match error {
            VaultError::Unusable(said) => {
                VaultError::Unusable(format!("{} {said}", self.file.display()))
            }
            error => error,
        }
    }

    fn write(&self, open: &Open, contents: &Contents) -> Result<(), VaultError> {
        let text = Sealed::seal(&open.header, &open.key, contents)?.text()?;
        if is_too_long(&text) {
            return Err(VaultError::Failed("there is no room for it in the vault".into()));
        }
        write_atomically(&self.file, &text, MODE).map_err(|error| {
            VaultError::Failed(format!("cannot write {}: {error}", self.file.display()))
        })
    }

    /// What is in the file, for the passphrase that was given.
    fn contents(&self, open: &mut Option<Open>) -> Result<Contents, StoreError> {
        let Some(key) = &*open else { return Err(StoreError::Closed) };
        let sealed = self.read()?;
        if sealed.header != key.header {
            // Another vault was put in its place, and has a passphrase of its own.
            *open = None;
            return Err(StoreError::Closed);
        }
        Ok(sealed.open(&key.key).map_err(|error| self.name(error))?)
    }

    fn change(&self, change: impl FnOnce(&mut Contents)) -> Result<(), StoreError> {
        let mut open = self.lock();
        let mut contents = self.contents(&mut open)?;
        change(&mut contents);
        match &*open {
            Some(key) => Ok(self.write(key, &contents)?),
            None => Err(StoreError::Closed),
        }
    }
}

/// Closed or open, and never more.
impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Store for Vault {
    fn get(&self, owner: &Owner) -> Result<Option<Secret>, StoreError> {
        let contents = self.contents(&mut self.lock())?;
        Ok(contents.secrets.get(&owner.to_string()).map(|secret| Secret::new(secret.as_str())))
    }

    fn set(&self, owner: &Owner, secret: &Secret) -> Result<(), StoreError> {
        let secret = Zeroizing::new(secret.expose().to_owned());
        self.change(|contents| drop(contents.secrets.insert(owner.to_string(), secret)))
    }

    fn delete(&self, owner: &Owner) -> Result<(), StoreError> {
        self.change(|contents| drop(contents.secrets.remove(&owner.to_string())))
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(file)?.take(LONGEST + 1).read_to_end(&mut text)?;
    if is_too_long(&text) {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too long for a vault"));
    }
    Ok(text)
}

fn is_too_long(text: &[u8]) -> bool {
    text.len() > usize::try_from(LONGEST).unwrap_or(usize::MAX)
}
