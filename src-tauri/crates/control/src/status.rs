//! What the control channel says of the application.

use std::process;

use api::snapshot::{ProviderState, ProviderView, Snapshot, State};
use local::channel::{ProviderStatus, Status};

/// The status of the application.
#[must_use]
pub fn status(now: &Snapshot) -> Status {
    Status {
        program: "newsmux".into(),
        version: now.version.into(),
        process: process::id(),
        state: state(now.state).into(),
        address: now.address.to_string(),
        clients: now.clients.len(),
        bytes: now.figures.bytes,
        articles: now.figures.articles,
        providers: now.providers.iter().map(provider).collect(),
    }
}

fn provider(view: &ProviderView) -> ProviderStatus {
    let state = match view.state {
        ProviderState::Off => "off",
        ProviderState::NoPassword => "no_password",
        ProviderState::Untried => "untried",
        ProviderState::Up => "up",
        ProviderState::Down => "down",
        ProviderState::Full => "full",
        ProviderState::LoginRefused => "login_refused",
        ProviderState::UsedUp => "used_up",
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

fn state(state: State) -> &'static str {
    match state {
        State::Stopped => "stopped",
        State::Paused { .. } => "paused",
        State::Starting => "starting",
        State::Idle => "idle",
        State::Active => "active",
        State::Degraded => "degraded",
        State::Down => "down",
        State::NoProvider => "no_provider",
        State::Attention => "attention",
    }
}
