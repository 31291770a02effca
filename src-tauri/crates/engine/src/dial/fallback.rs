//! Tries a host's addresses one after the other, until a login succeeds or the provider's answer about
//! the account is final.

use std::net::SocketAddr;
use std::time::Duration;

use nntp::login::RefusalKind;

use super::{BoxStream, Dial, DialError, Trouble};
use crate::config::{BackendConfig, TimeLimits};

/// The maximum number of addresses to try per dial. Each may cost a login that the provider counts.
const TRIES: usize = 4;
/// The timeout of the handshake and the greeting while other addresses are left.
const HURRY: Duration = Duration::from_secs(3);
/// The timeout of a login reply. It is longer because the provider may ask another server whether the
/// password is right.
const LOGIN_HURRY: Duration = Duration::from_secs(5);

/// How far a dial got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Connection,
    Encryption,
    Greeting,
    Login,
}

/// A failed dial, and how far it got.
pub(crate) struct Failed {
    pub(crate) stage: Stage,
    pub(crate) error: DialError,
}

impl Failed {
    pub(crate) fn at(stage: Stage) -> impl FnOnce(DialError) -> Self {
        move |error| Self { stage, error }
    }

    /// Whether every other address would answer the same. A refused greeting is not final: it comes
    /// before the login, and may be meant for other networks.
    fn is_final(&self) -> bool {
        let before_any = matches!(self.error, DialError::Account(_) | DialError::Authorities(_));
        before_any || (self.stage == Stage::Login && self.error.trouble() != Trouble::Down)
    }

    /// Whether the address is to blame: not when it has no free connection, or needs other settings.
    fn is_addresses_fault(&self) -> bool {
        match &self.error {
            DialError::Refused(refusal) => matches!(
                refusal.kind,
                RefusalKind::Unavailable | RefusalKind::Unexpected | RefusalKind::NoStartTls
            ),
            _ => !self.is_final(),
        }
    }
}

/// One dial's addresses, and what came of those tried. See the [module](self).
pub(super) struct Fallback<'a> {
    dialler: &'a dyn Dial,
    to: &'a BackendConfig,
    left: Vec<SocketAddr>,
    tries: usize,
    furthest: Option<Failed>,
}

/// An address that answered.
pub(super) struct Reached {
    /// The provider's configuration, with the timeouts for this address.
    pub(super) to: BackendConfig,
    /// `None` if the dialler does not know it.
    pub(super) address: Option<SocketAddr>,
}

impl<'a> Fallback<'a> {
    /// Looks up the addresses.
    pub(super) async fn resolve(
        dialler: &'a dyn Dial,
        to: &'a BackendConfig,
    ) -> Result<Self, Failed> {
        let left = dialler.resolve(to).await.map_err(Failed::at(Stage::Connection))?;
        Ok(Self { dialler, to, left, tries: 0, furthest: None })
    }

    /// Connects without encryption to the first remaining address that answers.
    ///
    /// # Errors
    /// That none answers; or the earlier failure, if one answered before.
    pub(super) async fn connect(&mut self) -> Result<(BoxStream, Reached), Failed> {
        let connected = match &self.left[..] {
            [] => self.dialler.connect(self.to).await.map(|stream| (stream, None)),
            left => {
                let connected = self.dialler.connect_to(left, self.to).await;
                connected.map(|(stream, address)| (stream, Some(address)))
            }
        };
        let (stream, address) = connected.map_err(|error| {
            self.furthest.take().unwrap_or(Failed { stage: Stage::Connection, error })
        })?;
        self.left.retain(|left| Some(*left) != address);
        self.tries += 1;
        let mut to = self.to.clone();
        if self.has_better() {
            to.limits = hurried(to.limits);
        }
        Ok((stream, Reached { to, address }))
    }

    /// Records a successful login.
    pub(super) fn succeeded(&self, at: &Reached) {
        at.address.into_iter().for_each(|address| self.dialler.succeeded(address, self.to));
    }

    /// Records a failure. Returns `Ok` if another address is worth trying.
    ///
    /// # Errors
    /// The failure that got furthest, if no address is left.
    pub(super) fn failed(&mut self, at: &Reached, failed: Failed) -> Result<(), Failed> {
        if let Some(address) = at.address.filter(|_| failed.is_addresses_fault()) {
            self.dialler.failed(address, self.to);
        }
        let is_final = failed.is_final();
        let before = self.furthest.take().filter(|before| before.stage >= failed.stage);
        let furthest = before.filter(|_| !is_final).unwrap_or(failed);
        if is_final || !self.has_more() {
            return Err(furthest);
        }
        self.furthest = Some(furthest);
        Ok(())
    }

    /// Whether an address is left that has not failed recently.
    fn has_better(&self) -> bool {
        let doubtful = |address: &SocketAddr| self.dialler.is_doubtful(*address, self.to);
        self.has_more() && !self.left.iter().all(doubtful)
    }

    fn has_more(&self) -> bool {
        self.tries < TRIES && !self.left.is_empty()
    }
}

/// Shortens the timeouts, so that one silent address does not use up the time of the others.
fn hurried(limits: TimeLimits) -> TimeLimits {
    TimeLimits {
        tls: (limits.tls / 2).min(HURRY),
        greeting: (limits.greeting / 2).min(HURRY),
        login: (limits.login / 2).min(LOGIN_HURRY),
        ..limits
    }
}
