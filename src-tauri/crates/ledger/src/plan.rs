//! What was bought: how many bytes, in which period, until when.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What an account's owner has bought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The account's id.
    pub account: String,
    /// Its volume; `None` is unlimited.
    pub quota: Option<Quota>,
    /// The last day on which it works.
    pub expires: Option<Date>,
}

/// So many bytes, once or in each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Quota {
    /// Bytes received and sent, as providers count.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
    /// Bytes that were used before Newsmux counted. With a period, they belong to the one in which this
    /// number was first set.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub used_before: u64,
    /// When the count starts again.
    #[serde(default)]
    pub period: Period,
    /// The day on which it starts again: for a month 1 to 31 (its last day where it has fewer), for a
    /// week 1 (Monday) to 7, otherwise ignored.
    #[serde(default = "first_day")]
    pub reset_day: u8,
    /// Bytes kept for articles that no other provider has.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub reserve: u64,
}

/// How often a quota is granted. Periods begin at local midnight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum Period {
    /// Once: a block.
    #[default]
    Once,
    /// Every day.
    Day,
    /// Every week.
    Week,
    /// Every month.
    Month,
}

impl Quota {
    /// So many bytes once: a block that was not used before.
    #[must_use]
    pub fn once(bytes: u64) -> Self {
        Self { bytes, used_before: 0, period: Period::Once, reset_day: first_day(), reserve: 0 }
    }

    /// Checks that the quota makes sense.
    ///
    /// # Errors
    /// The name of the wrong field, and a sentence that says what it must be.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if self.bytes == 0 {
            return Err(("bytes", "A quota must be more than 0 bytes.".into()));
        }
        match self.period {
            Period::Week if !(1..=7).contains(&self.reset_day) => {
                let text = "The reset day of a week must be from 1 (Monday) to 7 (Sunday).";
                return Err(("reset_day", text.into()));
            }
            Period::Month if !(1..=31).contains(&self.reset_day) => {
                return Err(("reset_day", "The reset day of a month must be from 1 to 31.".into()));
            }
            Period::Once | Period::Day | Period::Week | Period::Month => {}
        }
        if self.reserve >= self.bytes {
            let text = format!("The reserve must be less than the quota of {} bytes.", self.bytes);
            return Err(("reserve", text));
        }
        Ok(())
    }
}

fn first_day() -> u8 {
    1
}
