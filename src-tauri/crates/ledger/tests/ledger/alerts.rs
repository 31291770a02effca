//! What the user is told: each thing once.

use ledger::{Due, Period, Quota, Taken};

use crate::support::{World, block, plan, quota};

fn told(taken: &Taken) -> Vec<Due> {
    assert!(taken.alerts.iter().all(|alert| alert.account == "a"));
    taken.alerts.iter().map(|alert| alert.what).collect()
}

fn used(percent: u8) -> Vec<Due> {
    vec![Due::Used { percent }]
}

#[test]
fn each_part_of_a_quota_is_told_once() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(block(1000));
    assert_eq!(told(&process.uses(749)), []);
    assert_eq!(told(&process.uses(1)), used(75));
    assert_eq!(told(&process.uses(1)), []);
    // Not even after a crash.
    let bytes_lost = world.starts(block(1000)).used();
    assert_eq!(bytes_lost, 0);
    process.ledger.flush().unwrap();
    let mut process = world.starts(block(1000));
    assert_eq!(told(&process.uses(0)), []);
    assert_eq!(told(&process.uses(149)), used(90));
    assert_eq!(told(&process.uses(500)), used(100));
    assert_eq!(told(&process.uses(500)), []);
}

#[test]
fn of_several_parts_at_once_only_the_last_is_told() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(block(1000));
    process.saves(500);
    assert_eq!(told(&process.saves(450)), used(90));
    assert_eq!(told(&process.saves(0)), []);
}

#[test]
fn what_was_used_before_is_told_too() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(Quota { used_before: 800, ..block(1000) });
    assert_eq!(told(&process.uses(0)), used(75));
}

#[test]
fn each_period_is_told_anew() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(quota(1000, Period::Day, 1));
    assert_eq!(told(&process.saves(800)), used(75));
    world.clock.set("2026-12-01T12:00");
    assert_eq!(told(&process.saves(10)), []);
    assert_eq!(told(&process.saves(790)), used(75));
    world.clock.set("2026-11-30T23:00");
    assert_eq!(told(&process.saves(10)), []);
}

#[test]
fn a_larger_quota_is_told_anew() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(block(1000));
    assert_eq!(told(&process.saves(950)), used(90));
    let mut other = world.starts(block(1000));
    process.ledger.set_plans(vec![plan(Some(block(2000)), None)]).unwrap();
    // Another process that has not read the new settings yet changes nothing.
    other.saves(1);
    assert_eq!(told(&process.saves(0)), []);
    assert_eq!(told(&process.saves(550)), used(75));
    process.ledger.set_plans(vec![plan(Some(block(1600)), None)]).unwrap();
    assert_eq!(told(&process.saves(0)), used(90));
}

#[test]
fn one_of_two_processes_tells() {
    let world = World::at("2026-11-30T12:00");
    let (mut one, mut other) = (world.starts(block(1000)), world.starts(block(1000)));
    assert_eq!(told(&one.saves(800)), used(75));
    other.ledger.flush().unwrap();
    assert_eq!(told(&other.uses(1)), []);
    // Both see the same at the same time.
    assert_eq!(told(&one.uses(100)), used(90));
    assert_eq!(told(&other.uses(100)), []);
    assert_eq!(other.used(), 901);
}

#[test]
fn the_end_is_told_14_3_and_0_days_before() {
    let world = World::at("2026-11-15T12:00");
    let plans = |to| vec![plan(None, Some(to))];
    let mut process = world.opens();
    process.ledger.set_plans(plans("2026-11-30")).unwrap();
    let days = |days| vec![Due::Expires { days }];
    assert_eq!(told(&process.uses(0)), []);
    world.clock.set("2026-11-16T00:00");
    assert_eq!(told(&process.uses(0)), days(14));
    assert_eq!(told(&process.uses(0)), []);
    world.clock.set("2026-11-29T12:00");
    let mut process = world.opens();
    process.ledger.set_plans(plans("2026-11-30")).unwrap();
    assert_eq!(told(&process.uses(0)), days(3));
    world.clock.set("2026-12-05T12:00");
    assert_eq!(told(&process.uses(0)), days(0));
    world.clock.set("2026-11-20T12:00");
    assert_eq!(told(&process.uses(0)), []);
    process.ledger.set_plans(plans("2026-11-23")).unwrap();
    // One of two processes that see the same tells.
    let mut other = world.opens();
    other.ledger.set_plans(plans("2026-11-23")).unwrap();
    assert_eq!(told(&process.uses(0)), days(3));
    assert_eq!(told(&other.uses(0)), []);
}
