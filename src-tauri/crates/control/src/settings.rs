//! The settings file: what is in it, and every default. It never holds a secret.

mod check;
mod file;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

use downloaders::USUAL_PORT;
pub use nntp_proxy::config::{RoutingMode as Mode, Verify as VerifyLevel};
use secrets::Owner;
use serde::{Deserialize, Serialize};

pub(crate) use check::check;
pub use check::check_listen;
pub use file::{default_path, load, load_default};
pub(crate) use file::{is_absent, newer_version, parse};

/// The version of the file's format that this program writes.
pub const VERSION: u32 = 1;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The version of the format.
    #[serde(default = "defaults::version")]
    pub version: u32,
    /// Where clients connect.
    #[serde(default)]
    pub listen: Listen,
    /// How requests are routed.
    #[serde(default)]
    pub routing: Routing,
    /// Whether clients may post.
    #[serde(default)]
    pub posting: bool,
    /// The logins of clients; their passwords are elsewhere. None: no login is asked for.
    #[serde(default)]
    pub clients: Vec<Client>,
    /// The Usenet providers.
    pub providers: Vec<Provider>,
    /// What only the desktop application does.
    #[serde(default)]
    pub desktop: Desktop,
}

/// Where clients connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// An address, or `localhost` for both loopback addresses.
    pub host: String,
    /// A TCP port; 0 for any that is free.
    pub port: u16,
    /// Whether the programs of other users of this computer may connect without a login. Where it is
    /// not set, they may connect to `newsmuxd`, which often has a user of its own, and not to the
    /// application.
    pub all_users: Option<bool>,
}

/// How requests are routed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct Routing {
    /// The mode.
    pub mode: Mode,
}

/// What only the desktop application does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the user's")]
pub struct Desktop {
    /// Whether the proxy runs whenever the application does.
    pub on: bool,
    /// Whether the application starts without its window.
    pub start_hidden: bool,
    /// The language of everything people read.
    pub language: Language,
    /// The colours of the window.
    pub theme: Theme,
    /// How much is logged.
    pub log: LogLevel,
    /// Where passwords are kept.
    pub passwords: StoreKind,
    /// Passwords that are about to change, or did not come to it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[cfg_attr(test, ts(skip))]
    pub pending: BTreeSet<Pending>,
    /// Whether the user was told that a closed window leaves the application in the tray.
    pub told_of_tray: bool,
    /// The first steps that are done.
    pub first_steps: FirstSteps,
    /// Whether the user has closed the first steps.
    pub first_steps_done: bool,
    /// Whether the sample provider is used as long as there is no other.
    pub sample: bool,
    /// The last settings file that was set aside, by its number, and was answered by the user.
    pub set_aside_seen: u32,
}

/// The languages by their names in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// The system's, or English where that is not spoken here.
    #[default]
    System,
    /// English.
    En,
    /// German.
    De,
}

/// The colours of the window, by their names in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// The system's.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// The way from the first provider to the first article.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct FirstSteps {
    /// A provider was tested or used successfully.
    pub provider_works: bool,
    /// A program has connected, or Newsmux was entered in one.
    pub program_set_up: bool,
    /// An article was delivered.
    pub article_delivered: bool,
}

impl FirstSteps {
    /// The steps that are done in one or the other.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            provider_works: self.provider_works || other.provider_works,
            program_set_up: self.program_set_up || other.program_set_up,
            article_delivered: self.article_delivered || other.article_delivered,
        }
    }
}

/// How much is logged, by its names in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What went wrong.
    Warn,
    /// What changed, too.
    #[default]
    Info,
    /// What was decided, too.
    Debug,
    /// Each request.
    Trace,
}

/// Where passwords are kept, by its names in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(rename = "Keep"))]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// In the system's keyring.
    #[default]
    Keyring,
    /// In a file of our own, encrypted with a passphrase.
    Vault,
}

impl StoreKind {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Keyring => Self::Vault,
            Self::Vault => Self::Keyring,
        }
    }
}

/// A password that a store may not have as the settings say, until that is put right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// The store.
    pub store: StoreKind,
    /// Whose password.
    pub owner: Owner,
}

/// A client's login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its user name.
    pub name: String,
}

/// A Usenet provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
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
}

/// Encryption by its names in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
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
    pub(super) const fn version() -> u32 {
        super::VERSION
    }
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

impl Default for Listen {
    fn default() -> Self {
        Self { host: "127.0.0.1".into(), port: USUAL_PORT, all_users: None }
    }
}

impl Default for Settings {
    /// Settings without a provider.
    fn default() -> Self {
        Self {
            version: VERSION,
            listen: Listen::default(),
            routing: Routing::default(),
            posting: false,
            clients: Vec::new(),
            providers: Vec::new(),
            desktop: Desktop::default(),
        }
    }
}

impl Default for Desktop {
    fn default() -> Self {
        Self {
            on: true,
            start_hidden: false,
            language: Language::default(),
            theme: Theme::default(),
            log: LogLevel::default(),
            passwords: StoreKind::default(),
            pending: BTreeSet::new(),
            told_of_tray: false,
            first_steps: FirstSteps::default(),
            first_steps_done: false,
            sample: false,
            set_aside_seen: 0,
        }
    }
}

impl Settings {
    /// Whether they have this provider or client.
    pub(crate) fn has(&self, owner: &Owner) -> bool {
        match owner {
            Owner::Provider(_) => self.provider_of(owner).is_some(),
            Owner::Client(name) => self.clients.iter().any(|client| client.name == *name),
        }
    }

    /// The provider whose password it is.
    pub(crate) fn provider_of(&self, owner: &Owner) -> Option<&Provider> {
        match owner {
            Owner::Provider(id) => self.providers.iter().find(|provider| provider.id == *id),
            Owner::Client(_) => None,
        }
    }
}

impl Desktop {
    pub(crate) fn is_pending(&self, store: StoreKind, owner: &Owner) -> bool {
        self.pending.iter().any(|pending| pending.store == store && pending.owner == *owner)
    }

    pub(crate) fn mark(&mut self, store: StoreKind, owners: &[Owner]) {
        self.pending.extend(owners.iter().map(|owner| Pending { store, owner: owner.clone() }));
    }

    pub(crate) fn unmark(&mut self, store: StoreKind, owners: &[Owner]) {
        self.pending.retain(|pending| pending.store != store || !owners.contains(&pending.owner));
    }
}

impl Provider {
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
        }
    }

    /// The name that people see.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(&self.id)
    }

    /// Whether it needs a password.
    pub(crate) fn needs_password(&self) -> bool {
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

impl Listen {
    /// Whether only this computer can connect.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}
