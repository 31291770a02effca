//! Decides how many requests a connection carries at once: enough to keep it busy, and no more. A
//! request that would wait behind megabytes on a slow line is better sent later, or elsewhere.

use std::num::NonZeroU8;
use std::time::Duration;

use tokio::time::Instant;

use super::account::Lowered;

/// After this long without a failure, a lowered depth rises by one.
const DEPTH_MEMORY: Duration = Duration::from_secs(20);
/// A second failure within this time lowers the depth; a single one is an accident.
const STUMBLE_MEMORY: Duration = Duration::from_secs(60);
/// The default depth for a provider nearby.
const DEPTH: u16 = 4;
/// The largest default depth.
pub(super) const DEEPEST: u16 = 16;
/// The default depth rises by one for each of these in a round trip.
const DEPTH_STEP: Duration = Duration::from_millis(5);
/// The default depth for requests with short replies.
const SMALL_DEPTH: u16 = 64;
/// How much work a connection has beyond one round trip.
const AHEAD: Duration = Duration::from_millis(20);
/// A reply whose first byte takes longer is suspicious, unless the provider is usually that slow.
const SILENCE: Duration = Duration::from_millis(2000);
/// However late replies are, this is suspicious.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);
/// A reply that takes this many times the usual round trip is suspicious.
const UNUSUAL: u32 = 4;
/// An estimate that is not confirmed for this long counts half.
const ESTIMATE_MEMORY: Duration = Duration::from_secs(30);

/// Measured times, and the depth that follows from them. See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// The smoothed time from a request on an idle connection to its reply.
    round_trip: Option<Duration>,
    /// The smoothed time of an article's block on one connection, and when it was last measured.
    article: Option<(Duration, Instant)>,
    depth: Option<Lowered>,
    stumbled: Option<Instant>,
    /// How long a reply was waited for that was late or never came, and when.
    late: Option<(Duration, Instant)>,
}

impl Pace {
    /// How many requests a connection should carry now.
    pub(super) fn depth(&self, now: Instant, configured: Option<NonZeroU8>) -> u16 {
        self.depth_allowed(now, configured).min(self.depth_worth_having())
    }

    /// How many requests it may carry, whether that pays off or not.
    pub(super) fn depth_allowed(&self, now: Instant, configured: Option<NonZeroU8>) -> u16 {
        let wanted =
            configured.map_or_else(|| self.depth_by_distance(), |depth| depth.get().into());
        self.depth.map_or(wanted, |lowered| lowered.now(now, DEPTH_MEMORY).min(wanted))
    }

    /// How many requests with short replies it may carry.
    pub(super) fn depth_of_small(&self, now: Instant, configured: Option<NonZeroU8>) -> u16 {
        let wanted = configured.map_or(SMALL_DEPTH, |depth| depth.get().into());
        self.depth.map_or(wanted, |lowered| lowered.now(now, DEPTH_MEMORY).min(wanted))
    }

    fn depth_by_distance(&self) -> u16 {
        let steps = self.round_trip.unwrap_or_default().as_millis() / DEPTH_STEP.as_millis();
        DEPTH.saturating_add(u16::try_from(steps).unwrap_or(u16::MAX)).min(DEEPEST)
    }

    /// As many as the connection finishes in a little more than a round trip, plus the current one.
    fn depth_worth_having(&self) -> u16 {
        let Some((article, _)) = self.article else { return u16::MAX };
        let round_trip = self.round_trip.unwrap_or_default();
        let during = (round_trip + AHEAD).as_micros() / article.as_micros().max(1);
        // One more pays off if the gap between two articles would be noticeable.
        let one_more = u128::from(article < round_trip * 50);
        u16::try_from(1 + during.max(one_more)).unwrap_or(u16::MAX)
    }

    /// How long a reply may be silent before it is suspicious: longer where some are late.
    pub(super) fn suspicious_after(&self, now: Instant) -> Duration {
        let usual = self.round_trip.unwrap_or_default() * UNUSUAL;
        usual.max(SILENCE).max((faded(self.late, now) * 2).min(LONGEST_SILENCE))
    }

    /// The estimated time of an article on a connection; zero if unknown.
    pub(super) fn article(&self, now: Instant) -> Duration {
        faded(self.article, now)
    }

    /// Records how long a request on an idle connection waited for the first line of its reply.
    pub(super) fn measured_round_trip(&mut self, now: Instant, time: Duration) {
        self.round_trip = Some(smoothed(self.round_trip, time));
        if time > SILENCE {
            self.was_late(now, time);
        }
    }

    /// Records a reply that was waited for this long, perhaps in vain: the next one is given more time, as
    /// in TCP (RFC 6298, section 5.5).
    pub(super) fn was_late(&mut self, now: Instant, time: Duration) {
        self.late = Some((time.max(faded(self.late, now)), now));
    }

    /// Records how long an article's block took, if its client did not slow it down.
    pub(super) fn measured_article(&mut self, now: Instant, time: Duration) {
        let faded = self.article(now);
        // A provider that has recovered is judged by the faded estimate, not the old one.
        let old = self.article.map(|(old, _)| if time < faded { faded } else { old });
        self.article = Some((smoothed(old, time), now));
    }

    /// Records the loss of a connection, opened at `created`, that carried several requests at once:
    /// perhaps too many. Connections that break together count once.
    pub(super) fn stumbled(
        &mut self,
        now: Instant,
        created: Instant,
        configured: Option<NonZeroU8>,
    ) {
        if self.stumbled.is_some_and(|last| created <= last) {
            return;
        }
        if self.stumbled.replace(now).is_some_and(|at| now < at + STUMBLE_MEMORY) {
            let number = (self.depth(now, configured) / 2).max(1);
            self.depth = Some(Lowered { number, at: now });
        }
    }
}

/// An estimate that counts half each time it was not confirmed for long; zero if there is none.
fn faded(estimate: Option<(Duration, Instant)>, now: Instant) -> Duration {
    let Some((time, at)) = estimate else { return Duration::ZERO };
    let halvings = now.duration_since(at).as_secs() / ESTIMATE_MEMORY.as_secs();
    time / 2_u32.saturating_pow(u32::try_from(halvings.min(30)).unwrap_or(30))
}

/// Smooths like TCP's round-trip estimate (RFC 6298, section 2).
fn smoothed(old: Option<Duration>, new: Duration) -> Duration {
    old.map_or(new, |old| (old * 7 + new) / 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(round_trip: u64, article: u64) -> Pace {
        let mut pace = Pace::default();
        pace.measured_round_trip(Instant::now(), Duration::from_millis(round_trip));
        pace.measured_article(Instant::now(), Duration::from_millis(article));
        pace
    }

    #[test]
    fn a_second_stumble_halves_the_depth_and_time_gives_it_back() {
        let (mut pace, now, four) = (Pace::default(), Instant::now(), NonZeroU8::new(4));
        let stumble = |pace: &mut Pace, second: u64| {
            let at = now + Duration::from_secs(second);
            pace.stumbled(at, at, four);
        };
        stumble(&mut pace, 0);
        pace.stumbled(now, now, four);
        assert_eq!(pace.depth(now, four), 4, "after one accident");
        stumble(&mut pace, 1);
        assert_eq!(pace.depth(now + Duration::from_secs(1), four), 2);
        stumble(&mut pace, 2);
        stumble(&mut pace, 3);
        let now = now + Duration::from_secs(3);
        assert_eq!(pace.depth(now, four), 1);
        assert_eq!(pace.depth(now + DEPTH_MEMORY * 2, four), 3);
        assert_eq!(pace.depth(now + DEPTH_MEMORY * 9, four), 4);
    }

    #[test]
    fn a_provider_is_asked_the_deeper_the_farther_it_is_unless_the_settings_say_how_deep() {
        for (milliseconds, depth) in [(0, 4), (4, 4), (10, 6), (50, 14), (150, 16), (9000, 16)] {
            let (mut pace, now) = (Pace::default(), Instant::now());
            assert_eq!(pace.depth(now, None), 4);
            pace.measured_round_trip(now, Duration::from_millis(milliseconds));
            assert_eq!(pace.depth(now, None), depth, "{milliseconds} ms away");
            assert_eq!(pace.depth(now, NonZeroU8::new(2)), 2);
        }
    }

    #[test]
    fn on_a_slow_line_no_more_is_sent_ahead_than_is_worth_waiting_for() {
        for (round_trip, article, depth) in
            [(50, 5, 14), (50, 35, 3), (50, 700, 2), (50, 5000, 1), (0, 7, 3), (0, 300, 1)]
        {
            let pace = at(round_trip, article);
            let got = pace.depth(Instant::now(), None);
            assert_eq!(got, depth, "{round_trip} ms away, {article} ms an article");
        }
    }

    #[test]
    fn small_requests_go_out_deeply_within_what_was_learned_and_set() {
        let (mut pace, now) = (at(0, 300), Instant::now());
        assert_eq!(pace.depth_of_small(now, None), 64);
        assert_eq!(pace.depth_of_small(now, NonZeroU8::new(1)), 1);
        let later = now + Duration::from_secs(1);
        pace.stumbled(now, now, None);
        pace.stumbled(later, later, None);
        assert_eq!(pace.depth_of_small(now, None), 1);
    }

    #[test]
    fn a_provider_that_was_slow_is_held_to_it_only_as_long_as_it_is() {
        let (slow, fast) = (Duration::from_secs(3), Duration::from_millis(60));
        for (time, least, most) in [(slow, 2_900, 3_000), (fast, 300, 400)] {
            let mut pace = at(0, 3_000);
            let later = Instant::now() + ESTIMATE_MEMORY * 3;
            pace.measured_article(later, time);
            let estimate = pace.article(later).as_millis();
            assert!((least..=most).contains(&estimate), "{estimate} ms after {time:?}");
        }
    }

    #[test]
    fn a_reply_that_is_late_gives_the_next_ones_more_time_for_a_while() {
        let (mut pace, now) = (at(50, 7), Instant::now());
        assert_eq!(pace.suspicious_after(now), SILENCE);
        pace.was_late(now, SILENCE);
        assert_eq!(pace.suspicious_after(now), SILENCE * 2);
        pace.measured_round_trip(now, Duration::from_secs(3));
        assert_eq!(pace.suspicious_after(now), Duration::from_secs(6));
        assert_eq!(pace.suspicious_after(now + ESTIMATE_MEMORY * 2), SILENCE);
    }

    #[test]
    fn an_old_estimate_fades_so_that_a_slow_provider_is_tried_again() {
        let (pace, now) = (at(0, 800), Instant::now());
        assert!(pace.article(now) >= Duration::from_millis(800));
        assert!(pace.article(now + ESTIMATE_MEMORY * 3) <= Duration::from_millis(100));
    }
}
