//! The schedule by given clocks: over midnight, and where the local clock is changed.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::*;

const SLOW: TrafficMode = TrafficMode::Slow;
const NORMAL: TrafficMode = TrafficMode::Normal;

fn rules(rules: Value) -> Vec<Rule> {
    serde_json::from_value(rules).unwrap()
}

/// A time of the local clock in Berlin, with its offset where it comes twice.
fn berlin(text: &str) -> ZonedDateTime {
    format!("{text}[Europe/Berlin]").parse().unwrap()
}

/// What holds at each change from a time on, as the local clock shows it.
fn changes(rules: &[Rule], from: &str, count: usize) -> Vec<(String, TrafficMode)> {
    let mut now = berlin(from);
    let mut found = Vec::new();
    for _ in 0..count {
        let Some((at, mode)) = next_change(rules, &now) else { break };
        now = at.to_zoned_datetime(now.time_zone().clone());
        assert_eq!(mode_at(rules, now.datetime()), mode);
        found.push((now.strftime("%a %H:%M %:z").to_string(), mode));
    }
    found
}

fn shown(found: &[(String, TrafficMode)]) -> Vec<(&str, TrafficMode)> {
    found.iter().map(|(at, mode)| (at.as_str(), *mode)).collect()
}

#[test]
fn a_rule_holds_on_its_days_from_its_beginning_to_before_its_end() {
    let rules =
        rules(json!([{"days": ["mon", "fri"], "from": "18:00", "to": "23:00", "slow": true}]));
    for (at, mode) in [
        ("2026-11-30T17:59:59", NORMAL),
        ("2026-11-30T18:00:00", SLOW),
        ("2026-11-30T22:59:59", SLOW),
        ("2026-11-30T23:00:00", NORMAL),
        ("2026-12-01T19:00:00", NORMAL),
        ("2026-12-04T19:00:00", SLOW),
    ] {
        assert_eq!(mode_at(&rules, berlin(at).datetime()), mode, "{at}");
    }
    let found = changes(&rules, "2026-12-01T12:00:00", 3);
    let expected =
        [("Fri 18:00 +01:00", SLOW), ("Fri 23:00 +01:00", NORMAL), ("Mon 18:00 +01:00", SLOW)];
    assert_eq!(shown(&found), expected);
}

#[test]
fn a_rule_over_midnight_belongs_to_the_day_on_which_it_begins() {
    let rules = rules(json!([{"days": ["sun"], "from": "22:00", "to": "06:30", "pause": true}]));
    let paused = TrafficMode::Paused;
    for (at, mode) in [
        ("2026-11-29T05:00:00", NORMAL),
        ("2026-11-29T22:00:00", paused),
        ("2026-11-30T00:00:00", paused),
        ("2026-11-30T06:29:00", paused),
        ("2026-11-30T06:30:00", NORMAL),
        ("2026-11-30T22:30:00", NORMAL),
    ] {
        assert_eq!(mode_at(&rules, berlin(at).datetime()), mode, "{at}");
    }
    let found = changes(&rules, "2026-11-30T00:10:00", 2);
    assert_eq!(shown(&found), [("Mon 06:30 +01:00", NORMAL), ("Sun 22:00 +01:00", paused)]);
}

#[test]
fn a_rule_that_ends_when_it_begins_holds_all_day() {
    let rules = rules(json!([{"days": ["tue"], "from": "08:00", "to": "08:00", "speed": 5000}]));
    let found = changes(&rules, "2026-11-30T12:00:00", 2);
    let speed = TrafficMode::Speed { speed: 5000 };
    assert_eq!(shown(&found), [("Tue 08:00 +01:00", speed), ("Wed 08:00 +01:00", NORMAL)]);
    let always = self::rules(json!([{"from": "00:00", "to": "00:00", "slow": true}]));
    assert_eq!(next_change(&always, &berlin("2026-11-30T12:00:00")), None);
}

#[test]
fn the_first_of_several_rules_holds_and_equal_neighbours_are_no_change() {
    let rules = rules(json!([
        {"from": "20:00", "to": "21:00", "full": true},
        {"from": "18:00", "to": "22:00", "slow": true},
        {"from": "22:00", "to": "23:00", "slow": true}
    ]));
    let found = changes(&rules, "2026-11-30T12:00:00", 4);
    let full = TrafficMode::Full;
    let expected = [
        ("Mon 18:00 +01:00", SLOW),
        ("Mon 20:00 +01:00", full),
        ("Mon 21:00 +01:00", SLOW),
        ("Mon 23:00 +01:00", NORMAL),
    ];
    assert_eq!(shown(&found), expected);
}

/// On 29 March 2026 the clocks in Berlin go from 02:00 to 03:00.
#[test]
fn an_hour_that_is_left_out_in_spring_is_no_longer_than_the_clock_says() {
    let inside = rules(json!([{"from": "02:00", "to": "03:00", "pause": true}]));
    let found = changes(&inside, "2026-03-29T00:30:00", 1);
    assert_eq!(shown(&found), [("Mon 02:00 +02:00", TrafficMode::Paused)]);
    for (from, to, begins, ends) in [
        ("02:30", "04:00", "Sun 03:00 +02:00", "Sun 04:00 +02:00"),
        ("01:00", "02:30", "Sun 01:00 +01:00", "Sun 03:00 +02:00"),
        ("01:00", "05:00", "Sun 01:00 +01:00", "Sun 05:00 +02:00"),
    ] {
        let rules = rules(json!([{"from": from, "to": to, "slow": true}]));
        let found = changes(&rules, "2026-03-29T00:30:00", 2);
        assert_eq!(shown(&found), [(begins, SLOW), (ends, NORMAL)], "{from} to {to}");
    }
}

/// On 25 October 2026 the clocks in Berlin go from 03:00 back to 02:00.
#[test]
fn an_hour_that_comes_twice_in_autumn_counts_both_times() {
    for (from, to, expected) in [
        ("02:00", "03:00", vec![("Sun 02:00 +02:00", SLOW), ("Sun 03:00 +01:00", NORMAL)]),
        ("01:00", "05:00", vec![("Sun 01:00 +02:00", SLOW), ("Sun 05:00 +01:00", NORMAL)]),
        (
            "01:00",
            "02:30",
            vec![
                ("Sun 01:00 +02:00", SLOW),
                ("Sun 02:30 +02:00", NORMAL),
                ("Sun 02:00 +01:00", SLOW),
                ("Sun 02:30 +01:00", NORMAL),
            ],
        ),
    ] {
        let rules = rules(json!([{"from": from, "to": to, "slow": true}]));
        let found = changes(&rules, "2026-10-25T00:30:00", expected.len());
        assert_eq!(shown(&found), expected, "{from} to {to}");
    }
}

#[test]
fn in_another_time_zone_the_same_moment_is_another_time() {
    let rules = rules(json!([{"from": "18:00", "to": "23:00", "slow": true}]));
    let here = berlin("2026-11-30T18:30:00");
    let there = here.with_time_zone(TimeZone::get("America/New_York").unwrap());
    assert_eq!(mode_at(&rules, here.datetime()), SLOW);
    assert_eq!(mode_at(&rules, there.datetime()), NORMAL);
    let (at, _) = next_change(&rules, &there).unwrap();
    assert_eq!(
        at.to_zoned_datetime(there.time_zone().clone()).strftime("%H:%M").to_string(),
        "18:00"
    );
}

#[test]
fn times_are_written_as_they_are_read() {
    for text in ["00:00", "09:05", "23:59"] {
        assert_eq!(Clock::try_from(text.to_owned()).unwrap().to_string(), text);
    }
    for text in ["", "24:00", "9:05", "12:60", "12", "12:00:00", "+1:00", "ab:cd"] {
        assert!(Clock::try_from(text.to_owned()).is_err(), "{text}");
    }
}
