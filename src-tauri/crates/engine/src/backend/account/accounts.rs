//! Finds the account of a provider: the one that it had before the settings changed, or a new one.

use std::sync::{Arc, Weak};

use super::super::Backend;
use super::Account;
use crate::config::BackendConfig;
use crate::lock::Lock;
use crate::totals::Totals;

/// The accounts in use, and those whose connections are still closing.
#[derive(Default)]
pub(crate) struct Accounts {
    known: Lock<Vec<Weak<Account>>>,
    pub(crate) totals: Totals,
}

impl Accounts {
    pub(crate) fn counting_in(totals: Totals) -> Self {
        Self { totals, ..Self::default() }
    }

    /// Returns the account of `config`: the one that a provider in `taken` has under the same id, else a
    /// known one that no provider in `taken` has, else a new one.
    pub(crate) fn of(&self, config: &BackendConfig, taken: &[Arc<Backend>]) -> Arc<Account> {
        let account = self.find(config, taken);
        let own = config.own_account();
        let known = self.known.lock().clone();
        let former = known.iter().filter_map(Weak::upgrade).filter(|known| {
            !Arc::ptr_eq(known, &account) && known.open() > 0 && known.has_host(&own)
        });
        account.former.lock().extend(former.map(|former| Arc::downgrade(&former)));
        account
    }

    fn find(&self, config: &BackendConfig, taken: &[Arc<Backend>]) -> Arc<Account> {
        let wanted = config.account();
        let same = |taken: &&Arc<Backend>| taken.config().account().id == wanted.id;
        if let Some(same) = taken.iter().find(same) {
            return Arc::clone(same.account());
        }
        let mut known = self.known.lock();
        known.retain(|account| account.strong_count() > 0);
        let free = |account: &Arc<Account>| {
            account.config.is_same(&wanted)
                && !taken.iter().any(|taken| Arc::ptr_eq(taken.account(), account))
        };
        // Prefer the account with the most open connections, so that no limit is forgotten.
        let found = known.iter().filter_map(Weak::upgrade).filter(free);
        if let Some(account) = found.max_by_key(|account| account.open()) {
            return account;
        }
        let account = Account::new(wanted);
        known.push(Arc::downgrade(&account));
        account
    }
}
