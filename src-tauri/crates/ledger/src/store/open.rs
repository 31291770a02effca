//! Opens the file, whatever is there.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};

use super::{Opened, plans, write};
use crate::figures::{packed, unpacked};
use crate::migrations::{LATEST, migrate, version};

const FILE: &str = "ledger.sqlite3";
/// Held while the file is opened, so that two processes do not set aside each other's.
const LOCK: &str = "ledger.lock";
/// So long another process may write, or open the file.
const PATIENCE: Duration = Duration::from_secs(2);
/// So many damaged files are kept.
const DAMAGED: u32 = 5;

/// Why a file is not used.
enum Refused {
    Damaged(String),
    Newer,
    Other(String),
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Other(error.to_string()),
        }
    }
}

/// Opens the file in `folder`. Without a connection, nothing can be read either.
pub(super) fn open(folder: &Path) -> (Option<Connection>, Opened) {
    let file = folder.join(FILE);
    if let Err(error) = make(folder) {
        return (None, Opened::Unavailable { why: error.to_string() });
    }
    let lock = lock(&folder.join(LOCK));
    match attempt(&file) {
        Ok((connection, true)) => (Some(connection), Opened::New),
        Ok((connection, false)) => (Some(connection), Opened::Kept),
        Err(Refused::Newer) => (None, Opened::Newer),
        Err(Refused::Other(why)) => (read_only(&file), Opened::Unavailable { why }),
        // Another process may just be doing that.
        Err(Refused::Damaged(why)) if lock.is_none() => (None, Opened::Unavailable { why }),
        Err(Refused::Damaged(why)) => replace(&file, why),
    }
}

/// Which file there is, where the system can tell.
#[cfg(unix)]
pub(super) fn identity(folder: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(folder.join(FILE)).ok().map(|found| (found.dev(), found.ino()))
}

/// Nobody can replace a file that is open.
#[cfg(not(unix))]
pub(super) fn identity(_: &Path) -> Option<(u64, u64)> {
    None
}

#[cfg(unix)]
fn make(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

fn lock(file: &Path) -> Option<File> {
    let lock = File::options().create(true).append(true).open(file).ok()?;
    let begun = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Some(lock),
            Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(10));
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return None,
        }
    }
}

/// Opens the file for writing, and says whether it is new.
fn attempt(file: &Path) -> Result<(Connection, bool), Refused> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(PATIENCE)?;
    let version = version(&connection)?;
    if version > LATEST {
        return Err(Refused::Newer);
    }
    let count = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection.query_row(count, [], |row| row.get(0))?;
    if version < 1 && tables > 0 {
        return Err(Refused::Damaged("the file is not from Newsmux".into()));
    }
    if connection.is_readonly(MAIN_DB)? {
        return Err(Refused::Other("the file is read-only".into()));
    }
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(Refused::Damaged(found));
    }
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 256, |_| Ok(()))?;
    migrate(&mut connection)?;
    add_functions(&connection)?;
    // A table that is missing or different shows here.
    write::check(&connection).map_err(|error| Refused::Damaged(error.to_string()))?;
    Ok((connection, tables == 0))
}

fn add_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function(write::SUM_OF_HISTOGRAMS, 2, flags, |context| {
        let blob = |at| context.get_raw(at).as_blob_or_null();
        Ok(match (blob(0)?, blob(1)?) {
            (Some(one), Some(other)) => {
                let mut sum = unpacked(one);
                sum += unpacked(other);
                Some(packed(&sum))
            }
            (one, other) => one.or(other).map(<[u8]>::to_vec),
        })
    })
}

/// Opens a file that cannot be written, to know what it holds.
fn read_only(file: &Path) -> Option<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let readable = |uri: String| {
        let connection = Connection::open_with_flags(uri, flags).ok()?;
        connection.busy_timeout(PATIENCE).ok()?;
        let known = version(&connection).is_ok_and(|version| version == LATEST);
        (known && plans::check(&connection).is_ok()).then_some(connection)
    };
    let path = uri_path(file);
    // Beside a file in a read-only folder, SQLite can make no index of its journal; then it is to
    // believe that nobody writes.
    readable(format!("file:{path}?mode=ro"))
        .or_else(|| readable(format!("file:{path}?mode=ro&immutable=1")))
}

/// A path in a URI. SQLite wants slashes, also on Windows, and one before the drive.
fn uri_path(file: &Path) -> String {
    let path = file.to_string_lossy().replace('\\', "/");
    let rooted = if path.starts_with('/') { path } else { format!("/{path}") };
    rooted.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

/// Sets a damaged file aside and opens a new one. What accounts have used is taken over if it can be read.
fn replace(file: &Path, why: String) -> (Option<Connection>, Opened) {
    let to = match set_aside(file) {
        Ok(to) => to,
        Err(error) => {
            let why = format!("the file is damaged ({why}) and cannot be renamed: {error}");
            return (None, Opened::Unavailable { why });
        }
    };
    match attempt(file) {
        Ok((connection, _)) => {
            let counts_kept = read_only(&to).is_some_and(|old| plans::copy(&old, &connection));
            (Some(connection), Opened::SetAside { to, why, counts_kept })
        }
        Err(Refused::Damaged(why) | Refused::Other(why)) => (None, Opened::Unavailable { why }),
        Err(Refused::Newer) => (None, Opened::Newer),
    }
}

fn set_aside(file: &Path) -> io::Result<PathBuf> {
    let name = |number| file.with_file_name(format!("ledger.damaged-{number}.sqlite3"));
    let number = (1..DAMAGED).find(|number| !name(*number).exists()).unwrap_or(DAMAGED);
    let to = name(number);
    fs::rename(file, &to)?;
    for journal in ["-wal", "-shm"] {
        rename_if_there(&beside(file, journal), &beside(&to, journal))?;
    }
    Ok(to)
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(ending);
    path.into()
}
