//! What goes wrong, and what is changed. At any time one provider is healthy, and has all that can be had.

use std::sync::Arc;

use newsmux_tests::daemon::{Daemon, Setup};
use newsmux_tests::provider::{At, Ending, Fault, Gate, Limit, Script, on};
use newsmux_tests::rng::Rng;
use tokio::time::{Duration, Instant, sleep, sleep_until};

use crate::clients::{LOGINS, PASSWORD};
use crate::world::World;

/// How long a provider is healthy.
const ERA: Duration = Duration::from_secs(20);
/// How long the next one is healthy, too, before that ends.
const OVERLAP: Duration = Duration::from_secs(5);

/// See the [module](self).
pub(crate) struct Chaos {
    rng: Rng,
    world: Arc<World>,
    healthy: usize,
    /// In the order of the settings.
    order: Vec<Entry>,
    pub(crate) reloads: u64,
}

/// A provider in the settings.
#[derive(Debug, Clone, Copy)]
struct Entry {
    provider: usize,
    connections: u16,
    tier: u8,
    enabled: bool,
}

impl Chaos {
    pub(crate) fn new(seed: u64, world: Arc<World>) -> Self {
        let entry = |provider| Entry { provider, connections: 4, tier: 0, enabled: true };
        let order = (0..world.providers.len()).map(entry).collect();
        Self { rng: Rng::of(seed, &[u64::MAX]), world, healthy: 0, order, reloads: 0 }
    }

    /// The settings as they are to be from now on.
    pub(crate) fn setup(&self) -> Setup {
        let setup = LOGINS.iter().fold(Setup::new(), |setup, name| setup.client(name, PASSWORD));
        self.order.iter().fold(setup, |setup, entry| {
            let place = &self.world.providers[entry.provider];
            setup.provider(place.account(entry.connections, entry.enabled).tier(entry.tier))
        })
    }

    /// One thing after the other, until the time is over.
    pub(crate) async fn play(&mut self, daemon: &Daemon, until: Instant) {
        self.worsen().await;
        let mut era_ends = Instant::now() + ERA;
        while Instant::now() < until {
            let next = Instant::now() + Duration::from_millis(500 + self.rng.below(2500));
            if next >= era_ends {
                self.change_healthy(daemon).await;
                era_ends = Instant::now() + ERA;
            } else {
                self.happen(daemon).await;
            }
            sleep_until(next.min(until)).await;
        }
        // Those who still wait for a reply get it.
        for place in &self.world.providers {
            place.listening.lock().await.play(Script::new());
        }
    }

    /// Another provider is healthy; for a while both are.
    async fn change_healthy(&mut self, daemon: &Daemon) {
        self.healthy = self.other();
        self.listening(self.healthy).await.play(Script::new());
        self.listening(self.healthy).await.set_limit(Limit::None);
        for entry in self.order.iter_mut().filter(|entry| entry.provider == self.healthy) {
            entry.enabled = true;
        }
        self.reload(daemon).await;
        sleep(OVERLAP).await;
        self.worsen().await;
    }

    /// All but the healthy one get faults of their own.
    async fn worsen(&mut self) {
        for provider in (0..self.world.providers.len()).filter(|at| *at != self.healthy) {
            let severity = *self.rng.pick(&[20, 100, 300]);
            let script = Script::random(self.rng.next()).severity(severity).refusing();
            self.listening(provider).await.play(script);
        }
    }

    async fn happen(&mut self, daemon: &Daemon) {
        let other = self.other();
        match self.rng.below(9) {
            0 => {
                // Without words: they would stand in the middle of an article.
                let how = *self.rng.pick(&[Ending::Close, Ending::Reset]);
                self.listening(other).await.hang_up("", how);
            }
            1 => {
                let mut listening = self.listening(other).await;
                listening.stop().await;
                sleep(Duration::from_millis(500)).await;
                listening.restart().await;
            }
            2 => {
                let refusal = "502 Too many connections for your account".to_owned();
                let limits = [Limit::None, Limit::AtGreeting(1, refusal)];
                let limit = self.rng.pick(&limits).clone();
                self.listening(other).await.set_limit(limit);
            }
            3 => {
                let gate = Gate::closed();
                let held = Fault::Hold(At::Part(self.rng.below(1000) as u16), gate.clone());
                self.listening(other).await.add_rule(on("", held).times(4));
                let time = Duration::from_millis(self.rng.below(8000));
                tokio::spawn(async move {
                    sleep(time).await;
                    gate.open();
                });
            }
            4 => self.worsen().await,
            _ => {
                self.change_settings();
                self.reload(daemon).await;
            }
        }
    }

    fn change_settings(&mut self) {
        let at = self.rng.below(self.order.len() as u64) as usize;
        let is_healthy = self.order[at].provider == self.healthy;
        match self.rng.below(4) {
            0 => self.order.rotate_left(at),
            1 => self.order[at].tier = self.rng.below(2) as u8,
            2 if !is_healthy => self.order[at].enabled ^= true,
            _ => self.order[at].connections = 1 + self.rng.below(8) as u16,
        }
    }

    async fn reload(&mut self, daemon: &Daemon) {
        daemon.reload(&self.setup()).await;
        self.reloads += 1;
    }

    /// Any provider but the healthy one.
    fn other(&mut self) -> usize {
        let count = self.world.providers.len();
        (self.healthy + 1 + self.rng.below(count as u64 - 1) as usize) % count
    }

    async fn listening(
        &self,
        provider: usize,
    ) -> tokio::sync::MutexGuard<'_, newsmux_tests::provider::Listening> {
        self.world.providers[provider].listening.lock().await
    }
}
