//! The connected clients, and what each has received.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use tokio::sync::SetOnce;

use crate::lock::Lock;
use crate::totals::Totals;
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
    /// The name of its program, as far as it is known.
    pub program: Option<String>,
    /// When it connected.
    pub since: SystemTime,
    /// How many requests it has sent to providers.
    pub requests: u64,
    /// How many bytes it has received.
    pub bytes: u64,
    /// Articles and bodies that it was given whole: the replies 220 and 222.
    pub articles: u64,
}

/// What a program has received since the proxy started, over all its connections.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProgramSnapshot {
    /// Its login, else its own name, else the address that it connects from.
    pub name: String,
    /// What it has received.
    pub counts: ProgramCounts,
}

/// What a program has received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProgramCounts {
    /// Bytes.
    pub bytes: u64,
    /// Articles and bodies.
    pub articles: u64,
    /// Articles that no provider had.
    pub missing: u64,
    /// Requests that could not be served.
    pub failed: u64,
}

impl AddAssign for ProgramCounts {
    fn add_assign(&mut self, more: Self) {
        self.bytes += more.bytes;
        self.articles += more.articles;
        self.missing += more.missing;
        self.failed += more.failed;
    }
}

impl ProgramCounts {
    fn less(self, before: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(before.bytes),
            articles: self.articles.saturating_sub(before.articles),
            missing: self.missing.saturating_sub(before.missing),
            failed: self.failed.saturating_sub(before.failed),
        }
    }
}

/// A connected client.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) address: SocketAddr,
    since: SystemTime,
    user: OnceLock<Arc<str>>,
    /// What it had received when it logged in, and its name until then.
    before_login: OnceLock<(Arc<str>, ProgramCounts)>,
    /// The name of its program, if it can be told; unset while it is looked up.
    recognized: SetOnce<Option<Arc<str>>>,
    /// Set once it has sent everything and closed its end.
    left: SetOnce<()>,
    /// Its address without the port.
    host: Arc<str>,
    requests: AtomicU64,
    bytes: AtomicU64,
    articles: AtomicU64,
    missing: AtomicU64,
    failed: AtomicU64,
}

impl Client {
    /// Creates a client that is known by its login or its address.
    pub(crate) fn new(address: SocketAddr) -> Arc<Self> {
        let client = Self::unrecognized(address);
        client.recognize(None);
        client
    }

    /// Creates a client whose program is about to be [recognized](Self::recognize).
    pub(crate) fn unrecognized(address: SocketAddr) -> Arc<Self> {
        Arc::new(Self {
            id: ClientId::next(),
            address,
            since: SystemTime::now(),
            user: OnceLock::new(),
            before_login: OnceLock::new(),
            recognized: SetOnce::new(),
            left: SetOnce::new(),
            host: address.ip().to_string().into(),
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            articles: AtomicU64::new(0),
            missing: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        })
    }

    /// Records the login. A session has one login (RFC 4643, section 2.2).
    pub(crate) fn logged_in(&self, user: &str) {
        self.before_login.get_or_init(|| (self.program(), self.counts()));
        self.user.get_or_init(|| user.into());
    }

    /// Records the name of its program, or that it cannot be told.
    pub(crate) fn recognize(&self, program: Option<String>) {
        // Once is enough.
        drop(self.recognized.set(program.map(Arc::from)));
    }

    /// Waits until its program is recognized: providers are asked in its name.
    pub(crate) async fn until_recognized(&self) {
        self.recognized.wait().await;
    }

    /// Records that the client has closed its end.
    pub(crate) fn leave(&self) {
        // Once is enough.
        drop(self.left.set(()));
    }

    /// Whether the client has closed its end.
    pub(crate) fn has_left(&self) -> bool {
        self.left.get().is_some()
    }

    /// Waits until the client has closed its end.
    pub(crate) async fn until_left(&self) {
        self.left.wait().await;
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

    pub(crate) fn missed_article(&self) {
        self.missing.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn was_failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    fn counts(&self) -> ProgramCounts {
        ProgramCounts {
            bytes: self.bytes.load(Ordering::Relaxed),
            articles: self.articles.load(Ordering::Relaxed),
            missing: self.missing.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    /// What counts for which program: from the login on for the login.
    fn shares(&self) -> impl Iterator<Item = (Arc<str>, ProgramCounts)> {
        let before = self.user.get().and_then(|_| self.before_login.get()).cloned();
        let all = self.counts();
        let rest = all.less(before.as_ref().map(|(_, counts)| *counts).unwrap_or_default());
        before.into_iter().chain([(self.program(), rest)])
    }

    fn known_name(&self) -> Option<&Arc<str>> {
        self.user.get().or_else(|| self.recognized.get()?.as_ref())
    }

    /// The program behind it, as it is known before a login.
    pub(crate) fn origin(&self) -> Arc<str> {
        Arc::clone(self.recognized.get().and_then(Option::as_ref).unwrap_or(&self.host))
    }

    /// The program behind it, as far as is known: its login, its name, or the computer it runs on.
    pub(crate) fn program(&self) -> Arc<str> {
        Arc::clone(self.known_name().unwrap_or(&self.host))
    }

    /// Its name for people: the login, the program or the address.
    pub(crate) fn name(&self) -> String {
        self.known_name().map_or_else(|| self.address.to_string(), |name| name.to_string())
    }

    fn snapshot(&self) -> ClientSnapshot {
        ClientSnapshot {
            id: self.id,
            address: self.address,
            user: self.user.get().map(|user| user.to_string()),
            program: self.recognized.get().cloned().flatten().map(|name| name.to_string()),
            since: self.since,
            requests: self.requests.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            articles: self.articles.load(Ordering::Relaxed),
        }
    }
}

/// All connected clients, oldest first, and the totals to which they add when they leave.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    connected: Lock<BTreeMap<ClientId, Arc<Client>>>,
    totals: Totals,
}

impl Clients {
    pub(crate) fn counting_in(totals: Totals) -> Self {
        Self { totals, ..Self::default() }
    }

    /// Adds a client until the returned guard is dropped.
    pub(crate) fn enter(&self, client: Arc<Client>) -> Entered<'_> {
        let id = client.id;
        self.connected.lock().insert(id, client);
        Entered(self, id)
    }

    pub(crate) fn snapshot(&self) -> Vec<ClientSnapshot> {
        self.connected.lock().values().map(|client| client.snapshot()).collect()
    }

    /// What each program has received so far.
    pub(crate) fn programs(&self) -> Vec<ProgramSnapshot> {
        // Locked all the while, so that a client that leaves is counted once.
        let connected = self.connected.lock();
        self.totals.programs(connected.values().flat_map(|client| client.shares()))
    }

    fn leave(&self, id: ClientId) {
        let mut connected = self.connected.lock();
        if let Some(client) = connected.remove(&id) {
            client.shares().for_each(|(name, counts)| self.totals.add_program(name, counts));
        }
    }
}

/// Keeps a client in the list until it is dropped.
#[derive(Debug)]
pub(crate) struct Entered<'a>(&'a Clients, ClientId);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.leave(self.1);
    }
}
