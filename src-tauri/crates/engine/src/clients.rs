//! The connected clients, and what each has received.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use crate::lock::Lock;
use crate::types::ClientId;

/// A client's state at one moment, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientSnapshot {
    /// The id of its session.
    pub id: ClientId,
    /// Its address.
    pub address: SocketAddr,
    /// The name of its login, if it has logged in.
    pub user: Option<String>,
    /// When it connected.
    pub since: SystemTime,
    /// How many requests it has sent to providers.
    pub requests: u64,
    /// How many bytes it has received.
    pub bytes: u64,
    /// Articles and bodies that it was given whole: the replies 220 and 222.
    pub articles: u64,
}

/// A connected client.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) address: SocketAddr,
    since: SystemTime,
    user: OnceLock<Arc<str>>,
    /// Its address without the port.
    host: Arc<str>,
    requests: AtomicU64,
    bytes: AtomicU64,
    articles: AtomicU64,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Arc<Self> {
        Arc::new(Self {
            id: ClientId::next(),
            address,
            since: SystemTime::now(),
            user: OnceLock::new(),
            host: address.ip().to_string().into(),
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            articles: AtomicU64::new(0),
        })
    }

    /// Records the login. A session has one login (RFC 4643, section 2.2).
    pub(crate) fn logged_in(&self, user: &str) {
        self.user.get_or_init(|| user.into());
    }

    pub(crate) fn asked(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn was_sent(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn was_given_article(&self) {
        self.articles.fetch_add(1, Ordering::Relaxed);
    }

    /// The program behind it, as far as is known: its login, or the computer it runs on.
    pub(crate) fn program(&self) -> Arc<str> {
        Arc::clone(self.user.get().unwrap_or(&self.host))
    }

    /// Its name for people: the login or the address.
    pub(crate) fn name(&self) -> String {
        self.user.get().map_or_else(|| self.address.to_string(), |user| user.to_string())
    }

    fn snapshot(&self) -> ClientSnapshot {
        ClientSnapshot {
            id: self.id,
            address: self.address,
            user: self.user.get().map(|user| user.to_string()),
            since: self.since,
            requests: self.requests.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            articles: self.articles.load(Ordering::Relaxed),
        }
    }
}

/// All connected clients, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Clients(Lock<BTreeMap<ClientId, Arc<Client>>>);

impl Clients {
    /// Adds a client until the returned guard is dropped.
    pub(crate) fn enter(&self, client: Arc<Client>) -> Entered<'_> {
        let id = client.id;
        self.0.lock().insert(id, client);
        Entered(self, id)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }

    pub(crate) fn snapshot(&self) -> Vec<ClientSnapshot> {
        self.0.lock().values().map(|client| client.snapshot()).collect()
    }
}

/// Keeps a client in the list until it is dropped.
#[derive(Debug)]
pub(crate) struct Entered<'a>(&'a Clients, ClientId);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.0.lock().remove(&self.1);
    }
}
