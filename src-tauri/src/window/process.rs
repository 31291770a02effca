//! The window's process, as seen from the tray's. One that stops responding is killed.

use std::env;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use control::controller::{Handle, Notice};
use tauri::async_runtime;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::select;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{Notify, SetOnce, oneshot};
use tokio::time::sleep;

use super::reports::Reports;
use super::{Move, Order, WINDOW, json};
use crate::VERSION;

/// So many orders may wait for a window that does not read.
const UNREAD: usize = 16;

/// How long a window may take to carry out an order, and to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it may take until it is there.
const BEGINNING: Duration = Duration::from_secs(60);
/// How long it may take to end when everything does.
const LAST: Duration = Duration::from_secs(2);

/// The window's process, while there is one.
#[derive(Default)]
pub(crate) struct WindowProcess {
    slot: Arc<Slot>,
    controller: Arc<SetOnce<Handle>>,
}

/// Holds the process that runs.
#[derive(Default)]
struct Slot {
    process: Mutex<Option<Running>>,
    emptied: Condvar,
}

/// A process that runs.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) orders: Sender<Order>,
    kill: Arc<Notify>,
    progress: Arc<Mutex<Progress>>,
    /// Gets the file that the user chooses, as long as a dialog is open.
    chosen: Arc<Mutex<Option<oneshot::Sender<String>>>>,
}

/// How many orders it was given, and how many of them it has carried out.
#[derive(Default)]
struct Progress {
    given: u64,
    done: u64,
    is_shown: bool,
    /// It is started again when it has ended.
    restart: bool,
}

impl WindowProcess {
    /// Takes the controller that answers the window. Until then the window waits.
    pub(crate) fn controller(&self) -> Arc<SetOnce<Handle>> {
        Arc::clone(&self.controller)
    }

    /// Starts it, or brings its window to the front. One that hangs is ended and started anew.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn show(&self) -> io::Result<()> {
        if self.order(Order::Move(Move::Show)) {
            return Ok(());
        }
        // Until it is filled, nobody takes the process for gone.
        let mut slot = lock(&self.slot.process);
        let (mut child, input, output) = start()?;
        let (orders, ordered) = channel(UNREAD);
        let process = Running {
            orders,
            kill: Arc::default(),
            progress: Arc::default(),
            chosen: Arc::default(),
        };
        *slot = Some(process.clone());
        let (slot, controller) = (Arc::clone(&self.slot), Arc::clone(&self.controller));
        async_runtime::spawn(write(input, ordered));
        async_runtime::spawn(async move {
            let controller = controller.wait().await;
            process.follow(&mut child, output, controller).await;
            // First the one, then the other: a window that is wanted again is started anew.
            slot.empty();
            controller.notice(Notice::WindowGone);
            if lock(&process.progress).restart {
                controller.notice(Notice::StartedAgain);
            }
        });
        Ok(())
    }

    /// Ends it. The controller is notified when it has ended.
    pub(crate) fn close(&self) {
        self.order(Order::Close);
    }

    /// Ends it together with the application, one that hangs too.
    pub(crate) fn end(&self) {
        self.close();
        if let Some(hangs) = self.slot.wait_until_empty(LAST) {
            hangs.kill.notify_one();
            self.slot.wait_until_empty(LAST);
        }
    }

    /// Puts the window where it can be brought back from without a tray.
    pub(crate) fn minimize(&self) {
        self.order(Order::Move(Move::Minimize));
    }

    /// Lets the user choose a file in a dialog of the window. Nothing is sent when there is no window, none is
    /// chosen, or another dialog is open.
    pub(crate) fn choose_file(&self, title: &str, chosen: oneshot::Sender<String>) {
        let Some(process) = lock(&self.slot.process).clone() else { return };
        let mut waiting = lock(&process.chosen);
        if waiting.is_none() && process.orders.try_send(Order::ChooseFile(title.into())).is_ok() {
            *waiting = Some(chosen);
        }
    }

    /// Gives an order. Says whether there is a window that can carry it out.
    fn order(&self, order: Order) -> bool {
        let Some(process) = lock(&self.slot.process).clone() else { return false };
        async_runtime::spawn(process.clone().kill_unless_done(matches!(order, Order::Move(_))));
        if let Err(error) = process.orders.try_send(order) {
            tracing::warn!("the window does not read its orders: {error}");
        }
        true
    }
}

impl Slot {
    fn empty(&self) {
        lock(&self.process).take();
        self.emptied.notify_all();
    }

    /// Returns the process that is still there after `limit`.
    fn wait_until_empty(&self, limit: Duration) -> Option<Running> {
        let is_full = |process: &mut Option<Running>| process.is_some();
        let waited = self.emptied.wait_timeout_while(lock(&self.process), limit, is_full);
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }
}

impl Running {
    /// Carries out what it reports, until it has ended.
    async fn follow(&self, child: &mut Child, output: ChildStdout, controller: &Handle) {
        let mut reports = Reports::new(controller.clone(), self.clone());
        let is_killed = select! {
            () = reports.carry_out(output) => false,
            () = self.kill.notified() => true,
        };
        drop(reports);
        match self.wait_for_end(child, is_killed).await {
            Ok(status) if status.success() => {}
            Ok(status) => tracing::error!("the window has ended: {status}"),
            Err(error) => tracing::error!("nothing is known of the window's end: {error}"),
        }
        self.has_done_all();
        lock(&self.chosen).take();
    }

    /// Waits for its end, which may not come by itself.
    async fn wait_for_end(&self, child: &mut Child, is_killed: bool) -> io::Result<ExitStatus> {
        if !is_killed {
            select! {
                status = child.wait() => return status,
                () = self.kill.notified() => {}
                () = sleep(PATIENCE) => {}
            }
        }
        // One that has ended already needs no killing.
        drop(child.start_kill());
        child.wait().await
    }

    /// Kills it unless it carries out its latest order in time, and starts another if its window is `wanted`.
    fn kill_unless_done(self, wanted: bool) -> impl Future<Output = ()> + Send {
        let (number, patience) = {
            let mut progress = lock(&self.progress);
            progress.given += 1;
            (progress.given, if progress.is_shown { PATIENCE } else { BEGINNING })
        };
        async move {
            sleep(patience).await;
            {
                let mut progress = lock(&self.progress);
                if progress.done >= number {
                    return;
                }
                progress.restart |= wanted;
            }
            tracing::warn!("the window hangs: it is ended");
            self.kill.notify_one();
        }
    }

    /// The dialog is closed.
    pub(super) fn has_chosen(&self, file: Option<String>) {
        if let (Some(chosen), Some(file)) = (lock(&self.chosen).take(), file) {
            // Whoever asked may be gone.
            drop(chosen.send(file));
        }
    }

    /// It has carried out all orders.
    pub(super) fn has_done_all(&self) {
        let mut progress = lock(&self.progress);
        (progress.done, progress.is_shown) = (progress.given, true);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start() -> io::Result<(Child, ChildStdin, ChildStdout)> {
    let mut command = Command::new(program()?);
    command.args([WINDOW, VERSION]).stdin(Stdio::piped()).stdout(Stdio::piped());
    // What a terminal sends is for the process in the tray, which ends this one. A desktop knows a window by the name.
    #[cfg(unix)]
    command.process_group(0).arg0("newsmux");
    #[cfg(target_os = "linux")]
    draw_in_software(&mut command);
    let runtime = async_runtime::handle();
    let _entered = runtime.inner().enter();
    let mut child = command.spawn()?;
    match (child.stdin.take(), child.stdout.take()) {
        (Some(input), Some(output)) => Ok((child, input, output)),
        _ => Err(io::Error::other("it has no pipes")),
    }
}

/// Has the window drawn without a graphics processor, unless the user wants something else. GTK and WebKitGTK would load a
/// driver, which takes more memory than all else together, for a window of words and one curve; and with some drivers the
/// window stays blank.
#[cfg(target_os = "linux")]
fn draw_in_software(command: &mut Command) {
    const GL: &str = "GDK_GL";
    if env::var_os(GL).is_none() {
        command.env(GL, "disable");
    }
}

/// This program. After an update its file is another's: on Linux its own is there as long as it runs.
fn program() -> io::Result<PathBuf> {
    let file = env::current_exe()?;
    Ok(if cfg!(target_os = "linux") && !file.exists() { "/proc/self/exe".into() } else { file })
}

/// Writes all orders, until the window is gone or nobody gives any.
async fn write(mut input: ChildStdin, mut orders: Receiver<Order>) {
    while let Some(order) = orders.recv().await {
        // In one piece: each would be a system call.
        let line = format!("{}\n", json(&order));
        if input.write_all(line.as_bytes()).await.is_err() {
            return;
        }
    }
}
