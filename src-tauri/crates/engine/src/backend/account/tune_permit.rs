//! Permits for measuring which number of connections is best.

use std::sync::Arc;

use tokio::time::Instant;

use super::super::Backend;
use super::{Account, Permit};
use crate::config::BackendConfig;

impl Account {
    /// How many connections a host may open if its plan allows `up_to`, as far as is known. The number
    /// of the account counts where the host belongs to that of another.
    pub(in super::super) fn limit_of_plan(&self, config: &BackendConfig, up_to: u16) -> u16 {
        let plan = match &config.account {
            Some(account) => up_to.min(account.connections.get()),
            None => up_to,
        };
        let granted = self.lock().granted(Instant::now());
        granted.min(plan).saturating_sub(self.still_open())
    }

    /// Returns a permit whose login counts like any other, if fewer than that many connections are open.
    pub(in super::super) fn try_tune_permit(
        self: &Arc<Self>,
        backend: &Arc<Backend>,
        up_to: u16,
    ) -> Option<Permit> {
        let (config, now) = (backend.config(), Instant::now());
        let limit = self.limit_of_plan(config, up_to);
        let mut state = self.lock();
        if state.open >= limit || state.paced_until(now, &config.id).is_some() {
            return None;
        }
        state.open += 1;
        state.host(&config.id).open += 1;
        let login = config.login.is_some().then(|| {
            let place = state.place(&config.id);
            state.logins.begin(now, place)
        });
        Some(Permit::new(self, backend, login, false))
    }
}
