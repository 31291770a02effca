//! A backend's state at one moment, for people and for routing.

use tokio::time::{Duration, Instant};

use super::breaker::Trust;
use super::pool::Pool;
use super::slot::{Access, Slot};
use super::{Backend, CounterSnapshot, RATIONED, State, Volume, VolumeEnded};

/// Whether a backend can take a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Availability {
    /// Now, perhaps after waiting in line.
    #[default]
    Ready,
    /// Not before this moment.
    NotBefore(Instant),
    /// Not before this moment, when it may be logged in to again: it serves requests, but its connections
    /// do not last.
    Rationed(Instant),
    /// Never: it was changed or removed in the settings.
    Retired,
}

/// How likely a backend is to serve a request. The first is asked first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Confidence {
    /// It was set aside, and its probe is due.
    ProbeDue,
    /// It has a connection, and requests succeed.
    Proven,
    /// It has no connection yet.
    #[default]
    Unproven,
}

/// A backend's state at one moment, for routing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Standing {
    pub(crate) availability: Availability,
    pub(crate) confidence: Confidence,
    /// A connection is idle.
    pub(crate) idle: bool,
    /// The provider recently refused to serve this account.
    pub(crate) unable: bool,
    /// How much is left of the account's volume.
    pub(crate) volume: Volume,
    /// It can take requests, and serves them as far as is known.
    pub(crate) serves: bool,
    /// For how long it has been unusable, if it is.
    pub(crate) down_for: Option<Duration>,
    /// The load, in requests per thousand connections.
    pub(crate) load: usize,
    /// About how long an article would take if requested now; zero if unknown.
    pub(crate) work: Duration,
}

/// A backend's state, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendSnapshot {
    /// The provider's id in the settings.
    pub id: String,
    /// The provider's name.
    pub name: String,
    /// The id of the provider that its account is named after.
    pub account: String,
    /// The state of its connections.
    pub state: State,
    /// What is wrong, in a sentence; empty if nothing is.
    pub why: String,
    /// Whether its account is used up, by our count or by the provider's words.
    pub used_up: bool,
    /// The provider's word that the account's volume is used up, while it is paused for that.
    pub volume_ended: Option<VolumeEnded>,
    /// When it is tried again, if it does not work.
    pub retry: Option<Retry>,
    /// Connections that are open, being dialled or closing.
    pub open: u16,
    /// How many connections it grants, as far as is known.
    pub limit: u16,
    /// Requests in flight or waiting.
    pub load: usize,
    /// Counters since the program started.
    pub counters: CounterSnapshot,
}

/// When a provider that does not work is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// With the first request after this time.
    In(Duration),
    /// With the next request.
    NextRequest,
    /// It is being tried.
    UnderWay,
}

impl Pool {
    /// Why the provider does not work, in a sentence for people; empty if it does.
    pub(super) fn why(&self, backend: &Backend, now: Instant) -> String {
        if self.breaker.why.is_empty() && self.logins_are_rationed(backend, now) {
            return RATIONED.into();
        }
        self.breaker.why.clone()
    }

    /// When the provider is tried again, if it does not work.
    pub(super) fn retry(&self, backend: &Backend, now: Instant) -> Option<Retry> {
        let works = matches!(self.breaker.state, State::Untried | State::Up);
        let paused = backend.account.used_up.retry(now);
        if backend.volume() == Volume::UsedUp {
            return None;
        }
        let availability = self.standing(backend, now).availability;
        if let (true, None, Availability::Rationed(at)) = (works, paused, availability) {
            return Some(Retry::In(at.duration_since(now)));
        }
        if works || paused.is_some() {
            return paused;
        }
        if self.dialling > 0 || self.breaker.is_probing() {
            return Some(Retry::UnderWay);
        }
        Some(match availability {
            Availability::NotBefore(at) | Availability::Rationed(at) => {
                Retry::In(at.duration_since(now))
            }
            Availability::Ready | Availability::Retired => Retry::NextRequest,
        })
    }

    /// Returns all that routing needs to know, as of one moment.
    pub(super) fn standing(&self, backend: &Backend, now: Instant) -> Standing {
        let trust = self.breaker.trust(now);
        let undiallable = self.slots.is_empty() && self.dialling == 0;
        let availability = match trust {
            _ if self.retired => Availability::Retired,
            Trust::NotBefore(at) => Availability::NotBefore(at),
            Trust::Full | Trust::Probe => match self.no_dial_before(backend, now) {
                Some(at) if self.logins_are_rationed(backend, now) => Availability::Rationed(at),
                Some(at) if undiallable => Availability::NotBefore(at),
                _ => Availability::Ready,
            },
        };
        let limit = backend.account.limit(now, backend.config()).max(1);
        let load = self.load();
        let unable = backend.account.used_up.is_on(now);
        let volume = backend.volume();
        let well = matches!(self.breaker.state, State::Up | State::Untried);
        Standing {
            availability,
            confidence: match trust {
                // The first request is the probe. Later ones need not wait for its dial.
                Trust::Probe if self.dialling == 0 && !self.has_waiting() => Confidence::ProbeDue,
                Trust::Full if !self.slots.is_empty() => Confidence::Proven,
                Trust::Full | Trust::Probe | Trust::NotBefore(_) => Confidence::Unproven,
            },
            idle: self.slots.iter().any(|slot| slot.turns == 0 && slot.access == Access::Shared),
            unable,
            volume,
            serves: well
                && !unable
                && volume != Volume::UsedUp
                && matches!(availability, Availability::Ready | Availability::Rationed(_)),
            down_for: self.breaker.down_for(now),
            load: load * 1000 / usize::from(limit),
            work: self.pace.article(now) * u32::try_from(load + 1).unwrap_or(u32::MAX)
                / u32::from(limit),
        }
    }

    /// Returns how many requests are in flight or waiting. A leased connection counts as busy.
    pub(super) fn load(&self) -> usize {
        let turns = |slot: &Slot| match slot.access {
            Access::Leased => slot.turns.max(1),
            Access::Shared | Access::Reserved | Access::Leaving => slot.turns,
        };
        let turns: usize = self.slots.iter().map(|slot| usize::from(turns(slot))).sum();
        turns + self.waiting()
    }
}
