//! From valid settings and the secrets that go with them to what the engine is told.

use std::num::{NonZeroU8, NonZeroU16};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nntp_proxy::auth::AuthHandler;
use nntp_proxy::config::{
    BackendConfig, Config, Credentials as Login, RoutingMode, TimeLimits, Tls, TlsOptions, Verify,
};

use crate::credentials::Credentials;
use crate::error::Error;
use crate::settings::{Mode, Provider, Settings, TlsMode, VerifyLevel};

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
    for (at, client) in settings.clients.iter().enumerate() {
        let missing = || Error::field(file, format!("clients[{at}]"), no_password(&client.name));
        let password = credentials.clients.get(&client.name).cloned().ok_or_else(missing)?;
        logins.push(Login { user: client.name.clone(), password });
    }
    let mut backends = Vec::new();
    for (at, provider) in settings.providers.iter().enumerate().filter(|(_, p)| p.enabled) {
        let missing =
            || Error::field(file, format!("providers[{at}]"), no_password(provider.display_name()));
        backends.push(backend(provider, credentials).ok_or_else(missing)?);
    }
    let mode = match settings.routing.mode {
        Mode::Standard => RoutingMode::Standard,
        Mode::PerCommand => RoutingMode::PerCommand,
        Mode::Hybrid => RoutingMode::Hybrid,
    };
    let auth = Arc::new(AuthHandler::with_logins(logins));
    Ok(Config { mode, posting: settings.posting, auth, backends })
}

fn no_password(name: &str) -> String {
    format!("there is no password for {name}: put it into the file that --credentials names")
}

/// None where the password is missing.
fn backend(provider: &Provider, credentials: &Credentials) -> Option<BackendConfig> {
    let login = match provider.username.as_deref().filter(|user| !user.is_empty()) {
        None => None,
        Some(user) => {
            let password = credentials.providers.get(&provider.id)?.clone();
            Some(Login { user: user.to_owned(), password })
        }
    };
    let options = TlsOptions {
        verify: match provider.verify {
            VerifyLevel::Full => Verify::Full,
            VerifyLevel::Certificate => Verify::Certificate,
            VerifyLevel::None => Verify::None,
        },
        ca_file: provider.ca_file.clone(),
    };
    Some(BackendConfig {
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
    })
}
