//! A turn for a request that depends on a selected group: the commands that select the group are sent
//! before it.
//!
//! On a shared connection all commands are queued in one step. The pool knows what will be selected at
//! the end of the queue, so nothing is selected twice. On a leased connection, each command waits for
//! the reply before it.

use std::collections::VecDeque;
use std::sync::Arc;

use nntp::command::Request;
use tokio::time::Instant;

use super::connection::Connection;
use super::slot::{Slot, Watch};
use super::{Backend, Lease, Reply};
use crate::error::Error;
use crate::types::ClientId;

/// The commands needed before a request.
#[derive(Clone)]
pub(crate) struct Prologue {
    pub(crate) client: ClientId,
    /// Commands that select the group, then the current article. Empty if the request selects a group
    /// itself.
    pub(crate) requests: Vec<Request>,
}

impl Prologue {
    /// A prologue without commands.
    pub(crate) const fn none(client: ClientId) -> Self {
        Self { client, requests: Vec::new() }
    }
}

/// The replies to a prologue and its request. See the [module](self).
pub(crate) struct GroupTurn(Kind);

enum Kind {
    Shared {
        replies: VecDeque<Reply>,
        backend: Arc<Backend>,
        connection: Arc<Connection>,
        client: ClientId,
        /// The number of this turn among those that change the connection's selection.
        number: u64,
    },
    Leased {
        requests: VecDeque<Request>,
        lease: Lease,
    },
}

impl GroupTurn {
    /// Queues the prologue, if needed, and the request.
    pub(super) fn shared(
        slot: &mut Slot,
        backend: &Arc<Backend>,
        (prologue, request): (&Prologue, &Request),
        watch: Watch,
    ) -> Self {
        let selected = slot.is_owned_by(prologue.client);
        let before = if selected { &[] } else { prologue.requests.as_slice() };
        slot.owner = None;
        slot.selections += 1;
        let requests = before.iter().chain([request]);
        Self(Kind::Shared {
            number: slot.selections,
            replies: requests.map(|request| slot.turn(backend, request, watch)).collect(),
            backend: Arc::clone(backend),
            connection: Arc::clone(&slot.connection),
            client: prologue.client,
        })
    }

    /// Creates the same turn on a leased connection.
    pub(crate) fn leased(mut lease: Lease, prologue: Prologue, request: Request) -> Self {
        let mut requests = VecDeque::from(prologue.requests);
        if lease.take_selected() {
            requests.clear();
        }
        requests.push_back(request);
        Self(Kind::Leased { requests, lease })
    }

    /// Whether the next reply belongs to the prologue.
    pub(crate) fn has_prologue(&self) -> bool {
        match &self.0 {
            Kind::Shared { replies, .. } => replies.len() > 1,
            Kind::Leased { requests, .. } => requests.len() > 1,
        }
    }

    /// Returns the next reply: first those to the prologue, then that to the request.
    ///
    /// # Errors
    /// [`Error::TurnLost`] when the connection is gone.
    pub(crate) fn next_reply(&mut self) -> Result<Reply, Error> {
        match &mut self.0 {
            Kind::Shared { replies, .. } => replies.pop_front().ok_or(Error::TurnLost),
            Kind::Leased { requests, lease } => {
                lease.send(&requests.pop_front().ok_or(Error::TurnLost)?)
            }
        }
    }

    /// Records that the client's group and current article are selected on the connection, unless a
    /// later turn has already changed that.
    pub(crate) fn leaves_selected(&mut self) {
        match &mut self.0 {
            Kind::Shared { backend, connection, client, number, .. } => {
                let mut pool = backend.lock();
                let slot = pool.slot(connection.id);
                if let Some(slot) = slot.filter(|slot| slot.selections == *number) {
                    slot.owner = Some((*client, Instant::now()));
                }
            }
            Kind::Leased { lease, .. } => lease.set_selected(),
        }
    }

    /// Returns the lease, if there was one.
    pub(crate) fn into_lease(self) -> Option<Lease> {
        match self.0 {
            Kind::Shared { .. } => None,
            Kind::Leased { lease, .. } => Some(lease),
        }
    }
}
