//! A circuit breaker for one provider. After several failures in a row it sets the provider aside,
//! later tries it with one request (half-open), and closes again when that succeeds.

use std::time::Duration;

use tokio::time::Instant;

use crate::dial::{DialError, Trouble};

/// The pause after the first failed dial; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between dials of a provider that is down or at its limit.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The longest pause while the interface is not there: nothing is sent to find out.
const LOCAL_PAUSE: Duration = Duration::from_secs(2);
/// The pause after a refused login: providers lock accounts that try too often.
const REFUSED_PAUSE: Duration = Duration::from_secs(300);
/// This many failures in a row set a provider aside.
const FAILURES: u8 = 4;
/// A request without any reply counts as this many failures.
pub(super) const SILENT: u8 = 2;
/// How long a provider is set aside at first; this doubles with each failed probe.
const FIRST_REST: Duration = Duration::from_secs(2);

/// The state of a provider's connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not tried yet.
    Untried,
    /// The last dial succeeded, and so do requests.
    Up,
    /// The last dial failed, or requests do.
    Down,
    /// The provider refuses another connection, and we have none open.
    Full,
    /// The provider refuses the login. It is retried rarely until the settings change.
    LoginRefused,
}

/// The circuit breaker. See the [module](self).
#[derive(Debug)]
pub(super) struct Breaker {
    pub(super) state: State,
    /// The reason shown to people while the state is not [`State::Up`].
    pub(super) why: String,
    /// Failed dials in a row.
    failed_dials: u32,
    no_dial_before: Option<Instant>,
    down_since: Option<Instant>,
    requests: Requests,
}

/// What the outcome of requests says about the provider.
#[derive(Debug, Clone, Copy)]
enum Requests {
    /// Healthy: how many requests in a row failed, and the last of them.
    Closed(u8, Option<Last>),
    /// Set aside until this moment after this many failed probes, then half-open.
    Open(Instant, u32),
    /// A probe is in flight; this many failed before it.
    Probing(u32),
}

/// The last failure.
#[derive(Debug, Clone, Copy)]
struct Last {
    at: Instant,
    request: u64,
}

/// A request that failed.
pub(super) struct Failure {
    pub(super) why: String,
    /// How much it counts.
    pub(super) weight: u8,
    /// A hash of the request.
    pub(super) request: u64,
}

/// Whether requests may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    Full,
    /// One request may be sent, as a probe.
    Probe,
    /// None may be sent before this moment.
    NotBefore(Instant),
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self {
            state: State::Untried,
            why: String::new(),
            failed_dials: 0,
            no_dial_before: None,
            down_since: None,
            requests: Requests::Closed(0, None),
        }
    }

    /// Until when dialling is paused, if it is.
    pub(super) fn paced_until(&self, now: Instant) -> Option<Instant> {
        self.no_dial_before.filter(|at| *at > now)
    }

    /// For how long no connection could be made.
    pub(super) fn down_for(&self, now: Instant) -> Option<Duration> {
        self.down_since.map(|since| now.duration_since(since))
    }

    /// Whether requests may be sent.
    pub(super) fn trust(&self, now: Instant) -> Trust {
        match self.requests {
            Requests::Closed(..) => Trust::Full,
            Requests::Open(until, _) if now < until => Trust::NotBefore(until),
            Requests::Open(..) => Trust::Probe,
            Requests::Probing(_) => Trust::NotBefore(now + FIRST_REST),
        }
    }

    /// Whether several connections may be dialled at once: only if the last dial succeeded and no
    /// request has failed since.
    pub(super) fn is_trusted(&self) -> bool {
        self.state == State::Up && matches!(self.requests, Requests::Closed(0, _))
    }

    /// Records a request. Returns true if it is the probe.
    pub(super) fn sent(&mut self, now: Instant) -> bool {
        let (Trust::Probe, Requests::Open(_, times)) = (self.trust(now), self.requests) else {
            return false;
        };
        self.requests = Requests::Probing(times);
        true
    }

    /// Records that the probe's reply has begun: others may follow, but the next failure sets the
    /// provider aside again.
    pub(super) fn probe_answered(&mut self) {
        if let Requests::Probing(_) = self.requests {
            self.requests = Requests::Closed(FAILURES - 1, None);
            self.up();
        }
    }

    /// Records that the probe ended without a reply, for instance because its client left.
    pub(super) fn probe_abandoned(&mut self, now: Instant) {
        if let Requests::Probing(times) = self.requests {
            self.requests = Requests::Open(now, times);
        }
    }

    /// Records a complete reply. Returns true if the provider had been set aside.
    pub(super) fn served(&mut self) -> bool {
        let news = !matches!(self.requests, Requests::Closed(0, _));
        self.requests = Requests::Closed(0, None);
        news && self.up()
    }

    /// Records a failure on a connection opened at `created`. Connections that break together count
    /// once: one opened before the last failure says nothing new. Nor does the same request that fails
    /// again: it may be the only one. Returns true if this sets the provider aside.
    pub(super) fn failed(&mut self, now: Instant, created: Instant, failure: Failure) -> bool {
        let Failure { why, weight, request } = failure;
        self.requests = match self.requests {
            Requests::Closed(_, Some(last)) if created <= last.at || request == last.request => {
                return false;
            }
            Requests::Closed(failures, _) if failures + weight < FAILURES => {
                Requests::Closed(failures + weight, Some(Last { at: now, request }))
            }
            Requests::Closed(..) => Requests::Open(now + FIRST_REST, 0),
            Requests::Open(..) => return false,
            Requests::Probing(times) => {
                let rest = FIRST_REST * 2_u32.saturating_pow((times + 1).min(6));
                Requests::Open(now + rest.min(LONGEST_PAUSE), times + 1)
            }
        };
        let Requests::Open(..) = self.requests else { return false };
        let news = self.state != State::Down;
        self.state = State::Down;
        self.down_since.get_or_insert(now);
        self.why = why;
        news
    }

    /// Records a successful login. Returns true if that is news.
    pub(super) fn connected(&mut self) -> bool {
        self.failed_dials = 0;
        self.no_dial_before = None;
        // A login proves nothing while requests fail.
        matches!(self.requests, Requests::Closed(..)) && self.up()
    }

    fn up(&mut self) -> bool {
        self.down_since = None;
        self.why.clear();
        std::mem::replace(&mut self.state, State::Up) != State::Up
    }

    /// Records a failed dial while `standing` other connections were open. Returns true if that is
    /// news.
    pub(super) fn dial_failed(
        &mut self,
        now: Instant,
        error: &DialError,
        trouble: Trouble,
        standing: u16,
    ) -> bool {
        let before = self.state.clone();
        // Dials that fail together count as one.
        if self.paced_until(now).is_none() {
            self.failed_dials = self.failed_dials.saturating_add(1);
        }
        let doublings = self.failed_dials.min(7).saturating_sub(1);
        let longest = if matches!(error, DialError::Bind(_)) { LOCAL_PAUSE } else { LONGEST_PAUSE };
        let mut pause = (FIRST_PAUSE * 2_u32.saturating_pow(doublings)).min(longest);
        match trouble {
            Trouble::Limit if standing > 0 => {}
            Trouble::Limit => self.state = State::Full,
            Trouble::Login | Trouble::Unclear => {
                self.state = State::LoginRefused;
                pause = REFUSED_PAUSE;
            }
            Trouble::Down if standing == 0 => self.state = State::Down,
            Trouble::Down => {}
        }
        self.no_dial_before = Some(now + pause);
        if standing == 0 {
            self.down_since.get_or_insert(now);
        }
        self.why = error.to_string();
        self.probe_abandoned(now);
        self.state != before
    }

    /// Decides what a failed dial means, considering what happened before.
    pub(super) fn trouble(&self, error: &DialError, standing: u16) -> Trouble {
        match error.trouble() {
            // The reply does not say why. If logins worked before, it is about the number of
            // connections.
            Trouble::Unclear if self.state == State::Up || standing > 0 => Trouble::Limit,
            Trouble::Unclear => Trouble::Login,
            certain => certain,
        }
    }

    /// Records that the provider closed a connection as one too many.
    pub(super) fn one_too_many(&mut self, now: Instant) {
        self.no_dial_before = Some(now + FIRST_PAUSE);
    }

    /// Ends the pauses: the next dial and the next request are tries.
    pub(super) fn try_now(&mut self, now: Instant) {
        self.no_dial_before = None;
        if let Requests::Open(until, times) = self.requests {
            self.requests = Requests::Open(until.min(now), times);
        }
    }

    /// Whether a probe is in flight.
    pub(super) fn is_probing(&self) -> bool {
        matches!(self.requests, Requests::Probing(_))
    }

    /// Forgets all failures and pauses: the network changed or the computer woke up.
    pub(super) fn forget_failures(&mut self) {
        self.no_dial_before = None;
        self.failed_dials = 0;
        self.requests = Requests::Closed(0, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dial::BindError;
    use std::io;

    const SECOND: Duration = Duration::from_secs(1);

    fn dropped(request: u64) -> Failure {
        Failure { why: "dropped".into(), weight: 1, request }
    }

    fn down() -> DialError {
        DialError::Connect(io::ErrorKind::ConnectionRefused.into())
    }

    #[test]
    fn a_missing_interface_is_looked_for_every_two_seconds() {
        let (mut breaker, mut now) = (Breaker::new(), Instant::now());
        for _ in 0..9 {
            let error = DialError::Bind(BindError::NoInterface("tun0".into()));
            breaker.dial_failed(now, &error, Trouble::Down, 0);
            let until = breaker.paced_until(now).unwrap();
            assert!(until - now <= 2 * SECOND, "{:?}", until - now);
            now = until;
        }
    }

    #[test]
    fn dials_of_a_dead_provider_are_paced_further_and_further_apart() {
        let (mut breaker, mut now) = (Breaker::new(), Instant::now());
        let mut pauses = Vec::new();
        for _ in 0..9 {
            breaker.dial_failed(now, &down(), Trouble::Down, 0);
            let until = breaker.paced_until(now).unwrap();
            pauses.push(until.duration_since(now).as_secs());
            now = until;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(breaker.state, State::Down);
        assert!(breaker.connected());
        assert_eq!(breaker.paced_until(now), None);
    }

    #[test]
    fn requests_that_keep_failing_set_it_aside_and_one_that_goes_well_brings_it_back() {
        let (mut breaker, mut now) = (Breaker::new(), Instant::now());
        breaker.connected();
        for n in 1..=4 {
            assert_eq!(breaker.trust(now), Trust::Full, "before failure {n}");
            now += SECOND;
            breaker.failed(now, now, dropped(n));
        }
        assert_eq!(breaker.trust(now), Trust::NotBefore(now + FIRST_REST));
        assert_eq!(breaker.state, State::Down);
        assert!(!breaker.connected(), "a login alone is no proof");
        now += FIRST_REST;
        assert_eq!(breaker.trust(now), Trust::Probe);
        breaker.sent(now);
        assert!(matches!(breaker.trust(now), Trust::NotBefore(_)), "only one probe at a time");
        breaker.failed(now, now, dropped(5));
        assert_eq!(breaker.trust(now), Trust::NotBefore(now + FIRST_REST * 2));
        now += FIRST_REST * 2;
        breaker.sent(now);
        breaker.probe_answered();
        assert_eq!(breaker.trust(now), Trust::Full, "requests need not wait for the whole reply");
        breaker.served();
        assert_eq!((breaker.trust(now), &breaker.state), (Trust::Full, &State::Up));
    }

    #[test]
    fn connections_that_break_together_count_once() {
        let (mut breaker, created) = (Breaker::new(), Instant::now());
        breaker.connected();
        for n in 0..8 {
            breaker.failed(created + SECOND, created, dropped(n));
        }
        assert_eq!(breaker.trust(created + SECOND), Trust::Full);
    }

    #[test]
    fn one_request_that_breaks_every_connection_does_not_set_it_aside() {
        let (mut breaker, mut now) = (Breaker::new(), Instant::now());
        breaker.connected();
        for _ in 0..9 {
            now += SECOND;
            breaker.failed(now, now, dropped(1));
        }
        assert_eq!(breaker.trust(now), Trust::Full);
    }

    #[test]
    fn a_probe_whose_client_left_is_tried_again() {
        let (mut breaker, mut now) = (Breaker::new(), Instant::now());
        for n in 0..4 {
            now += SECOND;
            breaker.failed(now, now, dropped(n));
        }
        now += FIRST_REST;
        breaker.sent(now);
        breaker.probe_abandoned(now);
        assert_eq!(breaker.trust(now), Trust::Probe);
    }
}
