//! A reply as it should be, before anything goes wrong with it.

use crate::article::block;

/// A status line and, where it has one, its block.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    /// Without its line end.
    pub(super) status: String,
    /// Dot-stuffed, with its terminator.
    pub(super) block: Option<Vec<u8>>,
    pub(super) then: Then,
}

/// What happens behind a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    GoOn,
    Close,
    StartTls,
    /// The article of POST or IHAVE is read, and answered.
    TakeArticle,
}

impl Reply {
    pub(super) fn line(status: &str) -> Self {
        Self { status: status.into(), block: None, then: Then::GoOn }
    }

    /// A reply with a block of these lines, which end in CRLF and are not dot-stuffed yet.
    pub(super) fn with_block(status: &str, lines: &[u8]) -> Self {
        Self { block: Some(block(lines)), ..Self::line(status) }
    }

    pub(super) fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }
}
