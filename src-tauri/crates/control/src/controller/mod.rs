//! What runs the application: one loop that owns the settings, the passwords and the engine, answers
//! [`Request`]s, and publishes one [`Snapshot`] that the window and the tray are drawn from.

mod answer;
mod books;
mod checking;
mod connected;
mod connecting;
mod desktop;
mod encrypted;
mod engine_events;
mod entries;
mod environment;
mod events;
mod figures;
mod first_steps;
mod importing;
mod moving;
mod notifier;
mod other_users;
mod passwords;
mod ports;
mod power;
mod reading;
mod removed;
mod run;
mod sample;
mod saving;
mod serving;
mod stores;
mod traffic;
mod troubles;
mod tuning;
mod undo;
mod view;
mod window;
mod work;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use directories::{ProjectDirs, UserDirs};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::sync::{oneshot, watch};

use api::request::{Failure, FailureCode, Reply, Request};
use api::snapshot::Snapshot;
use secrets::{Secrets, Store, Vault, keyring_of_user};
use settings::{LogLevel, default_state_folder};

use crate::notification::Notification;
use crate::tray::{Action, Tray};

use environment::System;
pub use environment::{Environment, Sources};
use run::Controller;

/// Where the application's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// Settings, and the vault where there is one.
    pub config: PathBuf,
    /// Statistics, and what accounts have used.
    pub state: PathBuf,
    /// Logs.
    pub logs: PathBuf,
    /// Where what is saved for the user goes, if anywhere.
    pub downloads: Option<PathBuf>,
}

impl Folders {
    /// Those of the user who runs this; nothing where the system has none.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        let folders = ProjectDirs::from("", "", "newsmux")?;
        let state = default_state_folder()?;
        Some(Self {
            config: folders.config_dir().to_owned(),
            logs: state.join("logs"),
            state,
            downloads: downloads(),
        })
    }
}

/// The folder for downloads; where the system names none, the user's own.
fn downloads() -> Option<PathBuf> {
    let folders = UserDirs::new()?;
    Some(folders.download_dir().unwrap_or(folders.home_dir()).to_owned())
}

/// How the application begins.
#[derive(Debug, Clone)]
pub struct Start {
    /// Where its files are.
    pub folders: Folders,
    /// Its version.
    pub version: &'static str,
    /// Whether it is to begin without its window, as at login.
    pub hidden: bool,
    /// The system's language (BCP 47), where it is known.
    pub system_language: Option<String>,
}

/// What only the desktop can do. Every call is made on the controller's thread, and should not take long.
pub trait Shell: Send + 'static {
    /// Makes the window, or brings it to the front.
    fn show_window(&mut self);
    /// Closes the window and frees the web view.
    fn close_window(&mut self);
    /// Puts the window where it can be brought back from without a tray.
    fn minimize_window(&mut self);
    /// Draws the tray, which is another than the last time.
    fn draw_tray(&mut self, tray: &Tray);
    /// Shows a notification, where the desktop has them. A click on it asks for [`Request::Show`].
    fn notify(&mut self, notification: &Notification);
    /// Shows a folder in the file manager.
    ///
    /// # Errors
    /// The system's words.
    fn open_folder(&mut self, folder: &Path) -> Result<(), String>;
    /// Changes whether the application starts at login.
    ///
    /// # Errors
    /// The system's words.
    fn start_at_login(&mut self, start: bool) -> Result<(), String>;
    /// Whether the application starts at login; nothing where the system does not say.
    fn starts_at_login(&mut self) -> Option<bool>;
    /// Changes how much is logged.
    fn set_log(&mut self, level: LogLevel);
    /// Puts a text where the user can paste it from.
    ///
    /// # Errors
    /// The system's words.
    fn copy(&mut self, text: &str) -> Result<(), String>;
    /// Lets the user choose a file, in a dialog with this title. Nothing is sent when none was chosen.
    fn choose_file(&mut self, title: &str, chosen: oneshot::Sender<String>);
    /// Ends the application: the engine has stopped.
    fn quit(&mut self);
}

/// What happens on the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The user wants to close the window.
    CloseAsked,
    /// The window is there.
    WindowShown,
    /// The window is gone.
    WindowGone,
    /// Whether there is a tray.
    Tray(bool),
    /// The application was started once more.
    StartedAgain,
}

/// Speaks to the controller. When the last one is dropped, it stops.
#[derive(Debug, Clone)]
pub struct Handle {
    messages: UnboundedSender<Message>,
    snapshot: watch::Receiver<Arc<Snapshot>>,
}

/// What comes in from other threads.
#[derive(Debug)]
enum Message {
    Request(Box<Request>, Answer),
    Notice(Notice),
    Stats { range: String, by: String, answer: oneshot::Sender<Result<Value, Failure>> },
    CopyAddress,
}

/// Who waits for what comes of a request.
#[derive(Debug)]
struct Answer(Option<oneshot::Sender<Result<Reply, Failure>>>);

impl Answer {
    /// Nobody may wait any more.
    fn give(self, answer: Result<Reply, Failure>) {
        if let Some(waiting) = self.0 {
            drop(waiting.send(answer));
        }
    }
}

impl Handle {
    /// Asks, and waits for what comes of it.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn request(&self, request: Request) -> Result<Reply, Failure> {
        let (answer, answered) = oneshot::channel();
        self.post(Message::Request(Box::new(request), Answer(Some(answer))));
        answered
            .await
            .unwrap_or_else(|_| Err(Failure::new(FailureCode::Refused, "Newsmux is about to end")))
    }

    /// What was used, and how good each provider is, as `newsmuxctl stats --json` shows it.
    ///
    /// # Errors
    /// Why it cannot be said.
    pub async fn stats(&self, range: String, by: String) -> Result<Value, Failure> {
        let (answer, answered) = oneshot::channel();
        self.post(Message::Stats { range, by, answer });
        let ended = || Failure::new(FailureCode::Refused, "Newsmux is about to end");
        answered.await.map_err(|_| ended())?
    }

    /// Asks, and leaves it at that: what comes of it is in the snapshot.
    pub fn send(&self, request: Request) {
        self.post(Message::Request(Box::new(request), Answer(None)));
    }

    /// Does what an entry of the tray's menu does.
    pub fn act(&self, action: Action) {
        match action.request() {
            Some(request) => self.send(request),
            None => self.copy_address(),
        }
    }

    /// Has the address that programs connect to copied.
    pub fn copy_address(&self) {
        self.post(Message::CopyAddress);
    }

    /// Something happened on the desktop.
    pub fn notice(&self, notice: Notice) {
        self.post(Message::Notice(notice));
    }

    /// The snapshot, now and whenever it changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshot.clone()
    }

    /// A controller that has ended hears nothing, and there is nothing left to do.
    fn post(&self, message: Message) {
        drop(self.messages.send(message));
    }
}

/// What the controller works with, so that tests can take others.
pub struct Dependencies {
    /// The system's keyring.
    pub keyring: Arc<dyn Store>,
    /// The vault, whether there is one or not.
    pub vault: Arc<Vault>,
    /// The clock and the network.
    pub environment: Box<dyn Environment>,
    /// How long an answer of the keyring is waited for.
    pub timeout: Duration,
}

impl Dependencies {
    /// Those of the system.
    #[must_use]
    pub fn of_system(folders: &Folders) -> Self {
        let vault = Arc::new(Vault::at(folders.config.join("vault.json")));
        let keyring = keyring_of_user(&folders.config.join("keychain.lock"));
        Self { keyring, vault, environment: Box::new(System), timeout: Secrets::LIMIT }
    }
}

/// Starts the controller on a thread of its own.
///
/// # Errors
/// When the system gives no thread.
pub fn start(shell: impl Shell, start: Start) -> io::Result<Handle> {
    let dependencies = Dependencies::of_system(&start.folders);
    start_with(shell, start, dependencies)
}

/// Like [`start`], with other dependencies.
///
/// # Errors
/// When the system gives no thread.
pub fn start_with(
    shell: impl Shell,
    start: Start,
    dependencies: Dependencies,
) -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (handle, controller) = prepare(shell, start, dependencies)?;
    thread::Builder::new().name("newsmux-control".into()).spawn(move || {
        runtime.block_on(controller);
        // A dialog of the keyring may still wait for the user.
        runtime.shutdown_background();
    })?;
    Ok(handle)
}

/// Like [`start_with`], on a runtime of the caller's: the controller runs while the future is polled.
///
/// # Errors
/// When the system gives no thread.
pub fn prepare(
    shell: impl Shell,
    start: Start,
    dependencies: Dependencies,
) -> io::Result<(Handle, impl Future<Output = ()> + Send)> {
    let (post, messages) = mpsc::unbounded_channel();
    let controller = Controller::new(Box::new(shell), start, dependencies)?;
    let (publish, snapshot) = watch::channel(Arc::new(controller.view(None)));
    Ok((Handle { messages: post, snapshot }, controller.run(messages, publish)))
}
