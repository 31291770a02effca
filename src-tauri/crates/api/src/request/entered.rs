//! What the user enters.

use nntp_proxy::config::Secret;
use serde::{Deserialize, Deserializer};

/// A password that is entered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Password {
    /// The password.
    #[serde(deserialize_with = "secret")]
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub secret: Secret,
    /// How it is kept.
    pub hold: Remember,
}

/// How a password is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", ts(rename = "Hold"))]
pub enum Remember {
    /// In the store.
    #[default]
    Keep,
    /// Nowhere: it is forgotten when the application ends.
    ThisSession,
}

/// Where a provider goes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Arranged {
    /// Its id.
    pub id: String,
    /// Its tier.
    pub tier: u8,
}

/// A secret that is entered.
pub(super) fn secret<'de, D: Deserializer<'de>>(entered: D) -> Result<Secret, D::Error> {
    String::deserialize(entered).map(Secret::new)
}

/// The same, where there may be none.
pub(super) fn secret_if_any<'de, D: Deserializer<'de>>(
    entered: D,
) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(entered)?.map(Secret::new))
}
