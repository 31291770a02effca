//! What can go wrong with the file.

use std::fmt;

use rusqlite::ErrorCode;

/// Why nothing was written or read; a sentence with the cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    problem: Problem,
    message: String,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The disk is full.
    Full,
    /// Another process has been writing for too long.
    Busy,
    /// The file may not be written.
    ReadOnly,
    /// The file is damaged. The next flush sets it aside.
    Damaged,
    /// Something else.
    Other,
}

impl Error {
    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> Problem {
        self.problem
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let problem = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Problem::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Problem::Busy,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Problem::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Problem::Damaged,
            _ => Problem::Other,
        };
        Self { problem, message: error.to_string() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.problem {
            Problem::Full => "The disk is full",
            Problem::Busy => "Another process is using the statistics file",
            Problem::ReadOnly => "The statistics file is read-only",
            Problem::Damaged => "The statistics file is damaged",
            Problem::Other => "The statistics file cannot be used",
        };
        write!(f, "{what}: {}", self.message)
    }
}

impl std::error::Error for Error {}
