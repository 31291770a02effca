//! `npm run soak -- [--minutes N] [--seed N]`: newsmuxd for hours among providers that fail in every way, settings that
//! change under it, and clients of every kind that compare each byte. Real sockets, real time, TLS. It ends with a table,
//! and fails when a byte was wrong, a client was sent away or waited in vain, an account had too many connections, or newsmuxd
//! crashed.

#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "it prints what it sees, and may fail so"
)]

mod chaos;
mod clients;
mod replies;
mod tally;
#[path = "../relay/usage.rs"]
mod usage;
mod watch;
mod world;

use std::env;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use newsmux_tests::daemon::{Daemon, Home};
use newsmux_tests::rng::Rng;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, timeout};

use crate::chaos::Chaos;
use crate::clients::Stage;
use crate::tally::Tally;
use crate::world::World;

/// How long clients may take to finish what they have begun.
const FINISH: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let words: Vec<_> = env::args().collect();
    let value = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        Some(words.get(at + 1).and_then(|word| word.parse::<u64>().ok()).expect("a number"))
    };
    // `cargo test` runs this with all other tests, and without arguments.
    let Some(minutes) = value("--minutes") else { return ExitCode::SUCCESS };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time behind 1970");
    let seed = value("--seed").unwrap_or(u64::from(now.subsec_nanos()));
    println!("{minutes} min, --seed {seed}");
    let runtime = Builder::new_multi_thread().enable_all().build().expect("a runtime");
    match runtime.block_on(soak(seed, Duration::from_secs(60 * minutes))) {
        true => ExitCode::SUCCESS,
        false => {
            println!("FAILED. To repeat it: npm run soak -- --minutes {minutes} --seed {seed}");
            ExitCode::FAILURE
        }
    }
}

/// True when nothing happened that must not happen.
async fn soak(seed: u64, time: Duration) -> bool {
    let home = Home::empty();
    let world = Arc::new(World::new(seed, home.path()).await);
    let mut chaos = Chaos::new(seed, Arc::clone(&world));
    home.write(&chaos.setup());
    let mut command = home.command();
    // An hour of `trace` would not fit into memory.
    command.env("RUST_LOG", "info").args(["--listen", "127.0.0.1:0"]);
    let mut daemon = Daemon::launch(home, command).await;
    let stage = Arc::new(Stage {
        newsmuxd: daemon.address(),
        world: Arc::clone(&world),
        tally: Tally::default(),
        until: Instant::now() + time,
        waits: Mutex::default(),
    });
    let watching = tokio::spawn(watch::watch(Arc::clone(&world)));
    let mut clients = JoinSet::new();
    for (number, kind) in clients::ALL.iter().enumerate() {
        let rng = Rng::of(seed, &[number as u64]);
        clients.spawn(clients::live(number, *kind, rng, Arc::clone(&stage)));
    }
    chaos.play(&daemon, stage.until).await;
    let finished = timeout(FINISH, async {
        while let Some(client) = clients.join_next().await {
            client.expect("a client");
        }
    });
    let in_time = finished.await.is_ok();
    if !in_time {
        for (client, ask) in stage.waits().iter() {
            println!("client {client} still waits after {} s: {ask}", FINISH.as_secs());
        }
    }
    watching.abort();
    let peak = usage::Usage::of(daemon.id()).peak;
    daemon.signal("TERM").await;
    let ended = daemon.ended().await;
    let crashed = !ended.status.success() || ended.stderr.contains("panicked at");
    if crashed {
        println!("newsmuxd ended with {}:\n{}", ended.status, last_lines(&ended.stderr));
    }
    let mut books = Vec::new();
    for place in &world.providers {
        books.push(place.listening.lock().await.book());
    }
    stage.tally.print(&world, &books, chaos.reloads, peak);
    !crashed && in_time && stage.tally.is_good() && world.is_within_limits()
}

fn last_lines(log: &str) -> &str {
    let from = log.len().saturating_sub(4000);
    log.get(from..).unwrap_or(log)
}
