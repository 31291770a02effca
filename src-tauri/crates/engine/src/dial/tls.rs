//! TLS with rustls. Nothing is sent on a connection whose certificate does not meet the settings.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error as TlsError, OtherError,
    PeerIncompatible, ProtocolVersion, RootCertStore,
};
use tokio::io::BufReader;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::{BadCertificate, Certificate};
use super::verify::Verifier;
use super::{BoxStream, DialError, Encryption, Oddity, ReadHalf, Stream, WriteHalf};
use crate::config::{TlsOptions, Verify};
use crate::lock::Lock;

/// How many bytes one socket read may return. TLS alone would read a few KiB at a time.
const READ: usize = 64 * 1024;

/// The TLS configurations, one for each combination of options. Connections with the same options
/// resume each other's sessions.
#[derive(Clone, Default)]
pub(super) struct Connectors(Arc<Lock<HashMap<TlsOptions, Connector>>>);

struct Connector {
    config: Arc<ClientConfig>,
    /// The contents of the `ca_file` that it was made from.
    authorities: Option<Vec<u8>>,
}

impl Connectors {
    pub(super) async fn handshake(
        &self,
        stream: BoxStream,
        host: &str,
        options: &TlsOptions,
    ) -> Result<BoxStream, DialError> {
        let name = ServerName::try_from(host.to_owned()).map_err(tls)?;
        let (connectors, options) = (self.clone(), options.clone());
        // Both may be slow: a file on a network share, and reading the system's certificates.
        let config = tokio::task::spawn_blocking(move || connectors.config(options)).await;
        let connector = TlsConnector::from(config.map_err(tls)??);
        let encrypted = connector.connect(name, BufReader::with_capacity(READ, stream)).await;
        Ok(Box::new(encrypted.map_err(explained)?))
    }

    /// Creates the configuration on first use, and again when the `ca_file` has changed.
    fn config(&self, options: TlsOptions) -> Result<Arc<ClientConfig>, DialError> {
        let ca_file = options.ca_file.as_deref().filter(|_| options.verify != Verify::None);
        let read = |path: &Path| fs::read(path).map_err(|e| bad_file(path, e));
        let authorities = ca_file.map(read).transpose()?;
        let mut known = self.0.lock();
        if let Some(same) = known.get(&options).filter(|known| known.authorities == authorities) {
            return Ok(Arc::clone(&same.config));
        }
        let roots = match (ca_file, &authorities) {
            _ if options.verify == Verify::None => None,
            (Some(path), Some(pem)) => Some(roots_of(path, pem)?),
            _ => Some(system_roots()?),
        };
        let config = client_config(&options, roots)?;
        known.insert(options, Connector { config: Arc::clone(&config), authorities });
        Ok(config)
    }
}

impl Stream for TlsStream<BufReader<BoxStream>> {
    fn halves(self: Box<Self>) -> (ReadHalf, WriteHalf) {
        let (read, write) = tokio::io::split(*self);
        (Box::new(read), Box::new(write))
    }

    fn encryption(&self) -> Option<Encryption> {
        let connection = self.get_ref().1;
        let version = match connection.protocol_version()? {
            ProtocolVersion::TLSv1_2 => "TLS 1.2".to_owned(),
            ProtocolVersion::TLSv1_3 => "TLS 1.3".to_owned(),
            other => format!("{other:?}"),
        };
        let shown = connection.peer_certificates().and_then(<[_]>::first);
        Some(Encryption { version, certificate: shown.and_then(Certificate::read) })
    }
}

fn client_config(
    options: &TlsOptions,
    roots: Option<RootCertStore>,
) -> Result<Arc<ClientConfig>, DialError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(tls)?;
    let algorithms = provider.signature_verification_algorithms;
    let chain = roots.map(|roots| {
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.build().map_err(|e| DialError::Authorities(io::Error::other(e)))
    });
    let verifier = Verifier {
        chain: chain.transpose()?,
        any_name: options.verify != Verify::Full,
        own_authorities: options.ca_file.is_some(),
        algorithms,
    };
    let config = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(Arc::new(config.with_no_client_auth()))
}

fn roots_of(path: &Path, pem: &[u8]) -> Result<RootCertStore, DialError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|e| bad_file(path, e))?;
        roots.add(certificate).map_err(|e| bad_file(path, e))?;
    }
    if roots.is_empty() { Err(bad_file(path, "no certificate is in it")) } else { Ok(roots) }
}

fn bad_file(path: &Path, why: impl fmt::Display) -> DialError {
    DialError::Authorities(io::Error::other(format!("the ca_file {}: {why}", path.display())))
}

fn system_roots() -> Result<RootCertStore, DialError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        let none = "this system has no trusted certificates: install them, or set ca_file";
        return Err(DialError::Authorities(io::Error::other(none)));
    }
    Ok(roots)
}

fn tls(error: impl Error + Send + Sync + 'static) -> DialError {
    DialError::Tls(io::Error::other(error))
}

/// Translates common causes into their own errors.
fn explained(error: io::Error) -> DialError {
    if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) {
        let hint =
            "the provider closed the connection: check that TLS is on for its TLS port (563)";
        return DialError::Tls(io::Error::new(error.kind(), hint));
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) {
        Some(TlsError::InvalidMessage(_)) => DialError::Protocol(Oddity::SpeaksNoTls),
        Some(TlsError::InvalidCertificate(why)) => DialError::Certificate(Box::new(bad(why))),
        Some(TlsError::AlertReceived(
            AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity,
        )) => DialError::Protocol(Oddity::UnsafeCiphers),
        Some(
            TlsError::AlertReceived(AlertDescription::ProtocolVersion)
            | TlsError::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
        ) => DialError::Protocol(Oddity::UnsafeTls),
        _ => DialError::Tls(error),
    }
}

/// Returns what our verifier found, else what rustls says.
fn bad(why: &CertificateError) -> BadCertificate {
    let ours = match why {
        CertificateError::Other(OtherError(other)) => other.downcast_ref::<BadCertificate>(),
        _ => None,
    };
    ours.cloned().unwrap_or_else(|| BadCertificate::new(why, None, false))
}
