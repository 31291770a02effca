//! The servers that another program has in its settings. Text in, servers out: nothing here reads a file or keeps a
//! password.

mod configobj;
mod entry;
mod nzbget;
mod sabnzbd;

use nntp_proxy::config::{Secret, Verify};
use serde::Serialize;

use crate::{Address, Error, Problem, Program};

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
    /// It shares its articles with others of a group: they are asked too where it lacks one.
    Group,
    /// The newsgroup is selected there before each article, and not here.
    JoinsGroup,
    /// Its volume is limited there, and not here.
    Quota {
        /// To what, in the program's words.
        said: String,
    },
    /// The account ends on a day that Newsmux does not know.
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
    let (program, entries) = if let Some(entries) = nzbget::entries(&text) {
        (Program::Nzbget, entries)
    } else if let Some(entries) = sabnzbd::entries(&text) {
        (Program::Sabnzbd, entries)
    } else {
        let said = "these are not the settings of SABnzbd (sabnzbd.ini) or NZBGet (nzbget.conf)";
        return Err(Error::new(Problem::NotSettings, said));
    };
    if entries.is_empty() {
        return Err(Error::new(Problem::NoServers, "no news server is in these settings"));
    }
    let mut servers = Servers { program, servers: Vec::new(), left_out: Vec::new() };
    for entry in entries {
        match entry.server(ours) {
            Ok(server) => servers.servers.push(server),
            Err(left_out) => servers.left_out.push(left_out),
        }
    }
    Ok(servers)
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
