//! Whether a provider compresses its replies.

/// Whether connections to a provider are compressed (RFC 8054).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Compression {
    /// Never.
    #[default]
    Off,
    /// Those that overviews and headers come on, if the provider can. Articles are left alone where
    /// that is possible: they hardly become smaller.
    Auto,
}
