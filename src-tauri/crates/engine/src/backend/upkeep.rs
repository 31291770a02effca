//! Maintains idle connections: closes those unused for long, removes dead ones, and sends keep-alives.

use std::cell::Cell;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use nntp::command::Request;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval};

use super::pool::{Effects, Pool};
use super::reply::Reply;
use super::slot::{Access, Slot};
use super::{Backend, Volume};

/// How often idle connections are checked.
const TICK: Duration = Duration::from_secs(5);
/// A connection that was idle for this long gets a keep-alive.
const KEEP_ALIVE: Duration = Duration::from_secs(25);

/// Closes long-idle connections, removes dead ones and keeps the others alive, until none is left.
pub(super) async fn look_after(backend: Weak<Backend>) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(backend) = backend.upgrade() else { return };
        let idle = backend.config.limits.idle;
        let now = Instant::now();
        let probes = backend.change(|pool, effects| {
            let used_up = backend.volume() == Volume::UsedUp;
            pool.close_idle(|slot| used_up || now.duration_since(slot.used) >= idle, effects);
            pool.looked_after = !pool.slots.is_empty();
            pool.looked_after.then(|| pool.probes(&backend, now, effects))
        });
        let Some(probes) = probes else { return };
        for probe in probes {
            tokio::spawn(probe.discard());
        }
    }
}

impl Pool {
    /// Closes idle connections that match, and removes dead ones.
    pub(super) fn close_idle(&mut self, fits: impl Fn(&Slot) -> bool, effects: &mut Effects) {
        self.slots.retain_mut(|slot| {
            let idle = slot.turns == 0 && slot.access != Access::Leased;
            if !idle || slot.is_alive(effects) && !fits(slot) {
                return true;
            }
            slot.line.try_take().into_iter().for_each(|side| effects.close(side));
            false
        });
    }

    /// Closes one idle connection. Returns whether there was one.
    pub(super) fn close_one(&mut self, effects: &mut Effects) -> bool {
        let closed = Cell::new(false);
        self.close_idle(|_| !closed.replace(true), effects);
        closed.get()
    }

    /// Closes idle connections that have been silent since then: one died unnoticed, so they may have
    /// too.
    pub(super) fn close_unheard(&mut self, since: Instant, effects: &mut Effects) {
        let before = effects.closed.len();
        self.close_idle(|slot| slot.heard < since, effects);
        effects.closed.iter_mut().skip(before).for_each(|side| side.dead = true);
    }

    /// Sends keep-alives on connections that have been idle for a while.
    pub(super) fn probes(
        &mut self,
        backend: &Arc<Backend>,
        now: Instant,
        effects: &mut Effects,
    ) -> Vec<Reply> {
        let Some(probe) = probe() else { return Vec::new() };
        let idle = |slot: &&mut Slot| {
            slot.turns == 0 && slot.access == Access::Shared && now >= slot.heard + KEEP_ALIVE
        };
        let watch = self.watch(now, false);
        let probe = |slot: &mut Slot| {
            effects.send(&slot.connection);
            slot.turn(backend, &probe, watch)
        };
        self.slots.iter_mut().filter(idle).map(probe).collect()
    }
}

/// The keep-alive request. Old servers answer 500, which is good enough.
fn probe() -> Option<Request> {
    Request::parse(Bytes::from_static(b"DATE")).ok()
}
