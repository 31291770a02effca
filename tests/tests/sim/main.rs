//! The engine in simulated time, with providers that fail at random, slow lines, reloads, and clients
//! of every kind. However it comes:
//!
//! * no client gets a wrong byte, and each gets what a healthy provider has,
//! * no provider sees a connection too many, or more than ten logins a minute,
//! * nothing comes from the providers twice but what was under way on a connection that a fault took.
//!
//! A seed says everything that happens, so a failing one replays exactly: `SEED=123 cargo test -p
//! newsmux-tests --test sim`. `SEEDS=100000` tries more of them.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail so")]
#![expect(clippy::panic, reason = "a test may fail so")]

mod clients;
mod requests;
#[path = "../../../src-tauri/crates/engine/tests/pipes/support.rs"]
mod support;
mod world;

use std::ops::Range;
use std::panic::catch_unwind;
use std::sync::Arc;

use newsmux_tests::rng::Rng;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::Duration;

use clients::live;
use world::World;

/// Lets everything happen that a seed says; gives what happened, in a number.
fn simulate(seed: u64) -> u64 {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async move {
        let world = Arc::new(World::new(seed));
        let mut clients = JoinSet::new();
        for client in 0..world.clients {
            clients.spawn(live(Arc::clone(&world), Rng::of(seed, &[client]).next()));
        }
        let reloads = tokio::spawn(world::reload(Arc::clone(&world)));
        while let Some(client) = clients.join_next().await {
            client.unwrap();
        }
        reloads.abort();
        world.proxy.shutdown(Duration::from_secs(1)).await;
        world.check();
        world.history()
    })
}

fn seeds(standard: Range<u64>) -> Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match (number("SEED"), number("SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, Some(seeds)) => 0..seeds,
        (None, None) => standard,
    }
}

/// Does something with each seed, on all processors; gives those with which it fails.
fn failing(seeds: &Range<u64>, check: fn(u64)) -> Vec<u64> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let fails = |seed: &u64| {
        let fails = catch_unwind(|| check(*seed)).is_err();
        if fails {
            eprintln!("so it was with SEED={seed}");
        }
        fails
    };
    let some = |from| seeds.clone().skip(from).step_by(threads).filter(fails).collect::<Vec<_>>();
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|from| scope.spawn(move || some(from))).collect();
        all.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn whatever_happens_clients_get_exactly_what_there_is_and_nothing_is_fetched_for_nobody() {
    let failing = failing(&seeds(0..1000), |seed| {
        simulate(seed);
    });
    assert!(failing.is_empty(), "replay one of these with SEED=…: {failing:?}");
}

#[test]
fn a_seed_replays_exactly() {
    let differing = failing(&(0..40), |seed| assert_eq!(simulate(seed), simulate(seed)));
    assert!(differing.is_empty(), "{differing:?}");
}
