//! What queries read.

use std::collections::BTreeMap;

use rusqlite::{Connection, Result, Row, params};

use crate::ages::{AGES, Ages, Asked};
use crate::figures::{COLUMNS, Figures, unsigned};
use crate::pending::{Kind, Name};

/// Passes on all rows of a kind between two keys: id, key and figures.
pub(crate) fn rows(
    connection: &Connection,
    table: &str,
    kind: Kind,
    (from, to): (i64, i64),
    each: &mut dyn FnMut(&str, i64, Figures),
) -> Result<()> {
    let columns = COLUMNS.join(", ");
    let query = format!(
        "SELECT id, at, {columns}, first_byte FROM {table} JOIN names USING (who)
         WHERE at BETWEEN ?1 AND ?2 AND kind = ?3"
    );
    let mut statement = connection.prepare(&query)?;
    let mut rows = statement.query(params![from, to, kind as i64])?;
    while let Some(row) = rows.next()? {
        each(row.get_ref(0)?.as_str()?, row.get(1)?, Figures::read(row, 2)?);
    }
    Ok(())
}

/// Passes on the bytes and busy milliseconds of each provider's hours since `from`, hour by hour.
pub(crate) fn speeds(
    connection: &Connection,
    from: i64,
    each: &mut dyn FnMut(&str, i64, u64, u64),
) -> Result<()> {
    let query = "
SELECT id, at, received + sent, busy_ms FROM hours JOIN names USING (who)
WHERE at >= ?1 AND busy_ms > 0 AND kind = ?2 ORDER BY at";
    let mut statement = connection.prepare(query)?;
    let mut rows = statement.query([from, Kind::Provider as i64])?;
    while let Some(row) = rows.next()? {
        let id = row.get_ref(0)?.as_str()?;
        each(id, row.get(1)?, unsigned(row.get(2)?), unsigned(row.get(3)?));
    }
    Ok(())
}

/// The names of a kind.
pub(crate) fn names(connection: &Connection, kind: Kind) -> Result<BTreeMap<String, Name>> {
    let query = "SELECT id, name, account FROM names WHERE kind = ?1";
    let read = |row: &Row<'_>| Ok((row.get(0)?, Name { name: row.get(1)?, account: row.get(2)? }));
    connection.prepare(query)?.query_map([kind as i64], read)?.collect()
}

/// Articles by age of all providers, in some months.
pub(crate) fn ages(
    connection: &Connection,
    (from, to): (i64, i64),
) -> Result<BTreeMap<String, Ages>> {
    let query = "
SELECT id, bucket, exact, sum(delivered), sum(missing) FROM ages JOIN names USING (who)
WHERE month BETWEEN ?1 AND ?2 GROUP BY id, bucket, exact";
    let mut statement = connection.prepare(query)?;
    let mut rows = statement.query([from, to])?;
    let mut all = BTreeMap::<String, Ages>::new();
    while let Some(row) = rows.next()? {
        let asked = Asked { delivered: unsigned(row.get(3)?), missing: unsigned(row.get(4)?) };
        let bucket = usize::from(row.get::<_, u8>(1)?).min(AGES - 1);
        let ages = all.entry(row.get(0)?).or_default();
        let buckets = if row.get(2)? { &mut ages.exact } else { &mut ages.estimated };
        buckets[bucket] += asked;
    }
    Ok(all)
}

/// The first month with a row.
pub(crate) fn first_month(connection: &Connection) -> Result<Option<i64>> {
    connection.query_row("SELECT min(at) FROM months", [], |row| row.get(0))
}
