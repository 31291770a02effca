//! What a process has used, as Linux counts it.

use std::fs;
use std::time::Duration;

/// Processor time and memory of a process and its children.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    /// The most memory that was resident, in bytes.
    pub(crate) peak: u64,
}

impl Usage {
    pub(crate) fn of(pid: u32) -> Self {
        let own = Self { cpu: Duration::from_nanos(threads(pid)), peak: peak(pid) };
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        let pids = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        pids.map(Self::of)
            .fold(own, |sum, child| Self { cpu: sum.cpu + child.cpu, peak: sum.peak + child.peak })
    }
}

/// The nanoseconds that its threads ran. Those that have ended are missing, but none of any relay ends while it
/// is measured. (`/proc/PID/stat` has them all, in ticks of 10 ms: too coarse for a run of half a second.)
fn threads(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let times = threads.filter_map(|thread| {
        let times = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        times.split_whitespace().next()?.parse::<u64>().ok()
    });
    times.sum()
}

fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
