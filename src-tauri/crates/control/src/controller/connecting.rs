//! Enters Newsmux as a server of a program that the user names, and takes it back. The key to the program is known
//! only as long as what was done can be undone.

use nntp_proxy::config::Secret;
use tokio::task::spawn_blocking;

use super::Answer;
use super::entries::unknown;
use super::passwords::Known;
use super::run::Controller;
use crate::connect::{Done, Door, Wish, connect, undo};
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
    /// The replies that were given to programs before.
    before: u64,
}

impl Controller {
    /// Enters Newsmux as a server of a program.
    pub(super) fn connect_client(&mut self, request: Request, answer: Answer) {
        let (door, wish) = match self.wish(request) {
            Ok(wish) => wish,
            Err(failure) => return self.give(answer, Err(failure)),
        };
        let asking = spawn_blocking(move || (connect(&door, &wish), door));
        self.later(asking, |this, asked| {
            let (done, door) = match asked {
                Ok(asked) => asked,
                Err(ended) => return this.give(answer, Err(Failure::refused(ended.to_string()))),
            };
            let before = this.numbers.total().delivered;
            let done = done.map(|done| {
                this.connected = Some(Connection { door, done, before });
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
        let Connection { door, done, before } = self.connected.as_ref()?;
        let used = || self.settings().providers.iter().filter(|provider| provider.enabled);
        let disabled = done.disabled.iter().map(|server| Direct {
            name: server.name.clone(),
            known: used().any(|provider| provider.host.eq_ignore_ascii_case(&server.host)),
        });
        Some(Connected {
            program: door.program,
            entry: done.entry.clone(),
            disabled: disabled.collect(),
            served: self.numbers.total().delivered > *before,
        })
    }
}
