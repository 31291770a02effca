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
    Compress,
    /// The article of POST or IHAVE is read, and answered.
    TakeArticle,
}

impl Reply {
    pub(super) fn line(status: &str) -> Self {
        Self { status: status.into(), block: None, then: Then::GoOn }
    }

    /// A status line and what follows it, all with their line ends.
    pub(super) fn verbatim(text: &str) -> Self {
        let (status, block) = text.split_once("\r\n").unwrap_or((text, ""));
        let block = Some(block.as_bytes().to_vec()).filter(|block| !block.is_empty());
        Self { block, ..Self::line(status) }
    }

    /// Whether it is an article, whole or without its headers.
    pub(super) fn is_article(&self) -> bool {
        self.block.is_some() && (self.status.starts_with("220") || self.status.starts_with("222"))
    }

    /// A reply with a block of these lines, which end in CRLF and are not dot-stuffed yet.
    pub(super) fn with_block(status: &str, lines: &[u8]) -> Self {
        Self { block: Some(block(lines)), ..Self::line(status) }
    }

    pub(super) fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }
}
