//! What a process has used, as Linux counts it.

use std::fs;
use std::time::Duration;

/// The ticks of `/proc/PID/stat`: 100 a second, on every Linux that is in use.
const TICK: Duration = Duration::from_millis(10);

/// Processor time and memory of a process and its children.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    /// The most memory that was resident, in bytes.
    pub(crate) peak: u64,
}

impl Usage {
    pub(crate) fn of(pid: u32) -> Self {
        let own = Self { cpu: TICK * ticks(pid), peak: peak(pid) };
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        let pids = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        pids.map(Self::of)
            .fold(own, |sum, child| Self { cpu: sum.cpu + child.cpu, peak: sum.peak + child.peak })
    }
}

/// User and system time, of the threads that have ended too.
fn ticks(pid: u32) -> u32 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Behind the name, which is in brackets, come the state and 10 numbers, then these two.
    let behind = stat.rsplit(')').next().unwrap_or_default();
    behind.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u32>().ok()).sum()
}

fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
