//! Connections to providers, behind a trait: one dialler uses sockets and TLS, the simulation's uses
//! pipes.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;

use crate::config::BackendConfig;

mod addresses;
mod certificate;
mod deflate;
mod error;
mod establish;
mod fallback;
mod metered;
mod net;
mod race;
mod socks;
mod source;
mod tls;
mod verify;
mod via;

pub use certificate::{BadCertificate, Certificate, Problem};
pub(crate) use deflate::{Inflated, Stored, is_broken};
pub use error::{DialError, Oddity};
pub(crate) use error::{NO_ADDRESS, NOT_CONNECTED, Trouble, meaning};
pub use establish::{Established, establish};
pub(crate) use establish::{Milestone, account, establish_in_mode, read_block, read_status};
pub(crate) use fallback::{Failed, Stage};
pub(crate) use metered::{Metered, Tally};
pub use net::NetDialler;
pub(crate) use source::Source;
pub use source::interfaces;
pub use via::{BindError, ProxyError, ProxyProblem};

/// The reading half of a stream.
pub type ReadHalf = Box<dyn AsyncRead + Send + Unpin>;
/// The writing half of a stream.
pub type WriteHalf = Box<dyn AsyncWrite + Send + Unpin>;
/// A boxed stream, plain or encrypted.
pub type BoxStream = Box<dyn Stream>;
/// A boxed future, so that a dialler can be a trait object.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A two-way byte stream that can be split.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    /// Splits the stream, so that one task can read while another writes.
    fn halves(self: Box<Self>) -> (ReadHalf, WriteHalf);

    /// Its encryption, if any.
    fn encryption(&self) -> Option<Encryption> {
        None
    }
}

/// The encryption of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encryption {
    /// The version of TLS, such as `TLS 1.3`.
    pub version: String,
    /// The provider's certificate, if it could be read.
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

/// Makes connections to providers. A dialler that does not resolve addresses only needs to connect and
/// encrypt.
pub trait Dial: Send + Sync {
    /// Connects without encryption.
    ///
    /// # Errors
    /// Why it could not connect within [`TimeLimits`](crate::config::TimeLimits).
    fn connect<'a>(&'a self, to: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>>;

    /// Looks up the host's addresses, in the order to try them. If the list is empty,
    /// [`connect`](Self::connect) is called instead.
    ///
    /// # Errors
    /// If the host has no address, or the lookup timed out.
    fn resolve<'a>(
        &'a self,
        _to: &'a BackendConfig,
    ) -> Boxed<'a, Result<Vec<SocketAddr>, DialError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Connects without encryption to the first of these addresses that answers. All other connections
    /// are closed when this returns.
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

    /// Whether this address failed recently.
    fn is_doubtful(&self, _address: SocketAddr, _to: &BackendConfig) -> bool {
        false
    }

    /// Records that a login, or the first request on a connection, succeeded on this address.
    fn succeeded(&self, _address: SocketAddr, _to: &BackendConfig) {}

    /// Records that a dial or a request failed on this address: others are tried first.
    fn failed(&self, _address: SocketAddr, _to: &BackendConfig) {}

    /// Encrypts a connection: a new one, or one on which the provider just accepted STARTTLS (RFC
    /// 4642).
    ///
    /// # Errors
    /// If the handshake fails or the certificate is refused.
    fn start_tls<'a>(
        &'a self,
        stream: BoxStream,
        to: &'a BackendConfig,
    ) -> Boxed<'a, Result<BoxStream, DialError>>;
}
