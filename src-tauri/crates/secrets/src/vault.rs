//! A file of our own for machines without a keyring: secrets encrypted with a passphrase, which is kept
//! nowhere.

mod sealed;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// For those who cannot wait for a passphrase to be tried.
    is_open: AtomicBool,
    was_replaced: AtomicBool,
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
        Self {
            file: file.into(),
            cost: Cost::default(),
            open: Mutex::new(None),
            is_open: AtomicBool::new(false),
            was_replaced: AtomicBool::new(false),
        }
    }

    /// Whether there is one.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.file.exists()
    }

    /// Whether its passphrase was given.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// Whether another vault was found in its place, and nobody has given that one's passphrase yet.
    #[must_use]
    pub fn was_replaced(&self) -> bool {
        self.was_replaced.load(Ordering::Relaxed)
    }

    /// Makes an empty one, which is then open. Takes as long as [`open`](Self::open).
    ///
    /// # Errors
    /// When there is one, when the passphrase is empty, or when the file cannot be written.
    pub fn create(&self, passphrase: &Secret) -> Result<(), VaultError> {
        let mut open = self.lock();
        if self.exists() {
            return Err(VaultError::Exists);
        }
        self.make(&mut open, passphrase, &Contents::default())
    }

    /// Makes an empty one in the place of the one that is there, which stays beside it.
    ///
    /// # Errors
    /// When the passphrase is empty, or a file cannot be moved or written.
    pub fn start_over(&self, passphrase: &Secret) -> Result<(), VaultError> {
        let mut open = self.lock();
        if passphrase.expose().is_empty() {
            return Err(VaultError::NoPassphrase);
        }
        let failed =
            |error: io::Error| VaultError::Failed(format!("cannot move the old vault: {error}"));
        let old = self.exists().then(|| free(&self.file));
        if let Some(old) = &old {
            fs::rename(&self.file, old).map_err(failed)?;
        }
        let made = self.make(&mut open, passphrase, &Contents::default());
        if let (Err(_), Some(old)) = (&made, &old) {
            fs::rename(old, &self.file).map_err(failed)?;
        }
        made
    }

    /// Gives it another passphrase; it is open then. Takes twice as long as [`open`](Self::open).
    ///
    /// # Errors
    /// Those of [`open`](Self::open), and when the new passphrase is empty or the file cannot be written.
    pub fn change_passphrase(&self, passphrase: &Secret, new: &Secret) -> Result<(), VaultError> {
        let mut open = self.lock();
        let sealed = self.read()?;
        let contents =
            sealed.open(&sealed.header.key(passphrase)?).map_err(|error| self.name(error))?;
        self.make(&mut open, new, &contents)
    }

    fn make(
        &self,
        open: &mut Option<Open>,
        passphrase: &Secret,
        contents: &Contents,
    ) -> Result<(), VaultError> {
        if passphrase.expose().is_empty() {
            return Err(VaultError::NoPassphrase);
        }
        let header = Header::new(self.cost)?;
        let key = header.key(passphrase)?;
        let made = Open { header, key };
        self.write(&made, contents)?;
        self.set_open(open, Some(made));
        Ok(())
    }

    fn set_open(&self, open: &mut Option<Open>, now: Option<Open>) {
        self.is_open.store(now.is_some(), Ordering::Relaxed);
        self.was_replaced.store(false, Ordering::Relaxed);
        *open = now;
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
        self.set_open(&mut open, Some(Open { header: sealed.header, key }));
        Ok(())
    }

    /// Closes it, and forgets the key.
    pub fn close(&self) {
        self.set_open(&mut self.lock(), None);
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
            // Another vault was put in its place, and has another passphrase.
            self.set_open(open, None);
            self.was_replaced.store(true, Ordering::Relaxed);
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

/// A name for an old vault that nothing has.
fn free(file: &Path) -> PathBuf {
    let names = (1_u32..).map(|number| file.with_extension(format!("old-{number}.json")));
    let mut free = names.filter(|name| name.symlink_metadata().is_err());
    free.next().unwrap_or_else(|| file.with_extension("old.json"))
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
