//! Splits bytes into lines of limited length.

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};

/// A line exceeded the limit. It is reported once and skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the line is too long")
    }
}

impl std::error::Error for TooLong {}

/// Splits one direction of a connection into lines. A line ends with LF; a CR before it is part of the
/// line end.
#[derive(Debug)]
pub struct LineReader {
    buffer: BytesMut,
    limit: usize,
    /// How much of the buffer has been searched.
    searched: usize,
    skipping: bool,
}

impl LineReader {
    /// Creates a splitter for lines of at most `limit` octets, including the line end.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { buffer: BytesMut::new(), limit, searched: 0, skipping: false }
    }

    /// Appends bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The buffer to read into. Only append to it.
    pub fn buffer_mut(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Whether the buffer is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Takes all buffered bytes, complete lines or not: they are part of an upload.
    pub fn take_rest(&mut self) -> Bytes {
        self.searched = 0;
        self.buffer.split().freeze()
    }

    /// Returns the next line with its end, or an error if it was too long. `None` until more bytes
    /// come.
    pub fn next_line(&mut self) -> Option<Result<Bytes, TooLong>> {
        loop {
            let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
            let Some(length) = first_line(unsearched) else { return self.without_end() };
            let line = self.buffer.split_to(self.searched.saturating_add(length));
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

    /// Checks whether the unfinished line is already too long.
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

/// The length of the first line, with its end. `None` if there is no whole line.
#[must_use]
pub fn first_line(bytes: &[u8]) -> Option<usize> {
    memchr::memchr(b'\n', bytes).map(|at| at.saturating_add(1))
}

/// Strips the line end, if there is one.
pub(crate) fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
