//! The schedule of speed limits: which one holds at a time of the local clock, and when that changes.

use std::fmt;

use jiff::civil::{DateTime, Weekday};
use jiff::{Timestamp, ToSpan, ZonedDateTime};
use serde::{Deserialize, Serialize};

use crate::TrafficMode;

/// How many days ahead the next change is looked for: a week, and what begins before midnight.
const AHEAD: i64 = 8;
const DAY: u16 = 24 * 60;

/// When a limit holds. Of several rules for one time, the first holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The days on which it begins; none: every day.
    #[serde(default)]
    pub days: Vec<Day>,
    /// When it begins.
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub from: Clock,
    /// When it ends: on the next day, if that is not later than the beginning.
    #[cfg_attr(feature = "ts", ts(type = "string"))]
    pub to: Clock,
    /// The limit for everything, in bytes a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub speed: Option<u64>,
    /// Slow mode.
    #[serde(default, skip_serializing_if = "is_no")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub slow: bool,
    /// A pause.
    #[serde(default, skip_serializing_if = "is_no")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub pause: bool,
    /// No limit for everything together.
    #[serde(default, skip_serializing_if = "is_no")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub full: bool,
}

/// A day of the week, by its name in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are days")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A time of the local clock, such as `18:00`, in minutes since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Clock(u16);

impl TryFrom<String> for Clock {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = |text: &str, below: u16| {
            let plain = text.len() == 2 && text.bytes().all(|digit| digit.is_ascii_digit());
            text.parse::<u16>().ok().filter(|number| plain && *number < below)
        };
        let parts = text.split_once(':');
        let minutes =
            parts.and_then(|(hour, minute)| Some(number(hour, 24)? * 60 + number(minute, 60)?));
        minutes.map(Self).ok_or_else(|| format!("{text:?} is no time such as 18:00"))
    }
}

impl From<Clock> for String {
    fn from(clock: Clock) -> Self {
        clock.to_string()
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Rule {
    /// What holds while the rule does; none where it says nothing, or more than one thing.
    pub(crate) fn mode(&self) -> Option<TrafficMode> {
        let given = [
            self.speed.map(|speed| TrafficMode::Speed { speed }),
            self.slow.then_some(TrafficMode::Slow),
            self.pause.then_some(TrafficMode::Paused),
            self.full.then_some(TrafficMode::Full),
        ];
        let mut given = given.into_iter().flatten();
        given.next().filter(|_| given.next().is_none())
    }

    fn begins_on(&self, day: Weekday) -> bool {
        self.days.is_empty() || self.days.iter().any(|one| one.weekday() == day)
    }

    /// Whether it holds when the local clock shows this.
    fn holds(&self, at: DateTime) -> bool {
        let minute = minute_of(at);
        let (today, yesterday) = (at.weekday(), at.weekday().previous());
        if self.from < self.to {
            return self.begins_on(today) && (self.from.0..self.to.0).contains(&minute);
        }
        (self.begins_on(today) && minute >= self.from.0)
            || (self.begins_on(yesterday) && minute < self.to.0)
    }
}

impl Day {
    const fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Monday,
            Self::Tue => Weekday::Tuesday,
            Self::Wed => Weekday::Wednesday,
            Self::Thu => Weekday::Thursday,
            Self::Fri => Weekday::Friday,
            Self::Sat => Weekday::Saturday,
            Self::Sun => Weekday::Sunday,
        }
    }
}

/// What the schedule says when the local clock shows this.
pub(crate) fn mode_at(rules: &[Rule], at: DateTime) -> TrafficMode {
    rules.iter().find(|rule| rule.holds(at)).and_then(Rule::mode).unwrap_or_default()
}

/// When what the schedule says is next something else, and what.
pub(crate) fn next_change(rules: &[Rule], now: &ZonedDateTime) -> Option<(Timestamp, TrafficMode)> {
    let zone = now.time_zone();
    let current = mode_at(rules, now.datetime());
    let mode = |at: Timestamp| mode_at(rules, at.to_zoned_datetime(zone.clone()).datetime());
    let mut times = boundaries(rules, now);
    times.sort_unstable();
    let mut later = times.into_iter().filter(|at| *at > now.timestamp());
    later.find(|at| mode(*at) != current).map(|at| (at, mode(at)))
}

/// The moments at which something may change: where a rule begins or ends by the local clock, which may
/// come twice in a day, and where that clock itself is changed.
fn boundaries(rules: &[Rule], now: &ZonedDateTime) -> Vec<Timestamp> {
    let zone = now.time_zone();
    let mut times = Vec::new();
    for day in 0..=AHEAD {
        let Ok(date) = now.date().checked_add(day.days()) else { continue };
        for clock in rules.iter().flat_map(|rule| [rule.from, rule.to]) {
            let (hour, minute) = (clock.0 / 60, clock.0 % 60);
            let [Ok(hour), Ok(minute)] = [hour, minute].map(i8::try_from) else { continue };
            let local = zone.to_ambiguous_zoned_datetime(date.at(hour, minute, 0, 0));
            times.extend(
                [local.clone().earlier(), local.later()]
                    .into_iter()
                    .flatten()
                    .map(|z| z.timestamp()),
            );
        }
    }
    let end = now.timestamp().as_second() + AHEAD * i64::from(DAY) * 60;
    let changes = zone.following(now.timestamp()).map(|change| change.timestamp());
    times.extend(changes.take_while(|at| at.as_second() <= end));
    times
}

fn minute_of(at: DateTime) -> u16 {
    u16::try_from(i32::from(at.hour()) * 60 + i32::from(at.minute())).unwrap_or_default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_no(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests;
