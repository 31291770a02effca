//! Why a connection did not come to be, and what would help: decided by looking, and by trying.

use std::io;

use nntp::login::{Refusal, RefusalKind};

use super::finding::{Finding, Found, Proof, Remedy, Step, Why};
use super::look::Sight;
use super::run::{Case, cause, step, words};
use crate::config::{Tls, TlsOptions};
use crate::dial::{BadCertificate, DialError, Failed, Oddity};

impl Case<'_> {
    /// The finding that ends the check.
    pub(super) async fn explain(&self, failed: Failed) -> Finding {
        let (step, words) = (step(failed.stage), words(&failed.error));
        let finding = match &failed.error {
            DialError::Resolve(_) => {
                Finding::bad(Step::Name, Found::NoAddress { cause: cause(&failed.error) })
            }
            DialError::Refused(refusal) => self.refused(step, refusal).await,
            DialError::Certificate(bad) => Finding::bad(step, bad_certificate(bad)),
            error => match step {
                Step::Connection | Step::Name => self.not_connected(error).await,
                Step::Encryption => self.not_encrypted(error).await,
                Step::Greeting => self.not_greeted(error).await,
                _ => Finding::bad(step, broken_off(error)),
            },
        };
        finding.saying(words)
    }

    async fn not_connected(&self, error: &DialError) -> Finding {
        let found = Found::NotConnected { cause: cause(error) };
        let mut remedy = self.tls_elsewhere().await;
        if remedy.is_none() {
            remedy = self.plain_elsewhere().await;
        }
        Finding::bad(Step::Connection, found).helped_by(remedy)
    }

    /// The handshake did not go through: what is there instead?
    async fn not_encrypted(&self, error: &DialError) -> Finding {
        let bad = |found| Finding::bad(Step::Encryption, found);
        let told = matches!(error, DialError::Protocol(Oddity::UnsafeCiphers | Oddity::UnsafeTls));
        if told || matches!(self.to.tls, Tls::StartTls(_)) {
            return bad(broken_off(error));
        }
        let port = self.to.port;
        match self.look(None, port).await {
            Sight::Web => bad(Found::WebServer),
            Sight::News { starttls } => {
                let plain =
                    if starttls { Remedy::UseStartTls { port } } else { Remedy::UseNoTls { port } };
                let remedy = self.tls_elsewhere().await.or(Some(plain));
                bad(Found::SpeaksNoTls).helped_by(remedy)
            }
            _ => bad(broken_off(error)).helped_by(self.tls_elsewhere().await),
        }
    }

    /// It does not greet: a server that waits for TLS or for HTTP is silent, until it is spoken to.
    async fn not_greeted(&self, error: &DialError) -> Finding {
        let bad = |found| Finding::bad(Step::Greeting, found);
        let port = self.to.port;
        match broken_off(error) {
            silent @ (Found::SpeaksTls | Found::NoAnswer | Found::HungUp) => {
                match self.seen().await {
                    Sight::News { .. } | Sight::Certificate if !self.is_encrypted() => {
                        bad(Found::SpeaksTls).helped_by(Some(Remedy::UseTls { port }))
                    }
                    Sight::Web => bad(Found::WebServer),
                    _ => bad(silent).helped_by(self.tls_elsewhere().await),
                }
            }
            found => bad(found),
        }
    }

    fn is_encrypted(&self) -> bool {
        matches!(self.to.tls, Tls::On(_))
    }

    /// What is on our port, with TLS, or else without.
    async fn seen(&self) -> Sight {
        let port = self.to.port;
        let options = match &self.to.tls {
            Tls::On(options) | Tls::StartTls(options) => options.clone(),
            Tls::Off => TlsOptions::default(),
        };
        match self.look(Some(options), port).await {
            Sight::Nothing if !self.is_encrypted() => self.look(None, port).await.plain(),
            sight => sight,
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
            RefusalKind::Unclear if self.login_works() => (Why::Connections, Proof::LoginWorks),
            RefusalKind::Unclear => (Why::Login, Proof::TriedTwice),
            RefusalKind::TooManyConnections => (Why::Connections, Proof::Told),
            RefusalKind::Credentials => (Why::Login, Proof::Told),
            RefusalKind::Account => (Why::Account, Proof::Told),
            RefusalKind::Unavailable => (Why::Unavailable, Proof::Told),
            RefusalKind::TlsNeeded => (Why::Encryption, Proof::Told),
            RefusalKind::Unexpected => (Why::Unexpected, Proof::Told),
        };
        let early = step == Step::Greeting && why == Why::Unavailable;
        let proof = if early { Proof::BeforeLogin } else { proof };
        let beside = self.check.visits.as_ref().map_or(0, |visits| visits.beside(self.to));
        let remedy = match why {
            Why::Encryption => self.encryption().await,
            _ => None,
        };
        Finding::bad(step, Found::Refused { why, proof, beside }).helped_by(remedy)
    }

    /// Whether the proxy has connections open on which the same login was taken.
    fn login_works(&self) -> bool {
        self.check.visits.as_ref().is_some_and(|visits| visits.login_works(self.to))
    }

    /// Which encryption there is.
    async fn encryption(&self) -> Option<Remedy> {
        let elsewhere = self.tls_elsewhere().await;
        let port = self.to.port;
        match elsewhere {
            None => match self.look(None, port).await {
                Sight::News { starttls: true } => Some(Remedy::UseStartTls { port }),
                _ => None,
            },
            elsewhere => elsewhere,
        }
    }
}

fn bad_certificate(bad: &BadCertificate) -> Found {
    Found::BadCertificate { problem: bad.problem, certificate: bad.shown.clone() }
}

/// What is known without a look.
fn broken_off(error: &DialError) -> Found {
    match error {
        DialError::Protocol(Oddity::SpeaksTls) => Found::SpeaksTls,
        DialError::Protocol(Oddity::SpeaksNoTls) => Found::SpeaksNoTls,
        DialError::Protocol(Oddity::WebServer) => Found::WebServer,
        DialError::Protocol(Oddity::NoNewsServer) => Found::NoNewsServer,
        DialError::Protocol(Oddity::HungUp | Oddity::NotAsked) => Found::HungUp,
        DialError::TimedOut(_) => Found::NoAnswer,
        DialError::Tls(error) if is_hang_up(error) => Found::HungUp,
        DialError::Tls(_)
        | DialError::Authorities(_)
        | DialError::Protocol(Oddity::UnsafeCiphers | Oddity::UnsafeTls) => {
            Found::TlsFailed { cause: cause(error) }
        }
        DialError::Certificate(bad) => bad_certificate(bad),
        DialError::Account(_) => Found::UnusableLogin,
        DialError::Resolve(_) | DialError::Connect(_) | DialError::Refused(_) => {
            Found::NotConnected { cause: cause(error) }
        }
    }
}

fn is_hang_up(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
}
