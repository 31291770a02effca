//! The articles that are served and expected: both sides make the same bytes.

use newsmux_tests::rng::Rng;

/// How many different articles there are; the number of a request says which is meant.
const KINDS: u64 = 16;
/// The length of a line of yEnc.
const LINE: usize = 128;

/// The blocks, terminators included.
pub(crate) struct Articles(Vec<Vec<u8>>);

impl Articles {
    /// Articles of about `size` bytes.
    pub(crate) fn new(size: usize) -> Self {
        Self((0..KINDS).map(|seed| block(seed, size)).collect())
    }

    /// What comes behind the status line of the reply to request `n`.
    pub(crate) fn block(&self, n: u64) -> &[u8] {
        let kind = usize::try_from(n % KINDS).unwrap_or(0);
        self.0.get(kind).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Lines of any octets but NUL, CR and LF, as yEnc has them.
fn block(seed: u64, size: usize) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    let mut text = Vec::with_capacity(size + LINE);
    while text.len() < size {
        let line = text.len();
        text.extend((0..LINE).map(|_| match rng.next() as u8 {
            0 | b'\r' | b'\n' => b'x',
            octet => octet,
        }));
        if text.get(line) == Some(&b'.') {
            text.insert(line, b'.');
        }
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b".\r\n");
    text
}
