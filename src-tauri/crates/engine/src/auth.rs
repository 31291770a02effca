//! Which clients may connect, the logins that they may use, and the programs behind them.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use ring::hmac::{self, HMAC_SHA256};
use ring::rand::SystemRandom;

use crate::config::Credentials;

/// Checks client logins in a time that does not reveal how close a guess was.
///
/// ```
/// use nntp_proxy::auth::AuthHandler;
///
/// let open = AuthHandler::new(None, None);
/// assert!(!open.login_needed());
///
/// let closed = AuthHandler::new(Some("sabnzbd".into()), Some("a secret".into()));
/// assert!(closed.login_needed());
/// assert!(closed.check(b"sabnzbd", b"a secret").is_some());
/// assert!(closed.check(b"sabnzbd", b"a guess").is_none());
/// ```
pub struct AuthHandler {
    key: Option<hmac::Key>,
    logins: Vec<(String, hmac::Tag)>,
    needed: bool,
    admission: Option<Admission>,
    recognition: Option<Recognition>,
}

/// Whether a client may connect, by its address and ours. It may block.
pub type Admission = Arc<dyn Fn(SocketAddr, SocketAddr) -> bool + Send + Sync>;

/// The name of the program behind a client, by the client's address and the moment by which it was
/// connected; `None` if it is unknown. It may block.
pub type Recognition = Arc<dyn Fn(SocketAddr, Instant) -> Option<String> + Send + Sync>;

impl AuthHandler {
    /// Accepts one login. With neither a name nor a password, clients need no login; with only one of
    /// the two, no login is accepted.
    #[must_use]
    pub fn new(user: Option<String>, password: Option<String>) -> Self {
        match (user, password) {
            (None, None) => Self::make(&[], false),
            (Some(user), Some(password)) => Self::make(&[(user, password)], true),
            _ => Self::make(&[], true),
        }
    }

    /// Accepts several logins. With none, clients need no login.
    #[must_use]
    pub fn with_logins(logins: impl IntoIterator<Item = Credentials>) -> Self {
        let pair = |login: Credentials| (login.user, login.password.expose().to_owned());
        let logins: Vec<_> = logins.into_iter().map(pair).collect();
        Self::make(&logins, !logins.is_empty())
    }

    /// Turns away the clients that `admission` does not let in, before they are greeted.
    #[must_use]
    pub fn with_admission(self, admission: Admission) -> Self {
        Self { admission: Some(admission), ..self }
    }

    /// Names clients without a login by their programs.
    #[must_use]
    pub fn with_recognition(self, recognition: Recognition) -> Self {
        Self { recognition: Some(recognition), ..self }
    }

    pub(crate) fn admission(&self) -> Option<Admission> {
        self.admission.clone()
    }

    pub(crate) fn recognition(&self) -> Option<Recognition> {
        self.recognition.clone()
    }

    fn make(logins: &[(String, String)], needed: bool) -> Self {
        // Without randomness there is no key, and every login fails: better than accepting all.
        let key = hmac::Key::generate(HMAC_SHA256, &SystemRandom::new()).ok();
        let sign = |key: &hmac::Key, user: &str, password: &str| {
            hmac::sign(key, &joined(user.as_bytes(), password.as_bytes()))
        };
        let signed = key.iter().flat_map(|key| {
            logins.iter().map(move |(user, password)| (user.clone(), sign(key, user, password)))
        });
        let logins = signed.collect();
        Self { key, logins, needed, admission: None, recognition: None }
    }

    /// Whether clients have to log in.
    #[must_use]
    pub fn login_needed(&self) -> bool {
        self.needed
    }

    /// Returns the name of the login if it is valid. Every login is compared as a digest in constant
    /// time, so that neither a name nor a length leaks.
    #[must_use]
    pub fn check(&self, user: &[u8], password: &[u8]) -> Option<&str> {
        let (key, given) = (self.key.as_ref()?, joined(user, password));
        let mut found = None;
        for (name, tag) in &self.logins {
            if hmac::verify(key, &given, tag.as_ref()).is_ok() {
                found = Some(name.as_str());
            }
        }
        found
    }
}

/// Joins name and password in a way that no other pair can produce.
fn joined(user: &[u8], password: &[u8]) -> Vec<u8> {
    let length = u64::try_from(user.len()).unwrap_or(u64::MAX);
    [&length.to_le_bytes(), user, password].concat()
}

impl fmt::Debug for AuthHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthHandler").field("logins", &self.logins.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn two() -> AuthHandler {
        let login = |user: &str, password: &str| Credentials {
            user: user.into(),
            password: Secret::new(password),
        };
        AuthHandler::with_logins([login("sab", "one two"), login("get", "three")])
    }

    #[test]
    fn each_name_goes_with_its_own_password_only() {
        let auth = two();
        assert_eq!(auth.check(b"sab", b"one two"), Some("sab"));
        assert_eq!(auth.check(b"get", b"three"), Some("get"));
        for (user, password) in
            [("sab", "three"), ("get", "one two"), ("sab", ""), ("", ""), ("sabone", " two")]
        {
            assert_eq!(auth.check(user.as_bytes(), password.as_bytes()), None, "{user}/{password}");
        }
    }

    #[test]
    fn half_a_login_lets_nobody_in() {
        let auth = AuthHandler::new(Some("sab".into()), None);
        assert!(auth.login_needed());
        assert_eq!(auth.check(b"sab", b""), None);
    }
}
