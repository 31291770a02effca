//! Enters Newsmux as a server of a program that the user names, and takes it back. The key to the program is known
//! only as long as what was done can be undone.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use api::request::{Failure, FailureCode, Remember, Reply, Request};
use api::snapshot::{Connected, Direct};
use downloaders::Program;
use downloaders::connect::{Access, Change, Setup, connect, undo};
use local::Sockets;
use nntp_proxy::config::Secret;
use nntp_proxy::proxy::ClientSnapshot;
use serde::{Deserialize, Serialize};
use settings::{Client, Password, Settings};
use tokio::task::{JoinError, spawn_blocking};

use super::Answer;
use super::entries::{new_password, unknown};
use super::passwords::Known;
use super::run::Controller;

/// A program waits for fewer only when it has little to do.
const LEAST_CONNECTIONS: u16 = 8;

/// What was done in a program. On the disk is all but the key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Connection {
    program: Program,
    address: String,
    user: String,
    /// None if it was done before the application was started.
    #[serde(skip)]
    key: Option<Secret>,
    change: Change,
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

/// Who has been given an article, and where it comes from.
type Fed = (u64, SocketAddr);

impl Controller {
    /// Enters Newsmux as a server of a program.
    pub(super) fn connect_client(&mut self, request: Request, answer: Answer) {
        let (access, setup, is_new) = match self.setup(request) {
            Ok(setup) => setup,
            Err(failure) => return self.give(answer, Err(failure)),
        };
        let login = setup.login.clone();
        let connecting = spawn_blocking(move || (connect(&access, &setup), access));
        self.later(connecting, move |this, connected| {
            let connected = connected
                .map_err(ended)
                .and_then(|(change, access)| Ok((change.map_err(Failure::from)?, access)));
            let (change, access) = match connected {
                Ok(connected) => connected,
                Err(failure) => return this.give(answer, Err(failure)),
            };
            match login {
                Some(login) if is_new => this.add_entered(access, change, login, answer),
                login => {
                    this.is_connected(access, change, login.map(|(name, _)| name));
                    this.give(answer, Ok(Reply::Done));
                }
            }
        });
    }

    /// Adds a login that a program has already, or takes it back there.
    fn add_entered(
        &mut self,
        access: Access,
        change: Change,
        (name, secret): (String, Secret),
        answer: Answer,
    ) {
        let client = Client { name: name.clone() };
        let owner = client.owner();
        let add = move |settings: &mut Settings| {
            settings.clients.push(client.clone());
            Ok(Reply::Done)
        };
        let password = (owner, Password::of_program(secret));
        let then = move |this: &mut Self, added: Result<Reply, Failure>| match added {
            Ok(reply) => {
                this.is_connected(access, change, Some(name));
                this.give(answer, Ok(reply));
            }
            Err(failure) => {
                let undoing = spawn_blocking(move || undo(&access, &change));
                this.later(undoing, |this, undone| {
                    if let Ok(Err(error)) = undone {
                        tracing::warn!("a program still has a login that was not added: {error}");
                    }
                    this.give(answer, Err(failure));
                });
            }
        };
        self.when_idle(|this| this.save_with(vec![password], Remember::Keep, add, then));
    }

    fn is_connected(&mut self, access: Access, change: Change, login: Option<String>) {
        self.engine = self.serving.snapshot();
        let clients = self.engine.iter().flat_map(|engine| &engine.clients);
        let before = clients.map(|client| (client.id.get(), client.articles)).collect();
        let Access { program, address, user, secret } = access;
        self.undo.connected = Some(Connection {
            program,
            address,
            user,
            key: Some(secret),
            change,
            login,
            served: false,
            search: Search { before, ..Search::default() },
        });
    }

    fn setup(&self, request: Request) -> Result<(Access, Setup, bool), Failure> {
        let Request::ConnectClient {
            program,
            address,
            user,
            secret,
            login,
            new_login,
            disable_direct,
        } = request
        else {
            return Err(unknown());
        };
        let access = self.importing.with_key(Access { program, address, user, secret });
        let login = match login {
            Some(name) if new_login => Some(self.new_login(&name)?),
            name => self.login(name, &access)?,
        };
        let connections = self.settings().enabled().map(|provider| provider.connections);
        let setup = Setup {
            address: self.address(),
            connections: connections.fold(LEAST_CONNECTIONS, u16::max),
            login,
            disable_direct,
        };
        Ok((access, setup, new_login))
    }

    /// A login that is not there yet, with a password of our making.
    fn new_login(&self, name: &str) -> Result<(String, Secret), Failure> {
        let client = Client { name: name.trim().into() };
        let name = client.name.clone();
        self.settings_file.allows(|settings| {
            settings.clients.push(client);
            Ok::<_, Failure>(())
        })?;
        Ok((name, new_password()?))
    }

    /// The login that a program is given; none where none is needed.
    fn login(
        &self,
        name: Option<String>,
        access: &Access,
    ) -> Result<Option<(String, Secret)>, Failure> {
        let clients = &self.settings().clients;
        let Some(first) = clients.first() else { return Ok(None) };
        let client = match name {
            Some(name) => clients.iter().find(|client| client.name == name).ok_or_else(unknown)?,
            None => first,
        };
        if access.is_elsewhere() {
            let message =
                "a saved login is not sent to another computer: add a new one for this program";
            return Err(Failure::new(FailureCode::LoginElsewhere, message));
        }
        match self.passwords.known(&client.owner()) {
            Some(Known::Saved(password) | Known::ThisSession(password)) => {
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

    /// Checks whether the program that was set up received an article. Without a login its process identifies it;
    /// where the system does not know that, whoever is not known to be another counts.
    pub(super) fn look_for_first_article(&mut self) {
        let Some(connection) =
            self.undo.connected.as_mut().filter(|c| !c.served && !c.search.is_on)
        else {
            return;
        };
        let clients = self.engine.iter().flat_map(|engine| &engine.clients);
        let fed: Vec<_> = clients.filter(|client| connection.is_candidate(client)).collect();
        if connection.login.is_some() {
            connection.served = !fed.is_empty();
            return;
        }
        let fed: Vec<Fed> = fed.iter().map(|client| (client.id.get(), client.address)).collect();
        let Some(port) = connection.access().local_port() else {
            connection.served = fed.iter().any(|(_, address)| !address.ip().is_loopback());
            return;
        };
        if fed.is_empty() {
            return;
        }
        connection.search.is_on = true;
        let looking = spawn_blocking(move || (are_others(port, &fed), fed));
        self.later(looking, |this, found| {
            let Some(connection) = &mut this.undo.connected else { return };
            connection.search.is_on = false;
            let (others, fed) = found.unwrap_or_default();
            connection.served = !others && !fed.is_empty();
            connection.search.others.extend(fed.iter().filter(|_| others).map(|(id, _)| *id));
        });
    }

    /// Takes back what was done.
    pub(super) fn undo_connect(&mut self, key: Option<Secret>, answer: Answer) {
        let Some(connected) = &mut self.undo.connected else {
            return self.give(answer, Err(unknown()));
        };
        if let Some(key) = key.filter(|key| !key.expose().is_empty()) {
            connected.key = Some(key);
        }
        if connected.key.is_none() {
            let message = "enter the key again: it is not stored";
            return self.give(answer, Err(Failure::new(FailureCode::ClientKey, message)));
        }
        let (access, change) = (connected.access(), connected.change.clone());
        let undoing = spawn_blocking(move || undo(&access, &change));
        self.later(undoing, |this, undone| {
            let undone = undone.map_err(ended).and_then(|undone| Ok(undone?));
            if undone.is_ok() {
                this.undo.connected = None;
            }
            this.give(answer, undone.map(|()| Reply::Done));
        });
    }

    /// What people see of it.
    pub(super) fn connection(&self) -> Option<Connected> {
        let Connection { program, change, served, .. } = self.undo.connected.as_ref()?;
        let disabled = change.disabled.iter().map(|server| Direct {
            name: server.name.clone(),
            known: self
                .settings()
                .enabled()
                .any(|provider| provider.host.eq_ignore_ascii_case(&server.host)),
        });
        Some(Connected {
            program: *program,
            entry: change.entry.clone(),
            disabled: disabled.collect(),
            served: *served,
        })
    }
}

impl Connection {
    fn access(&self) -> Access {
        let Self { program, address, user, key, .. } = self.clone();
        Access { program, address, user, secret: key.unwrap_or_else(|| Secret::new("")) }
    }

    /// Whether a client may be the program, and has been given an article since.
    fn is_candidate(&self, client: &ClientSnapshot) -> bool {
        let id = client.id.get();
        client.articles > self.search.before.get(&id).copied().unwrap_or_default()
            && !self.search.others.contains(&id)
            && (self.login.is_none() || client.user == self.login)
    }
}

/// What was under way ended with the application.
fn ended(error: JoinError) -> Failure {
    Failure::refused(error.to_string())
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
