//! The client's writing side. Small complete replies are kept for a moment and sent with the next
//! write, at the latest when the session's task has nothing else to do.
//!
//! Each reply has a [`Place`] in the order of the requests. It is written when all replies with earlier
//! places are.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncWrite;
use tokio::time::Instant;

use crate::dial::WriteHalf;
use crate::lock::Lock;
use crate::traffic::ClientLimit;

/// How many bytes of complete replies may be kept.
const ROOM: usize = 16 * 1024;
/// How many other pieces are written with one call.
const PIECES: usize = 16;

/// See the [module](self). Clones are handles to the same writer.
#[derive(Clone)]
pub(super) struct Writer(Arc<Lock<Inner>>);

/// A reply's place in the order of the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u64);

struct Inner {
    half: WriteHalf,
    limit: ClientLimit,
    /// Complete replies to be written.
    left: BytesMut,
    /// Whether they are written but not flushed yet.
    flushing: bool,
    /// Since when the client accepts nothing of what it was offered.
    blocked: Option<Instant>,
    /// How many places were given away, and how many of them are past.
    places: u64,
    past: u64,
}

impl Writer {
    pub(super) fn new(half: WriteHalf, limit: ClientLimit) -> Self {
        Self(Arc::new(Lock::new(Inner {
            half,
            limit,
            left: BytesMut::new(),
            flushing: false,
            blocked: None,
            places: 0,
            past: 0,
        })))
    }

    /// Gives away the next place.
    pub(super) fn place(&self) -> Place {
        let mut inner = self.0.lock();
        inner.places += 1;
        Place(inner.places)
    }

    /// Whether all replies with earlier places are written. Nobody is woken when that changes, but for
    /// the requests that [`Running`](super::running::Running) polls.
    pub(super) fn is_next(&self, place: Place) -> bool {
        self.0.lock().past + 1 == place.0
    }

    /// Lets the reply with the next place follow.
    pub(super) fn pass(&self) {
        self.0.lock().past += 1;
    }

    /// Keeps the rest of a complete reply and lets the next one follow, if there is room. The owner of
    /// all replies then has to [drain](Self::poll_drain) it.
    pub(super) fn leave(&self, pieces: &VecDeque<Bytes>) -> bool {
        let mut inner = self.0.lock();
        let size: usize = pieces.iter().map(Bytes::len).sum();
        if inner.left.len() + size > ROOM {
            return false;
        }
        inner.past += 1;
        pieces.iter().for_each(|piece| inner.left.extend_from_slice(piece));
        true
    }

    /// Whether all complete replies are written and flushed.
    pub(super) fn is_drained(&self) -> bool {
        let inner = self.0.lock();
        inner.left.is_empty() && !inner.flushing
    }

    /// Since when the client accepts nothing of what it was offered.
    pub(super) fn blocked_since(&self) -> Instant {
        self.0.lock().blocked.unwrap_or_else(Instant::now)
    }

    /// Writes what is kept here.
    pub(super) fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.0.lock();
        while !inner.left.is_empty() {
            ready!(inner.poll_write(cx, &VecDeque::new()))?;
            inner.flushing = true;
        }
        if inner.flushing {
            ready!(inner.poll_flush(cx))?;
            inner.flushing = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes once: what is kept here, then `pieces`. Returns how many bytes of `pieces` were written.
    pub(super) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        pieces: &VecDeque<Bytes>,
    ) -> Poll<io::Result<usize>> {
        self.0.lock().poll_write(cx, pieces)
    }

    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        self.0.lock().poll_flush(cx)
    }

    /// Closes the writing side, as far as that is possible at once.
    pub(super) async fn close(&self) {
        poll_fn(|cx| {
            drop(self.poll_shutdown(cx));
            Poll::Ready(())
        })
        .await;
    }

    pub(super) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.0.lock().half).poll_shutdown(cx)
    }
}

impl Inner {
    /// Encryption accepts more than the client does, and keeps the rest for this.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.half).poll_flush(cx);
        if flushed.is_pending() {
            self.blocked.get_or_insert_with(Instant::now);
        } else {
            self.blocked = None;
        }
        flushed
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        pieces: &VecDeque<Bytes>,
    ) -> Poll<io::Result<usize>> {
        let mut most = ready!(self.limit.poll(cx));
        let all = std::iter::once(&*self.left).chain(pieces.iter().map(|piece| &**piece));
        let mut slices = [IoSlice::new(&[]); PIECES + 1];
        let mut count = 0;
        for (slice, bytes) in slices.iter_mut().zip(all.filter(|bytes| !bytes.is_empty())) {
            let bytes = bytes.get(..most).unwrap_or(bytes);
            most -= bytes.len();
            *slice = IoSlice::new(bytes);
            count += usize::from(!bytes.is_empty());
        }
        let slices = slices.get(..count).unwrap_or_default();
        let Poll::Ready(written) = Pin::new(&mut self.half).poll_write_vectored(cx, slices) else {
            self.limit.used(0);
            self.blocked.get_or_insert_with(Instant::now);
            return Poll::Pending;
        };
        self.limit.used(*written.as_ref().unwrap_or(&0));
        self.blocked = None;
        let written = written?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let of_left = written.min(self.left.len());
        self.left.advance(of_left);
        Poll::Ready(Ok(written - of_left))
    }
}
