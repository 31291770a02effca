//! What queries answer: series to plot, and report cards.

use serde::{Deserialize, Serialize};

use crate::ages::{AgeRange, Asked};

/// Which time a query covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum Range {
    /// Today, by hour.
    Today,
    /// Today and the 29 days before, by day.
    Days30,
    /// This month and the 11 before, by month.
    Months12,
    /// Everything, by month.
    All,
}

/// By what a query sorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum By {
    /// By provider.
    Provider,
    /// By account. Its bytes include logins; articles are not counted.
    Account,
    /// By program.
    Program,
}

/// The length of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(rename = "StepLength"))]
pub enum Step {
    /// A local hour.
    Hour,
    /// A local day.
    Day,
    /// A local month.
    Month,
}

/// Use over time. Steps without use are there too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Series {
    /// When each step begins, in seconds since 1970.
    #[cfg_attr(feature = "ts", ts(type = "number[]"))]
    pub steps: Vec<i64>,
    /// How long each is.
    pub step: Step,
    /// One for each that was used in this time, the most used first.
    pub rows: Vec<SeriesRow>,
    /// All rows together.
    pub total: Total,
}

/// One provider's, account's or program's part of a [`Series`]: a number for each step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SeriesRow {
    /// Its id. A program's is its name.
    pub id: String,
    /// Its name, or its last one.
    pub name: String,
    /// It is a provider or account that the newest reading does not have.
    pub removed: bool,
    /// Bytes received and sent.
    #[cfg_attr(feature = "ts", ts(type = "number[]"))]
    pub bytes: Vec<u64>,
    /// Articles delivered.
    #[cfg_attr(feature = "ts", ts(type = "number[]"))]
    pub articles: Vec<u64>,
    /// Articles missing.
    #[cfg_attr(feature = "ts", ts(type = "number[]"))]
    pub missing: Vec<u64>,
    /// Requests failed.
    #[cfg_attr(feature = "ts", ts(type = "number[]"))]
    pub failed: Vec<u64>,
    /// All steps together.
    pub total: Total,
}

/// Everything that is known of a time. What does not apply is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Total {
    /// Bytes received and sent.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
    /// Articles delivered.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub articles: u64,
    /// Articles missing.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub missing: u64,
    /// Requests refused.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub refused: u64,
    /// Requests failed.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub failed: u64,
    /// Articles that another provider had begun and this one completed.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub resumed: u64,
    /// Articles delivered that every other provider said 430 to.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub rescued: u64,
    /// Seconds down.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub down_secs: u64,
    /// Bytes for each second in which there were any.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes_per_sec: u64,
    /// Median time to the first byte, in milliseconds.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub first_byte_ms: Option<u64>,
    /// 95 % of the first bytes came within this time, in milliseconds.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub first_byte_p95_ms: Option<u64>,
}

/// How good a provider is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReportCard {
    /// Its id.
    pub id: String,
    /// Its name, or its last one.
    pub name: String,
    /// The id of its account.
    pub account: String,
    /// The newest reading does not have it.
    pub removed: bool,
    /// What it served.
    pub total: Total,
    /// Articles delivered or missing.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub asked: u64,
    /// Delivered of these, from 0 to 1; `None` if it was asked for nothing.
    pub completion: Option<f64>,
    /// The same by age, for ages with at least one article.
    pub ages: Vec<AgeLine>,
    /// The oldest age at which it delivered at least 95 % of at least 50 articles.
    pub retention: Option<AgeRange>,
    /// Bytes a second by the local hour of the day, over the last 35 days; 0 where nothing was served.
    #[cfg_attr(feature = "ts", ts(type = "number[]"))]
    pub speed_by_hour: [u64; 24],
    /// Articles that were compared with its siblings on the same backbone.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub sibling_checked: u64,
    /// Of these, how many it had and they did not.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub sibling_differed: u64,
}

/// Completion at an age.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AgeLine {
    /// The age.
    pub age: AgeRange,
    /// Articles whose age is known.
    pub exact: Asked,
    /// Articles whose age is estimated.
    pub estimated: Asked,
    /// Delivered of all of them, from 0 to 1.
    pub completion: f64,
}
