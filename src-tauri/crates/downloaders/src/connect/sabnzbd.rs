//! SABnzbd, by its API: `get_config`, `set_config` and `del_config` of its servers.

use nntp_proxy::config::Secret;
use serde::Deserialize;
use serde_json::Value;

use super::http::{Answer, Http};
use super::{Change, Direct, NAME, Setup, Undo, failed, other};
use crate::{Error, Problem};

/// Where its API may be.
const PATHS: [&str; 2] = ["/api", "/sabnzbd/api"];

/// The fields of a call.
pub(super) type Form = Vec<(String, String)>;

/// A server in SABnzbd's settings. Passwords are never told.
#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    #[serde(default)]
    displayname: String,
    #[serde(default)]
    host: String,
    port: u16,
    #[serde(default)]
    username: String,
    connections: u16,
    ssl: u8,
    #[serde(default = "strict")]
    ssl_verify: u8,
    enable: u8,
    #[serde(default)]
    quota: String,
    #[serde(default)]
    priority: i32,
}

/// The strictest verification of certificates, which is SABnzbd's default.
const fn strict() -> u8 {
    3
}

/// SABnzbd, and the key to it.
struct Sabnzbd<'a> {
    http: &'a Http,
    key: &'a Secret,
    path: &'static str,
    /// What takes back what was done so far.
    undo: Vec<Form>,
}

pub(super) fn connect(http: &Http, key: &Secret, setup: &Setup) -> Result<Change, Error> {
    let mut sabnzbd = Sabnzbd::find(http, key)?;
    let done = sabnzbd.enter(setup);
    if done.is_err() {
        // It is the first failure that is told.
        drop(undo(http, key, &sabnzbd.undo));
    }
    done
}

pub(super) fn undo(http: &Http, key: &Secret, undo: &[Form]) -> Result<(), Error> {
    let sabnzbd = Sabnzbd::find(http, key)?;
    let servers = sabnzbd.servers()?;
    // Setting a server that is gone would create it.
    let is_there = |form: &&Form| servers.iter().any(|s| server_of(form) == Some(s.name.as_str()));
    let mut done = Ok(());
    for form in undo.iter().rev().filter(is_there) {
        done = sabnzbd.call(form).map(drop).and(done);
    }
    done
}

/// What takes back two changes: our `entry` becomes what it was before the first, and a server of its own what it was
/// before the second, since its quota may have changed in between.
pub(super) fn both(first: Vec<Form>, second: Vec<Form>, entry: &str) -> Vec<Form> {
    let is_entry = |form: &Form| server_of(form) == Some(entry);
    let (ours, own): (Vec<_>, Vec<_>) = first.into_iter().partition(is_entry);
    let second: Vec<_> =
        second.into_iter().filter(|form| ours.is_empty() || !is_entry(form)).collect();
    let own = own
        .into_iter()
        .filter(|form| second.iter().all(|later| server_of(later) != server_of(form)));
    let own: Vec<_> = own.collect();
    ours.into_iter().chain(own).chain(second).collect()
}

/// The server that a call is about.
fn server_of(form: &Form) -> Option<&str> {
    form.iter().find(|(name, _)| name == "keyword").map(|(_, server)| server.as_str())
}

impl<'a> Sabnzbd<'a> {
    /// At the address as it was entered, or below the folder that it usually has.
    fn find(http: &'a Http, key: &'a Secret) -> Result<Self, Error> {
        let mut failure = other("SABnzbd");
        for path in PATHS {
            let sabnzbd = Self { http, key, path, undo: Vec::new() };
            match sabnzbd.call(&form([("mode", "version")])) {
                Ok(answer) if answer["version"].is_string() => return Ok(sabnzbd),
                Ok(_) => {}
                Err(error) if error.problem() == Problem::Other => {}
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn enter(&mut self, setup: &Setup) -> Result<Change, Error> {
        let servers = self.servers()?;
        let is_us = |server: &&Entry| {
            server.name == NAME || setup.address.is_meant_by(&server.host, server.port)
        };
        let ours = servers.iter().find(is_us);
        let name = ours.map_or(NAME, |ours| ours.name.as_str()).to_owned();
        let back = ours.map_or_else(|| removed(&name), as_before);
        self.change(entry(&name, ours, setup), back)?;
        let direct = servers.iter().filter(|server| server.enable == 1 && server.name != name);
        let direct: Vec<_> = direct.filter(|_| setup.disable_direct).collect();
        for server in &direct {
            self.change(enabled(server, "0"), enabled(server, "1"))?;
        }
        self.check(&name, setup)?;
        let disabled = direct.into_iter().map(shown).collect();
        let address = Some(setup.address.clone());
        Ok(Change { entry: name, disabled, address, undo: Undo::Sabnzbd(self.undo.clone()) })
    }

    /// Changes something, once it is known how to take it back.
    fn change(&mut self, form: Form, back: Form) -> Result<(), Error> {
        self.undo.push(back);
        self.call(&form).map(drop)
    }

    /// Whether it is there now.
    fn check(&self, name: &str, setup: &Setup) -> Result<(), Error> {
        let servers = self.servers()?;
        let is_there = servers.iter().any(|server| {
            server.name == name && server.port == setup.address.port && server.enable == 1
        });
        if is_there { Ok(()) } else { Err(failed("SABnzbd has not taken the server")) }
    }

    fn servers(&self) -> Result<Vec<Entry>, Error> {
        let mut config = self.call(&form([("mode", "get_config"), ("section", "servers")]))?;
        match config["config"]["servers"].take() {
            // Without any, the section is not there.
            Value::Null => Ok(Vec::new()),
            servers => serde_json::from_value(servers).map_err(|error| failed(error.to_string())),
        }
    }

    fn call(&self, form: &[(String, String)]) -> Result<Value, Error> {
        let ours = [("output", "json"), ("apikey", self.key.expose())];
        let form = form.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        understood(&self.http.form(self.path, &form.chain(ours).collect::<Vec<_>>())?)
    }
}

fn understood(answer: &Answer) -> Result<Value, Error> {
    let json: Option<Value> = serde_json::from_str(&answer.text).ok();
    let error = json.as_ref().and_then(|json| json["error"].as_str());
    let said = error.unwrap_or(if answer.status == 403 { &answer.text } else { "" });
    match json {
        _ if said.contains("API Key") => Err(Error::new(Problem::Key, said)),
        _ if said.contains("ostname") => Err(Error::new(Problem::Host, said)),
        _ if said.contains("locked") => Err(Error::new(Problem::Locked, said)),
        _ if answer.status == 403 => Err(Error::new(Problem::Host, said)),
        Some(_) if error.is_some() => Err(failed(said)),
        Some(json) if answer.status == 200 => Ok(json),
        _ => Err(other("SABnzbd")),
    }
}

fn form<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Form {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn set(name: &str) -> Form {
    form([("mode", "set_config"), ("section", "servers"), ("keyword", name)])
}

fn entry(name: &str, ours: Option<&Entry>, setup: &Setup) -> Form {
    let (user, password) = setup.login.as_ref().map_or(("", ""), |(user, p)| (user, p.expose()));
    let (port, connections) = (setup.address.port.to_string(), setup.connections.to_string());
    let mut entry = set(name);
    entry.extend(form([
        ("displayname", NAME),
        ("host", &setup.address.host),
        ("port", &port),
        ("ssl", if setup.encrypted.is_some() { "1" } else { "0" }),
        ("ssl_verify", &strict().to_string()),
        ("username", user),
        ("password", password),
        ("connections", &connections),
        ("priority", "0"),
        ("enable", "1"),
        ("quota", ours.map_or("", |ours| &ours.quota)),
    ]));
    entry
}

fn removed(name: &str) -> Form {
    form([("mode", "del_config"), ("section", "servers"), ("keyword", name)])
}

/// All but the password, which it does not tell.
fn as_before(server: &Entry) -> Form {
    let mut before = enabled(server, if server.enable == 1 { "1" } else { "0" });
    before.extend(form([
        ("displayname", server.displayname.as_str()),
        ("host", &server.host),
        ("port", &server.port.to_string()),
        ("ssl", &server.ssl.to_string()),
        ("ssl_verify", &server.ssl_verify.to_string()),
        ("username", &server.username),
        ("connections", &server.connections.to_string()),
        ("priority", &server.priority.to_string()),
    ]));
    before
}

/// Without its quota, SABnzbd would begin to count the volume anew.
fn enabled(server: &Entry, enable: &str) -> Form {
    let mut enabled = set(&server.name);
    enabled.extend(form([("enable", enable), ("quota", &server.quota)]));
    enabled
}

fn shown(server: &Entry) -> Direct {
    let name = if server.displayname.is_empty() { &server.name } else { &server.displayname };
    Direct { name: name.clone(), host: server.host.clone() }
}
