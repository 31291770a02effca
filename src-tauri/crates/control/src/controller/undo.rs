//! What is needed to undo what was done last, on the disk, so that it outlives the application. No secret is in it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::connecting::{self, Connection};
use super::removed::{self, Removed};
use crate::atomic::write_atomically;
use crate::json::read;

/// Only its owner reads it.
const MODE: u32 = 0o600;

/// The file, and what is in it.
pub(super) struct UndoFile {
    file: PathBuf,
    kept: Kept,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    removed: Option<removed::Record>,
    #[serde(default)]
    connected: Option<connecting::Record>,
}

impl UndoFile {
    /// One that cannot be read is as good as none: all that is lost is a way back.
    pub(super) fn open(file: PathBuf) -> Self {
        let text = read(&file).ok();
        let kept = text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { file, kept }
    }

    /// What was removed last.
    pub(super) fn removed(&self) -> Option<Removed> {
        self.kept.removed.clone().map(Removed::from_record)
    }

    /// What was done last in a program.
    pub(super) fn connection(&self) -> Option<Connection> {
        self.kept.connected.clone().and_then(Connection::from_record)
    }

    /// Keeps what has changed.
    pub(super) fn keep(
        &mut self,
        removed: Option<removed::Record>,
        connected: Option<connecting::Record>,
    ) {
        let kept = Kept { removed, connected };
        if kept == self.kept {
            return;
        }
        let text = serde_json::to_vec_pretty(&kept).map_err(std::io::Error::from);
        if let Err(error) = text.and_then(|text| write_atomically(&self.file, &text, MODE)) {
            tracing::warn!("what was done cannot be undone after a restart: {error}");
        }
        self.kept = kept;
    }
}
