//! What is needed to undo what was done last, on the disk, so that it outlives the application. No secret is in it.

use std::path::PathBuf;

use secrets::atomic::write_atomically;
use serde::{Deserialize, Serialize};

use super::connecting::Connection;
use super::removed::Removed;
use crate::json::read;

/// Only its owner reads it.
const MODE: u32 = 0o600;

/// The file, and its text.
pub(super) struct UndoFile {
    file: PathBuf,
    text: Vec<u8>,
}

/// What is in it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Undoable<R = Option<Removed>, C = Option<Connection>> {
    /// What was removed last.
    pub(super) removed: R,
    /// What was done last in a program.
    pub(super) connected: C,
}

impl UndoFile {
    /// One that cannot be read is as good as none: all that is lost is a way back.
    pub(super) fn open(file: PathBuf) -> (Self, Undoable) {
        let text = read(&file).ok();
        let kept: Option<Undoable> = text.and_then(|text| serde_json::from_slice(&text).ok());
        let kept = kept.unwrap_or_default();
        let text = text_of(&kept).unwrap_or_default();
        (Self { file, text }, kept)
    }

    /// Saves what has changed.
    pub(super) fn save(&mut self, removed: Option<&Removed>, connected: Option<&Connection>) {
        let saved = text_of(&Undoable { removed, connected }).and_then(|text| {
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

fn text_of(undoable: &impl Serialize) -> std::io::Result<Vec<u8>> {
    Ok(serde_json::to_vec_pretty(undoable)?)
}
