//! Lines from bytes, within a limit.

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};

/// A line was longer than the limit. It is reported once, and skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the line is too long")
    }
}

impl std::error::Error for TooLong {}

/// Splits one direction of a connection into lines. A line ends in LF; a CR before it belongs to the
/// line end.
#[derive(Debug)]
pub struct LineReader {
    buffer: BytesMut,
    limit: usize,
    /// How much of the buffer was searched already.
    searched: usize,
    skipping: bool,
}

impl LineReader {
    /// Lines of at most `limit` octets, their line end included.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { buffer: BytesMut::new(), limit, searched: 0, skipping: false }
    }

    /// Adds bytes behind those that are there.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Where bytes can be read into: only to be appended to.
    pub fn buffer_mut(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Everything that is there, lines or not: an upload.
    pub fn take_rest(&mut self) -> Bytes {
        self.searched = 0;
        self.buffer.split().freeze()
    }

    /// The next line with its end, or the news that one was too long. None until more bytes come.
    pub fn next_line(&mut self) -> Option<Result<Bytes, TooLong>> {
        loop {
            let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
            let Some(at) = memchr::memchr(b'\n', unsearched) else { return self.without_end() };
            let end = self.searched.saturating_add(at);
            let line = self.buffer.split_to(end.saturating_add(1));
            self.searched = 0;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            if line.len() > self.limit {
                return Some(Err(TooLong));
            }
            return Some(Ok(line.freeze()));
        }
    }

    /// No line end yet: is it too long already?
    fn without_end(&mut self) -> Option<Result<Bytes, TooLong>> {
        self.searched = self.buffer.len();
        if self.searched <= self.limit && !self.skipping {
            return None;
        }
        self.buffer.advance(self.searched);
        self.searched = 0;
        if std::mem::replace(&mut self.skipping, true) { None } else { Some(Err(TooLong)) }
    }
}

/// A line without its end, if it has one.
pub(crate) fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
