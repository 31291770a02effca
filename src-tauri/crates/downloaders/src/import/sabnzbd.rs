//! `sabnzbd.ini`: the servers are the sections below `[servers]`.

use std::collections::BTreeMap;
use std::mem::discriminant;

use nntp_proxy::config::{Secret, Verify};

use super::configobj::{Line, lines};
use super::entry::Entry;
use super::{Doubt, Parsed, address};
use crate::Program;
use crate::connect::Access;

/// What is before a password that has characters beyond plain ASCII, or a `#`.
const ENCODED: &str = "!!!encoded!!!";
/// Sections that SABnzbd always writes.
const SECTIONS: [&str; 3] = ["servers", "misc", "categories"];

/// The servers; none where this is no `sabnzbd.ini`.
pub(super) fn parse(text: &str) -> Option<Parsed> {
    let lines = lines(text);
    let is_known =
        |line: &Line| line.sections.first().is_some_and(|name| SECTIONS.contains(&name.as_str()));
    if !lines.iter().any(is_known) {
        return None;
    }
    let access = access(&lines);
    let mut servers: Vec<(String, Entry)> = Vec::new();
    let mut places = BTreeMap::new();
    for Line { sections, pair } in lines {
        let [top, name] = &sections[..] else { continue };
        if top != "servers" {
            continue;
        }
        let at = *places.entry(name.clone()).or_insert(servers.len());
        if at == servers.len() {
            servers.push((name.clone(), Entry::default()));
        }
        if let (Some((key, value)), Some((_, entry))) = (pair, servers.get_mut(at)) {
            take(entry, &key, value);
        }
    }
    let entries = servers.into_iter().map(|(name, entry)| named(name, entry)).collect();
    Some(Parsed { entries, access })
}

/// Its own web interface.
fn access(lines: &[Line]) -> Option<Access> {
    let pairs = lines.iter().filter(|line| line.sections == ["misc"]);
    let pairs: BTreeMap<&str, &str> = pairs
        .filter_map(|line| line.pair.as_ref())
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    let get = |key: &str| pairs.get(key).copied().unwrap_or_default();
    let (scheme, port) = match (get("enable_https"), get("https_port")) {
        ("1", "") => ("https", get("port")),
        ("1", port) => ("https", port),
        _ => ("http", get("port")),
    };
    let key = get("api_key");
    (!key.is_empty() && !port.is_empty()).then(|| Access {
        program: Program::Sabnzbd,
        address: address(scheme, get("host"), port),
        user: String::new(),
        secret: Secret::new(key),
    })
}

/// Without a name of its own, that of its section.
fn named(section: String, entry: Entry) -> Entry {
    let name = if entry.name.is_empty() { section } else { entry.name };
    Entry { name, ..entry }
}

fn take(entry: &mut Entry, key: &str, value: String) {
    match key {
        "displayname" => entry.name = value,
        "name" if entry.name.is_empty() => entry.name = value,
        "host" => entry.host = value,
        "port" => entry.port = value,
        "username" => entry.username = value,
        "password" => entry.password = password(&value),
        "connections" => entry.connections = value,
        "priority" => entry.tier = value,
        // Before there were priorities.
        "fillserver" if value == "1" && entry.tier.is_empty() => entry.tier = "1".into(),
        "retention" => entry.retention = value,
        "ssl" => entry.tls = value == "1",
        "ssl_verify" => entry.verify = verify(&value),
        "enable" => entry.off = value == "0",
        "required" => entry.required = value == "1",
        "optional" => doubt(entry, value == "1", Doubt::Optional),
        "quota" => {
            entry.quota = bytes(&value);
            doubt(entry, !value.is_empty(), Doubt::Quota { said: value });
        }
        "expire_date" => entry.expires = value,
        _ => {}
    }
}

/// A size such as `500G`, whose units SABnzbd takes as powers of 1024; none where it is no size, or 0.
fn bytes(size: &str) -> Option<u64> {
    let size = size.trim().trim_end_matches(['b', 'B']);
    let (number, unit) = match size.chars().last()?.to_ascii_uppercase() {
        'K' => (size.get(..size.len() - 1)?, 1_u64 << 10),
        'M' => (size.get(..size.len() - 1)?, 1 << 20),
        'G' => (size.get(..size.len() - 1)?, 1 << 30),
        'T' => (size.get(..size.len() - 1)?, 1 << 40),
        'P' => (size.get(..size.len() - 1)?, 1 << 50),
        _ => (size, 1),
    };
    let (whole, tenths) = number.trim().split_once('.').unwrap_or((number.trim(), "0"));
    let tenth = tenths.get(..1)?.parse::<u64>().ok()?;
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    whole.checked_add(tenth * unit / 10).filter(|bytes| *bytes > 0)
}

/// The last word on it counts.
fn doubt(entry: &mut Entry, is_so: bool, doubt: Doubt) {
    entry.doubts.retain(|known| discriminant(known) != discriminant(&doubt));
    entry.doubts.extend(is_so.then_some(doubt));
}

fn verify(value: &str) -> Verify {
    match value {
        "0" => Verify::None,
        "1" => Verify::Certificate,
        _ => Verify::Full,
    }
}

/// None where it is empty, or cannot be what SABnzbd wrote.
fn password(value: &str) -> Option<Secret> {
    let plain = match value.strip_prefix(ENCODED) {
        None => value.to_owned(),
        Some(encoded) => decoded(encoded)?,
    };
    (!plain.is_empty()).then(|| Secret::new(plain))
}

/// Two hexadecimal digits a character; of a low one the first is a blank.
fn decoded(encoded: &str) -> Option<String> {
    let pairs = encoded.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let digits = str::from_utf8(pair).ok().filter(|digits| digits.len() == 2)?;
            let digits = digits.strip_prefix(' ').unwrap_or(digits);
            let is_hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            let code = is_hexadecimal.then(|| u8::from_str_radix(digits, 16).ok()).flatten()?;
            Some(char::from(code))
        })
        .collect()
}
