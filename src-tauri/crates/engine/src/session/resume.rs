//! Proves that an article from another connection is the same as the one that the client has the
//! beginning of.
//!
//! Count and checksum of what the client has are kept for headers and body separately, because headers
//! such as Path and Xref differ between providers while the body does not. A reply that broke off in
//! the body continues with any copy whose body begins with the same bytes. One that broke off in the
//! headers needs a copy that is the same from its first byte.

use bytes::{Buf, Bytes};
use crc_fast::{CrcAlgorithm, Digest};
use nntp::command::{Class, Request, Verb};
use nntp::dot::BodyStart;

use super::pending_reply::PendingReply;
use crate::error::Error;

/// How much of an article's block the client has, or will have once its queue is written.
pub(super) enum Progress {
    /// Not an article: it cannot be resumed.
    Untracked,
    Seen(Box<Seen>),
    /// The client has the first part; another copy is being read up to that point.
    Resuming(Box<Resume>),
}

impl Progress {
    pub(super) fn of(request: &Request) -> Self {
        match (request.class(), request.verb()) {
            (Class::ById, verb @ (Verb::Article | Verb::Body | Verb::Head)) => {
                Self::Seen(Box::new(Seen::nothing(verb)))
            }
            // An article requested by number cannot be resumed elsewhere.
            _ => Self::Untracked,
        }
    }

    /// Starts again with another copy: from the beginning, or from where the client's part ends.
    ///
    /// # Errors
    /// If the client has seen part of a reply that cannot be resumed.
    pub(super) fn restart(
        self,
        request: &Request,
        pending: &mut PendingReply,
    ) -> Result<Self, Error> {
        if !pending.was_seen() {
            pending.take_back();
            return Ok(Self::of(request));
        }
        match self {
            Self::Untracked => Err(Error::NotTheSame),
            Self::Seen(seen) => Ok(Self::Resuming(Box::new(Resume::new(*seen, request.verb())))),
            Self::Resuming(resume) => {
                Ok(Self::Resuming(Box::new(Resume::new(resume.into_goal(), request.verb()))))
            }
        }
    }

    /// Whether the copy has not caught up with the client yet.
    pub(super) fn is_behind(&self) -> bool {
        matches!(self, Self::Resuming(_))
    }

    /// Whether the reply broke off in the headers, so that only the same provider's copy can continue it.
    pub(super) fn needs_same_headers(&self) -> bool {
        matches!(self, Self::Resuming(resume) if resume.goal.headers.is_some())
    }

    /// Takes the next bytes of a block and returns those that the client does not have yet.
    pub(super) fn push(&mut self, mut chunk: Bytes) -> Result<Bytes, Error> {
        if let Self::Resuming(resume) = self {
            let Some(new) = resume.push(&chunk)? else { return Ok(Bytes::new()) };
            *self = Self::Seen(Box::new(resume.seen()));
            chunk.advance(new);
        }
        if let Self::Seen(seen) = self {
            seen.push(&chunk);
        }
        Ok(chunk)
    }
}

/// The part of a block that the client has.
#[derive(Clone)]
pub(super) struct Seen {
    head: Part,
    body: Part,
    /// Finds the end of the headers; `None` once in the body.
    headers: Option<BodyStart>,
}

#[derive(Clone)]
struct Part {
    bytes: u64,
    sum: Digest,
}

impl Seen {
    /// Starts with nothing of the reply to `verb`.
    pub(super) fn nothing(verb: Verb) -> Self {
        let headers = (verb != Verb::Body).then(BodyStart::default);
        Self { head: Part::new(), body: Part::new(), headers }
    }

    /// Adds the next bytes.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        let body = self.push_headers(chunk);
        self.body.push(body);
    }

    /// Adds the headers in `chunk` and returns the rest.
    fn push_headers<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let Some(headers) = &mut self.headers else { return chunk };
        let Some(start) = headers.push(chunk) else {
            self.head.push(chunk);
            return &[];
        };
        self.headers = None;
        let (head, body) = chunk.split_at_checked(start).unwrap_or((chunk, &[]));
        self.head.push(head);
        body
    }
}

/// Another copy of the article, read up to where the first broke off.
pub(super) struct Resume {
    goal: Seen,
    now: Seen,
}

impl Resume {
    /// Starts a copy that continues where `goal` ends.
    pub(super) fn new(goal: Seen, verb: Verb) -> Self {
        Self { goal, now: Seen::nothing(verb) }
    }

    /// Takes the next bytes of the copy. Once it has caught up, returns where in `chunk` the new bytes
    /// begin.
    ///
    /// # Errors
    /// [`Error::NotTheSame`] if the copy differs up to there.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<Option<usize>, Error> {
        let (rest, goal, now) = if self.goal.headers.is_some() {
            let (ours, rest) = self.goal.head.split_missing(&self.now.head, chunk);
            self.now.push(ours);
            if self.now.headers.is_none() {
                return Err(Error::NotTheSame);
            }
            (rest, &self.goal.head, &self.now.head)
        } else {
            let body = self.now.push_headers(chunk);
            if self.now.headers.is_some() {
                return Ok(None);
            }
            let (ours, rest) = self.goal.body.split_missing(&self.now.body, body);
            self.now.body.push(ours);
            (rest, &self.goal.body, &self.now.body)
        };
        if now.bytes < goal.bytes {
            Ok(None)
        } else if now == goal {
            Ok(Some(chunk.len() - rest.len()))
        } else {
            Err(Error::NotTheSame)
        }
    }

    /// What the client has, after the proof.
    pub(super) fn seen(&self) -> Seen {
        self.now.clone()
    }

    /// What the client has, if this copy failed before the proof.
    pub(super) fn into_goal(self) -> Seen {
        self.goal
    }
}

impl Part {
    fn new() -> Self {
        Self { bytes: 0, sum: Digest::new(CrcAlgorithm::Crc64Nvme) }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.sum.update(bytes);
    }

    /// Splits off the part of `chunk` that `now` needs to become as long as this.
    fn split_missing<'a>(&self, now: &Self, chunk: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let missing = usize::try_from(self.bytes.saturating_sub(now.bytes)).unwrap_or(usize::MAX);
        chunk.split_at_checked(missing).unwrap_or((chunk, &[]))
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes && self.sum.finalize() == other.sum.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &[u8] = b"Path: a!x\r\nSubject: s\r\n\r\nline one\r\n..two\r\n.\r\n";
    const THEIRS: &[u8] = b"Path: elsewhere!y\r\nSubject: s\r\n\r\nline one\r\n..two\r\n.\r\n";
    const BODY: usize = 25;

    /// What a client gets that has `cut` bytes of one copy and reads the rest of another in small
    /// chunks.
    fn spliced(cut: usize, other: &[u8], chunk: usize) -> Result<Vec<u8>, Error> {
        let mut seen = Seen::nothing(Verb::Article);
        seen.push(&OURS[..cut]);
        let mut resume = Some(Resume::new(seen, Verb::Article));
        let mut client = OURS[..cut].to_vec();
        for chunk in other.chunks(chunk) {
            let from = match &mut resume {
                Some(resume) => resume.push(chunk)?,
                None => Some(0),
            };
            if let Some(from) = from {
                client.extend_from_slice(&chunk[from..]);
                resume = None;
            }
        }
        assert!(resume.is_none(), "never caught up");
        Ok(client)
    }

    #[test]
    fn a_body_cut_anywhere_goes_on_with_another_providers_copy() {
        for cut in BODY..OURS.len() {
            for chunk in 1..=THEIRS.len() {
                assert_eq!(spliced(cut, THEIRS, chunk).unwrap(), OURS, "cut {cut}, chunk {chunk}");
            }
        }
    }

    #[test]
    fn headers_cut_anywhere_go_on_with_the_very_same_copy() {
        for cut in 0..=OURS.len() - 1 {
            for chunk in 1..=OURS.len() {
                assert_eq!(spliced(cut, OURS, chunk).unwrap(), OURS, "cut {cut}, chunk {chunk}");
            }
        }
    }

    #[test]
    fn headers_of_another_provider_are_never_mixed_in() {
        for cut in 7..BODY {
            assert!(matches!(spliced(cut, THEIRS, 5), Err(Error::NotTheSame)), "cut {cut}");
        }
    }

    #[test]
    fn a_body_that_differs_in_one_byte_before_the_cut_is_refused() {
        for at in BODY..OURS.len() - 5 {
            let mut other = OURS.to_vec();
            other[at] ^= 1;
            let cut = OURS.len() - 4;
            assert!(matches!(spliced(cut, &other, 7), Err(Error::NotTheSame)), "byte {at}");
        }
    }
}
