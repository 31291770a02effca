//! The certificate that programs are shown: one of Newsmux's own, or the user's.
//!
//! Newsmux's own is signed by an authority that lives in the state folder. Programs import the authority
//! once; the certificate below it is renewed by itself. The authority is good for names and addresses of
//! home networks alone, so that a thief of its key cannot impersonate a web site to a browser that
//! trusts it.

mod authority;
mod error;
mod facts;
mod names;
mod own;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use nntp_proxy::encryption::ServerIdentity;

pub use error::{Error, Problem};
pub use facts::Facts;
pub use names::Names;

/// Where a certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Newsmux makes it, and keeps it in this folder.
    Own(PathBuf),
    /// The user has it, in these PEM files.
    Given {
        /// The certificate, with its chain.
        certificate: PathBuf,
        /// Its private key; it may be the same file.
        key: PathBuf,
    },
}

/// A certificate to show.
#[derive(Debug)]
pub struct Loaded {
    /// What the engine shows.
    pub identity: ServerIdentity,
    /// What people see of it.
    pub facts: Facts,
}

/// Reads the certificate. One of Newsmux's own is made first where there is none, and renewed where it ends
/// soon or lacks some of `names`. Call it again from time to time, with the time of the clock on the wall.
/// It blocks.
///
/// # Errors
/// Which file cannot be used, and why.
pub fn load(source: &Source, names: &Names, now: SystemTime) -> Result<Loaded, Error> {
    match source {
        Source::Own(folder) => own::load(folder, names, now),
        Source::Given { certificate, key } => {
            let chain = read(certificate)?;
            let private = read(key)?;
            let identity = ServerIdentity::from_pem(&chain, &private);
            let identity = identity.map_err(|why| Error::new(certificate, Problem::Unfit(why)))?;
            let facts =
                Facts::of(&chain).ok_or_else(|| Error::new(certificate, Problem::Damaged))?;
            Ok(Loaded { identity, facts })
        }
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    fs::read(file).map_err(|error| Error::new(file, Problem::Read(error)))
}
