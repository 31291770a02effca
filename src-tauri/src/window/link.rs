//! The process in the tray, as the window knows it.

use std::collections::HashMap;
use std::io::{BufRead, Write, stdin, stdout};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tauri::ipc::Channel;
use tokio::sync::oneshot;

use super::{Order, Report, json};

/// The connection to it, and who waits for its replies.
#[derive(Default)]
pub(crate) struct Link(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    last: u64,
    replies: HashMap<u64, oneshot::Sender<Result<Value, Value>>>,
    snapshots: Option<Channel<Value>>,
    #[cfg(target_os = "macos")]
    is_ordered_to_close: bool,
}

impl Link {
    /// Asks for something, and waits for the reply or the failure.
    pub(crate) async fn request(&self, request: Value) -> Result<Value, Value> {
        let (reply, replied) = oneshot::channel();
        let id = {
            let mut waiting = self.waiting();
            waiting.last += 1;
            let id = waiting.last;
            waiting.replies.insert(id, reply);
            id
        };
        report(&Report::Request { id, request });
        replied.await.unwrap_or_else(|_| Err("Newsmux is about to end".into()))
    }

    /// Sends snapshots to this channel from now on, or none any more.
    pub(crate) fn watch(&self, channel: Option<Channel<Value>>) {
        let wanted = if channel.is_some() { Report::Watch } else { Report::Unwatch };
        self.waiting().snapshots = channel;
        report(&wanted);
    }

    /// Receives all orders, and has `carry_out` do those for the window itself. Returns when the window is to end, or the
    /// process in the tray is gone.
    pub(super) fn receive(&self, mut carry_out: impl FnMut(Order)) {
        for line in stdin().lock().lines() {
            let Ok(line) = line else { return };
            match serde_json::from_str(&line) {
                Ok(Order::Snapshot(now)) => {
                    let channel = self.waiting().snapshots.clone();
                    // A page that is being loaded anew asks again.
                    drop(channel.map(|channel| channel.send(now)));
                }
                Ok(Order::Reply { id, result }) => {
                    let reply = self.waiting().replies.remove(&id);
                    drop(reply.map(|reply| reply.send(result)));
                }
                Ok(Order::Close) => {
                    #[cfg(target_os = "macos")]
                    {
                        self.waiting().is_ordered_to_close = true;
                    }
                    return;
                }
                Ok(order @ (Order::Move(_) | Order::ChooseFile(_) | Order::Theme(_))) => {
                    carry_out(order)
                }
                // Not its words: they may be a password.
                Err(_) => eprintln!("newsmux: the window got an order that is none"),
            }
        }
    }

    /// Whether the process in the tray wants it closed.
    #[cfg(target_os = "macos")]
    pub(super) fn is_ordered_to_close(&self) -> bool {
        self.waiting().is_ordered_to_close
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a report to the process in the tray. Without one this process ends, too.
pub(super) fn report(report: &Report) {
    let mut output = stdout().lock();
    drop(writeln!(output, "{}", json(report)).and_then(|()| output.flush()));
}
