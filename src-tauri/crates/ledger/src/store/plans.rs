//! The plans of accounts in the file, and what they have used. Every process settles its accounts with
//! the file at each flush.

use jiff::civil::Date;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Result, Row, params, params_from_iter};

use crate::account::{Account, Pace, Use, days_between};
use crate::figures::{signed, unsigned};
use crate::moment::{date_of, day_key};
use crate::pending::Kind;
use crate::period::ONCE;
use crate::plan::{Period, Plan, Quota};

/// The pace is that of so many days with use.
const PACE_DAYS: i64 = 14;

const PERIODS: [Period; 4] = [Period::Once, Period::Day, Period::Week, Period::Month];

const PLAN: &str = "
SELECT period, reset_day, bytes, used_before, reserve, before_since, since, expires, warned
FROM plans WHERE account = ?1";

const SAVE: &str = "
INSERT OR REPLACE INTO plans
(account, period, reset_day, bytes, used_before, reserve, before_since, since, expires, warned)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

const USED: &str = "SELECT used, alerted, ended FROM periods WHERE account = ?1 AND since = ?2";

const SET_USED: &str = "
INSERT INTO periods (account, since, used, alerted, ended) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (account, since)
DO UPDATE SET used = excluded.used, alerted = excluded.alerted, ended = excluded.ended";

const DAILY: &str = "
SELECT at, received + sent FROM days WHERE at < ?2 AND received + sent > 0
AND who = (SELECT who FROM names WHERE kind = ?3 AND id = ?1) ORDER BY at DESC LIMIT ?4";

const SINCE: &str = "
SELECT ifnull(sum(received + sent), 0) FROM days WHERE at >= ?2
AND who = (SELECT who FROM names WHERE kind = ?3 AND id = ?1)";

/// Fails if a table or column is missing.
pub(super) fn check(connection: &Connection) -> Result<()> {
    for statement in [PLAN, SAVE, USED, SET_USED, DAILY, SINCE] {
        connection.prepare(statement)?;
    }
    Ok(())
}

/// What the file says of an account; `None` if it does not know it.
pub(super) fn load(connection: &Connection, account: &str) -> Result<Option<Account>> {
    let read = |row: &Row<'_>| account_of(account, row);
    let Some(mut stored) = connection.query_row(PLAN, [account], read).optional()? else {
        return Ok(None);
    };
    load_use(connection, &mut stored)?;
    Ok(Some(stored))
}

/// Settles an account with the file after what was pending has been written: takes over what the file
/// says, begins a new period, and writes a new plan.
pub(super) fn settle(connection: &Connection, mine: &Account, today: Date) -> Result<Account> {
    let mut now = match load(connection, &mine.plan.account)? {
        None => introduce(connection, mine, today)?,
        Some(stored) if mine.adopt || stored.plan == mine.plan => {
            adopt(connection, stored, mine, today)?
        }
        Some(_) => {
            // Another process has read newer settings. This one counts by its own until it does.
            let mut own = mine.clone();
            own.roll(today);
            load_use(connection, &mut own)?;
            own
        }
    };
    now.total = mine.total;
    now.pace = pace(connection, &now, mine.pace, today)?;
    Ok(now)
}

/// Writes an account that the file does not know. If the file is new, what an earlier one held is only
/// known to this process.
fn introduce(connection: &Connection, mine: &Account, today: Date) -> Result<Account> {
    let mut now = mine.clone();
    now.roll(today);
    let known = now.current().clone();
    load_use(connection, &mut now)?;
    let current = now.current();
    current.stored = current.stored.saturating_add(known.stored);
    current.ended = known.ended;
    current.alerted = current.alerted.max(known.alerted);
    count_from_days(connection, &mut now)?;
    save(connection, &mut now)?;
    Ok(now)
}

/// Brings what the file says up to today and to this process's plan.
fn adopt(connection: &Connection, stored: Account, mine: &Account, today: Date) -> Result<Account> {
    let mut now = stored.clone();
    now.roll(today);
    if now.since < stored.since {
        merge_later(connection, &now)?;
    }
    load_use(connection, &mut now)?;
    if now.change(mine.plan.clone(), today) {
        remove_later(connection, &now)?;
        load_use(connection, &mut now)?;
        let current = now.current();
        (current.alerted, current.ended) = (0, None);
        count_from_days(connection, &mut now)?;
    }
    now.warned = now.warned.into_iter().chain(mine.warned).min();
    if now != stored {
        save(connection, &mut now)?;
    }
    Ok(now)
}

/// Reads what was used in the current period.
fn load_use(connection: &Connection, account: &mut Account) -> Result<()> {
    let read = |row: &Row<'_>| {
        let (stored, alerted, ended) = (unsigned(row.get(0)?), row.get(1)?, row.get(2)?);
        Ok(Use { stored, alerted, ended, ..Use::default() })
    };
    let key = params![account.plan.account, account.since];
    let used = connection.query_row(USED, key, read).optional()?.unwrap_or_default();
    account.periods = [(account.since, used)].into();
    Ok(())
}

/// A period that has begun before its plan counts from its first day, if that is more than was counted
/// and entered. A block counts from when it is entered.
fn count_from_days(connection: &Connection, account: &mut Account) -> Result<()> {
    if account.since <= ONCE {
        return Ok(());
    }
    let key = params![account.plan.account, account.since, Kind::Account as i64];
    let counted = unsigned(connection.query_row(SINCE, key, |row| row.get(0))?);
    let before = account.plan.quota.map_or(0, |quota| quota.used_before);
    let current = account.current();
    current.stored = current.stored.max(counted.saturating_sub(before));
    Ok(())
}

/// The clock was wrong: what was counted ahead belongs to the current period.
fn merge_later(connection: &Connection, account: &Account) -> Result<()> {
    let add = "
INSERT INTO periods (account, since, used, alerted)
SELECT ?1, ?2, ifnull(sum(used), 0), 0 FROM periods WHERE account = ?1 AND since > ?2
ON CONFLICT (account, since) DO UPDATE SET used = used + excluded.used";
    connection.execute(add, params![account.plan.account, account.since])?;
    remove_later(connection, account)
}

fn remove_later(connection: &Connection, account: &Account) -> Result<()> {
    let remove = "DELETE FROM periods WHERE account = ?1 AND since > max(?2, 0)";
    connection.execute(remove, params![account.plan.account, account.since])?;
    Ok(())
}

fn save(connection: &Connection, account: &mut Account) -> Result<()> {
    let Plan { account: id, quota, expires } = account.plan.clone();
    let period = quota.map_or(Period::Once, |quota| quota.period) as i64;
    let values = params![
        id,
        period,
        quota.map_or(1, |quota| quota.reset_day),
        quota.map(|quota| signed(quota.bytes)),
        signed(quota.map_or(0, |quota| quota.used_before)),
        signed(quota.map_or(0, |quota| quota.reserve)),
        account.before_since,
        account.since,
        expires.map(day_key),
        account.warned,
    ];
    connection.execute(SAVE, values)?;
    let since = account.since;
    let used = account.current();
    let values = params![id, since, signed(used.stored), used.alerted, used.ended];
    connection.execute(SET_USED, values)?;
    Ok(())
}

fn account_of(id: &str, row: &Row<'_>) -> Result<Account> {
    let bytes: Option<i64> = row.get(2)?;
    let period: u8 = row.get(0)?;
    let quota = match bytes {
        None => None,
        Some(bytes) => Some(Quota {
            bytes: unsigned(bytes),
            period: PERIODS.get(usize::from(period)).copied().unwrap_or_default(),
            reset_day: row.get(1)?,
            used_before: unsigned(row.get(3)?),
            reserve: unsigned(row.get(4)?),
        }),
    };
    let expires: Option<i64> = row.get(7)?;
    let plan = Plan { account: id.to_owned(), quota, expires: expires.and_then(date_of) };
    Ok(Account {
        plan,
        before_since: row.get(5)?,
        since: row.get(6)?,
        warned: row.get(8)?,
        ..Account::default()
    })
}

/// What the last days before today took. They do not change any more, so they are read once a day.
fn pace(connection: &Connection, account: &Account, known: Pace, today: Date) -> Result<Pace> {
    let (id, day, kind) = (&account.plan.account, day_key(today), Kind::Account as i64);
    let pace = if known.day == day { known } else { past_pace(connection, id, today)? };
    if !pace.first {
        return Ok(pace);
    }
    let bytes = connection.query_row(SINCE, params![id, day, kind], |row| row.get(0))?;
    Ok(Pace { bytes: unsigned(bytes), ..pace })
}

fn past_pace(connection: &Connection, account: &str, today: Date) -> Result<Pace> {
    let (day, kind) = (day_key(today), Kind::Account as i64);
    let mut statement = connection.prepare(DAILY)?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, unsigned(row.get(1)?)));
    let days = statement.query_map(params![account, day, kind, PACE_DAYS], read)?;
    let days: Vec<(i64, u64)> = days.collect::<Result<_>>()?;
    let Some(first) = days.last().and_then(|(day, _)| date_of(*day)) else {
        return Ok(Pace { day, first: true, bytes: 0, days: 1 });
    };
    let bytes = days.iter().fold(0, |sum: u64, (_, bytes)| sum.saturating_add(*bytes));
    let days = u64::try_from(days_between(first, today)).unwrap_or(1);
    Ok(Pace { day, first: false, bytes, days })
}

/// Marks that the user is told of `percent`, unless another process has told of it already.
pub(super) fn claim_use(connection: &Connection, account: &Account, percent: u8) -> Result<bool> {
    let claim = "
INSERT INTO periods (account, since, used, alerted) VALUES (?1, ?2, 0, ?3)
ON CONFLICT (account, since) DO UPDATE SET alerted = excluded.alerted
WHERE alerted < excluded.alerted";
    let claimed =
        connection.execute(claim, params![account.plan.account, account.since, percent])?;
    Ok(claimed > 0)
}

/// Marks that the user is told of the last `days`, unless another process has told of it already.
pub(super) fn claim_end(connection: &Connection, account: &Account, days: u8) -> Result<bool> {
    let claim = "
UPDATE plans SET warned = ?3
WHERE account = ?1 AND expires = ?2 AND (warned IS NULL OR warned > ?3)";
    let expires = account.plan.expires.map(day_key);
    Ok(connection.execute(claim, params![account.plan.account, expires, days])? > 0)
}

/// Copies all plans and what was used from one file to another. False if they cannot all be read.
pub(super) fn copy(from: &Connection, to: &Connection) -> bool {
    let copied = [("plans", 10), ("periods", 5)].into_iter().try_for_each(|(table, columns)| {
        let places = vec!["?"; columns].join(", ");
        let mut into = to.prepare(&format!("INSERT INTO {table} VALUES ({places})"))?;
        let mut rows = from.prepare(&format!("SELECT * FROM {table}"))?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|at| row.get::<_, Value>(at));
            into.execute(params_from_iter(values.collect::<Result<Vec<_>>>()?))?;
        }
        Ok::<_, rusqlite::Error>(())
    });
    copied.is_ok()
}
