//! The client's reading side: its command lines, and the articles it uploads.

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

/// The longest line accepted, in octets. RFC 3977 allows 512; some commands may be longer.
const LINE_LIMIT: usize = 4096;
/// How many bytes to read at once for command lines.
const READ: usize = 2048;
/// How many more to read if that buffer was full.
const READ_MORE: usize = 16 * 1024;
/// How long to keep reading from a client whose session has ended, and how many bytes.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 4 * 1024 * 1024;
/// The first bytes of a TLS client.
const TLS_HANDSHAKE: &[u8] = &[0x16, 0x03];

/// The client's reading side. See the [module](self).
pub(super) struct ClientReader {
    half: ReadHalf,
    lines: LineReader,
    buffers: BufferPool,
}

/// Input from a client.
pub(super) enum Input {
    Line(Result<Bytes, TooLong>),
    /// The client has sent everything, and may still be reading.
    End,
    /// The connection is gone, or carries something other than NNTP.
    Broken,
}

impl ClientReader {
    pub(super) fn new(half: ReadHalf, buffers: BufferPool) -> Self {
        Self { half, lines: LineReader::new(LINE_LIMIT), buffers }
    }

    /// Waits for the next line. Dropping the future loses nothing.
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

    /// Waits for the next line or, if the client has sent enough already, for its end.
    pub(super) async fn next_input(&mut self, enough: bool) -> Input {
        if enough {
            self.closed().await;
            return Input::End;
        }
        self.next_line().await
    }

    /// Waits until the client has closed its end. Reads ahead meanwhile, up to a bound.
    pub(super) async fn closed(&mut self) {
        while self.lines.buffer_mut().len() < READ_MORE {
            if !matches!(self.read().await, Ok(1..)) {
                return;
            }
        }
        std::future::pending().await
    }

    /// Returns the next line if it has already been read.
    pub(super) fn line_at_hand(&mut self) -> Option<Result<Bytes, TooLong>> {
        self.lines.next_line()
    }

    /// Waits for the next bytes of an upload; `None` if the client is gone.
    pub(super) async fn next_bytes(&mut self) -> Option<Bytes> {
        if !self.lines.is_empty() {
            return Some(self.lines.take_rest());
        }
        let read = poll_fn(|cx| self.buffers.poll_read(cx, &mut self.half)).await;
        read.ok().filter(|bytes| !bytes.is_empty())
    }

    /// Puts back bytes that came after an upload: the next command.
    pub(super) fn put_back(&mut self, rest: &[u8]) {
        self.lines.push(rest);
    }

    /// Reads on for a moment after a session has ended. Closing a socket with unread bytes would
    /// discard the last reply.
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

    /// Reads what is there now, all of it if the client has sent many lines at once.
    async fn read(&mut self) -> io::Result<usize> {
        let (half, buffer) = (&mut self.half, self.lines.buffer_mut());
        if buffer.capacity() - buffer.len() < READ / 2 {
            buffer.reserve(READ);
        }
        let read = half.read_buf(buffer).await?;
        if buffer.len() == buffer.capacity() {
            buffer.reserve(READ_MORE);
            let mut more = pin!(half.read_buf(buffer));
            // The end of the stream shows again with the next read.
            poll_fn(|cx| match more.as_mut().poll(cx) {
                Poll::Ready(read) => Poll::Ready(read.map(drop)),
                Poll::Pending => Poll::Ready(Ok(())),
            })
            .await?;
        }
        Ok(read)
    }
}
