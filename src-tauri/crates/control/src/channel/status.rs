//! How a Newsmux is, in figures that every version understands.

use std::process;

use nntp_proxy::backend::{BackendSnapshot, State};
use nntp_proxy::proxy;
use serde::{Deserialize, Serialize};

use crate::snapshot::{ProviderState, ProviderView, Snapshot, State as Whole};

/// How it is. Figures count from its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// `newsmux` or `newsmuxd`.
    pub program: String,
    /// Its version.
    pub version: String,
    /// Its process.
    pub process: u32,
    /// Its state in one word, such as `idle` or `paused`.
    pub state: String,
    /// Where programs connect.
    pub address: String,
    /// Connected programs' connections.
    pub clients: usize,
    /// Bytes from the providers.
    pub bytes: u64,
    /// Articles delivered.
    pub articles: u64,
    /// The providers, in the order of the settings.
    pub providers: Vec<ProviderStatus>,
}

/// How a provider is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderStatus {
    /// Its name.
    pub name: String,
    /// Its state in one word, such as `up` or `login_refused`.
    pub state: String,
    /// What is wrong, in a sentence; empty if nothing is.
    pub problem: String,
    /// Open connections.
    pub open: u16,
    /// Connections that it grants, as far as is known.
    pub granted: u16,
    /// Bytes from it.
    pub bytes: u64,
}

impl Status {
    /// The application's.
    #[must_use]
    pub fn of_application(now: &Snapshot) -> Self {
        Self {
            program: "newsmux".into(),
            version: now.version.into(),
            process: process::id(),
            state: whole(now.state).into(),
            address: now.address.to_string(),
            clients: now.clients.len(),
            bytes: now.figures.bytes,
            articles: now.figures.articles,
            providers: now.providers.iter().map(of_view).collect(),
        }
    }

    /// That of a newsmuxd which serves on `address`.
    #[must_use]
    pub fn of_daemon(now: &proxy::Snapshot, version: &str, address: &str) -> Self {
        let sum = |figure: fn(&BackendSnapshot) -> u64| now.backends.iter().map(figure).sum();
        let busy = now.backends.iter().any(|backend| backend.load > 0);
        Self {
            program: "newsmuxd".into(),
            version: version.into(),
            process: process::id(),
            state: if busy { "active" } else { "idle" }.into(),
            address: address.into(),
            clients: now.clients.len(),
            bytes: sum(|backend| backend.counters.bytes),
            articles: sum(|backend| backend.counters.articles),
            providers: now.backends.iter().map(of_backend).collect(),
        }
    }
}

fn of_view(view: &ProviderView) -> ProviderStatus {
    let state = match view.state {
        ProviderState::Off => "off",
        ProviderState::NoPassword => "no_password",
        ProviderState::Untried => "untried",
        ProviderState::Up => "up",
        ProviderState::Down => "down",
        ProviderState::Full => "full",
        ProviderState::LoginRefused => "login_refused",
    };
    ProviderStatus {
        name: view.name.clone(),
        state: state.into(),
        problem: view.said.clone(),
        open: view.open,
        granted: view.granted,
        bytes: view.bytes,
    }
}

fn of_backend(backend: &BackendSnapshot) -> ProviderStatus {
    let state = match backend.state {
        State::Untried => "untried",
        State::Up => "up",
        State::Down => "down",
        State::Full => "full",
        State::LoginRefused => "login_refused",
    };
    ProviderStatus {
        name: backend.name.clone(),
        state: state.into(),
        problem: backend.why.clone(),
        open: backend.open,
        granted: backend.limit,
        bytes: backend.counters.bytes,
    }
}

fn whole(state: Whole) -> &'static str {
    match state {
        Whole::Stopped => "stopped",
        Whole::Paused { .. } => "paused",
        Whole::Starting => "starting",
        Whole::Idle => "idle",
        Whole::Active => "active",
        Whole::Degraded => "degraded",
        Whole::Down => "down",
        Whole::NoProvider => "no_provider",
        Whole::Attention => "attention",
    }
}
