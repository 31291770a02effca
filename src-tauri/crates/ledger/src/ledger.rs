//! The ledger itself.

use std::path::{Path, PathBuf};

use crate::clock::Clock;
use crate::error::Error;
use crate::plan::Plan;
use crate::reading::Reading;
use crate::report::{By, Range, ReportCard, Series, Step, Total};
use crate::standing::{AccountStanding, Exhausted, Taken};

/// Counts what accounts use, and keeps statistics. Its methods may take some milliseconds, as they read
/// and write a file; several processes may use one file.
pub struct Ledger {
    clock: Box<dyn Clock>,
    plans: Vec<Plan>,
    opened: Opened,
}

/// What became of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// There was none; it is new.
    New,
    /// It is in use.
    Kept,
    /// It was damaged. A new one is in use.
    SetAside {
        /// Where the damaged file is now.
        to: PathBuf,
        /// What was wrong with it.
        why: String,
    },
    /// A newer version of Newsmux wrote it. It is left alone, and everything is counted in memory only.
    Newer,
    /// It cannot be used. Everything is counted in memory, and a later [`Ledger::flush`] tries again.
    Unavailable {
        /// What is wrong.
        why: String,
    },
}

impl Ledger {
    /// Opens `ledger.sqlite3` in the state folder. Whatever is wrong with it, the ledger counts, and
    /// [`Opened`] says what is wrong.
    pub fn open(_folder: &Path, clock: impl Clock + 'static) -> (Self, Opened) {
        let opened = Opened::New;
        (Self { clock: Box::new(clock), plans: Vec::new(), opened: opened.clone() }, opened)
    }

    /// What became of the file. It changes when a flush gets at a file that was unavailable, or finds it
    /// damaged.
    #[must_use]
    pub fn opened(&self) -> &Opened {
        &self.opened
    }

    /// How many days of statistics by day are kept, 730 by default. Months are kept for ever.
    pub fn keep_days(&mut self, _days: u32) {}

    /// Sets what was bought. What accounts have used stays, also of those that are not in `plans`.
    pub fn set_plans(&mut self, plans: Vec<Plan>) {
        self.plans = plans;
    }

    /// Counts what is new in `reading`. [`Ledger::flush`] writes it.
    pub fn take(&mut self, _reading: &Reading) -> Taken {
        let _now = self.clock.now();
        Taken::default()
    }

    /// Writes what was counted since the last flush, in one transaction, and reads what other processes
    /// counted. Where the file cannot be used ([`Ledger::opened`]), everything stays in memory.
    ///
    /// # Errors
    /// When nothing was written. It stays in memory until a later flush.
    pub fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// The provider said in its own words that the account has ended. It holds until the period ends, the
    /// plan changes, or [`Ledger::recovered`].
    pub fn ended(&mut self, _account: &str, _why: &str) {}

    /// The account served again, so what the provider said no longer holds.
    pub fn recovered(&mut self, _account: &str) {}

    /// Why an account is not to be asked; `None` if it may be.
    #[must_use]
    pub fn exhausted(&self, _account: &str) -> Option<Exhausted> {
        None
    }

    /// How an account stands; `None` if it is not in the plans.
    #[must_use]
    pub fn account(&self, _account: &str) -> Option<AccountStanding> {
        None
    }

    /// Use over time.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn series(&self, _range: Range, _by: By) -> Result<Series, Error> {
        let (steps, rows, total) = (Vec::new(), Vec::new(), Total::default());
        Ok(Series { steps, step: Step::Hour, rows, total })
    }

    /// How good each provider is.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn report_cards(&self, _range: Range) -> Result<Vec<ReportCard>, Error> {
        Ok(Vec::new())
    }

    /// A table of a series as CSV, one line for each step and row with use.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn export_csv(&self, _range: Range, _by: By) -> Result<String, Error> {
        Ok(String::new())
    }
}
