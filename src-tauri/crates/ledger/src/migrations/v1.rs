//! Version 1: the first.

use rusqlite::{Connection, Result};

const TABLES: &str = "
CREATE TABLE names (
  who INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  account TEXT NOT NULL,
  UNIQUE (kind, id)
) STRICT;
CREATE TABLE ages (
  who INTEGER NOT NULL,
  month INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  exact INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  PRIMARY KEY (who, month, bucket, exact)
) STRICT, WITHOUT ROWID;
CREATE TABLE plans (
  account TEXT PRIMARY KEY,
  period INTEGER NOT NULL,
  reset_day INTEGER NOT NULL,
  bytes INTEGER,
  used_before INTEGER NOT NULL,
  reserve INTEGER NOT NULL,
  before_since INTEGER NOT NULL,
  since INTEGER NOT NULL,
  expires INTEGER,
  warned INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE periods (
  account TEXT NOT NULL,
  since INTEGER NOT NULL,
  used INTEGER NOT NULL,
  alerted INTEGER NOT NULL,
  ended TEXT,
  PRIMARY KEY (account, since)
) STRICT, WITHOUT ROWID;
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

const FIGURES: &str = "(
  at INTEGER NOT NULL,
  who INTEGER NOT NULL,
  received INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  articles INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  resumed INTEGER NOT NULL,
  rescued INTEGER NOT NULL,
  sibling_checked INTEGER NOT NULL,
  sibling_differed INTEGER NOT NULL,
  busy_ms INTEGER NOT NULL,
  down_ms INTEGER NOT NULL,
  first_byte BLOB,
  PRIMARY KEY (at, who)
) STRICT, WITHOUT ROWID;
";

/// Makes the tables.
pub(super) fn migrate(connection: &Connection) -> Result<()> {
    connection.execute_batch(TABLES)?;
    for table in ["hours", "days", "months"] {
        connection.execute_batch(&format!("CREATE TABLE {table} {FIGURES}"))?;
    }
    Ok(())
}
