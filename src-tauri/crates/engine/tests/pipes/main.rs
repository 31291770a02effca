//! The engine over pipes, in simulated time: what clients say and hear, what the providers behind it see,
//! and what that costs.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

mod accounts;
mod compression;
mod dialogue;
mod doubt;
mod economy;
mod encrypted;
mod fairness;
mod guesses;
mod lists;
mod logins;
mod pause;
mod pressure;
mod priority;
mod small;
mod speed;
mod support;
mod tune;

use std::sync::Arc;
use std::time::Duration;

use newsmux_tests::client;
use newsmux_tests::provider::ProviderState;
use nntp_proxy::config::{BackendConfig, RoutingMode};
use nntp_proxy::proxy::Proxy;
use tokio::io::DuplexStream;

use support::{Pipes, config, connect};

/// Longer than anything may take in which something still happens.
const PATIENCE: Duration = Duration::from_secs(600);

type Client = client::Client<DuplexStream>;

/// A proxy with these settings, before these providers.
fn proxy(
    mode: RoutingMode,
    providers: &[&Arc<ProviderState>],
    backends: Vec<BackendConfig>,
) -> Proxy {
    Proxy::new(config(mode, backends), Arc::new(Pipes::to(providers)))
}

/// A client that was greeted.
async fn client(proxy: &Proxy) -> Client {
    let stream = connect(proxy, 64 * 1024, |stream| stream);
    let mut client = Client::over(stream).with_patience(PATIENCE);
    assert!(client.line().await.contains("Newsmux ready"));
    client
}
