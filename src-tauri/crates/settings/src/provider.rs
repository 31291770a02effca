//! A Usenet provider in the settings.

use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::civil::Date;
use ledger::Quota;
use nntp_proxy::config::{Compression, IpVersion, Verify as VerifyLevel};
use secrets::Owner;
use serde::{Deserialize, Serialize};

use crate::ProxyAddress;

/// A Usenet provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Unique, and stable when the rest changes.
    pub id: String,
    /// What people see; the id, if nothing else is said.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether it is used.
    #[serde(default = "defaults::enabled")]
    pub enabled: bool,
    /// Host name or address.
    pub host: String,
    /// TCP port; if nothing else is said, the usual one for `tls`.
    #[serde(default)]
    pub port: Option<u16>,
    /// Encryption.
    #[serde(default)]
    pub tls: TlsMode,
    /// How much of the certificate is verified.
    #[serde(default)]
    pub verify: VerifyLevel,
    /// A PEM file of authorities to trust instead of the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The account's name; none: no login is sent.
    #[serde(default)]
    pub username: Option<String>,
    /// The most connections that are ever open.
    #[serde(default = "defaults::connections")]
    pub connections: u16,
    /// 0 is asked first.
    #[serde(default)]
    pub tier: u8,
    /// Wait for it when it is down, instead of asking a higher tier.
    #[serde(default)]
    pub required: bool,
    /// How many requests a connection carries at once; none: the farther the provider, the more.
    #[serde(default)]
    pub pipelining: Option<u8>,
    /// How long it may be silent, in seconds.
    #[serde(default = "defaults::timeout_secs")]
    pub timeout_secs: u16,
    /// The id of the provider whose account this host belongs to; none: it has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// How many bytes were bought; none: unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// The last day of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(type = "string | null"))]
    pub expires: Option<Date>,
    /// The network that its articles come from, such as `omicron`. What one provider of a backbone and
    /// tier does not have, the others are not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backbone: Option<String>,
    /// What the account costs, in cents of the user's currency: for its quota or, without one, for a
    /// month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<u32>,
    /// The most that comes from it, in bytes a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub speed: Option<u64>,
    /// A port of its own: who connects there is served by it alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen_port: Option<u16>,
    /// A SOCKS5 proxy that connects to it, such as `socks5://user@host:1080`; it looks up the host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// The network interface or source address that its connections leave by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<String>,
    /// The version of IP that is used.
    #[serde(default, skip_serializing_if = "is_default")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<IpVersion>"))]
    pub ip: IpVersion,
    /// Whether overviews and headers come compressed, where the provider can.
    #[serde(default, skip_serializing_if = "is_default")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Compression>"))]
    pub compression: Compression,
}

/// Whether nothing else was chosen, so that the file need not say it.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Encryption by its names in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// From the first byte.
    #[default]
    On,
    /// After STARTTLS.
    StartTls,
    /// None.
    Off,
}

/// Every default that is not that of its type.
mod defaults {
    pub(super) const fn enabled() -> bool {
        true
    }
    pub(super) const fn connections() -> u16 {
        8
    }
    pub(super) const fn timeout_secs() -> u16 {
        30
    }
}

/// No provider of the settings can have this id: control characters are refused there.
pub const SAMPLE_ID: &str = "\tsample";
/// The name that people see, in every language.
const SAMPLE_NAME: &str = "Newsmux Sample";
/// Enough for every downloader, and fewer than the server takes.
const SAMPLE_CONNECTIONS: u16 = 8;

impl Provider {
    /// The sample provider at `address`, as if it were in the settings, where it never is.
    #[must_use]
    pub fn sample(address: SocketAddr) -> Self {
        Self {
            name: Some(SAMPLE_NAME.into()),
            port: Some(address.port()),
            tls: TlsMode::Off,
            connections: SAMPLE_CONNECTIONS,
            ..Self::new(SAMPLE_ID, &address.ip().to_string())
        }
    }

    /// One with every default.
    #[must_use]
    pub fn new(id: &str, host: &str) -> Self {
        Self {
            id: id.into(),
            name: None,
            enabled: defaults::enabled(),
            host: host.into(),
            port: None,
            tls: TlsMode::default(),
            verify: VerifyLevel::default(),
            ca_file: None,
            username: None,
            connections: defaults::connections(),
            tier: 0,
            required: false,
            pipelining: None,
            timeout_secs: defaults::timeout_secs(),
            account: None,
            quota: None,
            expires: None,
            backbone: None,
            price: None,
            speed: None,
            listen_port: None,
            proxy: None,
            bind: None,
            ip: IpVersion::default(),
            compression: Compression::default(),
        }
    }

    /// The id of the provider that its account is named after.
    #[must_use]
    pub fn account_id(&self) -> &str {
        self.account.as_deref().unwrap_or(&self.id)
    }

    /// The name that people see.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(&self.id)
    }

    /// As the owner of its password.
    #[must_use]
    pub fn owner(&self) -> Owner {
        Owner::Provider(self.id.clone())
    }

    /// As the owner of its proxy's password.
    #[must_use]
    pub fn proxy_owner(&self) -> Owner {
        Owner::Proxy(self.id.clone())
    }

    /// Its proxy, where it has one; none where the address cannot be understood.
    #[must_use]
    pub fn proxy_address(&self) -> Option<ProxyAddress> {
        ProxyAddress::parse(self.proxy.as_deref()?).ok()
    }

    /// Whether its proxy needs a password.
    #[must_use]
    pub fn needs_proxy_password(&self) -> bool {
        self.proxy_address().is_some_and(|proxy| proxy.username.is_some())
    }

    /// Whether it needs a password.
    #[must_use]
    pub fn needs_password(&self) -> bool {
        self.username.as_deref().is_some_and(|user| !user.is_empty())
    }

    /// The port, given or usual: 563 for implicit TLS (RFC 8143), else 119.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            TlsMode::On => 563,
            TlsMode::StartTls | TlsMode::Off => 119,
        })
    }
}
