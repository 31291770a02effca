//! The settings and their file. A change is on the disk before it takes effect, and what another program
//! wrote there meanwhile is kept.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::atomic::write_atomically;
use crate::error::Error;
use crate::json::read;
use crate::request::{Failure, FailureCode};
use crate::settings::{Settings, check, is_absent, parse};
use crate::snapshot::Trouble;

/// Only its owner reads it: it has no secret, but an account's name.
const MODE: u32 = 0o600;

/// The settings, as they are in the file.
pub(super) struct Keeper {
    file: PathBuf,
    /// What the file was when it was last read or written.
    text: Option<Vec<u8>>,
    settings: Settings,
}

impl Keeper {
    /// Reads the file. One that cannot be used is put aside, and new settings begin.
    pub(super) fn open(file: PathBuf) -> (Self, Option<Trouble>) {
        let read = read(&file).and_then(|text| Ok((parse(&file, &text)?, text)));
        let error = match read {
            Ok((settings, text)) => return (Self { file, text: Some(text), settings }, None),
            Err(error) => error,
        };
        let trouble = (!is_absent(&error)).then(|| set_aside(&file, &error));
        (Self { file, text: None, settings: Settings::default() }, trouble)
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether the settings could be so.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn allows<T>(
        &self,
        change: impl FnOnce(&mut Settings) -> Result<T, Failure>,
    ) -> Result<(), Failure> {
        let mut settings = self.settings.clone();
        change(&mut settings)?;
        complaint(&settings)
    }

    /// Changes the settings, and saves them.
    ///
    /// # Errors
    /// When they cannot be so, or cannot be saved: nothing has changed then.
    pub(super) fn change<T>(
        &mut self,
        change: impl FnOnce(&mut Settings) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let (found, text) = self.found()?;
        let mut settings = found.clone();
        let done = change(&mut settings)?;
        // With a real provider there is no sample any more, whichever way the provider came.
        settings.desktop.sample &= settings.providers.is_empty();
        complaint(&settings)?;
        let text = match text {
            Some(text) if settings == found => text,
            _ => self.write(&settings)?,
        };
        // Both or neither: the text is what tells whether another program was here.
        (self.settings, self.text) = (settings, Some(text));
        Ok(done)
    }

    /// The settings in the file, which another program may have changed, and its text. One that is gone is
    /// written anew.
    fn found(&self) -> Result<(Settings, Option<Vec<u8>>), Failure> {
        match read(&self.file) {
            Err(error) if is_absent(&error) => Ok((self.settings.clone(), None)),
            Ok(text) if Some(&text) == self.text.as_ref() => {
                Ok((self.settings.clone(), Some(text)))
            }
            Ok(text) => {
                let settings = parse(&self.file, &text).map_err(not_ours)?;
                Ok((settings, Some(text)))
            }
            Err(error) => Err(not_ours(error)),
        }
    }

    /// Gives the text that was written.
    fn write(&self, settings: &Settings) -> Result<Vec<u8>, Failure> {
        let failed = |why: String| {
            let file = self.file.display();
            Failure::new(FailureCode::NotSaved, format!("cannot write {file}: {why}"))
        };
        let mut text = serde_json::to_vec_pretty(settings).map_err(|e| failed(e.to_string()))?;
        text.push(b'\n');
        write_atomically(&self.file, &text, MODE).map_err(|e| failed(e.to_string()))?;
        Ok(text)
    }
}

/// Nothing that another program wrote is overwritten before it was understood.
fn not_ours(error: Error) -> Failure {
    let message = format!("another program has changed the settings: {error}");
    Failure::new(FailureCode::NotSaved, message)
}

/// What is wrong with the settings. The field is the last word of the place: the form has no other.
pub(super) fn complaint(settings: &Settings) -> Result<(), Failure> {
    check(settings)
        .map_err(|(place, why)| Failure::invalid(place.rsplit('.').next().unwrap_or_default(), why))
}

fn set_aside(file: &Path, error: &Error) -> Trouble {
    let said = error.to_string();
    match rename(file) {
        Ok(aside) => Trouble::SettingsSetAside { file: aside.display().to_string(), said },
        Err(why) => {
            Trouble::SettingsNotSaved { said: format!("{said}; nor can it be put aside: {why}") }
        }
    }
}

/// A name beside it that is free.
fn rename(file: &Path) -> io::Result<PathBuf> {
    let mut number = 1_u32;
    loop {
        let aside = file.with_extension(format!("broken-{number}.json"));
        if aside.symlink_metadata().is_err() {
            fs::rename(file, &aside)?;
            return Ok(aside);
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Mode;

    const GOOD: &str = r#"{"providers": [{"id": "a", "host": "news.example.com"}]}"#;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.json");
        fs::write(&file, text).unwrap();
        (folder, file)
    }

    fn posting(settings: &mut Settings) -> Result<(), Failure> {
        settings.posting = true;
        Ok(())
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_broken_file_is_put_aside_beside_those_before_it() {
        let (folder, file) = file("{\"providers\": 7}");
        let (keeper, trouble) = Keeper::open(file.clone());
        assert_eq!(*keeper.settings(), Settings::default());
        let aside = folder.path().join("settings.broken-1.json");
        let Some(Trouble::SettingsSetAside { file: told, said }) = trouble else {
            panic!("{trouble:?}")
        };
        assert_eq!(told, aside.display().to_string());
        assert!(said.contains("providers"), "{said}");
        fs::write(&file, "again").unwrap();
        Keeper::open(file);
        assert_eq!(fs::read_to_string(aside).unwrap(), "{\"providers\": 7}");
        assert_eq!(names(folder.path()), ["settings.broken-1.json", "settings.broken-2.json"]);
    }

    #[test]
    fn what_another_program_wrote_meanwhile_stays() {
        let (_folder, file) = file(GOOD);
        let (mut keeper, _) = Keeper::open(file.clone());
        fs::write(&file, GOOD.replacen('{', "{\"routing\": {\"mode\": \"standard\"},", 1)).unwrap();
        keeper.change(posting).unwrap();
        assert_eq!(keeper.settings().routing.mode, Mode::Standard);
        let (again, trouble) = Keeper::open(file);
        assert_eq!((again.settings(), trouble), (keeper.settings(), None));
        assert!(again.settings().posting);
    }

    #[test]
    fn what_another_program_wrote_and_is_not_understood_is_not_written_over() {
        let (_folder, file) = file(GOOD);
        let (mut keeper, _) = Keeper::open(file.clone());
        fs::write(&file, "half a fi").unwrap();
        let failure = keeper.change(posting).unwrap_err();
        assert_eq!(failure.code, FailureCode::NotSaved);
        assert_eq!(fs::read_to_string(file).unwrap(), "half a fi");
        assert!(!keeper.settings().posting);
    }

    #[test]
    fn what_another_program_wrote_outlives_a_change_that_was_refused() {
        let (folder, file) = file(GOOD);
        let (mut keeper, _) = Keeper::open(file.clone());
        fs::write(&file, GOOD.replacen('{', "{\"routing\": {\"mode\": \"standard\"},", 1)).unwrap();
        keeper.change(|_| Err::<(), _>(Failure::refused("no"))).unwrap_err();
        let in_the_way = folder.path().join(".settings.json.new");
        fs::create_dir_all(in_the_way.join("in the way")).unwrap();
        keeper.change(posting).unwrap_err();
        assert_eq!(keeper.settings().routing.mode, Mode::Hybrid, "nothing has changed");
        fs::remove_dir_all(in_the_way).unwrap();
        keeper.change(posting).unwrap();
        assert_eq!(keeper.settings().routing.mode, Mode::Standard);
        assert_eq!(Keeper::open(file).0.settings(), keeper.settings());
    }

    #[test]
    fn a_change_that_cannot_be_written_is_none() {
        let (folder, file) = file(GOOD);
        let (mut keeper, _) = Keeper::open(file.clone());
        // No file can be made where a folder is.
        fs::create_dir_all(folder.path().join(".settings.json.new/in the way")).unwrap();
        let failure = keeper.change(posting).unwrap_err();
        assert_eq!(failure.code, FailureCode::NotSaved);
        assert!(!keeper.settings().posting);
        assert_eq!(fs::read_to_string(file).unwrap(), GOOD);
    }

    #[test]
    fn a_value_that_cannot_be_names_its_field() {
        let (_folder, file) = file(GOOD);
        let (mut keeper, _) = Keeper::open(file);
        let change = |settings: &mut Settings| {
            settings.providers[0].connections = 0;
            Ok(())
        };
        let failure = keeper.change(change).unwrap_err();
        assert_eq!(failure.code, FailureCode::Invalid);
        assert_eq!(failure.field.as_deref(), Some("connections"));
    }

    #[test]
    fn a_file_that_was_removed_is_written_anew() {
        let (_folder, file) = file(GOOD);
        let (mut keeper, _) = Keeper::open(file.clone());
        fs::remove_file(&file).unwrap();
        keeper.change(|_| Ok(())).unwrap();
        assert_eq!(Keeper::open(file).0.settings().providers[0].id, "a");
    }
}
