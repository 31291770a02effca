//! What the window can ask for: one send each.

#![expect(clippy::let_underscore_must_use, reason = "the macro for commands writes it")]

use std::sync::{Mutex, PoisonError};

use control::controller::Handle;
use control::request::{Failure, Reply, Request};
use control::snapshot::Snapshot;
use tauri::State;
use tauri::async_runtime::{self, JoinHandle};
use tauri::ipc::Channel;

/// The task that sends snapshots to the window, while there is one.
#[derive(Default)]
pub(crate) struct Watching(Mutex<Option<JoinHandle<()>>>);

impl Watching {
    /// Ends the task before it, if there was one.
    pub(crate) fn replace(&self, next: Option<JoinHandle<()>>) {
        let mut task = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = std::mem::replace(&mut *task, next) {
            before.abort();
        }
    }
}

#[tauri::command]
pub(crate) async fn request(
    controller: State<'_, Handle>,
    request: Request,
) -> Result<Reply, Failure> {
    controller.request(request).await
}

#[tauri::command]
pub(crate) fn watch(
    controller: State<'_, Handle>,
    watching: State<'_, Watching>,
    channel: Channel<Snapshot>,
) {
    let mut snapshots = controller.watch();
    watching.replace(Some(async_runtime::spawn(async move {
        loop {
            let now = snapshots.borrow_and_update().as_ref().clone();
            if channel.send(now).is_err() || snapshots.changed().await.is_err() {
                return;
            }
        }
    })));
}

#[tauri::command]
pub(crate) fn unwatch(watching: State<'_, Watching>) {
    watching.replace(None);
}
