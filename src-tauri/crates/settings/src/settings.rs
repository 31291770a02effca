//! What is in the settings file, and every default. It never holds a secret.

use std::net::IpAddr;

use nntp_proxy::config::{Priority, RoutingMode as Mode};
use secrets::Owner;
use serde::{Deserialize, Serialize};

use crate::provider::is_default;
use crate::{Desktop, Limits, ListenTls, Provider};

/// The version of the file's format that this program writes.
pub(crate) const VERSION: u32 = 1;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The version of the format.
    #[serde(default = "version")]
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
    /// The logins of clients; their passwords are elsewhere. None: no login is asked for. A program without
    /// a login is here only for its limits.
    #[serde(default)]
    pub clients: Vec<Client>,
    /// The Usenet providers.
    pub providers: Vec<Provider>,
    /// Speed limits for everything.
    #[serde(default)]
    pub limits: Limits,
    /// What only the desktop application does.
    #[serde(default)]
    pub desktop: Desktop,
}

/// Where clients connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// An address, or `localhost` for both loopback addresses.
    pub host: String,
    /// A TCP port; 0 for any that is free. If nothing else is said, 10080: no browser connects to it (it is on the Fetch
    /// standard's list of blocked ports), so a web page cannot speak to the proxy.
    pub port: u16,
    /// Whether the programs of other users of this computer may connect without a login. Where it is
    /// not set, they may connect to `newsmuxd`, which often has a user of its own, and not to the
    /// application.
    pub all_users: Option<bool>,
    /// TLS for programs, on a port of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub tls: Option<ListenTls>,
}

/// How requests are routed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct Routing {
    /// The mode.
    pub mode: Mode,
}

/// A client's login, or a program without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its user name; without a login, the program's own name, as Newsmux shows it.
    pub name: String,
    /// Whether it is a login.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub login: bool,
    /// The most that it is sent, in bytes a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub speed: Option<u64>,
    /// How many articles it is sent at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<u16>,
    /// What it gets beside others that wait, too.
    #[serde(default, skip_serializing_if = "is_default")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Priority>"))]
    pub priority: Priority,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_yes(value: &bool) -> bool {
    *value
}

pub(crate) const fn version() -> u32 {
    VERSION
}

impl Default for Listen {
    fn default() -> Self {
        Self { host: "127.0.0.1".into(), port: 10080, all_users: None, tls: None }
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
            limits: Limits::default(),
            desktop: Desktop::default(),
        }
    }
}

impl Settings {
    /// Whether they have this provider or client.
    #[must_use]
    pub fn has(&self, owner: &Owner) -> bool {
        match owner {
            Owner::Provider(_) => self.provider_of(owner).is_some(),
            Owner::Proxy(_) => self.provider_of(owner).is_some_and(Provider::needs_proxy_password),
            Owner::Client(name) => self.logins().any(|client| client.name == *name),
        }
    }

    /// The logins of clients.
    pub fn logins(&self) -> impl Iterator<Item = &Client> {
        self.clients.iter().filter(|client| client.login)
    }

    /// Adds a login. A program of that name keeps its limits.
    pub fn add_login(&mut self, client: Client) {
        let same = |known: &&mut Client| !known.login && known.name == client.name;
        match self.clients.iter_mut().find(same) {
            Some(known) => known.login = true,
            None => self.clients.push(client),
        }
    }

    /// This one, and what goes when it goes: with a provider, its proxy's password.
    #[must_use]
    pub fn owners_with(&self, owner: &Owner) -> Vec<Owner> {
        let proxy = match owner {
            Owner::Provider(id) => Some(Owner::Proxy(id.clone())),
            Owner::Client(_) | Owner::Proxy(_) => None,
        };
        let proxy = proxy.filter(|proxy| self.has(proxy));
        [owner.clone()].into_iter().chain(proxy).collect()
    }

    /// The provider of this id.
    #[must_use]
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    /// The provider whose password it is, or whose proxy's.
    #[must_use]
    pub fn provider_of(&self, owner: &Owner) -> Option<&Provider> {
        match owner {
            Owner::Provider(id) | Owner::Proxy(id) => self.provider(id),
            Owner::Client(_) => None,
        }
    }

    /// The providers that are used.
    pub fn enabled(&self) -> impl Iterator<Item = &Provider> {
        self.providers.iter().filter(|provider| provider.enabled)
    }
}

impl Client {
    /// A login without limits.
    #[must_use]
    pub fn with_login(name: &str) -> Self {
        Self {
            name: name.into(),
            login: true,
            speed: None,
            connections: None,
            priority: Priority::Normal,
        }
    }

    /// Whether it has any limit, or another priority than most.
    #[must_use]
    pub fn has_limits(&self) -> bool {
        *self != Self { login: self.login, ..Self::with_login(&self.name) }
    }

    /// A program without a login, and without limits.
    #[must_use]
    pub fn without_login(name: &str) -> Self {
        Self { login: false, ..Self::with_login(name) }
    }

    /// As the owner of its password.
    #[must_use]
    pub fn owner(&self) -> Owner {
        Owner::Client(self.name.clone())
    }
}

impl Listen {
    /// Whether only this computer can connect.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// The port without TLS.
    #[must_use]
    pub fn plain(&self) -> Self {
        Self { tls: None, ..self.clone() }
    }

    /// The port with TLS, if there is one.
    #[must_use]
    pub fn encrypted(&self) -> Option<Self> {
        let tls = self.tls.as_ref()?;
        let host = tls.host.clone().unwrap_or_else(|| self.host.clone());
        Some(Self { host, port: tls.port, ..self.plain() })
    }
}
