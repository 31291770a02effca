//! Enters Newsmux as a server of a program that the user names, and takes it back. The key to the program is known
//! only as long as what was done can be undone.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use nntp_proxy::config::Secret;
use nntp_proxy::proxy::ClientSnapshot;
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::Answer;
use super::entries::{new_password, unknown};
use super::passwords::Known;
use super::run::Controller;
use crate::connect::{Done, DoneRecord, Door, Wish, connect, undo};
use crate::import::Program;
use crate::password::Password;
use crate::processes::Sockets;
use crate::request::{Failure, FailureCode, Hold, Reply, Request};
use crate::secrets::Owner;
use crate::settings::{Client, Settings};
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
    /// Whether it was done before the application was started, and the key is not known.
    from_disk: bool,
}

/// What of it is on the disk: all but the key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    program: Program,
    address: String,
    user: String,
    login: Option<String>,
    served: bool,
    done: DoneRecord,
}

/// Who has been given an article, and where it comes from.
type Fed = (u64, SocketAddr);

impl Controller {
    /// Enters Newsmux as a server of a program.
    pub(super) fn connect_client(&mut self, request: Request, answer: Answer) {
        let (door, wish, is_new) = match self.wish(request) {
            Ok(wish) => wish,
            Err(failure) => return self.give(answer, Err(failure)),
        };
        let login = wish.login.clone();
        let asking = spawn_blocking(move || (connect(&door, &wish), door));
        self.later(asking, move |this, asked| {
            let (done, door) = match asked {
                Ok(asked) => asked,
                Err(ended) => return this.give(answer, Err(Failure::refused(ended.to_string()))),
            };
            let done = match done {
                Ok(done) => done,
                Err(failure) => return this.give(answer, Err(failure)),
            };
            match login {
                Some((name, secret)) if is_new => {
                    this.add_entered(door, done, (name, secret), answer)
                }
                login => {
                    this.is_connected(door, done, login.map(|(name, _)| name));
                    this.give(answer, Ok(Reply::Done));
                }
            }
        });
    }

    /// Adds a login that a program has already, or takes it back there.
    fn add_entered(&mut self, door: Door, done: Done, login: (String, Secret), answer: Answer) {
        let (name, secret) = login;
        let (owner, client) = (Owner::Client(name.clone()), Client { name: name.clone() });
        let change = move |settings: &mut Settings| {
            settings.clients.push(client.clone());
            Ok(Reply::Done)
        };
        let password = Some((Password::of_program(secret), Hold::Keep));
        self.keep_and(owner, password, change, move |this, added| match added {
            Ok(reply) => {
                this.is_connected(door, done, Some(name));
                this.give(answer, Ok(reply));
            }
            Err(failure) => {
                let undoing = spawn_blocking(move || undo(&door, &done));
                this.later(undoing, |this, undone| {
                    if let Ok(Err(error)) = undone {
                        tracing::warn!(
                            "a program still has a login that was not added: {}",
                            error.message
                        );
                    }
                    this.give(answer, Err(failure));
                });
            }
        });
    }

    fn is_connected(&mut self, door: Door, done: Done, login: Option<String>) {
        self.engine = self.serving.snapshot();
        let clients = self.engine.iter().flat_map(|engine| &engine.clients);
        let before = clients.map(|client| (client.id.get(), client.articles)).collect();
        let (others, looking, served) = (BTreeSet::new(), false, false);
        let from_disk = false;
        self.connected =
            Some(Connection { door, done, login, before, others, looking, served, from_disk });
    }

    fn wish(&self, request: Request) -> Result<(Door, Wish, bool), Failure> {
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
        let door = Door { program, address, user, secret };
        let login = match login {
            Some(name) if new_login => Some(self.new_login(&name)?),
            name => self.login(name, &door)?,
        };
        let providers = self.settings().providers.iter().filter(|provider| provider.enabled);
        let most = providers.map(|provider| provider.connections).max().unwrap_or_default();
        let wish = Wish {
            address: self.address(),
            connections: most.max(LEAST_CONNECTIONS),
            login,
            disable_direct,
        };
        Ok((door, wish, new_login))
    }

    /// A login that is not there yet, with a password of our making.
    fn new_login(&self, name: &str) -> Result<(String, Secret), Failure> {
        let client = Client { name: name.trim().into() };
        let name = client.name.clone();
        self.keeper.allows(|settings| {
            settings.clients.push(client);
            Ok(())
        })?;
        Ok((name, new_password()?))
    }

    /// The login that a program is given; none where none is needed.
    fn login(
        &self,
        name: Option<String>,
        door: &Door,
    ) -> Result<Option<(String, Secret)>, Failure> {
        let clients = &self.settings().clients;
        let Some(first) = clients.first() else { return Ok(None) };
        let client = match name {
            Some(name) => clients.iter().find(|client| client.name == name).ok_or_else(unknown)?,
            None => first,
        };
        if door.is_elsewhere() {
            let message =
                "a saved login is not sent to another computer: add a new one for this program";
            return Err(Failure::new(FailureCode::LoginElsewhere, message));
        }
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

    /// Checks whether the program that was set up received an article. Without a login its process identifies it;
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
    pub(super) fn undo_connect(&mut self, key: Option<Secret>, answer: Answer) {
        let Some(connected) = &mut self.connected else {
            return self.give(answer, Err(unknown()));
        };
        if let Some(key) = key.filter(|key| !key.expose().is_empty()) {
            connected.door.secret = key;
        }
        if connected.door.secret.expose().is_empty() && connected.from_disk {
            let message = "enter the key again: it is not stored";
            return self.give(answer, Err(Failure::new(FailureCode::ClientKey, message)));
        }
        let (door, done) = (connected.door.clone(), connected.done.clone());
        let undoing = spawn_blocking(move || undo(&door, &done));
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
    /// What is kept of it on the disk.
    pub(super) fn record(&self) -> Record {
        let Door { program, address, user, .. } = self.door.clone();
        let (login, done) = (self.login.clone(), self.done.record());
        Record { program, address, user, login, served: self.served, done }
    }

    /// What was done before the application was started.
    pub(super) fn from_record(record: Record) -> Option<Self> {
        let Record { program, address, user, login, served, done } = record;
        Some(Self {
            door: Door { program, address, user, secret: Secret::new("") },
            done: Done::from_record(done)?,
            login,
            before: BTreeMap::new(),
            others: BTreeSet::new(),
            looking: false,
            served,
            from_disk: true,
        })
    }

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
