//! Providers from other programs' settings: found, read, and taken together with their passwords. What was read
//! stays here; the window sees what it needs to choose, and no password.

use std::path::PathBuf;
use std::slice;

use api::request::{Failure, FailureCode, ImportFile, ImportServer, Remember, Reply, SameAccount};
use downloaders::connect::Access;
use downloaders::import::{Server, Servers, load, read};
use downloaders::{Error, places};
use ledger::Quota;
use nntp_proxy::config::Secret;
use settings::{Password, Provider, Settings, TlsMode, same_account};
use tokio::task::spawn_blocking;

use super::Answer;
use super::entries::unknown;
use super::run::Controller;
use super::saving::NewPasswords;

/// What was read from other programs' settings.
#[derive(Debug, Default)]
pub(super) struct Importing {
    /// The servers that the user may choose from, passwords too.
    servers: Option<Servers>,
    /// How to reach the programs, with their keys.
    accesses: Vec<Access>,
}

impl Importing {
    fn take(&mut self, servers: Servers) {
        if let Some(access) = &servers.access {
            self.accesses.retain(|known| known.program != access.program);
            self.accesses.push(access.clone());
        }
        self.servers = Some(servers);
    }

    /// Nobody chooses any more.
    pub(super) fn dismiss(&mut self) {
        self.servers = None;
    }

    /// Those that are chosen, each once and with its place; none where one of them is not there.
    fn picked(&self, chosen: &[usize]) -> Option<Vec<(usize, Server)>> {
        let servers = &self.servers.as_ref()?.servers;
        if chosen.iter().any(|at| *at >= servers.len()) {
            return None;
        }
        let all = servers.iter().enumerate();
        let picked = all.filter(|(at, _)| chosen.contains(at));
        Some(picked.map(|(at, one)| (at, one.clone())).collect())
    }

    /// Programs that can be reached.
    pub(super) fn accesses(&self) -> impl Iterator<Item = &Access> {
        self.accesses.iter()
    }

    /// With the key of its imported settings where none is entered; that is only for the address which is there.
    pub(super) fn with_key(&self, entered: Access) -> Access {
        let is_meant = |known: &&Access| {
            let is_same = entered.address.trim_end_matches('/') == known.address;
            known.program == entered.program && (is_same || entered.address.is_empty())
        };
        let known = self.accesses.iter().find(is_meant).cloned();
        known.filter(|_| entered.secret.expose().is_empty()).unwrap_or(entered)
    }
}

impl Controller {
    /// Looks for settings in their usual places.
    pub(super) fn find_imports(&self, answer: Answer) {
        let usual = self.environment.places();
        let looking = spawn_blocking(|| places::existing(usual));
        self.later(looking, |this, found| {
            let file = |(program, path)| ImportFile { program, path };
            let files = found.unwrap_or_default().into_iter().map(file).collect();
            this.give(answer, Ok(Reply::Imports { files }));
        });
    }

    /// Reads settings from one of the usual places, and from nowhere else.
    pub(super) fn read_import(&self, path: PathBuf, answer: Answer) {
        let (is_usual, ours) =
            (self.environment.places().iter().any(|(_, usual)| *usual == path), self.address());
        let reading = spawn_blocking(move || is_usual.then(|| load(&path, &ours)));
        self.later(reading, |this, servers| {
            let unread = || Failure::new(FailureCode::ImportRead, "this file cannot be read");
            let done = match servers.ok().flatten().ok_or_else(unread) {
                Ok(servers) => this.preview(servers),
                Err(failure) => Err(failure),
            };
            this.give(answer, done);
        });
    }

    /// Reads settings that the user chose.
    pub(super) fn read_import_text(&mut self, text: &Secret) -> Result<Reply, Failure> {
        self.preview(read(text.expose().as_bytes(), &self.address()))
    }

    fn preview(&mut self, servers: Result<Servers, Error>) -> Result<Reply, Failure> {
        self.importing.dismiss();
        let servers = servers?;
        let providers: Vec<_> = servers.servers.iter().map(provider).collect();
        let accounts = self.same_accounts(&providers);
        let all = servers.servers.iter().zip(providers).zip(accounts);
        let shown = all.map(|((server, provider), same_account_as)| ImportServer {
            provider,
            password: server.password.is_some(),
            doubts: server.doubts.clone(),
            known: self.settings().providers.iter().any(|ours| is_same(ours, server)),
            same_account_as,
        });
        let (program, left_out) = (servers.program, servers.left_out.clone());
        let reply = Reply::Import { program, servers: shown.collect(), left_out };
        self.importing.take(servers);
        Ok(reply)
    }

    /// The account that each of these probably shares, as [`add`] has it.
    fn same_accounts(&self, servers: &[Provider]) -> Vec<Option<SameAccount>> {
        let ours = &self.settings().providers;
        let account = |(at, server): (usize, &Provider)| {
            let provider = same_account(server, ours).map(|owner| ours[owner].id.clone());
            let before = servers[..at].iter().enumerate();
            let same =
                before.filter(|(_, one)| same_account(server, slice::from_ref(*one)).is_some());
            let servers: Vec<_> = same.map(|(at, _)| at).filter(|_| provider.is_none()).collect();
            let is_shared = provider.is_some() || !servers.is_empty();
            is_shared.then_some(SameAccount { provider, servers })
        };
        servers.iter().enumerate().map(account).collect()
    }

    /// Takes those that are chosen, with their passwords; all or none. Those of `same_account` share one with a
    /// provider, or with the first chosen server of the account.
    pub(super) fn import(
        &mut self,
        chosen: &[usize],
        same_account: &[usize],
        remember: Remember,
        answer: Answer,
    ) {
        let Some(picked) = self.importing.picked(chosen) else {
            return self.give(answer, Err(unknown()));
        };
        let shares: Vec<_> = picked.iter().map(|(at, _)| same_account.contains(at)).collect();
        let (providers, passwords) = self.named(picked.into_iter().map(|(_, server)| server));
        let change = move |settings: &mut Settings| {
            for (provider, shares) in providers.iter().zip(&shares) {
                add(&mut settings.providers, provider.clone(), *shares);
            }
            Ok(Reply::Done)
        };
        self.save_with(passwords, remember, change, |this, done| {
            if done.is_ok() {
                this.importing.dismiss();
            }
            this.give(answer, done);
        });
    }

    /// Each with an id that nobody has.
    fn named(&self, picked: impl Iterator<Item = Server>) -> (Vec<Provider>, NewPasswords) {
        let (mut providers, mut passwords) = (Vec::new(), Vec::new());
        for server in picked {
            let mut provider = provider(&server);
            provider.id = self.fresh_id(&provider, &providers);
            passwords.extend(
                server.password.map(|secret| (provider.owner(), Password::new(secret, &provider))),
            );
            providers.push(provider);
        }
        (providers, passwords)
    }
}

/// Adds a provider, as a host of the account that it probably shares, if it `shares` one.
fn add(providers: &mut Vec<Provider>, mut provider: Provider, shares: bool) {
    let owner = if shares { same_account(&provider, providers) } else { None };
    if let Some(owner) = owner {
        provider.share_account_of(&mut providers[owner]);
    }
    providers.push(provider);
}

/// As a provider, without an id.
fn provider(server: &Server) -> Provider {
    Provider {
        name: Some(server.name.clone()),
        enabled: server.enabled,
        port: server.port,
        tls: if server.tls { TlsMode::On } else { TlsMode::Off },
        verify: server.verify,
        username: server.username.clone(),
        connections: server.connections,
        tier: server.tier,
        required: server.required,
        quota: server.quota.map(Quota::once),
        expires: server.expires.as_ref().and_then(|day| day.parse().ok()),
        backbone: server.group.as_ref().map(|group| format!("group {group}")),
        ..Provider::new("", &server.host)
    }
}

fn is_same(ours: &Provider, theirs: &Server) -> bool {
    ours.host.eq_ignore_ascii_case(&theirs.host) && ours.username == theirs.username
}

#[cfg(test)]
mod tests {
    use downloaders::{Address, USUAL_PORT};
    use proptest::prelude::*;
    use settings::{Listen, check};

    use super::*;

    #[test]
    fn an_entry_of_newsmux_is_known_by_the_port_that_settings_have_by_default() {
        assert_eq!(Listen::default().port, USUAL_PORT);
    }

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
