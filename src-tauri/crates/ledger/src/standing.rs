//! How an account stands, and what is due because of it.

use jiff::civil::Date;
use serde::Serialize;

use crate::account::{Account, days_between};

/// What came of a [`Reading`](crate::Reading).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// For each account with a quota, and each that its provider ended: how far it may go.
    pub allowances: Vec<Allowance>,
    /// Alerts that are due. Each is returned once in a period, by one of the processes that
    /// share the file.
    pub alerts: Vec<Alert>,
}

/// How far an account may go, in the same total as [`AccountReading::bytes`](crate::AccountReading).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// The account's id.
    pub account: String,
    /// The total at which the quota is used up.
    pub until: u64,
    /// The total from which only the reserve is left.
    pub reserve_from: u64,
}

/// Something the user should know about an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Alert {
    /// The account's id.
    pub account: String,
    /// What it is.
    pub what: Due,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum Due {
    /// So much of the quota is used.
    Used {
        /// 75, 90 or 100.
        percent: u8,
    },
    /// The account expires soon.
    Expires {
        /// In 14, 3 or 0 days at most. 0 also after the day.
        days: u8,
    },
}

/// Why an account is not to be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum Exhausted {
    /// The quota is used up.
    Quota,
    /// The provider said so.
    Ended {
        /// Its own words.
        why: String,
    },
}

/// How an account stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AccountStanding {
    /// Bytes used in this period, by all processes, with what was used before. Without a quota, since the
    /// account is known.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub used: u64,
    /// The quota; `None` if unlimited.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub quota: Option<u64>,
    /// What is left of it.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub left: Option<u64>,
    /// The day on which the period began; `None` if the quota is for once.
    #[cfg_attr(feature = "ts", ts(type = "string | null"))]
    pub period_began: Option<Date>,
    /// The day on which the next one begins.
    #[cfg_attr(feature = "ts", ts(type = "string | null"))]
    pub period_ends: Option<Date>,
    /// The last day of the account.
    #[cfg_attr(feature = "ts", ts(type = "string | null"))]
    pub expires: Option<Date>,
    /// Why it is not to be asked.
    pub exhausted: Option<Exhausted>,
    /// Bytes a day: what the last 14 days with use before today took, divided by all days since the first of them.
    /// Today's bytes if it is the first day.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub pace_per_day: u64,
    /// In how many days it is empty at this pace, rounded up. `None` if it lasts until the period ends, is
    /// unlimited, or was never used.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub empty_in_days: Option<u64>,
}

impl AccountStanding {
    pub(crate) fn of(account: &Account, today: Date) -> Self {
        let (left, period) = (account.left(), account.period());
        let pace_per_day = account.pace.per_day();
        let empty_in_days =
            left.filter(|_| pace_per_day > 0).map(|left| left.div_ceil(pace_per_day));
        let lasts = |days: u64| {
            let ends = period.map(|(_, ends)| days_between(today, ends));
            ends.is_some_and(|ends| i64::try_from(days).unwrap_or(i64::MAX) >= ends)
        };
        Self {
            used: account.used(),
            quota: account.plan.quota.map(|quota| quota.bytes),
            left,
            period_began: period.map(|(began, _)| began),
            period_ends: period.map(|(_, ends)| ends),
            expires: account.plan.expires,
            exhausted: account.exhausted(),
            pace_per_day,
            empty_in_days: empty_in_days.filter(|days| !lasts(*days)),
        }
    }
}
