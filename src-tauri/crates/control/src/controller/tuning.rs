//! The search for the best number of connections to a provider.

use std::num::NonZeroU16;
use std::sync::Arc;

use api::request::{Failure, Reply};
use api::snapshot::{TuneOutcome, TunePoint, TuneUnable, Tuned, Tuning as View};
use nntp_proxy::tune::Allowed;
use tokio::task::AbortHandle;

use super::entries::unknown;
use super::run::Controller;

/// The last search, until it is dismissed.
#[derive(Debug, Default)]
pub(super) struct Tuning {
    pub(super) view: Option<View>,
    run: u64,
    task: Option<AbortHandle>,
}

impl Tuning {
    /// Ends it, and forgets what it found.
    pub(super) fn clear(&mut self) {
        self.run += 1;
        self.view = None;
        self.task.take().iter().for_each(AbortHandle::abort);
    }
}

impl Controller {
    /// Begins a search, instead of the one before.
    pub(super) fn tune_provider(
        &mut self,
        id: String,
        connections: NonZeroU16,
        volume: bool,
    ) -> Result<Reply, Failure> {
        if !self.settings().providers.iter().any(|provider| provider.id == id) {
            return Err(unknown());
        }
        self.tuning.clear();
        let tune = self.serving.tune(&id, Allowed { connections, volume });
        self.tuning.view = Some(View { provider: id, points: Vec::new(), outcome: None });
        let (run, post) = (self.tuning.run, Arc::new(self.poster()));
        match tune {
            Err(unable) => self.tuned(run, Err(unable)),
            Ok(tune) => {
                self.tuning.task = Some(self.serving.spawn(async move {
                    let measured = Arc::clone(&post);
                    let measured =
                        |point| measured(Box::new(move |this| this.measured(run, point)));
                    let tuned = tune.run(measured).await;
                    post(Box::new(move |this| this.tuned(run, tuned)));
                }));
            }
        }
        Ok(Reply::Done)
    }

    /// Takes a speed that was measured, unless the search was dismissed.
    fn measured(&mut self, run: u64, point: TunePoint) {
        let view = self.tuning.view.as_mut().filter(|_| run == self.tuning.run);
        view.into_iter().for_each(|view| view.points.push(point));
    }

    /// Takes what came of a search, unless it was dismissed.
    fn tuned(&mut self, run: u64, tuned: Result<Tuned, TuneUnable>) {
        let view = self.tuning.view.as_mut().filter(|_| run == self.tuning.run);
        let outcome = match tuned {
            Ok(tuned) => TuneOutcome::Tuned { tuned },
            Err(unable) => TuneOutcome::Unable { unable },
        };
        view.into_iter().for_each(|view| view.outcome = Some(outcome.clone()));
    }
}
