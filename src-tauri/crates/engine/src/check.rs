//! Tries one provider and says what was found, step by step. One connection, nothing is kept.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nntp::block::{BlockScan, Scan};
use nntp::capabilities::Offered;
use nntp::login::RefusalKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use crate::config::{BackendConfig, Tls, Verify};
use crate::dial::{BoxStream, Boxed, Dial, DialError, Established, establish};

/// How often the round trip is measured.
const ROUND_TRIPS: usize = 3;
/// The most that is read of one reply, in bytes.
const REPLY: usize = 64 * 1024;

/// One step of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The host's name has an address.
    Name,
    /// Something answers there.
    Connection,
    /// It is encrypted as the settings say.
    Encryption,
    /// It greets as a news server does, and takes the login.
    Login,
    /// What it says that it can do.
    Capabilities,
    /// How far away it is.
    RoundTrip,
}

/// What a step found, or what is wrong: a plain sentence.
pub type Finding = (Step, Result<String, String>);

/// Checks a provider. The findings are in order, and end with the first that is bad.
pub async fn check(dialler: &dyn Dial, to: &BackendConfig) -> Vec<Finding> {
    let mut findings = Vec::new();
    check_telling(dialler, to, |finding| findings.push(finding)).await;
    findings
}

/// Like [`check`], and tells each finding as soon as it is there.
pub async fn check_telling(
    dialler: &dyn Dial,
    to: &BackendConfig,
    tell: impl FnMut(Finding) + Send,
) {
    let told = Told { dialler, teller: Mutex::new(Teller { tell, next: Step::Name }) };
    match establish(&told, to).await {
        Err(error) => told.failed(to, &error),
        Ok(mut connection) => {
            told.passed(to, Step::Login);
            told.tell(Step::Login, Ok(login(to, &connection)));
            told.tell(Step::Capabilities, Ok(capabilities(&mut connection, to).await));
            told.tell(Step::RoundTrip, round_trip(&mut connection, to).await);
            drop(connection.write.write_all(b"QUIT\r\n").await);
        }
    }
}

/// A dialler that tells how far it got.
struct Told<'a, T> {
    dialler: &'a dyn Dial,
    teller: Mutex<Teller<T>>,
}

struct Teller<T> {
    tell: T,
    /// The first step that was not told yet.
    next: Step,
}

impl<T: FnMut(Finding) + Send> Told<'_, T> {
    fn tell(&self, step: Step, found: Result<String, String>) {
        let mut teller = self.teller.lock().unwrap_or_else(PoisonError::into_inner);
        (teller.tell)((step, found));
    }

    /// All steps before this one went well.
    fn passed(&self, to: &BackendConfig, before: Step) {
        let next = {
            let mut teller = self.teller.lock().unwrap_or_else(PoisonError::into_inner);
            let next = teller.next;
            teller.next = next.max(before);
            next
        };
        let steps = passed(to).into_iter().filter(|(step, _)| (next..before).contains(step));
        steps.for_each(|(step, found)| self.tell(step, found));
    }

    fn failed(&self, to: &BackendConfig, error: &DialError) {
        let step = step_of(error);
        if !matches!(error, DialError::Account(_)) {
            self.passed(to, step.min(reached(to)));
        }
        self.tell(step, Err(error.to_string()));
    }
}

/// How far a connection is before anything is said on it. With STARTTLS the greeting is before the
/// encryption, and the rest of the login behind it.
fn reached(to: &BackendConfig) -> Step {
    match to.tls {
        Tls::StartTls(_) => Step::Encryption,
        Tls::On(_) | Tls::Off => Step::Login,
    }
}

impl<T: FnMut(Finding) + Send> Dial for Told<'_, T> {
    fn connect<'a>(&'a self, to: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async move {
            let stream = self.dialler.connect(to).await?;
            self.passed(to, reached(to));
            Ok(stream)
        })
    }

    fn start_tls<'a>(
        &'a self,
        stream: BoxStream,
        to: &'a BackendConfig,
    ) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async move {
            let stream = self.dialler.start_tls(stream, to).await?;
            self.passed(to, Step::Login);
            Ok(stream)
        })
    }
}

/// Whether all is well.
#[must_use]
pub fn is_good(findings: &[Finding]) -> bool {
    findings.iter().all(|(_, found)| found.is_ok())
}

fn step_of(error: &DialError) -> Step {
    match error {
        DialError::Resolve(_) => Step::Name,
        DialError::TimedOut("the host's address") => Step::Name,
        DialError::Connect(_) | DialError::TimedOut("the connection") => Step::Connection,
        DialError::Tls(_) | DialError::TimedOut("the TLS handshake") => Step::Encryption,
        DialError::Refused(refusal) if refusal.kind == RefusalKind::NoStartTls => Step::Encryption,
        DialError::TimedOut(_)
        | DialError::Protocol(_)
        | DialError::Refused(_)
        | DialError::Account(_) => Step::Login,
    }
}

/// What has gone well when the login is reached.
fn passed(to: &BackendConfig) -> Vec<Finding> {
    let encryption = match &to.tls {
        Tls::Off => "off: everything is sent in the clear".to_owned(),
        Tls::On(options) | Tls::StartTls(options) => match options.verify {
            Verify::Full => "on, certificate and host name verified".to_owned(),
            Verify::Certificate => "on, certificate verified for any host name".to_owned(),
            Verify::None => {
                "on, certificate not verified: anyone may be at the other end".to_owned()
            }
        },
    };
    vec![
        (Step::Name, Ok(to.host.clone())),
        (Step::Connection, Ok(format!("port {}", to.port))),
        (Step::Encryption, Ok(encryption)),
    ]
}

fn login(to: &BackendConfig, connection: &Established) -> String {
    let posting = if connection.posting { "posting allowed" } else { "no posting" };
    match to.login {
        Some(_) => format!("accepted, {posting}"),
        None => format!("none, {posting}"),
    }
}

async fn capabilities(connection: &mut Established, to: &BackendConfig) -> String {
    match ask(connection, to, b"CAPABILITIES\r\n").await {
        Ok(reply) if reply.starts_with(b"101") => {
            let offered = Offered::parse(
                reply
                    .split(|byte| *byte == b'\n')
                    .skip(1)
                    .collect::<Vec<_>>()
                    .join(&b'\n')
                    .as_slice(),
            );
            let all: Vec<_> = offered.iter().collect();
            all.join(", ")
        }
        _ => "not told, as by many providers".to_owned(),
    }
}

async fn round_trip(connection: &mut Established, to: &BackendConfig) -> Result<String, String> {
    let mut times = Vec::with_capacity(ROUND_TRIPS);
    for _ in 0..ROUND_TRIPS {
        let began = Instant::now();
        ask(connection, to, b"DATE\r\n").await?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let median = times.get(ROUND_TRIPS / 2).copied().unwrap_or_default();
    Ok(format!("{} ms", milliseconds(median)))
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

/// Sends a line and reads the reply, with its block where it is the list of capabilities.
async fn ask(
    connection: &mut Established,
    to: &BackendConfig,
    line: &[u8],
) -> Result<Vec<u8>, String> {
    let asking = async {
        connection.write.write_all(line).await?;
        connection.write.flush().await?;
        let mut reply = Vec::new();
        while !is_complete(&reply) && reply.len() < REPLY {
            let mut byte = [0; 1];
            connection.read.read_exact(&mut byte).await?;
            reply.extend_from_slice(&byte);
        }
        Ok::<_, std::io::Error>(reply)
    };
    match timeout(to.limits.first_byte, asking).await {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(error)) => Err(format!("the provider closed the connection ({error})")),
        Err(_) => Err("the provider does not answer".to_owned()),
    }
}

fn is_complete(reply: &[u8]) -> bool {
    let Some(end) = reply.iter().position(|byte| *byte == b'\n') else { return false };
    let block = reply.get(end + 1..).unwrap_or_default();
    !reply.starts_with(b"101") || matches!(BlockScan::default().push(block), Scan::End(_))
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "name",
            Self::Connection => "connection",
            Self::Encryption => "encryption",
            Self::Login => "login",
            Self::Capabilities => "capabilities",
            Self::RoundTrip => "round trip",
        })
    }
}
