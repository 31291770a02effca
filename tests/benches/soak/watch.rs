//! Watches how many connections newsmuxd has at each provider, and how many it may have.

use std::sync::Arc;

use tokio::time::{Duration, Instant, sleep};

use crate::world::World;

/// How often it looks.
const EVERY: Duration = Duration::from_millis(50);
/// How long connections may stand that were right before a reload: what is under way on them ends first.
const DRAIN: Duration = Duration::from_secs(30);
/// For how long there may be one too many: a provider notices an end a moment after it was made.
const MOMENT: Duration = Duration::from_secs(1);

/// How many connections newsmuxd may have at a provider, and how many it had.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    /// What was entered, and until when it counts; the last one still does.
    entered: Vec<(Option<Instant>, u16)>,
    /// The most there ever were, and how many were allowed then.
    pub(crate) peak: (u64, u64),
    /// How often there were too many.
    pub(crate) above: u64,
    above_since: Option<Instant>,
}

impl Limits {
    pub(crate) fn enter(&mut self, now: Instant, connections: u16) {
        if let Some((until, _)) = self.entered.last_mut() {
            *until = Some(now + DRAIN);
        }
        self.entered.push((None, connections));
    }

    /// How many are allowed, when there were more for longer than a moment.
    fn see(&mut self, now: Instant, open: u64) -> Option<u64> {
        self.entered.retain(|(until, _)| until.is_none_or(|until| until > now));
        let allowed = self.entered.iter().map(|(_, connections)| u64::from(*connections)).max();
        let allowed = allowed.unwrap_or(0);
        if open > self.peak.0 {
            self.peak = (open, allowed);
        }
        if open <= allowed {
            self.above_since = None;
            return None;
        }
        let since = *self.above_since.get_or_insert(now);
        let is_over = now - since >= MOMENT;
        if is_over {
            self.above += 1;
            // It counts again when it lasts for as long again.
            self.above_since = Some(now + DRAIN);
        }
        is_over.then_some(allowed)
    }
}

/// Looks until it is stopped.
pub(crate) async fn watch(world: Arc<World>) {
    loop {
        for place in &world.providers {
            let (name, book) = {
                let listening = place.listening.lock().await;
                listening.forget_commands();
                (listening.name().to_owned(), listening.book())
            };
            let allowed = place.limits().see(Instant::now(), book.open);
            if let Some(allowed) = allowed {
                println!("TOO MANY: {name} has {} connections, of {allowed}", book.open);
            }
        }
        sleep(EVERY).await;
    }
}
