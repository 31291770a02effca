//! An open connection in the pool: who uses it, whose group is selected on it, and how it fares.

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

/// How long the connection on which a client selected its group is left to it, as far as possible.
const OWNED: Duration = Duration::from_secs(60);
/// A connection that was silent for this long may have died unnoticed.
const STALE: Duration = Duration::from_secs(5);

/// An open connection.
pub(super) struct Slot {
    pub(super) connection: Arc<Connection>,
    /// Where it leads to, if the dialler knows.
    pub(super) address: Option<SocketAddr>,
    pub(super) line: TicketLock<ReadSide>,
    pub(super) turns: u16,
    /// All its turns since it was idle are of small requests.
    pub(super) small: bool,
    pub(super) access: Access,
    /// Whose group is selected on it behind all its turns, and since when.
    pub(super) owner: Option<(ClientId, Instant)>,
    /// How many turns have changed what is selected.
    pub(super) selections: u64,
    /// When it was logged in.
    pub(super) created: Instant,
    /// When it last carried something for a client.
    pub(super) used: Instant,
    /// When the provider last said something on it.
    pub(super) heard: Instant,
    /// A reply came whole on it.
    pub(super) has_served: bool,
}

/// How closely a reply is watched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch {
    /// It tells whether a provider that was set aside is well again.
    pub(super) probe: bool,
    /// How long it may be silent before another connection is tried.
    pub(super) suspicious_after: Duration,
}

/// Who may have a turn on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Shared,
    /// No new turns: somebody waits to have it alone.
    Reserved,
    Leased,
}

/// How well an idle connection suits; the first is best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// The client's group is selected on it.
    Own,
    Free,
    /// Another client's group is selected on it, and would have to be restored.
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

    /// Whether an idle connection is still silent and open. If it is not, it is put out.
    pub(super) fn is_alive(&mut self, effects: &mut Effects) -> bool {
        let Some(mut side) = self.line.try_take() else { return false };
        if side.is_quiet() {
            self.line = TicketLock::new(side);
            return true;
        }
        effects.closed.push(side);
        false
    }

    /// Takes the next turn and queues its command in one move: so replies come in order of turns.
    pub(super) fn turn(
        &mut self,
        backend: &Arc<Backend>,
        request: &Request,
        watch: Watch,
    ) -> Reply {
        let now = Instant::now();
        let sent =
            Sent { alone: (self.turns == 0).then_some(now), stale: self.is_stale(now), watch };
        self.small = is_small(request) && (self.small || self.turns == 0);
        self.turns += 1;
        self.connection.queue(&request.wire());
        Reply::new(backend, Arc::clone(&self.connection), self.line.ticket(), request.clone(), sent)
    }
}

impl Slot {
    /// One that was just logged in.
    pub(super) fn new(
        connection: Arc<Connection>,
        side: ReadSide,
        address: Option<SocketAddr>,
    ) -> Self {
        let now = Instant::now();
        Self {
            connection,
            address,
            line: TicketLock::new(side),
            turns: 0,
            small: false,
            access: Access::Shared,
            owner: None,
            selections: 0,
            created: now,
            used: now,
            heard: now,
            has_served: false,
        }
    }
}

/// Whether the reply is a few bytes, and costs the provider little, wherever it is asked for.
pub(super) fn is_small(request: &Request) -> bool {
    match request.verb() {
        Verb::Stat | Verb::Head => matches!(request.class(), Class::ById),
        verb => verb == Verb::Date,
    }
}
