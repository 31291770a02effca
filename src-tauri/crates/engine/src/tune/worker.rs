//! One connection of a measurement: keeps requests in flight on it, and counts what comes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU64, Ordering};

use nntp::login::redacted;
use tokio::time::timeout;

use super::replies::{Came, Replies};
use crate::backend::{Backend, TuneConnection};
use crate::dial::account;
use crate::lock::Lock;

/// What the connections of a run share.
pub(super) struct Shared {
    pub(super) backend: Arc<Backend>,
    /// The requests, without those whose article is missing.
    requests: Lock<VecDeque<Arc<[u8]>>>,
    /// The bytes of all replies so far.
    pub(super) bytes: AtomicU64,
    most_bytes: u64,
    /// How many requests each connection carries.
    pub(super) depth: AtomicU8,
    /// How many connections have got the beginning of an article.
    pub(super) serving: AtomicU16,
}

impl Shared {
    pub(super) fn new(backend: Arc<Backend>, requests: Vec<Vec<u8>>, most_bytes: u64) -> Arc<Self> {
        let requests = requests.into_iter().map(Into::into).collect();
        Arc::new(Self {
            backend,
            requests: Lock::new(requests),
            bytes: AtomicU64::new(0),
            most_bytes,
            depth: AtomicU8::new(1),
            serving: AtomicU16::new(0),
        })
    }

    /// Whether all has been downloaded that may be.
    pub(super) fn is_spent(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) >= self.most_bytes
    }

    /// Whether there are articles to ask for.
    pub(super) fn has_articles(&self) -> bool {
        !self.requests.lock().is_empty()
    }

    /// The request that was sent the longest time ago.
    fn next(&self) -> Option<Arc<[u8]>> {
        let mut requests = self.requests.lock();
        let next = requests.pop_front()?;
        requests.push_back(Arc::clone(&next));
        Some(next)
    }

    fn missing(&self, request: &Arc<[u8]>) {
        self.requests.lock().retain(|one| !Arc::ptr_eq(one, request));
    }
}

/// Downloads over a connection until it is dropped, or nothing more may be downloaded. Returns why it
/// broke off, if it did.
pub(super) async fn work(mut connection: TuneConnection, shared: Arc<Shared>) -> Option<String> {
    let broken = download(&mut connection, &shared).await.err();
    if broken.is_some() {
        connection.lost();
    }
    let account = account(shared.backend.config()).ok().flatten();
    broken.map(|words| redacted(account.as_ref(), words.as_bytes()))
}

async fn download(connection: &mut TuneConnection, shared: &Shared) -> Result<(), String> {
    let (mut replies, mut sent) = (Replies::default(), VecDeque::new());
    let stall = shared.backend.config().limits.stall;
    while !shared.is_spent() {
        ask_for_more(connection, shared, &mut sent).await?;
        if sent.is_empty() {
            break;
        }
        let read = timeout(stall, connection.read(&shared.backend));
        let read = read.await.map_err(|_| "it took too long".to_owned())?;
        let bytes = read.map_err(|error| error.to_string())?;
        if bytes.is_empty() {
            return Err("the provider closed the connection".into());
        }
        shared.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let mut begun = false;
        replies.push(&bytes, |came| match came {
            Came::Begun => begun = true,
            Came::Complete => drop(sent.pop_front()),
            Came::Missing => sent.pop_front().iter().for_each(|line| shared.missing(line)),
        })?;
        connection.outstanding.store(sent.len(), Ordering::Relaxed);
        if begun && connection.serves() {
            shared.serving.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// Sends requests until there are as many in flight as there should be.
async fn ask_for_more(
    connection: &mut TuneConnection,
    shared: &Shared,
    sent: &mut VecDeque<Arc<[u8]>>,
) -> Result<(), String> {
    let mut lines = Vec::new();
    while sent.len() < shared.depth.load(Ordering::Relaxed).into() {
        let Some(line) = shared.next() else { break };
        lines.extend_from_slice(&line);
        sent.push_back(line);
    }
    connection.outstanding.store(sent.len(), Ordering::Relaxed);
    if lines.is_empty() {
        return Ok(());
    }
    connection.send(&lines).await.map_err(|error| error.to_string())
}
