//! A scripted provider behind a TCP port on loopback.
#![expect(clippy::expect_used, reason = "a helper of tests: what goes wrong here fails the test")]

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{ProviderState, serve_connection};

/// A provider that listens, until this is dropped.
#[derive(Debug)]
pub struct Listening {
    address: SocketAddr,
    state: Arc<ProviderState>,
    task: JoinHandle<()>,
}

impl Listening {
    pub(super) async fn start(state: Arc<ProviderState>) -> Self {
        Self::bind(state, 0).await
    }

    async fn bind(state: Arc<ProviderState>, port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { address, state, task }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening: connections are refused from now on. Open ones stay.
    pub async fn stop(&mut self) {
        self.task.abort();
        if !self.task.is_finished() {
            drop((&mut self.task).await);
        }
    }

    /// Listens again, on the same port.
    pub async fn restart(&mut self) {
        self.stop().await;
        *self = Self::bind(Arc::clone(&self.state), self.address.port()).await;
    }
}

async fn accept(listener: TcpListener, state: Arc<ProviderState>) {
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        tokio::spawn(serve_connection(stream, Arc::clone(&state)));
    }
}

impl Deref for Listening {
    type Target = ProviderState;

    fn deref(&self) -> &ProviderState {
        &self.state
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}
