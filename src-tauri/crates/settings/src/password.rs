//! A provider's password together with the server that it was entered for, so that it cannot go anywhere else.

use std::path::PathBuf;

use nntp_proxy::config::Secret;
use serde::{Deserialize, Serialize};

use crate::{Provider, TlsMode, VerifyLevel};

/// A password, and where it may be sent.
///
/// [`for_provider`](Self::for_provider) is the only way from a kept password to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password {
    secret: Secret,
    /// None: to no server. The passwords of programs are so, and one that was kept without saying what for, until
    /// [`adopt`](Self::adopt).
    server: Option<Server>,
}

/// What a password belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Server {
    host: String,
    port: u16,
    username: String,
    tls: TlsMode,
    verify: VerifyLevel,
    ca_file: Option<PathBuf>,
}

/// As it is saved.
#[derive(Serialize, Deserialize)]
struct Saved<P> {
    password: P,
    server: Server,
}

impl Password {
    /// One that was entered for this provider.
    #[must_use]
    pub fn new(secret: Secret, provider: &Provider) -> Self {
        Self { secret, server: Some(Server::of(provider)) }
    }

    /// One that programs log in to Newsmux with.
    #[must_use]
    pub fn of_program(secret: Secret) -> Self {
        Self { secret, server: None }
    }

    /// The password, if it was entered for this provider's host, port and user name, and for no more encryption or
    /// verification than it has now.
    #[must_use]
    pub fn for_provider(&self, provider: &Provider) -> Option<&Secret> {
        let server = self.server.as_ref()?;
        server.allows(&Server::of(provider)).then_some(&self.secret)
    }

    /// The password, for programs.
    #[must_use]
    pub fn for_program(&self) -> Option<&Secret> {
        self.server.is_none().then_some(&self.secret)
    }

    /// The form in which it is saved.
    #[must_use]
    pub fn to_saved(&self) -> Secret {
        let Some(server) = self.server.clone() else { return self.secret.clone() };
        let saved = Saved { password: self.secret.expose(), server };
        // A path that is no Unicode has no JSON: without it the password is for nobody.
        serde_json::to_string(&saved).map_or_else(|_| self.secret.clone(), Secret::new)
    }

    /// From the form in which it is saved.
    #[must_use]
    pub fn from_saved(saved: Secret) -> Self {
        match serde_json::from_str::<Saved<String>>(saved.expose()) {
            Ok(Saved { password, server }) => {
                Self { secret: Secret::new(password), server: Some(server) }
            }
            Err(_) => Self { secret: saved, server: None },
        }
    }

    /// One that was put into the keyring without saying what for belongs to the provider that it is found for.
    #[must_use]
    pub fn adopt(self, provider: Option<&Provider>) -> Self {
        let server = self.server.or_else(|| provider.map(Server::of));
        Self { server, ..self }
    }
}

impl Provider {
    /// Whether a password that was entered for `other` may be sent to this one.
    #[must_use]
    pub fn may_use_password_of(&self, other: &Self) -> bool {
        Server::of(other).allows(&Server::of(self))
    }
}

impl Server {
    fn of(provider: &Provider) -> Self {
        Self {
            host: provider.host.to_ascii_lowercase(),
            port: provider.port(),
            username: provider.username.clone().unwrap_or_default(),
            tls: provider.tls,
            verify: provider.verify,
            ca_file: provider.ca_file.clone(),
        }
    }

    /// Whether what was entered for this one may be sent to that one.
    fn allows(&self, that: &Self) -> bool {
        (&self.host, self.port, &self.username) == (&that.host, that.port, &that.username)
            && (self.tls == TlsMode::Off || self.is_as_safe(that))
    }

    fn is_as_safe(&self, that: &Self) -> bool {
        encryption(self.tls) <= encryption(that.tls)
            && verification(self.verify) <= verification(that.verify)
            && (self.verify == VerifyLevel::None || self.ca_file == that.ca_file)
    }
}

fn encryption(tls: TlsMode) -> u8 {
    match tls {
        TlsMode::Off => 0,
        TlsMode::StartTls => 1,
        TlsMode::On => 2,
    }
}

fn verification(level: VerifyLevel) -> u8 {
    match level {
        VerifyLevel::None => 0,
        VerifyLevel::Certificate => 1,
        VerifyLevel::Full => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Provider {
        let provider = Provider::sample("192.0.2.1:563".parse().unwrap());
        Provider { tls: TlsMode::On, username: Some("me".into()), ..provider }
    }

    #[test]
    fn what_is_kept_says_what_it_is_for() {
        let entered = Password::new(Secret::new("pass"), &example());
        let read = Password::from_saved(entered.to_saved());
        assert_eq!(read, entered);
        assert_eq!(read.for_provider(&example()).map(Secret::expose), Some("pass"));
        assert_eq!(read.for_program(), None);
        let elsewhere = Provider { host: "192.0.2.2".into(), ..example() };
        assert_eq!(read.clone().adopt(Some(&elsewhere)).for_provider(&elsewhere), None);
    }

    #[test]
    fn what_does_not_say_so_is_for_nobody_until_it_is_adopted() {
        let plain = Password::from_saved(Secret::new("pass"));
        assert_eq!(plain.for_provider(&example()), None);
        assert_eq!(plain.to_saved(), Secret::new("pass"));
        let adopted = plain.adopt(Some(&example()));
        assert_eq!(adopted.for_provider(&example()).map(Secret::expose), Some("pass"));
    }
}
