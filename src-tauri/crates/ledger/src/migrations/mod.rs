//! The versions of the file. A module for each, frozen: what a version once was never changes, so they
//! import nothing that could.

mod v1;

use rusqlite::{Connection, Result, TransactionBehavior};

/// The version of this build.
pub(crate) const LATEST: i64 = 1;

/// Brings a file up to the latest version.
pub(crate) fn migrate(connection: &mut Connection) -> Result<()> {
    let steps: [fn(&Connection) -> Result<()>; 1] = [v1::migrate];
    // Another process may be doing the same: the version is read under the lock.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = version(&transaction)?;
    for step in steps.iter().skip(usize::try_from(from).unwrap_or(0)) {
        step(&transaction)?;
    }
    transaction.pragma_update(None, "user_version", LATEST)?;
    transaction.commit()
}

/// The version of a file; 0 if it is new.
pub(crate) fn version(connection: &Connection) -> Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
