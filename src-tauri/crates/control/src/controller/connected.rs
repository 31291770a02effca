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

    /// Checks whether the program received an article. Without a login its process identifies it; where the system does
    /// not know that, whoever is not known to be another counts. Returns what has to be looked up: the program's port,
    /// and who received articles.
    fn look_for_first_article(
        &mut self,
        clients: &[&ClientSnapshot],
    ) -> Option<(Place, u16, Vec<Fed>)> {
        let fed = clients.iter().filter(|client| self.is_candidate(client));
        let fed: Vec<Fed> = fed.map(|client| (client.id.get(), client.address)).collect();
        if self.login.is_some() {
            self.served = !fed.is_empty();
            return None;
        }
        let Some(port) = self.access().local_port() else {
            self.served = fed.iter().any(|(_, address)| !address.ip().is_loopback());
            return None;
        };
        self.search.is_on = !fed.is_empty();
        self.search.is_on.then(|| ((self.program, self.address.clone()), port, fed))
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
        let mut lookups = Vec::new();
        for connection in self.undo.connected.iter_mut().filter(|c| !c.served && !c.search.is_on) {
            lookups.extend(connection.look_for_first_article(&clients));
        }
        for (place, port, fed) in lookups {
            self.look_for_process(place, port, fed);
        }
    }

    /// Looks up the processes that were given articles: is one of them the program?
    fn look_for_process(&self, place: Place, port: u16, fed: Vec<Fed>) {
        let looking = spawn_blocking(move || (are_others(port, &fed), fed));
        self.later(looking, move |this, found| {
            let Some(connection) = this.undo.connection(&place) else { return };
            connection.search.is_on = false;
            let (others, fed) = found.unwrap_or_default();
            connection.served = !others && !fed.is_empty();
            connection.search.others.extend(fed.iter().filter(|_| others).map(|(id, _)| *id));
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

/// Whether all of these clients are other programs than the one that listens on `port`.
fn are_others(port: u16, fed: &[Fed]) -> bool {
    let sockets = Sockets::now();
    let program = sockets.listener(port).map(|(id, _)| id);
    fed.iter().all(|(_, address)| match (program, sockets.client(*address)) {
        (Some(program), Some((client, _))) => client != program,
        _ => false,
    })
}
