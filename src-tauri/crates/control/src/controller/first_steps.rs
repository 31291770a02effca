//! Which of the first steps are done. What was done once stays done, also after a restart.

use api::snapshot::{ProviderState, ProviderView, Snapshot};
use settings::FirstSteps;

use super::run::Controller;

impl Controller {
    /// Saves the steps that are done now, if there are new ones. Returns whether there were.
    pub(super) fn save_first_steps(&mut self, now: &Snapshot) -> bool {
        let saved = self.settings().desktop.first_steps;
        let reached = reached(now).or(saved);
        if reached == saved
            || self.settings().desktop.first_steps_done
            || self.settings_file.is_read_only()
            || self.not_saved.is_some()
        {
            return false;
        }
        self.set(|settings| settings.desktop.first_steps = reached).is_ok()
    }
}

/// The steps that `now` shows as done. The sample provider does not count.
fn reached(now: &Snapshot) -> FirstSteps {
    if now.sample {
        return FirstSteps::default();
    }
    let delivered = now.figures.articles > 0;
    let works = |provider: &ProviderView| provider.state == ProviderState::Up || provider.tested;
    FirstSteps {
        provider_works: delivered || now.providers.iter().any(works),
        program_set_up: delivered || !now.connected.is_empty() || !now.clients.is_empty(),
        article_delivered: delivered,
    }
}
