//! Dot-stuffing (RFC 3977, section 3.1.1), and the search for an article's body.

use memchr::memmem;

/// Encodes a text with CRLF line ends as a block: doubles dots at the start of lines, and appends the
/// terminator.
#[must_use]
pub fn stuff(text: &[u8]) -> Vec<u8> {
    let mut block = Vec::with_capacity(text.len().saturating_add(64));
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            block.push(b'.');
        }
        block.extend_from_slice(line);
    }
    block.extend_from_slice(b".\r\n");
    block
}

/// Decodes a block; `None` if it does not end like one.
#[must_use]
pub fn unstuff(block: &[u8]) -> Option<Vec<u8>> {
    let stuffed = block.strip_suffix(b".\r\n").filter(|s| s.is_empty() || s.ends_with(b"\r\n"))?;
    let mut text = Vec::with_capacity(stuffed.len());
    for line in stuffed.split_inclusive(|byte| *byte == b'\n') {
        text.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
    }
    Some(text)
}

/// Finds where an article's body begins, however the article is split into pieces: behind the first
/// empty line (RFC 5536, section 2.1).
#[derive(Debug, Clone)]
pub struct BodyStart {
    /// How many octets of CRLF CRLF have matched at the end of the bytes so far.
    matched: usize,
}

const EMPTY_LINE: &[u8] = b"\r\n\r\n";

impl Default for BodyStart {
    /// Starts at the beginning of an article. An empty line may be its first.
    fn default() -> Self {
        Self { matched: 2 }
    }
}

impl BodyStart {
    /// Scans the next piece. Returns where the body begins in it; after that, do not call it again.
    pub fn push(&mut self, piece: &[u8]) -> Option<usize> {
        let mut rest = piece;
        while self.matched > 0 {
            let (byte, behind) = rest.split_first()?;
            rest = behind;
            self.matched = match EMPTY_LINE.get(self.matched) {
                Some(expected) if expected == byte => self.matched.saturating_add(1),
                _ if *byte == b'\r' => 1,
                _ => 0,
            };
            if self.matched == EMPTY_LINE.len() {
                return Some(piece.len().saturating_sub(rest.len()));
            }
        }
        if let Some(at) = memmem::find(rest, EMPTY_LINE) {
            let before = piece.len().saturating_sub(rest.len());
            return Some(before.saturating_add(at).saturating_add(EMPTY_LINE.len()));
        }
        let longest = EMPTY_LINE.len().saturating_sub(1).min(rest.len());
        let ends = |n: &usize| {
            let tail = rest.get(rest.len().saturating_sub(*n)..).unwrap_or_default();
            EMPTY_LINE.starts_with(tail)
        };
        self.matched = (1..=longest).rev().find(ends).unwrap_or(0);
        None
    }
}
