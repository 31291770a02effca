//! What can be undone of what was done last. It is on the disk too, so that it outlives the application; no secret is
//! there.

use std::fs;
use std::io;
use std::path::PathBuf;

use secrets::atomic::write_atomically;
use serde::{Deserialize, Serialize};

use super::connected::Connection;
use super::removed::Removed;

/// Only its owner reads it.
const MODE: u32 = 0o600;

/// What can be undone, and the file.
pub(super) struct Undo {
    /// What was removed last.
    pub(super) removed: Option<Removed>,
    /// What was done last in a program.
    pub(super) connected: Option<Connection>,
    file: PathBuf,
    text: Vec<u8>,
}

/// What is in the file.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Saved<R, C> {
    removed: R,
    connected: C,
}

impl Undo {
    /// A file that cannot be read is as good as none: all that is lost is a way back.
    pub(super) fn open(file: PathBuf) -> Self {
        let text = fs::read(&file).unwrap_or_default();
        let Saved { removed, connected } = serde_json::from_slice(&text).unwrap_or_default();
        let mut undo = Self { removed, connected, file, text: Vec::new() };
        undo.text = undo.to_text().unwrap_or_default();
        undo
    }

    fn to_text(&self) -> io::Result<Vec<u8>> {
        let saved = Saved { removed: &self.removed, connected: &self.connected };
        Ok(serde_json::to_vec_pretty(&saved)?)
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
