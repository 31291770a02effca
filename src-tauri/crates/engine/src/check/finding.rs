//! What a check finds: typed, so that whoever shows it can word it, and act on it.

use nntp::login::{Account, redacted};

use crate::config::Verify;
use crate::dial::{Certificate, Problem};

/// One step of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The host's name has an address.
    Name,
    /// A connection can be made.
    Connection,
    /// It is encrypted as the settings demand.
    Encryption,
    /// It greets as a news server does.
    Greeting,
    /// It accepts the login.
    Login,
    /// What it says it can do.
    Capabilities,
    /// How far away it is.
    RoundTrip,
    /// How many connections it grants.
    Connections,
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Fine.
    Good,
    /// It can be used like this, but something should be improved.
    Doubtful,
    /// It cannot be used like this.
    Bad,
}

/// What one step found. No secret is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The step.
    pub step: Step,
    /// How it went.
    pub outcome: Outcome,
    /// What was found. It prints as a plain sentence.
    pub found: Found,
    /// The provider's own words, without the account's name and password.
    pub words: Option<String>,
    /// What would help.
    pub remedy: Option<Remedy>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are what their names say")]
pub enum Found {
    /// The host's name has an address.
    Address { host: String },
    /// A URL was entered as the host.
    PastedHost,
    /// The host's name has no address, in the system's words.
    NoAddress { cause: String },
    /// A connection to this port was made.
    Connected { port: u16 },
    /// No connection could be made, in the system's words.
    NotConnected { cause: String },
    /// The proxy itself is using all connections of the account.
    AllInUse { open: u16 },
    /// There is no encryption, and none was asked for.
    InTheClear,
    /// It is encrypted.
    Encrypted {
        version: String,
        verified: Verify,
        certificate: Option<Certificate>,
        /// How long the certificate is still valid.
        days_left: Option<u64>,
    },
    /// The certificate is not what the settings demand.
    BadCertificate { problem: Problem, certificate: Option<Certificate> },
    /// It does not speak TLS.
    SpeaksNoTls,
    /// The handshake failed for another reason, in the TLS library's words.
    TlsFailed { cause: String },
    /// It does not offer STARTTLS.
    NoStartTls,
    /// It greets as a news server does.
    Greeted { posting: bool },
    /// It speaks TLS, which is off in the settings.
    SpeaksTls,
    /// A web server answers.
    WebServer,
    /// Something else than a news server answers.
    NoNewsServer,
    /// It does not answer in time.
    NoAnswer,
    /// It closed the connection without saying why.
    HungUp,
    /// It refuses us. `beside` is how many connections the proxy has open meanwhile.
    Refused { why: Why, proof: Proof, beside: u16 },
    /// It accepted the login, perhaps only at the second try.
    LoggedIn { second_try: bool },
    /// It needs no login.
    NoLogin,
    /// It needs a login, and none was entered.
    LoginNeeded,
    /// The name or the password cannot be sent.
    UnusableLogin,
    /// What it says it can do.
    Capabilities { list: Vec<String> },
    /// It does not say.
    NoCapabilities,
    /// How long a reply takes.
    RoundTrip { microseconds: u64 },
    /// So many connections were open at once, of those that were entered; `beside` more are the proxy's.
    /// `cause` is why it was not one more, where the provider did not say.
    Granted { count: u16, wanted: u16, beside: u16, cause: Option<String> },
}

/// Why a provider refuses us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// As many connections as it grants are open, or it thinks so.
    Connections,
    /// The name or the password is wrong.
    Login,
    /// The account is used up, expired or not paid for.
    Account,
    /// It does not serve us now.
    Unavailable,
    /// It demands encryption.
    Encryption,
    /// The reply has no place in a login.
    Unexpected,
}

/// How that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Its code or its words say so.
    Told,
    /// Nothing of the account had been sent yet.
    BeforeLogin,
    /// The same login works on connections that the proxy has open.
    LoginWorks,
    /// It was refused twice, with no connection of ours open that could be one too many.
    TriedTwice,
}

/// What would help, as fields of the settings to change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are what their names say")]
pub enum Remedy {
    /// TLS from the first byte, on this port.
    UseTls { port: u16 },
    /// TLS after STARTTLS, on this port.
    UseStartTls { port: u16 },
    /// No encryption, on this port: whoever offers this has to say what it means.
    UseNoTls { port: u16 },
    /// Not more connections than these.
    LowerConnections { to: u16 },
    /// The host alone, and the port where one was behind it.
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

    /// A certificate may say anything, too.
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

/// The host and the port in a pasted address such as `https://news.example.com:563/`; nothing, where it
/// is a host alone, or no address at all.
#[must_use]
pub fn pasted(entered: &str) -> Option<(String, Option<u16>)> {
    let entered = entered.trim();
    let rest = entered.split_once("://").map_or(entered, |(_, rest)| rest);
    let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    let (host, port) = match place.strip_prefix('[').and_then(|six| six.split_once(']')) {
        Some((host, behind)) => (host, behind.strip_prefix(':')),
        // More than one colon is an address of IPv6.
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
