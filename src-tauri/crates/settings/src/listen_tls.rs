//! TLS for programs: where they connect, and with which certificate.

use std::path::{Path, PathBuf};

use certificate::Source;
use serde::{Deserialize, Serialize};

/// Instead of a file: Newsmux makes the certificate.
const AUTO: &str = "auto";
/// The folder of that certificate, in the folder of what is kept beside the settings.
const FOLDER: &str = "tls";

/// TLS for programs, on a port of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct ListenTls {
    /// An address, or `localhost`; without one, that of the port without TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub host: Option<String>,
    /// A TCP port; 0 for any that is free.
    pub port: u16,
    /// A PEM file with the certificate and its chain, or `auto`.
    pub certificate: String,
    /// A PEM file with the private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub key: Option<PathBuf>,
}

impl Default for ListenTls {
    fn default() -> Self {
        Self { host: None, port: 10563, certificate: AUTO.into(), key: None }
    }
}

impl ListenTls {
    /// Whether Newsmux makes the certificate.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.certificate == AUTO
    }

    /// Where the certificate comes from; `state` is the folder of what is kept beside the settings.
    #[must_use]
    pub fn source(&self, state: &Path) -> Source {
        match &self.key {
            Some(key) if !self.is_own() => {
                Source::Given { certificate: self.certificate.clone().into(), key: key.clone() }
            }
            _ => Source::Own(state.join(FOLDER)),
        }
    }

    /// What is wrong with the files: the field, and why.
    pub(crate) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        match &self.key {
            Some(_) if self.is_own() => {
                Err(("key", "goes with a certificate file: name it in certificate, or remove this"))
            }
            Some(key) if key.as_os_str().is_empty() => Err(("key", "is empty")),
            None if self.certificate.is_empty() => Err(("certificate", "is empty: use \"auto\"")),
            None if !self.is_own() => {
                Err(("key", "is missing: name the PEM file with the certificate's private key"))
            }
            _ => Ok(()),
        }
    }
}
