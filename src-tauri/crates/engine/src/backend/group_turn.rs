//! A turn of a request that depends on a selected group: what selects the group goes out before it, in
//! one move, on a connection that others use too. What is selected is known at the end of the
//! connection's queue, so that it is not selected again where it is already.

use std::sync::Arc;

use nntp::command::Request;
use tokio::time::Instant;

use super::connection::Connection;
use super::slot::{Slot, Trial};
use super::{Backend, Reply};
use crate::types::ClientId;

/// What such a request needs before it.
#[derive(Clone)]
pub(crate) struct Prologue {
    pub(crate) client: ClientId,
    /// Selects the group, then the current article. Neither where the request selects a group itself.
    pub(crate) requests: Vec<Request>,
}

/// See the [module](self).
pub(crate) struct GroupTurn {
    /// The replies to the prologue; none where the group is selected already.
    pub(crate) prologue: Vec<Reply>,
    pub(crate) reply: Reply,
    backend: Arc<Backend>,
    connection: Arc<Connection>,
    client: ClientId,
    /// Which of the connection's turns it is that change the selection.
    number: u64,
}

impl GroupTurn {
    /// Queues the prologue, where it is needed, and the request.
    pub(super) fn begin(
        slot: &mut Slot,
        backend: &Arc<Backend>,
        (prologue, request): (&Prologue, &Request),
        trial: Trial,
    ) -> Self {
        let selected = slot.is_owned_by(prologue.client);
        let before = if selected { &[] } else { prologue.requests.as_slice() };
        slot.owner = None;
        slot.selections += 1;
        Self {
            number: slot.selections,
            prologue: before.iter().map(|r| slot.turn(backend, r, trial)).collect(),
            reply: slot.turn(backend, request, trial),
            backend: Arc::clone(backend),
            connection: Arc::clone(&slot.connection),
            client: prologue.client,
        }
    }

    pub(crate) fn backend(&self) -> &Arc<Backend> {
        &self.backend
    }

    /// The client's group and current article are selected on the connection, unless something behind
    /// has changed that already.
    pub(crate) fn leaves_selected(&self) {
        let mut pool = self.backend.lock();
        let slot = pool.slot(self.connection.id);
        if let Some(slot) = slot.filter(|slot| slot.selections == self.number) {
            slot.owner = Some((self.client, Instant::now()));
        }
    }
}
