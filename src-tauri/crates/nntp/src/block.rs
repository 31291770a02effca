//! Where a dot-stuffed block ends (RFC 3977, section 3.1.1): at the first line that is a single dot.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// What ends a block, line end before it included.
const TERMINATOR: &[u8] = b"\r\n.\r\n";

static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(TERMINATOR));

/// Finds the end of one block, in whatever pieces it comes.
#[derive(Debug, Clone)]
pub struct BlockScan {
    /// How many octets of the terminator the bytes so far end with.
    matched: usize,
}

/// What a piece of a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    /// More is to come.
    More,
    /// The block ends behind so many octets of this piece, terminator included.
    End(usize),
}

impl Default for BlockScan {
    /// At the start of a block, behind the CRLF of the status line: that line end counts, so that
    /// `.CRLF` alone is the empty block.
    fn default() -> Self {
        Self { matched: 2 }
    }
}

impl BlockScan {
    /// Takes the next piece.
    pub fn push(&mut self, piece: &[u8]) -> Scan {
        let mut rest = piece;
        // What straddles two pieces is followed octet by octet; it is never more than a line end.
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

    /// Follows one octet; true when it completes the terminator.
    fn step(&mut self, byte: u8) -> bool {
        self.matched = match (TERMINATOR.get(self.matched), byte) {
            (Some(expected), byte) if *expected == byte => self.matched.saturating_add(1),
            (_, b'\r') => 1,
            _ => 0,
        };
        self.matched == TERMINATOR.len()
    }
}

/// How many octets of the terminator `piece` ends with, short of all.
fn overlap(piece: &[u8]) -> usize {
    let longest = TERMINATOR.len().saturating_sub(1).min(piece.len());
    (1..=longest).rev().find(|n| TERMINATOR.starts_with(tail(piece, *n))).unwrap_or(0)
}

fn tail(piece: &[u8], n: usize) -> &[u8] {
    piece.get(piece.len().saturating_sub(n)..).unwrap_or_default()
}
