//! Enters Newsmux as a server of programs that the user names, and takes it back. The key to a program is known
//! only as long as what was done can be undone.

use api::request::{Failure, FailureCode, Remember, Reply, Request};
use downloaders::connect::{Access, Change, Setup, connect, undo};
use nntp_proxy::config::Secret;
use settings::{Client, Password, Settings};
use tokio::task::{JoinError, spawn_blocking};

use super::Answer;
use super::connected::{Connection, Place};
use super::entries::{new_password, unknown};
use super::passwords::Known;
use super::run::Controller;

/// A program waits for fewer only when it has little to do.
const LEAST_CONNECTIONS: u16 = 8;

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
        let client = Client::with_login(&name);
        let owner = client.owner();
        let add = move |settings: &mut Settings| {
            settings.add_login(client.clone());
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
        let connection = Connection::new(access, change, login, clients);
        self.undo.add_connection(connection);
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
            encrypted: self.encrypted_view().map(|view| view.address),
            connections: connections.fold(LEAST_CONNECTIONS, u16::max),
            login,
            disable_direct,
        };
        Ok((access, setup, new_login))
    }

    /// A login that is not there yet, with a password of our making.
    fn new_login(&self, name: &str) -> Result<(String, Secret), Failure> {
        let client = Client::with_login(name.trim());
        let name = client.name.clone();
        self.settings_file.allows(|settings| {
            settings.add_login(client);
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
        let clients: Vec<_> = self.settings().logins().collect();
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
                Err(Failure::new(self.stores.closed_code(), "the login's password is locked away"))
            }
            Some(Known::Missing | Known::Failed(_)) => {
                Err(Failure::invalid("login", "has no password any more: make a new one"))
            }
        }
    }

    /// Takes back what was done.
    pub(super) fn undo_connect(&mut self, place: Place, key: Option<Secret>, answer: Answer) {
        let Some(connected) = self.undo.connection(&place) else {
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
        self.later(undoing, move |this, undone| {
            let undone = undone.map_err(ended).and_then(|undone| Ok(undone?));
            if undone.is_ok() {
                this.undo.forget_connection(&place);
            }
            this.give(answer, undone.map(|()| Reply::Done));
        });
    }
}

/// What was under way ended with the application.
fn ended(error: JoinError) -> Failure {
    Failure::refused(error.to_string())
}
