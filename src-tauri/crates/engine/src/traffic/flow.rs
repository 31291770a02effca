//! One stream's way through the speed limits that hold for it.

use std::mem::take;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::time::{Duration, Instant};

use super::throttle::{Grant, Throttle, Waiter};
use crate::backend::{Claim, Urgency};

/// One stream under speed limits. Before each read or write it asks how much may go through, and says
/// afterwards how much did.
pub(crate) struct Flow {
    stages: Vec<Stage>,
    claim: Claim,
    /// Since when it waits for a limit.
    since: Option<Instant>,
    /// How long it has waited before that.
    held: Duration,
}

struct Stage {
    throttle: Arc<Throttle>,
    stand: Stand,
}

#[derive(Default)]
enum Stand {
    #[default]
    Out,
    Waits(Arc<Waiter>),
    Granted(Grant),
}

impl Flow {
    /// A stream under all of these limits.
    pub(crate) fn new(throttles: &[Arc<Throttle>], claim: &Claim) -> Self {
        let urgency = match claim.urgency {
            Urgency::Interactive => Urgency::Interactive,
            // Once it is under way, its client may wait for it.
            Urgency::Bulk | Urgency::ReadAhead => Urgency::Bulk,
        };
        let stage =
            |throttle: &Arc<Throttle>| Stage { throttle: Arc::clone(throttle), stand: Stand::Out };
        Self {
            stages: throttles.iter().map(stage).collect(),
            claim: Claim { urgency, ..claim.clone() },
            since: None,
            held: Duration::ZERO,
        }
    }

    /// Whether it is held back by this limit.
    pub(crate) fn is_under(&self, throttle: &Arc<Throttle>) -> bool {
        self.stages.iter().any(|stage| Arc::ptr_eq(&stage.throttle, throttle))
    }

    /// Is ready with how many bytes may go through now.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<usize> {
        let Self { stages, claim, since, held } = self;
        let mut most = usize::MAX;
        for stage in stages {
            let grant = stage.poll(claim, cx);
            if grant.is_pending() {
                since.get_or_insert_with(Instant::now);
            }
            most = most.min(ready!(grant).bytes);
        }
        if let Some(since) = since.take() {
            *held += since.elapsed();
        }
        Poll::Ready(most)
    }

    /// Records how many bytes went through; later ones are asked for again.
    pub(crate) fn used(&mut self, bytes: usize) {
        for stage in &mut self.stages {
            if let Stand::Granted(grant) = take(&mut stage.stand) {
                stage.throttle.give_back(grant, bytes);
            }
        }
    }

    /// Returns how long it was held back since the last call.
    pub(crate) fn take_held(&mut self) -> Duration {
        if let Some(since) = &mut self.since {
            let now = Instant::now();
            self.held += now.duration_since(*since);
            *since = now;
        }
        take(&mut self.held)
    }
}

impl Stage {
    fn poll(&mut self, claim: &mut Claim, cx: &Context<'_>) -> Poll<Grant> {
        let grant = match &self.stand {
            Stand::Granted(grant) => return Poll::Ready(*grant),
            Stand::Waits(waiter) => ready!(waiter.poll(cx)),
            Stand::Out => match self.throttle.ask(claim, cx) {
                Ok(grant) => grant,
                Err(waiter) => {
                    self.stand = Stand::Waits(waiter);
                    return Poll::Pending;
                }
            },
        };
        self.stand = Stand::Granted(grant);
        Poll::Ready(grant)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let grant = match &self.stand {
            Stand::Out => None,
            Stand::Waits(waiter) => waiter.leave(),
            Stand::Granted(grant) => Some(*grant),
        };
        grant.into_iter().for_each(|grant| self.throttle.give_back(grant, 0));
    }
}
