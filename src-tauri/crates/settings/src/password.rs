//! The password of a provider or a proxy together with the server that it was entered for, so that it cannot go anywhere
//! else.

use std::path::PathBuf;

use nntp_proxy::config::Secret;
use secrets::Owner;
use serde::{Deserialize, Serialize};

use crate::{Provider, ProxyAddress, TlsMode, VerifyLevel};

/// A password, and where it may be sent.
///
/// [`for_provider`](Self::for_provider) and [`for_proxy_of`](Self::for_proxy_of) are the only ways from a kept password to
/// a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password {
    secret: Secret,
    to: Destination,
}

/// Where a password may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Destination {
    /// To no server. The passwords of programs are so, and one that was kept without saying what for, until
    /// [`adopt`](Password::adopt).
    Nowhere,
    /// To a provider.
    Server(Server),
    /// To a proxy.
    Proxy(ProxyAddress),
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

/// As a provider's is saved.
#[derive(Serialize, Deserialize)]
struct Saved<P> {
    password: P,
    server: Server,
}

/// As a proxy's is saved.
#[derive(Serialize, Deserialize)]
struct SavedOfProxy<P> {
    password: P,
    proxy: ProxyAddress,
}

impl Password {
    /// One that was entered for this provider.
    #[must_use]
    pub fn new(secret: Secret, provider: &Provider) -> Self {
        Self { secret, to: Destination::Server(Server::of(provider)) }
    }

    /// One that was entered for the proxy of this provider.
    #[must_use]
    pub fn of_proxy(secret: Secret, provider: &Provider) -> Self {
        let to = provider.proxy_address().map_or(Destination::Nowhere, Destination::Proxy);
        Self { secret, to }
    }

    /// One that programs log in to Newsmux with.
    #[must_use]
    pub fn of_program(secret: Secret) -> Self {
        Self { secret, to: Destination::Nowhere }
    }

    /// The password, if it was entered for this provider's host, port and user name, and for no more encryption or
    /// verification than it has now.
    #[must_use]
    pub fn for_provider(&self, provider: &Provider) -> Option<&Secret> {
        let Destination::Server(server) = &self.to else { return None };
        server.allows(&Server::of(provider)).then_some(&self.secret)
    }

    /// The password, if it was entered for the host, port and user name of this provider's proxy.
    #[must_use]
    pub fn for_proxy_of(&self, provider: &Provider) -> Option<&Secret> {
        let Destination::Proxy(proxy) = &self.to else { return None };
        (provider.proxy_address().as_ref() == Some(proxy)).then_some(&self.secret)
    }

    /// The password, for programs.
    #[must_use]
    pub fn for_program(&self) -> Option<&Secret> {
        (self.to == Destination::Nowhere).then_some(&self.secret)
    }

    /// The form in which it is saved.
    #[must_use]
    pub fn to_saved(&self) -> Secret {
        let password = self.secret.expose();
        let saved = match self.to.clone() {
            Destination::Nowhere => return self.secret.clone(),
            Destination::Server(server) => serde_json::to_string(&Saved { password, server }),
            Destination::Proxy(proxy) => serde_json::to_string(&SavedOfProxy { password, proxy }),
        };
        // A path that is no Unicode has no JSON: without it the password is for nobody.
        saved.map_or_else(|_| self.secret.clone(), Secret::new)
    }

    /// From the form in which it is saved.
    #[must_use]
    pub fn from_saved(saved: Secret) -> Self {
        if let Ok(Saved { password, server }) =
            serde_json::from_str::<Saved<String>>(saved.expose())
        {
            return Self { secret: Secret::new(password), to: Destination::Server(server) };
        }
        match serde_json::from_str::<SavedOfProxy<String>>(saved.expose()) {
            Ok(SavedOfProxy { password, proxy }) => {
                Self { secret: Secret::new(password), to: Destination::Proxy(proxy) }
            }
            Err(_) => Self { secret: saved, to: Destination::Nowhere },
        }
    }

    /// One that was put into the keyring without saying what for belongs to the provider that it is found for, or to its
    /// proxy.
    #[must_use]
    pub fn adopt(self, owner: &Owner, provider: Option<&Provider>) -> Self {
        match (&self.to, owner, provider) {
            (Destination::Nowhere, Owner::Provider(_), Some(provider)) => {
                Self::new(self.secret, provider)
            }
            (Destination::Nowhere, Owner::Proxy(_), Some(provider)) => {
                Self::of_proxy(self.secret, provider)
            }
            _ => self,
        }
    }
}

impl Provider {
    /// Whether a password that was entered for `other` may be sent to this one.
    #[must_use]
    pub fn may_use_password_of(&self, other: &Self) -> bool {
        Server::of(other).allows(&Server::of(self))
    }

    /// Whether the password of the other's proxy may be sent to this one's.
    #[must_use]
    pub fn has_proxy_of(&self, other: &Self) -> bool {
        self.proxy_address() == other.proxy_address()
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
        assert_eq!(
            read.clone().adopt(&elsewhere.owner(), Some(&elsewhere)).for_provider(&elsewhere),
            None
        );
    }

    #[test]
    fn what_does_not_say_so_is_for_nobody_until_it_is_adopted() {
        let plain = Password::from_saved(Secret::new("pass"));
        assert_eq!(plain.for_provider(&example()), None);
        assert_eq!(plain.to_saved(), Secret::new("pass"));
        let adopted = plain.adopt(&example().owner(), Some(&example()));
        assert_eq!(adopted.for_provider(&example()).map(Secret::expose), Some("pass"));
    }

    #[test]
    fn a_proxys_password_goes_to_that_proxy_alone() {
        let at = |proxy: &str| Provider { proxy: Some(proxy.into()), ..example() };
        let entered =
            Password::of_proxy(Secret::new("pass"), &at("socks5://me@proxy.example:1080"));
        let read = Password::from_saved(entered.to_saved());
        assert_eq!(read, entered);
        let same = at("socks5://me@PROXY.example");
        assert_eq!(read.for_proxy_of(&same).map(Secret::expose), Some("pass"));
        for other in [
            "socks5://you@proxy.example",
            "socks5://me@proxy.example:1081",
            "socks5://me@p.example",
        ] {
            assert_eq!(read.for_proxy_of(&at(other)), None, "{other}");
        }
        assert_eq!((read.for_provider(&same), read.for_program()), (None, None));
        assert_eq!(Password::new(Secret::new("pass"), &same).for_proxy_of(&same), None);
    }
}
