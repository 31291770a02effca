//! What can be undone of what was done last. It is on the disk too, so that it outlives the application; no secret is
//! there.

use std::fs;
use std::io;
use std::path::PathBuf;

use secrets::atomic::write_atomically;
use serde::{Deserialize, Serialize};

use super::connected::{Connection, Place};
use super::removed::Removed;

/// Only its owner reads it.
const MODE: u32 = 0o600;

/// What can be undone, and the file.
pub(super) struct Undo {
    /// What was removed last.
    pub(super) removed: Option<Removed>,
    /// What was done in programs.
    pub(super) connected: Vec<Connection>,
    /// Where it is saved; nowhere while a file is there that could not be read.
    file: Option<PathBuf>,
    text: Vec<u8>,
}

/// What is in the file.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Saved<R, C> {
    removed: R,
    programs: C,
    /// Of a version that knew only the last program.
    #[serde(skip_serializing)]
    connected: Option<Connection>,
}

impl Undo {
    /// Reads the file. One that cannot be read or parsed is kept: it may be readable later, or belong to a newer version.
    pub(super) fn open(file: PathBuf) -> Self {
        let (saved, file) = match fs::read(&file) {
            Ok(text) => match serde_json::from_slice(&text) {
                Ok(saved) => (saved, Some(file)),
                Err(error) => (Saved::default(), set_aside(file, &error)),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Saved::default(), Some(file)),
            Err(error) => {
                let file = file.display();
                tracing::warn!("cannot read {file}, so nothing is saved there: {error}");
                (Saved::default(), None)
            }
        };
        let Saved::<Option<Removed>, Vec<Connection>> { removed, mut programs, connected } = saved;
        programs.extend(connected);
        let mut undo = Self { removed, connected: programs, file, text: Vec::new() };
        undo.text = undo.to_text().unwrap_or_default();
        undo
    }

    fn to_text(&self) -> io::Result<Vec<u8>> {
        let saved = Saved { removed: &self.removed, programs: &self.connected, connected: None };
        Ok(serde_json::to_vec_pretty(&saved)?)
    }

    /// Adds what was done in a program. What was done there before is taken back with it.
    pub(super) fn add_connection(&mut self, new: Connection) {
        let is_same = |known: &Connection| known.access().is_same_program(&new.access());
        match self.connected.iter().position(is_same) {
            Some(at) => {
                let earlier = self.connected.remove(at);
                self.connected.insert(at, new.after(earlier));
            }
            None => self.connected.push(new),
        }
    }

    /// What was done in the program at this address.
    pub(super) fn connection(&mut self, at: &Place) -> Option<&mut Connection> {
        self.connected.iter_mut().find(|known| known.is_at(at))
    }

    /// Forgets it.
    pub(super) fn forget_connection(&mut self, at: &Place) {
        self.connected.retain(|known| !known.is_at(at));
    }

    /// Saves what has changed.
    pub(super) fn save(&mut self) {
        let saved = self.to_text().and_then(|text| {
            if text != self.text {
                self.text.clone_from(&text);
                if let Some(file) = &self.file {
                    write_atomically(file, &text, MODE)?;
                }
            }
            Ok(())
        });
        if let Err(error) = saved {
            tracing::warn!("what was done cannot be undone after a restart: {error}");
        }
    }
}

/// Renames a file that could not be parsed, so that it is not overwritten. Returns where to save instead, if anywhere.
fn set_aside(file: PathBuf, error: &serde_json::Error) -> Option<PathBuf> {
    let kept = (1..).map(|number| file.with_file_name(format!("undo.broken-{number}.json")));
    let kept = kept.into_iter().find(|kept| !kept.exists())?;
    match fs::rename(&file, &kept) {
        Ok(()) => {
            tracing::warn!(
                "{} was damaged and is kept as {}: {error}",
                file.display(),
                kept.display()
            );
            Some(file)
        }
        Err(failed) => {
            tracing::warn!(
                "{} is damaged ({error}) and cannot be renamed: {failed}",
                file.display()
            );
            None
        }
    }
}
