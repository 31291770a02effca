//! Account usage, remaining volume and long-term statistics.
//!
//! A [`Ledger`] is given [`Reading`]s: totals since the process started. It adds the differences to a file,
//! so that several processes and their restarts add up, and says how far each account may go.
//!
//! The file has rows by hour (35 days), by day (730 unless told otherwise) and by month (for ever). With five
//! providers of three accounts and five programs, all busy at every hour, it takes 2.2 MiB after a year, 2.5 after
//! two, and then less than 0.1 MiB more each year.

mod account;
mod ages;
mod clock;
mod error;
mod figures;
mod histogram;
mod ledger;
mod migrations;
mod moment;
mod pending;
mod period;
mod plan;
mod query;
mod reading;
mod report;
mod standing;
mod store;

pub use ages::{AGES, AgeRange, Ages, Asked};
pub use clock::{Clock, SystemClock};
pub use error::{Error, Problem};
pub use histogram::{BUCKETS, Histogram};
pub use ledger::Ledger;
pub use plan::{Period, Plan, Quota};
pub use reading::{
    AccountReading, Counts, ProgramCounts, ProgramReading, ProviderReading, ProviderState, Reading,
};
pub use report::{AgeLine, By, Range, ReportCard, Series, SeriesRow, Step, Total};
pub use standing::{AccountStanding, Alert, Allowance, Due, Exhausted, Taken};
pub use store::Opened;
