//! What the window shows: series, report cards, tables.

use std::time::Duration;

use ledger::{
    AgeRange, Ages, Asked, By, Counts, Histogram, ProgramCounts, ProviderState, Range, Step,
};

use crate::support::{SAO_PAULO, World, local, reading, served};

#[test]
fn an_empty_history_has_all_its_steps() {
    let world = World::at("2026-11-30T12:00");
    let ledger = world.opens().ledger;
    for (range, step, steps) in [
        (Range::Today, Step::Hour, 24),
        (Range::Days30, Step::Day, 30),
        (Range::Months12, Step::Month, 12),
        (Range::All, Step::Month, 1),
    ] {
        let series = ledger.series(range, By::Provider).unwrap();
        assert_eq!((series.step, series.steps.len(), series.rows.len()), (step, steps, 0));
        assert!(ledger.report_cards(range).unwrap().is_empty());
        assert_eq!(ledger.export_csv(range, By::Program).unwrap().lines().count(), 1);
    }
}

#[test]
fn steps_begin_at_local_times() {
    let start = |world: &World, range| {
        let series = world.opens().ledger.series(range, By::Provider).unwrap();
        (series.steps[0], series.steps.len(), series.steps[series.steps.len() - 1])
    };
    let berlin = |time| local(time, crate::support::BERLIN).timestamp().as_second();
    let world = World::at("2026-03-29T12:00");
    let (first, hours, last) = start(&world, Range::Today);
    let ends = (berlin("2026-03-29T00:00"), berlin("2026-03-29T23:00"));
    assert_eq!((first, hours, last), (ends.0, 23, ends.1));
    let (first, days, last) = start(&world, Range::Days30);
    let ends = (berlin("2026-02-28T00:00"), berlin("2026-03-29T00:00"));
    assert_eq!((first, days, last), (ends.0, 30, ends.1));
    let (first, months, last) = start(&world, Range::Months12);
    let ends = (berlin("2025-04-01T00:00"), berlin("2026-03-01T00:00"));
    assert_eq!((first, months, last), (ends.0, 12, ends.1));
    assert_eq!(start(&World::at("2026-10-25T12:00"), Range::Today).1, 25);
    // The day without a midnight begins an hour later.
    let world = World::in_zone("2018-11-04T12:00", SAO_PAULO);
    let (first, hours, _) = start(&world, Range::Today);
    assert_eq!((first, hours), (local("2018-11-04T01:00", SAO_PAULO).timestamp().as_second(), 23));
}

#[test]
fn use_is_in_the_step_in_which_it_was() {
    let world = World::at("2026-11-29T23:59:59");
    let mut process = world.opens();
    process.saves(1000);
    world.clock.pass(1);
    process.saves(100);
    world.clock.set("2026-11-30T14:30");
    process.saves(10);
    process.uses(1);
    let of = |range| {
        let series = process.ledger.series(range, By::Program).unwrap();
        let row = series.rows.into_iter().next().unwrap();
        assert_eq!((row.id.as_str(), row.total), ("sabnzbd", series.total));
        row.bytes
    };
    let today = of(Range::Today);
    assert_eq!((today[0], today[14], today.iter().sum::<u64>()), (100, 11, 111));
    let days = of(Range::Days30);
    assert_eq!((days[28], days[29], days.iter().sum::<u64>()), (1000, 111, 1111));
    assert_eq!(of(Range::Months12)[11], 1111);
    assert_eq!(of(Range::All), [1111]);
}

#[test]
fn the_most_used_come_first_and_names_outlive_providers() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.opens();
    let mut both = reading();
    both.providers.push(both.providers[0].clone());
    both.providers[1].id = "b".into();
    both.providers[1].name = "Beta".into();
    (both.providers[0].counts.received, both.providers[1].counts.received) = (1, 5);
    process.ledger.take(&both);
    process.ledger.flush().unwrap();
    both.providers.pop();
    both.providers[0].name = "Alpha renamed".into();
    process.ledger.take(&both);
    let rows = process.ledger.series(Range::Today, By::Provider).unwrap().rows;
    let seen: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.removed)).collect();
    assert_eq!(seen, [("Beta", true), ("Alpha renamed", false)]);
    assert!(
        !process.ledger.series(Range::Today, By::Program).unwrap().rows.iter().any(|r| r.removed)
    );
    let cards = world.opens().ledger.report_cards(Range::All).unwrap();
    assert_eq!(
        (cards[0].name.as_str(), cards[0].account.as_str(), cards[0].removed),
        ("Beta", "a", false)
    );
}

#[test]
fn speed_is_bytes_by_busy_time() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.opens();
    for (seconds, bytes) in [(1, 1000), (1, 1000), (3600, 0), (3600, 500)] {
        world.clock.pass(seconds);
        process.uses(bytes);
    }
    // Of the last hour, five seconds count.
    let total = process.ledger.series(Range::Today, By::Provider).unwrap().total;
    assert_eq!(total.bytes_per_sec, 2500 / 7);
    process.ledger.flush().unwrap();
    let card = process.ledger.report_cards(Range::Today).unwrap().remove(0);
    assert_eq!(
        (card.speed_by_hour[12], card.speed_by_hour[13], card.speed_by_hour[14]),
        (1000, 0, 100)
    );
}

#[test]
fn time_down_is_that_since_a_reading_that_was_down() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.opens();
    let states = [ProviderState::Up, ProviderState::Down, ProviderState::Down, ProviderState::Up];
    for state in states {
        process.reading.providers[0].state = state;
        process.uses(0);
        world.clock.pass(10);
    }
    // Asleep for a day while down: that is not known to be down.
    process.reading.providers[0].state = ProviderState::Down;
    process.uses(0);
    world.clock.pass(86_400);
    process.uses(0);
    let total = process.ledger.series(Range::All, By::Provider).unwrap().total;
    assert_eq!(total.down_secs, 20 + 60);
    // A clock set back counts nothing.
    world.clock.pass(-7200);
    process.uses(0);
    let total = process.ledger.series(Range::All, By::Provider).unwrap().total;
    assert_eq!(total.down_secs, 80);
}

#[test]
fn first_bytes_of_all_flushes_add_up() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.opens();
    for millis in 1..=100 {
        process.reading.providers[0].first_byte.record(Duration::from_millis(millis));
        process.saves(0);
    }
    let total = process.ledger.series(Range::All, By::Provider).unwrap().total;
    let (median, p95) = (total.first_byte_ms.unwrap(), total.first_byte_p95_ms.unwrap());
    assert!((48..=52).contains(&median) && (92..=105).contains(&p95), "{median} {p95}");
}

#[test]
fn every_count_adds_up_over_flushes() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.opens();
    for times in 1..=3 {
        process.reading.providers[0].counts = Counts {
            received: times,
            sent: 2 * times,
            articles: 3 * times,
            missing: 4 * times,
            refused: 5 * times,
            failed: 6 * times,
            resumed: 7 * times,
            rescued: 8 * times,
            sibling_checked: 9 * times,
            sibling_differed: 10 * times,
        };
        process.saves(0);
    }
    let csv = process.ledger.export_csv(Range::Months12, By::Provider).unwrap();
    assert!(csv.contains("2026-11,a,Alpha,3,6,9,12,15,18,21,24,0,"), "{csv}");
    let card = process.ledger.report_cards(Range::Today).unwrap().remove(0);
    assert_eq!((card.sibling_checked, card.sibling_differed), (27, 30));
}

#[test]
fn percentiles_stay_within_their_bucket() {
    assert_eq!(Histogram::default().percentile(50), None);
    let mut slow = Histogram::default();
    slow.record(Duration::from_secs(3600));
    assert_eq!(slow.percentile(50), Some(Duration::from_micros(Histogram::BOUNDS_MICROS[30])));
    for micros in [0, 999, 1000, 1001, 1399, 1400, 5_000_000] {
        let mut one = Histogram::default();
        one.record(Duration::from_micros(micros));
        let bucket = Histogram::bucket(Duration::from_micros(micros));
        let low = bucket.checked_sub(1).map_or(0, |below| Histogram::BOUNDS_MICROS[below]);
        let high = Histogram::BOUNDS_MICROS[bucket];
        assert!((low..high).contains(&micros), "{micros}");
        for percent in [0, 50, 100, 255] {
            let found = one.percentile(percent).unwrap().as_micros();
            assert!((u128::from(low)..=u128::from(high)).contains(&found), "{micros}: {found}");
        }
    }
}

fn asked(delivered: u64, missing: u64) -> Asked {
    Asked { delivered, missing }
}

#[test]
fn a_report_card_says_what_a_provider_is_good_for() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.opens();
    let counts = Counts {
        articles: 900,
        missing: 100,
        rescued: 12,
        sibling_checked: 10,
        sibling_differed: 2,
        ..Counts::default()
    };
    process.reading = served(counts);
    let ages = &mut process.reading.providers[0].ages;
    ages.exact[Ages::bucket(0)] = asked(500, 0);
    ages.estimated[Ages::bucket(1000)] = asked(48, 2);
    ages.exact[Ages::bucket(1200)] = asked(94, 0);
    ages.estimated[Ages::bucket(1200)] = asked(0, 6);
    ages.exact[Ages::bucket(6000)] = asked(49, 0);
    process.saves(0);
    // Another flush adds, and pending ones count.
    process.reading.providers[0].ages.exact[Ages::bucket(0)].delivered += 7;
    process.uses(0);
    let card = process.ledger.report_cards(Range::All).unwrap().remove(0);
    assert_eq!((card.asked, card.completion), (1000, Some(0.9)));
    assert_eq!((card.total.rescued, card.sibling_checked, card.sibling_differed), (12, 10, 2));
    let range = |from_days, to_days| AgeRange { from_days, to_days };
    assert_eq!(card.retention, Some(range(730, Some(1095))));
    let lines: Vec<_> =
        card.ages.iter().map(|line| (line.age, line.exact, line.estimated)).collect();
    let none = asked(0, 0);
    assert_eq!(
        lines,
        [
            (range(0, Some(1)), asked(507, 0), none),
            (range(730, Some(1095)), none, asked(48, 2)),
            (range(1095, Some(1460)), asked(94, 0), asked(0, 6)),
            (range(5475, None), asked(49, 0), none),
        ]
    );
    assert!((card.ages[2].completion - 0.94).abs() < 1e-9);
}

#[test]
fn ages_have_their_buckets() {
    for (days, bucket) in [(0, 0), (1, 1), (6, 1), (7, 2), (29, 2), (30, 3), (90, 4), (180, 5)] {
        assert_eq!(Ages::bucket(days), bucket, "{days}");
    }
    for (days, bucket) in [(364, 5), (365, 6), (5474, 19), (5475, 20), (u32::MAX, 20)] {
        assert_eq!(Ages::bucket(days), bucket, "{days}");
        let age = AgeRange::of(bucket);
        assert!(age.from_days <= days && age.to_days.is_none_or(|to| days < to), "{days}");
    }
}

#[test]
fn a_table_has_a_line_for_each_step_with_use() {
    let world = World::at("2026-11-29T12:00");
    let mut process = world.opens();
    process.reading.programs[0].name = "My, \"own\"".into();
    let counts = ProgramCounts { bytes: 5, articles: 1, missing: 2, failed: 3 };
    process.reading.programs[0].counts = counts;
    process.saves(0);
    world.clock.set("2026-11-30T14:30");
    process.reading.programs[0].counts.bytes += 7;
    process.saves(0);
    let csv = |range| process.ledger.export_csv(range, By::Program).unwrap();
    let name = "\"My, \"\"own\"\"\"";
    let line = |start: &str, rest: &str| format!("{start},{name},{name},{rest}");
    let days = csv(Range::Days30);
    let lines: Vec<&str> = days.split("\r\n").collect();
    assert_eq!(lines[0].split(',').count(), 15);
    assert_eq!(lines[1], line("2026-11-29", "5,0,1,2,0,3,0,0,0,0,,"));
    assert_eq!(lines[2], line("2026-11-30", "7,0,0,0,0,0,0,0,0,5,,"));
    assert_eq!(lines[3..], [""]);
    assert!(csv(Range::Today).contains("2026-11-30T14:00:00+01:00,"));
    assert!(csv(Range::All).contains("\r\n2026-11,"));
}

#[test]
fn json_has_plain_names() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.opens();
    process.saves(5);
    let series =
        serde_json::to_value(process.ledger.series(Range::All, By::Account).unwrap()).unwrap();
    assert_eq!((&series["step"], &series["rows"][0]["id"]), (&"month".into(), &"a".into()));
    assert_eq!(series["rows"][0]["bytes"], serde_json::json!([5]));
    assert_eq!(serde_json::from_str::<Range>("\"days30\"").unwrap(), Range::Days30);
    assert_eq!(serde_json::from_str::<Range>("\"months12\"").unwrap(), Range::Months12);
}
