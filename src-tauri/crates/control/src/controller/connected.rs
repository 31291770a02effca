//! Programs that Newsmux was entered in, and whether each has been given an article since.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use api::snapshot::{Connected, Direct};
use downloaders::Program;
use downloaders::connect::{Access, Change};
use local::Sockets;
use nntp_proxy::config::Secret;
use nntp_proxy::proxy::ClientSnapshot;
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::run::Controller;

/// What was done in a program. On the disk is all but the key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Connection {
    program: Program,
    address: String,
    user: String,
    /// None if it was done before the application was started.
    #[serde(skip)]
    pub(super) key: Option<Secret>,
    pub(super) change: Change,
    /// The login that it was given.
    login: Option<String>,
    /// Whether it has been given an article since.
    served: bool,
    #[serde(skip)]
    search: Search,
}

/// Which client is the program.
#[derive(Debug, Clone, Default)]
struct Search {
    /// The articles that each client had been given before.
    before: BTreeMap<u64, u64>,
    /// Clients that are other programs.
    others: BTreeSet<u64>,
    /// Whether the processes behind clients are being looked up.
    is_on: bool,
}

/// Where a program is: which, and its address as it was entered.
pub(super) type Place = (Program, String);

/// Who has been given an article, and where it comes from.
type Fed = (u64, SocketAddr);

/// What has to be looked up to know whether a program on this computer has been given an article.
struct Lookup {
    place: Place,
    /// The port that the program listens on.
    port: u16,
    fed: Vec<Fed>,
    /// Whether a client whose process is not known may be another program that was set up.
    is_ambiguous: bool,
}

impl Connection {
    /// `clients` are those that are connected when it is done.
    pub(super) fn new<'a>(
        access: Access,
        change: Change,
        login: Option<String>,
        clients: impl Iterator<Item = &'a ClientSnapshot>,
    ) -> Self {
        let before = clients.map(|client| (client.id.get(), client.articles)).collect();
        let Access { program, address, user, secret } = access;
        Self {
            program,
            address,
            user,
            key: Some(secret),
            change,
            login,
            served: false,
            search: Search { before, ..Search::default() },
        }
    }

    /// With what was done in the same program before.
    pub(super) fn after(self, earlier: Self) -> Self {
        Self { change: self.change.after(earlier.change), ..self }
    }

    /// Whether it is this program.
    pub(super) fn is_at(&self, (program, address): &Place) -> bool {
        self.program == *program && self.address == *address
    }

    /// How the program is reached.
    pub(super) fn access(&self) -> Access {
        let Self { program, address, user, key, .. } = self.clone();
        Access { program, address, user, secret: key.unwrap_or_else(|| Secret::new("")) }
    }

    /// Checks whether the program received an article. On this computer its process identifies it. Where the system does
    /// not know that, and on another computer, a client counts unless it `is_ambiguous` which program it is. Returns what
    /// has to be looked up: the program's port, and who received articles.
    fn look_for_first_article(
        &mut self,
        clients: &[&ClientSnapshot],
        is_ambiguous: bool,
    ) -> Option<Lookup> {
        let fed = clients.iter().filter(|client| self.is_candidate(client));
        let fed: Vec<Fed> = fed.map(|client| (client.id.get(), client.address)).collect();
        let Some(port) = self.access().local_port() else {
            let is_elsewhere = |(_, address): &Fed| !address.ip().to_canonical().is_loopback();
            self.served = !is_ambiguous && fed.iter().any(is_elsewhere);
            return None;
        };
        self.search.is_on = !fed.is_empty();
        let place = (self.program, self.address.clone());
        self.search.is_on.then_some(Lookup { place, port, fed, is_ambiguous })
    }

    /// Whether a client may be the program, and has been given an article since.
    fn is_candidate(&self, client: &ClientSnapshot) -> bool {
        let id = client.id.get();
        client.articles > self.search.before.get(&id).copied().unwrap_or_default()
            && !self.search.others.contains(&id)
            && (self.login.is_none() || client.user == self.login)
    }
}

impl Controller {
    /// Checks whether the programs that were set up received an article.
    pub(super) fn look_for_first_articles(&mut self) {
        let clients: Vec<_> = self.engine.iter().flat_map(|engine| &engine.clients).collect();
        let logins: Vec<_> = self.undo.connected.iter().map(|c| c.login.clone()).collect();
        let mut lookups = Vec::new();
        for connection in self.undo.connected.iter_mut().filter(|c| !c.served && !c.search.is_on) {
            let is_ambiguous = is_ambiguous(connection.login.as_ref(), &logins);
            lookups.extend(connection.look_for_first_article(&clients, is_ambiguous));
        }
        for lookup in lookups {
            self.look_for_process(lookup);
        }
    }

    /// Looks up the processes that were given articles: is one of them the program?
    fn look_for_process(&self, lookup: Lookup) {
        let Lookup { place, port, fed, is_ambiguous } = lookup;
        let looking = spawn_blocking(move || found(port, &fed, is_ambiguous));
        self.later(looking, move |this, found| {
            let Some(connection) = this.undo.connection(&place) else { return };
            connection.search.is_on = false;
            let Found { is_there, others } = found.unwrap_or_default();
            connection.served = is_there;
            connection.search.others.extend(others);
        });
    }

    /// What people see of them.
    pub(super) fn connections(&self) -> Vec<Connected> {
        self.undo.connected.iter().map(|connection| self.connection(connection)).collect()
    }

    fn connection(&self, connection: &Connection) -> Connected {
        let Connection { program, address, change, served, .. } = connection;
        let disabled = change.disabled.iter().map(|server| Direct {
            name: server.name.clone(),
            known: self
                .settings()
                .enabled()
                .any(|provider| provider.host.eq_ignore_ascii_case(&server.host)),
        });
        Connected {
            program: *program,
            address: address.clone(),
            entry: change.entry.clone(),
            disabled: disabled.collect(),
            served: *served,
        }
    }
}

/// Whether a client with this login, or any client where there is none, may be several of the programs that have `logins`.
fn is_ambiguous(login: Option<&String>, logins: &[Option<String>]) -> bool {
    let may_be = |other: &&Option<String>| login.is_none() || other.as_ref() == login;
    logins.iter().filter(may_be).count() > 1
}

/// What was found out about clients.
#[derive(Default)]
struct Found {
    /// Whether the program is one of them.
    is_there: bool,
    /// Those that are other programs.
    others: Vec<u64>,
}

/// Whether the program that listens on `port` is among these clients.
fn found(port: u16, fed: &[Fed], is_ambiguous: bool) -> Found {
    let sockets = Sockets::now();
    let program = sockets.listener(port).map(|(id, _)| id);
    let mut found = Found::default();
    for (id, address) in fed {
        match (program, sockets.client(*address)) {
            (Some(program), Some((client, _))) if client == program => found.is_there = true,
            (Some(_), Some(_)) => found.others.push(*id),
            _ => found.is_there |= !is_ambiguous,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_client_that_nobody_knows_counts_only_where_it_can_be_no_other_program() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let fed = [(7, "192.0.2.1:119".parse().unwrap())];
        for is_ambiguous in [true, false] {
            let found = found(port, &fed, is_ambiguous);
            assert_eq!((found.is_there, found.others), (!is_ambiguous, vec![]));
        }
    }

    #[test]
    fn programs_with_logins_of_their_own_are_not_confused() {
        let logins = |all: &[&str]| -> Vec<_> {
            all.iter()
                .map(|name| Some((*name).to_owned()).filter(|name| !name.is_empty()))
                .collect()
        };
        let is_ambiguous =
            |login: &str, all: &[&str]| is_ambiguous(logins(&[login])[0].as_ref(), &logins(all));
        assert!(is_ambiguous("a", &["a", "a"]) && is_ambiguous("", &["", "a"]));
        assert!(!is_ambiguous("a", &["a", "b"]) && !is_ambiguous("a", &["a", ""]));
        assert!(!is_ambiguous("", &[""]) && !is_ambiguous("a", &["a"]));
    }
}
