//! `nzbget.conf`: one `Name=value` a line, the servers as `Server1.Host` and so on. Names in any case.

use std::collections::BTreeMap;

use nntp_proxy::config::{Secret, Verify};

use super::entry::Entry;
use super::{Doubt, Parsed, address};
use crate::Program;
use crate::connect::Access;

/// References cannot make a value longer.
const LONGEST_VALUE: usize = 1000;

/// Options that NZBGet always writes.
const OPTIONS: [&str; 3] = ["maindir", "controlport", "controlpassword"];

/// The servers; none where this is no `nzbget.conf`.
pub(super) fn parse(text: &str) -> Option<Parsed> {
    let options = expanded(text.lines().filter_map(option));
    let mut servers: BTreeMap<u16, BTreeMap<String, &str>> = BTreeMap::new();
    for (name, value) in &options {
        if let Some((number, key)) = server(name) {
            servers.entry(number).or_default().insert(key.to_owned(), value);
        }
    }
    let is_known = |(name, _): &(String, String)| OPTIONS.contains(&name.as_str());
    if servers.is_empty() && !options.iter().any(is_known) {
        return None;
    }
    // Before servers had an option for it, there was one for all.
    let checked = options.iter().rev().find(|(name, _)| name == "certcheck");
    let unchecked = checked.is_some_and(|(_, value)| !is_yes(value));
    let entries = servers.values().map(|options| entry(options, unchecked)).collect();
    Some(Parsed { entries, access: access(&options) })
}

/// Its own web interface.
fn access(options: &[(String, String)]) -> Option<Access> {
    let get = |name: &str| {
        let option = options.iter().rev().find(|(known, _)| known == name);
        option.map_or("", |(_, value)| value.as_str())
    };
    let (user, password, port) =
        (get("controlusername"), get("controlpassword"), get("controlport"));
    (!password.is_empty() && !port.is_empty()).then(|| Access {
        program: Program::Nzbget,
        address: address("http", get("controlip"), port),
        user: user.to_owned(),
        secret: Secret::new(password),
    })
}

/// With the values of other options in the place of `${Option}`. As in NZBGet, those have to be above it.
fn expanded<'a>(options: impl Iterator<Item = (String, &'a str)>) -> Vec<(String, String)> {
    let (mut all, mut values) = (Vec::new(), BTreeMap::<String, String>::new());
    for (name, value) in options {
        let (mut done, mut rest) = (String::new(), value);
        while let Some((before, reference)) = rest.split_once("${")
            && let Some((option, behind)) = reference.split_once('}')
            && let Some(value) = values.get(&option.to_ascii_lowercase())
            && done.len() + before.len() + value.len() <= LONGEST_VALUE
        {
            done += before;
            done += value;
            rest = behind;
        }
        done += rest;
        values.insert(name.clone(), done.clone());
        all.push((name, done));
    }
    all
}

/// A name in lower case, and its value.
fn option(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    let (name, value) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
    Some((name.trim().to_ascii_lowercase(), value.trim()))
}

/// The number and the key in `server1.host`.
fn server(name: &str) -> Option<(u16, &str)> {
    let (number, key) = name.strip_prefix("server")?.split_once('.')?;
    Some((number.parse().ok().filter(|number| *number > 0)?, key))
}

fn entry(options: &BTreeMap<String, &str>, unchecked: bool) -> Entry {
    let text = |key: &str| options.get(key).copied().unwrap_or_default();
    let string = |key: &str| text(key).to_owned();
    let password = text("password");
    let tls = is_yes(text("encryption"));
    let more = unchecked && tls && text("certverification").is_empty();
    let doubts = [
        more.then_some(Doubt::MoreVerified),
        is_yes(text("optional")).then_some(Doubt::Optional),
        is_yes(text("joingroup")).then_some(Doubt::JoinsGroup),
    ];
    Entry {
        name: string("name"),
        host: string("host"),
        port: string("port"),
        username: string("username"),
        password: (!password.is_empty()).then(|| Secret::new(password)),
        connections: string("connections"),
        tier: string("level"),
        retention: string("retention"),
        quota: None,
        expires: String::new(),
        group: string("group"),
        off: !text("active").is_empty() && !is_yes(text("active")),
        tls,
        required: false,
        verify: match text("certverification").to_ascii_lowercase().as_str() {
            "none" => Verify::None,
            "minimal" => Verify::Certificate,
            _ => Verify::Full,
        },
        doubts: doubts.into_iter().flatten().collect(),
    }
}

/// In all the words that NZBGet takes for it.
fn is_yes(value: &str) -> bool {
    ["yes", "on", "true", "1"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}
