//! The file that settings are read from.

use std::io;
use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};
use serde::Deserialize;

use crate::error::{Error, Problem};
use crate::json::{parse_json, plainly, read};
use crate::settings::VERSION;
use crate::{Settings, check};

/// The one field that every version of the format has.
#[derive(Deserialize)]
struct VersionOnly {
    #[serde(default = "crate::settings::version")]
    version: u32,
}

/// The version of the format that a file says it has, if it is newer than this one.
pub(crate) fn newer_version(text: &[u8]) -> Option<u32> {
    let VersionOnly { version } = serde_json::from_slice(text).ok()?;
    (version > VERSION).then_some(version)
}

/// The file that is read when none is named.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    Some(ProjectDirs::from("", "", "newsmux")?.config_dir().join("settings.json"))
}

/// The folder for what is kept beside the settings, such as statistics, when none is named.
#[must_use]
pub fn default_state_folder() -> Option<PathBuf> {
    if cfg!(windows) {
        // The usual one would be the folder that the program is installed in, which goes when the program is removed.
        return Some(BaseDirs::new()?.data_local_dir().join("io.github.newsmux"));
    }
    let folders = ProjectDirs::from("", "", "newsmux")?;
    Some(folders.state_dir().unwrap_or_else(|| folders.data_local_dir()).to_owned())
}

/// Reads a settings file.
///
/// # Errors
/// When it cannot be read, or anything in it cannot be.
pub fn load(file: &Path) -> Result<Settings, Error> {
    parse(file, &read(file)?)
}

/// What is in `text`, which was read from `file`.
pub(crate) fn parse(file: &Path, text: &[u8]) -> Result<Settings, Error> {
    // Another version may have other fields: what is wrong then is the version.
    if let Ok(VersionOnly { version }) = parse_json(file, text, plainly) {
        check_version(version).map_err(|why| Error::field(file, "version", why))?;
    }
    let settings = parse_json(file, text, plainly)?;
    check(&settings).map_err(|wrong| Error::field(file, wrong.place, wrong.why))?;
    Ok(settings)
}

/// Reads the file that is there when none is named; without one, the settings have no provider.
///
/// # Errors
/// Like [`load`].
pub fn load_default(file: &Path) -> Result<Settings, Error> {
    match load(file) {
        Err(error) if is_absent(&error) => Ok(Settings::default()),
        other => other,
    }
}

pub(crate) fn is_absent(error: &Error) -> bool {
    matches!(error.problem(), Problem::Read(e) if e.kind() == io::ErrorKind::NotFound)
}

fn check_version(version: u32) -> Result<(), String> {
    if version == VERSION {
        return Ok(());
    }
    Err(format!("this Newsmux reads version {VERSION}, not {version}: use the one that wrote it"))
}
