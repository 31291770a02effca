//! The steps of a range: when each begins, and which rows belong to it.

use jiff::ToSpan;
use jiff::ZonedDateTime;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::moment::{date_of, day_key, month_key};
use crate::report::{Range, Step};

/// See the [module](self).
pub(super) struct Steps {
    pub(super) step: Step,
    /// When each begins, in seconds since 1970.
    pub(super) starts: Vec<i64>,
    /// The key of the first row of each.
    keys: Vec<i64>,
    /// The last key that belongs to the last one.
    end: i64,
}

impl Steps {
    /// The steps of a range that ends now. `first_month` is the oldest with a row.
    pub(super) fn of(range: Range, now: &ZonedDateTime, first_month: Option<i64>) -> Self {
        let (today, zone) = (now.date(), now.time_zone());
        match range {
            Range::Today => Self::hours(today, zone),
            Range::Days30 => Self::days(today, zone),
            Range::Months12 => {
                Self::months(today.first_of_month().saturating_sub(11.months()), today, zone)
            }
            Range::All => {
                let first = first_month.and_then(|month| date_of(month * 100 + 1));
                let this = today.first_of_month();
                let mut steps = Self::months(first.unwrap_or(this).min(this), today, zone);
                // What a wrong clock counted ahead is shown in the last step.
                steps.end = i64::MAX;
                steps
            }
        }
    }

    /// The keys of all rows that belong to a step.
    pub(super) fn keys(&self) -> (i64, i64) {
        (self.keys.first().copied().unwrap_or(0), self.end)
    }

    /// The step to which a row belongs.
    pub(super) fn index(&self, key: i64) -> usize {
        self.keys.partition_point(|first| *first <= key).saturating_sub(1)
    }

    /// The beginning of a step for people, as exact as it is long.
    pub(super) fn label(&self, index: usize, zone: &TimeZone) -> String {
        let start = jiff::Timestamp::from_second(self.starts.get(index).copied().unwrap_or(0));
        let start = start.unwrap_or_default().to_zoned_datetime(zone.clone());
        let format = match self.step {
            Step::Hour => "%Y-%m-%dT%H:%M:%S%:z",
            Step::Day => "%Y-%m-%d",
            Step::Month => "%Y-%m",
        };
        start.strftime(format).to_string()
    }

    fn hours(today: Date, zone: &TimeZone) -> Self {
        let end = midnight(today.saturating_add(1.day()), zone);
        let starts: Vec<i64> = (midnight(today, zone)..end).step_by(3600).collect();
        Self { step: Step::Hour, keys: starts.clone(), starts, end: end - 1 }
    }

    fn days(today: Date, zone: &TimeZone) -> Self {
        let dates: Vec<Date> =
            (0..30).rev().map(|ago: i64| today.saturating_sub(ago.days())).collect();
        let starts = dates.iter().map(|date| midnight(*date, zone)).collect();
        let keys = dates.into_iter().map(day_key).collect();
        Self { step: Step::Day, starts, keys, end: day_key(today) }
    }

    fn months(first: Date, today: Date, zone: &TimeZone) -> Self {
        let count = i64::from(today.year()) * 12 + i64::from(today.month())
            - i64::from(first.year()) * 12
            - i64::from(first.month());
        let dates: Vec<Date> = (0..=count).map(|on| first.saturating_add(on.months())).collect();
        let starts = dates.iter().map(|date| midnight(*date, zone)).collect();
        let keys = dates.into_iter().map(month_key).collect();
        Self { step: Step::Month, starts, keys, end: month_key(today) }
    }
}

/// When a day begins, in seconds since 1970. Where there is no midnight, it is the first moment after.
fn midnight(date: Date, zone: &TimeZone) -> i64 {
    let midnight = date.to_zoned_datetime(zone.clone()).and_then(|day| day.start_of_day());
    midnight.map_or(0, |midnight| midnight.timestamp().as_second())
}
