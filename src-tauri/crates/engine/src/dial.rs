//! Where connections come from. Sockets and TLS are one dialler; the simulation's pipes are another.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;

use crate::config::BackendConfig;

mod addresses;
mod certificate;
mod error;
mod establish;
mod fallback;
mod net;
mod race;
mod tls;
mod verify;

pub use certificate::{BadCertificate, Certificate, Problem};
pub use error::{DialError, Oddity};
pub(crate) use error::{NO_ADDRESS, NOT_CONNECTED, Trouble, meaning};
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
    /// The provider's certificate, where it could be read.
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

/// Makes connections to providers. A dialler that knows of no addresses only connects and encrypts.
pub trait Dial: Send + Sync {
    /// Connects, without encryption.
    ///
    /// # Errors
    /// Why it could not connect within [`TimeLimits`](crate::config::TimeLimits).
    fn connect<'a>(&'a self, to: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>>;

    /// Looks up the host's addresses, in the order in which to try them. Empty where the dialler knows of
    /// no addresses: then [`connect`](Self::connect) is called.
    ///
    /// # Errors
    /// The host has no address, or the lookup took too long.
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
    /// Why it could not connect within [`TimeLimits`](crate::config::TimeLimits).
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

    /// A dial or a request has failed on this address of the host: others are tried before it.
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
