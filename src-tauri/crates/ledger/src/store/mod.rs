//! The file `ledger.sqlite3`: opened, set aside where it is damaged, and tried again where it cannot be
//! used.

mod open;
mod plans;
pub(crate) mod read;
#[cfg(test)]
mod tests;
mod write;

use std::cell::Cell;
use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, TransactionBehavior};

use crate::account::Account;
use crate::error::{Error, Problem};
use crate::pending::Pending;
use crate::standing::Due;

/// A file that could not be used is tried again after this many seconds.
const AGAIN_SECS: u64 = 60;

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
        /// What accounts had used could be read, and is in the new file. Statistics never are.
        counts_kept: bool,
    },
    /// A newer version of Newsmux wrote it. It is left alone, and everything is counted in memory only.
    Newer,
    /// It cannot be used. Everything is counted in memory, and a later flush tries again. If the file can
    /// at least be read, what it holds counts.
    Unavailable {
        /// What is wrong.
        why: String,
    },
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("a new file"),
            Self::Kept => f.write_str("in use"),
            Self::SetAside { to, why, counts_kept } => {
                let kept = if *counts_kept {
                    "what accounts have used was kept"
                } else {
                    "counting starts anew"
                };
                write!(f, "the file was damaged ({why}) and is now {}; {kept}", to.display())
            }
            Self::Newer => f.write_str(
                "a newer version of Newsmux wrote the file; nothing is kept until it is updated",
            ),
            Self::Unavailable { why } => {
                write!(f, "the file cannot be used, and nothing is kept for now: {why}")
            }
        }
    }
}

/// See the [module](self).
pub(crate) struct Store {
    folder: PathBuf,
    connection: Option<Connection>,
    opened: Opened,
    tried: Timestamp,
    /// A query found damage.
    suspect: Cell<bool>,
    /// Which file is open, where the system can tell.
    identity: Option<(u64, u64)>,
}

/// What a flush writes.
pub(crate) struct Batch<'a> {
    pub(crate) pending: &'a Pending,
    pub(crate) accounts: Vec<&'a Account>,
    pub(crate) today: Date,
    /// What is older than these is removed.
    pub(crate) prune: Option<Prune>,
}

/// What is too old.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prune {
    pub(crate) now: Timestamp,
    pub(crate) keep_days: u32,
}

impl Store {
    pub(crate) fn open(folder: &Path, now: Timestamp) -> Self {
        let mut store = Self {
            folder: folder.to_owned(),
            connection: None,
            opened: Opened::New,
            tried: now,
            suspect: Cell::new(false),
            identity: None,
        };
        store.reopen(now);
        store
    }

    pub(crate) fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Reads from the file; `None` if it cannot be used. Damage that shows here is looked into by the next
    /// write.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Error> {
        let read = self.connection.as_ref().map(read).transpose().map_err(Error::from);
        if read.as_ref().is_err_and(|error| error.problem() == Problem::Damaged) {
            self.suspect.set(true);
        }
        read
    }

    /// Writes everything in one transaction, and returns the accounts as they stand then; `None` if the
    /// file cannot be used for now.
    pub(crate) fn write(
        &mut self,
        batch: &Batch<'_>,
        now: Timestamp,
    ) -> Result<Option<Vec<Account>>, Error> {
        self.try_again(now);
        if !self.writable() {
            return Ok(None);
        }
        let written = self.attempt(batch);
        match written {
            Err(error) if error.problem() == Problem::Damaged => {
                self.reopen(now);
                if self.writable() { self.attempt(batch).map(Some) } else { Err(error) }
            }
            other => other.map(Some),
        }
    }

    fn attempt(&mut self, batch: &Batch<'_>) -> Result<Vec<Account>, Error> {
        let Some(connection) = &mut self.connection else { return Ok(Vec::new()) };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        write::write(&transaction, batch)?;
        let settle = |account| plans::settle(&transaction, account, batch.today);
        let settled = batch.accounts.iter().copied().map(settle).collect::<Result<_, _>>()?;
        transaction.commit()?;
        Ok(settled)
    }

    /// What the file says of an account.
    pub(crate) fn load(&self, account: &str) -> Result<Option<Account>, Error> {
        Ok(self.read(|file| plans::load(file, account))?.flatten())
    }

    /// Marks that the user is told of it. False if another process has told of it already; `None` if that
    /// cannot be known.
    pub(crate) fn claim(&self, account: &Account, due: Due) -> Option<bool> {
        let connection = self.connection.as_ref().filter(|_| self.writable() && !account.adopt)?;
        let claimed = match due {
            Due::Used { percent } => plans::claim_use(connection, account, percent),
            Due::Expires { days } => plans::claim_end(connection, account, days),
        };
        claimed.ok()
    }

    fn writable(&self) -> bool {
        let kept = matches!(self.opened, Opened::New | Opened::Kept | Opened::SetAside { .. });
        kept && self.connection.is_some()
    }

    /// Opens the file anew if it seems damaged, if somebody has replaced or removed it, or if it was
    /// unavailable a while ago.
    fn try_again(&mut self, now: Timestamp) {
        let gone = self.writable() && self.identity != open::identity(&self.folder);
        let waited = self.tried.duration_until(now).unsigned_abs().as_secs() >= AGAIN_SECS;
        if self.suspect.take()
            || gone
            || (waited && matches!(self.opened, Opened::Unavailable { .. }))
        {
            self.reopen(now);
        }
    }

    fn reopen(&mut self, now: Timestamp) {
        self.connection = None;
        self.tried = now;
        (self.connection, self.opened) = open::open(&self.folder);
        self.identity = open::identity(&self.folder);
    }
}
