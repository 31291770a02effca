//! Chooses the connection for a request, or dials another instead.

use std::cmp::Reverse;
use std::sync::Arc;

use tokio::time::Instant;

use super::breaker::Trust;
use super::lease::Wanted;
use super::pool::{Effects, Pool};
use super::slot::{Access, Rank, Slot};
use super::{Backend, SHARE_AFTER, Volume};
use crate::types::ClientId;

impl Pool {
    /// Finds the best connection for a turn, or dials another where that is better than sharing;
    /// `waiting` is how many requests want one. A small request joins others that have not been sent
    /// yet.
    pub(super) fn slot_for_turn(
        &mut self,
        backend: &Arc<Backend>,
        (waiting, small): (usize, bool),
        effects: &mut Effects,
    ) -> Option<usize> {
        let now = effects.now;
        // A probe gets a connection of its own.
        if matches!(self.breaker.trust(now), Trust::NotBefore(_))
            || backend.volume() == Volume::UsedUp
        {
            return None;
        }
        let gathering = if small { self.gathering_slot(backend, now) } else { None };
        if let Some(at) = gathering.or_else(|| self.idle(None, effects).map(|(at, _)| at)) {
            return Some(at);
        }
        let configured = backend.pipelining();
        let depth = self.pace.depth(now, configured);
        let depth_of_small = self.pace.depth_of_small(now, configured);
        // Small requests share one connection.
        let wanted = if small { waiting.div_ceil(depth_of_small.into()) } else { waiting };
        while usize::from(self.dialling) < wanted && self.dial(backend, effects) {}
        if self.hopes_for_dial(wanted - 1, now) {
            return None;
        }
        let room = |slot: &Slot| {
            let depth = if small && slot.small { depth_of_small } else { depth };
            slot.access == Access::Shared && slot.turns < depth
        };
        best(&self.slots, room, |slot| slot.turns).map(|(at, _)| at)
    }

    /// Returns the connection whose small requests are not yet sent, if it has room for one more.
    fn gathering_slot(&self, backend: &Backend, now: Instant) -> Option<usize> {
        let id = self.gathering?;
        let depth = self.pace.depth_of_small(now, backend.pipelining());
        let at = self.slots.iter().position(|slot| slot.connection.id == id)?;
        let slot = self.slots.get(at)?;
        let room = slot.access == Access::Shared && slot.small && (1..depth).contains(&slot.turns);
        (room && slot.connection.is_gathering()).then_some(at)
    }

    /// Returns the connection on which the client's group is selected, if it has room.
    pub(super) fn slot_of(
        &mut self,
        client: ClientId,
        backend: &Backend,
        effects: &mut Effects,
    ) -> Option<usize> {
        let depth = self.pace.depth(effects.now, backend.pipelining());
        let fits = |slot: &Slot| {
            slot.is_owned_by(client) && slot.access == Access::Shared && slot.turns < depth
        };
        let at = self.slots.iter().position(fits)?;
        let slot = self.slots.get_mut(at)?;
        (slot.turns > 0 || slot.is_alive(effects)).then_some(at)
    }

    /// Finds the best idle connection that is still alive, for a turn or a client's lease. Removes dead
    /// ones on the way.
    pub(super) fn idle(
        &mut self,
        lease: Option<Wanted>,
        effects: &mut Effects,
    ) -> Option<(usize, Rank)> {
        let now = effects.now;
        let untouched = lease.is_some_and(|wanted| wanted.untouched);
        let free = |slot: &Slot| {
            slot.turns == 0 && slot.access == Access::Shared && (slot.selections == 0 || !untouched)
        };
        let client = lease.map(|wanted| wanted.client);
        // A compressed connection is left to overviews, while there is another.
        let key = |slot: &Slot| (slot.rank(client, now), slot.compressed, Reverse(slot.used));
        loop {
            let (at, (rank, ..)) = best(&self.slots, free, key)?;
            if self.slots.get_mut(at)?.is_alive(effects) {
                return Some((at, rank));
            }
            self.slots.remove(at);
        }
    }

    /// Whether a dial in progress will probably finish soon and is not meant for one of the `before`
    /// waiting requests.
    pub(super) fn hopes_for_dial(&self, before: usize, now: Instant) -> bool {
        let young = self.dialled_at.is_some_and(|at| now < at + SHARE_AFTER);
        usize::from(self.dialling) > before && young
    }

    /// Dials if one more connection is allowed.
    pub(super) fn dial(&mut self, backend: &Arc<Backend>, effects: &mut Effects) -> bool {
        let now = effects.now;
        // Dial one at a time until a dial, and after failures a request, has succeeded: a wrong
        // password must not be sent eight times.
        let trying = self.dialling > 0 && !self.breaker.is_trusted();
        let set_aside = matches!(self.breaker.trust(now), Trust::NotBefore(_));
        let paced = self.breaker.paced_until(now).is_some();
        let used_up = backend.volume() == Volume::UsedUp;
        if self.retired || trying || set_aside || paced || used_up {
            return false;
        }
        let Some(permit) = backend.account.try_permit(backend, now) else {
            effects.wants_room = true;
            return false;
        };
        self.dialling += 1;
        self.dialled_at = Some(now);
        effects.dials.push(permit);
        true
    }

    /// Whether the provider serves requests, but its connections do not last, so that the next login has
    /// to wait.
    pub(super) fn logins_are_rationed(&self, backend: &Backend, now: Instant) -> bool {
        let undiallable = self.slots.is_empty() && self.dialling == 0;
        undiallable
            && !matches!(self.breaker.trust(now), Trust::NotBefore(_))
            && self.breaker.paced_until(now).is_none()
            && backend.account.is_brief(now)
            && backend.account.paced_until(now, &backend.config().id).is_some()
    }

    /// Until when dialling is paused, if it is.
    pub(super) fn no_dial_before(&self, backend: &Backend, now: Instant) -> Option<Instant> {
        self.breaker.paced_until(now).max(backend.account.paced_until(now, &backend.config().id))
    }
}

/// Returns the slot with the lowest key among those that fit.
pub(super) fn best<K: Ord>(
    slots: &[Slot],
    fits: impl Fn(&Slot) -> bool,
    key: impl Fn(&Slot) -> K,
) -> Option<(usize, K)> {
    let fitting = slots.iter().enumerate().filter(|(_, slot)| fits(slot));
    fitting.map(|(at, slot)| (at, key(slot))).min_by(|a, b| a.1.cmp(&b.1))
}
