//! How large the file becomes.

use std::fs;

use ledger::{
    AccountReading, By, Histogram, Ledger, ProgramCounts, ProgramReading, ProviderReading, Range,
    Reading,
};

use crate::support::World;

const MIB: u64 = 1 << 20;

/// Five providers of three accounts and five programs, all busy at every hour.
fn busy() -> Reading {
    let providers = ["a", "b", "c", "d", "e"].map(|id| ProviderReading {
        id: id.into(),
        name: format!("news.{id}.example.com"),
        account: id.into(),
        ..ProviderReading::default()
    });
    let programs = ["sabnzbd", "nzbget", "pan", "newsbin", "kodi"];
    let program =
        |name: &str| ProgramReading { name: name.into(), counts: ProgramCounts::default() };
    let account = |id: &str| AccountReading { id: id.into(), bytes: 0 };
    Reading {
        providers: providers.into(),
        accounts: ["a", "b", "c"].map(account).into(),
        programs: programs.map(program).into(),
    }
}

/// What an hour of downloads at 100 MB/s adds.
fn add_hour(reading: &mut Reading) {
    for provider in &mut reading.providers {
        let counts = &mut provider.counts;
        counts.received += 72_123_456_789;
        counts.sent += 12_345_678;
        counts.articles += 98_765;
        counts.missing += 1_234;
        counts.refused += 3;
        counts.failed += 17;
        counts.resumed += 5;
        counts.rescued += 123;
        counts.sibling_checked += 12;
        counts.sibling_differed += 1;
        let Histogram(first_byte) = &mut provider.first_byte;
        (4..16).for_each(|bucket| first_byte[bucket] += 9_876);
        for asked in provider.ages.exact.iter_mut().chain(&mut provider.ages.estimated) {
            asked.delivered += 4_567;
            asked.missing += 89;
        }
    }
    reading.accounts.iter_mut().for_each(|account| account.bytes += 123_456_789_012);
    for program in &mut reading.programs {
        program.counts.bytes += 72_123_456_789;
        program.counts.articles += 98_765;
        program.counts.missing += 234;
        program.counts.failed += 2;
    }
}

fn size(world: &World) -> u64 {
    let files = fs::read_dir(world.folder.path()).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn the_file_stays_small_over_years_of_heavy_use() {
    let world = World::at("2026-01-01T00:30");
    let (mut ledger, _) = Ledger::open(world.folder.path(), world.clock.clone());
    let mut reading = busy();
    let mut sizes = Vec::new();
    for _ in 0..4 {
        for _ in 0..365 {
            for _ in 0..24 {
                add_hour(&mut reading);
                ledger.take(&reading);
                world.clock.pass(3600);
            }
            ledger.flush().unwrap();
        }
        sizes.push(size(&world));
    }
    println!("KiB after each year: {:?}", sizes.iter().map(|size| size / 1024).collect::<Vec<_>>());
    // What the crate's documentation promises.
    assert!(sizes[1] < 3 * MIB && sizes[3] - sizes[2] < MIB / 8, "{sizes:?}");
    let hours = world.number("SELECT count(*) FROM hours");
    assert!((13 * 24 * 34..=13 * 24 * 36).contains(&hours), "{hours}");
    let days = world.number("SELECT count(*) FROM days");
    assert!((13 * 729..=13 * 732).contains(&days), "{days}");
    // Nothing of it is lost by month.
    let series = ledger.series(Range::All, By::Account).unwrap();
    assert_eq!(
        series.total.bytes,
        reading.accounts.iter().map(|account| account.bytes).sum::<u64>()
    );
    assert_eq!(series.steps.len(), 48);
}

#[test]
fn a_clock_that_is_wrong_for_hours_does_not_remove_years() {
    let world = World::at("2026-11-30T12:00");
    let mut process = world.opens();
    process.ledger.keep_days(10);
    process.saves(1);
    world.clock.set("2099-01-01T12:00");
    for _ in 0..5 {
        process.saves(1);
        world.clock.pass(3600);
    }
    world.clock.set("2026-11-30T18:00");
    process.saves(1);
    assert_eq!(world.number("SELECT sum(received) FROM days WHERE at = 20261130"), 3 * 2);
    // Time that passes removes it.
    for _ in 0..13 {
        world.clock.pass(86_400);
        process.saves(1);
    }
    assert_eq!(world.number("SELECT count(*) FROM days WHERE at = 20261130"), 0);
    assert_eq!(world.number("SELECT sum(received) FROM months"), 3 * 20);
}
