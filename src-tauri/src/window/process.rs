//! The window's process, as seen from the tray's. One that stops responding is killed.

use std::env;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::mem::replace;
#[cfg(unix)]
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use api::request::Request;
use control::controller::{Handle, Notice};
use settings::Theme;
use tauri::async_runtime::{self, JoinHandle};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::{Move, Order, Report, WINDOW, json, understand};
use crate::VERSION;

/// So much may be said to a window that does not listen.
const UNHEARD: usize = 16;

/// How long a window may take to carry out an order, and to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it may take until it is there.
const BEGINNING: Duration = Duration::from_secs(60);
/// How long it may take to end when everything does.
const LAST: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// The window's process, while there is one.
#[derive(Default)]
pub(crate) struct WindowProcess {
    there: Arc<Mutex<Option<There>>>,
    controller: Arc<OnceLock<Handle>>,
}

/// A process that runs.
#[derive(Clone)]
struct There {
    orders: Sender<Order>,
    child: Arc<Mutex<Child>>,
    heard: Arc<Mutex<Heard>>,
    /// Gets the file that the user chooses, as long as a dialog is open.
    chosen: Arc<Mutex<Option<oneshot::Sender<String>>>>,
}

/// What it was told, and what it has done of that.
#[derive(Default)]
struct Heard {
    told: u64,
    done: u64,
    is_shown: bool,
    /// It is started anew when it has ended.
    again: bool,
}

impl WindowProcess {
    /// Takes the controller that answers the window. Until then the window waits.
    pub(crate) fn controller(&self) -> Arc<OnceLock<Handle>> {
        Arc::clone(&self.controller)
    }

    /// Starts it, or brings its window to the front. One that hangs is ended and started anew.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn show(&self) -> io::Result<()> {
        if self.say(Order::Move(Move::Show)) {
            return Ok(());
        }
        let (orders, ordered) = channel(UNHEARD);
        let slot = Arc::clone(&self.there);
        // Until all is there, nobody takes it for gone.
        let mut there = lock(&self.there);
        let mut child = start()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("it has no pipes"));
        };
        let process = There {
            orders,
            child: Arc::new(Mutex::new(child)),
            heard: Arc::default(),
            chosen: Arc::default(),
        };
        let heed = Heed {
            controller: Arc::clone(&self.controller),
            process: process.clone(),
            watch: None,
        };
        // Where one of the threads cannot be, the pipes are closed, and the window ends by itself.
        thread::Builder::new().name("newsmux-orders".into()).spawn(|| order(input, ordered))?;
        thread::Builder::new().name("newsmux-window".into()).spawn(move || {
            let (controller, process) = (Arc::clone(&heed.controller), heed.process.clone());
            heed.all(output);
            process.end();
            process.is_done();
            lock(&process.chosen).take();
            // First the one, then the other: a window that is wanted again is started anew.
            lock(&slot).take();
            controller.wait().notice(Notice::WindowGone);
            if lock(&process.heard).again {
                controller.wait().notice(Notice::StartedAgain);
            }
        })?;
        *there = Some(process);
        Ok(())
    }

    /// Ends it. The controller is told when it has ended.
    pub(crate) fn close(&self) {
        self.say(Order::Close);
    }

    /// Ends it together with the application, one that hangs too.
    pub(crate) fn end(&self) {
        self.close();
        let end = Instant::now() + LAST;
        while lock(&self.there).is_some() {
            if Instant::now() > end {
                let hangs = lock(&self.there).clone();
                hangs.iter().for_each(There::kill);
                return;
            }
            thread::sleep(PAUSE);
        }
    }

    /// Puts the window where it can be brought back from without a tray.
    pub(crate) fn minimize(&self) {
        self.say(Order::Move(Move::Minimize));
    }

    /// Lets the user choose a file in a dialog of the window. Nothing is sent when there is no window, none is
    /// chosen, or another dialog is open.
    pub(crate) fn choose_file(&self, title: &str, chosen: oneshot::Sender<String>) {
        let Some(there) = lock(&self.there).clone() else { return };
        let mut waiting = lock(&there.chosen);
        if waiting.is_none() && there.orders.try_send(Order::ChooseFile(title.into())).is_ok() {
            *waiting = Some(chosen);
        }
    }

    /// Whether there is somebody to say it to.
    fn say(&self, order: Order) -> bool {
        let Some(there) = lock(&self.there).clone() else { return false };
        async_runtime::spawn(there.clone().end_unless_done(matches!(order, Order::Move(_))));
        if let Err(error) = there.orders.try_send(order) {
            tracing::warn!("the window does not listen: {error}");
        }
        true
    }
}

impl There {
    /// Kills it unless it carries out its latest order in time, and starts another if its window is `wanted`.
    fn end_unless_done(self, wanted: bool) -> impl Future<Output = ()> + Send {
        let (number, patience) = {
            let mut heard = lock(&self.heard);
            heard.told += 1;
            (heard.told, if heard.is_shown { PATIENCE } else { BEGINNING })
        };
        async move {
            sleep(patience).await;
            {
                let mut heard = lock(&self.heard);
                if heard.done >= number {
                    return;
                }
                heard.again |= wanted;
            }
            tracing::warn!("the window hangs: it is ended");
            self.kill();
        }
    }

    /// Ends it now.
    fn kill(&self) {
        // Whoever has ended already needs no killing.
        drop(lock(&self.child).kill());
    }

    /// Waits for its end, which may not come by itself.
    fn end(&self) {
        let end = Instant::now() + PATIENCE;
        loop {
            match lock(&self.child).try_wait() {
                Ok(None) => {}
                Ok(Some(status)) if status.success() => return,
                Ok(Some(status)) => return tracing::error!("the window has ended: {status}"),
                Err(error) => {
                    return tracing::error!("nothing is known of the window's end: {error}");
                }
            }
            if Instant::now() > end {
                self.kill();
            }
            thread::sleep(PAUSE);
        }
    }

    /// The dialog is closed.
    fn has_chosen(&self, file: Option<String>) {
        if let (Some(chosen), Some(file)) = (lock(&self.chosen).take(), file) {
            // Whoever asked may be gone.
            drop(chosen.send(file));
        }
    }

    /// It has done all that it was told.
    fn is_done(&self) {
        let mut heard = lock(&self.heard);
        (heard.done, heard.is_shown) = (heard.told, true);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start() -> io::Result<Child> {
    let mut command = Command::new(program()?);
    command.args([WINDOW, VERSION]).stdin(Stdio::piped()).stdout(Stdio::piped());
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
    process: There,
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
            Report::Shown => {
                self.process.is_done();
                controller.notice(Notice::WindowShown);
            }
            Report::Done => self.process.is_done(),
            Report::Failed(why) => tracing::error!("the window cannot be: {why}"),
            Report::Chosen(file) => self.process.has_chosen(file),
            Report::QuitAsked => controller.send(Request::Quit),
            Report::CloseAsked => controller.notice(Notice::CloseAsked),
            Report::Watch => {
                let watch = watch(controller.clone(), self.process.orders.clone());
                self.watch(Some(async_runtime::spawn(watch)));
            }
            Report::Unwatch => self.watch(None),
            Report::Request { id, request } => {
                let (controller, orders) = (controller.clone(), self.process.orders.clone());
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
        if let Some(before) = replace(&mut self.watch, next) {
            before.abort();
        }
    }
}

/// Tells how things are, now and whenever that changes, as fast as the window listens.
async fn watch(controller: Handle, orders: Sender<Order>) {
    let mut snapshots = controller.watch();
    let mut theme = Theme::System;
    loop {
        // Nobody who publishes waits until it is written.
        let now = Arc::clone(&snapshots.borrow_and_update());
        let chosen = now.settings.desktop.theme;
        if replace(&mut theme, chosen) != chosen && orders.send(Order::Theme(chosen)).await.is_err()
        {
            return;
        }
        let told = orders.send(Order::Snapshot(json(now.as_ref()))).await;
        if told.is_err() || snapshots.changed().await.is_err() {
            return;
        }
    }
}
