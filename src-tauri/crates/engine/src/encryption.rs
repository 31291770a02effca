//! TLS towards clients: the certificate that they are shown, and the handshake.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{AlertDescription, Error as TlsError, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::dial::{BoxStream, ReadHalf, Stream, WriteHalf};
use crate::lock::Lock;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The certificate that clients are shown, with its key. Clones are handles to the same one.
#[derive(Clone)]
pub struct ServerIdentity(Arc<Lock<Arc<ServerConfig>>>);

/// Why a certificate cannot be shown.
#[derive(Debug)]
#[non_exhaustive]
pub enum IdentityError {
    /// There is no certificate in the PEM text.
    NoCertificate,
    /// There is no key in the PEM text.
    NoKey,
    /// The key belongs to another certificate, or either cannot be used.
    Unusable(TlsError),
}

/// Why a client got no encrypted connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeProblem {
    /// The client does not trust the certificate.
    NotTrusted,
    /// The client sent something other than TLS, or nothing.
    NoTls,
    /// The client broke off, or something else went wrong.
    Other(String),
}

impl ServerIdentity {
    /// Reads a certificate with its chain, and its key, from PEM texts.
    ///
    /// # Errors
    /// What is missing, or does not fit.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, IdentityError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or(IdentityError::NoCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| IdentityError::NoKey)?;
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = builder
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(IdentityError::Unusable)?;
        Ok(Self(Arc::new(Lock::new(Arc::new(config)))))
    }

    /// Shows another certificate to clients that connect from now on, at all handles.
    pub fn replace(&self, other: &Self) {
        let other = Arc::clone(&other.0.lock());
        *self.0.lock() = other;
    }

    /// Encrypts a client's connection.
    pub(crate) async fn accept<S>(&self, stream: S) -> Result<BoxStream, HandshakeProblem>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.0.lock()));
        match timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(encrypted)) => Ok(Box::new(encrypted)),
            Ok(Err(error)) => Err(problem(&error)),
            // One that speaks first is no client of NNTP, where the server greets.
            Err(_) => Err(HandshakeProblem::NoTls),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for TlsStream<S> {
    fn halves(self: Box<Self>) -> (ReadHalf, WriteHalf) {
        let (read, write) = tokio::io::split(*self);
        (Box::new(read), Box::new(write))
    }
}

fn problem(error: &io::Error) -> HandshakeProblem {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) {
        Some(TlsError::InvalidMessage(_)) => HandshakeProblem::NoTls,
        Some(TlsError::AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::UnsupportedCertificate
            // It trusts another authority of the same name.
            | AlertDescription::DecryptError,
        )) => HandshakeProblem::NotTrusted,
        _ => HandshakeProblem::Other(error.to_string()),
    }
}

impl fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerIdentity").finish_non_exhaustive()
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("no certificate is in it"),
            Self::NoKey => f.write_str("no private key is in it"),
            Self::Unusable(error) => write!(f, "the key and the certificate don't fit: {error}"),
        }
    }
}

impl Error for IdentityError {}

impl fmt::Display for HandshakeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTrusted => f.write_str("the client doesn't trust the certificate"),
            Self::NoTls => f.write_str("the client doesn't use TLS"),
            Self::Other(said) => f.write_str(said),
        }
    }
}
