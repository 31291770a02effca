//! What was counted since the program started, whatever became of proxies, settings and connections.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, MutexGuard};

use crate::backend::{CounterSnapshot, Counters, Meter};
use crate::clients::{ProgramCounts, ProgramSnapshot};
use crate::config::{Allowances, BackendConfig};
use crate::dial::Tally;
use crate::lock::Lock;
use crate::proxy::AccountSnapshot;

/// The maximum number of programs that are counted apart.
const PROGRAMS: usize = 500;
/// The name that all further ones have together.
const OTHERS: &str = "others";

/// The totals of all proxies that share them. Clones are handles to the same totals.
#[derive(Clone, Default)]
pub struct Totals(Arc<Lock<Maps>>);

#[derive(Default)]
struct Maps {
    /// By the account's id.
    meters: HashMap<String, Arc<Meter>>,
    /// By the provider's id.
    counters: HashMap<String, Arc<Counters>>,
    /// What programs received on connections that are closed.
    programs: HashMap<Arc<str>, ProgramCounts>,
}

impl Totals {
    /// The counters of all providers so far, by their ids.
    #[must_use]
    pub fn providers(&self) -> HashMap<String, CounterSnapshot> {
        let maps = self.lock();
        maps.counters.iter().map(|(id, counters)| (id.clone(), counters.snapshot())).collect()
    }

    /// What accounts have transferred so far.
    pub(crate) fn accounts(&self) -> Vec<AccountSnapshot> {
        let account = |(id, meter): (&String, &Arc<Meter>)| AccountSnapshot {
            id: id.clone(),
            bytes: meter.bytes(),
        };
        self.lock().meters.iter().map(account).collect()
    }

    /// What programs have received, with what is given of connections that are still open.
    pub(crate) fn programs(
        &self,
        connected: impl Iterator<Item = (Arc<str>, ProgramCounts)>,
    ) -> Vec<ProgramSnapshot> {
        let mut programs = self.lock().programs.clone();
        for (name, counts) in connected {
            add(&mut programs, name, counts);
        }
        let programs = programs.into_iter();
        programs.map(|(name, counts)| ProgramSnapshot { name: (*name).into(), counts }).collect()
    }

    /// Adds what a program received on a connection that is closed now.
    pub(crate) fn add_program(&self, name: Arc<str>, counts: ProgramCounts) {
        add(&mut self.lock().programs, name, counts);
    }

    /// Where the bytes of a provider are counted.
    pub(crate) fn tally(&self, config: &BackendConfig) -> Tally {
        let mut maps = self.lock();
        let meter = Arc::clone(maps.meters.entry(config.account().id).or_default());
        let counters = Arc::clone(maps.counters.entry(config.id.clone()).or_default());
        Tally { meter, counters }
    }

    /// Sets what the accounts may still transfer.
    pub(crate) fn allow(&self, allowances: &Allowances) {
        let mut maps = self.lock();
        for id in allowances.keys() {
            maps.meters.entry(id.clone()).or_default();
        }
        maps.meters.iter().for_each(|(id, meter)| meter.allow(allowances.get(id)));
    }

    fn lock(&self) -> MutexGuard<'_, Maps> {
        self.0.lock()
    }
}

/// Adds what a program received, to its own counts or to those of all beyond the maximum.
fn add(programs: &mut HashMap<Arc<str>, ProgramCounts>, name: Arc<str>, counts: ProgramCounts) {
    let known = programs.len() < PROGRAMS || programs.contains_key(&name);
    *programs.entry(if known { name } else { OTHERS.into() }).or_default() += counts;
}

impl fmt::Debug for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Totals").finish_non_exhaustive()
    }
}
