//! A connection with nobody else on it, for as long as the lease lives: for requests that depend on
//! the selected group, for uploads, and for a whole session in Standard mode.

use std::io;
use std::sync::Arc;

use nntp::command::Request;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use super::connection::Connection;
use super::slot::{Hold, Slot, Trial};
use super::{Backend, Loss, Reply};
use crate::dial::WriteHalf;
use crate::error::Error;
use crate::types::ClientId;

/// See the [module](self).
pub(crate) struct Lease {
    backend: Arc<Backend>,
    connection: Arc<Connection>,
    client: ClientId,
    /// The client's group is selected on the connection.
    selected: bool,
    untouched: bool,
    spoiled: bool,
}

impl Lease {
    pub(super) fn new(backend: &Arc<Backend>, slot: &Slot, client: ClientId) -> Self {
        Self {
            backend: Arc::clone(backend),
            connection: Arc::clone(&slot.connection),
            client,
            selected: slot.is_owned_by(client),
            untouched: slot.selections == 0,
            spoiled: false,
        }
    }

    /// Whether no group was ever selected on the connection before the lease.
    pub(crate) fn is_untouched(&self) -> bool {
        self.untouched
    }

    pub(crate) fn backend(&self) -> &Arc<Backend> {
        &self.backend
    }

    /// Whether the client's group and current article are selected on this connection. From here on they
    /// count as changed.
    pub(super) fn take_selected(&mut self) -> bool {
        std::mem::take(&mut self.selected)
    }

    /// Whether the provider's greeting on this connection allows posting.
    pub(crate) fn allows_posting(&self) -> bool {
        self.connection.posting
    }

    /// The client's group and current article are selected from now on.
    pub(super) fn set_selected(&mut self) {
        self.selected = true;
    }

    /// Nobody else may have this connection afterwards: who knows what state it is in.
    pub(crate) fn spoil(&mut self) {
        self.spoiled = true;
    }

    /// Sends a request.
    ///
    /// # Errors
    /// [`Error::TurnLost`] when the connection is gone.
    pub(crate) fn send(&self, request: &Request) -> Result<Reply, Error> {
        let reply = {
            let mut pool = self.backend.lock();
            let trial = Trial { probe: false, suspicious_after: pool.pace.suspicious_after() };
            let slot = pool.slot(self.connection.id).ok_or(Error::TurnLost)?;
            slot.turn(&self.backend, request, trial)
        };
        self.connection.send();
        Ok(reply)
    }

    /// Sends a line that has no reply of its own, in a stream that nobody can tell replies in.
    ///
    /// # Errors
    /// When the provider takes no more.
    pub(crate) fn pass_on(&self, request: &Request) -> Result<(), Error> {
        if !self.connection.takes_more() {
            return Err(Error::TimedOut("the provider to take what the client sends"));
        }
        self.connection.queue(&request.wire());
        self.connection.send();
        Ok(())
    }

    /// Whether the connection still stands.
    pub(crate) fn is_alive(&self) -> bool {
        self.backend.is_quiet(self.connection.id)
    }

    /// The writing side alone, for an article.
    ///
    /// # Errors
    /// [`Error::TurnLost`] when the connection is gone.
    pub(crate) async fn upload(&mut self) -> Result<Upload<'_>, Error> {
        let half = self.connection.take_half().await.ok_or(Error::TurnLost)?;
        Ok(Upload { lease: self, half: Some(half) })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (id, spoiled) = (self.connection.id, self.spoiled);
        self.backend.change(|pool, effects| {
            let retired = pool.retired;
            let Some(slot) = pool.slot(id) else { return };
            slot.hold = Hold::Shared;
            slot.used = Instant::now();
            slot.owner = self.selected.then(|| (self.client, Instant::now()));
            if spoiled || (retired && slot.turns == 0) {
                effects.closed.extend(slot.line.try_take());
                pool.slots.retain(|slot| slot.connection.id != id);
            }
        });
    }
}

/// An article on its way to the provider. Dropped before it is [`done`](Self::done), it takes the
/// connection down, so that half an article is never taken for a whole one.
pub(crate) struct Upload<'a> {
    lease: &'a mut Lease,
    half: Option<WriteHalf>,
}

impl Upload<'_> {
    /// Sends the next bytes of the article.
    ///
    /// # Errors
    /// When the provider is gone, or takes nothing for longer than its limit.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some(half) = &mut self.half else { return Err(Error::TurnLost) };
        let limit = self.lease.backend.config().limits.stall;
        let sending = async {
            half.write_all(bytes).await?;
            half.flush().await
        };
        let sent: io::Result<()> =
            timeout(limit, sending).await.map_err(|_| Error::TimedOut("the upload"))?;
        sent.map_err(Error::ConnectionLost)
    }

    /// The whole article was sent.
    pub(crate) fn done(mut self) {
        if let Some(half) = self.half.take() {
            self.lease.connection.put_back(half);
        }
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        if self.half.is_some() {
            self.lease.spoil();
            self.lease.backend.lost(self.lease.connection.id, Loss::Ours);
        }
    }
}
