//! Copies of the settings beside their file: one from before each change of the version of Newsmux, and one of whatever the
//! user had replaced.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use secrets::atomic::write_atomically;
use serde::Serialize;

use crate::json::read;
use crate::reading::parse;

/// Only its owner reads it.
const MODE: u32 = 0o600;

/// So many copies of what one version has found are kept.
const MOST_FOUND: usize = 3;

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

/// What a version of Newsmux has found. The last one is of the version that was the last to change the settings.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    at: u64,
    /// The version, and which of its copies it is.
    name: String,
    file: String,
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

    /// Keeps what this version of Newsmux has found, if another version was the last to change it. Of several such copies
    /// the oldest go.
    pub(crate) fn keep_found(&self, text: &[u8]) -> io::Result<()> {
        let mut found = self.found();
        found.sort();
        let number = |copy: &Found| self.number(&copy.name);
        let last = found.last();
        if last.is_some_and(|last| number(last).is_some()) {
            return Ok(());
        }
        let ours: Vec<_> = found.iter().filter(|copy| number(copy).is_some()).collect();
        let path = |copy: &Found| self.file.with_file_name(&copy.file);
        let is_kept = |copy: &&&Found| read(&path(copy)).is_ok_and(|kept| kept == text);
        let copy = if let Some(kept) = ours.iter().find(is_kept) {
            path(kept)
        } else {
            for old in ours.iter().rev().skip(MOST_FOUND - 1) {
                fs::remove_file(path(old))?;
            }
            let last = ours.iter().filter_map(|copy| number(copy)).max().unwrap_or(0);
            let copy = self.found_by(last + 1);
            write_atomically(&copy, text, MODE)?;
            copy
        };
        // The times tell which version was the last, also where the clock was set back.
        let after_last = Duration::from_millis(last.map_or(0, |last| last.at + 1));
        let at = SystemTime::now().max(SystemTime::UNIX_EPOCH + after_last);
        File::options().write(true).open(copy)?.set_modified(at)
    }

    /// The name of a copy of what this version has found, by its number.
    fn found_by(&self, number: u32) -> PathBuf {
        match number {
            1 => self.named(&format!("before-{}", self.version)),
            number => self.named(&format!("before-{}-{number}", self.version)),
        }
    }

    /// What versions of Newsmux have found.
    fn found(&self) -> Vec<Found> {
        let names = self.names().into_iter();
        let found = names.filter_map(|(file, rest)| {
            let name = rest.strip_prefix("before-")?.to_owned();
            Some(Found { at: written(&self.file.with_file_name(&file)), name, file })
        });
        found.collect()
    }

    /// Which copy of this version has this name, from 1; none where it is another version's.
    fn number(&self, name: &str) -> Option<u32> {
        match name.strip_prefix(&self.version)? {
            "" => Some(1),
            rest => rest.strip_prefix('-')?.parse().ok(),
        }
    }

    /// The names of all copies, and what they are copies of.
    fn names(&self) -> Vec<(String, String)> {
        let folder = self.file.parent().and_then(|folder| fs::read_dir(folder).ok());
        let files = folder.into_iter().flatten().flatten();
        let stem = self.file.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        let rest = |name: &str| {
            let rest = name.strip_prefix(stem)?.strip_prefix('.')?.strip_suffix(".json")?;
            let is_copy = rest.starts_with("before-") || rest.starts_with("copy-");
            is_copy.then(|| rest.to_owned())
        };
        let names = files.filter_map(|file| file.file_name().into_string().ok());
        names.filter_map(|name| rest(&name).map(|rest| (name, rest))).collect()
    }

    /// Keeps what is about to be replaced.
    pub(crate) fn keep(&self, text: &[u8]) -> io::Result<()> {
        write_atomically(&free(|number| self.named(&format!("copy-{number}"))), text, MODE)
    }

    /// The newest first.
    pub(crate) fn all(&self) -> Vec<SettingsCopy> {
        let names = self.names().into_iter();
        let mut copies: Vec<_> = names.map(|(file, _)| self.copy(file)).collect();
        copies.sort_by(|a, b| (b.at, &b.file).cmp(&(a.at, &a.file)));
        copies
    }

    /// Where a copy of this name is; none where that is no copy.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.all().into_iter().any(|copy| copy.file == name).then(|| self.file.with_file_name(name))
    }

    fn copy(&self, file: String) -> SettingsCopy {
        let path = self.file.with_file_name(&file);
        let settings = read(&path).and_then(|text| parse(&path, &text));
        let providers = settings.ok().map(|settings| settings.providers.len());
        SettingsCopy { file, at: written(&path), providers }
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
