//! How the system ends programs, at logout or from a terminal: what is under way comes to its end, as with *Quit*.

use std::io;

use tauri::async_runtime::{block_on, spawn};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Calls `end` with `what` at the first signal that asks the program to end.
pub(crate) fn on_end<T: Send + 'static>(what: T, end: fn(&T)) -> io::Result<()> {
    let signals = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
    let [mut terminate, mut interrupt, mut hangup] = block_on(async { listen(signals) })?;
    spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
        end(&what);
    });
    Ok(())
}

/// Only within a runtime.
fn listen([one, two, three]: [SignalKind; 3]) -> io::Result<[Signal; 3]> {
    Ok([signal(one)?, signal(two)?, signal(three)?])
}
