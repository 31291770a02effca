//! Enters Newsmux as a server of another program, by that program's own interface, and takes it back. Every call
//! blocks, for some seconds at most: make none in an async task.

mod http;
mod nzbget;
mod sabnzbd;

use nntp_proxy::config::Secret;
use serde::{Deserialize, Serialize};

use crate::import::Program;
use crate::request::{Failure, FailureCode};
use crate::snapshot::Address;
use http::Http;

/// The name that Newsmux has among a program's servers.
const NAME: &str = "Newsmux";

/// The way into a program.
#[derive(Debug, Clone)]
pub struct Door {
    /// Which program.
    pub program: Program,
    /// Its address, as a browser takes it.
    pub address: String,
    /// The user of its interface, where it has users.
    pub user: String,
    /// The user's password, or the key.
    pub secret: Secret,
}

impl Door {
    /// Whether it leads to another computer.
    pub(crate) fn is_elsewhere(&self) -> bool {
        Http::at(&self.address).is_ok_and(|http| !http.is_here())
    }

    /// The port of a program on this computer; none where it is on another.
    pub(crate) fn local_port(&self) -> Option<u16> {
        Http::at(&self.address).ok().filter(Http::is_here).map(|http| http.port())
    }
}

/// What a program is to know.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Where Newsmux listens.
    pub address: Address,
    /// As many connections as it may open.
    pub connections: u16,
    /// The login that it gives, if it needs one.
    pub login: Option<(String, Secret)>,
    /// Whether its own servers are switched off.
    pub disable_direct: bool,
}

/// What was done in a program.
#[derive(Debug, Clone)]
pub struct Done {
    /// The name that Newsmux has among its servers.
    pub entry: String,
    /// Its own servers that were switched off.
    pub disabled: Vec<Server>,
    undo: Undo,
}

/// What is kept of it on the disk. No password is in it: one that was in an entry of ours is not put back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DoneRecord {
    entry: String,
    disabled: Vec<Server>,
    undo: UndoRecord,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum UndoRecord {
    Sabnzbd(Vec<Vec<(String, String)>>),
    Nzbget(Vec<(String, Option<String>)>),
}

impl Done {
    pub(crate) fn record(&self) -> DoneRecord {
        let pair = |(key, value): &(&str, String)| ((*key).to_owned(), value.clone());
        let undo = match &self.undo {
            Undo::Sabnzbd(forms) => {
                let forms = forms.iter().map(|form| form.iter().map(pair).collect());
                UndoRecord::Sabnzbd(forms.collect())
            }
            Undo::Nzbget(options) => {
                let is_secret = |name: &str, value: Option<&Secret>| {
                    name.to_ascii_lowercase().ends_with(".password") && value.is_some()
                };
                let told = options.iter().filter(|(name, value)| !is_secret(name, value.as_ref()));
                let option = |(name, value): &(String, Option<Secret>)| {
                    (name.clone(), value.as_ref().map(|value| value.expose().to_owned()))
                };
                UndoRecord::Nzbget(told.map(option).collect())
            }
        };
        DoneRecord { entry: self.entry.clone(), disabled: self.disabled.clone(), undo }
    }

    /// None where it has what this version does not know.
    pub(crate) fn from_record(record: DoneRecord) -> Option<Self> {
        let DoneRecord { entry, disabled, undo } = record;
        let undo = match undo {
            UndoRecord::Sabnzbd(forms) => {
                let pair = |(key, value): (String, String)| {
                    Some((*sabnzbd::KEYS.iter().find(|known| **known == key)?, value))
                };
                let form = |form: Vec<_>| form.into_iter().map(pair).collect();
                Undo::Sabnzbd(forms.into_iter().map(form).collect::<Option<_>>()?)
            }
            UndoRecord::Nzbget(options) => {
                let option =
                    |(name, value): (String, Option<String>)| (name, value.map(Secret::new));
                Undo::Nzbget(options.into_iter().map(option).collect())
            }
        };
        Some(Self { entry, disabled, undo })
    }
}

/// A server of a program's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// The name that it has there.
    pub name: String,
    /// Its host.
    pub host: String,
}

/// How it is taken back: in the order in which it was done.
#[derive(Debug, Clone)]
enum Undo {
    Sabnzbd(Vec<sabnzbd::Form>),
    Nzbget(nzbget::Options),
}

/// Enters Newsmux among the servers of a program, or changes its entry; all of it or nothing.
///
/// # Errors
/// Why nothing was done.
pub fn connect(door: &Door, wish: &Wish) -> Result<Done, Failure> {
    let http = Http::at(&door.address)?;
    let wish = &seen_from(&http, wish)?;
    match door.program {
        Program::Sabnzbd => sabnzbd::connect(&http, &door.secret, wish),
        Program::Nzbget => nzbget::connect(&http, &door.user, &door.secret, wish),
    }
}

/// Takes back what was done.
///
/// # Errors
/// Why it was not, or not all of it.
pub fn undo(door: &Door, done: &Done) -> Result<(), Failure> {
    let http = Http::at(&door.address)?;
    match &done.undo {
        Undo::Sabnzbd(undo) => sabnzbd::undo(&http, &door.secret, undo),
        Undo::Nzbget(undo) => nzbget::undo(&http, &door.user, &door.secret, undo),
    }
}

/// The address of Newsmux as the program has to call it.
fn seen_from(http: &Http, wish: &Wish) -> Result<Wish, Failure> {
    let mut wish = wish.clone();
    let host = wish.address.host.as_str();
    let everywhere = matches!(host, "0.0.0.0" | "::");
    if http.is_here() && (everywhere || host == "localhost") {
        wish.address.host = "127.0.0.1".into();
    } else if !http.is_here() && (everywhere || crate::import::is_here(host)) {
        let said = "this program is on another computer, and Newsmux serves programs on this one only: enter the \
                    address of this computer in the settings first";
        return Err(Failure::new(FailureCode::ClientElsewhere, said));
    }
    Ok(wish)
}

/// The program answered what it should not.
fn failed(said: impl Into<String>) -> Failure {
    Failure::new(FailureCode::ClientFailed, said)
}

/// Something answered that is not the program.
fn other(name: &str) -> Failure {
    let said = format!("what answers there is not {name}: look for the port in its address");
    Failure::new(FailureCode::ClientOther, said)
}
