//! Verifies a provider's certificate as far as the settings require, and that the provider has its key.

use std::fmt;
use std::sync::Arc;

use ring::signature::{
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    RsaParameters, UnparsedPublicKey,
};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, Error as TlsError, OtherError, SignatureScheme,
};
use tracing::info;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

use super::certificate::{BadCertificate, Certificate};

/// RSA keys with fewer bits count as short.
const SHORT: usize = 2048;

/// Verifies what the settings require: everything, the chain of trust without the name, or nothing. It
/// always checks that the provider has the certificate's key, except for [`KeyProof::Unverifiable`]
/// when nothing else is verified either. The error keeps a refused certificate so that it can be shown.
pub(super) struct Verifier {
    /// `None` if nothing is verified.
    pub(super) chain: Option<Arc<WebPkiServerVerifier>>,
    pub(super) any_name: bool,
    /// Whether the CAs come from `ca_file`.
    pub(super) own_authorities: bool,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        let verified =
            chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.any_name => Ok(ServerCertVerified::assertion()),
            Err(TlsError::InvalidCertificate(why)) => {
                let bad =
                    BadCertificate::new(&why, Certificate::read(end_entity), self.own_authorities);
                let kept = CertificateError::Other(OtherError(Arc::new(bad)));
                Err(TlsError::InvalidCertificate(kept))
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        crypto::verify_tls12_signature(message, cert, dss, &self.algorithms)
            .or_else(|error| self.verify_old(message, cert, dss, error))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        crypto::verify_tls13_signature(message, cert, dss, &self.algorithms)
            .or_else(|error| self.verify_old(message, cert, dss, error))
    }

    /// Without verification, schemes that a short key can be checked with come first.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.algorithms.supported_schemes();
        if self.chain.is_none() {
            schemes.sort_by_key(|scheme| is_pss(*scheme));
        }
        schemes
    }
}

impl Verifier {
    /// Verifies the handshake's signature for certificates that rustls rejects.
    fn verify_old(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
        error: TlsError,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        if self.chain.is_some() {
            return Err(error);
        }
        match KeyProof::of(dss, message, cert, &self.algorithms) {
            KeyProof::Valid => Ok(HandshakeSignatureValid::assertion()),
            KeyProof::Invalid => Err(error),
            KeyProof::Unverifiable => {
                info!("the certificate's key is too short to verify that the provider has it");
                Ok(HandshakeSignatureValid::assertion())
            }
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("chain", &self.chain.is_some()).finish_non_exhaustive()
    }
}

const fn is_pss(scheme: SignatureScheme) -> bool {
    matches!(
        scheme,
        SignatureScheme::RSA_PSS_SHA256
            | SignatureScheme::RSA_PSS_SHA384
            | SignatureScheme::RSA_PSS_SHA512
    )
}

/// Whether a handshake's signature proves that the provider has the certificate's key. Old servers use
/// certificates that rustls rejects: X.509 version 1, or RSA keys of less than 2048 bits.
enum KeyProof {
    Valid,
    /// The key does not match, or the certificate is unreadable.
    Invalid,
    /// The RSA key is too short to verify the signature. ring verifies keys down to 1024 bits, but only
    /// with PKCS #1 and SHA-256 or SHA-512, which TLS 1.3 does not use.
    Unverifiable,
}

impl KeyProof {
    fn of(
        signed: &DigitallySignedStruct,
        message: &[u8],
        certificate: &[u8],
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Self {
        let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
            return Self::Invalid;
        };
        let info = certificate.public_key();
        let (key, signature) = (&info.subject_public_key.data, signed.signature());
        let is_good = match info.parsed() {
            Ok(PublicKey::RSA(rsa)) if rsa.key_size() < SHORT => match legacy(signed.scheme) {
                None => return Self::Unverifiable,
                Some(_) if rsa.key_size() < SHORT / 2 => return Self::Unverifiable,
                Some(parameters) => {
                    UnparsedPublicKey::new(parameters, key).verify(message, signature).is_ok()
                }
            },
            // The key is of another kind than the algorithm.
            _ => candidates(algorithms, signed.scheme)
                .any(|algorithm| algorithm.verify_signature(key, message, signature).is_ok()),
        };
        if is_good { Self::Valid } else { Self::Invalid }
    }
}

fn legacy(scheme: SignatureScheme) -> Option<&'static RsaParameters> {
    match scheme {
        SignatureScheme::RSA_PKCS1_SHA256 => Some(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        SignatureScheme::RSA_PKCS1_SHA512 => Some(&RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
        _ => None,
    }
}

fn candidates(
    algorithms: &WebPkiSupportedAlgorithms,
    scheme: SignatureScheme,
) -> impl Iterator<Item = &'static dyn SignatureVerificationAlgorithm> {
    let known = algorithms.mapping.iter().find(|(known, _)| *known == scheme);
    known.into_iter().flat_map(|(_, all)| all.iter().copied())
}
