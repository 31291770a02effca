//! A check's findings, typed, so that the caller can word them and act on them.

use nntp::login::{Account, redacted};

use crate::config::Verify;
use crate::dial::{Certificate, Problem};

/// One step of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(rename = "CheckStep"))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Step {
    /// The interface or source address to bind to is there.
    Interface,
    /// The proxy can be used.
    Proxy,
    /// The host name has an address.
    Name,
    /// The server accepts a connection.
    Connection,
    /// The encryption meets the settings.
    Encryption,
    /// It greets like a news server.
    Greeting,
    /// The login is accepted.
    Login,
    /// The capabilities that it lists.
    Capabilities,
    /// The latency.
    RoundTrip,
    /// How many connections the provider grants.
    Connections,
}

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Outcome {
    /// Fine.
    Good,
    /// Usable, but something should be improved.
    Doubtful,
    /// Not usable.
    Bad,
}

/// The result of one step. It contains no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The step.
    pub step: Step,
    /// Its result.
    pub outcome: Outcome,
    /// The finding. It prints as a plain sentence.
    pub found: Found,
    /// The provider's reply, without the account's user name and password.
    pub words: Option<String>,
    /// The suggested remedy.
    pub remedy: Option<Remedy>,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "serde", serde(tag = "what", rename_all = "snake_case"))]
#[expect(missing_docs, reason = "the fields are what their names say")]
pub enum Found {
    /// The interface or source address is there. `interface` is empty where no interface shows it.
    Bound { interface: String, addresses: Vec<String> },
    /// The interface or source address is not there, or cannot be used.
    NotBound { problem: BindProblem, name: String, cause: Option<String> },
    /// The proxy can be used.
    ProxyReached { proxy: String },
    /// The proxy cannot be used; `cause` is the system's message.
    ProxyFailed { problem: ProxyProblem, proxy: String, cause: Option<String> },
    /// The host name has an address.
    Address { host: String, addresses: Vec<String> },
    /// The proxy looks up the host name.
    AddressAtProxy { host: String },
    /// The host name has addresses, but none of the only version of IP that may be used.
    NoAddressOf { version: String },
    /// A URL was entered as the host.
    PastedHost,
    /// The host name has no address; `cause` is the system's message.
    NoAddress { cause: String },
    /// Connected to this port.
    Connected { port: u16, address: Option<String> },
    /// Could not connect; `cause` is the system's message.
    NotConnected { cause: String, tried: Vec<String> },
    /// The proxy could not connect; `cause` is its reason.
    NotConnectedByProxy { cause: String },
    /// The proxy is using all connections of the account.
    AllInUse { open: u16 },
    /// Not encrypted, as configured.
    InTheClear,
    /// Encrypted.
    Encrypted {
        version: String,
        verified: Verify,
        certificate: Option<Certificate>,
        /// How many days the certificate is still valid.
        #[cfg_attr(feature = "ts", ts(type = "number | null"))]
        days_left: Option<u64>,
    },
    /// The certificate does not meet the settings.
    BadCertificate { problem: Problem, certificate: Option<Certificate> },
    /// The server does not use TLS.
    SpeaksNoTls,
    /// The handshake failed for another reason; `cause` is the TLS library's message.
    TlsFailed { cause: String },
    /// It does not offer STARTTLS.
    NoStartTls,
    /// It greets like a news server.
    Greeted { posting: bool },
    /// The server uses TLS, but the settings have it off.
    SpeaksTls,
    /// A web server answers.
    WebServer,
    /// Something other than a news server answers.
    NoNewsServer,
    /// The server does not answer in time.
    NoAnswer,
    /// It closed the connection without saying why.
    HungUp,
    /// The provider refuses the connection or login. `beside` is how many connections the proxy has
    /// open.
    Refused { why: Why, proof: Proof, beside: u16 },
    /// The login was accepted, perhaps only on the second attempt.
    LoggedIn { second_try: bool },
    /// The provider needs no login.
    NoLogin,
    /// The provider needs a login, but none was entered.
    LoginNeeded,
    /// The user name or password cannot be sent.
    UnusableLogin,
    /// The capabilities that it lists.
    Capabilities { list: Vec<String> },
    /// The server lists no capabilities.
    NoCapabilities,
    /// The time from a request to its reply.
    RoundTrip {
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        microseconds: u64,
    },
    /// `count` connections were open at once, of `wanted` configured; the proxy has `beside` more.
    /// `cause` is why there was not one more, if the provider did not say.
    Granted { count: u16, wanted: u16, beside: u16, cause: Option<String> },
}

/// Why connections cannot leave by an interface or source address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum BindProblem {
    /// There is no such interface, or it has no address.
    NoInterface,
    /// The interface is down.
    Down,
    /// The interface has no address of the version of IP that may be used.
    NoAddressOf,
    /// This computer does not have the address.
    NoAddress,
    /// The system refuses.
    Refused,
}

/// Why a proxy cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum ProxyProblem {
    /// There is no connection to it.
    Unreachable,
    /// It does not answer in time.
    Silent,
    /// It closes the connection.
    HungUp,
    /// It is no SOCKS5 proxy.
    NotSocks,
    /// It requires a user name and password.
    LoginNeeded,
    /// It refuses the user name or password.
    LoginRefused,
}

/// Why a provider refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Why {
    /// The connection limit is reached, or the provider thinks so.
    Connections,
    /// The user name or password is wrong.
    Login,
    /// The account is used up, expired or unpaid.
    Account,
    /// The provider is unavailable now.
    Unavailable,
    /// It requires encryption.
    Encryption,
    /// The reply does not belong in a login.
    Unexpected,
}

/// How the reason is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Proof {
    /// The reply says so.
    Told,
    /// The account had not been sent yet.
    BeforeLogin,
    /// The same login works on the proxy's open connections.
    LoginWorks,
    /// Two attempts were refused while none of our connections was open.
    TriedTwice,
}

/// A remedy, as settings to change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "serde", serde(tag = "change", rename_all = "snake_case"))]
#[expect(missing_docs, reason = "the fields are what their names say")]
pub enum Remedy {
    /// Use TLS from the first byte on this port.
    UseTls { port: u16 },
    /// Use STARTTLS on this port.
    UseStartTls { port: u16 },
    /// Use no encryption on this port. Whoever offers this must say what it means.
    UseNoTls { port: u16 },
    /// Use at most this many connections.
    LowerConnections { to: u16 },
    /// Use only the host, and the port if one was pasted with it.
    TrimHost { host: String, port: Option<u16> },
}

impl Finding {
    pub(super) fn new(step: Step, outcome: Outcome, found: Found) -> Self {
        Self { step, outcome, found, words: None, remedy: None }
    }

    pub(super) fn good(step: Step, found: Found) -> Self {
        Self::new(step, Outcome::Good, found)
    }

    pub(super) fn bad(step: Step, found: Found) -> Self {
        Self::new(step, Outcome::Bad, found)
    }

    pub(super) fn saying(self, words: impl Into<String>) -> Self {
        Self { words: Some(words.into()).filter(|words| !words.is_empty()), ..self }
    }

    /// A certificate may contain anything, too.
    pub(super) fn without_secrets(mut self, account: Option<&Account>) -> Self {
        let plain = |text: &String| redacted(account, text.as_bytes());
        self.words = self.words.as_ref().map(plain);
        if let Found::Encrypted { certificate: Some(shown), .. }
        | Found::BadCertificate { certificate: Some(shown), .. } = &mut self.found
        {
            shown.issuer = plain(&shown.issuer);
            shown.names = shown.names.iter().map(plain).collect();
        }
        self
    }

    pub(super) fn helped_by(self, remedy: Option<Remedy>) -> Self {
        Self { remedy, ..self }
    }
}

/// Splits a pasted address such as `https://news.example.com:563/` into host and port. `None` if it is
/// just a host, or no address.
#[must_use]
pub fn pasted(entered: &str) -> Option<(String, Option<u16>)> {
    let entered = entered.trim();
    let rest = entered.split_once("://").map_or(entered, |(_, rest)| rest);
    let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    let (host, port) = match place.strip_prefix('[').and_then(|six| six.split_once(']')) {
        Some((host, behind)) => (host, behind.strip_prefix(':')),
        // Several colons mean an IPv6 address.
        None => match place.split_once(':').filter(|(_, port)| !port.contains(':')) {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let port = port.filter(|port| !port.is_empty()).map(str::parse);
    let is_host = !host.is_empty() && !host.contains(char::is_whitespace);
    match port.transpose() {
        Ok(port) if is_host && host != entered => Some((host.to_owned(), port)),
        _ => None,
    }
}
