//! What providers say in words. Codes like 400, 481, 482 and 502 are ambiguous, and often only the text
//! tells what is meant.

use crate::status::StatusLine;

/// Phrases about the downloaded volume, not the number of connections.
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
/// What else may be expired, blocked or exceeded.
const OTHERS: [&str; 3] = ["article", "message", "session"];
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
const FAREWELL: [&str; 12] = [
    "timeout",
    "timed out",
    "time out",
    "time limit",
    "idle",
    "inactiv",
    "session expired",
    "bye",
    "closing",
    "connection closed",
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

/// The text of a status line in lower case.
pub(crate) struct Words(String);

impl Words {
    pub(crate) fn of(status: &StatusLine) -> Self {
        Self(String::from_utf8_lossy(status.text()).to_ascii_lowercase())
    }

    /// Whether they say that too many connections are open.
    pub(crate) fn mean_connections(&self) -> bool {
        !self.have_one_of(&VOLUME) && self.have_one_of(&CONNECTIONS)
    }

    /// Whether they say that the account is used up, expired or unpaid.
    pub(crate) fn mean_account(&self) -> bool {
        let others = [&CONNECTIONS[..], &OTHERS];
        self.mean_volume()
            || (self.have_one_of(&ACCOUNT) && !others.iter().any(|words| self.have_one_of(words)))
    }

    /// Whether they say that the paid volume is used up.
    pub(crate) fn mean_volume(&self) -> bool {
        self.have_one_of(&VOLUME)
    }

    /// Whether they say that the user name or password is wrong.
    pub(crate) fn mean_credentials(&self) -> bool {
        self.have_one_of(&CREDENTIALS)
    }

    /// Whether they say that the server closes the connection.
    pub(crate) fn mean_farewell(&self) -> bool {
        self.have_one_of(&FAREWELL)
    }

    /// Whether they say that the command is unknown.
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
