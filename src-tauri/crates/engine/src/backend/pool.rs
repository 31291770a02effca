//! Who gets which connection, and when another is dialled: the rules, under one lock, without a wait
//! in them.
//!
//! Two things can be wanted. A *turn* is one request on a connection that others use too, before and
//! behind it. A *lease* is a connection with nobody else on it. Those who must wait stand in a
//! [`Line`], and keep their place: no wait ends but with a connection, or with the news that there is
//! none to be had.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use nntp::command::Request;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::account::Permit;
use super::breaker::{Breaker, Trust};
use super::connection::{Connection, ReadSide};
use super::gather;
use super::group_turn::{GroupTurn, Prologue};
use super::lease::Lease;
use super::line::{Claim, Line};
use super::pace::Pace;
use super::reply::Reply;
use super::slot::{Hold, Rank, Slot, Trial, is_small};
use super::{Availability, Backend, Promise, SHARE_AFTER, Standing};
use crate::error::Error;
use crate::types::ClientId;

/// The connections of one backend and those who wait for them.
pub(super) struct Pool {
    pub(super) slots: Vec<Slot>,
    pub(super) breaker: Breaker,
    pub(super) pace: Pace,
    /// How many permits are out for dials.
    pub(super) dialling: u16,
    /// No provider of ours any more: what is open is used up, nothing is dialled.
    pub(super) retired: bool,
    /// A task looks after the idle connections.
    pub(super) looked_after: bool,
    /// When the last dial began.
    dialled_at: Option<Instant>,
    line: Line<Waiter>,
    leases: VecDeque<LeaseWaiter>,
    /// The connection that was last given a small request.
    gathering: Option<u64>,
    next_id: u64,
}

/// What a waiter receives: a connection or an error.
pub(super) type Answer<T> = Result<T, Error>;

/// Who waits for a turn, and what is to be sent.
enum Waiter {
    Turn(Request, oneshot::Sender<Answer<Reply>>),
    Group(Prologue, Request, oneshot::Sender<Answer<GroupTurn>>),
}

impl Waiter {
    fn is_small(&self) -> bool {
        match self {
            Self::Turn(request, _) => is_small(request),
            Self::Group(..) => false,
        }
    }
}

struct LeaseWaiter {
    wanted: Wanted,
    answer: oneshot::Sender<Answer<Lease>>,
}

/// Which connection is wanted alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) client: ClientId,
    /// No group was ever selected on it: what it is wanted for would be about another client's.
    pub(crate) untouched: bool,
}

/// What has to be done once the lock is released.
#[derive(Default)]
#[must_use]
pub(super) struct Effects {
    send: Vec<Arc<Connection>>,
    dials: Vec<Permit>,
    pub(super) closed: Vec<ReadSide>,
    turns: Vec<Answer<Reply>>,
    group_turns: Vec<Answer<GroupTurn>>,
    leases: Vec<Answer<Lease>>,
}

impl Effects {
    /// What is queued on the connection is to be sent.
    fn send(&mut self, connection: &Arc<Connection>) {
        let known = gather::note(connection)
            || self.send.iter().any(|known| Arc::ptr_eq(known, connection));
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
        // What nobody took any more.
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

    /// A turn at once, or a place in the line.
    pub(super) fn ask_turn(
        &mut self,
        backend: &Arc<Backend>,
        (claim, request): (&Claim, &Request),
        effects: &mut Effects,
    ) -> Result<Reply, oneshot::Receiver<Answer<Reply>>> {
        if self.line.is_empty()
            && let Some(at) = self.slot_for_turn(backend, (1, is_small(request)), effects)
            && let Some(reply) = self.grant_turn(backend, at, request, effects)
        {
            return Ok(reply);
        }
        let (answer, receiver) = oneshot::channel();
        self.line.push(claim, Waiter::Turn(request.clone(), answer));
        self.serve(backend, effects);
        Err(receiver)
    }

    /// A place in the line for a turn with a prologue.
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

    /// A place in the line for a connection alone.
    pub(super) fn ask_lease(
        &mut self,
        backend: &Arc<Backend>,
        wanted: Wanted,
        effects: &mut Effects,
    ) -> oneshot::Receiver<Answer<Lease>> {
        let (answer, receiver) = oneshot::channel();
        self.leases.push_back(LeaseWaiter { wanted, answer });
        self.serve(backend, effects);
        receiver
    }

    /// Gives what is free to those who wait, and dials for the rest.
    pub(super) fn serve(&mut self, backend: &Arc<Backend>, effects: &mut Effects) {
        // This also frees connections reserved for waiters that have left.
        self.serve_leases(backend, effects);
        while let Some(small) = self.line.peek().map(Waiter::is_small)
            && let Some(at) = self.slot_for_turn(backend, (self.line.len(), small), effects)
        {
            let Some(waiter) = self.line.pop() else { break };
            match waiter {
                Waiter::Turn(_, answer) if answer.is_closed() => {}
                Waiter::Group(.., answer) if answer.is_closed() => {}
                Waiter::Turn(request, answer) => {
                    let reply = self.grant_turn(backend, at, &request, effects);
                    let reply = reply.ok_or(Error::TurnLost);
                    effects.turns.extend(answer.send(reply).err());
                }
                Waiter::Group(prologue, request, answer) => {
                    let at = self.slot_of(prologue.client, backend, effects).unwrap_or(at);
                    let turn = self.grant_group_turn(backend, at, (&prologue, &request), effects);
                    let turn = turn.ok_or(Error::TurnLost);
                    effects.group_turns.extend(answer.send(turn).err());
                }
            }
        }
        self.turn_away_if_hopeless(backend, effects);
    }

    /// Those who want a connection alone come first, and are few.
    fn serve_leases(&mut self, backend: &Arc<Backend>, effects: &mut Effects) {
        for slot in &mut self.slots {
            if slot.hold == Hold::Reserved {
                slot.hold = Hold::Shared;
            }
        }
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

    /// Where no connection is and none is to be had, nobody is kept waiting.
    fn turn_away_if_hopeless(&mut self, backend: &Backend, effects: &mut Effects) {
        if self.line.is_empty() && self.leases.is_empty() {
            return;
        }
        let now = Instant::now();
        let undiallable = || self.dialling == 0 && self.no_dial_before(backend, now).is_some();
        let hopeless = self.slots.is_empty() && undiallable();
        let set_aside = matches!(self.breaker.trust(now), Trust::NotBefore(_));
        if !(hopeless || set_aside || self.retired) {
            return;
        }
        let why = if self.retired { "its settings were changed" } else { &self.breaker.why };
        let refusal = |why: &str| Error::Unavailable(why.to_owned());
        for waiter in self.line.drain() {
            match waiter {
                Waiter::Turn(_, answer) => {
                    effects.turns.extend(answer.send(Err(refusal(why))).err());
                }
                Waiter::Group(.., answer) => {
                    effects.group_turns.extend(answer.send(Err(refusal(why))).err());
                }
            }
        }
        for waiter in self.leases.drain(..) {
            effects.leases.extend(waiter.answer.send(Err(refusal(why))).err());
        }
    }

    /// Until when no dial is made, if dials are paced at this moment.
    fn no_dial_before(&self, backend: &Backend, now: Instant) -> Option<Instant> {
        self.breaker.paced_until(now).max(backend.account.paced_until(now))
    }

    /// The best connection for a turn, if there is one now. Dials another where that is better than
    /// to share; `waiting` in all want one. A small request goes where others have not been sent yet.
    fn slot_for_turn(
        &mut self,
        backend: &Arc<Backend>,
        (waiting, small): (usize, bool),
        effects: &mut Effects,
    ) -> Option<usize> {
        let now = Instant::now();
        match self.breaker.trust(now) {
            Trust::NotBefore(_) => return None,
            // The probe has a connection for itself.
            Trust::Probe | Trust::Full => {}
        }
        let gathering = if small { self.gathering_slot(backend, now) } else { None };
        if let Some(at) = gathering.or_else(|| self.idle(None, now, effects).map(|(at, _)| at)) {
            return Some(at);
        }
        while usize::from(self.dialling) < waiting && self.dial(backend, now, effects) {}
        if self.hopes_for_dial(waiting - 1, now) {
            return None;
        }
        let configured = backend.config().pipelining;
        let depth = self.pace.depth(now, configured);
        let depth_of_small = self.pace.depth_of_small(now, configured);
        let room = |slot: &Slot| {
            let depth = if small && slot.small { depth_of_small } else { depth };
            slot.hold == Hold::Shared && slot.turns < depth
        };
        best(&self.slots, room, |slot| slot.turns).map(|(at, _)| at)
    }

    /// The connection whose small requests are still to be sent, if it has room for one more.
    fn gathering_slot(&self, backend: &Backend, now: Instant) -> Option<usize> {
        let id = self.gathering?;
        let depth = self.pace.depth_of_small(now, backend.config().pipelining);
        let at = self.slots.iter().position(|slot| slot.connection.id == id)?;
        let slot = self.slots.get(at)?;
        let room = slot.hold == Hold::Shared && slot.small && (1..depth).contains(&slot.turns);
        (room && slot.connection.is_gathering()).then_some(at)
    }

    /// The connection on which the client's group is selected, if it has room.
    fn slot_of(
        &mut self,
        client: ClientId,
        backend: &Backend,
        effects: &mut Effects,
    ) -> Option<usize> {
        let depth = self.pace.depth(Instant::now(), backend.config().pipelining);
        let fits = |slot: &Slot| {
            slot.is_owned_by(client) && slot.hold == Hold::Shared && slot.turns < depth
        };
        let at = self.slots.iter().position(fits)?;
        let slot = self.slots.get_mut(at)?;
        (slot.turns > 0 || slot.is_alive(effects)).then_some(at)
    }

    /// An idle connection for a lease. Dials another, or keeps new turns away from the least busy one.
    fn slot_for_lease(
        &mut self,
        backend: &Arc<Backend>,
        (wanted, before): (Wanted, usize),
        effects: &mut Effects,
    ) -> Option<usize> {
        let now = Instant::now();
        let idle = self.idle(Some(wanted), now, effects);
        if let Some((at, Rank::Own | Rank::Free)) = idle {
            return Some(at);
        }
        if self.hopes_for_dial(before, now) || self.dial(backend, now, effects) {
            return None;
        }
        if let Some((at, _)) = idle {
            return Some(at);
        }
        if wanted.untouched && self.close_one(effects) {
            // Another is dialled when this one is closed.
            return None;
        }
        let busy = |slot: &Slot| slot.hold == Hold::Shared;
        let at = best(&self.slots, busy, |slot| slot.turns).map(|(at, _)| at);
        if let Some(slot) = at.and_then(|at| self.slots.get_mut(at)) {
            slot.hold = Hold::Reserved;
        }
        None
    }

    /// The best idle connection that is still alive, for a turn or for a client's lease; the dead ones on
    /// the way are taken out.
    fn idle(
        &mut self,
        lease: Option<Wanted>,
        now: Instant,
        effects: &mut Effects,
    ) -> Option<(usize, Rank)> {
        let untouched = lease.is_some_and(|wanted| wanted.untouched);
        let free = |slot: &Slot| {
            slot.turns == 0 && slot.hold == Hold::Shared && (slot.selections == 0 || !untouched)
        };
        let client = lease.map(|wanted| wanted.client);
        let key = |slot: &Slot| (slot.rank(client, now), Reverse(slot.used));
        loop {
            let (at, (rank, _)) = best(&self.slots, free, key)?;
            if self.slots.get_mut(at)?.is_alive(effects) {
                return Some((at, rank));
            }
            self.slots.remove(at);
        }
    }

    /// Whether a dial is under way that is likely to end soon, and not for one of those before.
    fn hopes_for_dial(&self, before: usize, now: Instant) -> bool {
        let young = self.dialled_at.is_some_and(|at| now < at + SHARE_AFTER);
        usize::from(self.dialling) > before && young
    }

    /// Dials, if there is leave for one more connection.
    fn dial(&mut self, backend: &Arc<Backend>, now: Instant, effects: &mut Effects) -> bool {
        // One dial at a time until one went well, and served a request where others failed: a wrong
        // password is not to be sent eight times.
        let trying = self.dialling > 0 && !self.breaker.is_trusted();
        let set_aside = matches!(self.breaker.trust(now), Trust::NotBefore(_));
        let paced = self.breaker.paced_until(now).is_some();
        if self.retired || trying || set_aside || paced {
            return false;
        }
        let Some(permit) = backend.account.try_permit(backend, now) else { return false };
        self.dialling += 1;
        self.dialled_at = Some(now);
        effects.dials.push(permit);
        true
    }

    fn grant_turn(
        &mut self,
        backend: &Arc<Backend>,
        at: usize,
        request: &Request,
        effects: &mut Effects,
    ) -> Option<Reply> {
        let now = Instant::now();
        let trial =
            Trial { probe: self.breaker.sent(now), suspicious_after: self.pace.suspicious_after() };
        let slot = self.slots.get_mut(at)?;
        slot.used = now;
        effects.send(&slot.connection);
        let turn = slot.turn(backend, request, trial);
        if slot.small {
            self.gathering = Some(slot.connection.id);
        }
        Some(turn)
    }

    fn grant_group_turn(
        &mut self,
        backend: &Arc<Backend>,
        at: usize,
        what: (&Prologue, &Request),
        effects: &mut Effects,
    ) -> Option<GroupTurn> {
        let now = Instant::now();
        let trial =
            Trial { probe: self.breaker.sent(now), suspicious_after: self.pace.suspicious_after() };
        let slot = self.slots.get_mut(at)?;
        slot.used = now;
        effects.send(&slot.connection);
        let turn = GroupTurn::shared(slot, backend, what, trial);
        self.disown(what.0.client, Some(at));
        Some(turn)
    }

    /// What a client does on one connection, its others do not see: they are its no more.
    fn disown(&mut self, client: ClientId, but: Option<usize>) {
        for (at, slot) in self.slots.iter_mut().enumerate() {
            if slot.is_owned_by(client) && Some(at) != but {
                slot.owner = None;
            }
        }
    }

    fn grant_lease(
        &mut self,
        backend: &Arc<Backend>,
        at: usize,
        client: ClientId,
    ) -> Option<Lease> {
        let slot = self.slots.get_mut(at)?;
        slot.used = Instant::now();
        slot.hold = Hold::Leased;
        let lease = Lease::new(backend, slot, client);
        slot.selections += 1;
        self.disown(client, None);
        Some(lease)
    }

    /// Takes out what is idle and fits, for closing; and what is idle and dead.
    pub(super) fn close_idle(&mut self, fits: impl Fn(&Slot) -> bool, effects: &mut Effects) {
        self.slots.retain_mut(|slot| {
            let idle = slot.turns == 0 && slot.hold != Hold::Leased;
            if !idle || slot.is_alive(effects) && !fits(slot) {
                return true;
            }
            effects.closed.extend(slot.line.try_take());
            false
        });
    }

    /// Closes one idle connection. Whether there was one.
    pub(super) fn close_one(&mut self, effects: &mut Effects) -> bool {
        let closed = Cell::new(false);
        self.close_idle(|_| !closed.replace(true), effects);
        closed.get()
    }

    /// One connection died unnoticed: those that said nothing since may have died with it.
    pub(super) fn close_unheard(&mut self, since: Instant, effects: &mut Effects) {
        let before = effects.closed.len();
        self.close_idle(|slot| slot.heard < since, effects);
        effects.closed.iter_mut().skip(before).for_each(|side| side.dead = true);
    }

    /// Adds a connection that was dialled.
    pub(super) fn add(
        &mut self,
        connection: Arc<Connection>,
        side: ReadSide,
        address: Option<SocketAddr>,
    ) {
        self.slots.push(Slot::new(connection, side, address));
    }

    /// Dials, if nothing stands and nobody does already.
    pub(super) fn warm_up(&mut self, backend: &Arc<Backend>, effects: &mut Effects) {
        let now = Instant::now();
        if self.slots.is_empty() && self.dialling == 0 && !backend.account.used_up.is_on(now) {
            self.dial(backend, now, effects);
        }
    }

    /// Asks connections that were idle for a while whether they still live.
    pub(super) fn probes(
        &mut self,
        backend: &Arc<Backend>,
        now: Instant,
        effects: &mut Effects,
    ) -> Vec<Reply> {
        let Some(probe) = super::probe() else { return Vec::new() };
        let idle = |slot: &&mut Slot| {
            slot.turns == 0 && slot.hold == Hold::Shared && now >= slot.heard + super::KEEP_ALIVE
        };
        let trial = Trial { probe: false, suspicious_after: self.pace.suspicious_after() };
        let probe = |slot: &mut Slot| {
            effects.send(&slot.connection);
            slot.turn(backend, &probe, trial)
        };
        self.slots.iter_mut().filter(idle).map(probe).collect()
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn slot(&mut self, id: u64) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.connection.id == id)
    }

    /// How many connections stand, idle or not.
    pub(super) fn count(&self) -> u16 {
        u16::try_from(self.slots.len()).unwrap_or(u16::MAX)
    }

    /// How many requests are under way or wait. A connection that somebody has alone is never idle.
    pub(super) fn load(&self) -> usize {
        let turns = |slot: &Slot| match slot.hold {
            Hold::Leased => slot.turns.max(1),
            Hold::Shared | Hold::Reserved => slot.turns,
        };
        let turns: usize = self.slots.iter().map(|slot| usize::from(turns(slot))).sum();
        turns + self.line.len() + self.leases.len()
    }

    pub(super) fn has_waiting(&self) -> bool {
        !(self.line.is_empty() && self.leases.is_empty())
    }

    /// All that a route has to know, from one look.
    pub(super) fn standing(&self, backend: &Backend) -> Standing {
        let now = Instant::now();
        let trust = self.breaker.trust(now);
        let undiallable = self.slots.is_empty() && self.dialling == 0;
        let availability = match trust {
            _ if self.retired => Availability::Retired,
            Trust::NotBefore(at) => Availability::NotBefore(at),
            Trust::Full | Trust::Probe => match self.no_dial_before(backend, now) {
                Some(at) if undiallable => Availability::NotBefore(at),
                _ => Availability::Ready,
            },
        };
        let limit = backend.account.limit(now, backend.config().connections.get()).max(1);
        let load = self.load();
        Standing {
            availability,
            promise: match trust {
                // Whoever came first is the probe; the others need not wait for its dial.
                Trust::Probe if self.dialling == 0 && !self.has_waiting() => Promise::ProbeDue,
                Trust::Full if !self.slots.is_empty() => Promise::Proven,
                Trust::Full | Trust::Probe | Trust::NotBefore(_) => Promise::Unproven,
            },
            idle: self.slots.iter().any(|slot| slot.turns == 0 && slot.hold == Hold::Shared),
            unable: backend.account.used_up.is_on(now),
            down_for: self.breaker.down_for(now),
            load: load * 1000 / usize::from(limit),
            work: self.pace.article(now) * u32::try_from(load + 1).unwrap_or(u32::MAX)
                / u32::from(limit),
        }
    }
}

/// The slot with the lowest key among those that fit.
fn best<K: Ord>(
    slots: &[Slot],
    fits: impl Fn(&Slot) -> bool,
    key: impl Fn(&Slot) -> K,
) -> Option<(usize, K)> {
    let fitting = slots.iter().enumerate().filter(|(_, slot)| fits(slot));
    fitting.map(|(at, slot)| (at, key(slot))).min_by(|a, b| a.1.cmp(&b.1))
}
