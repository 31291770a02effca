//! The rules for who gets which connection and when another is dialled, under one lock and without
//! waiting.
//!
//! A *turn* is one request on a connection that others use too, before and after it. A *lease* is a
//! connection alone. Requests that have to wait stand in a [`Line`] and keep their place until they get
//! a connection, or an error because there will be none.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use nntp::command::Request;
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant};

use super::account::Permit;
use super::breaker::{Breaker, Trust};
use super::choose::best;
use super::connection::{Connection, ReadSide};
use super::gather;
use super::group_turn::{GroupTurn, Prologue};
use super::lease::{Lease, LeaseWaiter};
use super::line::{Claim, Line};
use super::logins::Fate;
use super::pace::Pace;
use super::reply::Reply;
use super::slot::{Access, Slot, Watch, is_small};
use super::{Backend, RESERVED, SHARE_AFTER, USED_UP, Volume};
use crate::error::Error;
use crate::types::ClientId;

/// How long hosts of an account that take turns with one connection keep it: for ten logins a minute.
const SWAP_AFTER: Duration = Duration::from_secs(6);
/// One backend's connections, and the requests that wait for them.
pub(super) struct Pool {
    pub(super) slots: Vec<Slot>,
    pub(super) breaker: Breaker,
    pub(super) pace: Pace,
    /// How many dials are in progress.
    pub(super) dialling: u16,
    /// The provider was changed or removed: open connections finish, and nothing is dialled.
    pub(super) retired: bool,
    /// Whether a task looks after idle connections.
    pub(super) looked_after: bool,
    /// When the last dial began.
    pub(super) dialled_at: Option<Instant>,
    pub(super) line: Line<Waiter>,
    /// Those whose turn it is to get a lease, once a connection is idle.
    pub(super) leases: VecDeque<LeaseWaiter>,
    /// The connection that got a small request last.
    pub(super) gathering: Option<u64>,
    next_id: u64,
}

/// What a waiter receives: a connection or an error.
pub(super) type Answer<T> = Result<T, Error>;

/// A waiting request and where to send its turn.
pub(super) enum Waiter {
    Turn { request: Request, last_resort: bool, answer: oneshot::Sender<Answer<Reply>> },
    Group(Prologue, Request, oneshot::Sender<Answer<GroupTurn>>),
    Lease(LeaseWaiter),
}

impl Waiter {
    fn is_small(&self) -> bool {
        match self {
            Self::Turn { request, .. } => is_small(request),
            Self::Group(..) | Self::Lease(_) => false,
        }
    }

    /// Whether the request was dropped while it waited.
    fn has_left(&self) -> bool {
        match self {
            Self::Turn { answer, .. } => answer.is_closed(),
            Self::Group(.., answer) => answer.is_closed(),
            Self::Lease(waiter) => waiter.answer.is_closed(),
        }
    }

    /// Whether the rest of the account's volume is kept from it.
    fn is_refused(&self, backend: &Backend) -> bool {
        matches!(self, Self::Turn { last_resort, .. } if !backend.may_serve(*last_resort))
    }

    /// Ends the wait with an error.
    fn refuse(self, error: Error, effects: &mut Effects) {
        match self {
            Self::Turn { answer, .. } => effects.turns.extend(answer.send(Err(error)).err()),
            Self::Group(.., answer) => effects.group_turns.extend(answer.send(Err(error)).err()),
            Self::Lease(waiter) => effects.leases.extend(waiter.answer.send(Err(error)).err()),
        }
    }
}

/// What to do after unlocking, and the moment of the change.
#[must_use]
pub(super) struct Effects {
    pub(super) now: Instant,
    send: Vec<Arc<Connection>>,
    pub(super) dials: Vec<Permit>,
    #[expect(clippy::vec_box, reason = "they are in boxes already")]
    pub(super) closed: Vec<Box<ReadSide>>,
    turns: Vec<Answer<Reply>>,
    group_turns: Vec<Answer<GroupTurn>>,
    pub(super) leases: Vec<Answer<Lease>>,
    /// Whether all connections of the account are taken, perhaps by other hosts of it.
    pub(super) wants_room: bool,
}

impl Effects {
    /// The effects of a change now.
    pub(super) fn now() -> Self {
        Self {
            now: Instant::now(),
            send: Vec::new(),
            dials: Vec::new(),
            closed: Vec::new(),
            turns: Vec::new(),
            group_turns: Vec::new(),
            leases: Vec::new(),
            wants_room: false,
        }
    }

    /// Closes a connection that Newsmux does not need any more.
    pub(super) fn close(&mut self, mut side: Box<ReadSide>) {
        side.fate = Fate::Closed;
        self.closed.push(side);
    }

    /// Sends what is queued on the connection.
    pub(super) fn send(&mut self, connection: &Arc<Connection>) {
        let known =
            gather::add(connection) || self.send.iter().any(|known| Arc::ptr_eq(known, connection));
        if !known {
            self.send.push(Arc::clone(connection));
        }
    }

    pub(super) fn run(self, backend: &Arc<Backend>) {
        for connection in self.send {
            connection.send();
        }
        for permit in self.dials {
            backend.spawn_dial(permit);
        }
        if self.wants_room {
            backend.account().ask_for_room(backend);
        }
        // Answers whose receivers have left.
        drop((self.closed, self.turns, self.group_turns, self.leases));
    }
}

impl Pool {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            breaker: Breaker::new(),
            pace: Pace::default(),
            dialling: 0,
            retired: false,
            looked_after: false,
            dialled_at: None,
            line: Line::new(),
            leases: VecDeque::new(),
            gathering: None,
            next_id: 0,
        }
    }

    /// Grants a turn at once, or a place in line.
    pub(super) fn ask_turn(
        &mut self,
        backend: &Arc<Backend>,
        (claim, request): (&Claim, &Request),
        effects: &mut Effects,
    ) -> Result<Reply, oneshot::Receiver<Answer<Reply>>> {
        if self.line.is_empty()
            && backend.may_serve(claim.last_resort)
            && let Some(at) = self.slot_for_turn(backend, (1, is_small(request)), effects)
            && let Some(reply) = self.grant_turn(backend, at, request, effects)
        {
            return Ok(reply);
        }
        let (answer, receiver) = oneshot::channel();
        let (request, last_resort) = (request.clone(), claim.last_resort);
        self.line.push(claim, Waiter::Turn { request, last_resort, answer });
        self.serve(backend, effects);
        Err(receiver)
    }

    /// Adds a turn with a prologue to the line.
    pub(super) fn ask_group_turn(
        &mut self,
        backend: &Arc<Backend>,
        (claim, prologue, request): (&Claim, &Prologue, &Request),
        effects: &mut Effects,
    ) -> oneshot::Receiver<Answer<GroupTurn>> {
        let (answer, receiver) = oneshot::channel();
        self.line.push(claim, Waiter::Group(prologue.clone(), request.clone(), answer));
        self.serve(backend, effects);
        receiver
    }

    /// Gives free connections to waiting requests, and dials for the rest.
    pub(super) fn serve(&mut self, backend: &Arc<Backend>, effects: &mut Effects) {
        self.give_way(backend, effects);
        if !self.has_waiting() {
            return;
        }
        self.serve_leases(backend, effects);
        while let Some(next) = self.line.peek() {
            if next.has_left() || next.is_refused(backend) {
                if let Some(next) = self.line.discard() {
                    next.refuse(Error::Unavailable(RESERVED.into()), effects);
                }
                continue;
            }
            if matches!(next, Waiter::Lease(_)) {
                if self.leases.len() > self.dialling.into() {
                    // They wait for connections that others still use.
                    break;
                }
                if let Some(Waiter::Lease(waiter)) = self.line.pop() {
                    self.leases.push_back(waiter);
                    self.serve_leases(backend, effects);
                }
                continue;
            }
            let wanted = (self.line.len(), next.is_small());
            let Some(at) = self.slot_for_turn(backend, wanted, effects) else { break };
            let Some(waiter) = self.line.pop() else { break };
            match waiter {
                Waiter::Lease(waiter) => self.leases.push_back(waiter),
                Waiter::Turn { request, answer, .. } => {
                    let reply = self.grant_turn(backend, at, &request, effects);
                    let reply = reply.ok_or(Error::TurnLost);
                    effects.turns.extend(answer.send(reply).err());
                }
                Waiter::Group(prologue, request, answer) => {
                    let compressed = self.compressed_slot(backend, &request, effects);
                    let at = compressed
                        .or_else(|| self.slot_of(prologue.client, backend, effects))
                        .unwrap_or(at);
                    let turn = self.grant_group_turn(backend, at, (&prologue, &request), effects);
                    let turn = turn.ok_or(Error::TurnLost);
                    effects.group_turns.extend(answer.send(turn).err());
                }
            }
        }
        self.turn_away_if_hopeless(backend, effects);
    }

    /// Turns everyone away if there is no connection and none can be made.
    fn turn_away_if_hopeless(&mut self, backend: &Backend, effects: &mut Effects) {
        if self.line.is_empty() && self.leases.is_empty() {
            return;
        }
        let now = effects.now;
        let undiallable = || self.dialling == 0 && self.no_dial_before(backend, now).is_some();
        let hopeless = self.slots.is_empty() && undiallable();
        let set_aside = matches!(self.breaker.trust(now), Trust::NotBefore(_));
        let used_up = backend.volume() == Volume::UsedUp;
        if !(hopeless || set_aside || used_up || self.retired) {
            return;
        }
        let rationed = self.logins_are_rationed(backend, now);
        let refusal = || match () {
            () if self.retired => Error::Unavailable("its settings were changed".into()),
            () if used_up => Error::Unavailable(USED_UP.into()),
            () if rationed => Error::Rationed,
            () => Error::Unavailable(self.breaker.why.clone()),
        };
        self.line.drain().into_iter().for_each(|waiter| waiter.refuse(refusal(), effects));
        for waiter in self.leases.drain(..) {
            effects.leases.extend(waiter.answer.send(Err(refusal())).err());
        }
        self.unreserve();
    }

    pub(super) fn grant_turn(
        &mut self,
        backend: &Arc<Backend>,
        at: usize,
        request: &Request,
        effects: &mut Effects,
    ) -> Option<Reply> {
        let probe = self.breaker.sent(effects.now);
        let watch = self.watch(effects.now, probe);
        let slot = self.slots.get_mut(at)?;
        slot.used = effects.now;
        effects.send(&slot.connection);
        let turn = slot.turn(backend, request, watch);
        if slot.small {
            self.gathering = Some(slot.connection.id);
        }
        Some(turn)
    }

    pub(super) fn grant_group_turn(
        &mut self,
        backend: &Arc<Backend>,
        at: usize,
        what: (&Prologue, &Request),
        effects: &mut Effects,
    ) -> Option<GroupTurn> {
        let probe = self.breaker.sent(effects.now);
        let watch = self.watch(effects.now, probe);
        let slot = self.slots.get_mut(at)?;
        slot.used = effects.now;
        effects.send(&slot.connection);
        let turn = GroupTurn::shared(slot, backend, what, watch);
        self.clear_owner(what.0.client, Some(at));
        Some(turn)
    }

    /// Closes a connection, now or when it is idle, if another host of the account needs it more. One
    /// that was just made is kept for a while, and the last one for longer: it will be wanted back.
    pub(super) fn give_way(&mut self, backend: &Backend, effects: &mut Effects) {
        if !backend.account().is_contended() {
            return;
        }
        let now = effects.now;
        let kept = match backend.account().open_of(&backend.config().id) {
            0 | 1 => SWAP_AFTER * u32::from(backend.account().open()),
            _ => SHARE_AFTER,
        };
        let settled = |slot: &Slot| slot.access == Access::Shared && now >= slot.created + kept;
        let Some((at, _)) = best(&self.slots, settled, |slot| slot.turns) else { return };
        if !backend.account().gives_way(&backend.config().id) {
            return;
        }
        let Some(slot) = self.slots.get_mut(at) else { return };
        if slot.turns > 0 {
            slot.access = Access::Leaving;
            return;
        }
        slot.line.try_take().into_iter().for_each(|side| effects.close(side));
        self.slots.remove(at);
    }

    /// How to watch the reply to a request that is sent now.
    pub(super) fn watch(&self, at: Instant, probe: bool) -> Watch {
        Watch { at, probe, suspicious_after: self.pace.suspicious_after(at) }
    }

    /// The client's group and article have changed on this connection, so its other connections no
    /// longer show them.
    pub(super) fn clear_owner(&mut self, client: ClientId, but: Option<usize>) {
        for (at, slot) in self.slots.iter_mut().enumerate() {
            if slot.is_owned_by(client) && Some(at) != but {
                slot.owner = None;
            }
        }
    }

    /// Adds a new connection.
    pub(super) fn add(
        &mut self,
        connection: Arc<Connection>,
        side: Box<ReadSide>,
        address: Option<SocketAddr>,
    ) {
        self.slots.push(Slot::new(connection, side, address));
    }

    /// Dials if there is no connection and no dial in progress.
    pub(super) fn warm_up(&mut self, backend: &Arc<Backend>, effects: &mut Effects) {
        let used_up = || backend.account.used_up.is_on(effects.now);
        if self.slots.is_empty() && self.dialling == 0 && !used_up() {
            self.dial(backend, effects);
        }
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn slot(&mut self, id: u64) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.connection.id == id)
    }

    /// The number of open connections, idle or not.
    pub(super) fn count(&self) -> u16 {
        u16::try_from(self.slots.len()).unwrap_or(u16::MAX)
    }

    /// The number of requests that wait for a connection.
    pub(super) fn waiting(&self) -> usize {
        self.line.len() + self.leases.len()
    }

    pub(super) fn has_waiting(&self) -> bool {
        self.waiting() > 0
    }
}
