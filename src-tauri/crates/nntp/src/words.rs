//! What providers say in words. Codes like 400, 481, 482 and 502 mean many things, and often only the
//! text tells which.

use crate::status::StatusLine;

/// How much was downloaded, not how many connections are open.
const VOLUME: [&str; 8] = [
    "byte limit",
    "byte quota",
    "download limit",
    "transfer limit",
    "data limit",
    "quota",
    "bandwidth",
    "traffic",
];
const CONNECTIONS: [&str; 9] = [
    "too many",
    "connection limit",
    "connections",
    "threads",
    "limit reached",
    "limit exceeded",
    "simultaneous",
    "maximum",
    "concurrent",
];
const ACCOUNT: [&str; 7] =
    ["credit", "paym", "expired", "suspended", "disabled", "exceeded", "blocked"];
const CREDENTIALS: [&str; 11] = [
    "username",
    "password",
    "invalid",
    "authen",
    "access denied",
    "unknown user",
    "incorrect",
    "login",
    "wrong",
    "bad user",
    "credential",
];
const FAREWELL: [&str; 10] = [
    "timeout",
    "timed out",
    "time out",
    "time limit",
    "idle",
    "inactiv",
    "bye",
    "closing",
    "shutting down",
    "going down",
];
const UNKNOWN_COMMAND: [&str; 9] = [
    "unrecognized",
    "unrecognised",
    "not recognized",
    "unknown command",
    "bad command",
    "invalid command",
    "syntax",
    "not implemented",
    "not supported",
];

/// The words of a status line, in lower case.
pub(crate) struct Words(String);

impl Words {
    pub(crate) fn of(status: &StatusLine) -> Self {
        Self(String::from_utf8_lossy(status.text()).to_ascii_lowercase())
    }

    /// Too many connections are open.
    pub(crate) fn mean_connections(&self) -> bool {
        !self.have_one_of(&VOLUME) && self.have_one_of(&CONNECTIONS)
    }

    /// The account is used up, expired or not paid for.
    pub(crate) fn mean_account(&self) -> bool {
        self.mean_volume() || (!self.have_one_of(&CONNECTIONS) && self.have_one_of(&ACCOUNT))
    }

    /// As much was downloaded as was paid for.
    pub(crate) fn mean_volume(&self) -> bool {
        self.have_one_of(&VOLUME)
    }

    /// The name or the password is wrong.
    pub(crate) fn mean_credentials(&self) -> bool {
        self.have_one_of(&CREDENTIALS)
    }

    /// The server ends the connection.
    pub(crate) fn mean_farewell(&self) -> bool {
        self.have_one_of(&FAREWELL)
    }

    /// The server does not know the command.
    pub(crate) fn mean_unknown_command(&self) -> bool {
        self.have_one_of(&UNKNOWN_COMMAND)
    }

    pub(crate) fn have(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    fn have_one_of(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.have(word))
    }
}
