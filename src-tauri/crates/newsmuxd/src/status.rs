//! What the control channel says of newsmuxd.

use std::process;

use local::channel::{ProviderStatus, Status, TrafficStatus};
use nntp_proxy::backend::{BackendSnapshot, Retry, State};
use nntp_proxy::proxy::Snapshot;
use serde_json::{Map, Value};

/// The status of a newsmuxd that serves on `address`.
pub(crate) fn status(
    now: &Snapshot,
    (accounts, traffic): (Map<String, Value>, TrafficStatus),
    address: &str,
) -> Status {
    let sum = |figure: fn(&BackendSnapshot) -> u64| now.backends.iter().map(figure).sum();
    let busy = now.backends.iter().any(|backend| backend.load > 0);
    Status {
        program: "newsmuxd".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        process: process::id(),
        state: match (&*traffic.mode, busy) {
            ("paused", _) => "paused",
            (_, true) => "active",
            (_, false) => "idle",
        }
        .into(),
        address: address.into(),
        clients: now.clients.len(),
        bytes: sum(|backend| backend.counters.bytes),
        articles: sum(|backend| backend.counters.articles),
        providers: now.backends.iter().map(provider).collect(),
        traffic,
        accounts,
    }
}

fn provider(backend: &BackendSnapshot) -> ProviderStatus {
    let state = match backend.state {
        _ if backend.used_up => "used_up",
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
        retry_secs: backend.retry.map(|retry| match retry {
            Retry::In(pause) => pause.as_secs().max(1),
            Retry::NextRequest | Retry::UnderWay => 0,
        }),
        open: backend.open,
        granted: backend.limit,
        bytes: backend.counters.bytes,
    }
}
