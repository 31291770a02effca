//! The engine's configuration: valid values only. It reads no settings file and knows no settings
//! defaults.

use std::collections::HashMap;
use std::fmt;
use std::num::{NonZeroU8, NonZeroU16};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::auth::AuthHandler;

mod compression;
mod traffic;
mod via;

pub use compression::Compression;
pub use traffic::{Priority, ProgramLimits, TrafficLimits};
pub use via::{Bind, IpVersion, Socks5, Via};

/// How requests are routed to the backends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(rename = "Mode"))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum RoutingMode {
    /// Each client keeps one provider connection for the whole session.
    Standard,
    /// Each request goes to the best backend at that moment; stateful requests are refused.
    PerCommand,
    /// Like [`PerCommand`](Self::PerCommand), but stateful requests are served too, by the provider of
    /// the selected group.
    #[default]
    Hybrid,
}

/// A secret. It prints as `***`, whatever the format.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// Returns the secret itself. Use it only to send it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A name and a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The account's name.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

/// How the connection to a provider is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Not at all.
    Off,
    /// From the first byte (RFC 8143, section 3: implicit TLS, port 563).
    On(TlsOptions),
    /// After the STARTTLS command (RFC 4642). If the server refuses it, the connection fails.
    StartTls(TlsOptions),
}

/// The requirements for a provider's certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TlsOptions {
    /// How much of the certificate is verified.
    pub verify: Verify,
    /// A PEM file of CA certificates to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
}

/// How much of a provider's certificate is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(rename = "VerifyLevel"))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Verify {
    /// The chain of trust, the dates and the host's name.
    #[default]
    Full,
    /// The chain of trust and the dates, with any host name.
    Certificate,
    /// Nothing: the connection is encrypted, but anyone may be at the other end. X.509 version 1
    /// certificates and short keys are accepted too. The provider still has to prove that it has the
    /// certificate's key, except for RSA keys of less than 1024 bits (less than 2048 with TLS 1.3),
    /// which are logged.
    None,
}

/// The engine's whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// How requests are routed.
    pub mode: RoutingMode,
    /// Whether clients may post, where the mode allows it.
    pub posting: bool,
    /// The logins that clients may use.
    pub auth: Arc<AuthHandler>,
    /// The providers, in the order of the settings.
    pub backends: Vec<BackendConfig>,
    /// What accounts may still transfer. An account that is not named has no limit.
    pub allowances: Allowances,
    /// The speed limits.
    pub traffic: TrafficLimits,
}

/// How much each account may still transfer, by the account's id.
pub type Allowances = HashMap<String, Allowance>;

/// How much an account may still transfer, in the account's own count of bytes since the program started
/// ([`AccountSnapshot::bytes`](crate::proxy::AccountSnapshot::bytes)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// At this count the account is used up.
    pub until: u64,
    /// From this count on, the account is used only for articles that no other provider has.
    pub reserve_from: u64,
}

/// The configuration of one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendConfig {
    /// The provider's id in the settings: unique, and unchanged when other fields change.
    pub id: String,
    /// The name shown to people.
    pub name: String,
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Encryption.
    pub tls: Tls,
    /// The account, if the provider needs a login.
    pub login: Option<Credentials>,
    /// The maximum number of connections, including those that are being dialled or closed.
    pub connections: NonZeroU16,
    /// The priority: 0 is the main tier. A higher tier is used only when no usable lower tier has the
    /// article.
    pub tier: u8,
    /// Wait for this provider when it is down instead of using a higher tier.
    pub required: bool,
    /// How many requests one connection carries at once; 1 turns pipelining off. `None` chooses by
    /// latency.
    pub pipelining: Option<NonZeroU8>,
    /// The timeout of each step.
    pub limits: TimeLimits,
    /// The account that its connections and bytes count against; `None` if it is its own.
    pub account: Option<AccountConfig>,
    /// The network that its articles come from. Providers of one tier and backbone have the same
    /// articles.
    pub backbone: Option<String>,
    /// How its connections leave this computer.
    pub via: Via,
    /// Whether it compresses what compresses well.
    pub compression: Compression,
}

/// An account that several providers share, named after one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountConfig {
    /// The id of the provider that it is named after.
    pub id: String,
    /// That provider's host.
    pub host: String,
    /// The account's user name.
    pub user: Option<String>,
    /// The maximum number of connections over all its providers.
    pub connections: NonZeroU16,
}

impl BackendConfig {
    /// Whether this is the same server, so that its article numbers are the same.
    #[must_use]
    pub fn is_same_server(&self, other: &Self) -> bool {
        self.host == other.host
    }

    /// The account that its connections and bytes count against.
    #[must_use]
    pub fn account(&self) -> AccountConfig {
        self.account.clone().unwrap_or_else(|| self.own_account())
    }

    /// The account as if it were its own.
    pub(crate) fn own_account(&self) -> AccountConfig {
        AccountConfig {
            id: self.id.clone(),
            host: self.host.clone(),
            user: self.login.as_ref().map(|login| login.user.clone()),
            connections: self.connections,
        }
    }

    /// The maximum number of connections of that account.
    #[must_use]
    pub fn account_connections(&self) -> u16 {
        self.account.as_ref().map_or(self.connections, |account| account.connections).get()
    }

    /// Whether both use the same account, so that the provider counts their connections together.
    #[must_use]
    pub fn is_same_account(&self, other: &Self) -> bool {
        self.account().is_same(&other.account())
    }

    /// Whether both have the same articles, as far as the settings say.
    #[must_use]
    pub fn is_sibling(&self, other: &Self) -> bool {
        self.backbone.is_some() && self.backbone == other.backbone && self.tier == other.tier
    }
}

impl AccountConfig {
    /// Whether the provider company sees both as one account.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.host, &self.user) == (&other.host, &other.user)
    }
}

/// The timeouts of a provider connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// Looking up the host name.
    pub resolve: Duration,
    /// The TCP handshake, with all addresses together.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// The provider's greeting.
    pub greeting: Duration,
    /// Each reply of the login.
    pub login: Duration,
    /// From the start of a request's turn to the first byte of its reply.
    pub first_byte: Duration,
    /// Between two bytes of a reply.
    pub stall: Duration,
    /// How long a connection may stay idle before it is closed.
    pub idle: Duration,
    /// Reading the rest of a reply that nobody wants any more.
    pub drain: Duration,
}

impl TimeLimits {
    /// The timeouts derived from a provider's `timeout_secs` setting.
    #[must_use]
    pub fn from_timeout(timeout: Duration) -> Self {
        Self {
            resolve: timeout / 3,
            connect: timeout / 3,
            tls: timeout / 3,
            greeting: timeout / 2,
            login: timeout / 2,
            first_byte: timeout,
            stall: timeout,
            idle: Duration::from_secs(60),
            drain: Duration::from_secs(5),
        }
    }
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self::from_timeout(Duration::from_secs(30))
    }
}
