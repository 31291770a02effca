//! Whatever the order of readings, flushes, failures, restarts and clocks: all that was used is counted,
//! once.

use ledger::{By, Period, Range};
use proptest::prelude::*;

use crate::support::{Process, World, block, quota};

#[derive(Debug, Clone)]
enum Step {
    /// The process uses so many bytes.
    Uses(bool, u64),
    Flushes(bool),
    /// The process ends in order and another one starts.
    Restarts(bool),
    /// From now on, flushes fail halfway, or work again.
    Fails(bool),
    /// The clock moves by so many minutes: never so far that hours are removed.
    Passes(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<bool>(), 1..1_000_000_u64).prop_map(|(which, bytes)| Step::Uses(which, bytes)),
        4 => any::<bool>().prop_map(Step::Flushes),
        1 => any::<bool>().prop_map(Step::Restarts),
        2 => any::<bool>().prop_map(Step::Fails),
        3 => (-1000..1400_i64).prop_map(Step::Passes),
    ]
}

const FAIL: &str = "
CREATE TRIGGER IF NOT EXISTS new BEFORE INSERT ON periods BEGIN SELECT RAISE(FAIL, 'no'); END;
CREATE TRIGGER IF NOT EXISTS old BEFORE UPDATE ON periods BEGIN SELECT RAISE(FAIL, 'no'); END";
const WORK: &str = "DROP TRIGGER IF EXISTS new; DROP TRIGGER IF EXISTS old";

fn run(world: &World, period: Period, steps: Vec<Step>) -> u64 {
    let start = || world.starts(quota(u64::MAX / 4, period, 31));
    let mut processes = [start(), start()];
    let mut sum = 0;
    let fail = |fails| world.look().execute_batch(if fails { FAIL } else { WORK }).unwrap();
    for step in steps {
        match step {
            Step::Uses(which, bytes) => {
                processes[usize::from(which)].uses(bytes);
                sum += bytes;
            }
            Step::Flushes(which) => {
                processes[usize::from(which)].ledger.flush().ok();
            }
            Step::Restarts(which) => {
                fail(false);
                processes[usize::from(which)].ledger.flush().unwrap();
                processes[usize::from(which)] = start();
            }
            Step::Fails(fails) => fail(fails),
            Step::Passes(minutes) => world.clock.pass(minutes * 60),
        }
    }
    fail(false);
    processes.iter_mut().for_each(|process: &mut Process| process.ledger.flush().unwrap());
    sum
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn everything_is_counted_once(steps in prop::collection::vec(step(), 1..60)) {
        let world = World::at("2026-11-29T12:00");
        let sum = run(&world, Period::Once, steps);
        prop_assert_eq!(world.starts(block(1)).used(), sum);
        let signed = i64::try_from(sum).unwrap();
        for table in ["hours", "days", "months"] {
            let all = format!("SELECT ifnull(sum(received), 0) FROM {table}");
            prop_assert_eq!(world.number(&all), 3 * signed);
        }
        for by in [By::Provider, By::Account, By::Program] {
            let series = world.opens().ledger.series(Range::All, by).unwrap();
            prop_assert_eq!(series.total.bytes, sum);
        }
    }

    #[test]
    fn every_byte_is_in_one_period(steps in prop::collection::vec(step(), 1..60)) {
        for period in [Period::Day, Period::Week, Period::Month] {
            let world = World::at("2026-11-29T12:00");
            let sum = run(&world, period, steps.clone());
            let all = world.number("SELECT ifnull(sum(used), 0) FROM periods");
            prop_assert_eq!(all, i64::try_from(sum).unwrap());
        }
    }
}
