//! Enters Newsmux as a server of a program that the user names, and takes it back. The key to the program is known
//! only as long as what was done can be undone.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use nntp_proxy::config::Secret;
use nntp_proxy::proxy::ClientSnapshot;
use tokio::task::spawn_blocking;

use super::Answer;
use super::entries::unknown;
use super::passwords::Known;
use super::run::Controller;
use crate::connect::{Done, Door, Wish, connect, undo};
use crate::processes::Sockets;
use crate::request::{Failure, FailureCode, Reply, Request};
use crate::secrets::Owner;
use crate::snapshot::{Connected, Direct};

/// A program waits for fewer only when it has little to do.
const LEAST_CONNECTIONS: u16 = 8;

/// What was done in a program.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    door: Door,
    done: Done,
    /// The login that it was given.
    login: Option<String>,
    /// The articles that each client had been given before.
    before: BTreeMap<u64, u64>,
    /// Clients that are other programs.
    others: BTreeSet<u64>,
    /// Whether the processes behind clients are being looked up.
    looking: bool,
    /// Whether it has been given an article since.
    served: bool,
}

/// Who has been given an article, and where it comes from.
type Fed = (u64, SocketAddr);

impl Controller {
    /// Enters Newsmux as a server of a program.
    pub(super) fn connect_client(&mut self, request: Request, answer: Answer) {
        let (door, wish) = match self.wish(request) {
            Ok(wish) => wish,
            Err(failure) => return self.give(answer, Err(failure)),
        };
        let login = wish.login.as_ref().map(|(name, _)| name.clone());
        let asking = spawn_blocking(move || (connect(&door, &wish), door));
        self.later(asking, |this, asked| {
            let (done, door) = match asked {
                Ok(asked) => asked,
                Err(ended) => return this.give(answer, Err(Failure::refused(ended.to_string()))),
            };
            this.engine = this.serving.snapshot();
            let clients = this.engine.iter().flat_map(|engine| &engine.clients);
            let before = clients.map(|client| (client.id.get(), client.articles)).collect();
            let done = done.map(|done| {
                let (others, looking, served) = (BTreeSet::new(), false, false);
                this.connected =
                    Some(Connection { door, done, login, before, others, looking, served });
                Reply::Done
            });
            this.give(answer, done);
        });
    }

    fn wish(&self, request: Request) -> Result<(Door, Wish), Failure> {
        let Request::ConnectClient { program, address, user, secret, login, disable_direct } =
            request
        else {
            return Err(unknown());
        };
        let providers = self.settings().providers.iter().filter(|provider| provider.enabled);
        let most = providers.map(|provider| provider.connections).max().unwrap_or_default();
        let wish = Wish {
            address: self.address(),
            connections: most.max(LEAST_CONNECTIONS),
            login: self.login(login)?,
            disable_direct,
        };
        Ok((Door { program, address, user, secret }, wish))
    }

    /// The login that a program is given; none where none is needed.
    fn login(&self, name: Option<String>) -> Result<Option<(String, Secret)>, Failure> {
        let clients = &self.settings().clients;
        let Some(first) = clients.first() else { return Ok(None) };
        let client = match name {
            Some(name) => clients.iter().find(|client| client.name == name).ok_or_else(unknown)?,
            None => first,
        };
        match self.passwords.known(&Owner::Client(client.name.clone())) {
            Some(Known::Kept(password) | Known::ThisSession(password)) => {
                Ok(password.for_program().map(|secret| (client.name.clone(), secret.clone())))
            }
            Some(Known::Closed) | None => {
                Err(Failure::new(FailureCode::KeepClosed, "the login's password is locked away"))
            }
            Some(Known::Missing | Known::Failed(_)) => {
                Err(Failure::invalid("login", "has no password any more: make a new one"))
            }
        }
    }

    /// Looks whether the program that was set up has been given an article. Without a login it is told by its process;
    /// where the system does not know that, whoever is not known to be another counts.
    pub(super) fn look_for_first_article(&mut self) {
        let Some(connection) = self.connected.as_mut().filter(|c| !c.served && !c.looking) else {
            return;
        };
        let clients = self.engine.iter().flat_map(|engine| &engine.clients);
        let fed: Vec<_> = clients.filter(|client| connection.is_candidate(client)).collect();
        if connection.login.is_some() {
            connection.served = !fed.is_empty();
            return;
        }
        let fed: Vec<Fed> = fed.iter().map(|client| (client.id.get(), client.address)).collect();
        let Some(port) = connection.door.local_port() else {
            connection.served = fed.iter().any(|(_, address)| !address.ip().is_loopback());
            return;
        };
        if fed.is_empty() {
            return;
        }
        connection.looking = true;
        let looking = spawn_blocking(move || (are_others(port, &fed), fed));
        self.later(looking, |this, found| {
            let Some(connection) = &mut this.connected else { return };
            connection.looking = false;
            let (others, fed) = found.unwrap_or_default();
            connection.served = !others && !fed.is_empty();
            connection.others.extend(fed.iter().filter(|_| others).map(|(id, _)| *id));
        });
    }

    /// Takes back what was done.
    pub(super) fn undo_connect(&self, answer: Answer) {
        let connected = self.connected.clone();
        let undoing = spawn_blocking(move || {
            let Connection { door, done, .. } = connected.ok_or_else(unknown)?;
            undo(&door, &done)
        });
        self.later(undoing, |this, undone| {
            let undone = undone.unwrap_or_else(|ended| Err(Failure::refused(ended.to_string())));
            if undone.is_ok() {
                this.connected = None;
            }
            this.give(answer, undone.map(|()| Reply::Done));
        });
    }

    /// What people see of it.
    pub(super) fn connection(&self) -> Option<Connected> {
        let Connection { door, done, served, .. } = self.connected.as_ref()?;
        let used = || self.settings().providers.iter().filter(|provider| provider.enabled);
        let disabled = done.disabled.iter().map(|server| Direct {
            name: server.name.clone(),
            known: used().any(|provider| provider.host.eq_ignore_ascii_case(&server.host)),
        });
        Some(Connected {
            program: door.program,
            entry: done.entry.clone(),
            disabled: disabled.collect(),
            served: *served,
        })
    }
}

impl Connection {
    /// Whether a client may be the program, and has been given an article since.
    fn is_candidate(&self, client: &ClientSnapshot) -> bool {
        let id = client.id.get();
        client.articles > self.before.get(&id).copied().unwrap_or_default()
            && !self.others.contains(&id)
            && (self.login.is_none() || client.user == self.login)
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
