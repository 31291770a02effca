//! Files of every version so far are read, from dumps of when they were new.

use ledger::{By, Opened, Period, Range};
use rusqlite::Connection;

use crate::support::{World, quota};

const DUMPS: [&str; 1] = [include_str!("../data/v1.sql")];

#[test]
fn files_of_older_versions_are_kept() {
    for dump in DUMPS {
        let world = World::at("2026-11-30T12:00");
        Connection::open(world.file()).unwrap().execute_batch(dump).unwrap();
        let process = world.starts(quota(1000, Period::Month, 1));
        assert_eq!(process.opened, Opened::Kept);
        assert_eq!(process.used(), 300);
        let series = process.ledger.series(Range::All, By::Provider).unwrap();
        assert_eq!((series.rows[0].name.as_str(), series.total.bytes), ("Alpha", 1300));
        assert_eq!(series.steps.len(), 2);
        let card = process.ledger.report_cards(Range::All).unwrap().remove(0);
        assert_eq!((card.total.first_byte_ms, card.ages.len()), (Some(3), 1));
    }
}

/// The same tables, whether a file is new or was brought up to date.
#[test]
fn a_migrated_file_is_like_a_new_one() {
    let schema = |world: &World| {
        let file = world.look();
        let mut all = file.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
        let row = |row: &rusqlite::Row<'_>| {
            let sql = row.get::<_, Option<String>>(1)?.unwrap_or_default();
            Ok((row.get::<_, String>(0)?, sql.split_whitespace().collect::<Vec<_>>().join(" ")))
        };
        all.query_map([], row).unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    let new = World::at("2026-11-30T12:00");
    new.opens();
    assert!(schema(&new).len() > 7);
    for dump in DUMPS {
        let old = World::at("2026-11-30T12:00");
        Connection::open(old.file()).unwrap().execute_batch(dump).unwrap();
        old.opens();
        assert_eq!(schema(&old), schema(&new));
    }
}
