//! What a flush writes: increments, so that several processes add up.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, Result, Statement, ToSql, params, params_from_iter};

use super::{Batch, Prune};
use crate::account::Account;
use crate::ages::{Ages, Asked};
use crate::figures::{COLUMNS, Figures, signed};
use crate::moment::day_key;
use crate::pending::{Kind, Name, Who};

/// An SQL function: the sum of two histograms.
pub(super) const SUM_OF_HISTOGRAMS: &str = "sum_of_histograms";

/// Hours are kept so long.
pub(crate) const HOURS_KEPT_SECS: i64 = 35 * 86_400;
/// Periods are kept so long at least: a month, and what a clock set back needs.
const PERIODS_KEPT_DAYS: u32 = 100;

const AGE: &str = "
INSERT INTO ages (who, month, bucket, exact, delivered, missing) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (who, month, bucket, exact)
DO UPDATE SET delivered = delivered + excluded.delivered, missing = missing + excluded.missing";

const PERIOD: &str = "
INSERT INTO periods (account, since, used, alerted) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (account, since)
DO UPDATE SET used = used + excluded.used, alerted = max(alerted, excluded.alerted)";

const ENDED: &str = "UPDATE periods SET ended = ?3 WHERE account = ?1 AND since = ?2";

const NAME: &str = "
INSERT INTO names (kind, id, name, account) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (kind, id) DO UPDATE SET name = excluded.name, account = excluded.account
WHERE name <> excluded.name OR account <> excluded.account";

const WHO: &str = "SELECT who FROM names WHERE kind = ?1 AND id = ?2";

/// Fails if a table or column is missing.
pub(super) fn check(connection: &Connection) -> Result<()> {
    let figures = ["hours", "days", "months"].map(add_figures);
    for statement in figures.iter().map(String::as_str).chain([AGE, PERIOD, ENDED, NAME, WHO]) {
        connection.prepare(statement)?;
    }
    super::plans::check(connection)
}

/// Adds what is pending, and removes what is too old.
pub(super) fn write(connection: &Connection, batch: &Batch<'_>) -> Result<()> {
    let pending = batch.pending;
    let mut tables = [
        connection.prepare(&add_figures("hours"))?,
        connection.prepare(&add_figures("days"))?,
        connection.prepare(&add_figures("months"))?,
    ];
    let mut numbers = Numbers { connection, names: &pending.names, known: BTreeMap::new() };
    for ((who, at), figures) in &pending.rows {
        let number = numbers.of(who)?;
        let keys = [at.hour, Some(at.day), Some(at.month)];
        for (table, at) in tables.iter_mut().zip(keys).filter_map(|(t, at)| Some((t, at?))) {
            add_row(table, at, number, figures)?;
        }
    }
    for ((provider, month), ages) in &pending.ages {
        let number = numbers.of(&(Kind::Provider, provider.clone()))?;
        add_ages(connection, number, *month, ages)?;
    }
    for account in &batch.accounts {
        add_use(connection, account)?;
    }
    batch.prune.map_or(Ok(()), |prune| remove_old(connection, prune))
}

/// The numbers by which the file knows providers, accounts and programs.
struct Numbers<'a> {
    connection: &'a Connection,
    names: &'a BTreeMap<Who, Name>,
    known: BTreeMap<Who, i64>,
}

impl Numbers<'_> {
    /// That of one, which is entered if it is new, or its name is.
    fn of(&mut self, who: &Who) -> Result<i64> {
        if let Some(number) = self.known.get(who) {
            return Ok(*number);
        }
        let (kind, id) = (who.0 as i64, &who.1);
        if let Some(Name { name, account }) = self.names.get(who) {
            self.connection.execute(NAME, params![kind, id, name, account])?;
        }
        let number = self.connection.query_row(WHO, params![kind, id], |row| row.get(0))?;
        self.known.insert(who.clone(), number);
        Ok(number)
    }
}

fn add_row(table: &mut Statement<'_>, at: i64, who: i64, figures: &Figures) -> Result<()> {
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(at), Box::new(who)];
    values.extend(figures.values());
    table.execute(params_from_iter(values))?;
    Ok(())
}

fn add_figures(table: &str) -> String {
    let columns = COLUMNS.join(", ");
    let places = vec!["?"; COLUMNS.len() + 3].join(", ");
    let sums = COLUMNS.map(|column| format!("{column} = {column} + excluded.{column}")).join(", ");
    format!(
        "INSERT INTO {table} (at, who, {columns}, first_byte) VALUES ({places})
         ON CONFLICT (at, who) DO UPDATE SET {sums},
         first_byte = {SUM_OF_HISTOGRAMS}(first_byte, excluded.first_byte)"
    )
}

fn add_ages(connection: &Connection, who: i64, month: i64, ages: &Ages) -> Result<()> {
    for (exact, buckets) in [(true, &ages.exact), (false, &ages.estimated)] {
        let used = buckets.iter().enumerate().filter(|(_, asked)| asked.all() > 0);
        for (bucket, Asked { delivered, missing }) in used {
            let bucket = i64::try_from(bucket).unwrap_or(i64::MAX);
            let (delivered, missing) = (signed(*delivered), signed(*missing));
            let values = params![who, month, bucket, exact, delivered, missing];
            connection.prepare(AGE)?.execute(values)?;
        }
    }
    Ok(())
}

fn add_use(connection: &Connection, account: &Account) -> Result<()> {
    let id = &account.plan.account;
    for (since, used) in &account.periods {
        let alerted = if used.alerted_anew { used.alerted } else { 0 };
        if used.pending > 0 || used.alerted_anew || used.ended_anew {
            let values = params![id, since, signed(used.pending), alerted];
            connection.prepare(PERIOD)?.execute(values)?;
        }
        if used.ended_anew {
            connection.prepare(ENDED)?.execute(params![id, since, used.ended])?;
        }
    }
    Ok(())
}

/// Removes what is too old. The mark follows the clock by at most a day each time, so that a clock that
/// is wrong for some hours does not remove years.
fn remove_old(connection: &Connection, prune: Prune) -> Result<()> {
    let now = prune.now.as_second();
    let marked = "SELECT value FROM meta WHERE key = 'pruned'";
    let mark = connection.query_row(marked, [], |row| row.get(0));
    let mark: i64 = match mark {
        Ok(mark) => now.min(i64::saturating_add(mark, 86_400)),
        Err(rusqlite::Error::QueryReturnedNoRows) => now,
        Err(error) => return Err(error),
    };
    let set = "INSERT OR REPLACE INTO meta (key, value) VALUES ('pruned', ?1)";
    connection.execute(set, [mark])?;
    let day = |days: u32| {
        let before = Timestamp::from_second(mark - i64::from(days) * 86_400);
        let zone = TimeZone::UTC;
        before.map_or(0, |before| day_key(before.to_zoned_datetime(zone).date()))
    };
    connection.execute("DELETE FROM hours WHERE at < ?1", [mark - HOURS_KEPT_SECS])?;
    connection.execute("DELETE FROM days WHERE at < ?1", [day(prune.keep_days)])?;
    let old = "DELETE FROM periods WHERE since > 0 AND since < ?1 AND since <>
               ifnull((SELECT since FROM plans WHERE plans.account = periods.account), 0)";
    connection.execute(old, [day(prune.keep_days.max(PERIODS_KEPT_DAYS))])?;
    Ok(())
}
