//! An open connection in the pool: who uses it, whose group is selected, and its state.

use std::net::SocketAddr;
use std::sync::Arc;

use nntp::command::{Class, Request, Verb};
use tokio::time::{Duration, Instant};

use super::Backend;
use super::connection::{Connection, ReadSide};
use super::pool::Effects;
use super::reply::{Reply, Sent};
use crate::ticket::TicketLock;
use crate::types::ClientId;

/// How long a client's group stays selected on a connection, if others do not need it.
const OWNED: Duration = Duration::from_secs(60);
/// A connection that was silent for this long may have died unnoticed.
const STALE: Duration = Duration::from_secs(5);

/// An open connection.
pub(super) struct Slot {
    pub(super) connection: Arc<Connection>,
    /// Its address, if the dialler knows it.
    pub(super) address: Option<SocketAddr>,
    pub(super) line: TicketLock<Box<ReadSide>>,
    pub(super) turns: u16,
    /// Whether all turns since it was idle are small requests.
    pub(super) small: bool,
    /// Whether it is compressed (RFC 8054).
    pub(super) compressed: bool,
    pub(super) access: Access,
    /// Whose group will be selected after all its turns, and since when.
    pub(super) owner: Option<(ClientId, Instant)>,
    /// How many turns have changed the selection.
    pub(super) selections: u64,
    /// When it was logged in.
    pub(super) created: Instant,
    /// When it was last used for a client.
    pub(super) used: Instant,
    /// When the provider last sent something.
    pub(super) heard: Instant,
    /// How many complete replies came on it. It stops counting at 255.
    pub(super) replies: u8,
}

/// How a reply is watched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch {
    /// Since when: the request was sent.
    pub(super) at: Instant,
    /// Whether it is the probe of a provider that was set aside.
    pub(super) probe: bool,
    /// How long it may be silent before another connection is tried.
    pub(super) suspicious_after: Duration,
}

/// Who may use a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Shared,
    /// No new turns: a request is waiting for a lease.
    Reserved,
    /// No new turns: it is closed when it is idle, because another host of the account needs it.
    Leaving,
    Leased,
}

/// How well an idle connection fits. The first is best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// The client's group is selected on it.
    Own,
    Free,
    /// Another client's group is selected, and would have to be selected again.
    Foreign,
}

impl Slot {
    pub(super) fn rank(&self, lease: Option<ClientId>, now: Instant) -> Rank {
        match (self.owner, lease) {
            (Some((owner, _)), Some(client)) if owner == client => Rank::Own,
            (Some((_, at)), _) if now < at + OWNED => Rank::Foreign,
            _ => Rank::Free,
        }
    }

    pub(super) fn is_owned_by(&self, client: ClientId) -> bool {
        self.owner.is_some_and(|(owner, _)| owner == client)
    }

    /// Whether it was silent for so long that it may have died unnoticed.
    fn is_stale(&self, now: Instant) -> bool {
        self.turns == 0 && now >= self.heard + STALE
    }

    /// Whether an idle connection is still open and silent. If not, its reading side is closed.
    pub(super) fn is_alive(&mut self, effects: &mut Effects) -> bool {
        let Some(mut side) = self.line.try_take() else { return false };
        if side.is_quiet() {
            self.line = TicketLock::new(side);
            return true;
        }
        effects.closed.push(side);
        false
    }

    /// Takes the next turn and queues its command in one step, so that replies come in the order of
    /// turns.
    pub(super) fn turn(
        &mut self,
        backend: &Arc<Backend>,
        request: &Request,
        watch: Watch,
    ) -> Reply {
        let sent = Sent { alone: self.turns == 0, stale: self.is_stale(watch.at), watch };
        self.small = is_small(request) && (self.small || self.turns == 0);
        self.turns += 1;
        self.connection.queue(request.wire());
        Reply::new(backend, Arc::clone(&self.connection), self.line.ticket(), request.clone(), sent)
    }
}

impl Slot {
    /// Creates a slot for a new connection.
    pub(super) fn new(
        connection: Arc<Connection>,
        side: Box<ReadSide>,
        address: Option<SocketAddr>,
    ) -> Self {
        let now = Instant::now();
        Self {
            connection,
            address,
            line: TicketLock::new(side),
            turns: 0,
            small: false,
            compressed: false,
            access: Access::Shared,
            owner: None,
            selections: 0,
            created: now,
            used: now,
            heard: now,
            replies: 0,
        }
    }
}

/// Whether the reply is only a few bytes and cheap for any provider.
pub(super) fn is_small(request: &Request) -> bool {
    match request.verb() {
        Verb::Stat | Verb::Head => matches!(request.class(), Class::ById),
        verb => verb == Verb::Date,
    }
}
