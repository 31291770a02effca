//! A full disk, which only the connection itself can play.

use std::error::Error as _;

use jiff::ZonedDateTime;

use crate::{
    AccountReading, Clock, Ledger, Opened, Period, Plan, Problem, ProgramCounts, ProgramReading,
    Quota, Reading,
};

struct Fixed(ZonedDateTime);

impl Clock for Fixed {
    fn now(&self) -> ZonedDateTime {
        self.0.clone()
    }
}

fn open(folder: &std::path::Path) -> Ledger {
    let now = ZonedDateTime::UNIX_EPOCH;
    let (mut ledger, opened) = Ledger::open(folder, Fixed(now));
    assert!(matches!(opened, Opened::New | Opened::Kept), "{opened:?}");
    let quota =
        Quota { bytes: 1000, used_before: 0, period: Period::Once, reset_day: 1, reserve: 0 };
    let plan = Plan { account: "a".into(), quota: Some(quota), expires: None };
    ledger.set_plans(vec![plan]).unwrap();
    ledger
}

/// A reading that needs many pages of the file.
fn large(bytes: u64) -> Reading {
    let program = |number: u64| ProgramReading {
        name: format!("{number:0200}"),
        counts: ProgramCounts { bytes, ..ProgramCounts::default() },
    };
    Reading {
        accounts: vec![AccountReading { id: "a".into(), bytes }],
        programs: (0..500).map(program).collect(),
        ..Reading::default()
    }
}

fn limit(ledger: &Ledger, pages: i64) {
    let connection = ledger.store.connection.as_ref().unwrap();
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
}

#[test]
fn what_a_full_disk_does_not_take_is_written_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(folder.path());
    limit(&ledger, 30);
    ledger.take(&large(100));
    let error = ledger.flush().unwrap_err();
    assert_eq!(error.problem(), Problem::Full);
    assert!(error.to_string().starts_with("The disk is full") && error.source().is_none());
    // It keeps counting, and the guard holds.
    let taken = ledger.take(&large(950));
    assert_eq!((taken.allowances[0].until, taken.alerts.len()), (1000, 1));
    assert!(ledger.flush().is_err());
    assert_eq!(ledger.account("a").unwrap().used, 950);
    assert!(ledger.take(&large(950)).alerts.is_empty());

    limit(&ledger, 1_000_000);
    ledger.flush().unwrap();
    drop(ledger);
    let mut ledger = open(folder.path());
    assert_eq!(ledger.account("a").unwrap().used, 950);
    assert!(ledger.take(&Reading::default()).alerts.is_empty());
}

#[test]
fn a_process_that_starts_on_a_full_disk_knows_what_was_used() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(folder.path());
    ledger.take(&large(600));
    ledger.flush().unwrap();
    drop(ledger);
    let (mut ledger, _) = Ledger::open(folder.path(), Fixed(ZonedDateTime::UNIX_EPOCH));
    let connection = ledger.store.connection.as_ref().unwrap();
    connection.pragma_update(None, "query_only", true).unwrap();
    let quota =
        Quota { bytes: 1000, used_before: 0, period: Period::Once, reset_day: 1, reserve: 50 };
    let plan = Plan { account: "a".into(), quota: Some(quota), expires: None };
    ledger.set_plans(vec![plan]).unwrap_err();
    assert_eq!(ledger.take(&large(10)).allowances[0].until, 10 + 390);
    ledger.flush().unwrap_err();
    let connection = ledger.store.connection.as_ref().unwrap();
    connection.pragma_update(None, "query_only", false).unwrap();
    ledger.flush().unwrap();
    drop(ledger);
    assert_eq!(open(folder.path()).account("a").unwrap().used, 610);
}
