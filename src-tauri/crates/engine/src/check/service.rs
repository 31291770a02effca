//! A look at a port, to see what is there: connects, waits for a greeting, and says nothing but QUIT and,
//! to a news server, CAPABILITIES. Nothing of the account is ever sent.

use std::net::IpAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::ask::{ask, leave, offered};
use super::finding::{Finding, Found, Outcome, Remedy, Step};
use super::run::Case;
use crate::config::{BackendConfig, TimeLimits, Tls, TlsOptions};
use crate::dial::{BoxStream, DialError, Established, Oddity, read_status};

/// The port of NNTP with TLS from the first byte (RFC 8143).
const TLS_PORT: u16 = 563;
/// The port of NNTP (RFC 3977).
const PLAIN_PORT: u16 = 119;
/// How long each step of a look may take, at most.
const GLANCE: Duration = Duration::from_secs(3);

/// What is at a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// A news server; whether it offers STARTTLS is known only where there is no TLS yet.
    News { starttls: bool },
    /// A web server.
    Web,
    /// Something that speaks TLS, with a certificate that the settings do not accept.
    Certificate,
    /// Something that does not greet as a news server does.
    Other,
    /// Nothing, or something that does not answer.
    Nothing,
}

impl Sight {
    /// Seen without TLS where there was none with it: a news server would have greeted before.
    pub(super) fn plain(self) -> Self {
        match self {
            Self::News { .. } => Self::Other,
            other => other,
        }
    }
}

impl Case<'_> {
    /// Whether there is encryption to be had where none was asked for. On this computer nobody needs it.
    pub(super) async fn in_the_clear(&self) -> Option<Finding> {
        if self.to.tls != Tls::Off {
            return None;
        }
        if is_here(&self.to.host) {
            return Some(Finding::good(Step::Encryption, Found::InTheClear));
        }
        let doubtful = Finding::new(Step::Encryption, Outcome::Doubtful, Found::InTheClear);
        Some(doubtful.helped_by(self.tls_elsewhere().await))
    }

    /// TLS on its usual port, where that is another, and a news server is behind it.
    pub(super) async fn tls_elsewhere(&self) -> Option<Remedy> {
        let options = match &self.to.tls {
            Tls::On(_) if self.to.port == TLS_PORT => return None,
            Tls::On(options) | Tls::StartTls(options) => options.clone(),
            Tls::Off => TlsOptions::default(),
        };
        match self.look(Some(options), TLS_PORT).await {
            Sight::News { .. } => Some(Remedy::UseTls { port: TLS_PORT }),
            _ => None,
        }
    }

    /// The usual port without TLS, where that is another, and a news server is behind it.
    pub(super) async fn plain_elsewhere(&self) -> Option<Remedy> {
        let port = PLAIN_PORT;
        if self.to.port == port {
            return None;
        }
        match self.look(None, port).await {
            Sight::News { starttls: true } => Some(Remedy::UseStartTls { port }),
            Sight::News { starttls: false } => Some(Remedy::UseNoTls { port }),
            _ => None,
        }
    }

    /// Looks at a port of the host, with TLS or without.
    pub(super) async fn look(&self, tls: Option<TlsOptions>, port: u16) -> Sight {
        let limits = short(self.to.limits);
        let encrypt = tls.is_some();
        let tls = tls.map_or(Tls::Off, Tls::On);
        let at = BackendConfig { port, tls, login: None, limits, ..self.to.clone() };
        let Ok(mut stream) = self.check.dialler.connect(&at).await else { return Sight::Nothing };
        if encrypt {
            stream = match self.check.dialler.start_tls(stream, &at).await {
                Ok(encrypted) => encrypted,
                Err(DialError::Certificate(_)) => return Sight::Certificate,
                Err(_) => return Sight::Nothing,
            };
        }
        glance(stream, &at).await
    }
}

/// A few seconds for each step, and not more than the provider has otherwise.
fn short(limits: TimeLimits) -> TimeLimits {
    TimeLimits {
        resolve: limits.resolve.min(GLANCE),
        connect: limits.connect.min(GLANCE),
        tls: limits.tls.min(GLANCE),
        greeting: limits.greeting.min(GLANCE),
        first_byte: limits.first_byte.min(GLANCE),
        ..limits
    }
}

async fn glance(mut stream: BoxStream, at: &BackendConfig) -> Sight {
    let limit = at.limits.greeting;
    let Ok(greeting) = timeout(limit, read_status(&mut stream)).await else {
        return nudged(stream, limit).await;
    };
    match greeting {
        // Also a news server that does not want us, or not now.
        Ok(status) if matches!(status.code().get(), 200 | 201 | 400 | 480 | 502) => {
            let (read, write) = stream.halves();
            let mut connection = Established { read, write, posting: false, address: None };
            let asks = at.tls == Tls::Off && matches!(status.code().get(), 200 | 201);
            let starttls = asks && offers_starttls(&mut connection, at).await;
            leave(&mut [connection]).await;
            Sight::News { starttls }
        }
        Ok(_) => Sight::Other,
        Err(error) => strange(&error),
    }
}

async fn offers_starttls(connection: &mut Established, at: &BackendConfig) -> bool {
    let reply = ask(connection, at, b"CAPABILITIES\r\n").await.unwrap_or_default();
    offered(&reply).iter().any(|one| one.eq_ignore_ascii_case("STARTTLS"))
}

/// A web server is silent until something is said to it, whatever that is.
async fn nudged(mut stream: BoxStream, limit: Duration) -> Sight {
    let answer = async {
        stream.write_all(b"QUIT\r\n\r\n").await.map_err(DialError::Connect)?;
        stream.flush().await.map_err(DialError::Connect)?;
        read_status(&mut stream).await
    };
    match timeout(limit, answer).await {
        Ok(Ok(_)) => Sight::Other,
        Ok(Err(error)) => strange(&error),
        Err(_) => Sight::Nothing,
    }
}

fn strange(error: &DialError) -> Sight {
    match error {
        DialError::Protocol(Oddity::WebServer) => Sight::Web,
        DialError::Protocol(Oddity::NoNewsServer) => Sight::Other,
        _ => Sight::Nothing,
    }
}

/// On this computer nobody listens in.
fn is_here(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
