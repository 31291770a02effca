//! Copies of the settings beside their file: one from before each version of Newsmux, and one of whatever the user had
//! replaced.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use secrets::atomic::write_atomically;
use serde::Serialize;

use crate::json::read;
use crate::reading::parse;

/// Only its owner reads it.
const MODE: u32 = 0o600;

/// A copy of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SettingsCopy {
    /// Its name, beside the settings.
    pub file: String,
    /// When it was written, in milliseconds since 1970.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: u64,
    /// How many providers are in it; none where this version cannot use it.
    pub providers: Option<usize>,
}

/// The copies of one settings file.
#[derive(Debug)]
pub(crate) struct Copies {
    file: PathBuf,
    version: String,
}

impl Copies {
    pub(crate) fn of(file: &Path, version: &str) -> Self {
        Self { file: file.to_owned(), version: version.to_owned() }
    }

    /// Keeps what this version of Newsmux has found, once.
    pub(crate) fn keep_found(&self, text: &[u8]) -> io::Result<()> {
        let copy = self.named(&format!("before-{}", self.version));
        if copy.symlink_metadata().is_ok() { Ok(()) } else { write_atomically(&copy, text, MODE) }
    }

    /// Keeps what is about to be replaced.
    pub(crate) fn keep(&self, text: &[u8]) -> io::Result<()> {
        write_atomically(&free(|number| self.named(&format!("copy-{number}"))), text, MODE)
    }

    /// The newest first.
    pub(crate) fn all(&self) -> Vec<SettingsCopy> {
        let folder = self.file.parent().and_then(|folder| fs::read_dir(folder).ok());
        let files = folder.into_iter().flatten().flatten().map(|entry| entry.path());
        let mut copies: Vec<_> = files.filter_map(|file| self.copy(&file)).collect();
        copies.sort_by(|a, b| (b.at, &b.file).cmp(&(a.at, &a.file)));
        copies
    }

    /// Where a copy of this name is; none where that is no copy.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.all().into_iter().any(|copy| copy.file == name).then(|| self.file.with_file_name(name))
    }

    fn copy(&self, file: &Path) -> Option<SettingsCopy> {
        let name = file.file_name()?.to_str()?;
        let stem = self.file.file_stem()?.to_str()?;
        let rest = name.strip_prefix(stem)?.strip_prefix('.')?.strip_suffix(".json")?;
        if !rest.starts_with("before-") && !rest.starts_with("copy-") {
            return None;
        }
        let settings = read(file).and_then(|text| parse(file, &text));
        let providers = settings.ok().map(|settings| settings.providers.len());
        Some(SettingsCopy { file: name.to_owned(), at: written(file), providers })
    }

    fn named(&self, what: &str) -> PathBuf {
        self.file.with_extension(format!("{what}.json"))
    }
}

/// In milliseconds since 1970, as far as the system knows.
fn written(file: &Path) -> u64 {
    let at = fs::metadata(file).and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The first of these names that nothing has.
pub(crate) fn free(name: impl Fn(u32) -> PathBuf) -> PathBuf {
    let mut number = 1;
    while !name(number).symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        number += 1;
    }
    name(number)
}
