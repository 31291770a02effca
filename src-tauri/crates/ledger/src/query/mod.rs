//! Queries: the rows of the file and those that are pending, put together.

mod cards;
mod csv;
mod series;
mod steps;

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::error::Error;
use crate::figures::Figures;
use crate::ledger::Ledger;
use crate::moment::Moment;
use crate::pending::{Kind, Name};
use crate::report::{By, Step, Total};
use crate::store::read;

impl From<By> for Kind {
    fn from(by: By) -> Self {
        match by {
            By::Provider => Self::Provider,
            By::Account => Self::Account,
            By::Program => Self::Program,
        }
    }
}

impl Step {
    fn table(self) -> &'static str {
        match self {
            Self::Hour => "hours",
            Self::Day => "days",
            Self::Month => "months",
        }
    }

    fn key(self, at: Moment) -> Option<i64> {
        match self {
            Self::Hour => at.hour,
            Self::Day => Some(at.day),
            Self::Month => Some(at.month),
        }
    }
}

impl Ledger {
    /// Passes on all rows of a kind between two keys: id, key and figures. A key may come twice.
    fn rows(
        &self,
        step: Step,
        kind: Kind,
        (from, to): (i64, i64),
        each: &mut dyn FnMut(&str, i64, Figures),
    ) -> Result<(), Error> {
        self.store.read(|file| read::rows(file, step.table(), kind, (from, to), each))?;
        for (((is, id), at), figures) in &self.pending.rows {
            let key = step.key(*at).filter(|key| *is == kind && (from..=to).contains(key));
            if let Some(key) = key {
                each(id, key, *figures);
            }
        }
        Ok(())
    }

    /// What all of a kind are called.
    fn names(&self, kind: Kind) -> Result<BTreeMap<String, Name>, Error> {
        let mut names = self.store.read(|file| read::names(file, kind))?.unwrap_or_default();
        let read = self.pending.names.iter().filter(|((is, _), _)| *is == kind);
        names.extend(read.map(|((_, id), name)| (id.clone(), name.clone())));
        Ok(names)
    }

    /// It is a provider or account that the newest reading does not have.
    fn removed(&self, kind: Kind, id: &str) -> bool {
        let who = (kind, id.to_owned());
        kind != Kind::Program
            && self.present.as_ref().is_some_and(|present| !present.contains(&who))
    }

    /// The day by the computer's calendar.
    #[must_use]
    pub fn today(&self) -> Date {
        self.clock.now().date()
    }
}

/// Figures as they are shown.
fn total(figures: &Figures) -> Total {
    let counts = figures.counts;
    let millis = |percent| {
        let within = figures.first_byte.percentile(percent)?;
        u64::try_from(within.as_micros().div_ceil(1000)).ok()
    };
    Total {
        bytes: figures.bytes(),
        articles: counts.articles,
        missing: counts.missing,
        refused: counts.refused,
        failed: counts.failed,
        resumed: counts.resumed,
        rescued: counts.rescued,
        down_secs: figures.down_ms / 1000,
        bytes_per_sec: speed(figures.bytes(), figures.busy_ms),
        first_byte_ms: millis(50),
        first_byte_p95_ms: millis(95),
    }
}

/// Bytes for each second in which there were any.
fn speed(bytes: u64, busy_ms: u64) -> u64 {
    let per_second = (u128::from(bytes) * 1000).checked_div(u128::from(busy_ms)).unwrap_or(0);
    u64::try_from(per_second).unwrap_or(u64::MAX)
}
