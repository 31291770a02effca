//! Speed limits and pauses: which of them hold now, and the user's changes to them.

use std::time::SystemTime;

use api::request::{Failure, Reply};
use api::snapshot::{Happened, TrafficView};
use nntp_proxy::config::TrafficLimits;
use settings::{Client, Governor, Limits, PauseFor, Settings, TrafficMode, TrafficNow};

use super::environment::millis;
use super::run::Controller;

/// Which limits hold now.
#[derive(Debug)]
pub(super) struct Traffic {
    governor: Governor,
    now: TrafficNow,
}

impl Default for Traffic {
    fn default() -> Self {
        let now = TrafficNow { mode: TrafficMode::Normal, until: None, next: None };
        Self { governor: Governor::default(), now }
    }
}

impl Controller {
    /// The limits for the engine.
    pub(super) fn limits(&self) -> TrafficLimits {
        self.settings().traffic(self.traffic.now.mode)
    }

    /// Limits everything in another way, until the schedule next changes it.
    pub(super) fn set_traffic(&mut self, mode: TrafficMode) -> Result<Reply, Failure> {
        mode.check().map_err(|wrong| Failure::invalid(&wrong.place, wrong.why))?;
        Ok(self.choose(|governor, limits, now| governor.choose(limits, mode, now)))
    }

    /// Fetches no more articles for a while. What is stopped stays so.
    pub(super) fn pause(&mut self, lasts: PauseFor) -> Reply {
        if !self.settings().desktop.on {
            return Reply::Done;
        }
        self.choose(|governor, _, now| governor.pause(lasts, now))
    }

    /// Ends a pause, if there is one.
    pub(super) fn resume(&mut self) {
        if self.is_paused() {
            self.choose(|governor, limits, now| governor.choose(limits, TrafficMode::Normal, now));
        }
    }

    pub(super) fn is_paused(&self) -> bool {
        self.traffic.now.mode == TrafficMode::Paused
    }

    fn choose(&mut self, choose: impl FnOnce(&mut Governor, &Limits, SystemTime)) -> Reply {
        let now = self.environment.now();
        choose(&mut self.traffic.governor, &self.settings_file.settings().limits, now);
        self.look_at_the_schedule();
        Reply::Done
    }

    /// Has the engine do what holds now by the schedule or the user's choice.
    pub(super) fn look_at_the_schedule(&mut self) {
        let now = self.environment.now();
        let limits = &self.settings_file.settings().limits;
        let now = self.traffic.governor.at(limits, now);
        let before = std::mem::replace(&mut self.traffic.now, now);
        if before.mode != now.mode {
            self.record(Happened::TrafficMode { mode: now.mode });
            self.serving.limit(&self.limits());
        }
    }

    /// Sets the limits of a program, by its login or, without one, by its own name.
    pub(super) fn limit_program(&mut self, limits: Client) -> Result<Reply, Failure> {
        let name = limits.name.trim().to_owned();
        self.set(|settings: &mut Settings| {
            let known = settings.clients.iter_mut().find(|client| client.name == name);
            match known {
                Some(client) => *client = Client { name, login: client.login, ..limits },
                None => settings.clients.push(Client { name, login: false, ..limits }),
            }
            settings.clients.retain(|client| client.login || client.has_limits());
        })
    }

    /// What people see of it.
    pub(super) fn traffic_view(&self) -> TrafficView {
        let TrafficNow { mode, until, next } = self.traffic.now;
        let speed = self.settings().limits.speed_in(mode);
        TrafficView { mode, speed, until: until.map(millis), next }
    }
}
