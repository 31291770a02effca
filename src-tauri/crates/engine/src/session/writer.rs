//! The client's writing side. Small complete replies are kept for a moment and sent with the next
//! write, at the latest when the session's task has nothing else to do.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncWrite;
use tokio::time::Instant;

use crate::dial::WriteHalf;

/// How many bytes of complete replies may be kept.
const ROOM: usize = 16 * 1024;
/// How many other pieces are written with one call.
const PIECES: usize = 16;

/// See the [module](self). The current reply holds one handle, and the task that polls all replies
/// another.
#[derive(Clone)]
pub(super) struct Writer(Arc<Mutex<Inner>>);

struct Inner {
    half: WriteHalf,
    /// Complete replies to be written.
    left: BytesMut,
    /// Whether they are written but not flushed yet.
    flushing: bool,
    /// When the client last accepted some of them, or was first offered them.
    moved: Instant,
}

impl Writer {
    pub(super) fn new(half: WriteHalf) -> Self {
        let left = BytesMut::new();
        Self(Arc::new(Mutex::new(Inner { half, left, flushing: false, moved: Instant::now() })))
    }

    /// Keeps the rest of a complete reply, if there is room. The owner of all replies then has to
    /// [drain](Self::poll_drain) it.
    pub(super) fn leave(&self, pieces: &VecDeque<Bytes>) -> bool {
        let mut inner = self.lock();
        let size: usize = pieces.iter().map(Bytes::len).sum();
        if inner.left.len() + size > ROOM {
            return false;
        }
        if inner.left.is_empty() {
            inner.moved = Instant::now();
        }
        pieces.iter().for_each(|piece| inner.left.extend_from_slice(piece));
        true
    }

    /// Whether all complete replies are written and flushed.
    pub(super) fn is_drained(&self) -> bool {
        let inner = self.lock();
        inner.left.is_empty() && !inner.flushing
    }

    /// When the client last accepted some of what is kept here, or was first offered it.
    pub(super) fn moved(&self) -> Instant {
        self.lock().moved
    }

    /// Writes what is kept here.
    pub(super) fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.lock();
        while !inner.left.is_empty() {
            ready!(inner.poll_write(cx, &VecDeque::new()))?;
            inner.flushing = true;
        }
        if inner.flushing {
            ready!(Pin::new(&mut inner.half).poll_flush(cx))?;
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
        self.lock().poll_write(cx, pieces)
    }

    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.lock().half).poll_flush(cx)
    }

    pub(super) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.lock().half).poll_shutdown(cx)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        pieces: &VecDeque<Bytes>,
    ) -> Poll<io::Result<usize>> {
        let all = std::iter::once(&*self.left).chain(pieces.iter().map(|piece| &**piece));
        let mut slices = [IoSlice::new(&[]); PIECES + 1];
        let mut count = 0;
        for (slice, bytes) in slices.iter_mut().zip(all.filter(|bytes| !bytes.is_empty())) {
            *slice = IoSlice::new(bytes);
            count += 1;
        }
        let slices = slices.get(..count).unwrap_or_default();
        let written = ready!(Pin::new(&mut self.half).poll_write_vectored(cx, slices))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let of_left = written.min(self.left.len());
        if of_left > 0 {
            self.left.advance(of_left);
            self.moved = Instant::now();
        }
        Poll::Ready(Ok(written - of_left))
    }
}
