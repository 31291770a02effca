//! The snapshot: what people see of all that the loop owns.

use api::snapshot::{
    ClientView, Figures, PasswordState, ProgramAddress, ProviderState, ProviderView, Retry,
    Snapshot, State, Trouble,
};
use downloaders::Address;
use downloaders::connect::Access;
use nntp_proxy::backend::{BackendSnapshot, Retry as BackendRetry, State as BackendState};
use nntp_proxy::proxy::ClientSnapshot;
use secrets::Owner;
use settings::Provider;
use tokio::time::Instant;

use super::environment::millis;
use super::passwords::Known;
use super::removed::Removed;
use super::run::{Controller, Quitting};
use super::troubles::needs_the_user;

/// While somebody looks, the time goes on at least this often, in milliseconds.
const SECOND: u64 = 1000;
/// Why a provider is not used although its own password is there.
const NO_PROXY_PASSWORD: &str = "the password of its proxy is missing";
/// And while nobody does.
const MINUTE: u64 = 60_000;

impl Controller {
    /// What is to be seen now. Time alone is hardly a reason for another than `before`; a state comes with the
    /// time at which it begins.
    pub(super) fn view(&self, before: Option<&Snapshot>) -> Snapshot {
        let sample = self.sampling.provider();
        let providers = self.settings().providers.iter().chain(&sample);
        let providers: Vec<_> = providers.map(|provider| self.provider(provider)).collect();
        let troubles = self.troubles(&providers);
        let clients = self.engine.iter().flat_map(|engine| &engine.clients);
        let serves = self.serves(&providers);
        let state = self.state(&troubles, serves);
        let before = before.filter(|before| before.state == state);
        Snapshot {
            state,
            serves,
            troubles,
            address: self.address(),
            encrypted: self.encrypted_view(),
            figures: self.figures(before.map(|before| before.figures)),
            providers,
            accounts: self.books.accounts(),
            sample: self.wants_sample(),
            clients: clients.map(client).collect(),
            last_event: self.events.last(),
            traffic: self.traffic_view(),
            settings: self.settings().clone(),
            keep: self.stores.state().clone(),
            vault: self.stores.vault_state(),
            removed: self.undo.removed.as_ref().map(|removed| Removed::name(removed).to_owned()),
            new_password: self.new_password.as_ref().map(|(name, _)| name.clone()),
            check: self.checking.check.clone(),
            tuning: self.tuning.view.clone(),
            reachable: self.importing.accesses().map(reachable).collect(),
            connected: self.connections(),
            start_at_login: self.desktop.starts_at_login(),
            tray: self.desktop.window().has_tray(),
            farewell: self.desktop.window().says_farewell(),
            asks_to_quit: self.quitting == Quitting::Asked,
            version: self.start.version,
        }
    }

    /// Whether a program that asks for an article may get one.
    fn serves(&self, providers: &[ProviderView]) -> bool {
        let works = |state| matches!(state, ProviderState::Up | ProviderState::Untried);
        self.serving.is_on()
            && self.serving.listening().is_some()
            && providers.iter().any(|view| works(view.state))
    }

    fn state(&self, troubles: &[Trouble], serves: bool) -> State {
        let is_listening = self.serving.listening().is_some();
        if !self.settings().desktop.on || self.power.over {
            State::Stopped
        } else if self.power.starting
            || (self.serving.is_on() && !is_listening && self.power.shut.is_none())
        {
            State::Starting
        } else if troubles.iter().any(needs_the_user) {
            State::Attention
        } else if !is_listening {
            // A password that it waits for is being read.
            State::Starting
        } else if self.is_paused() {
            State::Paused { until: self.traffic_view().until }
        } else if self.settings().enabled().next().is_none() && !self.sampling.is_on() {
            State::NoProvider
        } else if !serves {
            State::Down
        } else if troubles.iter().any(keeps_some_out) {
            State::Attention
        } else if troubles.iter().any(is_about_connections) {
            State::Degraded
        } else if self.numbers.is_active(Instant::now()) {
            State::Active
        } else {
            State::Idle
        }
    }

    /// Where programs come in; the port may be one that the system chose.
    pub(super) fn address(&self) -> Address {
        let listen = &self.settings().listen;
        match self.serving.listening() {
            Some((open, port)) => Address { host: open.host.clone(), port },
            None => Address { host: listen.host.clone(), port: listen.port },
        }
    }

    fn figures(&self, before: Option<Figures>) -> Figures {
        let (total, at) = (self.numbers.total(), self.millis());
        let now = Figures {
            at,
            speed: self.numbers.speed(),
            bytes: total.bytes,
            today: self.books.today(),
            replies: total.delivered,
            articles: total.articles,
        };
        let pause = if self.desktop.window().is_shown() { SECOND } else { MINUTE };
        match before {
            Some(before) if now == (Figures { at, ..before }) && at.abs_diff(before.at) < pause => {
                before
            }
            _ => now,
        }
    }

    fn provider(&self, provider: &Provider) -> ProviderView {
        let backends = self.engine.iter().flat_map(|engine| &engine.backends);
        let backend = backends.into_iter().find(|backend| backend.id == provider.id);
        let (speed, total) = self.numbers.of(&provider.id);
        let (state, said) = self.provider_state(provider, backend);
        ProviderView {
            id: provider.id.clone(),
            name: provider.display_name().to_owned(),
            state,
            said,
            retry: backend.and_then(|backend| backend.retry).map(|retry| self.retry(retry)),
            password: self.passwords.of(provider),
            proxy_password: self.passwords.of_proxy(provider),
            tested: self.checking.has_passed(provider),
            open: backend.map_or(0, |backend| backend.open),
            granted: backend.map_or(provider.connections, |backend| backend.limit),
            allowed: provider.connections,
            speed,
            bytes: total.bytes,
            replies: total.delivered,
            missing: total.missing,
            failures: total.failures,
        }
    }

    /// To the second: it would be another with each snapshot.
    fn retry(&self, retry: BackendRetry) -> Retry {
        match retry {
            BackendRetry::In(pause) => {
                let time = millis(self.environment.now() + pause);
                Retry::At { time: time.next_multiple_of(SECOND) }
            }
            BackendRetry::NextRequest => Retry::NextRequest,
            BackendRetry::UnderWay => Retry::UnderWay,
        }
    }

    fn provider_state(
        &self,
        provider: &Provider,
        backend: Option<&BackendSnapshot>,
    ) -> (ProviderState, String) {
        match (self.lacks_password(provider), backend) {
            _ if !provider.enabled => (ProviderState::Off, String::new()),
            (Some(said), _) => (ProviderState::NoPassword, said),
            (_, Some(backend)) if backend.used_up => (ProviderState::UsedUp, backend.why.clone()),
            (_, Some(backend)) => (state_of(&backend.state), backend.why.clone()),
            (_, None) => (ProviderState::Off, String::new()),
        }
    }

    /// Why its password, or that of its proxy, cannot be used; empty where there is nothing more to say.
    fn lacks_password(&self, provider: &Provider) -> Option<String> {
        let its = (provider.owner(), self.passwords.of(provider));
        let of_proxy = (provider.proxy_owner(), self.passwords.of_proxy(provider));
        [its, of_proxy].into_iter().find_map(|(owner, state)| match state {
            PasswordState::NotNeeded | PasswordState::Kept | PasswordState::ThisSession => None,
            PasswordState::Elsewhere | PasswordState::Missing | PasswordState::Closed => {
                match self.passwords.known(&owner) {
                    Some(Known::Failed(said)) => Some(said.clone()),
                    None => None,
                    Some(_) if matches!(owner, Owner::Proxy(_)) => Some(NO_PROXY_PASSWORD.into()),
                    Some(_) => Some(String::new()),
                }
            }
        })
    }
}

/// Whether some programs cannot come in.
fn keeps_some_out(trouble: &Trouble) -> bool {
    matches!(
        trouble,
        Trouble::OtherUser { .. } | Trouble::ProviderPort { .. } | Trouble::EncryptedPort { .. }
    )
}

/// Whether a provider cannot be used at the moment.
fn is_about_connections(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::ProviderDown { .. } | Trouble::ProviderFull { .. })
}

fn state_of(state: &BackendState) -> ProviderState {
    match state {
        BackendState::Untried => ProviderState::Untried,
        BackendState::Up => ProviderState::Up,
        BackendState::Down => ProviderState::Down,
        BackendState::Full => ProviderState::Full,
        BackendState::LoginRefused => ProviderState::LoginRefused,
    }
}

fn reachable(access: &Access) -> ProgramAddress {
    let Access { program, address, user, .. } = access.clone();
    ProgramAddress { program, address, user }
}

fn client(client: &ClientSnapshot) -> ClientView {
    ClientView {
        id: client.id.get(),
        name: client.user.clone(),
        program: client.program.clone(),
        address: client.address.to_string(),
        since: millis(client.since),
        bytes: client.bytes,
        requests: client.requests,
    }
}
