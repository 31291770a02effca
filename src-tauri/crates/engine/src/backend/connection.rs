//! One connection to a provider: a writing side that all turns share, and a reading side that is passed
//! from turn to turn.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use nntp::line::first_line;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

use super::account::Permit;
use super::logins::Fate;
use super::{Backend, gather};
use crate::dial::{ReadHalf, WriteHalf};
use crate::error::Error;
use crate::lock::Lock;
use crate::timer::Timer;

/// The longest status line accepted, in bytes.
const STATUS_LIMIT: usize = 16 * 1024;
/// How many bytes of an unwanted reply to read while closing.
const CLOSE_BYTES: u64 = 2 * 1024 * 1024;
/// How long to give a provider to notice that a connection was closed, if it does not close its end.
const CLOSE_GRACE: Duration = Duration::from_secs(1);
/// The same for a connection that no longer answers.
const CLOSE_DEAD: Duration = Duration::from_millis(300);
/// How long a provider may accept no bytes of a command.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// How many bytes to read at once for a status line while a speed limit holds.
const LIMITED: usize = 1024;
/// How many bytes may wait to be sent before lines without a turn are refused.
const OUTBOX: usize = 64 * 1024;

/// The writing side. Commands are queued in the order of their turns and sent at once.
pub(crate) struct Connection {
    pub(super) id: u64,
    /// The provider's greeting allows posting (200, not 201).
    pub(super) posting: bool,
    /// Whether it has carried a request, so that it may have gone stale since.
    used: AtomicBool,
    outbox: Lock<Outbox>,
    closing: Notify,
    /// Signals that a task returned the writing half, or never will.
    returned: Notify,
}

struct Outbox {
    queued: BytesMut,
    /// `None` while a task writes, and once the connection is closed.
    half: Option<WriteHalf>,
    closed: bool,
}

impl Connection {
    pub(super) fn new(id: u64, half: WriteHalf, posting: bool) -> Arc<Self> {
        let outbox = Outbox { queued: BytesMut::new(), half: Some(half), closed: false };
        Arc::new(Self {
            id,
            posting,
            used: AtomicBool::new(false),
            outbox: Lock::new(outbox),
            closing: Notify::new(),
            returned: Notify::new(),
        })
    }

    /// Whether the request just queued is the first on this connection.
    pub(super) fn is_fresh(&self) -> bool {
        !self.used.swap(true, Ordering::Relaxed)
    }

    /// Whether there is room for lines without a turn.
    pub(super) fn takes_more(&self) -> bool {
        let outbox = self.outbox.lock();
        !outbox.closed && outbox.queued.len() < OUTBOX
    }

    /// Queues a command. The order of these calls is the order of the replies.
    pub(super) fn queue(&self, command: &[u8]) {
        self.outbox.lock().queued.extend_from_slice(command);
    }

    /// Whether queued commands will be sent at the end of this poll, so that one more needs no extra
    /// write.
    pub(super) fn is_gathering(&self) -> bool {
        let outbox = self.outbox.lock();
        outbox.half.is_some() && !outbox.queued.is_empty()
    }

    /// Sends the queue: now, or together with other commands while somebody [gathers](gather).
    pub(super) fn send(self: &Arc<Self>) {
        if !gather::add(self) {
            self.send_now();
        }
    }

    /// Sends as much of the queue as the socket takes now, and the rest in a separate task, so that
    /// dropping a request never leaves half a command on the wire.
    pub(super) fn send_now(self: &Arc<Self>) {
        let mut outbox = self.outbox.lock();
        let Outbox { queued, half: Some(half), .. } = &mut *outbox else { return };
        if queued.is_empty() {
            return;
        }
        match poll_send(half, queued, &mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => {}
            // The reading side notices the end too, and tells the waiting requests.
            Poll::Ready(Err(_)) => (outbox.half, outbox.closed) = (None, true),
            Poll::Pending => {
                if let Some(half) = outbox.half.take() {
                    tokio::spawn(Arc::clone(self).send_rest(half));
                }
            }
        }
    }

    async fn send_rest(self: Arc<Self>, mut half: WriteHalf) {
        loop {
            let sent = self.send_queued(half).await;
            let mut outbox = self.outbox.lock();
            match sent {
                Some(sent) if !outbox.closed && !outbox.queued.is_empty() => half = sent,
                sent => {
                    outbox.closed |= sent.is_none();
                    outbox.half = sent.filter(|_| !outbox.closed);
                    break;
                }
            }
        }
        self.returned.notify_one();
    }

    /// Sends the queue. Returns the writing half, or `None` if that failed.
    async fn send_queued(&self, mut half: WriteHalf) -> Option<WriteHalf> {
        let mut queued = self.outbox.lock().queued.split();
        tokio::select! {
            sent = timeout(WRITE_LIMIT, send_all(&mut half, &mut queued)) => {
                matches!(sent, Ok(Ok(()))).then_some(half)
            }
            () = self.closing.notified() => None,
        }
    }

    /// Takes the writing half to send an article. Nobody else can send until
    /// [`put_back`](Self::put_back).
    pub(super) async fn take_half(self: &Arc<Self>) -> Option<WriteHalf> {
        self.send_now();
        loop {
            let returned = self.returned.notified();
            {
                let mut outbox = self.outbox.lock();
                if outbox.closed || outbox.half.is_some() {
                    return outbox.half.take();
                }
            }
            returned.await;
        }
    }

    pub(super) fn put_back(&self, half: WriteHalf) {
        let mut outbox = self.outbox.lock();
        if !outbox.closed {
            outbox.half = Some(half);
        }
    }

    fn close(&self) -> Option<WriteHalf> {
        let mut outbox = self.outbox.lock();
        outbox.closed = true;
        self.closing.notify_one();
        outbox.half.take()
    }
}

async fn send_all(half: &mut WriteHalf, queued: &mut BytesMut) -> io::Result<()> {
    poll_fn(|cx| poll_send(half, queued, cx)).await
}

fn poll_send(
    half: &mut WriteHalf,
    queued: &mut BytesMut,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    let mut half = Pin::new(half);
    while !queued.is_empty() {
        let n = ready!(half.as_mut().poll_write(cx, queued))?;
        if n == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        queued.advance(n);
    }
    half.poll_flush(cx)
}

/// The reading side, with bytes that were read but not used yet. Each connection has one, and it stands
/// for the connection: dropping it closes the connection, and only then returns the [`Permit`].
pub(crate) struct ReadSide {
    pub(super) half: ReadHalf,
    pub(super) unread: Bytes,
    /// Whether it is between two replies, where `QUIT` would be understood.
    pub(super) at_rest: bool,
    /// Whether the connection no longer answers, not even to being closed.
    pub(super) dead: bool,
    /// What its end says about its login.
    pub(super) fate: Fate,
    /// For the one reply that is being read.
    pub(super) timer: Timer,
    connection: Arc<Connection>,
    permit: Option<Permit>,
}

impl ReadSide {
    pub(super) fn new(half: ReadHalf, connection: Arc<Connection>, permit: Permit) -> Box<Self> {
        Box::new(Self {
            half,
            unread: Bytes::new(),
            at_rest: true,
            dead: false,
            fate: Fate::Lost,
            timer: Timer::default(),
            connection,
            permit: Some(permit),
        })
    }

    /// Records what the replies so far say about the login.
    pub(super) fn login(&self, fate: Fate) {
        self.permit.iter().for_each(|permit| permit.login(fate));
    }

    /// Reads up to and including the first line feed; later bytes stay unread. Fails if it is not there
    /// at `end`.
    pub(super) async fn read_line(
        &mut self,
        backend: &Backend,
        end: Instant,
    ) -> Result<Bytes, Error> {
        loop {
            if let Some(length) = first_line(&self.unread) {
                return Ok(self.unread.split_to(length));
            }
            if self.unread.len() > STATUS_LIMIT {
                return Err(Error::Unexpected("a status line without an end".into()));
            }
            let Self { half, timer, .. } = self;
            // A line waits for no speed limit. What comes with it is little, and counts.
            let most = if backend.is_limited() { LIMITED } else { usize::MAX };
            let buffers = &backend.resources.buffers;
            let more = poll_fn(|cx| match buffers.poll_read_most(cx, half, most) {
                Poll::Pending => {
                    timer.poll_until(end, cx).map(|()| Err(Error::TimedOut("the reply")))
                }
                Poll::Ready(read) => Poll::Ready(read.map_err(Error::ConnectionLost)),
            });
            let more = more.await?;
            backend.count_bytes(more.len());
            backend.charge(more.len());
            if more.is_empty() {
                return Err(Error::ConnectionLost(closed()));
            }
            self.unread = match self.unread.is_empty() {
                true => more,
                false => [&*self.unread, &*more].concat().into(),
            };
        }
    }

    /// Whether the provider is silent, as it must be between two replies. A byte or an end means that
    /// the connection is unusable.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut byte = [0; 1];
        let mut buf = ReadBuf::new(&mut byte);
        let mut cx = Context::from_waker(Waker::noop());
        self.unread.is_empty() && Pin::new(&mut self.half).poll_read(&mut cx, &mut buf).is_pending()
    }
}

/// The error for a connection that the provider closed.
pub(super) fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the provider closed the connection")
}

impl Drop for ReadSide {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        // Without a runtime the program is ending, and its sockets with it.
        let Ok(runtime) = Handle::try_current() else { return std::mem::forget(permit) };
        permit.login(self.fate);
        let half = std::mem::replace(&mut self.half, Box::new(tokio::io::empty()));
        let write = self.connection.close();
        let limit = if self.dead { CLOSE_DEAD } else { permit.close_limit() + CLOSE_GRACE };
        runtime.spawn(close((half, write), self.at_rest, limit, permit));
    }
}

/// Closes the connection politely, and holds the permit until the provider has seen it: until then the
/// provider counts the connection.
async fn close(
    (read, write): (ReadHalf, Option<WriteHalf>),
    at_rest: bool,
    limit: Duration,
    permit: Permit,
) {
    let began = Instant::now();
    let seen = timeout(permit.close_limit().min(limit), until_seen(read, write, at_rest)).await;
    if seen != Ok(true) {
        sleep_until((began + limit).min(Instant::now() + CLOSE_GRACE)).await;
    }
    drop(permit);
}

pub(super) async fn until_seen(read: ReadHalf, write: Option<WriteHalf>, at_rest: bool) -> bool {
    if let Some(mut write) = write {
        let goodbye: &[u8] = if at_rest { b"QUIT\r\n" } else { b"" };
        if write.write_all(goodbye).await.is_err() || write.shutdown().await.is_err() {
            return false;
        }
    }
    let mut rest = read.take(CLOSE_BYTES);
    let mut sink = pin!(tokio::io::sink());
    tokio::io::copy(&mut rest, &mut sink).await.is_ok() && rest.limit() > 0
}
