//! A settings file that was no JSON: it is set aside under a name with a number.

use std::fs;
use std::path::{Path, PathBuf};

use crate::copies::free;
use crate::json::read;
use crate::reading::parse;

/// A settings file that was set aside.
#[derive(Debug)]
pub struct SetAside {
    number: u32,
    file: PathBuf,
}

impl SetAside {
    /// Sets `file` aside. One that stays where it is can only be read.
    pub(crate) fn set_aside(file: &Path) {
        drop(fs::rename(file, free(|number| name(file, number))));
    }

    /// The last one of those that were once `file`.
    pub(crate) fn last(file: &Path) -> Option<Self> {
        let all = (1..).map(|number| Self { number, file: name(file, number) });
        all.take_while(|aside| aside.file.symlink_metadata().is_ok()).last()
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Where it is now.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What is wrong with it; nothing if that was put right.
    #[must_use]
    pub fn problem(&self) -> String {
        let wrong = read(&self.file).and_then(|text| parse(&self.file, &text)).err();
        wrong.map_or_else(String::new, |error| error.to_string())
    }
}

fn name(file: &Path, number: u32) -> PathBuf {
    file.with_extension(format!("broken-{number}.json"))
}
