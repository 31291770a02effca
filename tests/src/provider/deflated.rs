//! A connection after `COMPRESS DEFLATE` (RFC 8054), as the provider has it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::wire::Stream;
use crate::transport::Transport;

/// How much is inflated or deflated at once, in bytes.
const PIECE: usize = 16 * 1024;
/// A block of a type that deflate does not have.
const NO_BLOCK: u8 = 0b111;

/// How a provider compresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compressing {
    Well,
    /// What it sends is no deflate stream any more behind so many bytes of replies.
    BrokenBehind(u64),
}

/// See the [module](self).
pub(super) struct Deflated {
    inner: Stream,
    inflate: Decompress,
    received: BytesMut,
    deflate: Compress,
    to_send: BytesMut,
    how: Compressing,
    flushed: bool,
}

impl Deflated {
    pub(super) fn new(inner: Stream, how: Compressing) -> Self {
        Self {
            inner,
            inflate: Decompress::new(false),
            received: BytesMut::new(),
            deflate: Compress::new(Compression::default(), false),
            to_send: BytesMut::new(),
            how,
            flushed: true,
        }
    }

    /// Deflates as much as it takes at once, and says how much that was.
    fn deflate(&mut self, bytes: &[u8], flush: FlushCompress) -> io::Result<usize> {
        let (mut piece, before) = ([0; PIECE], (self.deflate.total_in(), self.deflate.total_out()));
        self.deflate.compress(bytes, &mut piece, flush).map_err(io::Error::other)?;
        let made = usize::try_from(self.deflate.total_out() - before.1).unwrap_or(PIECE);
        self.to_send.extend_from_slice(piece.get(..made).unwrap_or_default());
        // There may be more of what is flushed.
        self.flushed = flush != FlushCompress::None && made < PIECE;
        if let Compressing::BrokenBehind(most) = self.how
            && self.deflate.total_in() >= most
            && self.flushed
        {
            self.to_send.extend_from_slice(&[NO_BLOCK]);
        }
        Ok(usize::try_from(self.deflate.total_in() - before.0).unwrap_or(bytes.len()))
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.to_send.is_empty() {
            let sent = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.to_send))?;
            self.to_send.advance(sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl Transport for Deflated {
    fn abort(&mut self) {
        self.inner.abort();
    }
}

impl AsyncRead for Deflated {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            let before = (this.inflate.total_in(), this.inflate.total_out());
            let room = buf.initialize_unfilled();
            this.inflate
                .decompress(&this.received, room, FlushDecompress::None)
                .map_err(io::Error::other)?;
            let count = |now: u64, before: u64| usize::try_from(now - before).unwrap_or_default();
            this.received.advance(count(this.inflate.total_in(), before.0));
            let made = count(this.inflate.total_out(), before.1);
            buf.advance(made);
            if made > 0 {
                return Poll::Ready(Ok(()));
            }
            let mut piece = [0; PIECE];
            let mut piece = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut piece))?;
            if piece.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.received.extend_from_slice(piece.filled());
        }
    }
}

impl AsyncWrite for Deflated {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.poll_send(cx))?;
            let taken = self.deflate(bytes, FlushCompress::None)?;
            if taken > 0 {
                return Poll::Ready(Ok(taken));
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.flushed {
            ready!(self.poll_send(cx))?;
            self.deflate(&[], FlushCompress::Sync)?;
        }
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
