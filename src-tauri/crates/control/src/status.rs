//! What the control channel says of the application.

use std::process;

use api::snapshot::{ProviderState, ProviderView, Retry, Snapshot, State, TrafficView};
use local::channel::{ProviderStatus, Status, TrafficStatus};
use serde_json::{Map, Value};

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
        providers: now.providers.iter().map(|view| provider(view, now.figures.at)).collect(),
        traffic: traffic(now),
        accounts: accounts(now),
    }
}

/// What limits the speed of the application.
#[must_use]
pub fn traffic(now: &Snapshot) -> TrafficStatus {
    let TrafficView { mode, speed, until, next } = now.traffic;
    TrafficStatus {
        mode: mode.word().into(),
        speed,
        until: until.map(|until| until / 1000),
        next: next.map(|next| next.word().into()),
    }
}

fn accounts(now: &Snapshot) -> Map<String, Value> {
    let standings = now.accounts.iter().map(|view| (view.id.clone(), view.standing.clone()));
    let names = now.providers.iter().map(|view| (view.id.clone(), view.name.clone()));
    bookkeeping::accounts(&standings.collect(), &names.collect())
}

fn provider(view: &ProviderView, at: u64) -> ProviderStatus {
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
        retry_secs: view.retry.map(|retry| match retry {
            Retry::At { time } => time.saturating_sub(at).div_ceil(1000),
            Retry::NextRequest | Retry::UnderWay => 0,
        }),
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
