//! Articles that are the same on every run, full of what makes framing hard: lines that begin with
//! dots, bytes above 127, lines that look like replies.

use std::sync::Arc;

use crate::rng::Rng;

/// An article as its author wrote it. Providers add headers of their own to it; its body is the
/// same everywhere. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Article(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    id: String,
    subject: String,
    body: Vec<u8>,
}

impl Article {
    /// An article with this message-id (with its angle brackets) and these lines, each of which gets
    /// its CRLF here.
    #[must_use]
    pub fn text(id: &str, lines: &[&str]) -> Self {
        let body = lines.iter().flat_map(|line| [line, "\r\n"].concat().into_bytes()).collect();
        Self::new(id, "a text", body)
    }

    /// An article of at least `size` bytes in lines of 128, as yEnc would make them, from a seed.
    #[must_use]
    pub fn binary(seed: u64, size: usize) -> Self {
        Self::with_id(&format!("<binary-{seed}-{size}@newsmux.example>"), seed, size)
    }

    /// Like [`binary`](Self::binary), with a message-id of your choice.
    #[must_use]
    pub fn with_id(id: &str, seed: u64, size: usize) -> Self {
        let (mut rng, mut body) = (Rng::new(seed), Vec::with_capacity(size + 130));
        while body.len() < size {
            match rng.below(16) {
                0 => body.extend_from_slice(b"."),
                1 => body.extend_from_slice(b".."),
                2 => body.extend_from_slice(b"222 0 <someone@else.example>"),
                3..=5 => body.extend(std::iter::once(b'.').chain(line(&mut rng))),
                6 => {}
                _ => body.extend(line(&mut rng)),
            }
            body.extend_from_slice(b"\r\n");
        }
        Self::new(id, "a binary", body)
    }

    /// An article with the body that a reply to BODY has as its block.
    #[must_use]
    pub fn of_block(id: &str, block: &[u8]) -> Self {
        let lines = block.strip_suffix(b".\r\n").unwrap_or(block);
        let lines = lines.split_inclusive(|byte| *byte == b'\n');
        let unstuffed = lines.flat_map(|line| line.strip_prefix(b".").unwrap_or(line));
        Self::new(id, "a part", unstuffed.copied().collect())
    }

    fn new(id: &str, subject: &str, body: Vec<u8>) -> Self {
        Self(Arc::new(Parts { id: id.into(), subject: subject.into(), body }))
    }

    /// The message-id, with its angle brackets.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The body, not dot-stuffed, ending in CRLF.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// The headers at one provider, each line with its CRLF, without the empty line behind them.
    #[must_use]
    pub fn headers(&self, path: &str, xref: Option<&str>) -> String {
        let (id, subject) = (self.id(), self.subject());
        let xref = xref.map(|xref| format!("Xref: {xref}\r\n")).unwrap_or_default();
        format!(
            "Path: {path}\r\nFrom: author@example.com\r\nSubject: {subject}\r\nMessage-ID: {id}\r\n\
             Date: Mon, 02 Jan 2023 03:04:05 +0000\r\n{xref}"
        )
    }

    /// The block of a reply to BODY, the same at every provider.
    #[must_use]
    pub fn body_block(&self) -> Vec<u8> {
        block(self.body())
    }
}

/// A line of 128 bytes without NUL, CR and LF.
fn line(rng: &mut Rng) -> impl Iterator<Item = u8> {
    (0..128).map(|_| match rng.next().to_le_bytes()[0] {
        0 | b'\r' | b'\n' => b'=',
        byte => byte,
    })
}

/// Dot-stuffs lines that end in CRLF, and adds the terminator (RFC 3977, section 3.1.1).
#[must_use]
pub fn block(lines: &[u8]) -> Vec<u8> {
    let mut block = Vec::with_capacity(lines.len() + lines.len() / 64 + 3);
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            block.push(b'.');
        }
        block.extend_from_slice(line);
    }
    block.extend_from_slice(b".\r\n");
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_article_with_lines_that_need_stuffing() {
        let (one, two) = (Article::binary(7, 20_000), Article::binary(7, 20_000));
        assert_eq!(one.body(), two.body());
        assert_ne!(one.body(), Article::binary(8, 20_000).body());
        assert!(one.body().windows(5).any(|bytes| bytes == b"\r\n.\r\n"));
        assert!(one.body().ends_with(b"\r\n"));
    }

    #[test]
    fn a_block_has_one_terminator_at_its_end() {
        let block = Article::binary(7, 20_000).body_block();
        let at = block.windows(5).position(|bytes| bytes == b"\r\n.\r\n");
        assert_eq!(at, Some(block.len() - 5));
        assert_eq!(super::block(b""), b".\r\n");
        assert_eq!(super::block(b".\r\n"), b"..\r\n.\r\n");
        let article = Article::binary(7, 20_000);
        assert_eq!(Article::of_block("<a@b>", &article.body_block()).body(), article.body());
    }
}
