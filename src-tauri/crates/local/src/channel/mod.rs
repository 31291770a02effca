//! The control channel: how `newsmuxctl` and a second start of the application speak to the Newsmux that runs. A
//! connection carries one [`Question`] and one [`Answer`], each a line of JSON. No other user can open the channel or
//! take its place.

mod status;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::error::Error;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use directories::ProjectDirs;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

pub use status::{ProviderStatus, Status, TrafficStatus};
#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

/// How long a question and its answer may take together.
const LIMIT: Duration = Duration::from_secs(5);
/// No line is longer, in bytes.
const LINE: u64 = 1024 * 1024;
/// Connections that are served at the same time. More wait.
const CONNECTIONS: usize = 8;
/// How long to wait after the system gave no connection.
const PAUSE: Duration = Duration::from_millis(100);

/// What is asked of the Newsmux that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Question {
    /// How it is.
    Status,
    /// What was used, and how good each provider is.
    Stats {
        /// The time: `today`, `days30`, `months12` or `all`.
        range: String,
        /// Whose use: `provider`, `account` or `program`.
        by: String,
    },
    /// Limit the speed of everything.
    Limit {
        /// The new limit.
        to: SpeedLimit,
    },
    /// Fetch no more articles for a while.
    Pause {
        /// For how many minutes; nothing until it is resumed.
        minutes: Option<u32>,
    },
    /// End a pause.
    Resume,
    /// Show the window, unless the versions differ: then a window of this version would meet another program.
    Show {
        /// The version of the program that asks.
        version: String,
    },
    /// End in order, so that another version can start.
    Replace,
}

/// A speed limit for everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum SpeedLimit {
    /// The one in the settings.
    Off,
    /// Slow mode.
    Slow,
    /// So many bytes a second.
    Speed {
        /// How many.
        speed: u64,
    },
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Answer {
    /// How it is.
    Status(Status),
    /// What was used: `series`, `providers` and `accounts`.
    Stats {
        /// All of it.
        stats: Value,
    },
    /// What holds now, after [`Question::Limit`], [`Question::Pause`] and [`Question::Resume`].
    Traffic(TrafficStatus),
    /// It heard [`Question::Show`].
    Running {
        /// The version of the program that runs.
        version: String,
    },
    /// It ends.
    Ending,
    /// It cannot do that.
    Refused {
        /// Why, in a sentence.
        why: String,
    },
}

/// Why a channel cannot be opened or used.
#[derive(Debug)]
pub enum ChannelError {
    /// Another program serves this channel.
    Taken,
    /// Nobody serves this channel.
    NotRunning,
    /// Who serves it does not answer in time.
    Silent,
    /// Another user serves it.
    Foreign,
    /// The system's error, or an answer that makes no sense.
    Failed(io::Error),
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("another Newsmux uses this control channel"),
            Self::NotRunning => f.write_str("Newsmux is not running"),
            Self::Silent => f.write_str("Newsmux is running but does not answer"),
            Self::Foreign => f.write_str("the control channel belongs to another user"),
            Self::Failed(error) => write!(f, "control channel: {error}"),
        }
    }
}

impl Error for ChannelError {}

impl From<io::Error> for ChannelError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Where the application's channel is; nothing where the user has no home folder.
#[must_use]
pub fn application_path() -> Option<PathBuf> {
    path("newsmux")
}

/// Where the channel of a newsmuxd is that was started without `--control`.
#[must_use]
pub fn daemon_path() -> Option<PathBuf> {
    path("newsmuxd")
}

fn path(program: &str) -> Option<PathBuf> {
    let folders = ProjectDirs::from("", "", "newsmux")?;
    Some(system::folder(&folders).join(program).with_extension(system::EXTENSION))
}

/// The end of a channel that answers. Dropping it closes the channel.
#[derive(Debug)]
pub struct Channel {
    endpoint: system::Endpoint,
    /// Locked, so that there is one on each path.
    _lock: File,
}

impl Channel {
    /// Opens the channel on `path`. Questions wait until it is served.
    ///
    /// # Errors
    /// [`ChannelError::Taken`] when another program has it, and what the system says.
    pub fn open(path: &Path) -> Result<Self, ChannelError> {
        if let Some(folder) = path.parent() {
            system::make_folder(folder)?;
        }
        let lock = lock(path)?;
        Ok(Self { endpoint: system::Endpoint::take(path)?, _lock: lock })
    }

    /// Answers every question with `answer`, until the future is dropped.
    ///
    /// # Errors
    /// When the system does not let it listen.
    pub async fn serve<A>(
        self,
        answer: impl Fn(Question) -> A + Send + Sync + 'static,
    ) -> io::Result<()>
    where
        A: Future<Output = Answer> + Send + 'static,
    {
        let listener = self.endpoint.listen()?;
        let (answer, room) = (Arc::new(answer), Arc::new(Semaphore::new(CONNECTIONS)));
        loop {
            let permit = Arc::clone(&room).acquire_owned().await;
            let stream = match listener.accept().await {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::warn!("the control channel gives no connection: {error}");
                    sleep(PAUSE).await;
                    continue;
                }
            };
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let served = timeout(LIMIT, converse(stream, &*answer)).await;
                if let Ok(Err(error)) = served {
                    tracing::debug!("a connection of the control channel failed: {error}");
                }
                drop(permit);
            });
        }
    }
}

/// Waits until nobody has the channel on `path`. Another program can still be faster to open it.
///
/// # Errors
/// What the system says.
pub fn wait_until_free(path: &Path) -> io::Result<()> {
    lock_file(path)?.lock()
}

/// Locks the channel on `path`.
fn lock(path: &Path) -> Result<File, ChannelError> {
    let lock = lock_file(path)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(ChannelError::Taken),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

fn lock_file(path: &Path) -> io::Result<File> {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    OpenOptions::new().write(true).create(true).truncate(false).open(lock)
}

async fn converse<A: Future<Output = Answer>>(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &impl Fn(Question) -> A,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let answer = match read(&mut stream).await {
        Ok(question) => answer(question).await,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Answer::Refused { why: format!("this version does not know that: {error}") }
        }
        Err(error) => return Err(error),
    };
    write(&mut stream, &answer).await
}

/// Asks who serves the channel on `path`.
///
/// # Errors
/// When nobody does, another user does, or there is no answer in time.
pub async fn ask(path: &Path, question: &Question) -> Result<Answer, ChannelError> {
    let asked = async {
        let mut stream = BufReader::new(system::connect(path).await?);
        write(&mut stream, question).await?;
        Ok(read(&mut stream).await?)
    };
    timeout(LIMIT, asked).await.unwrap_or(Err(ChannelError::Silent))
}

/// Like [`ask`], for programs without a runtime.
///
/// # Errors
/// Like [`ask`].
pub fn ask_blocking(path: &Path, question: &Question) -> Result<Answer, ChannelError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(ask(path, question))
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), said: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(said)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    stream.flush().await
}

async fn read<T: DeserializeOwned>(
    stream: &mut (impl AsyncBufReadExt + AsyncRead + Unpin),
) -> io::Result<T> {
    let mut line = Vec::new();
    stream.take(LINE).read_until(b'\n', &mut line).await?;
    if line.last() != Some(&b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    serde_json::from_slice(&line).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests;
