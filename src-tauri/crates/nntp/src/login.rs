//! Our side of a provider's greeting and login (RFC 3977, section 5.1; RFC 4643, section 2.3;
//! STARTTLS: RFC 4642). Only [`Progress::Ready`] is a connection that carries requests.

use std::fmt;

use bytes::Bytes;

use crate::status::{Code, StatusLine};

/// The longest piece of a provider's own words that is kept, in characters.
const WORDS: usize = 200;

/// A name and password that can be sent without being taken for something else.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    user: String,
    password: String,
}

impl Account {
    /// # Errors
    /// When there is a line end or a NUL in either, or the name is empty.
    pub fn new(user: &str, password: &str) -> Result<Self, BadAccount> {
        let bad = |text: &str| text.contains(['\r', '\n', '\0']);
        if user.is_empty() || bad(user) || bad(password) {
            return Err(BadAccount);
        }
        Ok(Self { user: user.to_owned(), password: password.to_owned() })
    }

    /// Plain `text` without the name and the password in it, nor what is left of them in plain text.
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

/// A name or password that no NNTP server can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadAccount;

impl fmt::Display for BadAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a user name or password cannot be empty or contain a line break")
    }
}

impl std::error::Error for BadAccount {}

/// A connection on its way to be ready.
#[derive(Debug)]
pub struct Login {
    account: Option<Account>,
    start_tls: bool,
    posting: bool,
    awaits: Awaits,
}

#[derive(Debug, Clone, Copy)]
enum Awaits {
    Greeting,
    StartTls,
    User,
    Password,
}

/// What to do next.
#[derive(Debug)]
pub enum Progress {
    /// Send this, and give the reply to the login.
    Send(Login, Bytes),
    /// Encrypt the connection, then call [`Login::encrypted`].
    StartTls(Login),
    /// Requests may be sent.
    Ready(Ready),
}

/// A connection that carries requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// The provider lets us post (200, not 201).
    pub posting: bool,
}

/// The provider does not want us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why, as far as can be told.
    pub kind: RefusalKind,
    /// The code it gave.
    pub code: Code,
    /// Its own words, without our name and password in them.
    pub text: String,
}

/// Why a provider refuses a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// As many connections as it grants are open, or it thinks so.
    TooManyConnections,
    /// The name or the password is wrong.
    Credentials,
    /// The account is used up, expired or not paid for.
    Account,
    /// It is going down, or does not serve us.
    Unavailable,
    /// It wants encryption first.
    TlsNeeded,
    /// It does not do STARTTLS, and without encryption nothing is sent.
    NoStartTls,
    /// The code means one of several things, and the words do not tell.
    Unclear,
    /// This is not how a login goes.
    Unexpected,
}

impl Login {
    /// A connection that has just been opened. Without an account no login is sent.
    #[must_use]
    pub fn new(account: Option<Account>, start_tls: bool) -> Self {
        Self { account, start_tls, posting: false, awaits: Awaits::Greeting }
    }

    /// Takes the provider's next reply; the first is its greeting.
    ///
    /// # Errors
    /// When the provider refuses us, or says what has no place here.
    pub fn receive(self, status: &StatusLine) -> Result<Progress, Refusal> {
        match self.awaits {
            Awaits::Greeting => self.greeted(status),
            Awaits::StartTls if status.code().get() == 382 => Ok(Progress::StartTls(self)),
            Awaits::StartTls => Err(self.refusal(status, RefusalKind::NoStartTls)),
            Awaits::User => self.user_sent(status),
            Awaits::Password => self.password_sent(status),
        }
    }

    /// The connection is encrypted now.
    #[must_use]
    pub fn encrypted(self) -> Progress {
        self.begin()
    }

    fn greeted(mut self, status: &StatusLine) -> Result<Progress, Refusal> {
        match status.code().get() {
            200 => self.posting = true,
            201 => {}
            // Seen from servers that want a login before they say anything else.
            480 => self.posting = true,
            _ => return Err(self.refused(status)),
        }
        if self.start_tls {
            self.awaits = Awaits::StartTls;
            return Ok(Progress::Send(self, Bytes::from_static(b"STARTTLS\r\n")));
        }
        Ok(self.begin())
    }

    fn begin(mut self) -> Progress {
        let Some(account) = &self.account else { return self.ready() };
        let line = format!("AUTHINFO USER {}\r\n", account.user);
        self.awaits = Awaits::User;
        Progress::Send(self, line.into())
    }

    fn ready(self) -> Progress {
        Progress::Ready(Ready { posting: self.posting })
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
            500 | 501 if quirk_no_login(self.awaits) => Ok(self.ready()),
            502 if quirk_logged_in_already(status) => Ok(self.ready()),
            _ => Err(self.refused(status)),
        }
    }

    /// A refusal of which code and words tell the kind.
    fn refused(&self, status: &StatusLine) -> Refusal {
        self.refusal(status, kind(status, self.awaits))
    }

    fn refusal(&self, status: &StatusLine, kind: RefusalKind) -> Refusal {
        let text = redacted(self.account.as_ref(), status.text());
        Refusal { kind, code: status.code(), text }
    }
}

/// What a provider said, as it can be shown and logged: plain, not too long, and without the account's
/// name and password in it.
#[must_use]
pub fn redacted(account: Option<&Account>, said: &[u8]) -> String {
    let text = plain(&String::from_utf8_lossy(said));
    let text = account.map_or(text.clone(), |account| account.redact(text));
    text.chars().take(WORDS).collect()
}

/// Text that can be shown and logged: a terminal does nothing on it.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Whether a refusal says that too many connections are open, whatever its code: providers say so
/// by 400, 481, 482 and 502, to the greeting, to the login, or to the first command.
#[must_use]
pub fn says_too_many_connections(status: &StatusLine) -> bool {
    matches!(status.code().get(), 400 | 481 | 482 | 502)
        && kind(status, Awaits::Greeting) == RefusalKind::TooManyConnections
}

/// A server without logins does not know AUTHINFO (sabnews).
const fn quirk_no_login(awaits: Awaits) -> bool {
    matches!(awaits, Awaits::User)
}

/// 502 is also said to a client that has logged in before (RFC 4643, section 2.3.1).
fn quirk_logged_in_already(status: &StatusLine) -> bool {
    has_one_of(status, &["already"])
}

fn kind(status: &StatusLine, awaits: Awaits) -> RefusalKind {
    let too_many = [
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
    let account = [
        "credit",
        "paym",
        "expired",
        "quota",
        "suspended",
        "disabled",
        "download limit",
        "exceeded",
        "blocked",
        "traffic",
    ];
    let credentials = [
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
    match (status.code().get(), awaits) {
        (483, _) => RefusalKind::TlsNeeded,
        _ if has_one_of(status, &["download limit"]) => RefusalKind::Account,
        _ if has_one_of(status, &too_many) => RefusalKind::TooManyConnections,
        _ if has_one_of(status, &account) => RefusalKind::Account,
        (400..=599, Awaits::User | Awaits::Password) if has_one_of(status, &credentials) => {
            RefusalKind::Credentials
        }
        (481, _) => RefusalKind::Credentials,
        (482 | 502, Awaits::User | Awaits::Password) => RefusalKind::Unclear,
        (400 | 403 | 502 | 503, _) => RefusalKind::Unavailable,
        _ => RefusalKind::Unexpected,
    }
}

fn has_one_of(status: &StatusLine, words: &[&str]) -> bool {
    let text = String::from_utf8_lossy(status.text()).to_ascii_lowercase();
    words.iter().any(|word| text.contains(word))
}
