//! What people see of a certificate.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use ring::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;
use x509_parser::prelude::X509Certificate;

/// What people see of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The SHA-256 fingerprint of what programs have to trust: Newsmux's own authority, or the user's
    /// certificate. Pairs of hexadecimal digits with colons between them.
    pub fingerprint: String,
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    /// When it ends.
    pub expires: SystemTime,
    /// The file that programs import, where it is Newsmux's own.
    pub import: Option<PathBuf>,
}

impl Facts {
    /// Those of the first certificate in a PEM text.
    pub(crate) fn of(pem: &[u8]) -> Option<Self> {
        let der = CertificateDer::pem_slice_iter(pem).next()?.ok()?;
        let (_, certificate) = parse_x509_certificate(&der).ok()?;
        let expires = time(certificate.validity().not_after.timestamp());
        Some(Self {
            fingerprint: fingerprint(&der),
            names: names(&certificate),
            expires,
            import: None,
        })
    }
}

/// The SHA-256 fingerprint of a certificate.
pub(crate) fn fingerprint(der: &[u8]) -> String {
    let pairs: Vec<_> =
        digest(&SHA256, der).as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// A moment, by the seconds since 1970.
pub(crate) fn time(seconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap_or_default())
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let extension = certificate.subject_alternative_name().ok().flatten();
    let all = extension.map(|extension| extension.value.general_names.as_slice());
    all.unwrap_or_default().iter().filter_map(name).collect()
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(|four| Ipv4Addr::from(four).into());
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(|six| Ipv6Addr::from(six).into())).ok()
}
