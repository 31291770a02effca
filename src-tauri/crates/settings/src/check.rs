//! What settings cannot be, beyond what their types say.

use std::collections::HashSet;
use std::net::IpAddr;

use ledger::Quota;

use crate::limits::LOWEST;
use crate::via::check_via;
use crate::{Listen, Provider, Rule, Settings};

/// A place in the settings, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The place, such as `providers[0].port`.
    pub place: String,
    /// Why it cannot be so.
    pub why: String,
}

/// What the types alone do not say.
///
/// # Errors
/// What is wrong, and where.
pub fn check(settings: &Settings) -> Result<(), Complaint> {
    check_listen(settings).map_err(|why| Complaint::new("listen.host", why))?;
    check_encrypted(settings)
        .map_err(|(field, why)| Complaint::new(format!("listen.tls.{field}"), why))?;
    let mut names = HashSet::new();
    for (at, client) in settings.clients.iter().enumerate() {
        let path = format!("clients[{at}].name");
        check_word(&path, &client.name)?;
        if !names.insert(&client.name) {
            return Err(Complaint::new(path, format!("there is another client {:?}", client.name)));
        }
        check_speed(&format!("clients[{at}].speed"), client.speed)?;
        if let Some(connections) = client.connections {
            let path = format!("clients[{at}].connections");
            check_within(&path, connections, (1, 500))?;
        }
    }
    check_speed("limits.speed", settings.limits.speed)?;
    check_speed("limits.slow_speed", Some(settings.limits.slow_speed))?;
    for (at, rule) in settings.limits.schedule.iter().enumerate() {
        check_rule(&format!("limits.schedule[{at}]"), rule)?;
    }
    let mut ids = HashSet::new();
    for (at, provider) in settings.providers.iter().enumerate() {
        let path = format!("providers[{at}]");
        check_provider(&path, provider)?;
        if !ids.insert(&provider.id) {
            let why = format!("there is another {:?}", provider.id);
            return Err(Complaint::new(format!("{path}.id"), why));
        }
    }
    for (at, provider) in settings.providers.iter().enumerate() {
        check_port(at, provider, settings)
            .map_err(|why| Complaint::new(format!("providers[{at}].listen_port"), why))?;
        check_account(provider, settings)
            .map_err(|(field, why)| Complaint::new(format!("providers[{at}].{field}"), why))?;
    }
    Ok(())
}

/// Whether the port of its own is one, and no other's.
fn check_port(at: usize, provider: &Provider, settings: &Settings) -> Result<(), String> {
    let Some(port) = provider.listen_port else { return Ok(()) };
    let has_it = |other: &&Provider| other.listen_port == Some(port);
    if port == 0 {
        return Err("0 is not between 1 and 65535".into());
    }
    if port == settings.listen.port {
        return Err(format!("{port} is the port in listen: choose another"));
    }
    if settings.listen.tls.as_ref().is_some_and(|tls| tls.port == port) {
        return Err(format!("{port} is the port in listen.tls: choose another"));
    }
    match settings.providers.iter().take(at).find(has_it) {
        Some(other) => Err(format!("{port} is the port of {:?}: choose another", other.id)),
        None => Ok(()),
    }
}

/// Whether the account can be, and what was bought of it. The field, and what is wrong with it.
fn check_account(provider: &Provider, settings: &Settings) -> Result<(), (String, String)> {
    if let Some(account) = &provider.account {
        check_named(provider, account, settings).map_err(|why| ("account".to_owned(), why))?;
    }
    let quota = provider.quota.as_ref().map_or(Ok(()), Quota::check);
    quota.map_err(|(field, why)| (format!("quota.{field}"), why))?;
    let bought = [("quota", provider.quota.is_some()), ("expires", provider.expires.is_some())];
    match (&provider.account, bought.iter().find(|(_, is_set)| *is_set)) {
        (Some(account), Some((field, _))) => {
            Err(((*field).to_owned(), format!("belongs to the account: set it at {account:?}")))
        }
        _ => Ok(()),
    }
}

/// Whether `provider` can belong to the account of the provider with the id `account`.
fn check_named(provider: &Provider, account: &str, settings: &Settings) -> Result<(), String> {
    if account == provider.id {
        return Err("names the provider itself: leave it out".to_owned());
    }
    match settings.providers.iter().find(|other| other.id == account) {
        None => Err(format!("there is no provider {account:?}")),
        Some(Provider { account: Some(next), .. }) => {
            Err(format!("{account:?} itself belongs to the account of {next:?}: name that one"))
        }
        Some(_) => Ok(()),
    }
}

impl Complaint {
    fn new(place: impl Into<String>, why: impl Into<String>) -> Self {
        Self { place: place.into(), why: why.into() }
    }
}

/// Whether the address to listen on can be, and is safe with these clients.
///
/// # Errors
/// What is wrong with it.
pub fn check_listen(settings: &Settings) -> Result<(), &'static str> {
    is_safe(&settings.listen, settings)
}

/// Whether the port with TLS can be, and is safe with these clients. The field, and what is wrong with it.
fn check_encrypted(settings: &Settings) -> Result<(), (&'static str, String)> {
    let Listen { port, tls, .. } = &settings.listen;
    let (Some(tls), Some(listen)) = (tls, settings.listen.encrypted()) else { return Ok(()) };
    is_safe(&listen, settings).map_err(|why| ("host", why.to_owned()))?;
    if tls.port == *port && tls.port != 0 {
        return Err(("port", format!("{port} is the port without TLS: choose another")));
    }
    tls.check().map_err(|(field, why)| (field, why.to_owned()))
}

fn is_safe(listen: &Listen, settings: &Settings) -> Result<(), &'static str> {
    if listen.host != "localhost" && listen.host.parse::<IpAddr>().is_err() {
        return Err("has to be an address such as 127.0.0.1, or localhost");
    }
    if !listen.is_loopback() && settings.logins().next().is_none() {
        return Err(
            "other computers could connect without a login: add one to clients, or use 127.0.0.1",
        );
    }
    Ok(())
}

fn check_provider(path: &str, provider: &Provider) -> Result<(), Complaint> {
    check_word(&format!("{path}.id"), &provider.id)?;
    check_host(provider).map_err(|why| Complaint::new(format!("{path}.host"), why))?;
    check_via(provider).map_err(|(field, why)| Complaint::new(format!("{path}.{field}"), why))?;
    let within =
        |field: &str, value, from, to| check_within(&format!("{path}.{field}"), value, (from, to));
    within("port", provider.port(), 1, u16::MAX)?;
    within("connections", provider.connections, 1, 500)?;
    within("pipelining", provider.pipelining.unwrap_or(1).into(), 1, 64)?;
    within("timeout_secs", provider.timeout_secs, 1, 600)?;
    check_speed(&format!("{path}.speed"), provider.speed)
}

fn check_rule(path: &str, rule: &Rule) -> Result<(), Complaint> {
    check_speed(&format!("{path}.speed"), rule.speed)?;
    match rule.mode() {
        Some(_) => Ok(()),
        None => Err(Complaint::new(path, "needs one of speed, slow, pause and full")),
    }
}

/// Whether a speed limit can be.
pub(crate) fn check_speed(path: &str, speed: Option<u64>) -> Result<(), Complaint> {
    match speed {
        Some(speed) if speed < LOWEST => {
            let why = format!("{speed} is too slow: use at least {LOWEST} bytes a second");
            Err(Complaint::new(path, why))
        }
        _ => Ok(()),
    }
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
    if bad { Err(Complaint::new(path, "must not be empty or have line breaks")) } else { Ok(()) }
}

fn check_within(path: &str, value: u16, (from, to): (u16, u16)) -> Result<(), Complaint> {
    let why = || Complaint::new(path, format!("{value} is not between {from} and {to}"));
    (from..=to).contains(&value).then_some(()).ok_or_else(why)
}
