//! Certificates for tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tempfile::TempDir;

/// A certificate authority and its PEM file.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        Self::called("an authority")
    }

    pub(crate) fn called(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name = called(name);
        let key = KeyPair::generate().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        std::fs::write(folder.path().join("ca.pem"), pem).unwrap();
        Self { issuer: Issuer::new(params, key), folder }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A file beside the authority's own.
    pub(crate) fn other_file(&self, content: &str) -> PathBuf {
        let file = self.folder.path().join("other.pem");
        std::fs::write(&file, content).unwrap();
        file
    }

    /// A server with a certificate for these names, and whatever else `change` says.
    pub(crate) fn server(
        &self,
        host: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Arc<ServerConfig> {
        let (mut params, key) = leaf(host);
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        server(certificate.der().clone(), &key)
    }

    /// A server that has a good certificate, but not the key of it.
    pub(crate) fn impostor(&self, host: &str) -> Arc<ServerConfig> {
        let (params, key) = leaf(host);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        server(certificate.der().clone(), &KeyPair::generate().unwrap())
    }
}

/// A server with a certificate that nobody else has signed, and a file with that certificate.
pub(crate) fn self_signed(host: &str, file: &Path) -> Arc<ServerConfig> {
    let (params, key) = leaf(host);
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(file, certificate.pem()).unwrap();
    server(certificate.der().clone(), &key)
}

pub(crate) fn expired(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2019, 1, 1);
    params.not_after = date_time_ymd(2020, 1, 1);
}

/// Valid for this many days from now.
pub(crate) fn for_days(days: i64) -> impl FnOnce(&mut CertificateParams) {
    let now = std::time::SystemTime::now();
    let seconds = std::time::Duration::from_secs(u64::try_from(days).unwrap() * 86_400 + 3600);
    move |params| params.not_after = (now + seconds).into()
}

pub(crate) fn valid(_: &mut CertificateParams) {}

fn leaf(host: &str) -> (CertificateParams, KeyPair) {
    let mut params = CertificateParams::new([host.to_owned()]).unwrap();
    params.distinguished_name = called(host);
    (params, KeyPair::generate().unwrap())
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

fn server(certificate: CertificateDer<'static>, key: &KeyPair) -> Arc<ServerConfig> {
    let provider = Arc::new(ring::default_provider());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = provider.key_provider.load_private_key(key).unwrap();
    let identity = SingleCertAndKey::from(CertifiedKey::new(vec![certificate], key));
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    Arc::new(builder.with_cert_resolver(Arc::new(identity)))
}
