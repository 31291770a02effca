//! What is known about a provider: whether it can be dialled, how many connections it grants, how
//! deep it can be pipelined. Plain rules over the time given; no clock of its own.

use std::num::NonZeroU8;
use std::time::Duration;

use tokio::time::Instant;

use crate::dial::{DialError, Trouble};

/// The first pause after a failed dial; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between two dials of a provider that is down or at its limit.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A refused login is tried this rarely: providers lock accounts that knock too often.
const REFUSED_PAUSE: Duration = Duration::from_secs(300);
/// A learned limit is raised by one after this long without a refusal.
const LIMIT_MEMORY: Duration = Duration::from_secs(300);
/// A lowered pipelining depth is raised by one after this long without a stumble.
const DEPTH_MEMORY: Duration = Duration::from_secs(120);
/// How many requests a connection to a near provider carries at once, where the settings say nothing.
const DEPTH: u16 = 4;
/// The most to one that is far away.
const DEEPEST: u16 = 16;
/// One more for each so long round trip.
const DEPTH_STEP: Duration = Duration::from_millis(5);
/// How long a provider that says it may not serve articles is passed over.
const UNABLE_PAUSE: Duration = Duration::from_secs(60);

/// What a provider's connections are like at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not tried yet.
    Untried,
    /// The last dial went well.
    Up,
    /// The last dial failed.
    Down,
    /// The provider refuses another connection, and none of ours is open.
    Full,
    /// The provider refuses the login. It is tried rarely, until the settings change.
    LoginRefused,
}

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Health {
    pub(super) state: State,
    /// The sentence that people see when the state is not [`State::Up`].
    pub(super) why: String,
    failures: u32,
    not_before: Option<Instant>,
    unable_until: Option<Instant>,
    down_since: Option<Instant>,
    limit: Option<Learned>,
    depth: Option<Learned>,
    /// From a request to its reply, smoothed.
    round_trip: Option<Duration>,
}

/// A number that was set lower by experience, and by when.
#[derive(Debug, Clone, Copy)]
struct Learned {
    number: u16,
    at: Instant,
}

impl Learned {
    /// The number now: one more for each `memory` that has passed since.
    fn now(self, now: Instant, memory: Duration) -> u16 {
        let steps = now.duration_since(self.at).as_secs() / memory.as_secs();
        self.number.saturating_add(u16::try_from(steps).unwrap_or(u16::MAX))
    }
}

impl Health {
    pub(super) fn new() -> Self {
        Self {
            state: State::Untried,
            why: String::new(),
            failures: 0,
            not_before: None,
            unable_until: None,
            down_since: None,
            limit: None,
            depth: None,
            round_trip: None,
        }
    }

    /// How many connections the provider grants, as far as is known.
    pub(super) fn limit(&self, now: Instant, configured: u16) -> u16 {
        self.limit.map_or(configured, |learned| learned.now(now, LIMIT_MEMORY).min(configured))
    }

    /// How many requests a connection carries at once: as the settings say, or the more the farther
    /// the provider is, so that it always has the next to work on.
    pub(super) fn depth(&self, now: Instant, configured: Option<NonZeroU8>) -> u16 {
        let wanted =
            configured.map_or_else(|| self.depth_by_distance(), |depth| depth.get().into());
        self.depth.map_or(wanted, |learned| learned.now(now, DEPTH_MEMORY).min(wanted))
    }

    fn depth_by_distance(&self) -> u16 {
        let steps = self.round_trip.unwrap_or_default().as_millis() / DEPTH_STEP.as_millis();
        DEPTH.saturating_add(u16::try_from(steps).unwrap_or(u16::MAX)).min(DEEPEST)
    }

    /// A request that found its connection idle had the reply's first line after this long.
    pub(super) fn measured(&mut self, round_trip: Duration) {
        // As TCP smooths it (RFC 6298, section 2).
        self.round_trip =
            Some(self.round_trip.map_or(round_trip, |old| (old * 7 + round_trip) / 8));
    }

    /// Until when no dial is made, if dials are paced at this moment.
    pub(super) fn paced_until(&self, now: Instant) -> Option<Instant> {
        self.not_before.filter(|at| *at > now)
    }

    /// Until when requests are better taken elsewhere, though connections stand.
    pub(super) fn unable_until(&self, now: Instant) -> Option<Instant> {
        self.unable_until.filter(|at| *at > now)
    }

    /// For how long no connection could be made, if that is so.
    pub(super) fn down_for(&self, now: Instant) -> Option<Duration> {
        self.down_since.map(|since| now.duration_since(since))
    }

    /// A connection stands, and is logged in. True when that is news.
    pub(super) fn connected(&mut self) -> bool {
        let news = self.state != State::Up;
        self.state = State::Up;
        self.failures = 0;
        self.not_before = None;
        self.down_since = None;
        self.why.clear();
        news
    }

    /// A dial failed while `standing` other connections were open. True when that is news.
    pub(super) fn dial_failed(&mut self, now: Instant, error: &DialError, standing: u16) -> bool {
        let before = self.state.clone();
        // Dials that fail together count as one.
        if self.paced_until(now).is_none() {
            self.failures = self.failures.saturating_add(1);
        }
        let doubled = FIRST_PAUSE * 2_u32.saturating_pow(self.failures.min(7).saturating_sub(1));
        let mut pause = doubled.min(LONGEST_PAUSE);
        let trouble = match error.trouble() {
            // With no telling words, a login that worked before is refused for another reason.
            Trouble::Unclear if before == State::Up || standing > 0 => Trouble::Limit,
            Trouble::Unclear => Trouble::Login,
            certain => certain,
        };
        match trouble {
            Trouble::Limit if standing > 0 => {
                self.limit = Some(Learned { number: standing, at: now });
            }
            Trouble::Limit => self.state = State::Full,
            Trouble::Login | Trouble::Unclear => {
                self.state = State::LoginRefused;
                pause = REFUSED_PAUSE;
            }
            Trouble::Down if standing == 0 => self.state = State::Down,
            Trouble::Down => {}
        }
        self.not_before = Some(now + pause);
        if standing == 0 {
            self.down_since.get_or_insert(now);
        }
        self.why = error.to_string();
        self.state != before
    }

    /// A connection that stood was refused as one too many, beside `others`.
    pub(super) fn one_too_many(&mut self, now: Instant, others: u16) {
        self.limit = Some(Learned { number: others.max(1), at: now });
        self.not_before = Some(now + FIRST_PAUSE);
    }

    /// A connection that carried several requests at once was lost: perhaps too many.
    pub(super) fn stumbled(&mut self, now: Instant, configured: Option<NonZeroU8>) {
        let number = (self.depth(now, configured) / 2).max(1);
        self.depth = Some(Learned { number, at: now });
    }

    /// The provider says that it cannot serve articles to this account (502, 503).
    pub(super) fn unable(&mut self, now: Instant, why: String) {
        self.unable_until = Some(now + UNABLE_PAUSE);
        self.why = why;
    }

    /// What kept us from it may be over (the network changed, the computer woke): try again at once.
    pub(super) fn forgive(&mut self) {
        self.not_before = None;
        self.unable_until = None;
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn down() -> DialError {
        DialError::Connect(io::ErrorKind::ConnectionRefused.into())
    }

    #[test]
    fn dials_of_a_dead_provider_are_paced_further_and_further_apart() {
        let (mut health, mut now) = (Health::new(), Instant::now());
        let mut pauses = Vec::new();
        for _ in 0..9 {
            health.dial_failed(now, &down(), 0);
            let until = health.paced_until(now).unwrap();
            pauses.push(until.duration_since(now).as_secs());
            now = until;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(health.state, State::Down);
        assert!(health.connected());
        assert_eq!(health.paced_until(now), None);
    }

    #[test]
    fn a_stumble_halves_the_depth_and_time_gives_it_back() {
        let (mut health, now, four) = (Health::new(), Instant::now(), NonZeroU8::new(4));
        assert_eq!(health.depth(now, four), 4);
        health.stumbled(now, four);
        assert_eq!(health.depth(now, four), 2);
        health.stumbled(now, four);
        health.stumbled(now, four);
        assert_eq!(health.depth(now, four), 1);
        assert_eq!(health.depth(now + DEPTH_MEMORY * 2, four), 3);
        assert_eq!(health.depth(now + DEPTH_MEMORY * 9, four), 4);
    }

    #[test]
    fn a_provider_is_asked_the_deeper_the_farther_it_is_unless_the_settings_say_how_deep() {
        for (milliseconds, depth) in [(0, 4), (4, 4), (10, 6), (50, 14), (150, 16), (9000, 16)] {
            let (mut health, now) = (Health::new(), Instant::now());
            assert_eq!(health.depth(now, None), 4);
            health.measured(Duration::from_millis(milliseconds));
            assert_eq!(health.depth(now, None), depth, "{milliseconds} ms away");
            assert_eq!(health.depth(now, NonZeroU8::new(2)), 2);
        }
    }
}
