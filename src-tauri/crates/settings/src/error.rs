//! What is wrong with a file of the user's, and why the settings did not change: one sentence each, that names the file,
//! the field and the remedy.

use std::error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::Complaint;

/// A file that cannot be used.
#[derive(Debug)]
pub struct Error {
    file: PathBuf,
    problem: Problem,
}

/// What is wrong with it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// It cannot be read.
    Read(io::Error),
    /// It is no JSON, or has a field or a value that cannot be; the place in the file, and why.
    Field(String, String),
    /// Others than its owner can read it.
    Exposed,
}

impl Error {
    pub(crate) fn new(file: &Path, problem: Problem) -> Self {
        Self { file: file.to_owned(), problem }
    }

    pub(crate) fn field(file: &Path, path: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(file, Problem::Field(path.into(), why.into()))
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match &self.problem {
            Problem::Read(error) => write!(f, "cannot read {file}: {error}"),
            Problem::Field(path, why) if path.is_empty() => write!(f, "{file}: {why}"),
            Problem::Field(path, why) => write!(f, "{file}: {path}: {why}"),
            Problem::Exposed => {
                write!(f, "{file} can be read by others and holds passwords: run chmod 600 {file}")
            }
        }
    }
}

impl error::Error for Error {}

/// Why the settings did not change.
#[derive(Debug)]
pub enum NotChanged {
    /// They may not be changed at the moment; why.
    ReadOnly(String),
    /// Another Newsmux changes them.
    Held,
    /// They cannot be so.
    Invalid(Complaint),
    /// Another program has changed the file, and it is not understood.
    NotUnderstood(Error),
    /// There is no such copy.
    NoSuchCopy,
    /// The copy cannot be used, or what it would replace cannot be read.
    Unusable(Error),
    /// The file cannot be written.
    NotWritten(PathBuf, io::Error),
}

impl fmt::Display for NotChanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadOnly(said) => {
                write!(f, "the settings cannot be changed at the moment: {said}")
            }
            Self::Held => f.write_str("another Newsmux changes the settings: quit it first"),
            Self::Invalid(Complaint { place, why }) => write!(f, "{place}: {why}"),
            Self::NotUnderstood(error) => {
                write!(f, "another program has changed the settings: {error}")
            }
            Self::NoSuchCopy => f.write_str("there is no such copy"),
            Self::Unusable(error) => error.fmt(f),
            Self::NotWritten(file, error) => write!(f, "cannot write {}: {error}", file.display()),
        }
    }
}

impl error::Error for NotChanged {}
