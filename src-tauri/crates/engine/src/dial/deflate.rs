//! The two halves of a connection after `COMPRESS DEFLATE` (RFC 8054): what the provider sends is
//! inflated, and commands are sent in blocks that are not compressed.
//!
//! A command is too short to become smaller: deflated and flushed it is as long as in a stored block
//! (RFC 1951, section 3.2.4), which needs no state and lets nobody learn from its length what a
//! command has in common with earlier ones (RFC 8054, section 7).

use std::error::Error;
use std::fmt;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, BytesMut};
use flate2::{Decompress, FlushDecompress, Status};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{ReadHalf, WriteHalf};

/// How many compressed bytes to read at once.
const READ: usize = 16 * 1024;
/// The most bytes in one stored block. A block has room for four times as many.
const STORED: usize = 16 * 1024;

/// The error of a stream that is not what deflate makes.
#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the provider's compression is broken")
    }
}

impl Error for Broken {}

/// Whether a read failed because the compressed stream is broken.
pub(crate) fn is_broken(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Broken>())
}

/// A reading half whose bytes are inflated. However much they inflate to, it holds only one buffer of
/// compressed bytes and the window of 32 KiB that they refer to: the rest is made when it is read.
pub(crate) struct Inflated {
    half: ReadHalf,
    inflate: Decompress,
    compressed: Box<[u8]>,
    /// Which of these were read and are not inflated yet.
    unread: Range<usize>,
    ended: bool,
}

impl Inflated {
    /// Inflates all that comes from now on.
    pub(crate) fn new(half: ReadHalf) -> Self {
        let compressed = vec![0; READ].into_boxed_slice();
        Self { half, inflate: Decompress::new(false), compressed, unread: 0..0, ended: false }
    }

    /// Inflates what was read. Ready when that gave bytes, or when the stream has ended.
    fn inflate(&mut self, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (read, made) = (self.inflate.total_in(), self.inflate.total_out());
        let unread = self.compressed.get(self.unread.clone()).unwrap_or_default();
        let status =
            self.inflate.decompress(unread, buf.initialize_unfilled(), FlushDecompress::None);
        let status = status.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, Broken))?;
        let count = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(usize::MAX);
        self.unread.start += count(self.inflate.total_in(), read);
        let made = count(self.inflate.total_out(), made);
        buf.advance(made);
        self.ended = status == Status::StreamEnd;
        if made > 0 || self.ended { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl AsyncRead for Inflated {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.ended || buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        // What was read before may have more to give than there was room for.
        while this.inflate(buf)?.is_pending() {
            let mut more = ReadBuf::new(&mut this.compressed);
            ready!(Pin::new(&mut this.half).poll_read(cx, &mut more))?;
            this.unread = 0..more.filled().len();
            if this.unread.is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// A writing half that sends stored blocks.
pub(crate) struct Stored {
    half: WriteHalf,
    /// The block that is being sent.
    block: BytesMut,
}

impl Stored {
    /// Sends everything in stored blocks from now on.
    pub(crate) fn new(half: WriteHalf) -> Self {
        Self { half, block: BytesMut::new() }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.block.is_empty() {
            let sent = ready!(Pin::new(&mut self.half).poll_write(cx, &self.block))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.block.advance(sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stored {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_send(cx))?;
        let taken = bytes.get(..STORED).unwrap_or(bytes);
        let length = u16::try_from(taken.len()).unwrap_or(u16::MAX);
        if length > 0 {
            // Not the last block, and stored; the rest of the byte is padding.
            self.block.put_u8(0);
            self.block.put_u16_le(length);
            self.block.put_u16_le(!length);
            self.block.put_slice(taken);
            if let Poll::Ready(Err(error)) = self.poll_send(cx) {
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(taken.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.half).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.half).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
