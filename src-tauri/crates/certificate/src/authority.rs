//! The authority that signs Newsmux's own certificates. Its key never leaves its file.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use crate::facts::time;
use crate::{Error, Names, Problem};

/// Certificates begin so long before they are made: the clocks of programs may be wrong.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// For how long an authority is good.
const LASTS: Duration = Duration::from_secs(3650 * 24 * 60 * 60);
/// How long before its end it is replaced.
const SPARE: Duration = Duration::from_secs(60 * 24 * 60 * 60);

/// An authority, with its key.
pub(crate) struct Authority {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) pem: String,
    key: KeyPair,
    expires: SystemTime,
    /// The domains that it may vouch for.
    domains: Vec<String>,
}

/// A new certificate and its key, as PEM texts.
pub(crate) struct Signed {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Authority {
    /// Makes one for this computer. Returns it as its file: its certificate and its key.
    pub(crate) fn make(names: &Names, now: SystemTime) -> Result<String, rcgen::Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let host = gethostname::gethostname().to_string_lossy().into_owned();
        let mut params = CertificateParams::default();
        params.distinguished_name = called(&format!("Newsmux on {host}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints = Some(names.constraints());
        params.use_authority_key_identifier_extension = true;
        params.not_before = (now - DAY).into();
        params.not_after = (now + LASTS).into();
        let certificate = params.self_signed(&key)?;
        Ok(certificate.pem() + &key.serialize_pem())
    }

    /// Reads one from what is in its file.
    pub(crate) fn read(file: &Path, text: &[u8]) -> Result<Self, Error> {
        let damaged = || Error::new(file, Problem::DamagedAuthority);
        let text = str::from_utf8(text).map_err(|_| damaged())?;
        let key = text.find("-----BEGIN PRIVATE KEY-----").ok_or_else(damaged)?;
        let (pem, key) = text.split_at(key);
        let key = KeyPair::from_pem(key).map_err(|_| damaged())?;
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| damaged())?;
        let (_, parsed) = parse_x509_certificate(&certificate).map_err(|_| damaged())?;
        if *parsed.public_key().subject_public_key.data != *key.public_key_raw() {
            return Err(damaged());
        }
        let constraints = parsed.name_constraints().ok().flatten().ok_or_else(damaged)?;
        let permitted = constraints.value.permitted_subtrees.iter().flatten();
        let domains = permitted.filter_map(|subtree| match &subtree.base {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        });
        Ok(Self {
            domains: domains.collect(),
            expires: time(parsed.validity().not_after.timestamp()),
            pem: pem.to_owned(),
            certificate: certificate.clone(),
            key,
        })
    }

    /// Whether programs should import a new one.
    pub(crate) fn is_old(&self, now: SystemTime) -> bool {
        now + SPARE > self.expires
    }

    /// Those of the names that it may vouch for.
    pub(crate) fn permitted(&self, names: &Names) -> Names {
        names.within(&self.domains)
    }

    /// Signs a new certificate for these names, good for so long.
    pub(crate) fn sign(
        &self,
        names: &Names,
        now: SystemTime,
        lasts: Duration,
    ) -> Result<Signed, rcgen::Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let issuer = Issuer::from_ca_cert_der(&self.certificate, &self.key)?;
        let mut params = CertificateParams::new(names.texts())?;
        params.distinguished_name = called("Newsmux");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.not_before = (now - DAY).into();
        params.not_after = (now + lasts).min(self.expires).into();
        let certificate = params.signed_by(&key, &issuer)?;
        Ok(Signed { chain: certificate.pem() + &self.pem, key: key.serialize_pem() })
    }
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}
