//! What can go wrong between a request and its reply: whose fault it is, and what may be tried next.

use std::fmt;
use std::io;

use nntp::status::StatusLine;

/// Whose fault a failure is. It sets the log level and the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The client left, stalled or spoke nonsense. Nothing that its owner must be told.
    Client,
    /// The provider, or the way to it.
    Provider,
    /// A limit or a fault of ours.
    Us,
}

/// What may be tried after a failure, as long as the client has seen nothing of the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Advice {
    /// Nothing: there is nobody left to answer to.
    Never,
    /// The same provider, on another connection.
    SameProvider,
    /// Another provider, if there is one.
    Elsewhere,
}

/// A request that failed on one backend.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The client's connection is gone or stalled.
    ClientGone(io::Error),
    /// The client was told why, and is let go.
    LetGo,
    /// The provider closed the connection, or it broke.
    ConnectionLost(io::Error),
    /// The request before ours on the same connection took it down.
    TurnLost,
    /// A wait went over its limit; the word says which.
    TimedOut(&'static str),
    /// Another backend would serve the request sooner.
    Busy,
    /// No connection can be had now: the provider is down, refuses the login or is retired.
    Unavailable(String),
    /// The provider's answer cannot be the answer to this request.
    Unexpected(String),
    /// The provider ends the connection (400), or wants a login on one that had logged in (480).
    Dismissed {
        /// What it said.
        status: StatusLine,
        /// It was the first request on the connection.
        fresh: bool,
    },
    /// What another connection sent is not the article that the client has the beginning of.
    NotTheSame,
    /// The reply outgrew what may be read ahead for a client that cannot take it yet.
    Overrun,
}

impl Error {
    /// Whose fault it is.
    #[must_use]
    pub const fn blame(&self) -> Blame {
        match self {
            Self::ClientGone(_) => Blame::Client,
            Self::Overrun | Self::LetGo | Self::Busy => Blame::Us,
            Self::ConnectionLost(_)
            | Self::TurnLost
            | Self::TimedOut(_)
            | Self::Unavailable(_)
            | Self::Unexpected(_)
            | Self::Dismissed { .. }
            | Self::NotTheSame => Blame::Provider,
        }
    }

    /// Whether it speaks against the provider itself: not so where an earlier request took the
    /// connection down, or where there was none.
    #[must_use]
    pub const fn is_providers(&self) -> bool {
        match self {
            Self::ConnectionLost(_) | Self::TimedOut(_) | Self::Unexpected(_) => true,
            Self::Dismissed { .. } | Self::NotTheSame => true,
            Self::TurnLost | Self::Busy | Self::Unavailable(_) => false,
            Self::ClientGone(_) | Self::LetGo | Self::Overrun => false,
        }
    }

    /// What may be tried next.
    #[must_use]
    pub const fn advice(&self) -> Advice {
        match self {
            Self::ClientGone(_) | Self::LetGo => Advice::Never,
            Self::ConnectionLost(_) | Self::TurnLost | Self::Dismissed { .. } | Self::Overrun => {
                Advice::SameProvider
            }
            Self::TimedOut(_)
            | Self::Busy
            | Self::Unavailable(_)
            | Self::Unexpected(_)
            | Self::NotTheSame => Advice::Elsewhere,
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
            Self::Unavailable(why) => f.write_str(why),
            Self::Unexpected(what) => write!(f, "unexpected answer: {what}"),
            Self::Dismissed { status, .. } => {
                write!(f, "the provider ended the connection with {}", status.code())
            }
            Self::NotTheSame => f.write_str("the other copy of the article differs"),
            Self::Overrun => f.write_str("read ahead as far as allowed"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::ClientGone(e) | Self::ConnectionLost(e) => Some(e),
            Self::LetGo
            | Self::TurnLost
            | Self::TimedOut(_)
            | Self::Busy
            | Self::Unavailable(_)
            | Self::Unexpected(_)
            | Self::Dismissed { .. }
            | Self::NotTheSame
            | Self::Overrun => None,
        }
    }
}
