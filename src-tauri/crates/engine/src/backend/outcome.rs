//! What happens to a connection after a turn, and what that says about the provider.

use std::sync::Arc;

use tokio::time::{Duration, Instant};
use tracing::{info, warn};

use super::Backend;
use super::breaker::{self, Failure};
use super::connection::ReadSide;
use super::logins::Fate;
use super::pool::Pool;
use super::slot::Access;
use crate::events::Event;
use crate::ticket::Ticket;

/// Why a used connection is gone.
pub(super) enum Loss {
    /// Newsmux dropped it, or its client caused it.
    Ours,
    /// It has been silent since a request was sent. If `stale`, it had been idle long enough before
    /// that to have died unnoticed.
    Silent { since: Instant, stale: bool, failure: Failure },
    /// The provider failed.
    Failed(Failure),
}

/// How long a turn took, where that says something about the network or the provider.
#[derive(Default)]
pub(super) struct Timing {
    pub(super) first_line: Option<Duration>,
    pub(super) block: Option<Duration>,
}

impl Backend {
    /// Removes a connection that is gone.
    pub(super) fn lost(self: &Arc<Self>, id: u64, loss: Loss) {
        let set_aside = self.change(|pool, effects| {
            let now = effects.now;
            let at = pool.slots.iter().position(|slot| slot.connection.id == id)?;
            let slot = pool.slots.remove(at);
            let failure = match loss {
                Loss::Ours => {
                    pool.breaker.probe_abandoned(now);
                    return None;
                }
                Loss::Silent { since, stale, failure } => {
                    pool.close_unheard(since, effects);
                    if stale {
                        pool.breaker.probe_abandoned(now);
                        return None;
                    }
                    pool.pace.was_late(now, now.duration_since(since));
                    failure
                }
                Loss::Failed(failure) => failure,
            };
            // A successful login says little about an address that then answers nothing.
            if failure.weight == breaker::SILENT || slot.replies == 0 {
                let address = slot.address.into_iter();
                address.for_each(|at| self.resources.dialler.failed(at, &self.config));
            }
            if slot.turns > 1 {
                pool.pace.stumbled(now, slot.created, self.pipelining());
            }
            let news = pool.breaker.failed(now, slot.created, failure);
            news.then(|| (pool.breaker.state.clone(), pool.breaker.why.clone()))
        });
        if let Some((state, why)) = set_aside {
            warn!(provider = self.config.name, "set aside: {why}");
            self.tell_failing(state, why);
        }
    }

    /// Records that the provider closed a connection as one too many.
    pub(super) fn one_too_many(&self, id: u64, said: String) {
        let granted = {
            let (mut pool, now) = (self.lock(), Instant::now());
            let others = pool.slots.iter().filter(|slot| slot.connection.id != id).count();
            let others = u16::try_from(others).unwrap_or(u16::MAX);
            self.account.set_limit(now, others.saturating_add(self.open_elsewhere()));
            pool.breaker.one_too_many(now);
            self.account.limit(now, &self.config)
        };
        self.tell_fewer(granted, said);
    }

    /// How many connections of the account are those of other hosts.
    pub(super) fn open_elsewhere(&self) -> u16 {
        self.account.open().saturating_sub(self.account.open_of(&self.config.id))
    }

    /// Records a served request. Returns true if the provider had been set aside.
    fn has_served(&self, pool: &mut Pool, now: Instant, timing: &Timing) -> bool {
        if let Some(time) = timing.first_line {
            pool.pace.measured_round_trip(now, time);
            self.counters().first_byte.count(time);
        }
        timing.block.into_iter().for_each(|time| pool.pace.measured_article(now, time));
        pool.breaker.served()
    }

    /// Records that a probe's reply has begun, so that others may follow.
    pub(super) fn probe_answered(&self) {
        self.lock().breaker.probe_answered();
    }

    /// Ends a turn and lets the next one read. `None` means that it served nothing.
    pub(super) fn turn_done(
        self: &Arc<Self>,
        id: u64,
        ticket: Ticket<Box<ReadSide>>,
        side: Box<ReadSide>,
        served: Option<Timing>,
    ) {
        let mut side = Some(side);
        let back = self.change(|pool, effects| {
            let (retired, now) = (pool.retired, effects.now);
            let back = served.as_ref().is_some_and(|timing| self.has_served(pool, now, timing));
            let Some(slot) = pool.slot(id) else { return back };
            slot.turns = slot.turns.saturating_sub(1);
            slot.heard = now;
            if served.is_some() {
                slot.replies = slot.replies.saturating_add(1);
                let fate = Fate::after_reply(slot.replies, now.duration_since(slot.created));
                fate.iter().for_each(|fate| side.iter().for_each(|side| side.login(*fate)));
                let address = slot.address.filter(|_| slot.replies == 1).into_iter();
                address.for_each(|at| self.resources.dialler.succeeded(at, &self.config));
            }
            let unasked = side.as_ref().is_some_and(|side| !side.unread.is_empty());
            let finished = match slot.access {
                Access::Leased => false,
                Access::Leaving => true,
                Access::Shared | Access::Reserved => retired,
            };
            if slot.turns == 0 && (unasked || finished) {
                pool.slots.retain(|slot| slot.connection.id != id);
            } else if let Some(side) = side.take() {
                effects.closed.extend(ticket.try_pass_on(side));
            }
            let fate = if unasked { Fate::Lost } else { Fate::Closed };
            side.iter_mut().for_each(|side| side.fate = fate);
            effects.closed.extend(side.take());
            back
        });
        if back {
            info!(provider = self.config.name, "requests go well again");
            self.resources.events.tell(|| Event::Connected { provider: self.config.name.clone() });
        }
    }
}
