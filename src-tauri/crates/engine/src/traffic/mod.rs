//! Who may transfer how much and when: speed limits for everything, for each provider and for each
//! program, and a pause. They are kept apart from the settings of providers, so a change keeps their connections.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::clients::Client;
use crate::config::TrafficLimits;
use crate::lock::Lock;

mod client;
mod flow;
mod pause;
mod throttle;

pub(crate) use client::ClientLimit;
pub(crate) use flow::Flow;
use pause::Pause;
pub(crate) use throttle::Throttle;

/// The limits of a proxy. Clones are handles to the same limits.
#[derive(Clone, Default)]
pub(crate) struct Traffic(Arc<Inner>);

#[derive(Default)]
struct Inner {
    all: Arc<Throttle>,
    /// By the provider's id.
    providers: Lock<HashMap<String, Arc<Throttle>>>,
    /// By the program's name.
    programs: Lock<HashMap<String, Arc<Throttle>>>,
    pause: Pause,
    /// Whether no article is to be fetched, for requests that only look.
    paused: AtomicBool,
    /// Whether any program has a limit. Usually none has, and no lock is taken.
    limits_programs: AtomicBool,
}

impl Traffic {
    /// Sets all limits. They hold at once, also for what is under way.
    pub(crate) fn limit(&self, limits: &TrafficLimits) {
        let inner = &*self.0;
        inner.paused.store(limits.paused, Ordering::Relaxed);
        inner.pause.set(limits.paused);
        inner.all.limit(limits.speed);
        let mut providers = inner.providers.lock();
        for id in limits.providers.keys() {
            providers.entry(id.clone()).or_default();
        }
        providers
            .iter()
            .for_each(|(id, throttle)| throttle.limit(limits.providers.get(id).copied()));
        let mut programs = inner.programs.lock();
        let speed = |name: &str| limits.programs.get(name).and_then(|program| program.speed);
        programs.iter().for_each(|(name, throttle)| throttle.limit(speed(name)));
        programs.retain(|_, throttle| throttle.is_on());
        for (name, speed) in limits.programs.keys().filter_map(|name| Some((name, speed(name)?))) {
            programs.entry(name.clone()).or_default().limit(Some(speed));
        }
        inner.limits_programs.store(!programs.is_empty(), Ordering::Relaxed);
    }

    /// Whether no article is to be fetched.
    pub(crate) fn is_paused(&self) -> bool {
        self.0.paused.load(Ordering::Relaxed)
    }

    /// The limits for what comes from a provider: its own, and that for all.
    pub(crate) fn of_provider(&self, id: &str) -> [Arc<Throttle>; 2] {
        let mut providers = self.0.providers.lock();
        let own = providers.entry(id.to_owned()).or_default();
        [Arc::clone(own), Arc::clone(&self.0.all)]
    }

    /// The limit for what a client's program is sent, if it has one.
    pub(crate) fn of_program(&self, client: &Client) -> Option<Arc<Throttle>> {
        if !self.0.limits_programs.load(Ordering::Relaxed) {
            return None;
        }
        self.0.programs.lock().get(&*client.program()).cloned()
    }
}

impl std::fmt::Debug for Traffic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Traffic").finish_non_exhaustive()
    }
}
