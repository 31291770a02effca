//! What is said to a client: a status line, and a block where one follows.

use bytes::Bytes;
use nntp::dot::stuff;

const TERMINATOR: &[u8] = b".\r\n";
const EMPTY_LINE: &[u8] = b"\r\n";

/// One reply. Articles are not copied into it.
#[derive(Debug)]
pub(crate) struct Reply {
    pieces: Vec<Bytes>,
    last: bool,
}

impl Reply {
    /// A status line alone.
    pub(crate) fn line(status: &str) -> Self {
        Self { pieces: vec![format!("{status}\r\n").into()], last: false }
    }

    /// The last one: the connection ends behind it.
    pub(crate) fn last(status: &str) -> Self {
        Self { last: true, ..Self::line(status) }
    }

    /// A status line and these lines.
    pub(crate) fn lines(status: &str, lines: impl IntoIterator<Item = String>) -> Self {
        let text: String = lines.into_iter().map(|line| line + "\r\n").collect();
        Self::line(status).and([stuff(text.as_bytes()).into()])
    }

    /// A status line and an article's headers.
    pub(crate) fn head(status: &str, head: &Bytes) -> Self {
        Self::line(status).and([head.clone(), Bytes::from_static(TERMINATOR)])
    }

    /// A status line and an article's body, which is a block already.
    pub(crate) fn body(status: &str, body: &Bytes) -> Self {
        Self::line(status).and([body.clone()])
    }

    /// A status line and a whole article.
    pub(crate) fn article(status: &str, head: &Bytes, body: &Bytes) -> Self {
        Self::line(status).and([head.clone(), Bytes::from_static(EMPTY_LINE), body.clone()])
    }

    fn and<const N: usize>(mut self, block: [Bytes; N]) -> Self {
        self.pieces.extend(block);
        self
    }

    /// What is to be sent, in order.
    pub(crate) fn pieces(&self) -> &[Bytes] {
        &self.pieces
    }

    /// Whether the connection ends behind it.
    pub(crate) fn is_last(&self) -> bool {
        self.last
    }
}
