//! Finds the end of a dot-stuffed block (RFC 3977, section 3.1.1): the first line that is a single dot.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// The end of a block, including the line end before it.
const TERMINATOR: &[u8] = b"\r\n.\r\n";

static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(TERMINATOR));

/// Finds the end of one block, however it is split into pieces.
#[derive(Debug, Clone)]
pub struct BlockScan {
    /// How many octets of the terminator have matched at the end of the bytes so far.
    matched: usize,
}

/// The result of scanning a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    /// The block continues.
    More,
    /// The block ends after this many octets of the piece, including the terminator.
    End(usize),
}

impl Default for BlockScan {
    /// Starts behind the CRLF of the status line. That line end counts, so `.CRLF` alone is an empty
    /// block.
    fn default() -> Self {
        Self { matched: 2 }
    }
}

impl BlockScan {
    /// Scans the next piece.
    pub fn push(&mut self, piece: &[u8]) -> Scan {
        let mut rest = piece;
        // A match across pieces is followed octet by octet. It is never longer than a line end.
        while self.matched > 0 {
            let Some((byte, behind)) = rest.split_first() else { return Scan::More };
            rest = behind;
            if self.step(*byte) {
                return Scan::End(piece.len().saturating_sub(rest.len()));
            }
        }
        if let Some(at) = FINDER.find(rest) {
            let before = piece.len().saturating_sub(rest.len());
            return Scan::End(before.saturating_add(at).saturating_add(TERMINATOR.len()));
        }
        self.matched = overlap(rest);
        Scan::More
    }

    /// Scans one octet. Returns true if it completes the terminator.
    fn step(&mut self, byte: u8) -> bool {
        self.matched = match (TERMINATOR.get(self.matched), byte) {
            (Some(expected), byte) if *expected == byte => self.matched.saturating_add(1),
            (_, b'\r') => 1,
            _ => 0,
        };
        self.matched == TERMINATOR.len()
    }
}

/// How many octets of the terminator `piece` ends with, if not all.
fn overlap(piece: &[u8]) -> usize {
    let longest = TERMINATOR.len().saturating_sub(1).min(piece.len());
    (1..=longest).rev().find(|n| TERMINATOR.starts_with(tail(piece, *n))).unwrap_or(0)
}

fn tail(piece: &[u8], n: usize) -> &[u8] {
    piece.get(piece.len().saturating_sub(n)..).unwrap_or_default()
}
