//! Why there is no connection, in plain sentences.

use std::fmt;
use std::io;

use nntp::login::{BadAccount, Refusal, RefusalKind};

use super::{BadCertificate, BindError, ProxyError};
use crate::config::IpVersion;

pub(crate) const NO_ADDRESS: &str =
    "the host name has no address: check its spelling, and the network";
pub(crate) const NOT_CONNECTED: &str = "cannot connect: check host and port, and the network";

/// Why there is no connection. Each prints as a plain sentence without secrets.
#[derive(Debug)]
#[non_exhaustive]
pub enum DialError {
    /// The host name has no address.
    Resolve(io::Error),
    /// The host has no address that may be used.
    NoAddressOf(IpVersion),
    /// The interface or source address is not there.
    Bind(BindError),
    /// The proxy does not connect us.
    Proxy(Box<ProxyError>),
    /// No address answered.
    Connect(io::Error),
    /// A step timed out.
    TimedOut(&'static str),
    /// The trusted CA certificates cannot be read.
    Authorities(io::Error),
    /// The TLS handshake failed.
    Tls(io::Error),
    /// The certificate does not meet the settings.
    Certificate(Box<BadCertificate>),
    /// The other end is not a news server, or contradicts the settings.
    Protocol(Oddity),
    /// The provider refuses the connection or the login.
    Refused(Refusal),
    /// The user name or password cannot be sent.
    Account(BadAccount),
}

/// What answers instead of the expected news server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Oddity {
    /// It uses TLS, but the settings have it off.
    SpeaksTls,
    /// It does not use TLS, but the settings require it.
    SpeaksNoTls,
    /// It offers no cipher that is still considered secure.
    UnsafeCiphers,
    /// It offers no TLS version that is still considered secure.
    UnsafeTls,
    /// It is a web server.
    WebServer,
    /// It does not greet like a news server.
    NoNewsServer,
    /// It closed the connection before the login was done.
    HungUp,
    /// TLS was started although the settings have it off.
    NotAsked,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SpeaksTls => {
                "the provider speaks TLS on this port: set TLS to \"on\", or use its plain port"
            }
            Self::SpeaksNoTls => {
                "the encrypted connection failed: the provider does not speak TLS on this port: use \
                 its TLS port (563), or switch TLS off"
            }
            Self::UnsafeCiphers => {
                "this server only offers ciphers that are no longer considered safe"
            }
            Self::UnsafeTls => {
                "this server only offers TLS 1.0 or 1.1, which is no longer considered safe"
            }
            Self::WebServer => {
                "this is a web server: the host looks like an indexer's address, not a news server's"
            }
            Self::NoNewsServer => {
                "what answers on this port is no news server: check host and port"
            }
            Self::HungUp => {
                "the provider closed the connection before the login was done: check port and TLS, \
                 or try again later"
            }
            Self::NotAsked => "TLS is off in the settings",
        })
    }
}

/// Describes a refusal in a sentence.
pub(crate) const fn meaning(kind: RefusalKind) -> &'static str {
    match kind {
        RefusalKind::TooManyConnections => "the provider allows no more connections",
        RefusalKind::Credentials => "the provider refuses the user name or password",
        RefusalKind::Account => {
            "the provider refuses the account: it may be used up, expired or not paid for"
        }
        RefusalKind::Unavailable => "the provider does not serve us now: try again later",
        RefusalKind::TlsNeeded => "the provider wants encryption: switch TLS on",
        RefusalKind::NoStartTls => {
            "the provider does not do STARTTLS: use TLS \"on\" with its port"
        }
        RefusalKind::Unclear => "the provider refuses the login",
        RefusalKind::Unexpected => "the provider answers in an unknown way",
    }
}

/// What a failed dial means for the next ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Too many connections: open fewer, and wait.
    Limit,
    /// The account or its password is refused: retry rarely.
    Login,
    /// Either of the two.
    Unclear,
    /// Unreachable or broken.
    Down,
}

impl DialError {
    pub(crate) fn trouble(&self) -> Trouble {
        match self {
            Self::Refused(refusal) => match refusal.kind {
                RefusalKind::TooManyConnections => Trouble::Limit,
                RefusalKind::Credentials | RefusalKind::Account => Trouble::Login,
                RefusalKind::Unclear => Trouble::Unclear,
                _ => Trouble::Down,
            },
            Self::Account(_) => Trouble::Login,
            _ => Trouble::Down,
        }
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve(e) => {
                write!(f, "{NO_ADDRESS} ({e})")
            }
            Self::NoAddressOf(version) => write!(f, "the host name has no {version} address"),
            Self::Bind(why) => write!(f, "{why}"),
            Self::Proxy(why) => write!(f, "{why}"),
            Self::Connect(e) => write!(f, "{NOT_CONNECTED} ({e})"),
            Self::TimedOut(step) => write!(f, "timed out waiting for {step}"),
            Self::Tls(e) | Self::Authorities(e) => {
                write!(f, "the encrypted connection failed: {e}")
            }
            Self::Certificate(bad) => write!(f, "the encrypted connection failed: {bad}"),
            Self::Protocol(what) => write!(f, "{what}"),
            Self::Refused(refusal) => {
                write!(f, "{} ({} {})", meaning(refusal.kind), refusal.code, refusal.text)
            }
            Self::Account(e) => write!(f, "{e}"),
        }
    }
}

impl std::error::Error for DialError {}
