//! Which limit holds now: what the schedule says, unless the user has chosen something else.

use std::time::{Duration, SystemTime};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, ZonedDateTime};
use serde::{Deserialize, Serialize};

use crate::schedule::{mode_at, next_change};
use crate::{Limits, TrafficMode};

/// The user's choice, if there is one.
#[derive(Debug, Default)]
pub struct Governor {
    choice: Option<Choice>,
}

#[derive(Debug)]
struct Choice {
    mode: TrafficMode,
    lasts: Lasts,
}

#[derive(Debug)]
enum Lasts {
    /// Until this time.
    Until(Timestamp),
    /// Until the schedule says something other than this. Its next change may pass unnoticed, as in sleep.
    Scheduled {
        mode: TrafficMode,
        until: Option<Timestamp>,
    },
    UntilResumed,
}

/// How long a pause lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub enum PauseFor {
    /// So many minutes.
    Minutes {
        /// How many.
        minutes: u32,
    },
    /// Until the next day begins by the local clock.
    Tomorrow,
    /// Until it is ended.
    Resumed,
}

impl From<Option<u32>> for PauseFor {
    /// So many minutes; without them, until it is ended.
    fn from(minutes: Option<u32>) -> Self {
        minutes.map_or(Self::Resumed, |minutes| Self::Minutes { minutes })
    }
}

/// What holds now, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrafficNow {
    /// What holds.
    pub mode: TrafficMode,
    /// When that changes by itself.
    pub until: Option<SystemTime>,
    /// What holds then.
    pub next: Option<TrafficMode>,
}

impl Governor {
    /// What holds at this time.
    pub fn at(&mut self, limits: &Limits, now: SystemTime) -> TrafficNow {
        self.now(limits, &local(now))
    }

    /// Chooses what holds until the schedule next changes it.
    pub fn choose(&mut self, limits: &Limits, mode: TrafficMode, now: SystemTime) {
        self.choose_at(limits, mode, &local(now));
    }

    /// Begins a pause.
    pub fn pause(&mut self, lasts: PauseFor, now: SystemTime) {
        self.pause_at(lasts, &local(now));
    }

    fn choose_at(&mut self, limits: &Limits, mode: TrafficMode, now: &ZonedDateTime) {
        let scheduled = mode_at(&limits.schedule, now.datetime());
        let until = next_change(&limits.schedule, now).map(|(at, _)| at);
        let lasts = Lasts::Scheduled { mode: scheduled, until };
        self.choice = (mode != scheduled).then_some(Choice { mode, lasts });
    }

    fn pause_at(&mut self, lasts: PauseFor, now: &ZonedDateTime) {
        let lasts = match lasts {
            PauseFor::Minutes { minutes } => {
                let span = Duration::from_secs(u64::from(minutes) * 60);
                now.timestamp().checked_add(span).map(Lasts::Until)
            }
            PauseFor::Tomorrow => {
                let next = now.date().checked_add(1.day());
                let start = next.and_then(|day| day.to_zoned_datetime(now.time_zone().clone()));
                start.map(|start| Lasts::Until(start.timestamp()))
            }
            PauseFor::Resumed => Ok(Lasts::UntilResumed),
        };
        // Beyond the end of the calendar, it is for ever.
        let lasts = lasts.unwrap_or(Lasts::UntilResumed);
        self.choice = Some(Choice { mode: TrafficMode::Paused, lasts });
    }

    fn now(&mut self, limits: &Limits, now: &ZonedDateTime) -> TrafficNow {
        let scheduled = mode_at(&limits.schedule, now.datetime());
        let is_over = |choice: &mut Choice| match choice.lasts {
            Lasts::Until(end) => now.timestamp() >= end,
            Lasts::Scheduled { mode, until } => {
                mode != scheduled || until.is_some_and(|until| now.timestamp() >= until)
            }
            Lasts::UntilResumed => false,
        };
        self.choice.take_if(is_over);
        let mode = self.choice.as_ref().map_or(scheduled, |choice| choice.mode);
        let change = match &self.choice {
            Some(Choice { lasts: Lasts::UntilResumed, .. }) => None,
            Some(Choice { lasts: Lasts::Until(end), .. }) => {
                let then = end.to_zoned_datetime(now.time_zone().clone());
                Some((*end, mode_at(&limits.schedule, then.datetime())))
            }
            Some(Choice { lasts: Lasts::Scheduled { .. }, .. }) | None => {
                next_change(&limits.schedule, now)
            }
        };
        TrafficNow {
            mode,
            until: change.map(|(at, _)| system_time(at)),
            next: change.map(|(_, next)| next),
        }
    }
}

/// The time of day on the local clock, such as `23:00`; milliseconds since 1970.
#[must_use]
pub fn local_time(millis: u64) -> String {
    let at = i64::try_from(millis).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let at = at.unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(TimeZone::system());
    at.strftime("%H:%M").to_string()
}

fn system_time(at: Timestamp) -> SystemTime {
    let since = u64::try_from(at.as_millisecond()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_millis(since)
}

fn local(now: SystemTime) -> ZonedDateTime {
    let now = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH);
    now.to_zoned_datetime(TimeZone::system())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SLOW: TrafficMode = TrafficMode::Slow;
    const NORMAL: TrafficMode = TrafficMode::Normal;
    const PAUSED: TrafficMode = TrafficMode::Paused;

    fn evenings() -> Limits {
        let rule = json!({"from": "18:00", "to": "23:00", "slow": true});
        serde_json::from_value(json!({"schedule": [rule]})).unwrap()
    }

    fn at(time: &str) -> ZonedDateTime {
        format!("2026-11-30T{time}:00[Europe/Berlin]").parse().unwrap()
    }

    fn mode(governor: &mut Governor, time: &str) -> TrafficMode {
        governor.now(&evenings(), &at(time)).mode
    }

    #[test]
    fn a_choice_holds_until_the_schedule_changes() {
        let mut governor = Governor::default();
        assert_eq!(mode(&mut governor, "19:00"), SLOW);
        governor.choose_at(&evenings(), NORMAL, &at("19:00"));
        assert_eq!(mode(&mut governor, "22:59"), NORMAL);
        assert_eq!(mode(&mut governor, "23:00"), NORMAL);
        governor.choose_at(&evenings(), SLOW, &at("12:00"));
        assert_eq!(mode(&mut governor, "17:59"), SLOW);
        assert_eq!(mode(&mut governor, "23:00"), NORMAL, "the evening has passed, even in sleep");
    }

    #[test]
    fn a_choice_that_slept_through_two_changes_is_over() {
        let mut governor = Governor::default();
        let fast = TrafficMode::Speed { speed: 9000 };
        governor.choose_at(&evenings(), fast, &at("12:00"));
        let tomorrow = "2026-12-01T12:00:00[Europe/Berlin]".parse().unwrap();
        assert_eq!(governor.now(&evenings(), &tomorrow).mode, NORMAL);
    }

    #[test]
    fn a_pause_ends_by_the_clock_tomorrow_or_by_the_user() {
        let mut governor = Governor::default();
        governor.pause_at(PauseFor::Minutes { minutes: 15 }, &at("17:50"));
        assert_eq!(mode(&mut governor, "18:04"), PAUSED);
        assert_eq!(mode(&mut governor, "18:05"), SLOW);
        governor.pause_at(PauseFor::Tomorrow, &at("17:50"));
        assert_eq!(mode(&mut governor, "23:59"), PAUSED);
        let tomorrow = "2026-12-01T00:00:00[Europe/Berlin]".parse().unwrap();
        assert_eq!(governor.now(&evenings(), &tomorrow).mode, NORMAL);
        governor.pause_at(PauseFor::Resumed, &at("17:50"));
        let much_later = "2027-12-01T12:00:00[Europe/Berlin]".parse().unwrap();
        assert_eq!(governor.now(&evenings(), &much_later).mode, PAUSED);
        governor.choose_at(&evenings(), NORMAL, &at("12:00"));
        assert_eq!(mode(&mut governor, "12:00"), NORMAL);
    }

    #[test]
    fn the_next_change_is_told() {
        let (mut governor, limits) = (Governor::default(), evenings());
        let told = |governor: &mut Governor, time: &str| {
            let now = governor.now(&limits, &at(time));
            (
                now.mode,
                now.until.map(|until| until == system_time(at("23:00").timestamp())),
                now.next,
            )
        };
        assert_eq!(told(&mut governor, "19:00"), (SLOW, Some(true), Some(NORMAL)));
        governor.choose_at(&limits, NORMAL, &at("19:00"));
        assert_eq!(told(&mut governor, "19:30"), (NORMAL, Some(true), Some(NORMAL)));
        governor.pause_at(PauseFor::Resumed, &at("19:30"));
        assert_eq!(told(&mut governor, "19:30"), (PAUSED, None, None));
    }
}
