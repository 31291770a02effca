//! A client's session: greeting, login and requests, in one of three modes.
//!
//! ```
//! use std::net::SocketAddr;
//! use std::sync::Arc;
//!
//! use nntp_proxy::auth::AuthHandler;
//! use nntp_proxy::config::RoutingMode;
//! use nntp_proxy::pool::BufferPool;
//! use nntp_proxy::router::BackendSelector;
//! use nntp_proxy::session::{ClientSession, SessionMode};
//! use nntp_proxy::types::BufferSize;
//!
//! let client: SocketAddr = "127.0.0.1:50000".parse()?;
//! let buffers = BufferPool::new(BufferSize::DEFAULT, 10);
//! let auth = Arc::new(AuthHandler::new(None, None));
//!
//! // 1:1: one provider connection for the whole session.
//! let standard = ClientSession::builder(client, buffers.clone(), auth.clone()).build();
//! assert_eq!(standard.mode(), SessionMode::Stateful);
//! assert!(!standard.is_per_command_routing());
//!
//! // Every request to the best backend of that moment, until one needs a selected group.
//! let hybrid = ClientSession::builder(client, buffers, auth)
//!     .with_router(Arc::new(BackendSelector::new()))
//!     .with_routing_mode(RoutingMode::Hybrid)
//!     .build();
//! assert_eq!(hybrid.mode(), SessionMode::PerCommand);
//! assert!(hybrid.is_per_command_routing());
//! assert_ne!(standard.client_id(), hybrid.client_id());
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;
use tokio::time::sleep_until;
use tracing::{Instrument, debug, debug_span};

use crate::auth::AuthHandler;
use crate::backend::Resources;
use crate::budget::{Budget, Share};
use crate::clients::Client;
use crate::config::RoutingMode;
use crate::dial::BoxStream;
use crate::error::Error;
use crate::events::{Event, Events};
use crate::guesses::{Answer, Guesses};
use crate::pool::BufferPool;
use crate::router::BackendSelector;
use crate::traffic::Traffic;
use crate::types::ClientId;

mod backend;
mod clock;
mod connection;
mod error_classification;
mod exchange;
mod exclusive;
mod handlers;
mod pending_reply;
mod promises;
mod resume;
mod running;
mod selected;
mod stateful;
mod streaming;
mod writer;

/// What a session does with requests at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionMode {
    /// Each request is routed on its own.
    PerCommand,
    /// Requests that depend on the selected group go to that group's provider.
    Stateful,
}

/// A client's session. See the [module](self).
#[derive(Debug)]
pub struct ClientSession {
    client: Arc<Client>,
    buffer_pool: BufferPool,
    auth: Arc<AuthHandler>,
    router: Option<Arc<BackendSelector>>,
    routing_mode: RoutingMode,
    stateful: AtomicBool,
    posting: bool,
    budget: Share,
    events: Events,
    guesses: Guesses,
    traffic: Traffic,
    stop: watch::Receiver<bool>,
}

impl ClientSession {
    /// Creates a session without a router: Standard, and Stateful from the start.
    #[must_use]
    pub fn new(client_addr: SocketAddr, pool: BufferPool, auth: Arc<AuthHandler>) -> Self {
        Self::builder(client_addr, pool, auth).build()
    }

    /// Creates a session that routes each request on its own; see [`ClientSessionBuilder::build`] for
    /// the mode.
    #[must_use]
    pub fn new_with_router(
        client_addr: SocketAddr,
        pool: BufferPool,
        router: Arc<BackendSelector>,
        mode: RoutingMode,
        auth: Arc<AuthHandler>,
    ) -> Self {
        Self::builder(client_addr, pool, auth).with_router(router).with_routing_mode(mode).build()
    }

    /// Returns a builder for a session with the client at `client_addr`.
    pub fn builder(
        client_addr: SocketAddr,
        buffer_pool: BufferPool,
        auth_handler: Arc<AuthHandler>,
    ) -> ClientSessionBuilder {
        let client = Client::new(client_addr);
        ClientSessionBuilder(Self {
            budget: Budget::new().for_session(&client),
            client,
            buffer_pool,
            auth: auth_handler,
            router: None,
            routing_mode: RoutingMode::Standard,
            stateful: AtomicBool::new(true),
            posting: false,
            events: Events::new(),
            guesses: Guesses::default(),
            traffic: Traffic::default(),
            stop: watch::channel(false).1,
        })
    }

    /// The session's id, unique for as long as the program runs.
    #[must_use]
    pub fn client_id(&self) -> ClientId {
        self.client.id
    }

    pub(crate) fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client)
    }

    /// The session's current mode.
    #[must_use]
    pub fn mode(&self) -> SessionMode {
        if self.stateful.load(Ordering::Relaxed) {
            SessionMode::Stateful
        } else {
            SessionMode::PerCommand
        }
    }

    /// Whether requests are routed one by one. True in every mode but Standard, even after a Hybrid
    /// session has switched: its requests by message-id are still routed on their own.
    #[must_use]
    pub fn is_per_command_routing(&self) -> bool {
        self.router.is_some()
    }

    /// Serves the client in Standard mode: one connection to one of `backends` for the whole session.
    /// Returns when the session has ended.
    pub async fn handle_with_pooled_backend(
        self,
        stream: BoxStream,
        backends: Arc<BackendSelector>,
    ) {
        self.serve(stream, backends).await;
    }

    /// Serves the client in PerCommand or Hybrid mode. Returns when the session has ended, or at once
    /// if the session has no router.
    pub async fn handle_per_command_routing(self, stream: BoxStream) {
        if let Some(router) = self.router.clone() {
            self.serve(stream, router).await;
        }
    }

    async fn serve(self, stream: BoxStream, backends: Arc<BackendSelector>) {
        let span = debug_span!("session", client = %self.client.id, addr = %self.client.address);
        let conversation = handlers::Conversation::new(Arc::new(self), backends, stream);
        async {
            debug!("connected");
            let end = conversation.hold().await;
            debug!("ended: {end}");
        }
        .instrument(span)
        .await;
    }

    fn is_dedicated(&self) -> bool {
        self.router.is_none()
    }

    fn allows_stateful(&self) -> bool {
        self.routing_mode != RoutingMode::PerCommand
    }

    /// Checks a client's login, and waits if its address guesses logins. Returns nothing if it is turned
    /// away unchecked.
    async fn login(&self, user: &[u8], password: &[u8]) -> Option<bool> {
        let accepted = self.auth.check(user, password);
        let address = self.client.address.ip();
        let answer = self.guesses.answer(address, (user, password), accepted.is_some());
        let accepted = accepted.filter(|_| answer != Answer::TurnedAway);
        if accepted.is_none() {
            self.events.tell(|| Event::LoginRefused { client: self.client.name() });
        }
        match answer {
            Answer::Now => {}
            Answer::At(moment) => sleep_until(moment).await,
            Answer::TurnedAway => return None,
        }
        accepted.into_iter().for_each(|name| self.client.logged_in(name));
        Some(accepted.is_some())
    }

    /// Waits until the client may be greeted: at once, unless downloads are paused.
    async fn until_greeted(&self) -> Result<(), Error> {
        if !self.traffic.is_paused() {
            return Ok(());
        }
        Box::pin(self.traffic.greets(&self.client)).await
    }

    /// Waits until an article may be fetched: at once, unless downloads are paused. If the client leaves
    /// during a pause, its earlier replies are still completed.
    async fn until_resumed(&self, pending: &pending_reply::PendingReply) -> Result<(), Error> {
        if !self.traffic.is_paused() {
            return Ok(());
        }
        Box::pin(async {
            let resumed = self.traffic.resumed(&self.client).await;
            if resumed.is_err() {
                pending.first_in_line().await;
            }
            resumed
        })
        .await
    }

    /// Reports a refusal of ours that asks for a login.
    fn refused(&self, reply: &[u8]) {
        if reply.starts_with(b"480 ") {
            self.events.tell(|| Event::LoginNeeded { client: self.client.name() });
        }
    }

    /// Switches to Stateful mode: a stateful request came.
    fn switch_to_stateful_mode(&self) {
        if !self.stateful.swap(true, Ordering::Relaxed) {
            debug!("stateful from here on");
        }
    }
}

/// Builds a [`ClientSession`].
#[derive(Debug)]
#[must_use]
pub struct ClientSessionBuilder(ClientSession);

impl ClientSessionBuilder {
    /// Routes each request on its own, to the backends of `router`.
    pub fn with_router(mut self, router: Arc<BackendSelector>) -> Self {
        self.0.router = Some(router);
        self
    }

    /// Sets the routing mode. It has no effect without a router.
    pub fn with_routing_mode(mut self, mode: RoutingMode) -> Self {
        self.0.routing_mode = mode;
        self
    }

    /// Sets the logins that clients may use.
    pub fn with_auth_handler(mut self, auth_handler: Arc<AuthHandler>) -> Self {
        self.0.auth = auth_handler;
        self
    }

    /// Allows posting, if the mode allows it. Off by default.
    pub fn with_posting(mut self, posting: bool) -> Self {
        self.0.posting = posting;
        self
    }

    /// Shares these with the other sessions of a proxy.
    pub(crate) fn within_proxy(
        mut self,
        budget: &Budget,
        resources: &Resources,
        stop: watch::Receiver<bool>,
    ) -> Self {
        self.0.budget = budget.for_session(&self.0.client);
        self.0.events = resources.events.clone();
        self.0.traffic = resources.traffic.clone();
        self.0.stop = stop;
        self
    }

    /// Counts wrong logins with the other sessions of a proxy.
    pub(crate) fn counting_guesses(mut self, guesses: &Guesses) -> Self {
        self.0.guesses = guesses.clone();
        self
    }

    pub(crate) fn client(&self) -> Arc<Client> {
        self.0.client()
    }

    /// Has the session wait until the client's program is recognized before it asks a provider.
    pub(crate) fn unrecognized(mut self) -> Self {
        self.0.client = Client::unrecognized(self.0.client.address);
        self
    }

    /// Builds the session. Without a router it is Standard and starts Stateful. With a router,
    /// PerCommand and Hybrid are kept, Standard becomes PerCommand, and the session starts in
    /// PerCommand.
    #[must_use]
    pub fn build(self) -> ClientSession {
        let mut session = self.0;
        session.routing_mode = match (&session.router, session.routing_mode) {
            (None, _) => RoutingMode::Standard,
            (Some(_), RoutingMode::Hybrid) => RoutingMode::Hybrid,
            (Some(_), RoutingMode::PerCommand | RoutingMode::Standard) => RoutingMode::PerCommand,
        };
        session.stateful = AtomicBool::new(session.router.is_none());
        session.posting &= session.allows_stateful();
        session
    }
}
