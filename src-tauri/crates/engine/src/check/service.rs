//! Finds out what serves on a port. It connects, waits for a greeting, and sends only QUIT and, to a
//! news server, CAPABILITIES. It never sends anything of the account.

use std::net::IpAddr;

use tokio::io::AsyncWriteExt;
use tokio::time::{Duration, timeout};

use super::ask::{leave, offered};
use super::finding::{Finding, Found, Outcome, Remedy, Step};
use super::run::Case;
use crate::config::{BackendConfig, TimeLimits, Tls, TlsOptions};
use crate::dial::{BoxStream, DialError, Established, Oddity, read_status};

/// The port of NNTP with TLS from the first byte (RFC 8143).
const TLS_PORT: u16 = 563;
/// The port of NNTP (RFC 3977).
const PLAIN_PORT: u16 = 119;
/// The timeout of each step, at most.
const STEP: Duration = Duration::from_secs(3);

/// What serves on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// A news server. Whether it offers STARTTLS is known only without TLS.
    News { starttls: bool },
    /// A web server.
    Web,
    /// A TLS server whose certificate does not meet the settings.
    Certificate,
    /// A server that does not greet like a news server.
    Other,
    /// Nothing, or a server that does not answer.
    Nothing,
}

impl Case<'_> {
    /// Finds out whether encryption is available when none is configured. On this computer nobody needs
    /// it.
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

    /// Finds a news server on the default TLS port, if the settings use another.
    pub(super) async fn tls_elsewhere(&self) -> Option<Remedy> {
        if self.is_encrypted() && self.to.port == TLS_PORT {
            return None;
        }
        match self.service_at(TLS_PORT, Some(self.tls_options())).await {
            Service::News { .. } => Some(Remedy::UseTls { port: TLS_PORT }),
            _ => None,
        }
    }

    /// Finds a news server on the default plain port, if the settings use another.
    pub(super) async fn plain_elsewhere(&self) -> Option<Remedy> {
        if self.to.port == PLAIN_PORT {
            return None;
        }
        self.service_at(PLAIN_PORT, None).await.without_tls(PLAIN_PORT)
    }

    /// Whether the settings use TLS from the first byte.
    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self.to.tls, Tls::On(_))
    }

    pub(super) fn tls_options(&self) -> TlsOptions {
        match &self.to.tls {
            Tls::On(options) | Tls::StartTls(options) => options.clone(),
            Tls::Off => TlsOptions::default(),
        }
    }

    /// Finds out what serves on a port of the host, with or without TLS.
    pub(super) async fn service_at(&self, port: u16, tls: Option<TlsOptions>) -> Service {
        let limits = short(self.to.limits);
        let encrypt = tls.is_some();
        let tls = tls.map_or(Tls::Off, Tls::On);
        let at = BackendConfig { port, tls, login: None, limits, ..self.to.clone() };
        let Ok(mut stream) = self.check.dialler.connect(&at).await else { return Service::Nothing };
        if encrypt {
            stream = match self.check.dialler.start_tls(stream, &at).await {
                Ok(encrypted) => encrypted,
                Err(DialError::Certificate(_)) => return Service::Certificate,
                Err(_) => return Service::Nothing,
            };
        }
        greeted(stream, &at).await
    }
}

impl Service {
    /// How to use a news server that does not use TLS from the first byte.
    pub(super) fn without_tls(self, port: u16) -> Option<Remedy> {
        match self {
            Self::News { starttls: true } => Some(Remedy::UseStartTls { port }),
            Self::News { starttls: false } => Some(Remedy::UseNoTls { port }),
            Self::Web | Self::Certificate | Self::Other | Self::Nothing => None,
        }
    }

    fn of(error: &DialError) -> Self {
        match error {
            DialError::Protocol(Oddity::WebServer) => Self::Web,
            DialError::Protocol(Oddity::NoNewsServer) => Self::Other,
            _ => Self::Nothing,
        }
    }
}

/// Limits each step to a few seconds, or the provider's own timeouts if shorter.
fn short(limits: TimeLimits) -> TimeLimits {
    TimeLimits {
        resolve: limits.resolve.min(STEP),
        connect: limits.connect.min(STEP),
        tls: limits.tls.min(STEP),
        greeting: limits.greeting.min(STEP),
        first_byte: limits.first_byte.min(STEP),
        ..limits
    }
}

async fn greeted(mut stream: BoxStream, at: &BackendConfig) -> Service {
    let Ok(greeting) = timeout(at.limits.greeting, read_status(&mut stream)).await else {
        return silent(stream, at.limits.greeting).await;
    };
    let status = match greeting {
        Ok(status) => status.code().get(),
        Err(error) => return Service::of(&error),
    };
    // A refusal comes from a news server too.
    if !matches!(status, 200 | 201 | 400 | 480 | 502) {
        return Service::Other;
    }
    let (read, write) = stream.halves();
    let mut connection =
        Established { read, write, posting: false, mode_reader: false, address: None };
    let starttls = at.tls == Tls::Off
        && matches!(status, 200 | 201)
        && offered(&mut connection, at).await.has("STARTTLS");
    leave(&mut [connection]).await;
    Service::News { starttls }
}

/// Tells a web server by its reply: it stays silent until it receives something.
async fn silent(mut stream: BoxStream, limit: Duration) -> Service {
    let answer = async {
        stream.write_all(b"QUIT\r\n\r\n").await.map_err(DialError::Connect)?;
        stream.flush().await.map_err(DialError::Connect)?;
        read_status(&mut stream).await
    };
    match timeout(limit, answer).await {
        Ok(Ok(_)) => Service::Other,
        Ok(Err(error)) => Service::of(&error),
        Err(_) => Service::Nothing,
    }
}

/// Whether the host is this computer, where nobody can listen in.
fn is_here(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
