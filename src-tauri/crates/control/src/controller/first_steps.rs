//! Which of the first steps are done. What was done once stays done, also after a restart.

use api::snapshot::{ClientView, ProviderState, ProviderView, Snapshot};
use nntp_proxy::backend::CounterSnapshot;
use settings::FirstSteps;

use super::run::Controller;

impl Controller {
    /// Saves the steps that are done now, if there are new ones. Returns whether there were.
    pub(super) fn save_first_steps(&mut self, now: &Snapshot) -> bool {
        let saved = self.settings().desktop.first_steps;
        let reached = reached(now, self.numbers.total_of_real()).or(saved);
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

/// The steps that `now` shows as done; `total` is what the providers have done. The sample provider does not count.
fn reached(now: &Snapshot, total: CounterSnapshot) -> FirstSteps {
    if now.sample {
        return FirstSteps::default();
    }
    let delivered = total.articles > 0;
    let works = |provider: &ProviderView| provider.state == ProviderState::Up || provider.tested;
    // Whoever only connects may be anything.
    let asks = |client: &ClientView| client.requests > 0 && total.delivered + total.missing > 0;
    FirstSteps {
        provider_works: delivered || now.providers.iter().any(works),
        program_set_up: delivered || !now.connected.is_empty() || now.clients.iter().any(asks),
        article_delivered: delivered,
    }
}
