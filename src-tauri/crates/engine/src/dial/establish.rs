//! From nothing to a connection that carries requests: connect, greeting, encryption, login; each
//! step within its limit.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use nntp::line::LineReader;
use nntp::login::{Account, Login, Progress};
use nntp::status::StatusLine;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::route::{Failed, Route, Stage};
use super::{BoxStream, Dial, DialError, Encryption, Oddity, ReadHalf, WriteHalf};
use crate::config::{BackendConfig, Tls};

/// The longest line that is read before a connection is ready.
const LINE: usize = 4096;
/// How a TLS server answers what is no TLS: with an alert.
const TLS_ALERT: &[u8] = &[0x15, 0x03];

/// A connection that carries requests.
pub struct Established {
    /// The reading side, at the start of the first reply.
    pub read: ReadHalf,
    /// The writing side.
    pub write: WriteHalf,
    /// The provider lets us post.
    pub posting: bool,
    /// The address that it leads to, where the dialler knows of one.
    pub address: Option<SocketAddr>,
}

/// What is heard on the way to a login.
pub(crate) enum Heard<'a> {
    /// A reply; the first is the greeting.
    Reply(&'a StatusLine),
    /// The connection has become encrypted on the way.
    Encrypted(Option<Encryption>),
}

/// Connects to a provider and logs in, on whichever of its addresses lets us.
///
/// # Errors
/// What kept it from that; see [`DialError`].
pub async fn establish(dialler: &dyn Dial, to: &BackendConfig) -> Result<Established, DialError> {
    establish_in_mode(dialler, to, false).await.map_err(|failed| failed.error)
}

/// Like [`establish`], with `MODE READER` first where the provider is known to want it.
///
/// # Errors
/// Like [`establish`], and how far it came.
pub(crate) async fn establish_in_mode(
    dialler: &dyn Dial,
    to: &BackendConfig,
    mode_reader: bool,
) -> Result<Established, Failed> {
    account(to).map_err(Stage::Connection.failed())?;
    let mut route = Route::find(dialler, to).await?;
    loop {
        let (stream, hop) = route.connect().await?;
        let encrypted = encrypt(dialler, stream, &hop.to).await;
        let login = login(to, mode_reader)?;
        let logged_in = match encrypted {
            Ok(stream) => converse(dialler, stream, &hop.to, login, &mut |_| {}).await,
            Err(failed) => Err(failed),
        };
        match logged_in {
            Ok(established) => {
                route.arrived(&hop);
                return Ok(Established { address: hop.address, ..established });
            }
            Err(failed) => route.failed(&hop, failed)?,
        }
    }
}

/// TLS, where the provider has it from the first byte.
pub(crate) async fn encrypt(
    dialler: &dyn Dial,
    stream: BoxStream,
    to: &BackendConfig,
) -> Result<BoxStream, Failed> {
    match to.tls {
        Tls::On(_) => dialler.start_tls(stream, to).await.map_err(Stage::Encryption.failed()),
        Tls::Off | Tls::StartTls(_) => Ok(stream),
    }
}

/// What is sent at the login, if anything.
pub(crate) fn account(to: &BackendConfig) -> Result<Option<Account>, DialError> {
    let account = to.login.as_ref();
    let account = account.map(|login| Account::new(&login.user, login.password.expose()));
    account.transpose().map_err(DialError::Account)
}

/// Greeting and login on a connection that stands, and STARTTLS where the settings say so; tells what
/// is heard.
///
/// # Errors
/// What kept it from that; see [`DialError`].
pub(crate) async fn log_in(
    dialler: &dyn Dial,
    stream: BoxStream,
    to: &BackendConfig,
    hear: &mut (dyn FnMut(Heard<'_>) + Send),
) -> Result<Established, Failed> {
    let login = login(to, false)?;
    converse(dialler, stream, to, login, hear).await
}

fn login(to: &BackendConfig, mode_reader: bool) -> Result<Login, Failed> {
    let account = account(to).map_err(Stage::Login.failed())?;
    let login = Login::new(account, matches!(to.tls, Tls::StartTls(_)));
    Ok(if mode_reader { login.with_mode_reader() } else { login })
}

async fn converse(
    dialler: &dyn Dial,
    mut stream: BoxStream,
    to: &BackendConfig,
    mut login: Login,
    hear: &mut (dyn FnMut(Heard<'_>) + Send),
) -> Result<Established, Failed> {
    let (mut limit, mut awaited) = (to.limits.greeting, greeting(&to.tls));
    let mut stage = Stage::Greeting;
    loop {
        let status = within(limit, awaited, read_status(&mut stream)).await;
        let status = status.map_err(stage.failed())?;
        hear(Heard::Reply(&status));
        let mut progress =
            login.receive(&status).map_err(DialError::Refused).map_err(stage.failed())?;
        stage = match to.tls {
            Tls::StartTls(_) if stage == Stage::Greeting => Stage::Encryption,
            _ => Stage::Login,
        };
        if let Progress::StartTls(plain) = progress {
            let encrypted = dialler.start_tls(stream, to).await;
            stream = encrypted.map_err(Stage::Encryption.failed())?;
            hear(Heard::Encrypted(stream.encryption()));
            progress = plain.encrypted();
        }
        match progress {
            Progress::Send(next, line) => {
                (limit, awaited) = (to.limits.login, LOGIN);
                let sent = within(limit, awaited, send(&mut stream, &line)).await;
                sent.map_err(stage.failed())?;
                login = next;
            }
            Progress::Ready(ready) => {
                let (read, write) = stream.halves();
                return Ok(Established { read, write, posting: ready.posting, address: None });
            }
            Progress::StartTls(_) => {
                return Err(stage.failed()(DialError::Protocol(Oddity::NotAsked)));
            }
        }
    }
}

const LOGIN: &str = "the reply to the login";

/// A TLS server is silent until it is spoken to.
const fn greeting(tls: &Tls) -> &'static str {
    match tls {
        Tls::On(_) => "the greeting",
        Tls::Off | Tls::StartTls(_) => {
            "the greeting: if this is the provider's TLS port, set TLS to \"on\""
        }
    }
}

async fn send(stream: &mut BoxStream, line: &[u8]) -> Result<(), DialError> {
    stream.write_all(line).await.map_err(closed)?;
    stream.flush().await.map_err(closed)
}

/// Reads one line, and not a byte more: what is behind it is for whoever reads next.
pub(crate) async fn read_status(stream: &mut BoxStream) -> Result<StatusLine, DialError> {
    let mut lines = LineReader::new(LINE);
    loop {
        let byte = stream.read_u8().await.map_err(closed)?;
        lines.push(&[byte]);
        if lines.buffer_mut().starts_with(TLS_ALERT) {
            return Err(DialError::Protocol(Oddity::SpeaksTls));
        }
        let Some(line) = lines.next_line() else { continue };
        let line = line.map_err(|_| DialError::Protocol(Oddity::NoNewsServer))?;
        if line.starts_with(b"HTTP/") || line.starts_with(b"<") {
            return Err(DialError::Protocol(Oddity::WebServer));
        }
        return StatusLine::parse(line).map_err(|_| DialError::Protocol(Oddity::NoNewsServer));
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
