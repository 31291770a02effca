//! Enters Newsmux as a server of another program, by that program's own interface, and takes it back. Every call
//! blocks, for some seconds at most: make none in an async task.

mod http;
mod nzbget;
mod sabnzbd;

use nntp_proxy::config::Secret;
use serde::{Deserialize, Serialize};

use crate::{Address, Error, Problem, Program, is_here};
use http::Http;

/// The name that Newsmux has among a program's servers.
const NAME: &str = "Newsmux";

/// How to reach a program's interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Which program.
    pub program: Program,
    /// Its address, as a browser takes it.
    pub address: String,
    /// The user of its interface, where it has users.
    pub user: String,
    /// The user's password, or the key.
    pub secret: Secret,
}

impl Access {
    /// Whether it leads to another computer.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        Http::at(&self.address).is_ok_and(|http| !http.is_here())
    }

    /// Whether both lead to the same program.
    #[must_use]
    pub fn is_same_program(&self, other: &Self) -> bool {
        let place = |access: &Self| Http::at(&access.address).ok().map(|http| http.place());
        self.program == other.program
            && (self.address == other.address
                || place(self).is_some_and(|p| place(other) == Some(p)))
    }

    /// The port of a program on this computer; none where it is on another.
    #[must_use]
    pub fn local_port(&self) -> Option<u16> {
        Http::at(&self.address).ok().filter(Http::is_here).map(|http| http.port())
    }
}

/// What a program is to use.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where Newsmux listens.
    pub address: Address,
    /// Where it listens with TLS, which programs on other computers use.
    pub encrypted: Option<Address>,
    /// As many connections as it may open.
    pub connections: u16,
    /// The login that it gives, if it needs one.
    pub login: Option<(String, Secret)>,
    /// Whether its own servers are switched off.
    pub disable_direct: bool,
}

/// What was changed in a program. As JSON it has no password: one that was in an entry of ours is not put back then.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Change {
    /// The name that Newsmux has among its servers.
    pub entry: String,
    /// Its own servers that were switched off.
    pub disabled: Vec<Direct>,
    /// Where the program calls us; none in what an earlier version wrote.
    #[serde(default)]
    address: Option<Address>,
    undo: Undo,
}

/// A server of a program's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Direct {
    /// The name that it has there.
    pub name: String,
    /// Its host.
    pub host: String,
}

/// How it is taken back: in the order in which it was done.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Undo {
    Sabnzbd(Vec<sabnzbd::Form>),
    #[serde(with = "nzbget::without_passwords")]
    Nzbget(nzbget::Options),
}

impl Change {
    /// Both changes of one program as one, to take back both: `self` came after `earlier`.
    #[must_use]
    pub fn after(self, earlier: Self) -> Self {
        let undo = match (earlier.undo, self.undo) {
            (Undo::Sabnzbd(first), Undo::Sabnzbd(second)) => {
                Undo::Sabnzbd(sabnzbd::both(first, second, &earlier.entry))
            }
            (Undo::Nzbget(first), Undo::Nzbget(second)) => {
                Undo::Nzbget(nzbget::both(first, second))
            }
            (_, second) => second,
        };
        let mut disabled = earlier.disabled;
        let new: Vec<_> =
            self.disabled.into_iter().filter(|server| !disabled.contains(server)).collect();
        disabled.extend(new);
        Self { entry: self.entry, disabled, address: self.address, undo }
    }
}

/// Enters Newsmux among the servers of a program, or changes its entry; all of it or nothing.
///
/// # Errors
/// Why nothing was changed.
pub fn connect(access: &Access, setup: &Setup) -> Result<Change, Error> {
    let http = Http::at(&access.address)?;
    let setup = &seen_from(&http, setup)?;
    match access.program {
        Program::Sabnzbd => sabnzbd::connect(&http, &access.secret, setup),
        Program::Nzbget => nzbget::connect(&http, &access.user, &access.secret, setup),
    }
}

/// Takes back what was changed.
///
/// # Errors
/// Why it was not, or not all of it.
pub fn undo(access: &Access, change: &Change) -> Result<(), Error> {
    let http = Http::at(&access.address)?;
    match &change.undo {
        Undo::Sabnzbd(undo) => sabnzbd::undo(&http, &access.secret, undo),
        Undo::Nzbget(_) => nzbget::undo(&http, &access.user, &access.secret, change),
    }
}

/// The address of Newsmux as the program has to call it; `encrypted` only where it is that one.
fn seen_from(http: &Http, setup: &Setup) -> Result<Setup, Error> {
    let mut setup = setup.clone();
    setup.encrypted = setup.encrypted.filter(|_| !http.is_here());
    setup.address = setup.encrypted.clone().unwrap_or(setup.address);
    let host = setup.address.host.as_str();
    let everywhere = matches!(host, "0.0.0.0" | "::");
    if http.is_here() && (everywhere || host == "localhost") {
        setup.address.host = "127.0.0.1".into();
    } else if !http.is_here() && (everywhere || is_here(host)) {
        let said = "this program is on another computer, and Newsmux serves programs on this one only: enter the \
                    address of this computer in the settings first";
        return Err(Error::new(Problem::Elsewhere, said));
    }
    Ok(setup)
}

/// The program answered what it should not.
fn failed(said: impl Into<String>) -> Error {
    Error::new(Problem::Failed, said)
}

/// Something answered that is not the program.
fn other(name: &str) -> Error {
    let said = format!("what answers there is not {name}: look for the port in its address");
    Error::new(Problem::Other, said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_on_other_computers_connect_with_tls_where_they_can() {
        let address = |host: &str, port| Address { host: host.into(), port };
        let setup = |encrypted| Setup {
            address: address("192.0.2.5", 10080),
            encrypted,
            connections: 8,
            login: None,
            disable_direct: false,
        };
        let seen = |program: &str, setup: &Setup| {
            let seen = seen_from(&Http::at(program).unwrap(), setup).unwrap();
            (seen.address.to_string(), seen.encrypted.is_some())
        };
        let both = setup(Some(address("192.0.2.5", 10563)));
        assert_eq!(seen("http://192.0.2.9:8080", &both), ("192.0.2.5:10563".into(), true));
        assert_eq!(seen("http://127.0.0.1:8080", &both), ("192.0.2.5:10080".into(), false));
        let plain = setup(None);
        assert_eq!(seen("http://192.0.2.9:8080", &plain), ("192.0.2.5:10080".into(), false));
    }

    #[test]
    fn programs_behind_one_proxy_differ_by_their_paths() {
        let access = |address: &str| Access {
            program: Program::Sabnzbd,
            address: address.into(),
            user: String::new(),
            secret: Secret::new(""),
        };
        let is_same = |one: &str, other: &str| access(one).is_same_program(&access(other));
        assert!(!is_same("http://nas/sab1", "http://nas/sab2"));
        assert!(!is_same("http://nas/sab1", "http://nas"));
        assert!(is_same("http://nas/sab1/", "NAS:80/sab1/sabnzbd/config/general/"));
        assert!(is_same("http://localhost:8080/sabnzbd/", "127.0.0.1:8080"));
        assert!(!is_same("http://nas:8080", "http://nas:8081"));
    }
}
