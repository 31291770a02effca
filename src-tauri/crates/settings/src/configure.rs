//! From valid settings and the secrets that go with them to what the engine is told.

use std::num::{NonZeroU8, NonZeroU16};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ledger::Plan;
use nntp_proxy::auth::AuthHandler;
use nntp_proxy::config::{
    AccountConfig, Allowances, BackendConfig, Bind, Config, Credentials as Login, Secret, Socks5,
    TimeLimits, Tls, TlsOptions, Via,
};

use crate::error::Error;
use crate::{Client, Credentials, Provider, ProxyAddress, Settings, TlsMode, TrafficMode};

/// What the engine is told. Providers that are switched off are left out. `file` is for messages.
///
/// # Errors
/// When a password is missing.
pub fn configure(
    file: &Path,
    settings: &Settings,
    credentials: &Credentials,
) -> Result<Config, Error> {
    let mut logins = Vec::new();
    for (at, client) in settings.clients.iter().enumerate().filter(|(_, client)| client.login) {
        let missing = || Error::field(file, format!("clients[{at}]"), no_password(&client.name));
        let password = credentials.clients.get(&client.name).cloned().ok_or_else(missing)?;
        logins.push(Login { user: client.name.clone(), password });
    }
    let mut backends = Vec::new();
    for (at, provider) in settings.providers.iter().enumerate().filter(|(_, p)| p.enabled) {
        let missing = |lacking| lacking_in(file, (at, provider), lacking);
        backends.push(backend(settings, provider, credentials).map_err(missing)?);
    }
    let auth = auth(logins, settings.listen.all_users.unwrap_or(true));
    Ok(config(settings, auth, backends))
}

/// The same with what passwords there are: providers and clients without theirs are left out. None where
/// clients need a login and nobody could give one: without any login the proxy would be open to all.
#[must_use]
pub fn configure_available(settings: &Settings, credentials: &Credentials) -> Option<Config> {
    let login = |(name, password): (&String, &Secret)| Login {
        user: name.clone(),
        password: password.clone(),
    };
    let known = |client: &Client| credentials.clients.get_key_value(&client.name).map(login);
    let logins: Vec<_> = settings.logins().filter_map(known).collect();
    if logins.is_empty() && settings.logins().next().is_some() {
        return None;
    }
    let enabled = settings.enabled();
    let backends =
        enabled.filter_map(|provider| backend(settings, provider, credentials).ok()).collect();
    let auth = auth(logins, !serves_own_user_only(settings));
    Some(config(settings, auth, backends))
}

/// Whether [`configure_available`] lets only programs of this user connect.
#[must_use]
pub fn serves_own_user_only(settings: &Settings) -> bool {
    settings.logins().next().is_none() && !settings.listen.all_users.unwrap_or(false)
}

/// Whoever has a login may connect, and is called by it; others are called by their programs. Without logins, `all_users`
/// of this computer may connect or only this one.
fn auth(logins: Vec<Login>, all_users: bool) -> AuthHandler {
    let anyone = all_users || !logins.is_empty();
    let auth = AuthHandler::with_logins(logins).with_recognition(Arc::new(local::program_at));
    if anyone { auth } else { auth.with_admission(Arc::new(local::is_own)) }
}

fn config(settings: &Settings, auth: AuthHandler, backends: Vec<BackendConfig>) -> Config {
    let auth = Arc::new(auth);
    Config {
        mode: settings.routing.mode,
        posting: settings.posting,
        auth,
        backends,
        allowances: Allowances::new(),
        traffic: settings.traffic(TrafficMode::Normal),
    }
}

fn no_password(name: &str) -> String {
    format!("there is no password for {name}: put it into the file that --credentials names")
}

fn lacking_in(file: &Path, (at, provider): (usize, &Provider), lacking: Lacking) -> Error {
    let name = provider.display_name();
    match lacking {
        Lacking::Password => Error::field(file, format!("providers[{at}]"), no_password(name)),
        Lacking::ProxyPassword => Error::field(
            file,
            format!("providers[{at}].proxy"),
            format!(
                "there is no password for the proxy of {name}: put it under proxies into the file that \
                 --credentials names"
            ),
        ),
    }
}

/// Which password is missing, or belongs to another server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// The provider's.
    Password,
    /// Its proxy's.
    ProxyPassword,
}

/// A provider as the engine is told.
///
/// # Errors
/// Where a password is missing, or belongs to another server.
pub fn backend(
    settings: &Settings,
    provider: &Provider,
    credentials: &Credentials,
) -> Result<BackendConfig, Lacking> {
    let login = match provider.username.as_deref().filter(|user| !user.is_empty()) {
        None => None,
        Some(user) => {
            let password = credentials.providers.get(&provider.id);
            let password = password.and_then(|password| password.for_provider(provider));
            let password = password.ok_or(Lacking::Password)?.clone();
            Some(Login { user: user.to_owned(), password })
        }
    };
    let options = TlsOptions { verify: provider.verify, ca_file: provider.ca_file.clone() };
    Ok(BackendConfig {
        id: provider.id.clone(),
        name: provider.display_name().to_owned(),
        host: provider.host.clone(),
        port: provider.port(),
        tls: match provider.tls {
            TlsMode::On => Tls::On(options),
            TlsMode::StartTls => Tls::StartTls(options),
            TlsMode::Off => Tls::Off,
        },
        login,
        connections: NonZeroU16::new(provider.connections).unwrap_or(NonZeroU16::MIN),
        tier: provider.tier,
        required: provider.required,
        pipelining: provider.pipelining.and_then(NonZeroU8::new),
        limits: TimeLimits::from_timeout(Duration::from_secs(provider.timeout_secs.into())),
        account: account(settings, provider),
        backbone: provider.backbone.clone().filter(|backbone| !backbone.trim().is_empty()),
        via: via(provider, credentials)?,
        compression: provider.compression,
    })
}

/// How its connections leave this computer.
fn via(provider: &Provider, credentials: &Credentials) -> Result<Via, Lacking> {
    let proxy = provider.proxy_address().map(|ProxyAddress { host, port, username }| {
        let login = username.map(|user| {
            let password = credentials.proxies.get(&provider.id);
            let password = password.and_then(|password| password.for_proxy_of(provider)).cloned();
            password.map(|password| Login { user, password }).ok_or(Lacking::ProxyPassword)
        });
        Ok(Socks5 { host, port, login: login.transpose()? })
    });
    let bind = provider.bind.as_deref().map(Bind::parse);
    Ok(Via { proxy: proxy.transpose()?, bind, ip: provider.ip })
}

/// The account of another provider that this one belongs to, if any.
fn account(settings: &Settings, provider: &Provider) -> Option<AccountConfig> {
    let id = provider.account.as_ref()?;
    let owner = settings.providers.iter().find(|owner| owner.id == *id)?;
    Some(AccountConfig {
        id: id.clone(),
        host: owner.host.clone(),
        user: owner.username.clone().filter(|user| !user.is_empty()),
        connections: NonZeroU16::new(owner.connections).unwrap_or(NonZeroU16::MIN),
    })
}

/// What was bought, for the ledger: a plan for each account.
#[must_use]
pub fn plans(settings: &Settings) -> Vec<Plan> {
    let owners = settings.providers.iter().filter(|provider| provider.account.is_none());
    let plan = |provider: &Provider| Plan {
        account: provider.id.clone(),
        quota: provider.quota,
        expires: provider.expires,
    };
    owners.map(plan).collect()
}
