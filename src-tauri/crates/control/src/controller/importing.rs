//! Providers from other programs' settings: found, read, and taken together with their passwords. What was read
//! stays here; the window sees what it needs to choose, and no password.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use downloaders::import::{LONGEST, Server, Servers, read};
use downloaders::places;
use nntp_proxy::config::Secret;
use secrets::{Owner, Secrets, StoreError};
use tokio::task::spawn_blocking;

use super::Answer;
use super::entries::{not_kept, unknown};
use super::passwords::Known;
use super::run::Controller;
use crate::password::Password;
use crate::request::{Failure, FailureCode, Hold, ImportFile, ImportServer, Reply};
use crate::settings::{Keep, Provider, Settings, TlsMode};
use crate::snapshot::KeepState;

/// The passwords of new providers.
type NewPasswords = Vec<(Owner, Password)>;

impl Controller {
    /// Looks for settings in their usual places.
    pub(super) fn find_imports(&self, answer: Answer) {
        let usual = self.outside.places();
        let looking = spawn_blocking(|| places::existing(usual));
        self.later(looking, |this, found| {
            let file = |(program, path)| ImportFile { program, path };
            let files = found.unwrap_or_default().into_iter().map(file).collect();
            this.give(answer, Ok(Reply::Imports { files }));
        });
    }

    /// Reads settings from one of the usual places, and from nowhere else.
    pub(super) fn read_import(&self, path: PathBuf, answer: Answer) {
        let is_usual = self.outside.places().iter().any(|(_, usual)| *usual == path);
        let reading = spawn_blocking(move || {
            if is_usual { start_of(&path) } else { Err(io::ErrorKind::NotFound.into()) }
        });
        self.later(reading, |this, text| {
            let text = text.unwrap_or_else(|ended| Err(io::Error::other(ended)));
            let unread = |error: io::Error| {
                let message = format!("this file cannot be read: {error}");
                Failure::new(FailureCode::ImportRead, message)
            };
            let done = text.map_err(unread).and_then(|text| this.preview(&text));
            this.give(answer, done);
        });
    }

    /// Reads settings that the user chose.
    pub(super) fn read_import_text(&mut self, text: &Secret) -> Result<Reply, Failure> {
        self.preview(text.expose().as_bytes())
    }

    fn preview(&mut self, text: &[u8]) -> Result<Reply, Failure> {
        self.importing = None;
        let servers = read(text, &self.address())?;
        let shown = servers.servers.iter().map(|server| ImportServer {
            provider: provider(server),
            password: server.password.is_some(),
            doubts: server.doubts.clone(),
            known: self.settings().providers.iter().any(|ours| is_same(ours, server)),
        });
        let (servers_shown, left_out) = (shown.collect(), servers.left_out.clone());
        let program = servers.program;
        self.importing = Some(servers);
        Ok(Reply::Import { program, servers: servers_shown, left_out })
    }

    /// Takes those that are chosen, with their passwords; all or none.
    pub(super) fn import(&mut self, chosen: &[usize], hold: Hold, answer: Answer) {
        let read = self.importing.as_ref().and_then(|servers| picked(servers, chosen));
        let Some(picked) = read else { return self.give(answer, Err(unknown())) };
        let (providers, passwords) = self.named(picked);
        let change = move |settings: &mut Settings| {
            settings.providers.extend(providers.clone());
            Ok(Reply::Done)
        };
        if let Err(failure) = self.keeper.allows(&change) {
            return self.give(answer, Err(failure));
        }
        if hold == Hold::ThisSession {
            let done = self.import_knowing(passwords, Known::ThisSession, change);
            return self.give(answer, done);
        }
        let place = self.passwords.keep();
        let keeping = keep_all(self.passwords.place(place), passwords.clone());
        self.alone(keeping, move |this, (tried, kept)| {
            let done = match this.heard(place, kept) {
                Ok(()) if place == this.passwords.keep() => {
                    this.import_knowing(passwords, Known::Kept, change)
                }
                Ok(()) => Err(Failure::refused("passwords were moved meanwhile: try it again")),
                Err(error) => Err(not_kept(&error)),
            };
            this.settle(place, tried, done.is_ok());
            this.give(answer, done);
        });
    }

    /// All of them stay where they were put, or none does, nor one that comes late.
    fn settle(&mut self, place: Keep, tried: Vec<Owner>, stay: bool) {
        for owner in tried {
            if stay {
                self.passwords.debts().forgive(place, &owner);
            } else {
                self.passwords.debts().owe(place, owner, None);
            }
        }
        if *self.passwords.state() == KeepState::Open {
            self.pay(place, |_, _| ());
        }
    }

    /// Each with an id that nobody has.
    fn named(&self, picked: Vec<Server>) -> (Vec<Provider>, NewPasswords) {
        let (mut providers, mut passwords) = (Vec::new(), Vec::new());
        for server in picked {
            let mut provider = provider(&server);
            provider.id = self.fresh_id(&provider, &providers);
            let owner = Owner::Provider(provider.id.clone());
            passwords
                .extend(server.password.map(|secret| (owner, Password::new(secret, &provider))));
            providers.push(provider);
        }
        (providers, passwords)
    }

    fn import_knowing(
        &mut self,
        passwords: NewPasswords,
        known: impl Fn(Password) -> Known,
        change: impl Fn(&mut Settings) -> Result<Reply, Failure>,
    ) -> Result<Reply, Failure> {
        let owners: Vec<_> = passwords.iter().map(|(owner, _)| owner.clone()).collect();
        for (owner, password) in passwords {
            self.passwords.learn(owner, Some(known(password)));
        }
        let done = self.change(change);
        match done {
            Ok(_) => self.importing = None,
            Err(_) => owners.into_iter().for_each(|owner| {
                self.passwords.learn(owner, None);
            }),
        }
        done
    }
}

/// As much of a file as can be settings, and a little more, to tell that it is too large.
fn start_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(1);
    fs::File::open(path)?.take(most).read_to_end(&mut text)?;
    Ok(text)
}

/// Those that are chosen, each once; none where one of them is not there.
fn picked(servers: &Servers, chosen: &[usize]) -> Option<Vec<Server>> {
    if chosen.iter().any(|at| *at >= servers.servers.len()) {
        return None;
    }
    let all = servers.servers.iter().enumerate();
    Some(all.filter(|(at, _)| chosen.contains(at)).map(|(_, one)| one.clone()).collect())
}

/// As a provider, without an id.
fn provider(server: &Server) -> Provider {
    Provider {
        name: Some(server.name.clone()),
        enabled: server.enabled,
        port: server.port,
        tls: if server.tls { TlsMode::On } else { TlsMode::Off },
        verify: server.verify.into(),
        username: server.username.clone(),
        connections: server.connections,
        tier: server.tier,
        required: server.required,
        ..Provider::new("", &server.host)
    }
}

fn is_same(ours: &Provider, theirs: &Server) -> bool {
    ours.host.eq_ignore_ascii_case(&theirs.host) && ours.username == theirs.username
}

/// Keeps all, or stops at the first that is not kept; those that were tried.
async fn keep_all(secrets: Secrets, all: NewPasswords) -> (Vec<Owner>, Result<(), StoreError>) {
    let mut tried = Vec::new();
    for (owner, password) in all {
        tried.push(owner.clone());
        if let Err(error) = secrets.set(&owner, &password.to_kept()).await {
            return (tried, Err(error));
        }
    }
    (tried, Ok(()))
}

#[cfg(test)]
mod tests {
    use downloaders::Address;
    use proptest::prelude::*;

    use super::*;
    use crate::settings::check;

    /// A value as no program writes it.
    fn odd() -> impl Strategy<Value = String> {
        let words = [
            "",
            "0",
            "-1",
            "501",
            "70000",
            "h.example",
            "a b",
            "[::1]",
            "a:1",
            "a/b",
            "\"",
            "'x'",
            "é",
            "\u{0}",
        ];
        prop_oneof![9 => prop::sample::select(words.to_vec()).prop_map(String::from), 1 => ".{0,5}"]
    }

    proptest! {
        #[test]
        fn whatever_is_imported_is_valid(host in odd(), port in odd(), connections in odd(), tier in odd()) {
            let text = format!(
                "[servers]\n[[a]]\nhost = {host}\nport = {port}\nconnections = {connections}\npriority = {tier}\n"
            );
            let ours = Address { host: "127.0.0.1".into(), port: 1190 };
            if let Ok(found) = read(text.as_bytes(), &ours) {
                let providers = found.servers.iter().zip(0..).map(|(server, at)| {
                    Provider { id: format!("p{at}"), ..provider(server) }
                });
                let settings = Settings { providers: providers.collect(), ..Settings::default() };
                prop_assert_eq!(check(&settings), Ok(()));
            }
        }
    }
}
