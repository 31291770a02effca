//! The servers that another program has in its settings.

mod configobj;
mod entry;
mod nzbget;
mod sabnzbd;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use nntp_proxy::config::{Secret, Verify};
use serde::Serialize;

use crate::connect::Access;
use crate::{Address, Error, Problem, Program};
use entry::Entry;

/// What the settings of a downloader can be long, in bytes.
pub const LONGEST: usize = 1 << 20;

/// What was found in a program's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Servers {
    /// Whose settings they are.
    pub program: Program,
    /// Those that can be imported, in the order of the file.
    pub servers: Vec<Server>,
    /// Those that cannot.
    pub left_out: Vec<LeftOut>,
    /// How to reach the program itself, where the settings say that with the key.
    pub access: Option<Access>,
}

/// What one format gives.
struct Parsed {
    entries: Vec<Entry>,
    access: Option<Access>,
}

/// A server that can be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The name that people see.
    pub name: String,
    /// Whether it is used.
    pub enabled: bool,
    /// Host name or address.
    pub host: String,
    /// The port; none where the one that is there cannot be.
    pub port: Option<u16>,
    /// Whether it is encrypted, from the first byte.
    pub tls: bool,
    /// How much of the certificate is verified.
    pub verify: Verify,
    /// The account's name.
    pub username: Option<String>,
    /// The account's password.
    pub password: Option<Secret>,
    /// How many connections it may have.
    pub connections: u16,
    /// 0 is asked first.
    pub tier: u8,
    /// Whether it is waited for when it is down.
    pub required: bool,
    /// The volume of its account, in bytes.
    pub quota: Option<u64>,
    /// The last day of its account, such as `2027-03-01`.
    pub expires: Option<String>,
    /// The group that it shares its articles with.
    pub group: Option<String>,
    /// What is not as it was, or should be looked at.
    pub doubts: Vec<Doubt>,
}

/// What is not taken as it was, or should be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Doubt {
    /// It is switched off there, and here too.
    Off,
    /// Its login goes over the network in the clear, there and here.
    NotEncrypted,
    /// Its certificate is not fully verified, there and here.
    LessVerified,
    /// Its certificate is not verified there, and is here: it may turn out to be bad.
    MoreVerified,
    /// It has a user name, and no password that could be read.
    NoPassword,
    /// Its port cannot be: the usual one is taken.
    Port {
        /// What was there.
        said: String,
    },
    /// Its connections cannot be as many: this many are taken.
    Connections {
        /// What was there.
        said: String,
        /// What is taken.
        taken: u16,
    },
    /// Its place in the order cannot be: this tier is taken.
    Tier {
        /// What was there.
        said: String,
        /// What is taken.
        taken: u8,
    },
    /// It has articles of so many days only, which Newsmux does not know: it is asked for older ones too.
    Retention {
        /// How many.
        days: u32,
    },
    /// It may fail without being waited for: so may every provider that is not required.
    Optional,
    /// The newsgroup is selected there before each article, and not here.
    JoinsGroup,
    /// Its volume is limited; how much of it was used is not in the file.
    Quota {
        /// To what, in the program's words.
        said: String,
    },
    /// The account ends on a day that Newsmux cannot read.
    Expires {
        /// The day, in the program's words.
        said: String,
    },
}

/// A server that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LeftOut {
    /// The name that it has there.
    pub name: String,
    /// Why.
    pub why: Unfit,
}

/// Why a server cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Unfit {
    /// It is this Newsmux.
    Ours,
    /// It has no host, or one that cannot be.
    Host,
    /// It is the example that comes with the program.
    Example,
}

/// The servers in a settings file. Where SABnzbd's is broken, the copy that it keeps beside it is read.
///
/// # Errors
/// Like [`read`], and when the file cannot be read.
pub fn load(file: &Path, ours: &Address) -> Result<Servers, Error> {
    load_one(file, ours).or_else(|error| {
        let copy = file.with_extension("ini.bak");
        let has_copy = file.extension().is_some_and(|extension| extension == "ini");
        let servers = has_copy.then(|| load_one(&copy, ours).ok()).flatten();
        servers.ok_or(error)
    })
}

fn load_one(file: &Path, ours: &Address) -> Result<Servers, Error> {
    let text = start_of(file).map_err(|error| {
        Error::new(Problem::Unreadable, format!("this file cannot be read: {error}"))
    })?;
    read(&text, ours)
}

/// As much of a file as can be settings, and a little more, to tell that it is too large.
fn start_of(file: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(1);
    File::open(file)?.take(most).read_to_end(&mut text)?;
    Ok(text)
}

/// The servers in a program's settings, by what the text looks like; `ours` is where Newsmux listens.
///
/// # Errors
/// When it is too long, not the settings of such a program, or without any server.
pub fn read(text: &[u8], ours: &Address) -> Result<Servers, Error> {
    if text.len() > LONGEST {
        let said = "this file is too large for the settings of SABnzbd or NZBGet";
        return Err(Error::new(Problem::NotSettings, said));
    }
    let text = decoded(text);
    let (program, Parsed { entries, access }) = if let Some(parsed) = nzbget::parse(&text) {
        (Program::Nzbget, parsed)
    } else if let Some(parsed) = sabnzbd::parse(&text) {
        (Program::Sabnzbd, parsed)
    } else {
        let said = "these are not the settings of SABnzbd (sabnzbd.ini) or NZBGet (nzbget.conf)";
        return Err(Error::new(Problem::NotSettings, said));
    };
    if entries.is_empty() {
        return Err(Error::new(Problem::NoServers, "no news server is in these settings"));
    }
    let mut servers = Servers { program, servers: Vec::new(), left_out: Vec::new(), access };
    for entry in entries {
        match entry.server(ours) {
            Ok(server) => servers.servers.push(server),
            Err(left_out) => servers.left_out.push(left_out),
        }
    }
    Ok(servers)
}

/// A program's address as seen from this computer, by the one that it listens on.
fn address(scheme: &str, listens: &str, port: &str) -> String {
    let host = match listens {
        "" | "0.0.0.0" | "::" | "localhost" => "127.0.0.1",
        other => other,
    };
    let brackets = host.contains(':') && !host.starts_with('[');
    if brackets {
        format!("{scheme}://[{host}]:{port}")
    } else {
        format!("{scheme}://{host}:{port}")
    }
}

/// UTF-8, with or without a mark before it; what is none was written by an older program, in Latin-1.
fn decoded(text: &[u8]) -> String {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    match str::from_utf8(text) {
        Ok(text) => text.to_owned(),
        Err(_) => text.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests;
