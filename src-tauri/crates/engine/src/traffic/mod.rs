//! Who may transfer how much and when: speed limits for everything, for each provider and for each
//! program, a program's priority and connections, and a pause. They are kept apart from the settings of providers, so a change keeps their connections.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::clients::Client;
use crate::config::{Priority, ProgramLimits, TrafficLimits};
use crate::lock::Lock;

mod client;
mod flow;
mod pause;
mod places;
mod throttle;

pub(crate) use client::ClientLimit;
pub(crate) use flow::Flow;
use pause::Pause;
pub(crate) use places::Place;
use places::Places;
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
    programs: Lock<HashMap<String, Program>>,
    pause: Pause,
    /// Whether no article is to be fetched, for requests that only look.
    paused: AtomicBool,
    /// Whether any program has a limit. Usually none has, and no lock is taken.
    limits_programs: AtomicBool,
}

/// The limits of a program.
#[derive(Default)]
struct Program {
    speed: Arc<Throttle>,
    places: Arc<Places>,
    priority: Lock<Priority>,
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
        programs.iter().filter(|(name, _)| !limits.programs.contains_key(*name)).for_each(
            // Those who wait still have it.
            |(_, program)| program.limit(&ProgramLimits::default()),
        );
        programs.retain(|name, _| limits.programs.contains_key(name));
        for (name, limits) in &limits.programs {
            programs.entry(name.clone()).or_default().limit(limits);
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
    pub(crate) fn speed_of(&self, client: &Client) -> Option<Arc<Throttle>> {
        self.of_program(client, |program| Arc::clone(&program.speed)).filter(|speed| speed.is_on())
    }

    /// The weight of a client's program.
    pub(crate) fn priority_of(&self, client: &Client) -> Priority {
        self.of_program(client, |program| *program.priority.lock()).unwrap_or_default()
    }

    /// Waits until a client's program may be sent another article at once. Without a limit there is
    /// nothing to hold.
    pub(crate) async fn place(&self, client: &Client) -> Option<Place> {
        let places = self.of_program(client, |program| Arc::clone(&program.places))?;
        Some(Box::pin(places.take()).await)
    }

    fn of_program<T>(&self, client: &Client, get: impl FnOnce(&Program) -> T) -> Option<T> {
        if !self.0.limits_programs.load(Ordering::Relaxed) {
            return None;
        }
        self.0.programs.lock().get(&*client.program()).map(get)
    }
}

impl Program {
    fn limit(&self, limits: &ProgramLimits) {
        self.speed.limit(limits.speed);
        self.places.limit(limits.connections.map(|most| most.get().into()));
        *self.priority.lock() = limits.priority;
    }
}

impl std::fmt::Debug for Traffic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Traffic").finish_non_exhaustive()
    }
}
