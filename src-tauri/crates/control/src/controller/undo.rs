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
    file: PathBuf,
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
    /// A file that cannot be read is as good as none: all that is lost is a way back.
    pub(super) fn open(file: PathBuf) -> Self {
        let text = fs::read(&file).unwrap_or_default();
        let saved = serde_json::from_slice(&text).unwrap_or_default();
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
                write_atomically(&self.file, &text, MODE)?;
            }
            Ok(())
        });
        if let Err(error) = saved {
            tracing::warn!("what was done cannot be undone after a restart: {error}");
        }
    }
}
