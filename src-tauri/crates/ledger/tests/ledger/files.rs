//! Where the file cannot be used: counted in memory, and written as soon as it can.

use std::fs;

use ledger::{By, Ledger, Opened, Period, Problem, Range};

use crate::support::{World, block, plan, quota, reading};

#[test]
fn a_file_is_new_once() {
    let world = World::at("2026-11-30T12:00");
    assert_eq!(world.opens().opened, Opened::New);
    assert_eq!(world.opens().opened, Opened::Kept);
    fs::write(world.file(), "").unwrap();
    assert_eq!(world.opens().opened, Opened::New);
}

#[test]
fn a_folder_that_cannot_be_made_is_tried_again() {
    let world = World::at("2026-11-30T12:00");
    let (blocker, folder) = (world.folder.path().join("x"), world.folder.path().join("x/state"));
    fs::write(&blocker, "a file in its place").unwrap();
    let (mut ledger, opened) = Ledger::open(&folder, world.clock.clone());
    assert!(matches!(opened, Opened::Unavailable { .. }), "{opened:?}");
    ledger.set_plans(vec![plan(Some(block(1000)), None)]).unwrap();
    let mut reading = reading();
    reading.accounts[0].bytes = 800;
    let taken = ledger.take(&reading);
    assert_eq!((taken.allowances[0].until, taken.alerts.len()), (1000, 1));
    ledger.flush().unwrap();
    assert_eq!(ledger.account("a").unwrap().used, 800);
    assert_eq!(ledger.series(Range::Today, By::Account).unwrap().total.bytes, 800);

    fs::remove_file(&blocker).unwrap();
    world.clock.pass(59);
    ledger.flush().unwrap();
    assert!(!folder.exists());
    world.clock.pass(1);
    ledger.flush().unwrap();
    assert_eq!(ledger.opened(), &Opened::New);
    assert!(ledger.take(&reading).alerts.is_empty());
    drop(ledger);
    let (mut ledger, opened) = Ledger::open(&folder, world.clock.clone());
    assert_eq!(opened, Opened::Kept);
    ledger.set_plans(vec![plan(Some(block(1000)), None)]).unwrap();
    assert_eq!(ledger.account("a").unwrap().used, 800);
    assert!(ledger.take(&self::reading()).alerts.is_empty());
}

#[test]
fn a_folder_in_place_of_the_file_is_left_alone() {
    let world = World::at("2026-11-30T12:00");
    fs::create_dir(world.file()).unwrap();
    let mut process = world.starts(block(1000));
    assert!(matches!(process.opened, Opened::Unavailable { .. }), "{:?}", process.opened);
    process.saves(100);
    assert_eq!(process.used(), 100);
    assert!(world.file().is_dir());
}

#[test]
fn a_clock_that_is_wrong_loses_nothing_in_memory_either() {
    let world = World::at("2026-11-30T12:00");
    fs::create_dir(world.file()).unwrap();
    let mut process = world.starts(quota(1000, Period::Month, 1));
    process.saves(100);
    world.clock.set("2099-01-01T12:00");
    process.saves(10);
    assert_eq!(process.used(), 10);
    world.clock.set("2026-11-30T12:05");
    process.saves(1);
    assert_eq!(process.used(), 111);
    fs::remove_dir(world.file()).unwrap();
    world.clock.pass(60);
    process.ledger.flush().unwrap();
    assert_eq!(world.starts(quota(1000, Period::Month, 1)).used(), 111);
}

/// The trigger makes the flush fail halfway, after the rows of the statistics.
#[test]
fn what_a_flush_cannot_write_is_written_by_a_later_one() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(block(1000));
    process.saves(100);
    let fail = "CREATE TRIGGER fail BEFORE UPDATE ON periods BEGIN SELECT RAISE(FAIL, 'no'); END";
    world.look().execute_batch(fail).unwrap();
    process.uses(10);
    assert_eq!(process.ledger.flush().unwrap_err().problem(), Problem::Other);
    process.uses(1);
    process.ledger.flush().unwrap_err();
    assert_eq!(process.used(), 111);
    assert_eq!(world.number("SELECT sum(received) FROM hours"), 300);
    assert_eq!(process.ledger.series(Range::Today, By::Account).unwrap().total.bytes, 111);
    world.look().execute_batch("DROP TRIGGER fail").unwrap();
    process.ledger.flush().unwrap();
    assert_eq!(world.number("SELECT sum(received) FROM hours"), 333);
    assert_eq!(world.starts(block(1000)).used(), 111);
}

#[test]
fn a_file_in_use_fails_the_flush_after_a_while_and_loses_nothing() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(block(1000));
    process.uses(100);
    let other = world.look();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(process.ledger.flush().unwrap_err().problem(), Problem::Busy);
    other.execute_batch("ROLLBACK").unwrap();
    process.ledger.flush().unwrap();
    assert_eq!(world.starts(block(1000)).used(), 100);
}

#[cfg(unix)]
#[test]
fn a_file_that_is_removed_under_way_is_made_again_with_what_was_used() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(block(1000));
    process.saves(100);
    for ending in ["", "-wal", "-shm"] {
        fs::remove_file(world.folder.path().join(format!("ledger.sqlite3{ending}"))).unwrap();
    }
    process.saves(10);
    assert_eq!((process.used(), process.ledger.opened()), (110, &Opened::New));
    drop(process);
    assert_eq!(world.starts(block(1000)).used(), 110);
}

#[cfg(unix)]
mod read_only {
    use std::env;
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use ledger::{By, Opened, Range};

    use crate::support::{World, block};

    const FOLDER: &str = "NEWSMUX_TEST_LEDGER_IN_A_READ_ONLY_FOLDER";
    /// Anybody but root, whom permissions do not stop.
    const NOBODY: u32 = 65534;

    #[test]
    fn what_a_read_only_folder_holds_counts() {
        if let Some(folder) = env::var_os(FOLDER) {
            return count_in(folder.as_ref());
        }
        let world = World::at("2026-11-30T12:00");
        world.starts(block(1000)).saves(800);
        let allow = |path: &std::path::Path, mode| {
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        };
        for file in fs::read_dir(world.folder.path()).unwrap() {
            allow(&file.unwrap().path(), 0o444);
        }
        allow(world.folder.path(), 0o555);
        let mut child = Command::new(env::current_exe().unwrap());
        if File::create(world.folder.path().join("test")).is_ok() {
            child.uid(NOBODY).gid(NOBODY);
        }
        child.args(["--exact", "files::read_only::what_a_read_only_folder_holds_counts"]);
        let done = child.env(FOLDER, world.folder.path()).output().unwrap();
        allow(world.folder.path(), 0o755);
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains("1 passed"), "{said}");
    }

    fn count_in(folder: &std::path::Path) {
        let clock = crate::support::SetClock::at("2026-11-30T12:00", crate::support::BERLIN);
        let (mut ledger, opened) = ledger::Ledger::open(folder, clock);
        assert!(matches!(opened, Opened::Unavailable { .. }), "{opened:?}");
        ledger.set_plans(vec![crate::support::plan(Some(block(1000)), None)]).unwrap();
        let mut reading = crate::support::reading();
        reading.accounts[0].bytes = 150;
        let taken = ledger.take(&reading);
        assert_eq!((taken.allowances[0].until, taken.alerts.len()), (200, 1));
        ledger.flush().unwrap();
        assert_eq!(ledger.account("a").unwrap().used, 950);
        assert_eq!(ledger.series(Range::Today, By::Account).unwrap().total.bytes, 950);
    }
}
