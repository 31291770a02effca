//! Who gets which connection, and when another is dialled: the rules, under one lock, without a wait
//! in them.
//!
//! Two things can be wanted. A *turn* is one request on a connection that others use too, before and
//! behind it. A *lease* is a connection with nobody else on it. Those who must wait stand in one
//! line; what frees up is offered from its head.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::Arc;

use nntp::command::Request;
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant};

use super::connection::{Connection, ReadSide};
use super::health::{Health, State};
use super::lease::Lease;
use super::permit::Permit;
use super::reply::Reply;
use super::{Backend, SHARE_AFTER};
use crate::baton::Baton;
use crate::error::Error;
use crate::types::ClientId;

/// How long the connection on which a client selected its group is left to it, as far as possible.
const OWNED: Duration = Duration::from_secs(60);

/// The connections of one backend and those who wait for them.
pub(super) struct Pool {
    pub(super) slots: Vec<Slot>,
    pub(super) health: Health,
    /// Permits that are out: dials, open connections and those that still close.
    pub(super) open: u16,
    /// How many of those are dials.
    pub(super) dialling: u16,
    /// No provider of ours any more: what is open is used up, nothing is dialled.
    pub(super) retired: bool,
    /// A task looks after the idle connections.
    pub(super) looked_after: bool,
    /// When the last dial began.
    dialled_at: Option<Instant>,
    waiting: VecDeque<Waiter>,
    next_id: u64,
}

/// An open connection.
pub(super) struct Slot {
    pub(super) connection: Arc<Connection>,
    pub(super) line: Baton<ReadSide>,
    pub(super) turns: u16,
    pub(super) hold: Hold,
    /// Whose group is selected on it, and when it was used for that.
    pub(super) owner: Option<(ClientId, Instant)>,
    /// When it last carried something for a client.
    pub(super) used: Instant,
    /// When the provider last said something on it.
    pub(super) heard: Instant,
}

/// Who may have a turn on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    Shared,
    /// No new turns: somebody waits to have it alone.
    Reserved,
    Leased,
}

/// How well an idle connection suits; the first is best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// The client's group is selected on it.
    Own,
    Free,
    /// Another client's group is selected on it, and would have to be restored.
    Foreign,
}

/// What a session asks a backend for.
#[derive(Clone)]
pub(super) enum Want {
    Turn(ClientId, Request),
    Lease(ClientId),
}

/// What it is given.
#[expect(clippy::large_enum_variant, reason = "most are turns, and none is kept")]
pub(super) enum Grant {
    Turn(Reply),
    Lease(Lease),
}

struct Waiter {
    want: Want,
    answer: oneshot::Sender<Result<Grant, Error>>,
}

/// What has to be done once the lock is released.
#[derive(Default)]
#[must_use]
pub(super) struct Effects {
    send: Vec<Arc<Connection>>,
    pub(super) dials: Vec<Permit>,
    pub(super) closed: Vec<ReadSide>,
    undelivered: Vec<Result<Grant, Error>>,
}

impl Effects {
    pub(super) fn run(self, backend: &Arc<Backend>) {
        for connection in self.send {
            connection.send();
        }
        for permit in self.dials {
            backend.spawn_dial(permit);
        }
        drop((self.closed, self.undelivered));
    }
}

impl Pool {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            health: Health::new(),
            open: 0,
            dialling: 0,
            retired: false,
            looked_after: false,
            dialled_at: None,
            waiting: VecDeque::new(),
            next_id: 0,
        }
    }

    /// Gives at once what is wanted, or a place in the line.
    pub(super) fn ask(
        &mut self,
        backend: &Arc<Backend>,
        want: Want,
        effects: &mut Effects,
    ) -> Result<Grant, oneshot::Receiver<Result<Grant, Error>>> {
        if self.waiting.is_empty()
            && let Some(at) = self.pick(backend, &want, 0, effects)
            && let Some(grant) = self.grant(backend, at, &want, effects)
        {
            return Ok(grant);
        }
        let (answer, receiver) = oneshot::channel();
        self.waiting.push_back(Waiter { want, answer });
        self.serve(backend, effects);
        Err(receiver)
    }

    /// Offers what is free to those who wait, first come first served, and dials for the rest.
    pub(super) fn serve(&mut self, backend: &Arc<Backend>, effects: &mut Effects) {
        self.waiting.retain(|waiter| !waiter.answer.is_closed());
        for slot in &mut self.slots {
            if slot.hold == Hold::Reserved {
                slot.hold = Hold::Shared;
            }
        }
        let mut still = VecDeque::with_capacity(self.waiting.len());
        while let Some(waiter) = self.waiting.pop_front() {
            let at = self.pick(backend, &waiter.want, still.len(), effects);
            match at.and_then(|at| self.grant(backend, at, &waiter.want, effects)) {
                Some(grant) => {
                    if let Err(grant) = waiter.answer.send(Ok(grant)) {
                        effects.undelivered.push(grant);
                    }
                }
                None => still.push_back(waiter),
            }
        }
        self.waiting = still;
        self.turn_away_if_hopeless(effects);
    }

    /// Where no connection is and none is to be had, nobody is kept waiting.
    fn turn_away_if_hopeless(&mut self, effects: &mut Effects) {
        let paced = self.health.paced_until(Instant::now()).is_some();
        let hopeless = self.slots.is_empty() && self.dialling == 0 && paced;
        if !(hopeless || self.retired) {
            return;
        }
        let why = if self.retired { "its settings were changed" } else { &self.health.why };
        for waiter in self.waiting.drain(..) {
            let sorry = Err(Error::Unavailable(why.to_owned()));
            if let Err(sorry) = waiter.answer.send(sorry) {
                effects.undelivered.push(sorry);
            }
        }
    }

    /// The best connection for what is wanted, if there is one now. Dials another where that is
    /// better than to share, or where nothing else is left; `before` others wait for dials already.
    fn pick(
        &mut self,
        backend: &Arc<Backend>,
        want: &Want,
        before: usize,
        effects: &mut Effects,
    ) -> Option<usize> {
        let now = Instant::now();
        let idle = self.idle(want, now, effects);
        if let Some((at, Rank::Own | Rank::Free)) = idle {
            return Some(at);
        }
        if self.hopes_for_dial(before, now) || self.dial(backend, now, effects) {
            return None;
        }
        if let Some((at, _)) = idle {
            return Some(at);
        }
        match want {
            Want::Turn(..) => {
                let depth = self.health.depth(now, backend.config().pipelining);
                let room = |slot: &Slot| slot.hold == Hold::Shared && slot.turns < depth;
                best(&self.slots, room, |slot| slot.turns).map(|(at, _)| at)
            }
            Want::Lease(_) => {
                let busy = |slot: &Slot| slot.hold == Hold::Shared;
                let at = best(&self.slots, busy, |slot| slot.turns).map(|(at, _)| at);
                if let Some(slot) = at.and_then(|at| self.slots.get_mut(at)) {
                    slot.hold = Hold::Reserved;
                }
                None
            }
        }
    }

    /// The best idle connection that is still alive; the dead ones on the way are taken out.
    fn idle(&mut self, want: &Want, now: Instant, effects: &mut Effects) -> Option<(usize, Rank)> {
        let free = |slot: &Slot| slot.turns == 0 && slot.hold == Hold::Shared;
        let key = |slot: &Slot| (slot.rank(want, now), Reverse(slot.used));
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

    /// Issues a permit, if there is one to issue.
    fn dial(&mut self, backend: &Arc<Backend>, now: Instant, effects: &mut Effects) -> bool {
        let limit = self.health.limit(now, backend.config().connections.get());
        // One dial at a time until one went well: a wrong password is not to be sent eight times.
        let trying = self.dialling > 0 && self.health.state != State::Up;
        let paced = self.health.paced_until(now).is_some();
        let open = self.open.saturating_add(backend.open_before());
        if self.retired || open >= limit || paced || trying {
            return false;
        }
        self.open += 1;
        self.dialling += 1;
        self.dialled_at = Some(now);
        effects.dials.push(Permit::counted(backend));
        true
    }

    fn grant(
        &mut self,
        backend: &Arc<Backend>,
        at: usize,
        want: &Want,
        effects: &mut Effects,
    ) -> Option<Grant> {
        let slot = self.slots.get_mut(at)?;
        slot.used = Instant::now();
        match want {
            Want::Turn(_, request) => {
                effects.send.push(Arc::clone(&slot.connection));
                Some(Grant::Turn(slot.turn(backend, request)))
            }
            Want::Lease(client) => {
                slot.hold = Hold::Leased;
                let selected = slot.is_owned_by(*client);
                let connection = Arc::clone(&slot.connection);
                // What the client does here, its other connections do not see: they are its no more.
                for slot in self.slots.iter_mut().filter(|slot| slot.is_owned_by(*client)) {
                    slot.owner = None;
                }
                Some(Grant::Lease(Lease::new(backend, connection, *client, selected)))
            }
        }
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

    /// Adds a connection that was dialled.
    pub(super) fn add(&mut self, connection: Arc<Connection>, side: ReadSide) {
        self.slots.push(Slot {
            connection,
            line: Baton::new(side),
            turns: 0,
            hold: Hold::Shared,
            owner: None,
            used: Instant::now(),
            heard: Instant::now(),
        });
    }

    /// Dials, if nothing stands and nobody does already.
    pub(super) fn warm_up(&mut self, backend: &Arc<Backend>, effects: &mut Effects) {
        if self.slots.is_empty() && self.dialling == 0 {
            self.dial(backend, Instant::now(), effects);
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
        let probe = |slot: &mut Slot| {
            effects.send.push(Arc::clone(&slot.connection));
            slot.turn(backend, &probe)
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
    pub(super) fn standing(&self) -> u16 {
        u16::try_from(self.slots.len()).unwrap_or(u16::MAX)
    }

    /// How many requests are under way or wait. A connection that somebody has alone is never idle.
    pub(super) fn load(&self) -> usize {
        let turns = |slot: &Slot| match slot.hold {
            Hold::Leased => slot.turns.max(1),
            Hold::Shared | Hold::Reserved => slot.turns,
        };
        let turns: usize = self.slots.iter().map(|slot| usize::from(turns(slot))).sum();
        turns + self.waiting.len()
    }

    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }
}

impl Slot {
    fn rank(&self, want: &Want, now: Instant) -> Rank {
        let (Want::Turn(client, _) | Want::Lease(client)) = want;
        match (self.owner, want) {
            (Some((owner, _)), Want::Lease(_)) if owner == *client => Rank::Own,
            (Some((owner, at)), _) if owner != *client && now < at + OWNED => Rank::Foreign,
            _ => Rank::Free,
        }
    }

    fn is_owned_by(&self, client: ClientId) -> bool {
        self.owner.is_some_and(|(owner, _)| owner == client)
    }

    /// Whether an idle connection is still silent and open. If it is not, it is put out.
    pub(super) fn is_alive(&mut self, effects: &mut Effects) -> bool {
        let Some(mut side) = self.line.try_take() else { return false };
        if side.is_quiet() {
            self.line = Baton::new(side);
            return true;
        }
        effects.closed.push(side);
        false
    }

    /// Takes the next turn and queues its command in one move: so replies come in order of turns.
    pub(super) fn turn(&mut self, backend: &Arc<Backend>, request: &Request) -> Reply {
        let alone = self.turns == 0;
        self.turns += 1;
        self.connection.queue(&request.wire());
        let place = self.line.place();
        Reply::new(backend, Arc::clone(&self.connection), place, request.clone(), alone)
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
