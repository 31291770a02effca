//! The settings and their file. A change is on the disk before it takes effect, and what another program
//! wrote there meanwhile is kept. A file that is not understood or cannot be read is left as it is.

use std::fs;
use std::path::{Path, PathBuf};

use secrets::atomic::write_atomically;

use super::copies::{Copies, free};
use crate::error::Error;
use crate::json::{is_json, read};
use crate::lock::Lock;
use crate::request::{Failure, FailureCode, SettingsCopy};
use crate::settings::{Settings, check, is_absent, newer_version, parse};
use crate::snapshot::{ReadOnly, Trouble};
use crate::understood::understood;

/// Only its owner reads it: it has no secret, but an account's name.
const MODE: u32 = 0o600;

/// The settings, as they are in the file.
pub(super) struct Keeper {
    file: PathBuf,
    /// What the file was when it was last read or written.
    text: Option<Vec<u8>>,
    settings: Settings,
    copies: Copies,
    /// What this version of Newsmux has found, until there is a copy of it.
    as_found: Option<Vec<u8>>,
    lock: Option<Lock>,
    /// Why they may not be changed, and what was said about it.
    read_only: Option<(ReadOnly, String)>,
    set_aside: Option<SetAside>,
}

/// A file that was no JSON.
struct SetAside {
    number: u32,
    file: PathBuf,
}

impl Keeper {
    /// Reads the file. One that is no JSON is set aside, and new settings begin.
    pub(super) fn open(file: PathBuf, version: &str) -> Self {
        let mut keeper = Self {
            copies: Copies::of(&file, version),
            file,
            text: None,
            settings: Settings::default(),
            as_found: None,
            lock: None,
            read_only: None,
            set_aside: None,
        };
        // What another Newsmux is about to change is not touched.
        keeper.lock = Lock::take(&keeper.file).ok();
        let text = read(&keeper.file).ok().filter(|_| keeper.lock.is_some());
        if text.as_ref().is_some_and(|text| !is_json(text)) {
            // One that stays where it is can only be read.
            drop(fs::rename(&keeper.file, free(|number| broken(&keeper.file, number))));
        }
        keeper.look();
        keeper.as_found = keeper.text.clone();
        let seen = keeper.settings.desktop.set_aside_seen;
        keeper.set_aside = last_broken(&keeper.file).filter(|last| last.number > seen);
        keeper
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether they may not be changed.
    pub(super) fn is_read_only(&self) -> bool {
        self.read_only.is_some()
    }

    /// What the user should know about them.
    pub(super) fn troubles(&self) -> impl Iterator<Item = Trouble> {
        let read_only = self.read_only.clone();
        let read_only = read_only.map(|(why, said)| Trouble::SettingsReadOnly { why, said });
        let set_aside = self.set_aside.as_ref().map(|SetAside { file, .. }| {
            let said = read(file).and_then(|text| parse(file, &text)).err();
            let said = said.map_or_else(String::new, |error| error.to_string());
            Trouble::SettingsSetAside { file: file.display().to_string(), said }
        });
        read_only.into_iter().chain(set_aside)
    }

    /// The user knows that a file was set aside. Gives its number, which the settings have to remember.
    pub(super) fn answered(&self) -> Option<u32> {
        self.set_aside.as_ref().map(|aside| aside.number)
    }

    /// Checks whether the settings may be changed now, and reads what another Newsmux changed. Returns whether
    /// anything is new.
    pub(super) fn look_again(&mut self) -> bool {
        if self.read_only.is_none() {
            return false;
        }
        let before = (self.settings.clone(), self.read_only.clone());
        self.look();
        if self.read_only.is_none() {
            self.as_found = self.text.clone();
        }
        before != (self.settings.clone(), self.read_only.clone())
    }

    fn look(&mut self) {
        let found = read(&self.file);
        self.read_only = match found.map(|text| (parse(&self.file, &text), text)) {
            Ok((Ok(settings), text)) => {
                (self.settings, self.text) = (settings, Some(text));
                None
            }
            Ok((Err(error), text)) => {
                let newer = newer_version(&text).map(|version| ReadOnly::Newer { version });
                if is_json(&text) {
                    self.settings = understood(&text);
                }
                Some((newer.unwrap_or(ReadOnly::NotUnderstood), error.to_string()))
            }
            Err(error) if is_absent(&error) => None,
            Err(error) => Some((ReadOnly::Unreadable, error.to_string())),
        };
        if self.lock.is_none() {
            match Lock::take(&self.file) {
                Ok(lock) => self.lock = Some(lock),
                Err(by) => {
                    self.read_only.get_or_insert((ReadOnly::Held { by }, String::new()));
                }
            }
        }
    }

    /// Whether the settings could be so.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn allows<T>(
        &self,
        change: impl FnOnce(&mut Settings) -> Result<T, Failure>,
    ) -> Result<(), Failure> {
        self.may_be_changed()?;
        let mut settings = self.settings.clone();
        change(&mut settings)?;
        complaint(&settings)
    }

    fn may_be_changed(&self) -> Result<(), Failure> {
        match &self.read_only {
            None => Ok(()),
            Some((_, said)) => {
                let message = format!("the settings cannot be changed at the moment: {said}");
                Err(Failure::new(FailureCode::SettingsReadOnly, message))
            }
        }
    }

    /// Changes the settings, and saves them.
    ///
    /// # Errors
    /// When they cannot be so, or cannot be saved: nothing has changed then.
    pub(super) fn change<T>(
        &mut self,
        change: impl FnOnce(&mut Settings) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.may_be_changed()?;
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
        self.set_aside.take_if(|aside| aside.number <= self.settings.desktop.set_aside_seen);
        Ok(done)
    }

    /// The copies that there are.
    pub(super) fn copies(&self) -> Vec<SettingsCopy> {
        self.copies.all()
    }

    /// Puts a copy in the place of the settings, and keeps what was there.
    ///
    /// # Errors
    /// When there is no such copy, when it cannot be used, or when what is there cannot be kept.
    pub(super) fn restore(&mut self, name: &str) -> Result<(), Failure> {
        let unknown = || Failure::new(FailureCode::Unknown, "there is no such copy");
        let copy = self.copies.path(name).ok_or_else(unknown)?;
        let read = read(&copy).and_then(|text| parse(&copy, &text));
        let mut settings = read.map_err(|error| Failure::refused(error.to_string()))?;
        if let Some(aside) = &self.set_aside {
            settings.desktop.set_aside_seen = aside.number;
        }
        self.replace(settings)
    }

    /// Makes what is understood of the file the settings, and keeps the file as a copy.
    ///
    /// # Errors
    /// When it cannot be read or kept.
    pub(super) fn adopt(&mut self) -> Result<(), Failure> {
        self.replace(self.settings.clone())
    }

    /// Nothing is written over that there is no copy of.
    fn replace(&mut self, settings: Settings) -> Result<(), Failure> {
        if self.lock.is_none() {
            let message = "another Newsmux changes the settings: quit it first";
            return Err(Failure::new(FailureCode::SettingsReadOnly, message));
        }
        match read(&self.file) {
            Ok(text) => self.copies.keep(&text).map_err(|error| self.not_written(&error))?,
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(Failure::refused(error.to_string())),
        }
        let text = self.write(&settings)?;
        (self.settings, self.text, self.read_only) = (settings, Some(text), None);
        self.set_aside.take_if(|aside| aside.number <= self.settings.desktop.set_aside_seen);
        Ok(())
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

    /// Gives the text that was written. Before the first time there is a copy of what was found.
    fn write(&mut self, settings: &Settings) -> Result<Vec<u8>, Failure> {
        let mut text = serde_json::to_vec_pretty(settings).map_err(|e| self.not_written(&e))?;
        text.push(b'\n');
        if let Some(found) = &self.as_found {
            self.copies.keep_found(found).map_err(|error| self.not_written(&error))?;
        }
        self.as_found = None;
        write_atomically(&self.file, &text, MODE).map_err(|error| self.not_written(&error))?;
        Ok(text)
    }

    fn not_written(&self, why: &dyn std::error::Error) -> Failure {
        let file = self.file.display();
        Failure::new(FailureCode::NotSaved, format!("cannot write {file}: {why}"))
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

/// The name of a file that is set aside.
fn broken(file: &Path, number: u32) -> PathBuf {
    file.with_extension(format!("broken-{number}.json"))
}

fn last_broken(file: &Path) -> Option<SetAside> {
    let all = (1..).map(|number| SetAside { number, file: broken(file, number) });
    all.take_while(|aside| aside.file.symlink_metadata().is_ok()).last()
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

    fn open(file: &Path) -> Keeper {
        Keeper::open(file.to_owned(), "1.2.3")
    }

    fn saved(file: &Path) -> Settings {
        parse(file, &fs::read(file).unwrap()).unwrap()
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
    fn a_file_that_is_no_json_is_set_aside_beside_those_before_it() {
        let (folder, file) = file("{\"providers\": 7");
        let keeper = open(&file);
        assert_eq!(*keeper.settings(), Settings::default());
        let aside = folder.path().join("settings.broken-1.json");
        let trouble = keeper.troubles().next();
        let Some(Trouble::SettingsSetAside { file: told, said }) = trouble else {
            panic!("{trouble:?}")
        };
        assert_eq!(told, aside.display().to_string());
        assert!(said.contains("line 1"), "{said}");
        drop(keeper);
        fs::write(&file, "again").unwrap();
        open(&file);
        assert_eq!(fs::read_to_string(aside).unwrap(), "{\"providers\": 7");
        let left = ["settings.broken-1.json", "settings.broken-2.json", "settings.lock"];
        assert_eq!(names(folder.path()), left);
    }

    #[test]
    fn what_another_program_wrote_meanwhile_stays() {
        let (_folder, file) = file(GOOD);
        let mut keeper = open(&file);
        fs::write(&file, GOOD.replacen('{', "{\"routing\": {\"mode\": \"standard\"},", 1)).unwrap();
        keeper.change(posting).unwrap();
        assert_eq!(keeper.settings().routing.mode, Mode::Standard);
        assert!(saved(&file) == *keeper.settings() && keeper.settings().posting);
    }

    #[test]
    fn what_another_program_wrote_and_is_not_understood_is_not_written_over() {
        let (_folder, file) = file(GOOD);
        let mut keeper = open(&file);
        fs::write(&file, "half a fi").unwrap();
        let failure = keeper.change(posting).unwrap_err();
        assert_eq!(failure.code, FailureCode::NotSaved);
        assert_eq!(fs::read_to_string(file).unwrap(), "half a fi");
        assert!(!keeper.settings().posting);
    }

    #[test]
    fn what_another_program_wrote_outlives_a_change_that_was_refused() {
        let (folder, file) = file(GOOD);
        let mut keeper = open(&file);
        fs::write(&file, GOOD.replacen('{', "{\"routing\": {\"mode\": \"standard\"},", 1)).unwrap();
        keeper.change(|_| Err::<(), _>(Failure::refused("no"))).unwrap_err();
        let in_the_way = folder.path().join(".settings.json.new");
        fs::create_dir_all(in_the_way.join("in the way")).unwrap();
        keeper.change(posting).unwrap_err();
        assert_eq!(keeper.settings().routing.mode, Mode::Hybrid, "nothing has changed");
        fs::remove_dir_all(in_the_way).unwrap();
        keeper.change(posting).unwrap();
        assert_eq!(keeper.settings().routing.mode, Mode::Standard);
        assert_eq!(saved(&file), *keeper.settings());
    }

    #[test]
    fn a_change_that_cannot_be_written_is_none() {
        let (folder, file) = file(GOOD);
        let mut keeper = open(&file);
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
        let mut keeper = open(&file);
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
        let mut keeper = open(&file);
        fs::remove_file(&file).unwrap();
        keeper.change(|_| Ok(())).unwrap();
        assert_eq!(saved(&file).providers[0].id, "a");
    }
}
