//! NZBGet, by its JSON-RPC: its whole settings file is loaded, changed and saved, and NZBGet reloads it.

use std::collections::BTreeSet;

use base64ct::{Base64, Encoding};
use nntp_proxy::config::Secret;
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::Http;
use super::{Change, Direct, NAME, Setup, Undo, failed, other};
use crate::{Address, Error, Problem};

/// What options are to be, or were; some of them are passwords. None: they are not there.
pub(super) type Options = Vec<(String, Option<Secret>)>;

/// Its whole settings file, in order.
#[derive(Debug, Clone, PartialEq)]
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
    let before = nzbget.load()?;
    let (after, change) = before.entered(setup);
    nzbget.change(&before, &after)?;
    Ok(change)
}

/// Takes a change back. NZBGet renumbers its servers when one is deleted, so each is recognized by what it is.
pub(super) fn undo(
    http: &Http,
    user: &str,
    password: &Secret,
    change: &Change,
) -> Result<(), Error> {
    let Undo::Nzbget(undo) = &change.undo else { return Err(other("NZBGet")) };
    let nzbget = Nzbget::new(http, user, password);
    let before = nzbget.load()?;
    let (after, was_there) = before.undone(undo, change);
    if after != before {
        nzbget.change(&before, &after)?;
    }
    let gone = "NZBGet has no server named Newsmux anymore: it was renamed or deleted there";
    if was_there { Ok(()) } else { Err(failed(gone)) }
}

/// What takes back two changes: every option becomes what it was before the first that changed it. Where the second made a
/// new entry, the first one's entry is gone, and its number may be another server's by now.
pub(super) fn both(first: Options, second: Options) -> Options {
    let number = |options: &Options| options.first().and_then(|(name, _)| number_of(name));
    let (Some(was), Some(is)) = (number(&first), number(&second)) else { return second };
    let host = format!("Server{is}.Host");
    let had_entry = second.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case(&host) && value.as_ref().is_some_and(|v| !v.expose().is_empty())
    });
    let (entry, direct): (Options, Options) =
        first.into_iter().partition(|(name, _)| number_of(name) == Some(was));
    // The entry may have moved in between.
    let mut both = if had_entry { renumbered(&entry, is) } else { Options::new() };
    for option in second.into_iter().chain(direct) {
        if both.iter().all(|(known, _)| !known.eq_ignore_ascii_case(&option.0)) {
            both.push(option);
        }
    }
    both
}

/// The number of the server that an option is about.
fn number_of(option: &str) -> Option<u16> {
    let option = option.to_ascii_lowercase();
    option.strip_prefix("server")?.split_once('.')?.0.parse().ok()
}

/// These options of one server as those of another.
fn renumbered(options: &Options, number: u16) -> Options {
    let renumbered = |(name, value): &(String, Option<Secret>)| {
        let key = name.split_once('.').map_or(name.as_str(), |(_, key)| key);
        (format!("Server{number}.{key}"), value.clone())
    };
    options.iter().map(renumbered).collect()
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

    /// Saves the settings, and has them take effect.
    fn change(&self, before: &Config, after: &Config) -> Result<(), Error> {
        self.save(after)?;
        let applied = self.apply(before, after);
        if applied.is_err() {
            // It is the first failure that is told.
            drop(self.save(before));
        }
        applied
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

    /// Has NZBGet reload its settings, if it saved what was changed.
    fn apply(&self, before: &Config, after: &Config) -> Result<(), Error> {
        let saved = self.load()?;
        let mut options = before.0.iter().chain(&after.0).map(|(name, _)| name.as_str());
        let is_saved =
            |name: &str| before.get(name) == after.get(name) || saved.get(name) == after.get(name);
        if !options.all(is_saved) {
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
    /// With Newsmux as a server, and how to take it back.
    fn entered(&self, setup: &Setup) -> (Self, Change) {
        let number = self.place(&setup.address);
        let direct = self.direct(number).into_iter().filter(|_| setup.disable_direct);
        let direct: Vec<_> = direct.collect();
        let mut changes = entry(number, setup);
        changes.extend(direct.iter().map(|at| option(*at, "Active", "no")));
        let mut after = self.clone();
        let undo = Undo::Nzbget(after.set(&changes));
        let disabled = direct.iter().map(|at| self.server(*at)).collect();
        let address = Some(setup.address.clone());
        (after, Change { entry: NAME.into(), disabled, address, undo })
    }

    /// Without what a change did, and whether our entry was still there.
    fn undone(&self, undo: &Options, change: &Change) -> (Self, bool) {
        let number = undo.first().and_then(|(name, _)| number_of(name));
        let (entry, direct): (Options, Options) =
            undo.iter().cloned().partition(|(name, _)| number_of(name) == number);
        let ours = self.ours(number, change.address.as_ref());
        let mut after = self.clone();
        for server in &change.disabled {
            after.set(&self.enabled(server, ours, &direct));
        }
        if let Some(ours) = ours {
            after.restore(ours, &entry);
        }
        (after, ours.is_some())
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.expose())
    }

    /// An option of a server; empty where it is not there.
    fn of(&self, number: u16, key: &str) -> &str {
        self.get(&format!("Server{number}.{key}")).unwrap_or_default()
    }

    /// Where our entry is, or the first that is free: NZBGet counts them without gaps.
    fn place(&self, address: &Address) -> u16 {
        let free = || (1..u16::MAX).find(|at| self.of(*at, "Host").is_empty());
        self.ours(None, Some(address)).or_else(free).unwrap_or(1)
    }

    /// Where our entry is: at this number if that is one of ours.
    fn ours(&self, number: Option<u16>, address: Option<&Address>) -> Option<u16> {
        let port = |at| self.of(at, "Port").parse().unwrap_or_default();
        let is_us = |at: &u16| {
            self.of(*at, "Name") == NAME
                || address.is_some_and(|us| us.is_meant_by(self.of(*at, "Host"), port(*at)))
        };
        number.filter(is_us).or_else(|| self.numbers().into_iter().find(is_us))
    }

    /// What enables a server of its own again, wherever that is now: `recorded` is what it was, by the numbers of then.
    fn enabled(&self, server: &Direct, ours: Option<u16>, recorded: &Options) -> Options {
        let is_it = |at: &u16| Some(*at) != ours && self.server(*at) == *server;
        let numbers: Vec<_> = self.numbers().into_iter().filter(is_it).collect();
        let is_there =
            |(name, _): &&(String, _)| number_of(name).is_some_and(|at| numbers.contains(&at));
        let there: Options = recorded.iter().filter(is_there).cloned().collect();
        if there.is_empty() {
            numbers.iter().take(1).map(|at| option(*at, "Active", "yes")).collect()
        } else {
            there
        }
    }

    /// Makes our entry what it was. Where there was none, the servers behind it move up: NZBGet reads none behind a gap.
    fn restore(&mut self, ours: u16, entry: &Options) {
        if entry.iter().any(|(_, value)| value.is_some()) {
            self.set(&renumbered(entry, ours));
            return;
        }
        self.0.retain(|(name, _)| number_of(name) != Some(ours));
        for (name, _) in &mut self.0 {
            if let Some(number) = number_of(name).filter(|number| *number > ours) {
                let key = name.split_once('.').map_or("", |(_, key)| key);
                *name = format!("Server{}.{key}", number - 1);
            }
        }
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
        self.0.iter().filter_map(|(name, _)| number_of(name)).collect()
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
        ("Encryption", if setup.encrypted.is_some() { "yes" } else { "no" }),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The options of these servers by number: the name, the host, whether it is active, and one that only NZBGet knows.
    fn config(servers: &[(&str, &str, &str)]) -> Config {
        let options = |(at, (name, host, active)): (usize, &(&str, &str, &str))| {
            let keys = [("Name", name), ("Host", host), ("Active", active), ("Notes", &"n")];
            keys.map(|(key, value)| (format!("Server{}.{key}", at + 1), Secret::new(*value)))
        };
        Config(servers.iter().enumerate().flat_map(options).collect())
    }

    const OWN: (&str, &str, &str) = ("Own", "own.example", "yes");
    const OFF: (&str, &str, &str) = ("Own", "own.example", "no");
    const NEW: (&str, &str, &str) = ("New", "new.example", "yes");
    const US: (&str, &str, &str) = (NAME, "127.0.0.1", "yes");

    fn entered(config: &Config) -> (Config, Change) {
        let address = Address { host: "127.0.0.1".into(), port: 1190 };
        let encrypted = None;
        config.entered(&Setup {
            address,
            encrypted,
            connections: 8,
            login: None,
            disable_direct: true,
        })
    }

    fn undone(config: &Config, change: &Change) -> (Config, bool) {
        let Undo::Nzbget(undo) = &change.undo else { panic!("{change:?}") };
        config.undone(undo, change)
    }

    #[test]
    fn a_server_that_has_the_number_of_an_entry_that_was_deleted_stays() {
        let (_, first) = entered(&config(&[OWN]));
        // The user deletes Newsmux there, and adds a server.
        let (now, second) = entered(&config(&[OFF, NEW]));
        let (back, was_there) = undone(&now, &second.after(first.clone()));
        assert_eq!((back, was_there), (config(&[OWN, NEW]), true));
        // Without the second, nothing of ours is there.
        let (back, was_there) = undone(&config(&[OFF, NEW]), &first);
        assert_eq!((back, was_there), (config(&[OWN, NEW]), false));
    }

    #[test]
    fn an_entry_that_moved_is_removed_where_it_is() {
        let (_, first) = entered(&config(&[("Old", "old.example", "no"), OWN]));
        // The user deletes the first server, and NZBGet renumbers the others.
        let (back, was_there) = undone(&config(&[OFF, US, NEW]), &first);
        assert_eq!((back, was_there), (config(&[OWN, NEW]), true));
        // The same after it is entered once more.
        let (now, second) = entered(&config(&[OFF, US, NEW]));
        let (back, was_there) = undone(&now, &second.after(first));
        assert_eq!((back, was_there), (config(&[OWN, NEW]), true));
    }

    #[test]
    fn an_entry_that_was_deleted_does_not_come_back_in_place_of_a_new_one() {
        let (_, first) = entered(&config(&[OWN, US]));
        let (now, second) = entered(&config(&[OFF, NEW]));
        let (back, was_there) = undone(&now, &second.after(first));
        assert_eq!((back, was_there), (config(&[OWN, NEW]), true));
    }

    #[test]
    fn an_entry_that_was_renamed_is_known_by_its_address() {
        let (mut now, change) = entered(&config(&[OWN]));
        now.set(&vec![option(2, "Name", "Proxy")]);
        assert_eq!(undone(&now, &change), (config(&[OWN]), true));
    }

    #[test]
    fn what_another_undo_removed_is_not_entered_again() {
        let (now, first) = entered(&config(&[OWN]));
        let (now, second) = entered(&now);
        let (now, _) = undone(&now, &first);
        assert_eq!(undone(&now, &second), (config(&[OWN]), false));
    }
}
