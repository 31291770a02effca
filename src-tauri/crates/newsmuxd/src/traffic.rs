//! Speed limits and pauses of newsmuxd: what the settings and their schedule say, and what newsmuxctl was
//! asked for since.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use local::channel::{SpeedLimit, TrafficStatus};
use nntp_proxy::config::TrafficLimits;
use nntp_proxy::proxy::Proxy;
use settings::{Governor, PauseFor, Settings, TrafficMode, TrafficNow};
use tokio::sync::Notify;
use tokio::time::timeout;
use tracing::info;

/// How often the clock is looked at while a change is due: it may be set, and the computer may sleep.
const TICK: Duration = Duration::from_secs(5);

/// What limits the speed. See the [module](self).
pub(crate) struct Traffic {
    inner: Mutex<Inner>,
    changed: Notify,
}

struct Inner {
    settings: Settings,
    governor: Governor,
    mode: TrafficMode,
}

impl Traffic {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        let mut inner =
            Inner { settings, governor: Governor::default(), mode: TrafficMode::default() };
        inner.mode = inner.now().mode;
        Arc::new(Self { inner: Mutex::new(inner), changed: Notify::new() })
    }

    /// What the engine is told.
    pub(crate) fn limits(&self) -> TrafficLimits {
        self.lock().limits()
    }

    /// Takes other settings and has them applied, before anybody chooses another limit.
    pub(crate) fn reload(&self, settings: Settings, apply: impl FnOnce(TrafficLimits)) {
        let mut inner = self.lock();
        inner.settings = settings;
        inner.mode = inner.now().mode;
        apply(inner.limits());
        self.changed.notify_one();
    }

    /// Limits everything in another way from now on.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub(crate) fn limit(&self, to: SpeedLimit, proxy: &Proxy) -> Result<TrafficStatus, String> {
        let mode = TrafficMode::from(to);
        mode.check().map_err(|wrong| wrong.why)?;
        Ok(self.choose(proxy, |inner| inner.choose(mode)))
    }

    /// Fetches no more articles for so many minutes or, without them, until it is resumed.
    pub(crate) fn pause(&self, minutes: Option<u32>, proxy: &Proxy) -> TrafficStatus {
        self.choose(proxy, |inner| inner.governor.pause(PauseFor::from(minutes), SystemTime::now()))
    }

    /// Ends a pause, if there is one.
    pub(crate) fn resume(&self, proxy: &Proxy) -> TrafficStatus {
        self.choose(proxy, |inner| {
            if inner.now().mode == TrafficMode::Paused {
                inner.choose(TrafficMode::Normal);
            }
        })
    }

    /// What limits the speed now.
    pub(crate) fn status(&self) -> TrafficStatus {
        self.lock().status()
    }

    /// Follows the schedule, as long as newsmuxd runs.
    pub(crate) async fn follow(self: Arc<Self>, proxy: Proxy) {
        loop {
            let is_due = {
                let mut inner = self.lock();
                inner.follow(&proxy);
                inner.now().until.is_some()
            };
            let changed = self.changed.notified();
            if is_due {
                drop(timeout(TICK, changed).await);
            } else {
                changed.await;
            }
        }
    }

    fn choose(&self, proxy: &Proxy, choose: impl FnOnce(&mut Inner)) -> TrafficStatus {
        let mut inner = self.lock();
        choose(&mut inner);
        inner.follow(proxy);
        self.changed.notify_one();
        inner.status()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn now(&mut self) -> TrafficNow {
        self.governor.at(&self.settings.limits, SystemTime::now())
    }

    fn choose(&mut self, mode: TrafficMode) {
        self.governor.choose(&self.settings.limits, mode, SystemTime::now());
    }

    /// Has the engine do what holds now.
    fn follow(&mut self, proxy: &Proxy) {
        let mode = self.now().mode;
        if self.mode != mode {
            self.mode = mode;
            proxy.limit(&self.limits());
            info!("speed: {}, limit {:?}", mode.word(), self.settings.limits.speed_in(mode));
        }
    }

    fn limits(&self) -> TrafficLimits {
        self.settings.traffic(self.mode)
    }

    fn status(&mut self) -> TrafficStatus {
        let TrafficNow { mode, until, next } = self.now();
        let seconds = |at: SystemTime| at.duration_since(UNIX_EPOCH).map_or(0, |at| at.as_secs());
        TrafficStatus {
            mode: mode.word().into(),
            speed: self.settings.limits.speed_in(mode),
            until: until.map(seconds),
            next: next.map(|next| next.word().into()),
        }
    }
}
