//! The proxy as a whole: it listens, serves, takes new settings without dropping anyone, and stops.

use std::collections::HashMap;
use std::fmt;
use std::future::ready;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, broadcast, watch};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::auth::Recognition;
use crate::backend::{Accounts, Backend, BackendSnapshot, CheckPermits, Resources};
use crate::budget::Budget;
use crate::clients::{Client, Clients};
pub use crate::clients::{ClientSnapshot, ProgramCounts, ProgramSnapshot};
use crate::config::{Allowances, BackendConfig, Config, RoutingMode, TrafficLimits};
use crate::dial::{BoxStream, Dial};
use crate::encryption::ServerIdentity;
use crate::events::{Event, Events};
use crate::guesses::Guesses;
use crate::lock::Lock;
use crate::pool::BufferPool;
use crate::router::BackendSelector;
use crate::session::ClientSession;
use crate::totals::Totals;
use crate::traffic::Traffic;
use crate::tune::{Allowed, Tune, Unable};
use crate::types::BufferSize;

/// The maximum number of unused buffers to keep.
const BUFFERS: usize = 16;
/// The pause after a failed accept. Without it, running out of file descriptors would keep a CPU busy.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The maximum number of connected clients.
const CLIENTS: usize = 2000;
/// How long a client may wait for its program to be recognized.
const RECOGNITION: Duration = Duration::from_millis(500);
/// The greeting for a client that is not admitted.
const NOT_ADMITTED: &[u8] =
    b"400 Newsmux serves only its own user's programs: allow other users, or add a login\r\n";

/// How a client came in: from where, and with which certificate it is encrypted.
struct Incoming {
    client: std::net::SocketAddr,
    identity: Option<ServerIdentity>,
}

/// A running proxy. Clones are handles to the same proxy.
#[derive(Clone)]
pub struct Proxy(Arc<Shared>);

struct Shared {
    resources: Resources,
    accounts: Accounts,
    budget: Budget,
    selector: Arc<BackendSelector>,
    /// Selectors of one provider each, by its id, for the ports of their own.
    only: Lock<HashMap<String, Arc<BackendSelector>>>,
    config: Lock<Config>,
    clients: Clients,
    guesses: Guesses,
    /// Held while a client's program is recognized.
    recognizing: Arc<Semaphore>,
    stop: watch::Sender<bool>,
    /// No client is served any more once the last receiver is gone.
    served: watch::Sender<()>,
}

/// A proxy's state at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The providers, in the order of the settings.
    pub backends: Vec<BackendSnapshot>,
    /// The connected clients, oldest first.
    pub clients: Vec<ClientSnapshot>,
    /// The accounts of all providers since the program started.
    pub accounts: Vec<AccountSnapshot>,
    /// The programs that were served since the program started.
    pub programs: Vec<ProgramSnapshot>,
}

/// What an account has transferred.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountSnapshot {
    /// The id of the provider that it is named after.
    pub id: String,
    /// The bytes received and sent on its sockets since the program started, logins and encryption
    /// included.
    pub bytes: u64,
}

impl Proxy {
    /// Creates a proxy with these settings. It dials nothing before a client sends a request.
    #[must_use]
    pub fn new(config: Config, dialler: Arc<dyn Dial>) -> Self {
        Self::counting_in(Totals::default(), config, dialler)
    }

    /// Like [`new`](Self::new), but goes on with the totals of earlier proxies.
    #[must_use]
    pub fn counting_in(totals: Totals, config: Config, dialler: Arc<dyn Dial>) -> Self {
        let proxy = Self(Arc::new(Shared {
            resources: Resources {
                dialler,
                buffers: BufferPool::new(BufferSize::DEFAULT, BUFFERS),
                events: Events::new(),
                traffic: Traffic::default(),
            },
            accounts: Accounts::counting_in(totals.clone()),
            budget: Budget::new(),
            selector: Arc::new(BackendSelector::new()),
            only: Lock::new(HashMap::new()),
            config: Lock::new(config.clone()),
            clients: Clients::counting_in(totals),
            guesses: Guesses::default(),
            recognizing: Arc::new(Semaphore::new(1)),
            stop: watch::Sender::new(false),
            served: watch::Sender::new(()),
        }));
        proxy.apply(config);
        proxy
    }

    /// Applies new settings. Sessions continue. Unchanged providers keep their connections; changed
    /// ones finish what they have begun, and requests that wait for them move to their successors. A
    /// new mode applies to new clients only. Call it within the runtime that serves.
    pub fn apply(&self, config: Config) {
        let old = self.0.selector.backends();
        let keep = |new: &_| old.iter().find(|backend| backend.config() == new).cloned();
        let kept: Vec<_> = config.backends.iter().map(keep).collect();
        self.0.accounts.totals.allow(&config.allowances);
        self.0.resources.traffic.limit(&config.traffic);
        let mut others: Vec<_> = kept.iter().flatten().cloned().collect();
        let mut make = |new: &BackendConfig| {
            let resources = self.0.resources.clone();
            let new = Backend::with_account(new.clone(), &self.0.accounts, &others, resources);
            others.push(Arc::clone(&new));
            new
        };
        let wanted = config.backends.iter().zip(kept);
        let new: Vec<_> = wanted.map(|(new, kept)| kept.unwrap_or_else(|| make(new))).collect();
        let gone = old.iter().filter(|old| !new.iter().any(|new| Arc::ptr_eq(old, new)));
        let gone: Vec<_> = gone.cloned().collect();
        {
            let only = self.0.only.lock();
            only.iter().for_each(|(id, selector)| selector.replace(of_provider(id, &new)));
            self.0.selector.replace(new);
        }
        *self.0.config.lock() = config;
        gone.iter().for_each(Backend::retire);
    }

    /// Accepts clients until [`shutdown`](Self::shutdown).
    pub async fn serve(&self, listener: TcpListener) {
        self.accept(listener, &self.0.selector, None).await;
    }

    /// Accepts clients over TLS until [`shutdown`](Self::shutdown).
    pub async fn serve_encrypted(&self, listener: TcpListener, identity: &ServerIdentity) {
        self.accept(listener, &self.0.selector, Some(identity)).await;
    }

    /// Accepts clients that are served by one provider alone, until [`shutdown`](Self::shutdown). While
    /// the settings do not have it, they are told that there is no provider.
    pub async fn serve_provider(&self, listener: TcpListener, id: &str) {
        let selector = {
            let mut only = self.0.only.lock();
            let selector = only.entry(id.to_owned()).or_default();
            selector.replace(of_provider(id, &self.0.selector.backends()));
            Arc::clone(selector)
        };
        self.accept(listener, &selector, None).await;
    }

    async fn accept(
        &self,
        listener: TcpListener,
        router: &Arc<BackendSelector>,
        identity: Option<&ServerIdentity>,
    ) {
        let mut stop = self.0.stop.subscribe();
        loop {
            let accepted = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, client)) => {
                    let how = Incoming { client, identity: identity.cloned() };
                    self.welcome(stream, how, Arc::clone(router));
                }
                Err(error) => {
                    warn!("cannot accept a client: {error}");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn welcome(&self, stream: TcpStream, how: Incoming, router: Arc<BackendSelector>) {
        let Incoming { client, identity } = how;
        if let Err(error) = prepare(&stream) {
            return debug!(%client, "left at once: {error}");
        }
        if self.0.served.receiver_count() >= CLIENTS {
            turn_away(&stream, identity.as_ref(), b"400 Newsmux has too many clients\r\n");
            return warn!(%client, "refused: {CLIENTS} clients are connected already");
        }
        let (proxy, serving) = (self.clone(), self.0.served.subscribe());
        let connected = Moment::now();
        tokio::spawn(async move {
            if proxy.admits(&stream, client).await {
                let from = (client, Some(connected));
                match identity {
                    None => {
                        proxy.serve_from(ready(Some(Box::new(stream) as _)), from, router).await
                    }
                    Some(identity) => {
                        let encrypted = proxy.encrypt(stream, client, &identity);
                        Box::pin(proxy.serve_from(encrypted, from, router)).await;
                    }
                }
            } else {
                turn_away(&stream, identity.as_ref(), NOT_ADMITTED);
                debug!(%client, "refused: it runs as another user of this computer");
                proxy.0.resources.events.tell(|| Event::NotAdmitted { client: client.to_string() });
            }
            drop(serving);
        });
    }

    /// Whether the client may connect.
    async fn admits(&self, stream: &TcpStream, client: std::net::SocketAddr) -> bool {
        let admission = {
            let config = self.0.config.lock();
            config.auth.admission()
        };
        let (Some(admission), Ok(local)) = (admission, stream.local_addr()) else { return true };
        spawn_blocking(move || admission(client, local)).await.unwrap_or(false)
    }

    /// Looks up the program behind a client that was `connected` by this moment, while the client is
    /// greeted and logs in.
    fn recognize(&self, client: Arc<Client>, recognition: Recognition, connected: Moment) {
        let recognizing = Arc::clone(&self.0.recognizing);
        tokio::spawn(async move {
            let address = client.address;
            let recognized = async {
                // One at a time, on one thread: the next may find what it needs in what this one found.
                let permit = recognizing.acquire_owned().await.ok()?;
                let recognize = move || (recognition(address, connected), permit);
                spawn_blocking(recognize).await.ok()?.0
            };
            client.recognize(timeout(RECOGNITION, recognized).await.ok().flatten());
        });
    }

    /// Serves one client on any kind of stream until it leaves.
    pub async fn serve_client(&self, stream: BoxStream, client: std::net::SocketAddr) {
        let stream = ready(Some(stream));
        self.serve_from(stream, (client, None), Arc::clone(&self.0.selector)).await;
    }

    /// Serves one client over TLS on any kind of stream until it leaves.
    pub async fn serve_client_encrypted(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        client: std::net::SocketAddr,
        identity: &ServerIdentity,
    ) {
        let stream = self.encrypt(stream, client, identity);
        Box::pin(self.serve_from(stream, (client, None), Arc::clone(&self.0.selector))).await;
    }

    /// Encrypts a client's connection, unless the proxy stops first.
    async fn encrypt(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        client: std::net::SocketAddr,
        identity: &ServerIdentity,
    ) -> Option<BoxStream> {
        let mut stop = self.0.stop.subscribe();
        let encrypted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return None,
            encrypted = identity.accept(stream) => encrypted,
        };
        match encrypted {
            Ok(stream) => Some(stream),
            Err(problem) => {
                debug!(%client, "no encrypted connection: {problem}");
                let client = client.to_string();
                self.0.resources.events.tell(|| Event::HandshakeFailed { client, problem });
                None
            }
        }
    }

    /// Serves a client once its stream is there. One that was `connected` to a socket has a program on some
    /// computer, which is looked up meanwhile.
    async fn serve_from(
        &self,
        stream: impl Future<Output = Option<BoxStream>>,
        (client, connected): (std::net::SocketAddr, Option<Moment>),
        router: Arc<BackendSelector>,
    ) {
        let (mode, posting, auth) = {
            let config = self.0.config.lock();
            (config.mode, config.posting, Arc::clone(&config.auth))
        };
        let unrecognized = connected.zip(auth.recognition());
        let session = ClientSession::builder(client, self.0.resources.buffers.clone(), auth);
        let session = if unrecognized.is_some() { session.unrecognized() } else { session };
        let session = session.counting_guesses(&self.0.guesses).with_posting(posting).within_proxy(
            &self.0.budget,
            &self.0.resources,
            self.0.stop.subscribe(),
        );
        if let Some((connected, recognition)) = unrecognized {
            self.recognize(session.client(), recognition, connected);
        }
        let Some(stream) = stream.await else { return };
        match mode {
            RoutingMode::Standard => {
                let session = session.build();
                let _entered = self.0.clients.enter(session.client());
                session.handle_with_pooled_backend(stream, router).await;
            }
            RoutingMode::PerCommand | RoutingMode::Hybrid => {
                let session = session.with_router(router).with_routing_mode(mode).build();
                let _entered = self.0.clients.enter(session.client());
                session.handle_per_command_routing(stream).await;
            }
        }
    }

    /// Stops: accepts no more clients, gives requests in flight up to `grace` to finish, and closes the
    /// provider connections.
    pub async fn shutdown(&self, grace: Duration) {
        self.0.stop.send_replace(true);
        if timeout(grace, self.0.served.closed()).await.is_err() {
            debug!("some requests were not finished in time");
        }
        self.0.selector.backends().iter().for_each(Backend::retire);
        let closed = async {
            while self.0.selector.backends().iter().any(|backend| backend.snapshot().open > 0) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        drop(timeout(Duration::from_secs(1), closed).await);
    }

    /// Sets what the accounts may still transfer. Requests in flight finish.
    pub fn set_allowances(&self, allowances: &Allowances) {
        self.0.accounts.totals.allow(allowances);
    }

    /// Sets all speed limits. They hold at once, also for what is under way.
    pub fn limit(&self, limits: &TrafficLimits) {
        self.0.resources.traffic.limit(limits);
    }

    /// Renews all provider connections, because the network changed or the computer slept. Call it
    /// within the runtime that serves.
    pub fn renew(&self) {
        self.0.selector.backends().iter().for_each(Backend::renew);
    }

    /// Tries a provider that does not work again at once, or all of them. Call it within the runtime that
    /// serves.
    pub fn try_now(&self, provider: Option<&str>) {
        let backends = self.0.selector.backends();
        let meant = |backend: &&Arc<Backend>| provider.is_none_or(|id| backend.config().id == id);
        backends.iter().filter(meant).for_each(Backend::try_now);
    }

    /// Issues permits for a [`Check`](crate::check::Check), so that it and the proxy together never
    /// open more connections than configured. Use them within the runtime that serves.
    #[must_use]
    pub fn check_permits(&self) -> CheckPermits {
        CheckPermits::new(Arc::clone(&self.0.selector))
    }

    /// Prepares a measurement of the best number of connections to a provider.
    ///
    /// # Errors
    /// Why nothing can be measured now.
    pub fn tune(&self, provider: &str, allowed: Allowed) -> Result<Tune, Unable> {
        Tune::new(provider, self.0.selector.backends().to_vec(), allowed)
    }

    /// Subscribes to events from now on. A listener that is too slow misses the oldest.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.0.resources.events.subscribe()
    }

    /// The proxy's state at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let backends = self.0.selector.backends();
        Snapshot {
            backends: backends.iter().map(|backend| backend.snapshot()).collect(),
            clients: self.0.clients.snapshot(),
            accounts: self.0.accounts.totals.accounts(),
            programs: self.0.clients.programs(),
        }
    }
}

/// The provider of this id.
fn of_provider(id: &str, backends: &[Arc<Backend>]) -> Vec<Arc<Backend>> {
    backends.iter().filter(|backend| backend.config().id == id).cloned().collect()
}

/// Says why a client is not served. Before a handshake, it could not be read.
fn turn_away(stream: &TcpStream, identity: Option<&ServerIdentity>, words: &[u8]) {
    if identity.is_none() {
        // Best effort: the socket is new, so there is room for a line.
        drop(stream.try_write(words));
    }
}

/// Turns off Nagle's algorithm: replies leave at once instead of waiting for a full packet.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").finish_non_exhaustive()
    }
}
