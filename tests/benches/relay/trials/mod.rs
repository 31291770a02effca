//! The trials: what newsmuxd does where it could waste, stumble or be unfair. Each has figures of its own, with the
//! alternative beside them, and the bar that the design sets where it sets one.

mod compression;
mod crowd;
mod economy;
mod fairness;
mod faults;
mod limits;
mod newsreader;
mod sheet;
mod small;

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::articles::Articles;
use crate::provider::{Habits, Shop};
use crate::relays::Upstream;

pub(crate) use sheet::{Bar, Line, Sheet};

/// One of them.
#[derive(Clone, Copy)]
pub(crate) struct Trial {
    pub(crate) name: &'static str,
    run: fn(&Path, &mut Sheet) -> Result<(), String>,
    /// It mostly waits: others may run beside it.
    is_quiet: bool,
}

const ALL: [Trial; 22] = [
    quiet("economy: slow reader", economy::slow_reader),
    quiet("economy: slow line", economy::slow_line),
    quiet("compression: overview", compression::overview),
    quiet("limit: 100 kB/s", limits::slow),
    quiet("limit: 5 MB/s", limits::medium),
    quiet("sick provider: stalls", faults::stalling),
    quiet("sick provider: drops", faults::dropping),
    quiet("silent connections", faults::silent),
    busy("compression: yEnc", compression::articles),
    busy("limit: 100 MB/s", limits::fast),
    busy("limit: cost", limits::cost),
    busy("economy: 768 KiB", economy::common),
    busy("economy: 1.5 MB", economy::large),
    busy("economy: 10 MB", economy::huge),
    busy("newsreader beside downloads", newsreader::beside_downloads),
    busy("fairness: throughput", fairness::throughput),
    busy("fairness: STAT", fairness::stat),
    busy("1,000 waiting clients", small::waiting),
    busy("one blip", faults::blip),
    busy("one write: 64 STATs", small::one_write),
    busy("STAT against nginx, 4 × 16", small::against_nginx),
    busy("50 ms away, one at a time", small::far_away),
];

const fn quiet(name: &'static str, run: fn(&Path, &mut Sheet) -> Result<(), String>) -> Trial {
    Trial { name, run, is_quiet: true }
}

const fn busy(name: &'static str, run: fn(&Path, &mut Sheet) -> Result<(), String>) -> Trial {
    Trial { name, run, is_quiet: false }
}

/// Runs those whose names have `only` in them so many times.
pub(crate) fn run(
    only: &str,
    rounds: usize,
    programs: &Path,
    sheet: &mut Sheet,
) -> Result<(), String> {
    let chosen = || ALL.iter().filter(|trial| trial.name.contains(only));
    for _ in 0..rounds {
        for quiet in all_quiet(chosen().filter(|trial| trial.is_quiet), programs)? {
            sheet.add(quiet);
        }
        for trial in chosen().filter(|trial| !trial.is_quiet) {
            sheet.add(trial.sheet(programs)?);
        }
    }
    Ok(())
}

/// Runs them beside each other.
fn all_quiet<'a>(
    trials: impl Iterator<Item = &'a Trial>,
    programs: &Path,
) -> Result<Vec<Sheet>, String> {
    thread::scope(|scope| {
        let running: Vec<_> = trials.map(|trial| scope.spawn(|| trial.sheet(programs))).collect();
        running.into_iter().map(|trial| trial.join().map_err(|_| "a trial panicked")?).collect()
    })
}

impl Trial {
    fn sheet(self, programs: &Path) -> Result<Sheet, String> {
        let mut sheet = Sheet::default();
        (self.run)(programs, &mut sheet).map_err(|error| format!("{}: {error}", self.name))?;
        Ok(sheet)
    }
}

/// A provider so many milliseconds away that serves articles of this size.
fn provider(size: usize, latency: u64) -> Habits {
    let latency = Duration::from_millis(latency);
    Habits { latency, ..Habits::of(Arc::new(Articles::new(size))) }
}

/// Opens it, for newsmuxd with so many connections.
fn open(habits: Habits, connections: u16) -> Result<(Arc<Shop>, Upstream), String> {
    let (shop, port) = Shop::open(habits)?;
    Ok((shop, Upstream::at(port, connections)))
}
