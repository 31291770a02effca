//! Our side of a provider's greeting and login (RFC 3977, section 5.1; RFC 4643, section 2.3; STARTTLS:
//! RFC 4642). Only [`Progress::Ready`] is a connection that can carry requests.

use std::fmt;

use bytes::Bytes;

use crate::capabilities::Offered;
use crate::status::{Code, StatusLine};
use crate::words::Words;

/// The longest provider text to keep, in characters.
const WORDS: usize = 200;

/// A user name and password that are safe to send.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    user: String,
    password: String,
}

impl Account {
    /// # Errors
    /// If either contains a line end or NUL, or the name is empty.
    pub fn new(user: &str, password: &str) -> Result<Self, BadAccount> {
        let bad = |text: &str| text.contains(['\r', '\n', '\0']);
        if user.is_empty() || bad(user) || bad(password) {
            return Err(BadAccount);
        }
        Ok(Self { user: user.to_owned(), password: password.to_owned() })
    }

    /// Removes the user name and password, and fragments of them, from `text`.
    fn redact(&self, mut text: String) -> String {
        for secret in [plain(&self.password), plain(&self.user)] {
            if !secret.is_empty() {
                text = text.replace(&secret, "***");
            }
        }
        text
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Account(***)")
    }
}

/// A user name or password that cannot be sent over NNTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadAccount;

impl fmt::Display for BadAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a user name or password cannot be empty or contain a line break")
    }
}

impl std::error::Error for BadAccount {}

/// A login in progress.
#[derive(Debug, Clone)]
pub struct Login {
    account: Option<Account>,
    start_tls: bool,
    posting: bool,
    logged_in: bool,
    mode: Mode,
    awaits: Awaits,
}

/// Whether a server needs `MODE READER` before it serves readers (RFC 3977, section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModeReader {
    /// No, as far as is known.
    NotNeeded,
    /// The capability list will tell.
    Unclear,
    /// Yes.
    Needed,
}

/// The same during a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Known(ModeReader),
    /// The server wants a login before it switches its mode.
    AfterLogin,
    /// `MODE READER` was sent.
    Sent,
}

#[derive(Debug, Clone, Copy)]
enum Awaits {
    Greeting,
    StartTls,
    Capabilities,
    ModeReader,
    User,
    Password,
}

/// What to do next.
#[derive(Debug)]
pub enum Progress {
    /// Send this, and pass the reply to the login.
    Send(Login, Bytes),
    /// Encrypt the connection, then call [`Login::encrypted`].
    StartTls(Login),
    /// Read the block of the reply and pass it to [`Login::capabilities`].
    Block(Login),
    /// The connection is ready for requests.
    Ready(Ready),
}

/// A connection that can carry requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// Whether the provider allows posting (200, not 201).
    pub posting: bool,
    /// `MODE READER` was sent.
    pub mode_reader: bool,
}

/// A provider's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The reason, as far as it is known.
    pub kind: RefusalKind,
    /// Its status code.
    pub code: Code,
    /// Its text, without our user name and password.
    pub text: String,
}

/// Why a provider refuses a connection or login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// The connection limit is reached, or the provider thinks so.
    TooManyConnections,
    /// The user name or password is wrong.
    Credentials,
    /// The account is used up, expired or unpaid.
    Account,
    /// The provider is going down, or does not serve us.
    Unavailable,
    /// It requires encryption.
    TlsNeeded,
    /// It does not support STARTTLS, and nothing is sent unencrypted.
    NoStartTls,
    /// The code is ambiguous, and the text does not help.
    Unclear,
    /// The reply does not belong in a login.
    Unexpected,
}

impl Login {
    /// Starts on a new connection. Without an account, no login is sent.
    #[must_use]
    pub fn new(account: Option<Account>, start_tls: bool) -> Self {
        let mode = Mode::Known(ModeReader::NotNeeded);
        let awaits = Awaits::Greeting;
        Self { account, start_tls, posting: false, logged_in: false, mode, awaits }
    }

    /// Sets what is known about the server's need for `MODE READER`.
    #[must_use]
    pub fn with_mode_reader(self, known: ModeReader) -> Self {
        Self { mode: Mode::Known(known), ..self }
    }

    /// Handles the provider's next reply; the first is its greeting.
    ///
    /// # Errors
    /// If the provider refuses, or sends a reply that does not belong here.
    pub fn receive(self, status: &StatusLine) -> Result<Progress, Refusal> {
        match self.awaits {
            Awaits::Greeting => self.greeted(status),
            Awaits::StartTls if status.code().get() == 382 => Ok(Progress::StartTls(self)),
            Awaits::StartTls => Err(self.refusal(status, RefusalKind::NoStartTls)),
            Awaits::Capabilities if status.code().get() == 101 => Ok(Progress::Block(self)),
            // A server without capabilities may serve articles anyway.
            Awaits::Capabilities => Ok(self.begin_in(ModeReader::NotNeeded)),
            Awaits::ModeReader => self.mode_reader_sent(status),
            Awaits::User => self.user_sent(status),
            Awaits::Password => self.password_sent(status),
        }
    }

    /// Continues after the connection was encrypted.
    #[must_use]
    pub fn encrypted(self) -> Progress {
        self.begin()
    }

    /// Handles the server's capability list.
    #[must_use]
    pub fn capabilities(self, block: &[u8]) -> Progress {
        let offered = Offered::parse(block);
        let needed = offered.has("MODE-READER") && !offered.has("READER");
        self.begin_in(if needed { ModeReader::Needed } else { ModeReader::NotNeeded })
    }

    fn greeted(mut self, status: &StatusLine) -> Result<Progress, Refusal> {
        match status.code().get() {
            200 => self.posting = true,
            201 => {}
            // Some servers want a login before anything else.
            480 => self.posting = true,
            _ => return Err(self.refused(status)),
        }
        if quirk_greets_in_transit_mode(status) && self.mode == Mode::Known(ModeReader::NotNeeded) {
            self.mode = Mode::Known(ModeReader::Unclear);
        }
        if self.start_tls {
            self.awaits = Awaits::StartTls;
            return Ok(Progress::Send(self, Bytes::from_static(b"STARTTLS\r\n")));
        }
        Ok(self.begin())
    }

    fn begin_in(self, mode: ModeReader) -> Progress {
        Self { mode: Mode::Known(mode), ..self }.begin()
    }

    fn begin(mut self) -> Progress {
        match self.mode {
            Mode::Known(ModeReader::Needed) => return self.send_mode_reader(),
            Mode::Known(ModeReader::Unclear) => {
                self.awaits = Awaits::Capabilities;
                return Progress::Send(self, Bytes::from_static(b"CAPABILITIES\r\n"));
            }
            Mode::Known(ModeReader::NotNeeded) | Mode::AfterLogin | Mode::Sent => {}
        }
        let Some(account) = &self.account else { return self.ready() };
        let line = format!("AUTHINFO USER {}\r\n", account.user);
        self.awaits = Awaits::User;
        Progress::Send(self, line.into())
    }

    fn send_mode_reader(mut self) -> Progress {
        self.mode = Mode::Sent;
        self.awaits = Awaits::ModeReader;
        Progress::Send(self, Bytes::from_static(b"MODE READER\r\n"))
    }

    fn mode_reader_sent(mut self, status: &StatusLine) -> Result<Progress, Refusal> {
        let logged_in = self.logged_in;
        match status.code().get() {
            code @ (200 | 201) => self.posting = code == 200,
            480 if !logged_in && self.account.is_some() => {
                self.mode = Mode::AfterLogin;
            }
            // A server that does not know the command does not need it.
            500 | 501 => {}
            _ => return Err(self.refused(status)),
        }
        Ok(if logged_in { self.ready() } else { self.begin() })
    }

    fn ready(mut self) -> Progress {
        if self.mode == Mode::AfterLogin {
            self.logged_in = true;
            return self.send_mode_reader();
        }
        Progress::Ready(Ready { posting: self.posting, mode_reader: self.mode == Mode::Sent })
    }

    fn user_sent(mut self, status: &StatusLine) -> Result<Progress, Refusal> {
        match (status.code().get(), &self.account) {
            (381, Some(account)) => {
                let line = format!("AUTHINFO PASS {}\r\n", account.password);
                self.awaits = Awaits::Password;
                Ok(Progress::Send(self, line.into()))
            }
            _ => self.password_sent(status),
        }
    }

    fn password_sent(self, status: &StatusLine) -> Result<Progress, Refusal> {
        match status.code().get() {
            281 => Ok(self.ready()),
            401 if wants_mode_reader(status) && matches!(self.mode, Mode::Known(_)) => {
                Ok(self.send_mode_reader())
            }
            500 | 501 if quirk_no_login(self.awaits) => Ok(self.ready()),
            502 if quirk_logged_in_already(status) => Ok(self.ready()),
            _ => Err(self.refused(status)),
        }
    }

    /// Creates a refusal, with the kind found from code and text.
    fn refused(&self, status: &StatusLine) -> Refusal {
        self.refusal(status, kind(status, self.awaits))
    }

    fn refusal(&self, status: &StatusLine, kind: RefusalKind) -> Refusal {
        let text = redacted(self.account.as_ref(), status.text());
        Refusal { kind, code: status.code(), text }
    }
}

/// A provider's text, safe to show and log: plain, short, and without the account's user name and
/// password.
#[must_use]
pub fn redacted(account: Option<&Account>, said: &[u8]) -> String {
    let text = plain(&String::from_utf8_lossy(said));
    let text = account.map_or(text.clone(), |account| account.redact(text));
    text.chars().take(WORDS).collect()
}

/// Text that is safe to show and log: no control characters for a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A server without logins does not know AUTHINFO (sabnews).
const fn quirk_no_login(awaits: Awaits) -> bool {
    matches!(awaits, Awaits::User)
}

/// 502 also means that the client is already logged in (RFC 4643, section 2.3.1).
fn quirk_logged_in_already(status: &StatusLine) -> bool {
    Words::of(status).have("already")
}

/// INN's greeting says that `MODE READER` may be needed, so its capabilities are worth asking for.
fn quirk_greets_in_transit_mode(status: &StatusLine) -> bool {
    Words::of(status).have("transit")
}

/// INN's transit server answers every command like this until `MODE READER`.
fn wants_mode_reader(status: &StatusLine) -> bool {
    status.code().get() == 401 && Words::of(status).have("mode-reader")
}

fn kind(status: &StatusLine, awaits: Awaits) -> RefusalKind {
    let words = Words::of(status);
    match (status.code().get(), awaits) {
        (483, _) => RefusalKind::TlsNeeded,
        _ if words.mean_connections() => RefusalKind::TooManyConnections,
        _ if words.mean_account() => RefusalKind::Account,
        (400..=599, Awaits::User | Awaits::Password) if words.mean_credentials() => {
            RefusalKind::Credentials
        }
        // Some servers send this for a wrong password, others for one connection too many.
        (481 | 482 | 502, Awaits::User | Awaits::Password) => RefusalKind::Unclear,
        (481, _) => RefusalKind::Credentials,
        (400 | 403 | 502 | 503, _) => RefusalKind::Unavailable,
        _ => RefusalKind::Unexpected,
    }
}
