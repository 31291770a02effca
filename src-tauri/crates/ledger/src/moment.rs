//! When something happened, as the file says it: hours by their first second since 1970, days as
//! 20261130, months as 202611. Days and months are those of the local calendar.

use jiff::ZonedDateTime;
use jiff::civil::Date;

/// The hour, day and month to which something is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    /// `None` once it is too long ago to matter.
    pub(crate) hour: Option<i64>,
    pub(crate) day: i64,
    pub(crate) month: i64,
}

impl Moment {
    pub(crate) fn of(now: &ZonedDateTime) -> Self {
        let into_hour = i64::from(now.minute()) * 60 + i64::from(now.second());
        let hour = now.timestamp().as_second() - into_hour;
        let date = now.date();
        Self { hour: Some(hour), day: day_key(date), month: month_key(date) }
    }
}

pub(crate) fn day_key(date: Date) -> i64 {
    month_key(date) * 100 + i64::from(date.day())
}

pub(crate) fn month_key(date: Date) -> i64 {
    i64::from(date.year()) * 100 + i64::from(date.month())
}

/// The date of a [`day_key`], or `None` if it is not one.
pub(crate) fn date_of(day: i64) -> Option<Date> {
    let part = |number: i64| i8::try_from(number % 100).ok();
    Date::new(i16::try_from(day / 10_000).ok()?, part(day / 100)?, part(day)?).ok()
}
