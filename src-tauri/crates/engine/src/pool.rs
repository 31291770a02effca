//! Reusable buffers: a read from a provider fills one, and the same bytes go to the client.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};

use crate::dial::ReadHalf;
use crate::lock::Lock;
use crate::types::BufferSize;

/// Reads of up to this many bytes are copied, so that a status line does not hold a whole buffer.
const SMALL: usize = 4096;

/// A pool of equally large buffers. Clones share the same pool.
///
/// ```
/// use nntp_proxy::{pool::BufferPool, types::BufferSize};
///
/// let pool = BufferPool::new(BufferSize::DEFAULT, 10);
/// assert_eq!(pool.buffer_size(), BufferSize::DEFAULT);
/// ```
#[derive(Clone)]
pub struct BufferPool(Arc<Shelf>);

struct Shelf {
    size: BufferSize,
    keep: usize,
    free: Lock<Vec<Box<[u8]>>>,
}

impl BufferPool {
    /// Creates a pool that keeps at most `keep` unused buffers of `size`. More can be in use at once;
    /// the surplus is freed when returned.
    #[must_use]
    pub fn new(size: BufferSize, keep: usize) -> Self {
        Self(Arc::new(Shelf { size, keep, free: Lock::default() }))
    }

    /// The size of each buffer.
    #[must_use]
    pub fn buffer_size(&self) -> BufferSize {
        self.0.size
    }

    /// Reads once, up to one buffer. Empty bytes mean the end of the stream.
    ///
    /// A buffer is held only while it contains data: a read that is waiting holds none.
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        from: &mut ReadHalf,
    ) -> Poll<io::Result<Bytes>> {
        self.poll_read_most(cx, from, usize::MAX)
    }

    /// Like [`poll_read`](Self::poll_read), but no more than this many bytes.
    pub(crate) fn poll_read_most(
        &self,
        cx: &mut Context<'_>,
        from: &mut ReadHalf,
        most: usize,
    ) -> Poll<io::Result<Bytes>> {
        let mut buffer = self.take();
        let most = most.min(buffer.data.len());
        let mut filled = ReadBuf::new(buffer.data.get_mut(..most).unwrap_or_default());
        ready!(Pin::new(from).poll_read(cx, &mut filled))?;
        buffer.len = filled.filled().len();
        Poll::Ready(Ok(if buffer.len <= SMALL {
            Bytes::copy_from_slice(buffer.as_ref())
        } else {
            Bytes::from_owner(buffer)
        }))
    }

    fn take(&self) -> Buffer {
        let data = self.0.free.lock().pop();
        let data = data.unwrap_or_else(|| vec![0; self.0.size.get()].into_boxed_slice());
        Buffer { data, len: 0, pool: self.clone() }
    }
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferPool").field("size", &self.0.size).finish_non_exhaustive()
    }
}

/// A borrowed buffer. It returns to the pool when it, or the last [`Bytes`] made from it, is dropped.
struct Buffer {
    data: Box<[u8]>,
    len: usize,
    pool: BufferPool,
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.data.get(..self.len).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut free = self.pool.0.free.lock();
        if free.len() < self.pool.0.keep {
            free.push(std::mem::take(&mut self.data));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::num::NonZeroUsize;

    fn pool() -> BufferPool {
        BufferPool::new(BufferSize::new(NonZeroUsize::new(8192).unwrap()), 1)
    }

    async fn read(pool: &BufferPool, from: &'static [u8]) -> Bytes {
        let mut from: ReadHalf = Box::new(from);
        poll_fn(|cx| pool.poll_read(cx, &mut from)).await.unwrap()
    }

    #[tokio::test]
    async fn a_large_read_is_handed_over_and_its_buffer_comes_back_with_the_last_byte() {
        let pool = pool();
        let bytes = read(&pool, &[7; 8000]).await;
        let tail = bytes.slice(7999..);
        drop(bytes);
        assert_eq!(pool.0.free.lock().len(), 0);
        assert_eq!(tail.as_ref(), [7]);
        drop(tail);
        assert_eq!(pool.0.free.lock().len(), 1);
    }

    #[tokio::test]
    async fn a_small_read_keeps_no_buffer() {
        let pool = pool();
        let bytes = read(&pool, b"223 0 <a@b>\r\n").await;
        assert_eq!(pool.0.free.lock().len(), 1);
        assert_eq!(bytes.as_ref(), b"223 0 <a@b>\r\n");
    }

    #[tokio::test]
    async fn no_more_than_the_stated_number_of_buffers_is_kept() {
        let pool = pool();
        let two = (read(&pool, &[1; 8000]).await, read(&pool, &[2; 8000]).await);
        drop(two);
        assert_eq!(pool.0.free.lock().len(), 1);
    }
}
