//! When periods begin: month ends, leap days, daylight saving, other zones, and clocks that are wrong.

use ledger::Period;

use crate::support::{BERLIN, Process, SAO_PAULO, ST_JOHNS, World, quota};

fn period(process: &Process) -> (String, String) {
    let account = process.account();
    (account.period_began.unwrap().to_string(), account.period_ends.unwrap().to_string())
}

fn begins(at: &str, period: Period, reset_day: u8) -> (String, String) {
    self::period(&World::at(at).starts(quota(1000, period, reset_day)))
}

fn days(from: &str, to: &str) -> (String, String) {
    (from.into(), to.into())
}

#[test]
fn a_month_resets_on_its_day_or_else_on_its_last() {
    let month = |at, day| begins(at, Period::Month, day);
    assert_eq!(month("2026-11-30T12:00", 1), days("2026-11-01", "2026-12-01"));
    assert_eq!(month("2026-11-14T23:59", 15), days("2026-10-15", "2026-11-15"));
    assert_eq!(month("2026-11-15T00:00", 15), days("2026-11-15", "2026-12-15"));
    for day in [30, 31] {
        assert_eq!(month("2027-02-27T12:00", day).1, "2027-02-28");
        let march = if day == 30 { "2027-03-30" } else { "2027-03-31" };
        assert_eq!(month("2027-02-28T00:00", day), days("2027-02-28", march));
    }
    assert_eq!(month("2027-03-30T12:00", 31), days("2027-02-28", "2027-03-31"));
    assert_eq!(month("2026-12-31T12:00", 31), days("2026-12-31", "2027-01-31"));
}

#[test]
fn a_leap_day_is_a_day() {
    let month = |at, day| begins(at, Period::Month, day);
    assert_eq!(month("2028-02-28T12:00", 29), days("2028-01-29", "2028-02-29"));
    assert_eq!(month("2028-02-29T12:00", 31), days("2028-02-29", "2028-03-31"));
    assert_eq!(month("2027-03-01T12:00", 29), days("2027-02-28", "2027-03-29"));
    assert_eq!(begins("2028-02-29T12:00", Period::Day, 1), days("2028-02-29", "2028-03-01"));
}

#[test]
fn a_week_resets_on_its_weekday() {
    // 2026-11-30 is a Monday.
    assert_eq!(begins("2026-11-30T00:00", Period::Week, 1), days("2026-11-30", "2026-12-07"));
    assert_eq!(begins("2026-11-30T12:00", Period::Week, 2), days("2026-11-24", "2026-12-01"));
    assert_eq!(begins("2026-11-30T12:00", Period::Week, 7), days("2026-11-29", "2026-12-06"));
    assert_eq!(begins("2026-11-29T23:59", Period::Week, 1), days("2026-11-23", "2026-11-30"));
}

#[test]
fn what_is_used_counts_in_its_period_to_the_second() {
    let world = World::at("2026-11-30T23:59:58");
    let mut process = world.starts(quota(1000, Period::Month, 1));
    process.saves(100);
    world.clock.pass(1);
    process.saves(10);
    assert_eq!(process.used(), 110);
    world.clock.pass(1);
    process.saves(1);
    assert_eq!(process.used(), 1);
    assert_eq!(period(&process), days("2026-12-01", "2027-01-01"));
    assert_eq!(world.number("SELECT sum(used) FROM periods"), 111);
}

/// Steps from just before local midnight in half hours, and returns the day and use after each.
fn night(zone: &str, from: &str, halves: usize) -> Vec<(String, u64)> {
    let world = World::in_zone(from, zone);
    let mut process = world.starts(quota(1000, Period::Day, 1));
    let step = |_| {
        process.saves(1);
        let seen = (period(&process).0, process.used());
        world.clock.pass(1800);
        seen
    };
    (0..halves).map(step).collect()
}

#[test]
fn a_day_in_berlin_has_23_or_25_hours() {
    let spring = night(BERLIN, "2026-03-29T00:00", 48);
    assert_eq!(spring[45], ("2026-03-29".into(), 46));
    assert_eq!(spring[46], ("2026-03-30".into(), 1));
    let autumn = night(BERLIN, "2026-10-25T00:00", 51);
    assert_eq!(autumn[49], ("2026-10-25".into(), 50));
    assert_eq!(autumn[50], ("2026-10-26".into(), 1));
}

#[test]
fn a_midnight_that_does_not_exist_begins_a_day_all_the_same() {
    let night = night(SAO_PAULO, "2018-11-03T23:30", 3);
    assert_eq!(night[0], ("2018-11-03".into(), 1));
    assert_eq!(night[1], ("2018-11-04".into(), 1));
    assert_eq!(night[2], ("2018-11-04".into(), 2));
    // In February, the hour before midnight comes twice.
    let night = self::night(SAO_PAULO, "2019-02-16T22:30", 6);
    assert_eq!(night[4], ("2019-02-16".into(), 5));
    assert_eq!(night[5], ("2019-02-17".into(), 1));
}

#[test]
fn a_day_that_comes_back_for_an_hour_does_not_begin_again() {
    // The third is at 23:30 of the sixth again.
    let night = night(ST_JOHNS, "2010-11-06T23:30", 5);
    assert_eq!(night[0], ("2010-11-06".into(), 1));
    for (used, seen) in (1..).zip(&night[1..]) {
        assert_eq!(*seen, ("2010-11-07".into(), used));
    }
}

#[test]
fn a_clock_set_back_does_not_begin_a_period_again() {
    let world = World::at("2026-12-01T00:10");
    let mut process = world.starts(quota(1000, Period::Month, 1));
    process.saves(100);
    world.clock.set("2026-11-30T22:00");
    process.saves(10);
    assert_eq!((period(&process).0.as_str(), process.used()), ("2026-12-01", 110));
    let mut process = world.starts(quota(1000, Period::Month, 1));
    assert_eq!((period(&process).0.as_str(), process.used()), ("2026-12-01", 110));
    world.clock.set("2026-12-01T00:00");
    process.saves(1);
    assert_eq!((period(&process).0.as_str(), process.used()), ("2026-12-01", 111));
}

#[test]
fn what_a_clock_that_was_far_ahead_counted_belongs_to_today() {
    for restart in [false, true] {
        let world = World::at("2026-11-30T12:00");
        let mut process = world.starts(quota(1000, Period::Month, 1));
        process.saves(100);
        world.clock.set("2099-01-01T12:00");
        process.saves(10);
        assert_eq!(process.used(), 10);
        world.clock.set("2026-11-30T12:05");
        if restart {
            process = world.starts(quota(1000, Period::Month, 1));
        }
        process.saves(1);
        assert_eq!((period(&process).0.as_str(), process.used()), ("2026-11-01", 111));
        assert_eq!(world.number("SELECT sum(used) FROM periods"), 111);
        world.clock.set("2026-12-01T00:00");
        process.saves(5);
        assert_eq!((period(&process).0.as_str(), process.used()), ("2026-12-01", 5));
    }
}

#[test]
fn another_time_zone_neither_loses_nor_doubles() {
    let world = World::at("2026-12-01T01:00");
    let mut process = world.starts(quota(1000, Period::Month, 1));
    process.saves(100);
    // There it is still November.
    world.clock.travel("EST5");
    process.saves(10);
    assert_eq!((period(&process).0.as_str(), process.used()), ("2026-12-01", 110));
    world.clock.travel("<+14>-14");
    process.saves(1);
    assert_eq!((period(&process).0.as_str(), process.used()), ("2026-12-01", 111));
    assert_eq!(world.number("SELECT sum(used) FROM periods"), 111);
}

#[test]
fn the_sum_of_all_periods_is_what_was_used_whatever_the_clock_does() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(quota(1_000_000, Period::Day, 1));
    let mut sum = 0;
    let times = ["2026-12-01T00:00", "2026-11-30T23:59", "2027-06-01T01:00", "2026-11-01T01:00"];
    for (bytes, time) in (1..).zip(times.iter().cycle().take(40)) {
        world.clock.set(time);
        process.saves(bytes);
        sum += i64::try_from(bytes).unwrap();
        assert_eq!(world.number("SELECT sum(used) FROM periods"), sum, "at {time}");
        assert_eq!(world.number("SELECT sum(received) FROM days"), 3 * sum, "at {time}");
    }
}
