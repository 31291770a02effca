//! Why there is no certificate to show.

use std::error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use nntp_proxy::encryption::IdentityError;

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
    /// It cannot be written.
    Write(io::Error),
    /// There is no certificate in it, or no key that fits.
    Unfit(IdentityError),
    /// Its certificate cannot be understood.
    Damaged,
    /// It is the authority's, and cannot be understood.
    DamagedAuthority,
    /// No key could be made for it.
    NotMade(rcgen::Error),
}

impl Error {
    pub(crate) fn new(file: &Path, problem: Problem) -> Self {
        Self { file: file.to_owned(), problem }
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
            Problem::Write(error) => write!(f, "cannot write {file}: {error}"),
            Problem::Unfit(why) => write!(f, "{file}: {why}"),
            Problem::Damaged => write!(f, "{file}: its certificate cannot be understood"),
            Problem::DamagedAuthority => write!(
                f,
                "{file} is damaged: delete it, and Newsmux makes a new one, which your programs have to import"
            ),
            Problem::NotMade(error) => write!(f, "cannot make {file}: {error}"),
        }
    }
}

impl error::Error for Error {}
