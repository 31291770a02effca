//! What the window shows of TLS for programs.

use downloaders::Address;
use serde::Serialize;

/// The port with TLS, and its certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EncryptedView {
    /// Where programs connect.
    pub address: Address,
    /// The SHA-256 fingerprint of the certificate that programs have to trust.
    pub fingerprint: String,
    /// The names and addresses that the certificate is for.
    pub names: Vec<String>,
    /// When it ends.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub expires: u64,
    /// Whether Newsmux made it: programs have to import it, and it is renewed by itself.
    pub own: bool,
}

/// Why a program got no encrypted connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum NotEncrypted {
    /// It does not trust the certificate.
    NotTrusted,
    /// It does not use TLS.
    NoTls,
    /// Something else.
    Other,
}
