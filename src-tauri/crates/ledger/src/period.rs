//! When the periods of a quota begin. They are counted in local dates, so daylight saving and midnights
//! that do not exist cannot disturb them.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::moment::{date_of, day_key};
use crate::plan::{Period, Quota};

/// In place of the [`day_key`]: the period of a quota for once. It never ends.
pub(crate) const ONCE: i64 = 0;
/// In place of the [`day_key`]: the account has no quota.
pub(crate) const UNLIMITED: i64 = -1;

/// How often a quota is granted, and on which day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cycle {
    /// `None` without a quota.
    period: Option<Period>,
    reset_day: i8,
}

impl Cycle {
    pub(crate) fn of(quota: Option<&Quota>) -> Self {
        let Some(quota) = quota else { return Self { period: None, reset_day: 1 } };
        let last = match quota.period {
            Period::Once | Period::Day => 1,
            Period::Week => 7,
            Period::Month => 31,
        };
        let reset_day = i8::try_from(quota.reset_day).unwrap_or(last).clamp(1, last);
        Self { period: Some(quota.period), reset_day }
    }

    /// The day on which the period of `today` began.
    pub(crate) fn began(self, today: Date) -> Option<Date> {
        match self.period? {
            Period::Once => None,
            Period::Day => Some(today),
            Period::Week => {
                let past = today.weekday().to_monday_one_offset() - self.reset_day;
                Some(today.saturating_sub(i64::from(past.rem_euclid(7)).days()))
            }
            Period::Month => {
                let this = self.reset_in(today);
                let before = today.first_of_month().saturating_sub(1.day());
                Some(if this <= today { this } else { self.reset_in(before) })
            }
        }
    }

    /// The day on which the period after the one of `began` begins.
    pub(crate) fn next(self, began: Date) -> Option<Date> {
        match self.period? {
            Period::Once => None,
            Period::Day => Some(began.saturating_add(1.day())),
            Period::Week => Some(began.saturating_add(7.days())),
            Period::Month => Some(self.reset_in(began.first_of_month().saturating_add(1.month()))),
        }
    }

    /// The period to count in today, as the day on which it began, if `begun` is the newest one so far.
    ///
    /// A clock that was set back, or a time zone further west, does not begin the period before once
    /// more. Only if the newest period is more than one ahead, the clock was wrong when it began.
    pub(crate) fn current(self, today: Date, begun: Option<i64>) -> i64 {
        let Some(began) = self.began(today) else {
            return if self.period.is_none() { UNLIMITED } else { ONCE };
        };
        let ahead = self.next(began);
        match begun.and_then(date_of) {
            Some(begun) if Some(begun) == ahead => day_key(begun),
            _ => day_key(began),
        }
    }

    /// The reset day in the month of `date`.
    fn reset_in(self, date: Date) -> Date {
        let days = i64::from(self.reset_day.min(date.days_in_month()) - 1);
        date.first_of_month().saturating_add(days.days())
    }
}
