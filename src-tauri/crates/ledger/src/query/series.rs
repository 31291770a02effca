//! Use over time, for plots.

use std::collections::BTreeMap;

use super::steps::Steps;
use super::total;
use crate::error::Error;
use crate::figures::Figures;
use crate::ledger::Ledger;
use crate::pending::{Kind, Name};
use crate::report::{By, Range, Series, SeriesRow};
use crate::store::read;

impl Ledger {
    /// Use over time.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn series(&self, range: Range, by: By) -> Result<Series, Error> {
        let kind = Kind::from(by);
        let (steps, table) = self.table(range, kind)?;
        let names = self.names(kind)?;
        let mut sum = Figures::default();
        let row = |(id, row): (String, Vec<Figures>)| {
            sum += whole(&row);
            self.series_row(kind, id, &row, &names)
        };
        let mut rows: Vec<SeriesRow> = table.into_iter().map(row).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.total.bytes));
        Ok(Series { steps: steps.starts, step: steps.step, rows, total: total(&sum) })
    }

    /// The steps of a range, and for each id what belongs to each step.
    pub(super) fn table(
        &self,
        range: Range,
        kind: Kind,
    ) -> Result<(Steps, BTreeMap<String, Vec<Figures>>), Error> {
        let steps = Steps::of(range, &self.clock.now(), self.first_month()?);
        let mut table = BTreeMap::<String, Vec<Figures>>::new();
        self.rows(steps.step, kind, steps.keys(), &mut |id, key, figures| {
            let row = table.entry(id.to_owned());
            let row = row.or_insert_with(|| vec![Figures::default(); steps.starts.len()]);
            row[steps.index(key)] += figures;
        })?;
        Ok((steps, table))
    }

    fn first_month(&self) -> Result<Option<i64>, Error> {
        let stored = self.store.read(read::first_month)?.flatten();
        let pending = self.pending.rows.keys().map(|(_, at)| at.month);
        Ok(stored.into_iter().chain(pending).min())
    }

    fn series_row(
        &self,
        kind: Kind,
        id: String,
        row: &[Figures],
        names: &BTreeMap<String, Name>,
    ) -> SeriesRow {
        let numbers = |of: fn(&Figures) -> u64| row.iter().map(of).collect();
        SeriesRow {
            name: names.get(&id).map_or_else(|| id.clone(), |name| name.name.clone()),
            removed: self.removed(kind, &id),
            bytes: numbers(Figures::bytes),
            articles: numbers(|figures| figures.counts.articles),
            missing: numbers(|figures| figures.counts.missing),
            failed: numbers(|figures| figures.counts.failed),
            total: total(&whole(row)),
            id,
        }
    }
}

/// All steps together.
pub(super) fn whole(row: &[Figures]) -> Figures {
    let mut sum = Figures::default();
    for figures in row {
        sum += *figures;
    }
    sum
}
