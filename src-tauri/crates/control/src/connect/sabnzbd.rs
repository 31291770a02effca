//! SABnzbd, by its API: `get_config`, `set_config` and `del_config` of its servers.

use nntp_proxy::config::Secret;
use serde::Deserialize;
use serde_json::Value;

use super::http::{Answer, Http};
use super::{Done, NAME, Server, Undo, Wish, failed, other};
use crate::import::is_ours;
use crate::request::{Failure, FailureCode};

/// Where its API may be.
const PATHS: [&str; 2] = ["/api", "/sabnzbd/api"];

/// The fields that what takes something back has.
pub(super) const KEYS: [&str; 12] = [
    "mode",
    "section",
    "keyword",
    "enable",
    "quota",
    "displayname",
    "host",
    "port",
    "ssl",
    "username",
    "connections",
    "priority",
];

/// The fields of a call.
pub(super) type Form = Vec<(&'static str, String)>;

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
    enable: u8,
    #[serde(default)]
    quota: String,
    #[serde(default)]
    priority: i32,
}

/// SABnzbd, and the key to it.
struct Sabnzbd<'a> {
    http: &'a Http,
    key: &'a Secret,
    path: &'static str,
    /// What takes back what was done so far.
    undo: Vec<Form>,
}

pub(super) fn connect(http: &Http, key: &Secret, wish: &Wish) -> Result<Done, Failure> {
    let mut sabnzbd = Sabnzbd::find(http, key)?;
    let done = sabnzbd.enter(wish);
    if done.is_err() {
        // It is the first failure that is told.
        drop(undo(http, key, &sabnzbd.undo));
    }
    done
}

pub(super) fn undo(http: &Http, key: &Secret, undo: &[Form]) -> Result<(), Failure> {
    let sabnzbd = Sabnzbd::find(http, key)?;
    let mut done = Ok(());
    for form in undo.iter().rev() {
        done = sabnzbd.call(form).map(drop).and(done);
    }
    done
}

impl<'a> Sabnzbd<'a> {
    /// At the address as it was entered, or below the folder that it usually has.
    fn find(http: &'a Http, key: &'a Secret) -> Result<Self, Failure> {
        let mut failure = other("SABnzbd");
        for path in PATHS {
            let sabnzbd = Self { http, key, path, undo: Vec::new() };
            match sabnzbd.call(&[("mode", "version".into())]) {
                Ok(answer) if answer["version"].is_string() => return Ok(sabnzbd),
                Ok(_) => {}
                Err(error) if error.code == FailureCode::ClientOther => {}
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn enter(&mut self, wish: &Wish) -> Result<Done, Failure> {
        let servers = self.servers()?;
        let is_us = |server: &&Entry| {
            server.name == NAME || is_ours(&server.host, server.port, &wish.address)
        };
        let ours = servers.iter().find(is_us);
        let name = ours.map_or(NAME, |ours| ours.name.as_str()).to_owned();
        let back = ours.map_or_else(|| removed(&name), as_before);
        self.change(entry(&name, ours, wish), back)?;
        let direct = servers.iter().filter(|server| server.enable == 1 && server.name != name);
        let direct: Vec<_> = direct.filter(|_| wish.disable_direct).collect();
        for server in &direct {
            self.change(enabled(server, "0"), enabled(server, "1"))?;
        }
        self.check(&name, wish)?;
        let disabled = direct.into_iter().map(shown).collect();
        Ok(Done { entry: name, disabled, undo: Undo::Sabnzbd(self.undo.clone()) })
    }

    /// Changes something, once it is known how to take it back.
    fn change(&mut self, form: Form, back: Form) -> Result<(), Failure> {
        self.undo.push(back);
        self.call(&form).map(drop)
    }

    /// Whether it is there now.
    fn check(&self, name: &str, wish: &Wish) -> Result<(), Failure> {
        let servers = self.servers()?;
        let is_there = servers.iter().any(|server| {
            server.name == name && server.port == wish.address.port && server.enable == 1
        });
        if is_there { Ok(()) } else { Err(failed("SABnzbd has not taken the server")) }
    }

    fn servers(&self) -> Result<Vec<Entry>, Failure> {
        let mut config =
            self.call(&[("mode", "get_config".into()), ("section", "servers".into())])?;
        match config["config"]["servers"].take() {
            // Without any, the section is not there.
            Value::Null => Ok(Vec::new()),
            servers => serde_json::from_value(servers).map_err(|error| failed(error.to_string())),
        }
    }

    fn call(&self, form: &[(&'static str, String)]) -> Result<Value, Failure> {
        let ours = [("output", "json"), ("apikey", self.key.expose())];
        let form = form.iter().map(|(name, value)| (*name, value.as_str()));
        understood(&self.http.form(self.path, &form.chain(ours).collect::<Vec<_>>())?)
    }
}

fn understood(answer: &Answer) -> Result<Value, Failure> {
    let json: Option<Value> = serde_json::from_str(&answer.text).ok();
    let error = json.as_ref().and_then(|json| json["error"].as_str());
    let said = error.unwrap_or(if answer.status == 403 { &answer.text } else { "" });
    match json {
        _ if said.contains("API Key") => Err(Failure::new(FailureCode::ClientKey, said)),
        _ if said.contains("ostname") => Err(Failure::new(FailureCode::ClientHost, said)),
        _ if said.contains("locked") => Err(Failure::new(FailureCode::ClientLocked, said)),
        _ if answer.status == 403 => Err(Failure::new(FailureCode::ClientHost, said)),
        Some(_) if error.is_some() => Err(failed(said)),
        Some(json) if answer.status == 200 => Ok(json),
        _ => Err(other("SABnzbd")),
    }
}

fn set(name: &str) -> Form {
    vec![("mode", "set_config".into()), ("section", "servers".into()), ("keyword", name.into())]
}

fn entry(name: &str, ours: Option<&Entry>, wish: &Wish) -> Form {
    let mut form = set(name);
    let (user, password) = wish.login.as_ref().map_or(("", ""), |(user, p)| (user, p.expose()));
    form.extend([
        ("displayname", NAME.into()),
        ("host", wish.address.host.clone()),
        ("port", wish.address.port.to_string()),
        ("ssl", "0".into()),
        ("username", user.into()),
        ("password", password.into()),
        ("connections", wish.connections.to_string()),
        ("priority", "0".into()),
        ("enable", "1".into()),
        ("quota", ours.map(|ours| ours.quota.clone()).unwrap_or_default()),
    ]);
    form
}

fn removed(name: &str) -> Form {
    vec![("mode", "del_config".into()), ("section", "servers".into()), ("keyword", name.into())]
}

/// All but the password, which it does not tell.
fn as_before(server: &Entry) -> Form {
    let mut form = enabled(server, if server.enable == 1 { "1" } else { "0" });
    form.extend([
        ("displayname", server.displayname.clone()),
        ("host", server.host.clone()),
        ("port", server.port.to_string()),
        ("ssl", server.ssl.to_string()),
        ("username", server.username.clone()),
        ("connections", server.connections.to_string()),
        ("priority", server.priority.to_string()),
    ]);
    form
}

/// Without its quota, SABnzbd would begin to count the volume anew.
fn enabled(server: &Entry, enable: &str) -> Form {
    let mut form = set(&server.name);
    form.extend([("enable", enable.into()), ("quota", server.quota.clone())]);
    form
}

fn shown(server: &Entry) -> Server {
    let name = if server.displayname.is_empty() { &server.name } else { &server.displayname };
    Server { name: name.clone(), host: server.host.clone() }
}
