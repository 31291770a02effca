//! The client's reading side: its lines, and what follows them in an upload.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use nntp::line::{LineReader, TooLong};
use tokio::io::AsyncReadExt;
use tokio::time::{Duration, timeout};

use crate::dial::ReadHalf;
use crate::pool::BufferPool;

/// The longest line that is looked at, in octets. RFC 3977 allows 512; some kinds may be longer.
const LINE_LIMIT: usize = 4096;
/// How much is read at once while a client speaks in lines.
const READ: usize = 2048;
/// How much more, where there was as much as that.
const READ_MORE: usize = 16 * 1024;
/// How long a client that was let go is heard out, and how many bytes.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 4 * 1024 * 1024;
/// How a TLS client begins to speak.
const TLS_HANDSHAKE: &[u8] = &[0x16, 0x03];

/// See the [module](self).
pub(super) struct ClientReader {
    half: ReadHalf,
    lines: LineReader,
    buffers: BufferPool,
}

/// What comes from a client.
pub(super) enum Input {
    Line(Result<Bytes, TooLong>),
    /// It has said all, and may still listen.
    End,
    /// The connection is gone, or carries something that is no NNTP.
    Broken,
}

impl ClientReader {
    pub(super) fn new(half: ReadHalf, buffers: BufferPool) -> Self {
        Self { half, lines: LineReader::new(LINE_LIMIT), buffers }
    }

    /// The next line. Giving up the wait loses nothing.
    pub(super) async fn next_line(&mut self) -> Input {
        loop {
            if let Some(line) = self.lines.next_line() {
                return Input::Line(line);
            }
            match self.read().await {
                Ok(0) => return Input::End,
                Ok(_) if self.lines.buffer_mut().starts_with(TLS_HANDSHAKE) => {
                    return Input::Broken;
                }
                Ok(_) => {}
                Err(_) => return Input::Broken,
            }
        }
    }

    /// The next line, if it has been read already.
    pub(super) fn line_at_hand(&mut self) -> Option<Result<Bytes, TooLong>> {
        self.lines.next_line()
    }

    /// The next bytes of an upload; none when the client is gone.
    pub(super) async fn next_bytes(&mut self) -> Option<Bytes> {
        if !self.lines.is_empty() {
            return Some(self.lines.take_rest());
        }
        let read = poll_fn(|cx| self.buffers.poll_read(cx, &mut self.half)).await;
        read.ok().filter(|bytes| !bytes.is_empty())
    }

    /// Takes back what came behind the end of an upload: the next command.
    pub(super) fn put_back(&mut self, rest: &[u8]) {
        self.lines.push(rest);
    }

    /// Hears out a client that is let go. A socket that is closed with unread bytes in it takes back
    /// what was written last.
    pub(super) async fn linger(mut self) {
        let mut left = LINGER_BYTES;
        let rest = async {
            while let Ok(n @ 1..) = self.half.read_buf(self.lines.buffer_mut()).await {
                self.lines.take_rest();
                left = left.saturating_sub(n);
                if left == 0 {
                    return;
                }
            }
        };
        drop(timeout(LINGER, rest).await);
    }

    /// Reads what there is now: all of it where the client has sent many lines at once.
    async fn read(&mut self) -> io::Result<usize> {
        let (half, buffer) = (&mut self.half, self.lines.buffer_mut());
        buffer.reserve(READ);
        let read = half.read_buf(buffer).await?;
        if buffer.len() == buffer.capacity() {
            buffer.reserve(READ_MORE);
            let mut more = pin!(half.read_buf(buffer));
            // An end shows again with the next read.
            poll_fn(|cx| match more.as_mut().poll(cx) {
                Poll::Ready(read) => Poll::Ready(read.map(drop)),
                Poll::Pending => Poll::Ready(Ok(())),
            })
            .await?;
        }
        Ok(read)
    }
}
