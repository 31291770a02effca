//! What accounts have used, what is left of them, and statistics over years.
//!
//! A [`Ledger`] is given [`Reading`]s: totals since the process started. It adds the differences to a file,
//! so that several processes and their restarts add up, and says how far each account may go.

mod ages;
mod clock;
mod error;
mod histogram;
mod ledger;
mod plan;
mod reading;
mod report;
mod standing;

pub use ages::{AGES, AgeRange, Ages, Asked};
pub use clock::{Clock, SystemClock};
pub use error::{Error, Problem};
pub use histogram::{BUCKETS, Histogram};
pub use ledger::{Ledger, Opened};
pub use plan::{Period, Plan, Quota};
pub use reading::{
    AccountReading, Counts, ProgramCounts, ProgramReading, ProviderReading, ProviderState, Reading,
};
pub use report::{AgeLine, By, Range, ReportCard, Series, SeriesRow, Step, Total};
pub use standing::{AccountStanding, Alert, Allowance, Due, Exhausted, Taken};
