//! Real programs around the proxy: INN and NZBGet's test server as providers, Nyuu as the poster, NZBGet, SABnzbd and
//! newsreaders as clients. `tests/scripts/install.js` installs them; a test asks [`skip`] whether they are there.
//!
//! Everything runs on loopback below one temporary directory, and ends with the value that started it.

#![expect(clippy::expect_used, reason = "a helper of tests: what goes wrong here fails the test")]

pub mod download;
pub mod http;
pub mod inn;
pub mod nserv;
pub mod nyuu;
pub mod nzbget;
pub mod process;
pub mod proxy;
pub mod reader;
pub mod sabnzbd;
pub mod tools;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

pub use tools::{Tool, skip, skip_because};

/// The name and the password of an account.
#[derive(Clone, Copy, Debug)]
pub struct Login {
    /// The account's name.
    pub username: &'static str,
    /// Its password, with a blank in it: the rest of the line belongs to it.
    pub password: &'static str,
}

/// A server on 127.0.0.1 without TLS, as a client is told of it.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// Its port.
    pub port: u16,
    /// The account that it wants, if any.
    pub login: Option<Login>,
}

/// A temporary directory for one test, which servers that run as other users can reach.
pub fn folder() -> TempDir {
    tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o755))
        .tempdir()
        .expect("a temporary directory")
}
