//! Passwords in a file, for machines without a keyring.

use std::collections::BTreeMap;
#[cfg(unix)]
use std::env;
use std::path::Path;

use nntp_proxy::config::Secret;
use secrets::Owner;
use serde::Deserialize;

use crate::error::Error;
#[cfg(unix)]
use crate::error::Problem;
use crate::json::{parse_json, read};
use crate::{Password, Settings};

/// Passwords by the ids of providers and the names of clients.
#[derive(Debug, Default)]
pub struct Credentials {
    /// Those of providers.
    pub providers: BTreeMap<String, Password>,
    /// Those of clients.
    pub clients: BTreeMap<String, Secret>,
    /// Those of providers' proxies, by the ids of the providers.
    pub proxies: BTreeMap<String, Password>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    providers: BTreeMap<String, String>,
    #[serde(default)]
    clients: BTreeMap<String, String>,
    #[serde(default)]
    proxies: BTreeMap<String, String>,
}

/// Reads a credentials file.
///
/// # Errors
/// When anyone but its owner can read it, when it cannot be read, when it names a provider or a client
/// that the settings do not have, or when a password cannot be sent.
/// Every message names the field and quotes no value.
pub fn load(file: &Path, settings: &Settings) -> Result<Credentials, Error> {
    refuse_exposed(file)?;
    let read: File = parse_json(file, &read(file)?, without_values)?;
    if let Some(id) = read.providers.keys().find(|id| settings.provider(id).is_none()) {
        return Err(Error::field(file, format!("providers.{id}"), UNKNOWN));
    }
    let known = |name: &String| settings.logins().any(|client| client.name == *name);
    if let Some(name) = read.clients.keys().find(|name| !known(name)) {
        return Err(Error::field(file, format!("clients.{name}"), UNKNOWN));
    }
    let has_proxy = |id: &String| settings.has(&Owner::Proxy(id.clone()));
    if let Some(id) = read.proxies.keys().find(|id| !has_proxy(id)) {
        return Err(Error::field(file, format!("proxies.{id}"), NO_PROXY));
    }
    if let Some((id, _)) = read.proxies.iter().find(|(_, password)| !is_for_socks(password)) {
        return Err(Error::field(file, format!("proxies.{id}"), NOT_FOR_SOCKS));
    }
    refuse_unsendable(file, "providers", &read.providers)?;
    refuse_unsendable(file, "clients", &read.clients)?;
    let of_provider = |(id, password): (String, String)| {
        let password = Password::new(Secret::new(password), settings.provider(&id)?);
        Some((id, password))
    };
    let of_proxy = |(id, password): (String, String)| {
        let password = Password::of_proxy(Secret::new(password), settings.provider(&id)?);
        Some((id, password))
    };
    let of_client = |(name, password): (String, String)| (name, Secret::new(password));
    Ok(Credentials {
        providers: read.providers.into_iter().filter_map(of_provider).collect(),
        clients: read.clients.into_iter().map(of_client).collect(),
        proxies: read.proxies.into_iter().filter_map(of_proxy).collect(),
    })
}

/// No NNTP command can hold a line break or a NUL (RFC 3977, section 3.1).
fn refuse_unsendable(
    file: &Path,
    owners: &str,
    passwords: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let bad = passwords.iter().find(|(_, password)| password.contains(['\r', '\n', '\0']));
    bad.map_or(Ok(()), |(id, _)| Err(Error::field(file, format!("{owners}.{id}"), UNSENDABLE)))
}

const UNSENDABLE: &str = "a password cannot contain a line break or a NUL character";

/// RFC 1929 has one byte for the length.
fn is_for_socks(password: &str) -> bool {
    (1..=255).contains(&password.len())
}

const NOT_FOR_SOCKS: &str = "a proxy's password must have between 1 and 255 bytes";

const NO_PROXY: &str = "the settings have no provider of that id whose proxy has a user name: correct it here or there";

const UNKNOWN: &str = "the settings have none of that name: correct it here or there";

/// A message about JSON can quote what is in the file; about this file it must not.
fn without_values(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let form = "{\"providers\": {\"a\": \"…\"}, \"clients\": {\"b\": \"…\"}}";
    format!("something is wrong at line {line} column {column}; the form is {form}")
}

#[cfg(unix)]
fn refuse_exposed(file: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata().map_err(|e| Error::new(file, Problem::Read(e)))?;
    let others = if is_by_systemd(file) { 0o037 } else { 0o077 };
    let exposed = metadata.permissions().mode() & others != 0;
    if exposed { Err(Error::new(file, Problem::Exposed)) } else { Ok(()) }
}

/// systemd's copy for this service. It belongs to root, and an access list lets only the service read
/// it; such a list shows as leave for the group.
#[cfg(unix)]
fn is_by_systemd(file: &Path) -> bool {
    let folder = env::var_os("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty());
    folder.is_some_and(|folder| file.parent() == Some(Path::new(&folder)))
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path) -> Result<(), Error> {
    Ok(())
}
