//! Whether the other end has the key of the certificate that it shows, for certificates that rustls does
//! not take: of X.509 version 1, and with RSA keys of less than 2048 bits. Old servers have them, and who
//! verifies nothing wants to reach those too.

use ring::signature::{
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    RsaParameters, UnparsedPublicKey,
};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::SignatureVerificationAlgorithm;
use rustls::{DigitallySignedStruct, SignatureScheme};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

/// RSA keys of fewer bits are short.
const SHORT: usize = 2048;

/// What a handshake's signature shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Possession {
    /// The other end has the certificate's key.
    Proven,
    /// It has not, or the certificate cannot be read.
    Refuted,
    /// The key is RSA, and too short for the signature to be verified: ring does that for PKCS #1 with
    /// SHA-256 and SHA-512 only, down to 1024 bits. TLS 1.3 has neither.
    Unknown,
}

impl Possession {
    pub(super) fn by(
        signed: &DigitallySignedStruct,
        message: &[u8],
        certificate: &[u8],
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Self {
        let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
            return Self::Refuted;
        };
        let info = certificate.public_key();
        let (key, signature) = (&info.subject_public_key.data, signed.signature());
        let is_good = match info.parsed() {
            Ok(PublicKey::RSA(rsa)) if rsa.key_size() < SHORT => match legacy(signed.scheme) {
                None => return Self::Unknown,
                Some(_) if rsa.key_size() < SHORT / 2 => return Self::Unknown,
                Some(parameters) => {
                    UnparsedPublicKey::new(parameters, key).verify(message, signature).is_ok()
                }
            },
            // A key of another kind than the algorithm's is no key to it.
            _ => candidates(algorithms, signed.scheme)
                .any(|algorithm| algorithm.verify_signature(key, message, signature).is_ok()),
        };
        if is_good { Self::Proven } else { Self::Refuted }
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
