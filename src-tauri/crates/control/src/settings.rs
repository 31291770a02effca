//! The settings file: what is in it, and every default. It never holds a secret.

use std::collections::HashSet;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Problem};
use crate::json::{parse_json, plainly, read};

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

/// The one field that every version of the format has.
#[derive(Deserialize)]
struct VersionOnly {
    #[serde(default = "defaults::version")]
    version: u32,
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
}

/// How requests are routed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct Routing {
    /// The mode.
    pub mode: Mode,
}

/// The modes by their names in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// One provider connection for each client.
    Standard,
    /// Each request for itself.
    PerCommand,
    /// Both.
    #[default]
    Hybrid,
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
    pub passwords: Keep,
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// In the system's keyring.
    #[default]
    Keyring,
    /// In a file of our own, encrypted with a passphrase.
    Vault,
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

/// Levels of verification by their names in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum VerifyLevel {
    /// Chain, dates and name.
    #[default]
    Full,
    /// Chain and dates.
    Certificate,
    /// Nothing.
    None,
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
    /// Port 10080, because no browser will connect to it: it is on the Fetch standard's list of
    /// blocked ports, so a web page cannot speak to the proxy.
    fn default() -> Self {
        Self { host: "127.0.0.1".into(), port: 10080 }
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
            passwords: Keep::default(),
            told_of_tray: false,
            first_steps: FirstSteps::default(),
            first_steps_done: false,
            sample: false,
            set_aside_seen: 0,
        }
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

/// The version of the format that a file says it has, if it is newer than this one.
pub(crate) fn newer_version(text: &[u8]) -> Option<u32> {
    let VersionOnly { version } = serde_json::from_slice(text).ok()?;
    (version > VERSION).then_some(version)
}

/// The file that is read when none is named.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    Some(ProjectDirs::from("", "", "newsmux")?.config_dir().join("settings.json"))
}

/// Reads a settings file.
///
/// # Errors
/// When it cannot be read, or anything in it cannot be.
pub fn load(file: &Path) -> Result<Settings, Error> {
    parse(file, &read(file)?)
}

/// What is in `text`, which was read from `file`.
pub(crate) fn parse(file: &Path, text: &[u8]) -> Result<Settings, Error> {
    // Another version may have other fields: what is wrong then is the version.
    if let Ok(VersionOnly { version }) = parse_json(file, text, plainly) {
        check_version(version).map_err(|why| Error::field(file, "version", why))?;
    }
    let settings = parse_json(file, text, plainly)?;
    check(&settings).map_err(|(path, why)| Error::field(file, path, why))?;
    Ok(settings)
}

/// Reads the file that is there when none is named; without one, the settings have no provider.
///
/// # Errors
/// Like [`load`].
pub fn load_default(file: &Path) -> Result<Settings, Error> {
    match load(file) {
        Err(error) if is_absent(&error) => Ok(Settings::default()),
        other => other,
    }
}

pub(crate) fn is_absent(error: &Error) -> bool {
    matches!(error.problem(), Problem::Read(e) if e.kind() == io::ErrorKind::NotFound)
}

/// A place in the settings, and what is wrong with it.
type Complaint = (String, String);

fn check_version(version: u32) -> Result<(), String> {
    if version == VERSION {
        return Ok(());
    }
    Err(format!("this Newsmux reads version {VERSION}, not {version}: use the one that wrote it"))
}

/// What the types alone do not say.
pub(crate) fn check(settings: &Settings) -> Result<(), Complaint> {
    check_listen(settings).map_err(|why| ("listen.host".to_owned(), why.to_owned()))?;
    let mut names = HashSet::new();
    for (at, client) in settings.clients.iter().enumerate() {
        let path = format!("clients[{at}].name");
        check_word(&path, &client.name)?;
        if !names.insert(&client.name) {
            return Err((path, format!("there is another client {:?}", client.name)));
        }
    }
    let mut ids = HashSet::new();
    for (at, provider) in settings.providers.iter().enumerate() {
        let path = format!("providers[{at}]");
        check_provider(&path, provider)?;
        if !ids.insert(&provider.id) {
            return Err((format!("{path}.id"), format!("there is another {:?}", provider.id)));
        }
    }
    Ok(())
}

/// Whether the address to listen on can be, and is safe with these clients.
///
/// # Errors
/// What is wrong with it.
pub fn check_listen(settings: &Settings) -> Result<(), &'static str> {
    let listen = &settings.listen;
    if listen.host != "localhost" && listen.host.parse::<IpAddr>().is_err() {
        return Err("has to be an address such as 127.0.0.1, or localhost");
    }
    if !listen.is_loopback() && settings.clients.is_empty() {
        return Err(
            "other computers could connect without a login: add one to clients, or use 127.0.0.1",
        );
    }
    Ok(())
}

fn check_provider(path: &str, provider: &Provider) -> Result<(), Complaint> {
    check_word(&format!("{path}.id"), &provider.id)?;
    check_host(provider).map_err(|why| (format!("{path}.host"), why.to_owned()))?;
    let within = |field: &str, value: u16, from: u16, to: u16| {
        let why = format!("{value} is not between {from} and {to}");
        if (from..=to).contains(&value) { Ok(()) } else { Err((format!("{path}.{field}"), why)) }
    };
    within("port", provider.port(), 1, u16::MAX)?;
    within("connections", provider.connections, 1, 500)?;
    within("pipelining", provider.pipelining.unwrap_or(1).into(), 1, 64)?;
    within("timeout_secs", provider.timeout_secs, 1, 600)
}

fn check_host(provider: &Provider) -> Result<(), &'static str> {
    let host = provider.host.as_str();
    let is_address = host.parse::<IpAddr>().is_ok();
    if host.is_empty() {
        Err("is empty: enter the provider's news server")
    } else if host.contains("://") || host.contains('/') {
        Err("has to be a host name alone, without a scheme or a path, such as news.example.com")
    } else if host.contains(|c: char| c.is_whitespace() || c.is_control()) {
        Err("has blanks in it: remove them")
    } else if host.contains(':') && !is_address {
        Err("has a port in it: put that into port")
    } else {
        Ok(())
    }
}

fn check_word(path: &str, word: &str) -> Result<(), Complaint> {
    let bad = word.trim().is_empty() || word.chars().any(char::is_control);
    if bad { Err((path.into(), "must not be empty or have line breaks".into())) } else { Ok(()) }
}
