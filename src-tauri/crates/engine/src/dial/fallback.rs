//! A host may have several addresses: one after the other is tried, until a login succeeds or the
//! provider has said what it thinks of the account.

use std::net::SocketAddr;
use std::time::Duration;

use nntp::login::RefusalKind;

use super::{BoxStream, Dial, DialError, Trouble};
use crate::config::{BackendConfig, TimeLimits};

/// How many addresses are tried in one dial, each with a login that the provider may count.
const TRIES: usize = 4;
/// How long an address may take for the handshake and for the greeting while there are others.
const HURRY: Duration = Duration::from_secs(3);
/// The same for a reply of the login. A provider may be asking elsewhere whether the password is right.
const LOGIN_HURRY: Duration = Duration::from_secs(5);

/// How far a dial came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Connection,
    Encryption,
    Greeting,
    Login,
}

/// A dial that failed, and how far it came.
pub(crate) struct Failed {
    pub(crate) stage: Stage,
    pub(crate) error: DialError,
}

impl Failed {
    pub(crate) fn at(stage: Stage) -> impl FnOnce(DialError) -> Self {
        move |error| Self { stage, error }
    }

    /// Whether every other address would say the same. A greeting knows no account: its refusal may be for
    /// clients of other networks.
    fn is_final(&self) -> bool {
        let before_any = matches!(self.error, DialError::Account(_) | DialError::Authorities(_));
        before_any || (self.stage == Stage::Login && self.error.trouble() != Trouble::Down)
    }

    /// Whether the address is at fault: not one that has no room, or wants other settings.
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

/// See the [module](self).
pub(super) struct Fallback<'a> {
    dialler: &'a dyn Dial,
    to: &'a BackendConfig,
    left: Vec<SocketAddr>,
    tries: usize,
    furthest: Option<Failed>,
}

/// An address that has answered.
pub(super) struct Reached {
    /// The provider, with the limits that hold on this address.
    pub(super) to: BackendConfig,
    /// None where the dialler knows of none.
    pub(super) address: Option<SocketAddr>,
}

impl<'a> Fallback<'a> {
    /// Looks the addresses up.
    pub(super) async fn resolve(
        dialler: &'a dyn Dial,
        to: &'a BackendConfig,
    ) -> Result<Self, Failed> {
        let left = dialler.resolve(to).await.map_err(Failed::at(Stage::Connection))?;
        Ok(Self { dialler, to, left, tries: 0, furthest: None })
    }

    /// A connection to the first address left that answers, without encryption.
    ///
    /// # Errors
    /// That none answers; or what came of one that did, if one did before.
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

    /// The login has succeeded.
    pub(super) fn succeeded(&self, at: &Reached) {
        at.address.into_iter().for_each(|address| self.dialler.succeeded(address, self.to));
    }

    /// It failed here. Goes on where there is another address that may do better.
    ///
    /// # Errors
    /// What came furthest, where there is none.
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

    /// Whether an address is left of which nothing bad is known.
    fn has_better(&self) -> bool {
        let doubtful = |address: &SocketAddr| self.dialler.is_doubtful(*address, self.to);
        self.has_more() && !self.left.iter().all(doubtful)
    }

    fn has_more(&self) -> bool {
        self.tries < TRIES && !self.left.is_empty()
    }
}

/// One address that is silent must not take the time that the others need.
fn hurried(limits: TimeLimits) -> TimeLimits {
    TimeLimits {
        tls: (limits.tls / 2).min(HURRY),
        greeting: (limits.greeting / 2).min(HURRY),
        login: (limits.login / 2).min(LOGIN_HURRY),
        ..limits
    }
}
