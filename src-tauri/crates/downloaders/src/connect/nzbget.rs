//! NZBGet, by its JSON-RPC: its whole settings file is loaded, changed and saved, and NZBGet reloads it.

use std::collections::BTreeSet;

use base64ct::{Base64, Encoding};
use nntp_proxy::config::Secret;
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::Http;
use super::{Change, Direct, NAME, Setup, Undo, failed, other};
use crate::{Error, Problem};

/// What options are to be, or were; some of them are passwords. None: they are not there.
pub(super) type Options = Vec<(String, Option<Secret>)>;

/// Its whole settings file, in order.
struct Config(Vec<(String, Secret)>);

#[derive(Deserialize)]
struct Pair {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Value")]
    value: String,
}

/// NZBGet, and the login to it.
struct Nzbget<'a> {
    http: &'a Http,
    login: String,
}

pub(super) fn connect(
    http: &Http,
    user: &str,
    password: &Secret,
    setup: &Setup,
) -> Result<Change, Error> {
    let nzbget = Nzbget::new(http, user, password);
    if !nzbget.call("version", &json!([]))?.is_string() {
        return Err(other("NZBGet"));
    }
    let config = nzbget.load()?;
    let number = config.place(setup);
    let direct = config.direct(number).into_iter().filter(|_| setup.disable_direct);
    let direct: Vec<_> = direct.collect();
    let mut changes = entry(number, setup);
    changes.extend(direct.iter().map(|at| option(*at, "Active", "no")));
    let disabled = direct.iter().map(|at| config.server(*at)).collect();
    let undo = nzbget.change(config, &changes)?;
    Ok(Change { entry: NAME.into(), disabled, undo: Undo::Nzbget(undo) })
}

pub(super) fn undo(
    http: &Http,
    user: &str,
    password: &Secret,
    undo: &Options,
) -> Result<(), Error> {
    let nzbget = Nzbget::new(http, user, password);
    let config = nzbget.load()?;
    nzbget.change(config, undo).map(drop)
}

/// What takes back two changes: every option becomes what it was before the first that changed it.
pub(super) fn both(mut first: Options, second: Options) -> Options {
    let is_new =
        |(name, _): &(String, _)| first.iter().all(|(known, _)| !known.eq_ignore_ascii_case(name));
    let new: Vec<_> = second.into_iter().filter(is_new).collect();
    first.extend(new);
    first
}

impl<'a> Nzbget<'a> {
    fn new(http: &'a Http, user: &str, password: &Secret) -> Self {
        let login = Base64::encode_string(format!("{user}:{}", password.expose()).as_bytes());
        Self { http, login: format!("Basic {login}") }
    }

    fn load(&self) -> Result<Config, Error> {
        let read = serde_json::from_value::<Vec<Pair>>(self.call("loadconfig", &json!([]))?);
        let options = read.map_err(|_| failed("NZBGet does not tell its settings"))?;
        let config = Config(options.into_iter().map(|o| (o.name, Secret::new(o.value))).collect());
        if config.is_masked() {
            let said = "this user of NZBGet may not change its settings";
            return Err(Error::new(Problem::Locked, said));
        }
        Ok(config)
    }

    /// Saves the settings with these changes, and has them take effect. What takes them back.
    fn change(&self, mut config: Config, changes: &Options) -> Result<Options, Error> {
        let undo = config.set(changes);
        self.save(&config)?;
        if let Err(failure) = self.apply(changes) {
            config.set(&undo);
            // It is the first failure that is told.
            drop(self.save(&config));
            return Err(failure);
        }
        Ok(undo)
    }

    fn save(&self, config: &Config) -> Result<(), Error> {
        let pair =
            |(name, value): &(String, Secret)| json!({"Name": name, "Value": value.expose()});
        let all: Vec<_> = config.0.iter().map(pair).collect();
        match self.call("saveconfig", &json!([all]))? {
            Value::Bool(true) => Ok(()),
            _ => Err(failed("NZBGet could not save its settings")),
        }
    }

    /// Has NZBGet reload its settings, if they are as they should be.
    fn apply(&self, changes: &Options) -> Result<(), Error> {
        let saved = self.load()?;
        let is_saved = |(name, value): &(String, Option<Secret>)| {
            saved.get(name) == value.as_ref().map(Secret::expose)
        };
        if !changes.iter().all(is_saved) {
            return Err(failed("NZBGet has not taken the server"));
        }
        self.call("reload", &json!([])).map(drop)
    }

    fn call(&self, method: &str, parameters: &Value) -> Result<Value, Error> {
        let call = json!({"method": method, "params": parameters}).to_string();
        let answer = self.http.json("/jsonrpc", &self.login, &call)?;
        if matches!(answer.status, 401 | 403) {
            let said = "NZBGet refuses this user and password";
            return Err(Error::new(Problem::Key, said));
        }
        let mut answer: Value = serde_json::from_str(&answer.text).map_err(|_| other("NZBGet"))?;
        match answer["error"]["message"].as_str() {
            Some(said) => Err(failed(said)),
            None => Ok(answer["result"].take()),
        }
    }
}

impl Config {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.expose())
    }

    /// An option of a server; empty where it is not there.
    fn of(&self, number: u16, key: &str) -> &str {
        self.get(&format!("Server{number}.{key}")).unwrap_or_default()
    }

    /// Where our entry is, or the first that is free: NZBGet counts them without gaps.
    fn place(&self, setup: &Setup) -> u16 {
        let port = |at| self.of(at, "Port").parse().unwrap_or_default();
        let is_us = |at: &u16| {
            self.of(*at, "Name") == NAME
                || setup.address.is_meant_by(self.of(*at, "Host"), port(*at))
        };
        let ours = self.numbers().into_iter().find(is_us);
        ours.or_else(|| (1..u16::MAX).find(|at| self.of(*at, "Host").is_empty())).unwrap_or(1)
    }

    /// The others that it uses.
    fn direct(&self, ours: u16) -> Vec<u16> {
        let is_used = |at: &u16| {
            *at != ours
                && !self.of(*at, "Host").is_empty()
                && !self.of(*at, "Active").eq_ignore_ascii_case("no")
        };
        self.numbers().into_iter().filter(is_used).collect()
    }

    fn numbers(&self) -> BTreeSet<u16> {
        let number = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.strip_prefix("server")?.split_once('.')?.0.parse().ok()
        };
        self.0.iter().filter_map(|(name, _)| number(name)).collect()
    }

    fn server(&self, number: u16) -> Direct {
        let (name, host) = (self.of(number, "Name"), self.of(number, "Host"));
        Direct { name: if name.is_empty() { host } else { name }.into(), host: host.into() }
    }

    /// Gives what was.
    fn set(&mut self, changes: &Options) -> Options {
        let was = |(name, _): &(String, _)| (name.clone(), self.get(name).map(Secret::new));
        let before = changes.iter().map(was).collect();
        for (name, value) in changes {
            let at = self.0.iter().position(|(known, _)| known.eq_ignore_ascii_case(name));
            match (at, value) {
                (Some(at), Some(value)) => self.0[at].1 = value.clone(),
                (Some(at), None) => drop(self.0.remove(at)),
                (None, Some(value)) => self.0.push((name.clone(), value.clone())),
                (None, None) => {}
            }
        }
        before
    }

    /// Whether a password was kept back: it would be lost when this is saved.
    fn is_masked(&self) -> bool {
        let stars = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte == b'*');
        self.0.iter().any(|(name, value)| is_password(name) && stars(value.expose()))
    }
}

fn is_password(option: &str) -> bool {
    option.to_ascii_lowercase().ends_with(".password")
}

fn option(number: u16, key: &str, value: &str) -> (String, Option<Secret>) {
    (format!("Server{number}.{key}"), Some(Secret::new(value)))
}

fn entry(number: u16, setup: &Setup) -> Options {
    let (user, password) = setup.login.as_ref().map_or(("", ""), |(user, p)| (user, p.expose()));
    let (port, connections) = (setup.address.port.to_string(), setup.connections.to_string());
    let options = [
        ("Active", "yes"),
        ("Name", NAME),
        ("Level", "0"),
        ("Optional", "no"),
        ("Group", "0"),
        ("Host", &setup.address.host),
        ("Port", &port),
        ("Username", user),
        ("Password", password),
        ("JoinGroup", "no"),
        ("Encryption", "no"),
        ("Connections", &connections),
        ("Retention", "0"),
    ];
    options.map(|(key, value)| option(number, key, value)).into()
}

/// Options on the disk: without passwords that were there.
pub(super) mod without_passwords {
    use nntp_proxy::config::Secret;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Options, is_password};

    pub(in super::super) fn serialize<S: Serializer>(
        options: &Options,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let told = options.iter().filter(|(name, value)| !is_password(name) || value.is_none());
        to.collect_seq(told.map(|(name, value)| (name, value.as_ref().map(Secret::expose))))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Options, D::Error> {
        let options = Vec::<(String, Option<String>)>::deserialize(from)?;
        Ok(options.into_iter().map(|(name, value)| (name, value.map(Secret::new))).collect())
    }
}
