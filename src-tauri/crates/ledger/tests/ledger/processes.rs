//! Several processes on one file, one after the other and at once, and one that is killed.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use ledger::{By, Exhausted, Ledger, Range, SystemClock};

use crate::support::{World, block, plan, reading};

#[test]
fn two_processes_add_up() {
    let world = World::at("2026-11-30T12:00");
    let (mut one, mut other) = (world.starts(block(1000)), world.starts(block(1000)));
    one.saves(100);
    other.saves(10);
    one.saves(1);
    other.ledger.flush().unwrap();
    assert_eq!((one.used(), other.used()), (111, 111));
    assert_eq!(one.uses(0).allowances[0].until, 101 + 889);
    assert_eq!(other.uses(0).allowances[0].until, 10 + 889);
    for by in [By::Provider, By::Account, By::Program] {
        assert_eq!(one.ledger.series(Range::Today, by).unwrap().total.bytes, 111);
    }
}

#[test]
fn one_with_older_settings_does_not_undo_newer_ones() {
    let world = World::at("2026-11-30T12:00");
    let mut old = world.starts(block(1000));
    let mut new = world.starts(block(2000));
    new.ledger.ended("a", "expired");
    new.saves(10);
    old.saves(1);
    new.saves(0);
    let ended = Exhausted::Ended { why: "expired".into() };
    assert_eq!(new.ledger.exhausted("a"), Some(ended));
    assert_eq!((old.account().quota, old.used()), (Some(1000), 11));
    assert_eq!((new.account().quota, new.used()), (Some(2000), 11));
    assert_eq!(world.number("SELECT bytes FROM plans"), 2000);
}

#[test]
fn a_ledger_may_move_to_another_thread() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(block(1000));
    std::thread::spawn(move || process.saves(5)).join().unwrap();
    assert_eq!(world.starts(block(1000)).used(), 5);
}

#[test]
fn a_restart_adds_to_what_is_there() {
    let world = World::at("2026-11-30T12:00");
    for start in 1..=5 {
        let mut process = world.starts(block(1000));
        process.uses(10);
        process.saves(5);
        assert_eq!(process.used(), 15 * start);
    }
}

#[test]
fn totals_that_went_down_are_those_of_an_engine_that_began_anew() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(block(1000));
    process.saves(100);
    process.reading = reading();
    process.saves(30);
    assert_eq!(process.used(), 130);
    assert_eq!(process.ledger.series(Range::All, By::Program).unwrap().total.bytes, 130);
}

#[test]
fn one_that_ends_without_a_flush_loses_what_came_since_the_last() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(block(1000));
    process.saves(100);
    process.uses(50);
    drop(process);
    assert_eq!(world.starts(block(1000)).used(), 100);
}

const FOLDER: &str = "NEWSMUX_TEST_LEDGER_OF_A_PROCESS";

/// Runs itself again as a process that counts without end, and kills that.
#[test]
fn one_that_is_killed_loses_nothing_that_it_flushed() {
    if let Some(folder) = env::var_os(FOLDER) {
        return count_for_ever(folder.as_ref());
    }
    let world = World::at("2026-11-30T12:00");
    for round in 1..=5 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "processes::one_that_is_killed_loses_nothing_that_it_flushed"])
            .arg("--nocapture")
            .env(FOLDER, world.folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut flushed = lines.filter_map(|line| line.strip_prefix("used ")?.parse::<u64>().ok());
        let early = flushed.nth(20).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let last = flushed.last().unwrap_or(early);
        let used = world.starts(block(1)).used();
        // One more may have been written and not said.
        assert!((last..=last + 1).contains(&used), "round {round}: {used} after {last}");
        let opened = world.opens().opened;
        assert_eq!(opened, ledger::Opened::Kept);
    }
}

fn count_for_ever(folder: &std::path::Path) {
    let (mut ledger, _) = Ledger::open(folder, SystemClock);
    ledger.set_plans(vec![plan(Some(block(1)), None)]).unwrap();
    let mut reading = reading();
    loop {
        reading.accounts[0].bytes += 1;
        ledger.take(&reading);
        ledger.flush().unwrap();
        println!("used {}", ledger.account("a").unwrap().used);
    }
}
