//! Certificates and keys as only old servers have them: X.509 version 1, and 1024-bit RSA. None of
//! the libraries makes such any more, so these are files, and the signatures are made by hand.

use std::sync::Arc;

use ::ring::digest::{SHA256, digest};
use num_bigint::BigUint;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{
    Error, ServerConfig, SignatureAlgorithm, SignatureScheme, SupportedProtocolVersion,
    crypto::ring,
};

/// The modulus of the key of `short.pem`, and its private exponent.
const MODULUS: &[u8] = b"\
    da344c6da6e28b035c4e13e5a8ef842967816261bab3a151da581d23cbc2009c6cb4e9742c4cfe800d5d8c45\
    bd0861c255a173e8404d0e5d2986929b7290d77078107a6d82e376def149fe15ef19420e7fc2016f74866176\
    0136a4daf3476e1f6c2be8d12e23551fb498bc36034ea124fcd63c882824e0a3db20aed981c219d9";
const EXPONENT: &[u8] = b"\
    ad84171ebf2db923c3fc26a063358c202cb9db952195847c05a83a0be414f2cd71386fc8bd0dc0f7ed28edc9\
    eb27462df6503c4e7d0b899795d4f8b27a69299742684061672e1a6b7d42c719d547dc5f3350ed0c55f7e632\
    37cbcccd164bfdd120b30a838292392080b788c0cfbc4ed95b261f56a307c6be2e0b81d438bcb9ed";
/// What SHA-256 is called in a signature (RFC 8017, section 9.2).
const NAME: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// A server of which the certificate is of X.509 version 1.
pub(crate) fn version_1(tls: &'static SupportedProtocolVersion) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("old/v1.key")).unwrap();
    let key = ring::default_provider().key_provider.load_private_key(key).unwrap();
    server(include_bytes!("old/v1.pem"), key, tls)
}

/// A server that shows that certificate, and has another key.
pub(crate) fn version_1_impostor(tls: &'static SupportedProtocolVersion) -> Arc<ServerConfig> {
    let key = rcgen::KeyPair::generate().unwrap().serialize_der();
    let key = PrivateKeyDer::try_from(key).unwrap();
    let key = ring::default_provider().key_provider.load_private_key(key).unwrap();
    server(include_bytes!("old/v1.pem"), key, tls)
}

/// A server with an RSA key of 1024 bits, that knows the key or not.
pub(crate) fn short(tls: &'static SupportedProtocolVersion, knows: bool) -> Arc<ServerConfig> {
    server(include_bytes!("old/short.pem"), Arc::new(ShortKey { knows }), tls)
}

/// Every version of TLS that is spoken.
pub(crate) const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

fn server(
    pem: &[u8],
    key: Arc<dyn SigningKey>,
    tls: &'static SupportedProtocolVersion,
) -> Arc<ServerConfig> {
    let certificate = CertificateDer::from_pem_slice(pem).unwrap();
    let identity = SingleCertAndKey::from(CertifiedKey::new(vec![certificate], key));
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(&[tls]).unwrap().with_no_client_auth();
    Arc::new(builder.with_cert_resolver(Arc::new(identity)))
}

#[derive(Debug, Clone, Copy)]
struct ShortKey {
    knows: bool,
}

impl SigningKey for ShortKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let known = [SignatureScheme::RSA_PKCS1_SHA256, SignatureScheme::RSA_PSS_SHA256];
        let scheme = known.into_iter().find(|known| offered.contains(known))?;
        Some(Box::new(ShortSigner { knows: self.knows, scheme }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

#[derive(Debug)]
struct ShortSigner {
    knows: bool,
    scheme: SignatureScheme,
}

impl Signer for ShortSigner {
    /// As RFC 8017, section 8.2.1, has it. Nobody can tell of the other scheme whether it is right.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        if !self.knows || self.scheme == SignatureScheme::RSA_PSS_SHA256 {
            return Ok(vec![1; 128]);
        }
        let hash = digest(&SHA256, message);
        let end = [&NAME[..], hash.as_ref()].concat();
        let padded = [&[0, 1], &vec![0xff; 125 - end.len()][..], &[0], &end].concat();
        let number = |hex| BigUint::parse_bytes(hex, 16).unwrap();
        let signed = BigUint::from_bytes_be(&padded).modpow(&number(EXPONENT), &number(MODULUS));
        let bytes = signed.to_bytes_be();
        Ok([vec![0; 128 - bytes.len()], bytes].concat())
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}
