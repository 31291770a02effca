//! A clock that tests set, and a folder with ledgers.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ZonedDateTime};
use ledger::{
    AccountReading, AccountStanding, Clock, Counts, Ledger, Opened, Period, Plan, ProgramCounts,
    ProgramReading, ProviderReading, Quota, Reading, Taken,
};
use rusqlite::Connection;
use tempfile::TempDir;

pub(crate) const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
/// As it was in 2018: summer begins at midnight, so that midnight does not exist.
pub(crate) const SAO_PAULO: &str = "<-03>3<-02>,M11.1.0/0,M2.3.0/0";
/// As it was in 2010: summer ends at a minute after midnight, so the day before comes back for an hour.
pub(crate) const ST_JOHNS: &str = "NST3:30NDT,M3.2.0/0:01,M11.1.0/0:01";

/// A clock that stands still until it is set.
#[derive(Clone)]
pub(crate) struct SetClock(Arc<Mutex<ZonedDateTime>>);

impl SetClock {
    pub(crate) fn at(time: &str, zone: &str) -> Self {
        Self(Arc::new(Mutex::new(local(time, zone))))
    }

    /// Sets the local time.
    pub(crate) fn set(&self, time: &str) {
        let zone = self.now().time_zone().clone();
        let time: DateTime = time.parse().unwrap();
        *self.0.lock().unwrap() = time.to_zoned_datetime(zone).unwrap();
    }

    /// Moves the computer to another time zone.
    pub(crate) fn travel(&self, zone: &str) {
        let there = self.now().with_time_zone(TimeZone::posix(zone).unwrap());
        *self.0.lock().unwrap() = there;
    }

    /// Lets some seconds pass.
    pub(crate) fn pass(&self, seconds: i64) {
        let later = self.now().saturating_add(SignedDuration::from_secs(seconds));
        *self.0.lock().unwrap() = later;
    }
}

impl Clock for SetClock {
    fn now(&self) -> ZonedDateTime {
        self.0.lock().unwrap().clone()
    }
}

pub(crate) fn local(time: &str, zone: &str) -> ZonedDateTime {
    let time: DateTime = time.parse().unwrap();
    time.to_zoned_datetime(TimeZone::posix(zone).unwrap()).unwrap()
}

/// A process with a ledger: account `a` with provider `a`, served to `sabnzbd`.
pub(crate) struct Process {
    pub(crate) ledger: Ledger,
    pub(crate) opened: Opened,
    pub(crate) reading: Reading,
}

impl Process {
    /// Account `a` used so many more bytes.
    pub(crate) fn uses(&mut self, bytes: u64) -> Taken {
        self.reading.accounts[0].bytes += bytes;
        self.reading.providers[0].counts.received += bytes;
        self.reading.programs[0].counts.bytes += bytes;
        self.ledger.take(&self.reading)
    }

    /// The same, and it is in the file.
    pub(crate) fn saves(&mut self, bytes: u64) -> Taken {
        let taken = self.uses(bytes);
        self.ledger.flush().unwrap();
        taken
    }

    pub(crate) fn account(&self) -> AccountStanding {
        self.ledger.account("a").unwrap()
    }

    pub(crate) fn used(&self) -> u64 {
        self.account().used
    }
}

/// A folder and the time.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) clock: SetClock,
}

impl World {
    pub(crate) fn at(time: &str) -> Self {
        Self::in_zone(time, BERLIN)
    }

    pub(crate) fn in_zone(time: &str, zone: &str) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: SetClock::at(time, zone) }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("ledger.sqlite3")
    }

    /// Starts a process without plans.
    pub(crate) fn opens(&self) -> Process {
        let (ledger, opened) = Ledger::open(self.folder.path(), self.clock.clone());
        Process { ledger, opened, reading: reading() }
    }

    /// Starts a process with this quota.
    pub(crate) fn starts(&self, quota: Quota) -> Process {
        let mut process = self.opens();
        process.ledger.set_plans(vec![plan(Some(quota), None)]).unwrap();
        process
    }

    /// The file, for a look from outside.
    pub(crate) fn look(&self) -> Connection {
        Connection::open(self.file()).unwrap()
    }

    /// A number in the file.
    pub(crate) fn number(&self, query: &str) -> i64 {
        self.look().query_row(query, [], |row| row.get(0)).unwrap()
    }
}

/// Totals of a process that has just started.
pub(crate) fn reading() -> Reading {
    let provider = ProviderReading {
        id: "a".into(),
        name: "Alpha".into(),
        account: "a".into(),
        ..ProviderReading::default()
    };
    Reading {
        providers: vec![provider],
        accounts: vec![AccountReading { id: "a".into(), bytes: 0 }],
        programs: vec![ProgramReading { name: "sabnzbd".into(), counts: ProgramCounts::default() }],
    }
}

/// A reading of one provider that served this.
pub(crate) fn served(counts: Counts) -> Reading {
    let mut reading = reading();
    reading.providers[0].counts = counts;
    reading
}

pub(crate) fn plan(quota: Option<Quota>, expires: Option<&str>) -> Plan {
    let expires = expires.map(|date| date.parse().unwrap());
    Plan { account: "a".into(), quota, expires }
}

pub(crate) fn quota(bytes: u64, period: Period, reset_day: u8) -> Quota {
    Quota { bytes, used_before: 0, period, reset_day, reserve: 0 }
}

pub(crate) fn block(bytes: u64) -> Quota {
    quota(bytes, Period::Once, 1)
}
