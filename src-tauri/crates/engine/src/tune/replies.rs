//! Reads the replies to requests for articles, and throws the articles away.

use nntp::block::{BlockScan, Scan};
use nntp::line::first_line;
use nntp::status::StatusLine;

/// The longest status line accepted, in bytes.
const LONGEST: usize = 4096;

/// The replies on one connection, as far as they were read.
#[derive(Debug, Default)]
pub(super) struct Replies(State);

#[derive(Debug)]
enum State {
    /// In a status line, of which this was read.
    Status(Vec<u8>),
    Article(BlockScan),
}

/// What came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// An article begins.
    Begun,
    /// An article is complete.
    Complete,
    /// The provider does not have the article.
    Missing,
}

impl Default for State {
    fn default() -> Self {
        Self::Status(Vec::new())
    }
}

impl Replies {
    /// Takes the next bytes, and reports what came. Fails with the provider's words if they are no reply
    /// about an article.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        mut came: impl FnMut(Came),
    ) -> Result<(), String> {
        while !bytes.is_empty() {
            bytes = match &mut self.0 {
                State::Article(scan) => match scan.push(bytes) {
                    Scan::More => return Ok(()),
                    Scan::End(length) => {
                        self.0 = State::default();
                        came(Came::Complete);
                        bytes.get(length..).unwrap_or_default()
                    }
                },
                State::Status(line) => {
                    let length = first_line(bytes).unwrap_or(bytes.len());
                    let (more, rest) = bytes.split_at(length);
                    line.extend_from_slice(more);
                    if line.ends_with(b"\n") {
                        let line = std::mem::take(line);
                        self.status(line, &mut came)?;
                    } else if line.len() > LONGEST {
                        return Err("a status line without an end".into());
                    }
                    rest
                }
            };
        }
        Ok(())
    }

    fn status(&mut self, line: Vec<u8>, came: &mut impl FnMut(Came)) -> Result<(), String> {
        let words = || String::from_utf8_lossy(&line).trim_end().to_owned();
        let status = StatusLine::parse(line.clone().into()).map_err(|_| words())?;
        match status.code().get() {
            220 | 222 => {
                self.0 = State::Article(BlockScan::default());
                came(Came::Begun);
            }
            423 | 430 | 451 => came(Came::Missing),
            _ => return Err(words()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: &[u8] = b"222 0 <a@x>\r\na\r\n..\r\n.\r\n430 no\r\n220 0 <b@x>\r\n.\r\n";

    #[test]
    fn replies_are_read_wherever_they_are_cut() {
        for cut in 0..=THREE.len() {
            let (mut replies, mut all) = (Replies::default(), Vec::new());
            let (one, other) = THREE.split_at(cut);
            for piece in [one, other] {
                replies.push(piece, |came| all.push(came)).unwrap();
            }
            let article = [Came::Begun, Came::Complete];
            assert_eq!(all, [&article[..], &[Came::Missing], &article[..]].concat(), "at {cut}");
        }
    }

    #[test]
    fn what_is_no_article_fails_in_the_providers_words() {
        let mut replies = Replies::default();
        assert_eq!(replies.push(b"400 Restart", |_| {}), Ok(()));
        assert_eq!(replies.push(b"ing\r\n", |_| {}), Err("400 Restarting".into()));
        assert!(Replies::default().push(&[b'x'; LONGEST + 1], |_| {}).is_err());
    }
}
