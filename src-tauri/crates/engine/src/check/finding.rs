//! What a check finds: typed, so that whoever shows it can word it, and act on it.

use nntp::login::{Account, redacted};

use crate::config::Verify;
use crate::dial::{Certificate, Problem};

/// One step of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The host's name has an address.
    Name,
    /// Something answers there.
    Connection,
    /// It is encrypted as the settings say.
    Encryption,
    /// It greets as a news server does.
    Greeting,
    /// It takes the login.
    Login,
    /// What it says that it can do.
    Capabilities,
    /// How far away it is.
    RoundTrip,
    /// How many connections it grants.
    Connections,
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Good,
    /// It can be used so, but not all is as it should be.
    Doubtful,
    /// It cannot be used so.
    Bad,
}

/// What one step found. No secret is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub step: Step,
    /// How it went.
    pub outcome: Outcome,
    /// What was found. It prints as a plain sentence.
    pub found: Found,
    /// The provider's own words, where it said something; without the account's name and password.
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
    /// What was entered as the host is a whole address.
    PastedHost,
    /// The host's name has no address, in the system's words.
    NoAddress { cause: String },
    /// Something answers on this port.
    Connected { port: u16 },
    /// Nothing does, in the system's words.
    NotConnected { cause: String },
    /// All connections that were entered are busy in the proxy itself.
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
    /// What is there does not speak TLS.
    SpeaksNoTls,
    /// The handshake failed otherwise, in the words of whoever tried.
    TlsFailed { cause: String },
    /// It does not do STARTTLS.
    NoStartTls,
    /// It greets as a news server does.
    Greeted { posting: bool },
    /// What is there speaks TLS, and the settings do not.
    SpeaksTls,
    /// What is there is a web server.
    WebServer,
    /// What is there is something else than a news server.
    NoNewsServer,
    /// It does not answer in time.
    NoAnswer,
    /// It closed the connection without a word.
    HungUp,
    /// It refuses us. `beside` is how many connections the proxy has open meanwhile.
    Refused { why: Why, proof: Proof, beside: u16 },
    /// It took the login; perhaps not before the second try.
    LoggedIn { second_try: bool },
    /// It wants no login.
    NoLogin,
    /// It wants a login, and none was entered.
    LoginNeeded,
    /// The name or the password cannot be sent.
    UnusableLogin,
    /// What it says that it can do.
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
    /// It wants encryption first.
    Encryption,
    /// This is not how a login goes.
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
