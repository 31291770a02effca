//! What is wrong with a file of the user's: one sentence that names the file, the field and the
//! remedy.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

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

impl std::error::Error for Error {}
