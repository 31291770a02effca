//! Where connections come from. Sockets and TLS are one dialler; the simulation's pipes are another.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use nntp::login::{BadAccount, Refusal, RefusalKind};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;

use crate::config::BackendConfig;

mod addresses;
mod certificate;
mod establish;
mod fallback;
mod net;
mod possession;
mod race;
mod tls;

pub use certificate::{BadCertificate, Certificate, Problem};
pub use establish::{Established, establish};
pub(crate) use establish::{Milestone, account, establish_in_mode, read_block, read_status};
pub(crate) use fallback::{Failed, Stage};
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

    /// How it is encrypted, if it is.
    fn encryption(&self) -> Option<Encryption> {
        None
    }
}

/// How a stream is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encryption {
    /// The version of TLS, such as `TLS 1.3`.
    pub version: String,
    /// What the other end showed, where it could be read.
    pub certificate: Option<Certificate>,
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

/// Makes connections to providers. What knows no addresses only connects and encrypts.
pub trait Dial: Send + Sync {
    /// Connects, without encryption.
    ///
    /// # Errors
    /// What kept it from connecting, within [`TimeLimits`](crate::config::TimeLimits).
    fn connect<'a>(&'a self, to: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>>;

    /// Looks up the host's addresses, and says in which order they are to be tried. None where the
    /// dialler knows of no addresses: then it is asked to [`connect`](Self::connect).
    ///
    /// # Errors
    /// That there is no address, or that nobody tells in time.
    fn resolve<'a>(
        &'a self,
        _to: &'a BackendConfig,
    ) -> Boxed<'a, Result<Vec<SocketAddr>, DialError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Connects to the first of these addresses that answers, without encryption. No other has a
    /// connection when this returns.
    ///
    /// # Errors
    /// What kept it from connecting, within [`TimeLimits`](crate::config::TimeLimits).
    fn connect_to<'a>(
        &'a self,
        _addresses: &'a [SocketAddr],
        _to: &'a BackendConfig,
    ) -> Boxed<'a, Result<(BoxStream, SocketAddr), DialError>> {
        Box::pin(async { Err(DialError::Connect(io::ErrorKind::AddrNotAvailable.into())) })
    }

    /// Whether this address of the host failed a short while ago.
    fn is_doubtful(&self, _address: SocketAddr, _to: &BackendConfig) -> bool {
        false
    }

    /// A login has succeeded on this address of the host, or the first request on a connection to it.
    fn succeeded(&self, _address: SocketAddr, _to: &BackendConfig) {}

    /// This address of the host does not serve as it should: others are to be tried before it.
    fn failed(&self, _address: SocketAddr, _to: &BackendConfig) {}

    /// Encrypts a connection: a new one, or one on which the provider has just accepted STARTTLS
    /// (RFC 4642).
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
    /// The authorities that are to vouch for certificates cannot be read.
    Authorities(io::Error),
    /// The TLS handshake failed.
    Tls(io::Error),
    /// The certificate is not what the settings demand.
    Certificate(Box<BadCertificate>),
    /// What answers is no news server, or not as the settings say.
    Protocol(Oddity),
    /// The news server refuses us.
    Refused(Refusal),
    /// The name or password cannot be sent.
    Account(BadAccount),
}

/// How something answers that is no news server, or not one as the settings say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Oddity {
    /// It speaks TLS, and the settings do not.
    SpeaksTls,
    /// It does not speak TLS, and the settings do.
    SpeaksNoTls,
    /// It has no cipher that we do.
    UnsafeCiphers,
    /// It has no version of TLS that we do.
    UnsafeTls,
    /// It speaks HTTP.
    WebServer,
    /// It does not begin as a news server does.
    NoNewsServer,
    /// It hangs up before the login is done.
    HungUp,
    /// Encryption was asked for where the settings have none, or twice.
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
            Self::NotAsked => "encryption was not to be begun here",
        })
    }
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
            | Self::Authorities(_)
            | Self::Tls(_)
            | Self::Certificate(_)
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
            Self::Tls(e) | Self::Authorities(e) => {
                write!(f, "the encrypted connection failed: {e}")
            }
            Self::Certificate(bad) => write!(f, "the encrypted connection failed: {bad}"),
            Self::Protocol(what) => write!(f, "{what}"),
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
