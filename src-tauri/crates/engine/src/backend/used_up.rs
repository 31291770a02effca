//! Pauses an account that the provider calls used up, expired or blocked. It is retried less and less
//! often.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Retry;

/// The first pause; it doubles each time the provider says it again.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// How long to wait for the one request after a pause before another one is sent.
const PROBE_LIMIT: Duration = Duration::from_secs(60);

/// The pause of a used-up account, if there is one. See the [module](self).
#[derive(Default)]
pub(crate) struct UsedUp {
    pause: Mutex<Option<Pause>>,
    /// Whether there is a pause. Usually there is none, and requests take no lock.
    paused: AtomicBool,
    /// How often the provider has said that the volume is used up.
    times: AtomicU64,
}

#[derive(Debug, Clone)]
struct Pause {
    until: Instant,
    length: Duration,
    /// A request was sent after the pause to see whether the account works again.
    probing: bool,
    /// The provider's words, if they are about the volume.
    volume: Option<VolumeEnded>,
}

/// A provider's word that an account's volume is used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeEnded {
    /// How often it has said so since the program started.
    pub times: u64,
    /// What it said last.
    pub said: String,
}

impl UsedUp {
    /// Whether the account is paused.
    pub(super) fn is_on(&self, now: Instant) -> bool {
        self.paused.load(Ordering::Relaxed)
            && self.lock().as_ref().is_some_and(|pause| now < pause.until)
    }

    /// When the account is tried again, if it is paused.
    pub(super) fn retry(&self, now: Instant) -> Option<Retry> {
        if !self.paused.load(Ordering::Relaxed) {
            return None;
        }
        let paused = self.lock();
        let pause = paused.as_ref()?;
        Some(match pause.until.checked_duration_since(now) {
            Some(Duration::ZERO) | None => Retry::NextRequest,
            Some(_) if pause.probing => Retry::UnderWay,
            Some(rest) => Retry::In(rest),
        })
    }

    /// The provider's word that the account's volume is used up, if that is why it is paused.
    pub(super) fn volume_ended(&self) -> Option<VolumeEnded> {
        if !self.paused.load(Ordering::Relaxed) {
            return None;
        }
        self.lock().as_ref()?.volume.clone()
    }

    /// Whether a request may be sent. After a pause only one may, to find out whether the account works
    /// again.
    pub(crate) fn may_send(&self, now: impl FnOnce() -> Instant) -> bool {
        if !self.paused.load(Ordering::Relaxed) {
            return true;
        }
        let (now, mut paused) = (now(), self.lock());
        let Some(pause) = &mut *paused else { return true };
        let over = now >= pause.until;
        if over {
            (pause.until, pause.probing) = (now + PROBE_LIMIT, true);
        }
        over
    }

    /// Begins a pause, or a longer one: the provider says that the account is used up, or that its
    /// `volume` is, in these words.
    pub(super) fn begin(&self, now: Instant, volume: Option<String>) {
        let mut paused = self.lock();
        let length = match &*paused {
            // This request was sent before the pause.
            Some(pause) if now < pause.until && !pause.probing => return,
            Some(pause) => (pause.length * 2).min(LONGEST_PAUSE),
            None => FIRST_PAUSE,
        };
        let volume = volume.map(|said| {
            let times = self.times.fetch_add(1, Ordering::Relaxed) + 1;
            VolumeEnded { times, said }
        });
        *paused = Some(Pause { until: now + length, length, probing: false, volume });
        self.paused.store(true, Ordering::Relaxed);
    }

    /// Records a served article. If it was the request after a pause, the account works again.
    pub(crate) fn has_served(&self) {
        if self.paused.load(Ordering::Relaxed)
            && self.lock().as_ref().is_some_and(|pause| pause.probing)
        {
            self.forget();
        }
    }

    /// Lets one request find out whether the account works again.
    pub(super) fn try_now(&self, now: Instant) {
        if let Some(pause) = self.lock().as_mut().filter(|pause| !pause.probing) {
            pause.until = pause.until.min(now);
        }
    }

    /// Ends the pause: what the provider said may be over.
    pub(super) fn forget(&self) {
        *self.lock() = None;
        self.paused.store(false, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Pause>> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the requests that the account gets when a client wants an article every second.
    #[test]
    fn a_used_up_account_is_asked_ever_more_rarely() {
        let (account, begin) = (UsedUp::default(), Instant::now());
        let asked = |hours: std::ops::Range<u64>| {
            let seconds = (hours.start * 3600..hours.end * 3600).map(Duration::from_secs);
            let asking = |at: &Duration| account.may_send(|| begin + *at);
            seconds.filter(asking).inspect(|at| account.begin(begin + *at, None)).count()
        };
        assert_eq!((asked(0..1), asked(1..24)), (6, 23));
        account.forget();
        assert_eq!(asked(24..25), 6, "as if nothing had been");
    }

    #[test]
    fn one_request_tells_whether_a_used_up_account_works_again() {
        let (account, now) = (UsedUp::default(), Instant::now());
        account.begin(now, None);
        account.has_served();
        assert!(!account.may_send(|| now), "what was under way proves nothing");
        let later = now + FIRST_PAUSE;
        assert!(account.may_send(|| later) && !account.may_send(|| later), "one of many");
        assert!(account.may_send(|| later + PROBE_LIMIT), "nothing came of that one");
        account.has_served();
        assert!(account.may_send(|| later + PROBE_LIMIT));
    }
}
