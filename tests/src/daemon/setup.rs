//! Settings and credentials for newsmuxd, as a test needs them.
#![expect(clippy::expect_used, reason = "a helper of tests: what goes wrong here fails the test")]

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::provider::Listening;

/// A settings file and a credentials file. Each method changes one thing.
#[derive(Debug, Clone)]
pub struct Setup {
    settings: Value,
    credentials: Value,
}

/// One provider in the settings.
#[derive(Debug, Clone)]
pub struct Account {
    fields: Value,
    password: Option<String>,
    proxy_password: Option<String>,
}

impl Setup {
    /// No provider, no clients, everything at its default.
    #[must_use]
    pub fn new() -> Self {
        Self {
            settings: json!({"version": 1, "providers": []}),
            credentials: json!({"providers": {}, "clients": {}}),
        }
    }

    /// These providers, on tier 0 and without TLS.
    #[must_use]
    pub fn with(providers: &[&Listening]) -> Self {
        providers.iter().fold(Self::new(), |setup, provider| setup.provider(Account::at(provider)))
    }

    /// `standard`, `per-command` or `hybrid`.
    #[must_use]
    pub fn mode(self, mode: &str) -> Self {
        self.set("routing", json!({ "mode": mode }))
    }

    /// Clients may post.
    #[must_use]
    pub fn posting(self) -> Self {
        self.set("posting", json!(true))
    }

    /// A client's login.
    #[must_use]
    pub fn client(mut self, name: &str, password: &str) -> Self {
        let clients = &mut self.settings["clients"];
        let mut logins = clients.as_array().cloned().unwrap_or_default();
        logins.push(json!({ "name": name }));
        *clients = logins.into();
        self.credentials["clients"][name] = password.into();
        self
    }

    /// A provider.
    #[must_use]
    pub fn provider(mut self, account: Account) -> Self {
        if let Some(password) = &account.password {
            let id = account.fields["id"].as_str().expect("an id");
            self.credentials["providers"][id] = password.as_str().into();
        }
        if let Some(password) = &account.proxy_password {
            let id = account.fields["id"].as_str().expect("an id");
            self.credentials["proxies"][id] = password.as_str().into();
        }
        let providers = self.settings["providers"].as_array_mut().expect("providers");
        providers.push(account.fields);
        self
    }

    /// Any other field of the settings.
    #[must_use]
    pub fn set(mut self, field: &str, value: Value) -> Self {
        self.settings[field] = value;
        self
    }

    pub(super) fn write(&self, folder: &Path) {
        write_private(&folder.join(super::SETTINGS), &self.settings.to_string());
        write_private(&folder.join(super::CREDENTIALS), &self.credentials.to_string());
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes a file that only its owner can read.
pub(super) fn write_private(file: &Path, text: &str) {
    fs::write(file, text).expect("a file");
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("its mode");
}

impl Account {
    /// At a scripted provider: its name is the id; no TLS, no login, four connections, a patience of
    /// ten seconds.
    #[must_use]
    pub fn at(provider: &Listening) -> Self {
        Self::new(provider.name(), "127.0.0.1", provider.address().port())
    }

    /// The same at any server.
    #[must_use]
    pub fn new(id: &str, host: &str, port: u16) -> Self {
        let fields = json!({
            "id": id,
            "host": host,
            "port": port,
            "tls": "off",
            "connections": 4,
            "timeout_secs": 10,
        });
        Self { fields, password: None, proxy_password: None }
    }

    /// A name and a password.
    #[must_use]
    pub fn login(mut self, user: &str, password: &str) -> Self {
        self.password = Some(password.into());
        self.set("username", json!(user))
    }

    /// Behind this proxy, by a name that only the proxy knows.
    #[must_use]
    pub fn behind(self, proxy: SocketAddr, name: &str) -> Self {
        self.set("host", json!(name)).set("proxy", json!(format!("socks5://{proxy}")))
    }

    /// The same, with a login at the proxy.
    #[must_use]
    pub fn behind_login(mut self, proxy: SocketAddr, name: &str, login: (&str, &str)) -> Self {
        let (user, password) = login;
        self.proxy_password = Some(password.into());
        self.set("host", json!(name)).set("proxy", json!(format!("socks5://{user}@{proxy}")))
    }

    /// How many connections.
    #[must_use]
    pub fn connections(self, count: u16) -> Self {
        self.set("connections", json!(count))
    }

    /// Its tier.
    #[must_use]
    pub fn tier(self, tier: u8) -> Self {
        self.set("tier", json!(tier))
    }

    /// Its patience.
    #[must_use]
    pub fn timeout(self, seconds: u16) -> Self {
        self.set("timeout_secs", json!(seconds))
    }

    /// TLS from the first byte, at `localhost`, trusting this authority.
    #[must_use]
    pub fn tls(self, ca_file: &Path) -> Self {
        self.set("tls", json!("on")).set("host", json!("localhost")).set("ca_file", json!(ca_file))
    }

    /// Any other field.
    #[must_use]
    pub fn set(mut self, field: &str, value: Value) -> Self {
        self.fields[field] = value;
        self
    }
}
