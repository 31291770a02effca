//! What can go wrong with another program and its settings.

use std::fmt;

/// Why nothing was read or changed; a sentence with the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    problem: Problem,
    message: String,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// A file is not the settings of a program that is known.
    NotSettings,
    /// It cannot be read.
    Unreadable,
    /// No server is in it.
    NoServers,
    /// That is no address of a program, or one that Newsmux cannot speak to.
    Address,
    /// The program is on another computer, and HTTPS is only for this one.
    Encrypted,
    /// The program is on another computer, and Newsmux serves only this one.
    Elsewhere,
    /// Nothing answers there.
    Silent,
    /// Something else answers there.
    Other,
    /// The program refuses the key, or the user and the password.
    Key,
    /// The program refuses the address that it was called by.
    Host,
    /// The program lets nobody change its settings from outside.
    Locked,
    /// The program did not do what it was asked, for another reason.
    Failed,
}

impl Error {
    pub(crate) fn new(problem: Problem, message: impl Into<String>) -> Self {
        Self { problem, message: message.into() }
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> Problem {
        self.problem
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
