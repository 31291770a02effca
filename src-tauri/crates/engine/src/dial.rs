//! Where connections come from. Sockets and TLS are one dialler; the simulation's pipes are another.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;

use nntp::login::{BadAccount, Refusal, RefusalKind};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;

use crate::config::BackendConfig;

mod establish;
mod net;
mod tls;

pub use establish::{Established, establish};
pub use net::NetDialler;

/// The reading half of a stream.
pub type ReadHalf = Box<dyn AsyncRead + Send + Unpin>;
/// The writing half of a stream.
pub type WriteHalf = Box<dyn AsyncWrite + Send + Unpin>;
/// A boxed stream, plain or encrypted.
pub type BoxStream = Box<dyn Stream>;
/// A boxed future, so that a dialler can be a trait object.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A two-way stream of bytes that can be taken apart.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    /// Takes the stream apart, so that one task can read while another writes.
    fn halves(self: Box<Self>) -> (ReadHalf, WriteHalf);
}

impl Stream for TcpStream {
    fn halves(self: Box<Self>) -> (ReadHalf, WriteHalf) {
        let (read, write) = self.into_split();
        (Box::new(read), Box::new(write))
    }
}

/// A pipe within the program.
impl Stream for DuplexStream {
    fn halves(self: Box<Self>) -> (ReadHalf, WriteHalf) {
        let (read, write) = tokio::io::split(*self);
        (Box::new(read), Box::new(write))
    }
}

/// Makes connections to providers.
pub trait Dial: Send + Sync {
    /// Connects, with TLS where the provider has it from the first byte.
    ///
    /// # Errors
    /// What kept it from connecting, within [`TimeLimits`](crate::config::TimeLimits).
    fn connect<'a>(&'a self, to: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>>;

    /// Encrypts a connection on which the provider has just accepted STARTTLS (RFC 4642).
    ///
    /// # Errors
    /// What was wrong with the handshake or the certificate.
    fn start_tls<'a>(
        &'a self,
        stream: BoxStream,
        to: &'a BackendConfig,
    ) -> Boxed<'a, Result<BoxStream, DialError>>;
}

/// Why there is no connection. Each prints as a plain sentence without a secret in it.
#[derive(Debug)]
#[non_exhaustive]
pub enum DialError {
    /// The host's name has no address.
    Resolve(io::Error),
    /// No address answered.
    Connect(io::Error),
    /// A step took longer than its limit.
    TimedOut(&'static str),
    /// The TLS handshake failed.
    Tls(io::Error),
    /// What answers is no news server, or not as the settings say.
    Protocol(&'static str),
    /// The news server refuses us.
    Refused(Refusal),
    /// The name or password cannot be sent.
    Account(BadAccount),
}

/// What a failed dial means for the next ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Too many connections: fewer, and later.
    Limit,
    /// The account or its password: rarely.
    Login,
    /// One of the two.
    Unclear,
    /// Not reachable, or not working.
    Down,
}

impl DialError {
    pub(crate) fn trouble(&self) -> Trouble {
        match self {
            Self::Refused(refusal) => match refusal.kind {
                RefusalKind::TooManyConnections => Trouble::Limit,
                RefusalKind::Credentials | RefusalKind::Account => Trouble::Login,
                RefusalKind::Unclear => Trouble::Unclear,
                RefusalKind::Unavailable
                | RefusalKind::TlsNeeded
                | RefusalKind::NoStartTls
                | RefusalKind::Unexpected => Trouble::Down,
            },
            Self::Account(_) => Trouble::Login,
            Self::Resolve(_)
            | Self::Connect(_)
            | Self::TimedOut(_)
            | Self::Tls(_)
            | Self::Protocol(_) => Trouble::Down,
        }
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve(e) => {
                write!(f, "the host name has no address: check its spelling, and the network ({e})")
            }
            Self::Connect(e) => {
                write!(f, "cannot connect: check host and port, and the network ({e})")
            }
            Self::TimedOut(step) => write!(f, "timed out waiting for {step}"),
            Self::Tls(e) => write!(f, "the encrypted connection failed: {e}"),
            Self::Protocol(what) => f.write_str(what),
            Self::Refused(refusal) => {
                let words = match refusal.kind {
                    RefusalKind::TooManyConnections => "the provider allows no more connections",
                    RefusalKind::Credentials => "the provider refuses the user name or password",
                    RefusalKind::Account => "the provider refuses the account",
                    RefusalKind::Unavailable => "the provider does not serve us now",
                    RefusalKind::TlsNeeded => "the provider wants encryption: switch TLS on",
                    RefusalKind::NoStartTls => {
                        "the provider does not do STARTTLS: use TLS \"on\" with its port"
                    }
                    RefusalKind::Unclear => "the provider refuses the login",
                    RefusalKind::Unexpected => "the provider answers in an unknown way",
                };
                write!(f, "{words} ({} {})", refusal.code, refusal.text)
            }
            Self::Account(e) => write!(f, "{e}"),
        }
    }
}

impl std::error::Error for DialError {}
