//! Dials in separate tasks, so that a request that is dropped leaves its connection to others.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::{info, warn};

use super::account::Permit;
use super::connection::{Connection, ReadSide};
use super::logins::Fate;
use super::upkeep::look_after;
use super::{Backend, State};
use crate::dial::{Established, Failed, Milestone, Stage, Trouble, establish_in_mode};
use crate::events::Event;

impl Backend {
    /// Dials a connection in advance if there is none.
    pub(crate) fn warm_up(self: &Arc<Self>) {
        self.change(|pool, effects| pool.warm_up(self, effects));
    }

    pub(super) fn spawn_dial(self: &Arc<Self>, permit: Permit) {
        let backend = Arc::clone(self);
        tokio::spawn(async move {
            let (mode, mut nobody) = (backend.mode_reader(), |_: Milestone<'_>| {});
            let dialler = &*backend.resources.dialler;
            match establish_in_mode(dialler, &backend.config, mode, &mut nobody).await {
                Ok(established) => backend.dialled(established, permit),
                Err(failed) => backend.dial_failed(&failed, permit),
            }
        });
    }

    pub(super) fn dialled(self: &Arc<Self>, established: Established, mut permit: Permit) {
        if established.mode_reader {
            self.mode_reader_needed();
        }
        let (news, alone) = self.change(|pool, effects| {
            permit.dial_over(pool);
            let Established { read, write, posting, address, .. } = established;
            let connection = Connection::new(pool.next_id(), write, posting);
            let side = ReadSide::new(read, Arc::clone(&connection), permit);
            if pool.retired {
                effects.close(side);
                return (false, false);
            }
            pool.add(connection, side, address);
            (pool.breaker.connected(), !std::mem::replace(&mut pool.looked_after, true))
        });
        if news {
            info!(provider = self.config.name, "connected");
            self.resources.events.tell(|| Event::Connected { provider: self.config.name.clone() });
        }
        if alone {
            tokio::spawn(look_after(Arc::downgrade(self)));
        }
    }

    pub(super) fn dial_failed(self: &Arc<Self>, failed: &Failed, mut permit: Permit) {
        let error = &failed.error;
        let (news, state, fewer) = {
            let (mut pool, now) = (self.lock(), Instant::now());
            permit.dial_over(&mut pool);
            let standing = pool.count().saturating_add(self.open_elsewhere());
            let before = self.account.limit(now, &self.config);
            let trouble = pool.breaker.trouble(error, standing);
            if trouble == Trouble::Limit && standing > 0 {
                self.account.set_limit(now, standing);
            }
            if trouble == Trouble::Down && failed.stage < Stage::Login {
                permit.login(Fate::Unsent);
            }
            let news = pool.breaker.dial_failed(now, error, trouble, standing);
            let granted = self.account.limit(now, &self.config);
            (news, pool.breaker.state.clone(), (granted < before).then_some(granted))
        };
        if news {
            warn!(provider = self.config.name, "{error}");
            self.tell_failing(state, error.to_string());
        }
        if let Some(granted) = fewer {
            self.tell_fewer(granted, error.to_string());
        }
        drop(permit);
    }

    pub(super) fn tell_failing(&self, state: State, why: String) {
        let provider = self.config.name.clone();
        self.resources.events.tell(|| Event::Failing { provider, state, why });
    }

    pub(super) fn tell_fewer(&self, granted: u16, why: String) {
        info!(provider = self.config.name, "grants {granted} connections: {why}");
        let provider = self.config.name.clone();
        self.resources.events.tell(|| Event::FewerConnections { provider, granted, why });
    }

    /// Records a dial that was dropped because the runtime is shutting down.
    pub(super) fn dial_abandoned(&self) {
        let mut pool = self.lock();
        pool.dialling = pool.dialling.saturating_sub(1);
    }
}
