//! The settings and their file. A change is on the disk before it takes effect, and what another program
//! wrote there meanwhile is kept. A file that is not understood or cannot be read is left as it is.

use std::io;
use std::path::PathBuf;

use secrets::atomic::write_atomically;
use serde::{Deserialize, Serialize};

use crate::copies::Copies;
use crate::json::{is_json, read};
use crate::lock::Lock;
use crate::reading::{is_absent, newer_version, parse};
use crate::set_aside::SetAside;
use crate::understood::understood;
use crate::{NotChanged, Settings, SettingsCopy, check};

/// Only its owner reads it: it has no secret, but an account's name.
const MODE: u32 = 0o600;

/// The settings, as they are in the file.
#[derive(Debug)]
pub struct SettingsFile {
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

/// Why settings may not be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum ReadOnly {
    /// A newer version wrote them.
    Newer {
        /// The version of the format.
        version: u32,
    },
    /// Something in them is not known, or cannot be.
    NotUnderstood,
    /// The file cannot be read.
    Unreadable,
    /// Another Newsmux changes them.
    Held {
        /// Which, where that is known.
        by: Option<String>,
    },
}

impl SettingsFile {
    /// Reads the file. One that is no JSON is set aside, and new settings begin.
    pub fn open(file: PathBuf, version: &str) -> Self {
        let mut opened = Self {
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
        opened.lock = Lock::take(&opened.file).ok();
        let text = read(&opened.file).ok().filter(|_| opened.lock.is_some());
        if text.as_ref().is_some_and(|text| !is_json(text)) {
            // One that stays where it is can only be read.
            SetAside::set_aside(&opened.file);
        }
        opened.reload();
        opened.as_found = opened.text.clone();
        let seen = opened.settings.desktop.set_aside_seen;
        opened.set_aside = SetAside::last(&opened.file).filter(|last| last.number() > seen);
        opened
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether they may not be changed.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.read_only.is_some()
    }

    /// Why they may not be changed, and the place in the file or the system's words.
    #[must_use]
    pub fn read_only(&self) -> Option<(&ReadOnly, &str)> {
        self.read_only.as_ref().map(|(why, said)| (why, said.as_str()))
    }

    /// The file that was set aside last, until [`Desktop::set_aside_seen`](crate::Desktop::set_aside_seen) is its number.
    #[must_use]
    pub fn set_aside(&self) -> Option<&SetAside> {
        self.set_aside.as_ref()
    }

    /// Checks whether the settings may be changed now, and reads what another Newsmux changed. Returns whether
    /// anything is new.
    pub fn recheck(&mut self) -> bool {
        if self.read_only.is_none() {
            return false;
        }
        let before = (self.settings.clone(), self.read_only.clone());
        self.reload();
        if self.read_only.is_none() {
            self.as_found = self.text.clone();
        }
        before != (self.settings.clone(), self.read_only.clone())
    }

    fn reload(&mut self) {
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
    pub fn allows<T, E: From<NotChanged>>(
        &self,
        change: impl FnOnce(&mut Settings) -> Result<T, E>,
    ) -> Result<(), E> {
        self.may_be_changed()?;
        let mut settings = self.settings.clone();
        change(&mut settings)?;
        Ok(check(&settings).map_err(NotChanged::Invalid)?)
    }

    /// Whether they may be changed.
    ///
    /// # Errors
    /// Why not.
    pub fn may_be_changed(&self) -> Result<(), NotChanged> {
        match &self.read_only {
            None => Ok(()),
            Some((_, said)) => Err(NotChanged::ReadOnly(said.clone())),
        }
    }

    /// Changes the settings, and saves them.
    ///
    /// # Errors
    /// When they cannot be so, or cannot be saved: nothing has changed then.
    pub fn change<T, E: From<NotChanged>>(
        &mut self,
        change: impl FnOnce(&mut Settings) -> Result<T, E>,
    ) -> Result<T, E> {
        self.may_be_changed()?;
        let (found, text) = self.found()?;
        let mut settings = found.clone();
        let done = change(&mut settings)?;
        // With a real provider there is no sample any more, whichever way the provider came.
        settings.desktop.sample &= settings.providers.is_empty();
        check(&settings).map_err(NotChanged::Invalid)?;
        let text = match text {
            Some(text) if settings == found => text,
            _ => self.write(&settings)?,
        };
        // Both or neither: the text is what tells whether another program was here.
        (self.settings, self.text) = (settings, Some(text));
        self.forget_answered();
        Ok(done)
    }

    /// The copies that there are.
    #[must_use]
    pub fn copies(&self) -> Vec<SettingsCopy> {
        self.copies.all()
    }

    /// Puts a copy in the place of the settings, and keeps what was there.
    ///
    /// # Errors
    /// When there is no such copy, when it cannot be used, or when what is there cannot be kept.
    pub fn restore(&mut self, name: &str) -> Result<(), NotChanged> {
        let copy = self.copies.path(name).ok_or(NotChanged::NoSuchCopy)?;
        let read = read(&copy).and_then(|text| parse(&copy, &text));
        let mut settings = read.map_err(NotChanged::Unusable)?;
        if let Some(aside) = &self.set_aside {
            settings.desktop.set_aside_seen = aside.number();
        }
        self.replace(settings)
    }

    /// Makes what is understood of the file the settings, and keeps the file as a copy.
    ///
    /// # Errors
    /// When it cannot be read or kept.
    pub fn adopt(&mut self) -> Result<(), NotChanged> {
        self.replace(self.settings.clone())
    }

    /// Nothing is written over that there is no copy of.
    fn replace(&mut self, settings: Settings) -> Result<(), NotChanged> {
        if self.lock.is_none() {
            return Err(NotChanged::Held);
        }
        match read(&self.file) {
            Ok(text) => self.copies.keep(&text).map_err(|error| self.not_written(error))?,
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(NotChanged::Unusable(error)),
        }
        let text = self.write(&settings)?;
        (self.settings, self.text, self.read_only) = (settings, Some(text), None);
        self.forget_answered();
        Ok(())
    }

    /// The settings in the file, which another program may have changed, and its text. One that is gone is
    /// written anew.
    fn found(&self) -> Result<(Settings, Option<Vec<u8>>), NotChanged> {
        match read(&self.file) {
            Err(error) if is_absent(&error) => Ok((self.settings.clone(), None)),
            Ok(text) if Some(&text) == self.text.as_ref() => {
                Ok((self.settings.clone(), Some(text)))
            }
            Ok(text) => {
                let settings = parse(&self.file, &text).map_err(NotChanged::NotUnderstood)?;
                Ok((settings, Some(text)))
            }
            Err(error) => Err(NotChanged::NotUnderstood(error)),
        }
    }

    /// Gives the text that was written. Before the first time there is a copy of what was found.
    fn write(&mut self, settings: &Settings) -> Result<Vec<u8>, NotChanged> {
        let mut text =
            serde_json::to_vec_pretty(settings).map_err(|e| self.not_written(e.into()))?;
        text.push(b'\n');
        if let Some(found) = &self.as_found {
            self.copies.keep_found(found).map_err(|error| self.not_written(error))?;
        }
        self.as_found = None;
        write_atomically(&self.file, &text, MODE).map_err(|error| self.not_written(error))?;
        Ok(text)
    }

    fn not_written(&self, why: io::Error) -> NotChanged {
        NotChanged::NotWritten(self.file.clone(), why)
    }

    /// The user knows of a file that was set aside.
    fn forget_answered(&mut self) {
        self.set_aside.take_if(|aside| aside.number() <= self.settings.desktop.set_aside_seen);
    }
}

#[cfg(test)]
mod tests;
