//! `sabnzbd.ini`: the servers are the sections below `[servers]`.

use std::collections::BTreeMap;
use std::mem::discriminant;

use nntp_proxy::config::{Secret, Verify};

use super::Doubt;
use super::configobj::{Line, lines};
use super::entry::Entry;

/// What is before a password that has characters beyond plain ASCII, or a `#`.
const ENCODED: &str = "!!!encoded!!!";
/// Sections that SABnzbd always writes.
const SECTIONS: [&str; 3] = ["servers", "misc", "categories"];

/// The servers; none where this is no `sabnzbd.ini`.
pub(super) fn entries(text: &str) -> Option<Vec<Entry>> {
    let lines = lines(text);
    let is_known =
        |line: &Line| line.sections.first().is_some_and(|name| SECTIONS.contains(&name.as_str()));
    if !lines.iter().any(is_known) {
        return None;
    }
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
    Some(servers.into_iter().map(|(name, entry)| named(name, entry)).collect())
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
        "retention" => entry.retention = value,
        "ssl" => entry.tls = value == "1",
        "ssl_verify" => entry.verify = verify(&value),
        "enable" => entry.off = value == "0",
        "required" => entry.required = value == "1",
        "optional" => doubt(entry, value == "1", Doubt::Optional),
        "quota" => doubt(entry, !value.is_empty(), Doubt::Quota { said: value }),
        "expire_date" => doubt(entry, !value.is_empty(), Doubt::Expires { said: value }),
        _ => {}
    }
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
