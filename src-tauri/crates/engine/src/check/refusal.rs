//! Finds out why a connection failed and what would help, by probing ports and trying again.

use std::io;
use std::net::SocketAddr;

use nntp::login::{Refusal, RefusalKind};

use super::finding::{Finding, Found, Proof, Remedy, Step, Why};
use super::run::{Case, cause, words};
use super::service::Service;
use crate::dial::{DialError, Failed, Oddity, Stage};

impl Case<'_> {
    /// Returns the finding that ends the check.
    pub(super) async fn explain(&self, failed: Failed, tried: &[SocketAddr]) -> Finding {
        let Failed { stage, error } = failed;
        if let Some(finding) = self.not_left(&error) {
            return finding;
        }
        if let DialError::Refused(refusal) = error {
            return self.refused(stage.into(), &refusal).await.saying(words(&refusal));
        }
        let (found, remedy) = match (&error, stage) {
            (DialError::Resolve(_), _) => {
                return Finding::bad(Step::Name, Found::NoAddress { cause: cause(&error) });
            }
            (DialError::Certificate(_), _) | (_, Stage::Login) => (broken_off(&error), None),
            (_, Stage::Connection) => self.not_connected(&error, tried).await,
            (_, Stage::Encryption) => self.not_encrypted(&error).await,
            (_, Stage::Greeting) => self.not_greeted(&error).await,
        };
        Finding::bad(stage.into(), found).helped_by(remedy)
    }

    async fn not_connected(
        &self,
        error: &DialError,
        tried: &[SocketAddr],
    ) -> (Found, Option<Remedy>) {
        let found = self.unconnected(error, tried);
        match self.tls_elsewhere().await {
            None => (found, self.plain_elsewhere().await),
            tls => (found, tls),
        }
    }

    /// The TLS handshake failed: finds out what serves there instead.
    async fn not_encrypted(&self, error: &DialError) -> (Found, Option<Remedy>) {
        let told = matches!(error, DialError::Protocol(Oddity::UnsafeCiphers | Oddity::UnsafeTls));
        if told || !self.is_encrypted() {
            return (broken_off(error), None);
        }
        match self.service_at(self.to.port, None).await {
            Service::Web => (Found::WebServer, None),
            news @ Service::News { .. } => {
                let tls = self.tls_elsewhere().await;
                (Found::SpeaksNoTls, tls.or_else(|| news.without_tls(self.to.port)))
            }
            _ => (broken_off(error), self.tls_elsewhere().await),
        }
    }

    /// No greeting came: a TLS or web server stays silent until the client speaks.
    async fn not_greeted(&self, error: &DialError) -> (Found, Option<Remedy>) {
        let found = broken_off(error);
        if !matches!(found, Found::SpeaksTls | Found::NoAnswer | Found::HungUp) {
            return (found, None);
        }
        match self.silent_service().await {
            Service::News { .. } | Service::Certificate if !self.is_encrypted() => {
                (Found::SpeaksTls, Some(Remedy::UseTls { port: self.to.port }))
            }
            Service::Web => (Found::WebServer, None),
            _ => (found, self.tls_elsewhere().await),
        }
    }

    /// Finds out what serves on our port, with TLS or else without.
    async fn silent_service(&self) -> Service {
        match self.service_at(self.to.port, Some(self.tls_options())).await {
            Service::Nothing if !self.is_encrypted() => {
                match self.service_at(self.to.port, None).await {
                    // A news server would have greeted before.
                    Service::News { .. } => Service::Other,
                    other => other,
                }
            }
            service => service,
        }
    }

    async fn refused(&self, step: Step, refusal: &Refusal) -> Finding {
        let (why, proof) = match refusal.kind {
            RefusalKind::NoStartTls => {
                let plain = Remedy::UseNoTls { port: self.to.port };
                let remedy = self.tls_elsewhere().await.or(Some(plain));
                return Finding::bad(Step::Encryption, Found::NoStartTls).helped_by(remedy);
            }
            RefusalKind::Unexpected if step == Step::Greeting => {
                return Finding::bad(step, Found::NoNewsServer);
            }
            RefusalKind::Unclear if self.check.permits.login_works(self.to) => {
                (Why::Connections, Proof::LoginWorks)
            }
            RefusalKind::Unclear => (Why::Login, Proof::TriedTwice),
            RefusalKind::TooManyConnections => (Why::Connections, Proof::Told),
            RefusalKind::Credentials => (Why::Login, Proof::Told),
            RefusalKind::Account => (Why::Account, Proof::Told),
            RefusalKind::Unavailable if step == Step::Greeting => {
                (Why::Unavailable, Proof::BeforeLogin)
            }
            RefusalKind::Unavailable => (Why::Unavailable, Proof::Told),
            RefusalKind::TlsNeeded => (Why::Encryption, Proof::Told),
            RefusalKind::Unexpected => (Why::Unexpected, Proof::Told),
        };
        let remedy = if why == Why::Encryption { self.encryption().await } else { None };
        let found = Found::Refused { why, proof, beside: self.open_in_proxy() };
        Finding::bad(step, found).helped_by(remedy)
    }

    /// Finds an available encryption.
    async fn encryption(&self) -> Option<Remedy> {
        match self.tls_elsewhere().await {
            None => match self.service_at(self.to.port, None).await {
                Service::News { starttls: true } => {
                    Some(Remedy::UseStartTls { port: self.to.port })
                }
                _ => None,
            },
            tls => tls,
        }
    }
}

impl From<Stage> for Step {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Connection => Self::Connection,
            Stage::Encryption => Self::Encryption,
            Stage::Greeting => Self::Greeting,
            Stage::Login => Self::Login,
        }
    }
}

/// What the error alone says.
pub(super) fn broken_off(error: &DialError) -> Found {
    match error {
        DialError::Protocol(Oddity::SpeaksTls) => Found::SpeaksTls,
        DialError::Protocol(Oddity::SpeaksNoTls) => Found::SpeaksNoTls,
        DialError::Protocol(Oddity::WebServer) => Found::WebServer,
        DialError::Protocol(Oddity::NoNewsServer) => Found::NoNewsServer,
        DialError::Protocol(Oddity::HungUp | Oddity::NotAsked) => Found::HungUp,
        DialError::TimedOut(_) => Found::NoAnswer,
        DialError::Tls(error) if is_hang_up(error) => Found::HungUp,
        DialError::Certificate(bad) => {
            Found::BadCertificate { problem: bad.problem, certificate: bad.shown.clone() }
        }
        DialError::Account(_) => Found::UnusableLogin,
        DialError::Resolve(_) | DialError::Connect(_) | DialError::Refused(_) => {
            Found::NotConnected { cause: cause(error), tried: Vec::new() }
        }
        _ => Found::TlsFailed { cause: cause(error) },
    }
}

fn is_hang_up(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
}
