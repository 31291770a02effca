//! A connection alone, for as long as the lease lives: for requests that depend on the selected group,
//! for uploads, and for a whole Standard session.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use nntp::command::Request;
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::choose::best;
use super::connection::Connection;
use super::logins::Fate;
use super::pool::{Answer, Effects, Pool, Waiter};
use super::slot::{Access, Rank, Slot};
use super::{Backend, Claim, Loss, Reply, USED_UP, Volume};
use crate::dial::WriteHalf;
use crate::error::Error;
use crate::types::ClientId;

/// A request that waits for a lease.
pub(super) struct LeaseWaiter {
    pub(super) wanted: Wanted,
    pub(super) answer: oneshot::Sender<Answer<Lease>>,
}

/// Which connection is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) client: ClientId,
    /// Whether it must never have had a group selected: the request could act on another client's
    /// group.
    pub(crate) untouched: bool,
}

/// A connection alone. Dropping it returns the connection to the pool.
pub(crate) struct Lease {
    backend: Arc<Backend>,
    connection: Arc<Connection>,
    client: ClientId,
    /// Whether the client's group is selected on the connection.
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

    /// Whether no group had been selected on the connection before the lease.
    pub(crate) fn is_untouched(&self) -> bool {
        self.untouched
    }

    pub(crate) fn backend(&self) -> &Arc<Backend> {
        &self.backend
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Whether the client's group and current article are selected. After this call they count as
    /// changed.
    pub(super) fn take_selected(&mut self) -> bool {
        std::mem::take(&mut self.selected)
    }

    /// Whether the provider allows posting on this connection.
    pub(crate) fn allows_posting(&self) -> bool {
        self.connection.posting
    }

    /// Records that the client's group and current article are selected.
    pub(super) fn set_selected(&mut self) {
        self.selected = true;
    }

    /// Closes the connection after the lease: its state is unknown.
    pub(crate) fn spoil(&mut self) {
        self.spoiled = true;
    }

    /// Like [`spoil`](Self::spoil), or takes it back. Returns what held before.
    pub(super) fn set_spoiled(&mut self, spoiled: bool) -> bool {
        std::mem::replace(&mut self.spoiled, spoiled)
    }

    /// Sends a request.
    ///
    /// # Errors
    /// [`Error::TurnLost`] when the connection is gone.
    pub(crate) fn send(&self, request: &Request) -> Result<Reply, Error> {
        let reply = {
            let mut pool = self.backend.lock();
            if self.backend.volume() == Volume::UsedUp {
                return Err(Error::Unavailable(USED_UP.into()));
            }
            let watch = pool.watch(Instant::now(), false);
            let slot = pool.slot(self.connection.id).ok_or(Error::TurnLost)?;
            slot.turn(&self.backend, request, watch)
        };
        self.connection.send();
        Ok(reply)
    }

    /// Sends a line in a stream whose replies cannot be separated.
    ///
    /// # Errors
    /// If the provider takes no more.
    pub(crate) fn pass_on(&self, request: &Request) -> Result<(), Error> {
        if self.backend.volume() == Volume::UsedUp {
            return Err(Error::Unavailable(USED_UP.into()));
        }
        if !self.connection.takes_more() {
            return Err(Error::TimedOut("the provider to take what the client sends"));
        }
        self.connection.queue(request.wire());
        self.connection.send();
        Ok(())
    }

    /// Whether the connection is still open.
    pub(crate) fn is_alive(&self) -> bool {
        self.backend.is_quiet(self.connection.id)
    }

    /// Takes the writing half to send an article.
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
            slot.access = Access::Shared;
            slot.used = effects.now;
            slot.owner = self.selected.then_some((self.client, effects.now));
            if spoiled || (retired && slot.turns == 0) {
                let mut side = slot.line.try_take();
                let fate = if spoiled { Fate::Dropped } else { Fate::Closed };
                side.iter_mut().for_each(|side| side.fate = fate);
                effects.closed.extend(side);
                pool.slots.retain(|slot| slot.connection.id != id);
            }
        });
    }
}

impl Pool {
    /// Adds a request for a lease to the line.
    pub(super) fn ask_lease(
        &mut self,
        backend: &Arc<Backend>,
        (claim, wanted): (&Claim, Wanted),
        effects: &mut Effects,
    ) -> oneshot::Receiver<Answer<Lease>> {
        let (answer, receiver) = oneshot::channel();
        self.line.push(claim, Waiter::Lease(LeaseWaiter { wanted, answer }));
        self.serve(backend, effects);
        receiver
    }

    /// Serves those whose turn it is to get a lease.
    pub(super) fn serve_leases(&mut self, backend: &Arc<Backend>, effects: &mut Effects) {
        // Who a connection was reserved for may have left.
        self.unreserve();
        let mut still = VecDeque::new();
        while let Some(waiter) = self.leases.pop_front() {
            if waiter.answer.is_closed() {
                continue;
            }
            let Some(at) = self.slot_for_lease(backend, (waiter.wanted, still.len()), effects)
            else {
                still.push_back(waiter);
                continue;
            };
            let Some(lease) = self.grant_lease(backend, at, waiter.wanted.client) else { continue };
            if let Err(left) = waiter.answer.send(Ok(lease)) {
                effects.leases.push(left);
            }
        }
        self.leases = still;
    }

    /// Shares the connections again that are reserved for leases.
    pub(super) fn unreserve(&mut self) {
        let reserved = self.slots.iter_mut().filter(|slot| slot.access == Access::Reserved);
        reserved.for_each(|slot| slot.access = Access::Shared);
    }

    /// Finds an idle connection for a lease. Otherwise dials, or reserves the least busy connection.
    pub(super) fn slot_for_lease(
        &mut self,
        backend: &Arc<Backend>,
        (wanted, before): (Wanted, usize),
        effects: &mut Effects,
    ) -> Option<usize> {
        if backend.volume() == Volume::UsedUp {
            return None;
        }
        let idle = self.idle(Some(wanted), effects);
        if let Some((at, Rank::Own | Rank::Free)) = idle {
            return Some(at);
        }
        if self.hopes_for_dial(before, effects.now) || self.dial(backend, effects) {
            return None;
        }
        if let Some((at, _)) = idle {
            return Some(at);
        }
        if wanted.untouched && self.close_one(effects) {
            // The next one is dialled once this one is closed.
            return None;
        }
        let busy = |slot: &Slot| slot.access == Access::Shared;
        let at = best(&self.slots, busy, |slot| slot.turns).map(|(at, _)| at);
        if let Some(slot) = at.and_then(|at| self.slots.get_mut(at)) {
            slot.access = Access::Reserved;
        }
        None
    }

    fn grant_lease(
        &mut self,
        backend: &Arc<Backend>,
        at: usize,
        client: ClientId,
    ) -> Option<Lease> {
        let slot = self.slots.get_mut(at)?;
        slot.used = Instant::now();
        slot.access = Access::Leased;
        let lease = Lease::new(backend, slot, client);
        slot.selections += 1;
        self.clear_owner(client, None);
        Some(lease)
    }
}

/// An article being sent to the provider. If it is dropped before [`done`](Self::done), the connection
/// is closed, so that half an article never passes for a whole one.
pub(crate) struct Upload<'a> {
    lease: &'a mut Lease,
    half: Option<WriteHalf>,
}

impl Upload<'_> {
    /// Sends the next bytes of the article.
    ///
    /// # Errors
    /// If the provider is gone, or takes nothing for longer than its timeout.
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

    /// Ends the upload: the whole article was sent.
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
