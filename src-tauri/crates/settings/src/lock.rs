//! Only one Newsmux at a time changes a settings file.

use std::fs::{File, OpenOptions, TryLockError, create_dir_all, read_to_string};
use std::io::{self, Write};
use std::path::Path;
use std::process;

/// The leave to change a settings file, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: Option<File>,
}

impl Lock {
    /// Takes the leave for the settings in `file`. Where the system knows no locks there is nothing to hold.
    ///
    /// # Errors
    /// Who has it, where that can be read.
    pub(crate) fn take(file: &Path) -> Result<Self, Option<String>> {
        let lock = file.with_extension("lock");
        let Ok(mut opened) = open(&lock) else { return Ok(Self { _file: None }) };
        match opened.try_lock() {
            Ok(()) => {
                // Without the words somebody else only knows less.
                drop(sign(&mut opened));
                Ok(Self { _file: Some(opened) })
            }
            Err(TryLockError::WouldBlock) => {
                let holder = read_to_string(lock).unwrap_or_default();
                Err(Some(holder.trim().to_owned()).filter(|holder| !holder.is_empty()))
            }
            Err(TryLockError::Error(_)) => Ok(Self { _file: None }),
        }
    }
}

fn open(lock: &Path) -> io::Result<File> {
    if let Some(folder) = lock.parent() {
        create_dir_all(folder)?;
    }
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(lock)
}

fn sign(lock: &mut File) -> io::Result<()> {
    lock.set_len(0)?;
    write!(lock, "Newsmux (process {})", process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_and_says_who_until_it_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new/settings.json");
        let first = Lock::take(&file).unwrap();
        let holder = Lock::take(&file).unwrap_err();
        #[cfg(unix)]
        assert_eq!(holder, Some(format!("Newsmux (process {})", process::id())));
        drop((first, holder));
        Lock::take(&file).unwrap();
    }
}
