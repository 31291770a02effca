//! Speed limits of newsmuxd: what the settings say, and what newsmuxctl was asked for since.

use std::sync::{Mutex, MutexGuard, PoisonError};

use local::channel::{SpeedLimit, TrafficStatus};
use nntp_proxy::config::TrafficLimits;
use nntp_proxy::proxy::Proxy;
use settings::{Settings, TrafficMode};
use tracing::info;

/// What limits the speed. See the [module](self).
pub(crate) struct Traffic(Mutex<Inner>);

struct Inner {
    settings: Settings,
    mode: TrafficMode,
}

impl Traffic {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Mutex::new(Inner { settings, mode: TrafficMode::default() }))
    }

    /// Takes other settings. Returns what the engine is told.
    pub(crate) fn reload(&self, settings: Settings) -> TrafficLimits {
        let mut inner = self.lock();
        inner.settings = settings;
        inner.limits()
    }

    /// Limits everything in another way from now on.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub(crate) fn limit(&self, to: SpeedLimit, proxy: &Proxy) -> Result<TrafficStatus, String> {
        let mode = TrafficMode::from(to);
        mode.check().map_err(|wrong| wrong.why)?;
        let mut inner = self.lock();
        inner.mode = mode;
        proxy.limit(&inner.limits());
        let status = inner.status();
        info!("speed: {}, limit {:?}", status.mode, status.speed);
        Ok(status)
    }

    /// What limits the speed now.
    pub(crate) fn status(&self) -> TrafficStatus {
        self.lock().status()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn limits(&self) -> TrafficLimits {
        self.settings.traffic(self.mode)
    }

    fn status(&self) -> TrafficStatus {
        let speed = self.settings.limits.speed_in(self.mode);
        TrafficStatus { mode: self.mode.word().into(), speed }
    }
}
