//! How often a small request allocates, from its line to its reply. A test program of its own, because all
//! of a process share the allocator that counts.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

mod cases {
    /// As long as they usually are.
    pub(crate) const ID: &str = "<part12of40.Xk3mA8vQ2rT7bN5s@posting.example.com>";
}
#[path = "../benches/instructions/serve.rs"]
mod serve;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The requests that are counted; those of half as many are subtracted, and with them the start.
const TIMES: u64 = 1000;

/// How many allocations a request takes of `together` in one write.
fn allocations(together: usize) -> f64 {
    let count = |times| {
        let region = Region::new(ALLOCATOR);
        serve::serve(1, together, times).unwrap();
        let change = region.change();
        change.allocations + change.reallocations
    };
    let (half, all) = (count(TIMES / 2), count(TIMES));
    (all - half) as f64 * 2.0 / (TIMES as f64 * together as f64)
}

#[test]
fn a_small_request_allocates_a_handful_of_times() {
    for (together, most) in [(1, 10.0), (16, 6.0)] {
        let each = allocations(together);
        println!("STAT, {together} at once: {each:.2} allocations each");
        assert!(each <= most, "{each:.2} allocations for each STAT, {together} at once");
    }
}
