//! Makes a connection that can carry requests: connect, encryption, greeting and login, each with its
//! timeout.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use nntp::line::LineReader;
use nntp::login::{Account, Login, ModeReader, Progress, Ready};
use nntp::status::StatusLine;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::fallback::{Failed, Fallback, Stage};
use super::{BoxStream, Dial, DialError, Encryption, Oddity, ReadHalf, WriteHalf};
use crate::config::{BackendConfig, Tls};

/// The longest line accepted before a connection is ready.
const LINE: usize = 4096;
/// The longest capability list accepted.
const BLOCK: usize = 64 * 1024;
/// A TLS server answers plain text with an alert, which begins like this.
const TLS_ALERT: &[u8] = &[0x15, 0x03];
const LOGIN: &str = "the reply to the login";

/// A connection that can carry requests.
pub struct Established {
    /// The reading half, at the start of the first reply.
    pub read: ReadHalf,
    /// The writing half.
    pub write: WriteHalf,
    /// Whether the provider allows posting.
    pub posting: bool,
    /// Whether `MODE READER` was sent.
    pub mode_reader: bool,
    /// The address that it leads to, if the dialler knows it.
    pub address: Option<SocketAddr>,
}

/// A completed step towards a login.
pub(crate) enum Milestone<'a> {
    /// To this address, if the dialler knows it.
    Connected(Option<SocketAddr>),
    Encrypted(Option<Encryption>),
    Greeted(&'a StatusLine),
}

/// Receives each milestone, for each address that is tried.
pub(crate) type Observer<'a> = dyn FnMut(Milestone<'_>) + Send + 'a;

/// Connects to a provider and logs in, trying its addresses until one succeeds.
///
/// # Errors
/// Why it failed; see [`DialError`].
pub async fn establish(dialler: &dyn Dial, to: &BackendConfig) -> Result<Established, DialError> {
    let mode = ModeReader::NotNeeded;
    establish_in_mode(dialler, to, mode, &mut |_| {}).await.map_err(|failed| failed.error)
}

/// Like [`establish`], but knows whether `MODE READER` is needed, and reports milestones.
///
/// # Errors
/// As [`establish`], with the stage that was reached.
pub(crate) async fn establish_in_mode(
    dialler: &dyn Dial,
    to: &BackendConfig,
    mode: ModeReader,
    observer: &mut Observer<'_>,
) -> Result<Established, Failed> {
    let account = account(to).map_err(Failed::at(Stage::Login))?;
    let login = Login::new(account, matches!(to.tls, Tls::StartTls(_))).with_mode_reader(mode);
    let mut addresses = Fallback::resolve(dialler, to).await?;
    loop {
        let (stream, reached) = addresses.connect().await?;
        observer(Milestone::Connected(reached.address));
        let stage = Stage::Encryption;
        let mut handshake = Handshake { dialler, to: &reached.to, stage, observer };
        match handshake.log_in(stream, login.clone()).await {
            Ok((stream, Ready { posting, mode_reader })) => {
                addresses.succeeded(&reached);
                let ((read, write), address) = (stream.halves(), reached.address);
                return Ok(Established { read, write, posting, mode_reader, address });
            }
            Err(error) => {
                let failed = Failed { stage: handshake.stage, error };
                addresses.failed(&reached, failed)?;
            }
        }
    }
}

/// The account to log in with, if any.
pub(crate) fn account(to: &BackendConfig) -> Result<Option<Account>, DialError> {
    let account = to.login.as_ref();
    let account = account.map(|login| Account::new(&login.user, login.password.expose()));
    account.transpose().map_err(DialError::Account)
}

/// The handshake from a new connection to the first request.
struct Handshake<'a, 'o> {
    dialler: &'a dyn Dial,
    to: &'a BackendConfig,
    stage: Stage,
    observer: &'a mut Observer<'o>,
}

impl Handshake<'_, '_> {
    async fn log_in(
        &mut self,
        mut stream: BoxStream,
        login: Login,
    ) -> Result<(BoxStream, Ready), DialError> {
        if let Tls::On(_) = self.to.tls {
            stream = self.encrypt(stream).await?;
        }
        self.stage = Stage::Greeting;
        let limit = self.to.limits.greeting;
        let greeting = within(limit, greeting(&self.to.tls), read_status(&mut stream)).await?;
        (self.observer)(Milestone::Greeted(&greeting));
        let mut progress = login.receive(&greeting).map_err(DialError::Refused)?;
        self.stage = match self.to.tls {
            Tls::StartTls(_) => Stage::Encryption,
            Tls::On(_) | Tls::Off => Stage::Login,
        };
        let limit = self.to.limits.login;
        loop {
            progress = match progress {
                Progress::Send(login, line) => {
                    let reply = within(limit, LOGIN, ask(&mut stream, &line)).await?;
                    login.receive(&reply).map_err(DialError::Refused)?
                }
                Progress::Block(login) => {
                    login.capabilities(&within(limit, LOGIN, read_block(&mut stream)).await?)
                }
                Progress::StartTls(login) => {
                    stream = self.encrypt(stream).await?;
                    self.stage = Stage::Login;
                    login.encrypted()
                }
                Progress::Ready(ready) => return Ok((stream, ready)),
            }
        }
    }

    async fn encrypt(&mut self, stream: BoxStream) -> Result<BoxStream, DialError> {
        let stream = self.dialler.start_tls(stream, self.to).await?;
        (self.observer)(Milestone::Encrypted(stream.encryption()));
        Ok(stream)
    }
}

async fn ask(stream: &mut BoxStream, line: &[u8]) -> Result<StatusLine, DialError> {
    stream.write_all(line).await.map_err(closed)?;
    stream.flush().await.map_err(closed)?;
    read_status(stream).await
}

/// Names the step for a timeout. A TLS server stays silent until the client speaks.
const fn greeting(tls: &Tls) -> &'static str {
    match tls {
        Tls::On(_) => "the greeting",
        Tls::Off | Tls::StartTls(_) => {
            "the greeting: if this is the provider's TLS port, set TLS to \"on\""
        }
    }
}

/// Reads a status line. If it is none, says what answered instead.
pub(crate) async fn read_status(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<StatusLine, DialError> {
    let line = read_line(stream).await?;
    if line.starts_with(b"HTTP/") || line.starts_with(b"<") {
        return Err(DialError::Protocol(Oddity::WebServer));
    }
    StatusLine::parse(line).map_err(|_| DialError::Protocol(Oddity::NoNewsServer))
}

/// Reads the lines of a block, without the terminating dot.
pub(crate) async fn read_block(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Vec<u8>, DialError> {
    let mut block = Vec::new();
    loop {
        let line = read_line(stream).await?;
        if line.trim_ascii_end() == b"." {
            return Ok(block);
        }
        if block.len() > BLOCK {
            return Err(DialError::Protocol(Oddity::NoNewsServer));
        }
        block.extend_from_slice(&line);
    }
}

/// Reads exactly one line: the bytes behind it belong to the next reader.
async fn read_line(stream: &mut (impl AsyncRead + Unpin)) -> Result<Bytes, DialError> {
    let mut lines = LineReader::new(LINE);
    loop {
        let byte = stream.read_u8().await.map_err(closed)?;
        lines.push(&[byte]);
        if lines.buffer_mut().starts_with(TLS_ALERT) {
            return Err(DialError::Protocol(Oddity::SpeaksTls));
        }
        if let Some(line) = lines.next_line() {
            return line.map_err(|_| DialError::Protocol(Oddity::NoNewsServer));
        }
    }
}

fn closed(error: io::Error) -> DialError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => DialError::Protocol(Oddity::HungUp),
        _ => DialError::Connect(error),
    }
}

pub(super) async fn within<T>(
    limit: Duration,
    step: &'static str,
    work: impl Future<Output = Result<T, DialError>>,
) -> Result<T, DialError> {
    timeout(limit, work).await.unwrap_or(Err(DialError::TimedOut(step)))
}
