//! The window's process, as the one in the tray knows it.

use std::env;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
#[cfg(unix)]
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use control::controller::{Handle, Notice};
use tauri::async_runtime::{self, JoinHandle};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{Move, Order, Report, WINDOW, json, understand};

/// So much may be said to a window that does not listen.
const UNHEARD: usize = 16;

/// The window's process, while there is one.
#[derive(Default)]
pub(crate) struct WindowProcess {
    orders: Arc<Mutex<Option<Sender<Order>>>>,
    controller: Arc<OnceLock<Handle>>,
}

impl WindowProcess {
    /// Takes the controller that answers the window. Until then the window waits.
    pub(crate) fn controller(&self) -> Arc<OnceLock<Handle>> {
        Arc::clone(&self.controller)
    }

    /// Starts it, or brings its window to the front.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn show(&self) -> io::Result<()> {
        if self.say(Order::Move(Move::Show)) {
            return Ok(());
        }
        let (orders, ordered) = channel(UNHEARD);
        let heed =
            Heed { controller: Arc::clone(&self.controller), orders: orders.clone(), watch: None };
        let slot = Arc::clone(&self.orders);
        // Until all is there, nobody takes it for gone.
        let mut there = lock(&self.orders);
        let mut child = start()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("it has no pipes"));
        };
        // Where one of the threads cannot be, the pipes are closed, and the window ends by itself.
        thread::Builder::new().name("newsmux-orders".into()).spawn(|| order(input, ordered))?;
        thread::Builder::new().name("newsmux-window".into()).spawn(move || {
            let controller = Arc::clone(&heed.controller);
            heed.all(output);
            end(child);
            // First the one, then the other: a window that is wanted again is started anew.
            lock(&slot).take();
            controller.wait().notice(Notice::WindowGone);
        })?;
        *there = Some(orders);
        Ok(())
    }

    /// Ends it. The controller is told when it has ended.
    pub(crate) fn close(&self) {
        self.say(Order::Close);
    }

    /// Puts the window where it can be brought back from without a tray.
    pub(crate) fn minimize(&self) {
        self.say(Order::Move(Move::Minimize));
    }

    /// Whether there is somebody to say it to. One that has stopped listening is not waited for.
    fn say(&self, order: Order) -> bool {
        match &*lock(&self.orders) {
            Some(orders) => {
                if let Err(error) = orders.try_send(order) {
                    tracing::warn!("the window does not listen: {error}");
                }
                true
            }
            None => false,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start() -> io::Result<Child> {
    let mut command = Command::new(program()?);
    command.arg(WINDOW).stdin(Stdio::piped()).stdout(Stdio::piped());
    // What a terminal sends is for the process in the tray, which ends this one. A desktop knows a window by the name.
    #[cfg(unix)]
    command.process_group(0).arg0("newsmux");
    command.spawn()
}

/// This program. After an update its file is another's: on Linux its own is there as long as it runs.
fn program() -> io::Result<PathBuf> {
    let file = env::current_exe()?;
    Ok(if cfg!(target_os = "linux") && !file.exists() { "/proc/self/exe".into() } else { file })
}

fn end(mut child: Child) {
    match child.wait() {
        Ok(status) if status.success() => {}
        Ok(status) => tracing::error!("the window has ended: {status}"),
        Err(error) => tracing::error!("nothing is known of the window's end: {error}"),
    }
}

/// Writes all orders, until the window is gone or nobody gives any.
fn order(mut input: ChildStdin, mut orders: Receiver<Order>) {
    while let Some(order) = orders.blocking_recv() {
        // In one piece: each would be a system call.
        let line = format!("{}\n", json(&order));
        if input.write_all(line.as_bytes()).is_err() {
            return;
        }
    }
}

/// Does what the window reports.
struct Heed {
    /// Comes soon after the window was asked for, if it is not there.
    controller: Arc<OnceLock<Handle>>,
    orders: Sender<Order>,
    watch: Option<JoinHandle<()>>,
}

impl Heed {
    /// Until it is gone.
    fn all(mut self, output: ChildStdout) {
        for line in BufReader::new(output).lines() {
            match line.map(|line| serde_json::from_str(&line)) {
                Ok(Ok(report)) => self.one(report),
                // Not its words: they may be a password.
                Ok(Err(_)) => tracing::warn!("the window's process says what is no report"),
                Err(error) if error.kind() == ErrorKind::InvalidData => {}
                Err(_) => break,
            }
        }
        self.watch(None);
    }

    fn one(&mut self, report: Report) {
        let controller = self.controller.wait();
        match report {
            Report::Shown => controller.notice(Notice::WindowShown),
            Report::Failed(why) => tracing::error!("the window cannot be: {why}"),
            Report::CloseAsked => controller.notice(Notice::CloseAsked),
            Report::Watch => {
                let watch = watch(controller.clone(), self.orders.clone());
                self.watch(Some(async_runtime::spawn(watch)));
            }
            Report::Unwatch => self.watch(None),
            Report::Request { id, request } => {
                let (controller, orders) = (controller.clone(), self.orders.clone());
                async_runtime::spawn(async move {
                    let result = match understand(request) {
                        Ok(request) => controller
                            .request(request)
                            .await
                            .map(|reply| json(&reply))
                            .map_err(|failure| json(&failure)),
                        Err(why) => Err(why),
                    };
                    // A window that is gone waits for nothing.
                    drop(orders.send(Order::Reply { id, result }).await);
                });
            }
        }
    }

    fn watch(&mut self, next: Option<JoinHandle<()>>) {
        if let Some(before) = std::mem::replace(&mut self.watch, next) {
            before.abort();
        }
    }
}

/// Tells how things are, now and whenever that changes, as fast as the window listens.
async fn watch(controller: Handle, orders: Sender<Order>) {
    let mut snapshots = controller.watch();
    loop {
        // Nobody who publishes waits until it is written.
        let now = Arc::clone(&snapshots.borrow_and_update());
        let told = orders.send(Order::Snapshot(json(now.as_ref()))).await;
        if told.is_err() || snapshots.changed().await.is_err() {
            return;
        }
    }
}
