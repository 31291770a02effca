//! Speed limits: which of them hold now, and the user's changes to them.

use api::request::{Failure, Reply};
use api::snapshot::{Happened, TrafficView};
use nntp_proxy::config::TrafficLimits;
use settings::{Client, Settings, TrafficMode};

use super::run::Controller;

/// Which limits hold now.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    mode: TrafficMode,
}

impl Controller {
    /// What the engine is told of limits.
    pub(super) fn limits(&self) -> TrafficLimits {
        self.settings().traffic(self.traffic.mode)
    }

    /// Limits everything in another way from now on.
    pub(super) fn set_traffic(&mut self, mode: TrafficMode) -> Result<Reply, Failure> {
        mode.check().map_err(|wrong| Failure::invalid(&wrong.place, wrong.why))?;
        if self.traffic.mode != mode {
            self.traffic.mode = mode;
            self.record(Happened::TrafficMode { mode });
            self.serving.limit(&self.limits());
        }
        Ok(Reply::Done)
    }

    /// Limits a program, by its login or, without one, by its own name.
    pub(super) fn limit_program(
        &mut self,
        name: &str,
        speed: Option<u64>,
    ) -> Result<Reply, Failure> {
        self.set(|settings: &mut Settings| {
            let known = settings.clients.iter_mut().find(|client| client.name == name);
            match known {
                Some(client) => client.speed = speed,
                None => {
                    settings.clients.push(Client { speed, ..Client::without_login(name.trim()) });
                }
            }
            settings.clients.retain(|client| client.login || client.has_limits());
        })
    }

    /// What people see of it.
    pub(super) fn traffic_view(&self) -> TrafficView {
        let mode = self.traffic.mode;
        TrafficView { mode, speed: self.settings().limits.speed_in(mode) }
    }
}
