//! The real newsmuxd, as it is built now, between scripted providers and clients.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of tests: what goes wrong here fails the test"
)]

mod build;
mod setup;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::sync::watch;
use tokio::time::{Duration, timeout};

use crate::client::Client;

pub use setup::{Account, Setup};

const SETTINGS: &str = "settings.json";
const CREDENTIALS: &str = "credentials.json";
/// How long a test waits for something that has to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A folder with newsmuxd's files in it.
#[derive(Debug, Clone)]
pub struct Home(Arc<TempDir>);

impl Home {
    /// A folder with these settings and credentials.
    #[must_use]
    pub fn new(setup: &Setup) -> Self {
        let home = Self::empty();
        home.write(setup);
        home
    }

    /// An empty folder.
    #[must_use]
    pub fn empty() -> Self {
        Self(Arc::new(tempfile::tempdir().expect("a folder")))
    }

    /// Other settings and credentials.
    pub fn write(&self, setup: &Setup) {
        setup.write(self.0.path());
    }

    /// A settings file with any text in it.
    pub fn write_settings(&self, text: &str) {
        fs::write(self.settings(), text).expect("a settings file");
    }

    /// A credentials file with any text in it, that only its owner can read.
    pub fn write_credentials(&self, text: &str) {
        setup::write_private(&self.credentials(), text);
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The settings file.
    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.path().join(SETTINGS)
    }

    /// The credentials file.
    #[must_use]
    pub fn credentials(&self) -> PathBuf {
        self.path().join(CREDENTIALS)
    }

    /// newsmuxd with both files, and no other surroundings.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = self.bare_command();
        command.arg("--settings").arg(self.settings());
        command.arg("--credentials").arg(self.credentials());
        command
    }

    /// newsmuxd without arguments.
    #[must_use]
    pub fn bare_command(&self) -> Command {
        self.program(build::newsmuxd())
    }

    /// A program at home in this folder.
    fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("HOME", self.path()).env("RUST_LOG", "trace");
        for folder in ["XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"] {
            command.env_remove(folder);
        }
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// newsmuxctl, which speaks to the newsmuxd of this folder.
    #[must_use]
    pub fn ctl(&self) -> Command {
        self.program(&build::newsmuxctl())
    }

    /// Runs newsmuxctl, and says what it printed.
    pub async fn newsmuxctl(&self, arguments: &[&str]) -> Ended {
        self.run(self.ctl().args(arguments)).await
    }

    /// Runs newsmuxd to its end, and says what it printed.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn run(&self, command: &mut Command) -> Ended {
        let output = timeout(PATIENCE, command.output()).await.expect("newsmuxd does not end");
        let output = output.expect("newsmuxd");
        Ended {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// What came of a newsmuxd that has ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// All that it printed.
    pub stdout: String,
    /// All that it logged.
    pub stderr: String,
}

/// A newsmuxd that is ready. It ends with this value; when the test has failed, it shows its log.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    address: SocketAddr,
    log: watch::Receiver<String>,
    stdout: BufReader<ChildStdout>,
    home: Home,
}

impl Daemon {
    /// Starts it on a free port, and waits until it is ready.
    pub async fn start(setup: &Setup) -> Self {
        let home = Home::new(setup);
        let mut command = home.command();
        command.args(["--listen", "127.0.0.1:0"]);
        Self::launch(home, command).await
    }

    /// Starts another one in the same folder. This one has to have ended.
    pub async fn again(&self) -> Self {
        let mut command = self.home.command();
        command.args(["--listen", "127.0.0.1:0"]);
        Self::launch(self.home.clone(), command).await
    }

    /// Starts this command, and waits until it is ready.
    ///
    /// # Panics
    /// When it does not say so.
    pub async fn launch(home: Home, mut command: Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("newsmuxd");
        let log = collect(child.stderr.take().expect("its log"));
        let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        let read = timeout(PATIENCE, stdout.read_line(&mut line)).await;
        read.expect("newsmuxd says nothing").expect("its output");
        let ready =
            line.strip_prefix("listening on ").and_then(|address| address.trim().parse().ok());
        let Some(address) = ready else {
            panic!("not ready: {line:?}, log:\n{}", *log.borrow());
        };
        Self { child, address, log, stdout, home }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its folder.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// A client that was greeted.
    pub async fn client(&self) -> Client<TcpStream> {
        let mut client = Client::connect(self.address).await;
        let greeting = client.line().await;
        assert!(greeting.starts_with("20"), "greeted with {greeting:?}");
        client
    }

    /// Its process id.
    ///
    /// # Panics
    /// When it has ended.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Sends it a signal: `TERM`, `INT`, `HUP`.
    pub async fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().await.expect("kill");
        assert!(sent.success(), "no signal sent");
    }

    /// Gives it other settings and credentials, and waits until its log says that it took them.
    pub async fn reload(&self, setup: &Setup) {
        self.home.write(setup);
        let from = self.log().len();
        self.signal("HUP").await;
        self.until_logged_behind(from, "reloaded").await;
    }

    /// All that it has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.borrow().clone()
    }

    /// Waits until it has logged something with these words in it.
    pub async fn until_logged(&self, words: &str) {
        self.until_logged_behind(0, words).await;
    }

    /// Like [`until_logged`](Self::until_logged), behind the first `from` bytes of the log.
    ///
    /// # Panics
    /// When that does not happen.
    pub async fn until_logged_behind(&self, from: usize, words: &str) {
        let mut log = self.log.clone();
        let has = |log: &String| log.get(from..).is_some_and(|log| log.contains(words));
        let seen = timeout(PATIENCE, log.wait_for(has)).await;
        assert!(matches!(seen, Ok(Ok(_))), "never logged: {words}");
    }

    /// Waits for its end; also gives what it has printed behind its first line.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn ended(&mut self) -> Ended {
        let status = timeout(PATIENCE, self.child.wait()).await.expect("newsmuxd does not end");
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).await.expect("its output");
        // The log is complete when the one who collects it is gone.
        drop(timeout(PATIENCE, async { while self.log.changed().await.is_ok() {} }).await);
        Ended { status: status.expect("its status"), stdout, stderr: self.log() }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- newsmuxd's log:\n{}", self.log());
        }
    }
}

fn collect(mut stderr: ChildStderr) -> watch::Receiver<String> {
    let (sender, log) = watch::channel(String::new());
    tokio::spawn(async move {
        let mut bytes = Vec::with_capacity(4096);
        while let Ok(1..) = stderr.read_buf(&mut bytes).await {
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let lines: Vec<_> = bytes.drain(..whole).collect();
            sender.send_modify(|log| *log += &String::from_utf8_lossy(&lines));
        }
        sender.send_modify(|log| *log += &String::from_utf8_lossy(&bytes));
    });
    log
}
