//! What the engine is told: only valid values, no files and no defaults of the user's settings.

use std::fmt;
use std::num::{NonZeroU8, NonZeroU16};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::auth::AuthHandler;

/// How requests are routed to the backends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum RoutingMode {
    /// One provider connection for each client, for the whole session.
    Standard,
    /// Each request goes to the best backend of that moment; stateful requests are refused.
    PerCommand,
    /// Like [`PerCommand`](Self::PerCommand), and stateful requests have a dedicated connection.
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

    /// The secret itself, for the wire only.
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
    /// After the STARTTLS command (RFC 4642). Refused by the server means refused by us.
    StartTls(TlsOptions),
}

/// What is demanded of a provider's certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TlsOptions {
    /// How much of the certificate is verified.
    pub verify: Verify,
    /// A PEM file of certificate authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
}

/// How much of a provider's certificate is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Verify {
    /// The chain of trust, the dates and the host's name.
    #[default]
    Full,
    /// The chain of trust and the dates, for whatever name.
    Certificate,
    /// Nothing: encrypted, but anyone may be at the other end. Certificates of X.509 version 1 and short
    /// keys are accepted too. That the other end has the certificate's key is still proven, except for
    /// an RSA key of less than 1024 bits, or of less than 2048 with TLS 1.3; the log says so then.
    None,
}

/// Everything the engine is told.
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
}

/// One provider as the engine sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendConfig {
    /// The provider's id in the settings: unique, and stable when the rest changes.
    pub id: String,
    /// The name people see.
    pub name: String,
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Encryption.
    pub tls: Tls,
    /// The account, or none where the provider wants no login.
    pub login: Option<Credentials>,
    /// How many connections may be open at once, dials and closes under way included.
    pub connections: NonZeroU16,
    /// 0 is asked first; a higher tier only when every usable lower one lacks the article.
    pub tier: u8,
    /// Wait for this provider when it is down, instead of asking a higher tier.
    pub required: bool,
    /// How many requests one connection may carry at once (1: one after the other). None: as many as
    /// the way to the provider is long.
    pub pipelining: Option<NonZeroU8>,
    /// How long each step may take.
    pub limits: TimeLimits,
}

impl BackendConfig {
    /// Whether this is the same server, whatever else is different: its article numbers are the same.
    #[must_use]
    pub fn is_same_server(&self, other: &Self) -> bool {
        self.host == other.host
    }

    /// Whether the provider counts the connections of both together.
    #[must_use]
    pub fn is_same_account(&self, other: &Self) -> bool {
        let user = |config: &Self| config.login.as_ref().map(|login| login.user.clone());
        self.is_same_server(other) && user(self) == user(other)
    }
}

/// How long each step on a provider connection may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// Looking up the host's name.
    pub resolve: Duration,
    /// The TCP handshake, over all addresses.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// The provider's greeting.
    pub greeting: Duration,
    /// Each reply of the login.
    pub login: Duration,
    /// From a request's turn to the first byte of its reply.
    pub first_byte: Duration,
    /// Between two bytes of a reply.
    pub stall: Duration,
    /// An idle connection is closed after this long.
    pub idle: Duration,
    /// Reading what is left of a reply that nobody wants any more.
    pub drain: Duration,
}

impl TimeLimits {
    /// The limits that follow from a provider's one `timeout_secs` setting.
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
