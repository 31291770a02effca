//! A provider's certificate in readable form, and what can be wrong with it.

use std::error::Error;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use nntp::login::redacted;
use rustls::CertificateError;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

/// The maximum number of names to keep.
const NAMES: usize = 5;

/// The contents of a certificate. All of it comes from the other end, made safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Certificate {
    /// The issuer.
    pub issuer: String,
    /// The first few host names that it is valid for.
    pub names: Vec<String>,
    /// The start of its validity, in seconds since 1970.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub begins: u64,
    /// The end of its validity, in seconds since 1970; in JSON, in milliseconds.
    #[cfg_attr(feature = "serde", serde(serialize_with = "milliseconds"))]
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub expires: u64,
    /// Whether it is self-signed.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub self_signed: bool,
}

impl Certificate {
    /// Reads a certificate; `None` if it is unreadable.
    pub(super) fn read(der: impl AsRef<[u8]>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der.as_ref()).ok()?;
        let validity = certificate.validity();
        Some(Self {
            issuer: called(certificate.issuer()),
            names: names(&certificate),
            begins: u64::try_from(validity.not_before.timestamp()).unwrap_or_default(),
            expires: u64::try_from(validity.not_after.timestamp()).unwrap_or_default(),
            self_signed: certificate.issuer().as_raw() == certificate.subject().as_raw(),
        })
    }
}

/// Returns the common name, else the organization, else the whole name.
fn called(name: &X509Name<'_>) -> String {
    let mut names = name.iter_common_name().chain(name.iter_organization());
    let one = names.find_map(|name| name.as_str().ok());
    one.map_or_else(|| plain(&name.to_string()), plain)
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let alternatives = certificate.subject_alternative_name().ok().flatten();
    let all = alternatives.iter().flat_map(|names| &names.value.general_names);
    let names: Vec<_> = all.filter_map(host).take(NAMES).collect();
    let subject = certificate.subject().iter_common_name();
    let common = subject.filter_map(|name| name.as_str().ok().map(plain));
    if names.is_empty() { common.take(1).collect() } else { names }
}

fn host(name: &GeneralName<'_>) -> Option<String> {
    if let GeneralName::DNSName(name) = name {
        return Some(plain(name));
    }
    let GeneralName::IPAddress(address) = name else { return None };
    let four = <[u8; 4]>::try_from(*address).map(|four| Ipv4Addr::from(four).to_string());
    let six = || <[u8; 16]>::try_from(*address).map(|six| Ipv6Addr::from(six).to_string());
    four.or_else(|_| six()).ok()
}

fn plain(text: &str) -> String {
    redacted(None, text.as_bytes())
}

/// A certificate that does not meet the settings.
#[derive(Debug, Clone)]
pub struct BadCertificate {
    /// What is wrong with it.
    pub problem: Problem,
    /// Its contents.
    pub shown: Option<Certificate>,
    /// The error message of the TLS library.
    pub cause: String,
    /// Whether the trusted CAs come from `ca_file`.
    own_authorities: bool,
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Problem {
    /// It has expired.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// It is for other host names.
    OtherNames,
    /// No trusted CA signed it.
    UnknownAuthority,
    /// It is self-signed.
    SelfSigned,
    /// Something else.
    Invalid,
}

/// Times in JSON are milliseconds, as JavaScript counts them.
#[cfg(feature = "serde")]
fn milliseconds<S: serde::Serializer>(seconds: &u64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(seconds.saturating_mul(1000))
}

impl BadCertificate {
    pub(super) fn new(
        why: &CertificateError,
        shown: Option<Certificate>,
        own_authorities: bool,
    ) -> Self {
        let problem = match why {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Problem::OtherNames
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Problem::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Problem::NotYetValid
            }
            CertificateError::UnknownIssuer if shown.as_ref().is_some_and(|c| c.self_signed) => {
                Problem::SelfSigned
            }
            CertificateError::UnknownIssuer => Problem::UnknownAuthority,
            _ => Problem::Invalid,
        };
        Self { problem, shown, cause: why.to_string(), own_authorities }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => {
                "the certificate has expired: tell the provider, and check this computer's clock"
            }
            Self::NotYetValid => "the certificate is not valid yet: check this computer's clock",
            Self::OtherNames => "the certificate is for another host name: check the host",
            Self::UnknownAuthority => {
                "the certificate is by an unknown authority: anyone may be at the other end"
            }
            Self::SelfSigned => {
                "the certificate is self-signed: nobody vouches for it, and anyone may be at the \
                 other end"
            }
            Self::Invalid => "the certificate is not valid",
        })
    }
}

impl fmt::Display for BadCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Problem::UnknownAuthority | Problem::SelfSigned if self.own_authorities => {
                f.write_str("the certificate is by none of the authorities in the ca_file")
            }
            problem => problem.fmt(f),
        }?;
        write!(f, " ({})", self.cause)
    }
}

impl Error for BadCertificate {}
