//! Failures between a request and its reply, with whose fault they are and what to try next.

use std::fmt;
use std::io;

use nntp::status::Code;

use crate::backend::RATIONED;

/// Whose fault a failure is. This decides the log level and the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The client left, stalled or sent nonsense. Nothing that the user needs to know.
    Client,
    /// The provider, or the network in between.
    Provider,
    /// A limit or a bug of Newsmux.
    Us,
}

/// What to try after a failure, as long as the client has seen nothing of the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Advice {
    /// Nothing: no client is left to answer.
    Never,
    /// The same provider, on another connection.
    SameProvider,
    /// Another provider, if there is one.
    Elsewhere,
}

/// Why a request failed on one backend.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The client's connection is gone or stalled.
    ClientGone(io::Error),
    /// The client has got its last reply, and the session ends.
    LetGo,
    /// The connection to the provider was closed or broke.
    ConnectionLost(io::Error),
    /// An earlier request on the same connection broke it.
    TurnLost,
    /// A timeout; the text names the step.
    TimedOut(&'static str),
    /// Another backend can serve the request sooner.
    Busy,
    /// Newsmux may not log in again yet, though the provider serves requests.
    Rationed,
    /// No connection is possible now: the provider is down, refuses the login, or was removed.
    Unavailable(String),
    /// The provider's reply does not answer this request.
    Unexpected(String),
    /// The provider ended the connection.
    Farewell {
        /// What it said.
        code: Code,
        /// Whether this was its first reply on the connection.
        first: bool,
    },
    /// The provider wants another login on a connection that was logged in (480).
    LoginNeeded,
    /// The provider wants `MODE READER` first (401), or may want it.
    ModeReaderNeeded,
    /// The provider closed the connection as one too many.
    TooManyConnections,
    /// The copy from another connection differs from what the client already has.
    NotTheSame,
    /// The reply is larger than what may be read ahead for a client that cannot take it yet.
    Overrun,
}

impl Error {
    /// Returns whose fault it is.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        self.consequences().0
    }

    /// Returns what to try next.
    #[must_use]
    pub const fn advice(&self) -> Advice {
        self.consequences().1
    }

    /// Whether the failure says something about the provider. It does not when an earlier request broke
    /// the connection, or when there was none.
    #[must_use]
    pub const fn is_providers(&self) -> bool {
        matches!(self.blame(), Blame::Provider)
            && !matches!(self, Self::TurnLost | Self::Unavailable(_))
    }

    const fn consequences(&self) -> (Blame, Advice) {
        match self {
            Self::ClientGone(_) => (Blame::Client, Advice::Never),
            Self::LetGo => (Blame::Us, Advice::Never),
            Self::Overrun => (Blame::Us, Advice::SameProvider),
            Self::Busy | Self::Rationed => (Blame::Us, Advice::Elsewhere),
            Self::ConnectionLost(_)
            | Self::TurnLost
            | Self::Farewell { .. }
            | Self::LoginNeeded
            | Self::ModeReaderNeeded
            | Self::TooManyConnections => (Blame::Provider, Advice::SameProvider),
            Self::TimedOut(_) | Self::Unavailable(_) | Self::Unexpected(_) | Self::NotTheSame => {
                (Blame::Provider, Advice::Elsewhere)
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientGone(e) => write!(f, "the client is gone: {e}"),
            Self::LetGo => f.write_str("there was nothing more to be done for the client"),
            Self::ConnectionLost(e) => write!(f, "the connection was lost: {e}"),
            Self::TurnLost => f.write_str("the connection was lost in an earlier request"),
            Self::TimedOut(what) => write!(f, "timed out waiting for {what}"),
            Self::Busy => f.write_str("it is busy, and another provider is not"),
            Self::Rationed => f.write_str(RATIONED),
            Self::Unavailable(why) => f.write_str(why),
            Self::Unexpected(what) => write!(f, "unexpected answer: {what}"),
            Self::Farewell { code, .. } => {
                write!(f, "the provider ended the connection with {code}")
            }
            Self::LoginNeeded => f.write_str("the provider wants another login"),
            Self::ModeReaderNeeded => f.write_str("the provider wants MODE READER first"),
            Self::TooManyConnections => {
                f.write_str("the provider says there are too many connections")
            }
            Self::NotTheSame => f.write_str("the other copy of the article differs"),
            Self::Overrun => f.write_str("read ahead as far as allowed"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let (Self::ClientGone(error) | Self::ConnectionLost(error)) = self else { return None };
        Some(error)
    }
}
