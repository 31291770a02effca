//! The test of a provider as people see it: what the engine finds, in the form in which it is told.

use nntp_proxy::check as engine;
use nntp_proxy::config::Verify;
use nntp_proxy::dial;
use serde::Serialize;

use crate::settings::VerifyLevel;

/// A test of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Check {
    /// The name of the provider.
    pub name: String,
    /// What was found so far, in order.
    pub findings: Vec<Finding>,
    /// Whether that is all.
    pub done: bool,
}

impl Check {
    /// Whether something was found that keeps the provider from being used so.
    pub(crate) fn found_bad(&self) -> bool {
        self.findings.iter().any(|finding| finding.outcome == Outcome::Bad)
    }
}

/// One step of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Finding {
    /// Which.
    pub step: CheckStep,
    /// How it went.
    pub outcome: Outcome,
    /// What was found.
    pub found: Found,
    /// The same in a sentence, in English.
    pub said: String,
    /// The provider's own words, without secrets.
    pub words: Option<String>,
    /// What would help.
    pub remedy: Option<Remedy>,
}

/// The steps of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum CheckStep {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should.
    Good,
    /// It can be used so, but not all is as it should be.
    Doubtful,
    /// It cannot be used so.
    Bad,
}

/// What was found: see [`nntp_proxy::check::Found`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "what", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the same as in the engine")]
pub enum Found {
    Address {
        host: String,
    },
    PastedHost,
    NoAddress {
        cause: String,
    },
    Connected {
        port: u16,
    },
    NotConnected {
        cause: String,
    },
    AllInUse {
        open: u16,
    },
    InTheClear,
    Encrypted {
        version: String,
        verified: VerifyLevel,
        certificate: Option<Certificate>,
        #[cfg_attr(test, ts(type = "number | null"))]
        days_left: Option<u64>,
    },
    BadCertificate {
        problem: Problem,
        certificate: Option<Certificate>,
    },
    SpeaksNoTls,
    TlsFailed {
        cause: String,
    },
    NoStartTls,
    Greeted {
        posting: bool,
    },
    SpeaksTls,
    WebServer,
    NoNewsServer,
    NoAnswer,
    HungUp,
    Refused {
        why: Why,
        proof: Proof,
        beside: u16,
    },
    LoggedIn {
        second_try: bool,
    },
    NoLogin,
    LoginNeeded,
    UnusableLogin,
    Capabilities {
        list: Vec<String>,
    },
    NoCapabilities,
    RoundTrip {
        #[cfg_attr(test, ts(type = "number"))]
        microseconds: u64,
    },
    Granted {
        count: u16,
        wanted: u16,
        beside: u16,
        cause: Option<String>,
    },
}

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Certificate {
    /// Who has signed it.
    pub issuer: String,
    /// The hosts that it is for; not more than a few.
    pub names: Vec<String>,
    /// Until when it is valid.
    #[cfg_attr(test, ts(type = "number"))]
    pub expires: u64,
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the same as in the engine")]
pub enum Problem {
    Expired,
    NotYetValid,
    OtherNames,
    UnknownAuthority,
    SelfSigned,
    Invalid,
}

/// Why a provider refuses us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the same as in the engine")]
pub enum Why {
    Connections,
    Login,
    Account,
    Unavailable,
    Encryption,
    Unexpected,
}

/// How that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the same as in the engine")]
pub enum Proof {
    Told,
    BeforeLogin,
    LoginWorks,
    TriedTwice,
}

/// What would help, as fields of the form to change: see [`nntp_proxy::check::Remedy`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "change", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the same as in the engine")]
pub enum Remedy {
    UseTls { port: u16 },
    UseStartTls { port: u16 },
    UseNoTls { port: u16 },
    LowerConnections { to: u16 },
    TrimHost { host: String, port: Option<u16> },
}

impl From<engine::Finding> for Finding {
    fn from(finding: engine::Finding) -> Self {
        // The engine lets it pass on this computer; a green tick would say that it is encrypted.
        let outcome = match finding.found {
            engine::Found::InTheClear => Outcome::Doubtful,
            _ => finding.outcome.into(),
        };
        Self {
            step: finding.step.into(),
            outcome,
            said: finding.found.to_string(),
            found: finding.found.into(),
            words: finding.words,
            remedy: finding.remedy.map(Into::into),
        }
    }
}

/// From enums of the engine to those of the same variants here.
macro_rules! mirror {
    ($($from:path => $to:ident: $($variant:ident)*;)*) => { $(
        impl From<$from> for $to {
            fn from(from: $from) -> Self {
                type From = $from;
                match from { $(From::$variant => Self::$variant,)* }
            }
        }
    )* };
}

mirror! {
    engine::Step => CheckStep:
        Name Connection Encryption Greeting Login Capabilities RoundTrip Connections;
    engine::Outcome => Outcome: Good Doubtful Bad;
    engine::Why => Why: Connections Login Account Unavailable Encryption Unexpected;
    engine::Proof => Proof: Told BeforeLogin LoginWorks TriedTwice;
    dial::Problem => Problem: Expired NotYetValid OtherNames UnknownAuthority SelfSigned Invalid;
    Verify => VerifyLevel: Full Certificate None;
}

impl From<dial::Certificate> for Certificate {
    fn from(shown: dial::Certificate) -> Self {
        let dial::Certificate { issuer, names, expires, .. } = shown;
        Self { issuer, names, expires: expires.saturating_mul(1000) }
    }
}

impl From<engine::Remedy> for Remedy {
    fn from(remedy: engine::Remedy) -> Self {
        match remedy {
            engine::Remedy::UseTls { port } => Self::UseTls { port },
            engine::Remedy::UseStartTls { port } => Self::UseStartTls { port },
            engine::Remedy::UseNoTls { port } => Self::UseNoTls { port },
            engine::Remedy::LowerConnections { to } => Self::LowerConnections { to },
            engine::Remedy::TrimHost { host, port } => Self::TrimHost { host, port },
        }
    }
}

impl From<engine::Found> for Found {
    fn from(found: engine::Found) -> Self {
        use engine::Found as E;
        match found {
            E::Address { host } => Self::Address { host },
            E::PastedHost => Self::PastedHost,
            E::NoAddress { cause } => Self::NoAddress { cause },
            E::Connected { port } => Self::Connected { port },
            E::NotConnected { cause } => Self::NotConnected { cause },
            E::AllInUse { open } => Self::AllInUse { open },
            E::InTheClear => Self::InTheClear,
            E::Encrypted { version, verified, certificate, days_left } => {
                let certificate = certificate.map(Into::into);
                Self::Encrypted { version, verified: verified.into(), certificate, days_left }
            }
            E::BadCertificate { problem, certificate } => Self::BadCertificate {
                problem: problem.into(),
                certificate: certificate.map(Into::into),
            },
            E::SpeaksNoTls => Self::SpeaksNoTls,
            E::TlsFailed { cause } => Self::TlsFailed { cause },
            E::NoStartTls => Self::NoStartTls,
            E::Greeted { posting } => Self::Greeted { posting },
            E::SpeaksTls => Self::SpeaksTls,
            E::WebServer => Self::WebServer,
            E::NoNewsServer => Self::NoNewsServer,
            E::NoAnswer => Self::NoAnswer,
            E::HungUp => Self::HungUp,
            E::Refused { why, proof, beside } => {
                Self::Refused { why: why.into(), proof: proof.into(), beside }
            }
            E::LoggedIn { second_try } => Self::LoggedIn { second_try },
            E::NoLogin => Self::NoLogin,
            E::LoginNeeded => Self::LoginNeeded,
            E::UnusableLogin => Self::UnusableLogin,
            E::Capabilities { list } => Self::Capabilities { list },
            E::NoCapabilities => Self::NoCapabilities,
            E::RoundTrip { microseconds } => Self::RoundTrip { microseconds },
            E::Granted { count, wanted, beside, cause } => {
                Self::Granted { count, wanted, beside, cause }
            }
        }
    }
}
