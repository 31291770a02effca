//! Quotas: how far accounts may go, what changes with a plan, and what makes no sense.

use ledger::{Exhausted, Period, Plan, Quota};

use crate::support::{World, block, plan, quota};

#[test]
fn the_allowance_is_the_total_at_which_the_quota_ends() {
    let world = World::at("2026-11-30T12:00");
    let bought = Quota { used_before: 200, reserve: 50, ..block(1000) };
    let mut process = world.starts(bought);
    let allowance = process.saves(100).allowances.remove(0);
    assert_eq!((allowance.until, allowance.reserve_from), (800, 750));
    // Another start counts from zero, and so does its allowance.
    let mut process = world.starts(bought);
    let allowance = process.uses(0).allowances.remove(0);
    assert_eq!((allowance.until, allowance.reserve_from), (700, 650));
    let allowance = process.uses(660).allowances.remove(0);
    assert_eq!((allowance.until, allowance.reserve_from), (700, 660));
    assert_eq!(process.ledger.exhausted("a"), None);
    let allowance = process.uses(41).allowances.remove(0);
    assert_eq!((allowance.until, allowance.reserve_from), (701, 701));
    assert_eq!(process.ledger.exhausted("a"), Some(Exhausted::Quota));
    assert_eq!((process.used(), process.account().left), (1001, Some(0)));
}

#[test]
fn an_account_without_a_quota_has_no_allowance() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.opens();
    process.ledger.set_plans(vec![plan(None, None)]).unwrap();
    assert_eq!(process.saves(100).allowances, []);
    assert_eq!((process.used(), process.account().left), (100, None));
    assert_eq!(process.ledger.exhausted("a"), None);
    assert_eq!(process.ledger.account("b"), None);
}

#[test]
fn what_was_used_before_counts_in_the_period_in_which_it_was_entered() {
    let world = World::at("2026-11-30T12:00");
    let bought = Quota { used_before: 500, ..quota(1000, Period::Month, 1) };
    let mut process = world.starts(bought);
    process.saves(100);
    assert_eq!(process.used(), 600);
    world.clock.set("2026-12-01T12:00");
    process.saves(1);
    assert_eq!(process.used(), 1);
    let mut process = world.starts(bought);
    assert_eq!(process.used(), 1);
    let corrected = Quota { used_before: 20, ..bought };
    process.ledger.set_plans(vec![plan(Some(corrected), None)]).unwrap();
    assert_eq!(process.used(), 21);
}

#[test]
fn a_period_that_had_begun_before_its_plan_counts_from_its_first_day() {
    let world = World::at("2026-10-31T12:00");
    let mut process = world.opens();
    process.ledger.set_plans(vec![plan(None, None)]).unwrap();
    process.saves(1000);
    world.clock.set("2026-11-02T12:00");
    process.saves(300);
    process.uses(5);
    let month = quota(10_000, Period::Month, 1);
    process.ledger.set_plans(vec![plan(Some(month), None)]).unwrap();
    assert_eq!(process.used(), 305);
    // Who enters what the provider says has entered what Newsmux counted too.
    let world = World::at("2026-11-02T12:00");
    let mut process = world.opens();
    process.saves(300);
    let entered = Quota { used_before: 500, ..month };
    process.ledger.set_plans(vec![plan(Some(entered), None)]).unwrap();
    assert_eq!(process.used(), 500);
    process.saves(7);
    assert_eq!(process.used(), 507);
}

#[test]
fn a_block_counts_from_when_it_is_entered_and_is_not_forgotten() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.opens();
    process.ledger.set_plans(vec![plan(None, None)]).unwrap();
    process.saves(5000);
    process.ledger.set_plans(vec![plan(Some(block(1000)), None)]).unwrap();
    process.saves(400);
    assert_eq!(process.used(), 400);
    for without in [vec![], vec![plan(None, None)]] {
        process.ledger.set_plans(without).unwrap();
        process.saves(0);
        process.ledger.set_plans(vec![plan(Some(block(2000)), None)]).unwrap();
        assert_eq!(process.used(), 400);
    }
}

#[test]
fn another_reset_day_counts_what_is_known_since_then() {
    let world = World::at("2026-11-10T12:00");
    let mut process = world.starts(quota(1000, Period::Month, 1));
    process.saves(100);
    world.clock.set("2026-11-20T12:00");
    process.saves(10);
    let plans = |day| vec![plan(Some(quota(1000, Period::Month, day)), None)];
    process.ledger.set_plans(plans(15)).unwrap();
    assert_eq!(process.used(), 10);
    process.saves(1);
    process.ledger.set_plans(plans(1)).unwrap();
    assert_eq!(process.used(), 111);
    let process = world.starts(quota(1000, Period::Month, 1));
    assert_eq!(process.used(), 111);
}

#[test]
fn what_a_provider_says_holds_until_the_period_ends() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(quota(1000, Period::Month, 1));
    process.saves(100);
    process.ledger.ended("a", "502 Quota exceeded");
    let why = Some(Exhausted::Ended { why: "502 Quota exceeded".into() });
    assert_eq!(process.ledger.exhausted("a"), why);
    assert_eq!(process.saves(1).allowances[0].until, 101);
    let mut process = world.starts(quota(1000, Period::Month, 1));
    assert_eq!(process.ledger.exhausted("a"), why);
    world.clock.set("2026-12-01T00:00");
    assert_eq!(process.uses(0).allowances[0].until, 1000);
    assert_eq!(process.ledger.exhausted("a"), None);
}

#[test]
fn what_a_provider_says_is_over_when_the_plan_changes() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(block(1000));
    for restart in [false, true] {
        process.ledger.ended("a", "expired");
        process.ledger.flush().unwrap();
        if restart {
            process = world.opens();
        }
        let longer =
            plan(Some(block(1000)), Some(if restart { "2028-01-01" } else { "2027-01-01" }));
        process.ledger.set_plans(vec![longer.clone()]).unwrap();
        assert_eq!(process.ledger.exhausted("a"), None);
        process.ledger.flush().unwrap();
        process = world.opens();
        process.ledger.set_plans(vec![longer]).unwrap();
        assert_eq!(process.ledger.exhausted("a"), None);
    }
}

#[test]
fn bytes_of_an_account_that_left_the_plans_are_written() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.starts(block(1000));
    process.uses(100);
    process.ledger.set_plans(Vec::new()).unwrap();
    assert_eq!(process.ledger.account("a"), None);
    assert_eq!(world.starts(block(1000)).used(), 100);
}

#[test]
fn the_pace_is_that_of_the_days_before() {
    let world = World::at("2026-11-01T12:00");
    let mut process = world.starts(block(10_000));
    process.saves(70);
    assert_eq!(process.account().pace_per_day, 70);
    assert_eq!(process.account().empty_in_days, Some(142));
    for day in 2..=20 {
        world.clock.set(&format!("2026-11-{day:02}T12:00"));
        process.saves(100);
    }
    // The 14 days before today, 100 each; today is not over.
    world.clock.set("2026-11-21T00:01");
    process.saves(0);
    assert_eq!(process.account().pace_per_day, 100);
    // After a pause, the same bytes were spread over more days.
    world.clock.set("2026-12-05T12:00");
    process.saves(1);
    assert_eq!(process.account().pace_per_day, 1400 / 28);
}

#[test]
fn a_quota_that_lasts_until_its_period_ends_is_never_empty() {
    let world = World::at("2026-11-29T12:00");
    let mut process = world.starts(quota(1000, Period::Month, 1));
    process.saves(100);
    world.clock.set("2026-11-30T12:00");
    process.saves(0);
    assert_eq!((process.account().pace_per_day, process.account().empty_in_days), (100, None));
    let mut process = world.starts(quota(150, Period::Month, 15));
    process.saves(0);
    assert_eq!(process.account().empty_in_days, Some(1));
}

#[test]
fn a_quota_that_makes_no_sense_is_refused_with_its_field() {
    let month = quota(1000, Period::Month, 1);
    let week = quota(1000, Period::Week, 1);
    for (quota, field) in [
        (Quota { bytes: 0, ..month }, "bytes"),
        (Quota { reserve: 1000, ..month }, "reserve"),
        (Quota { reset_day: 0, ..month }, "reset_day"),
        (Quota { reset_day: 32, ..month }, "reset_day"),
        (Quota { reset_day: 0, ..week }, "reset_day"),
        (Quota { reset_day: 8, ..week }, "reset_day"),
    ] {
        let (wrong, sentence) = quota.check().unwrap_err();
        assert_eq!(wrong, field);
        assert!(sentence.ends_with('.'), "{sentence}");
    }
    for quota in [
        Quota { reset_day: 31, reserve: 999, used_before: 5000, ..month },
        Quota { reset_day: 7, ..week },
        Quota { reset_day: 99, ..quota(1, Period::Day, 1) },
        Quota { reset_day: 0, ..block(1) },
    ] {
        assert_eq!(quota.check(), Ok(()));
    }
}

#[test]
fn a_quota_is_read_as_the_settings_have_it() {
    let read = |text: &str| serde_json::from_str::<Quota>(text);
    assert_eq!(read(r#"{"bytes": 5}"#).unwrap(), block(5));
    let month =
        r#"{"bytes": 5, "used_before": 1, "period": "month", "reset_day": 31, "reserve": 2}"#;
    let full = Quota { used_before: 1, reserve: 2, ..quota(5, Period::Month, 31) };
    assert_eq!(read(month).unwrap(), full);
    assert!(read(r#"{"bytes": 5, "perod": "day"}"#).is_err());
}

#[test]
fn a_quota_that_was_not_checked_is_no_reason_to_fail() {
    for (period, day) in
        [(Period::Month, 0), (Period::Month, 255), (Period::Week, 0), (Period::Week, 99)]
    {
        let world = World::at("2026-11-30T12:00");
        let zero = Plan { account: "a".into(), quota: Some(quota(0, period, day)), expires: None };
        let mut process = world.opens();
        process.ledger.set_plans(vec![zero]).unwrap();
        assert_eq!(process.saves(1).allowances[0].until, 1);
    }
}
