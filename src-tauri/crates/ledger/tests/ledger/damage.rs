//! Files that are damaged, not ours, or newer.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};

use ledger::{By, Ledger, Opened, Problem, Range};
use rusqlite::Connection;

use crate::support::{World, block, plan};

/// A world with a file of some size, in which account `a` has used 750.
fn used() -> World {
    let world = World::at("2026-10-01T12:00");
    let mut process = world.starts(block(1000));
    for _ in 0..750 {
        process.uses(1);
        world.clock.pass(3600);
    }
    process.ledger.flush().unwrap();
    world
}

fn set_aside(opened: &Opened) -> bool {
    let Opened::SetAside { to, why, counts_kept } = opened else { panic!("{opened:?}") };
    assert!(to.is_file() && !why.is_empty());
    *counts_kept
}

fn overwrite(world: &World, at: i64, with: &[u8]) {
    let mut file = File::options().write(true).open(world.file()).unwrap();
    file.seek(SeekFrom::Start(at.try_into().unwrap())).unwrap();
    file.write_all(with).unwrap();
}

fn garbage() -> Vec<u8> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..20_000).map(|_| next()).collect()
}

#[test]
fn garbage_is_set_aside() {
    let world = World::at("2026-11-30T12:00");
    fs::write(world.file(), garbage()).unwrap();
    let mut process = world.starts(block(1000));
    assert!(!set_aside(&process.opened));
    process.saves(10);
    let Opened::SetAside { to, .. } = &process.opened else { panic!() };
    assert_eq!(fs::read(to).unwrap(), garbage());
    assert_eq!(world.opens().opened, Opened::Kept);
    assert_eq!(world.starts(block(1000)).used(), 10);
}

#[test]
fn nothing_is_set_aside_while_another_process_opens_the_file() {
    let world = World::at("2026-11-30T12:00");
    fs::write(world.file(), garbage()).unwrap();
    let lock = File::create(world.folder.path().join("ledger.lock")).unwrap();
    lock.lock().unwrap();
    let mut process = world.starts(block(1000));
    assert!(matches!(process.opened, Opened::Unavailable { .. }), "{:?}", process.opened);
    process.saves(10);
    assert_eq!(fs::read(world.file()).unwrap(), garbage());
    drop(lock);
    world.clock.pass(60);
    process.saves(1);
    set_aside(process.ledger.opened());
    assert_eq!(world.starts(block(1000)).used(), 11);
}

#[test]
fn only_so_many_damaged_files_are_kept() {
    let world = World::at("2026-11-30T12:00");
    for _ in 0..8 {
        fs::write(world.file(), garbage()).unwrap();
        set_aside(&world.opens().opened);
    }
    let names = fs::read_dir(world.folder.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with("ledger.damaged")).count(), 5);
}

#[test]
fn a_truncated_file_is_set_aside_wherever_it_ends() {
    let world = used();
    let whole = fs::read(world.file()).unwrap();
    for part in 1..10 {
        let end = whole.len() * part / 10;
        fs::write(world.file(), &whole[..end]).unwrap();
        let mut process = world.starts(block(1000));
        set_aside(&process.opened);
        process.saves(1);
        assert!([1, 751].contains(&process.used()), "{}", process.used());
        drop(process);
        assert_eq!(world.opens().opened, Opened::Kept);
    }
}

#[test]
fn damaged_statistics_leave_what_was_used() {
    let world = used();
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'hours'";
    let (page, size) = (world.number(root), world.number("PRAGMA page_size"));
    overwrite(&world, (page - 1) * size, &garbage()[..usize::try_from(size).unwrap()]);
    let mut process = world.starts(block(1000));
    assert!(set_aside(&process.opened));
    process.saves(10);
    assert_eq!(process.used(), 760);
    assert_eq!(world.starts(block(1000)).used(), 760);
}

#[test]
fn a_file_that_is_damaged_under_way_is_set_aside_by_the_next_flush() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(block(1000));
    process.saves(100);
    world.look().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    overwrite(&world, 0, &garbage());
    // Another process makes this one read the file again.
    let ends = ["-wal", "-shm"].map(|end| world.folder.path().join(format!("ledger.sqlite3{end}")));
    assert!(ends.iter().all(|end| end.exists()));
    process.uses(10);
    process.ledger.flush().unwrap();
    set_aside(process.ledger.opened());
    assert_eq!(process.used(), 110);
    drop(process);
    assert_eq!(world.starts(block(1000)).used(), 110);
}

#[test]
fn damage_that_a_query_finds_is_set_aside_by_the_next_flush() {
    let world = used();
    let mut process = world.starts(block(1000));
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'hours'";
    let (page, size) = (world.number(root), world.number("PRAGMA page_size"));
    world.look().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    overwrite(&world, (page - 1) * size, &garbage()[..usize::try_from(size).unwrap()]);
    let error = process.ledger.series(Range::Today, By::Provider).unwrap_err();
    assert_eq!(error.problem(), Problem::Damaged);
    process.ledger.flush().unwrap();
    assert!(set_aside(process.ledger.opened()));
    process.ledger.series(Range::Today, By::Provider).unwrap();
    assert_eq!(process.used(), 750);
}

#[test]
fn another_programs_database_is_set_aside() {
    for version in [0, 1] {
        let world = World::at("2026-11-30T12:00");
        let other = Connection::open(world.file()).unwrap();
        other
            .execute_batch("CREATE TABLE hours (at INTEGER); INSERT INTO hours VALUES (1)")
            .unwrap();
        other.pragma_update(None, "user_version", version).unwrap();
        drop(other);
        assert!(!set_aside(&world.opens().opened));
    }
}

#[test]
fn a_newer_file_is_left_alone() {
    let world = used();
    world.look().execute_batch("PRAGMA user_version = 2; DROP TABLE plans").unwrap();
    let mut before = Vec::new();
    File::open(world.file()).unwrap().read_to_end(&mut before).unwrap();
    let (mut ledger, opened) = Ledger::open(world.folder.path(), world.clock.clone());
    assert_eq!(opened, Opened::Newer);
    ledger.set_plans(vec![plan(Some(block(1000)), None)]).unwrap();
    let mut reading = crate::support::reading();
    reading.accounts[0].bytes = 100;
    ledger.take(&reading);
    world.clock.pass(3600);
    ledger.flush().unwrap();
    assert_eq!((ledger.account("a").unwrap().used, ledger.opened()), (100, &Opened::Newer));
    drop(ledger);
    assert!(fs::read(world.file()).unwrap() == before);
}
