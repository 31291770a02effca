//! The reply to one request: a queue of bytes, and a place in the order of replies.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use nntp::command::Verb;
use tokio::time::{Duration, Instant, timeout, timeout_at};
use tracing::{Level, enabled, trace};

use super::streaming::CLIENT_HOLD;
use super::writer::Writer;
use crate::backend::Backend;
use crate::budget::{Budget, Reservation};
use crate::clients::Client;
use crate::error::Error;
use crate::ticket::Ticket;

/// How long a client may accept no byte of a reply.
pub(super) const CLIENT_STALL: Duration = Duration::from_secs(300);
/// A client that delays a reply for this long in total is slow: its next articles are fetched only when
/// there is room for all of them.
const SLOW: Duration = Duration::from_secs(1);
/// Smaller pieces are copied when they have to wait, so that none holds a whole buffer.
const SMALL: usize = 224 * 1024;
/// One piece of up to this many bytes counts as a status line, and does not delay the first read of its
/// block.
const SHORT: usize = 512;
/// The room for an article's headers or a single line, in bytes.
const HEADERS: usize = 16 * 1024;
/// A reply of up to this many bytes may share a write with others.
const SMALL_REPLY: usize = 8 * 1024;

/// A reply on its way to the client. See the [module](self).
pub(super) struct PendingReply {
    ticket: Ticket<Writer>,
    /// Available once all earlier replies are written.
    client: Option<Writer>,
    queue: VecDeque<Bytes>,
    queued: usize,
    written: u64,
    /// When the client last accepted something, or was first offered it.
    moved: Instant,
    /// The total size of the reply so far.
    size: usize,
    room: Reservation,
    budget: Budget,
    account: Arc<Client>,
    last: bool,
    traced: Traced,
}

/// What to log about a request at level `trace`.
#[derive(Default)]
struct Traced {
    verb: Option<Verb>,
    /// The client's name when it sent the request.
    client: String,
    provider: Option<Arc<Backend>>,
    code: [u8; 3],
}

impl PendingReply {
    pub(super) fn new(ticket: Ticket<Writer>, budget: &Budget, account: Arc<Client>) -> Self {
        Self {
            ticket,
            client: None,
            queue: VecDeque::new(),
            queued: 0,
            written: 0,
            moved: Instant::now(),
            size: 0,
            room: budget.reserve_nothing(),
            budget: budget.clone(),
            account,
            last: false,
            traced: Traced::default(),
        }
    }

    /// Sets the command that this answers.
    pub(super) fn answers(&mut self, verb: Verb) {
        if enabled!(Level::TRACE) {
            self.traced.verb = Some(verb);
            self.traced.client = self.account.name();
        }
    }

    /// Sets the backend that the reply comes from.
    pub(super) fn comes_from(&mut self, backend: &Arc<Backend>) {
        self.traced.provider = Some(Arc::clone(backend));
    }

    /// Appends bytes to the reply.
    pub(super) fn push(&mut self, bytes: Bytes) {
        if let (0, true, Some(code)) = (self.written, self.queue.is_empty(), bytes.first_chunk()) {
            self.traced.code = *code;
        }
        if self.queue.is_empty() {
            self.moved = Instant::now();
        }
        let waits = self.client.is_none() || !self.queue.is_empty();
        self.queued += bytes.len();
        self.size += bytes.len();
        self.queue.push_back(match waits && bytes.len() < SMALL {
            true => Bytes::copy_from_slice(&bytes),
            false => bytes,
        });
    }

    /// Closes the session after this reply.
    pub(super) fn close_after(&mut self) {
        self.last = true;
    }

    /// Whether the client has seen part of the reply, so that it must be continued.
    pub(super) fn was_seen(&self) -> bool {
        self.written > 0
    }

    /// Whether all earlier replies are written.
    pub(super) fn is_first(&self) -> bool {
        self.client.is_some()
    }

    /// The expected size of the requested article.
    pub(super) fn expected(&self) -> usize {
        self.budget.expected()
    }

    /// Records that the provider's part is complete.
    pub(super) fn is_whole(&mut self, verb: Verb) {
        if matches!(verb, Verb::Article | Verb::Body) {
            self.budget.saw_article(self.size);
        }
        self.room.shrink_to(self.queued);
    }

    /// Discards everything, if the client has seen nothing.
    pub(super) fn take_back(&mut self) {
        self.queue.clear();
        self.queued = 0;
        self.size = 0;
    }

    /// Waits until all earlier replies are written.
    pub(super) async fn first_in_line(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.poll_client(cx)).await
    }

    /// Waits until the reply may be fetched: it is the client's next, or there is room to read all of
    /// it ahead. For a slow client, even the next needs room.
    pub(super) async fn may_fetch(&mut self, verb: Verb) -> Result<(), Error> {
        let budget = self.budget.clone();
        let size = |budget: &Budget| match verb {
            Verb::Article | Verb::Body => budget.expected(),
            _ => HEADERS,
        };
        loop {
            let first = poll_fn(|cx| match self.poll_client(cx) {
                Poll::Ready(first) => Poll::Ready(Some(first)),
                Poll::Pending => Poll::Ready(None),
            });
            if let Some(first) = first.await {
                first?;
                break;
            }
            if let Some(room) = budget.try_reserve(size(&budget)) {
                self.room = room;
                budget.wake_next();
                return Ok(());
            }
            tokio::select! {
                biased;
                first = self.first_in_line() => first?,
                () = budget.own_freed() => {}
            }
        }
        let size = size(&budget);
        if budget.is_slow() {
            // All the room may be held by clients that read nothing, so it finally goes without.
            if let Ok(room) = timeout(CLIENT_HOLD, budget.reserve_next(size)).await {
                self.room = room;
            }
        } else if let Some(room) = budget.try_reserve(size) {
            self.room = room;
        }
        Ok(())
    }

    /// Writes the whole queue.
    pub(super) async fn flush(&mut self) -> Result<(), Error> {
        self.first_in_line().await?;
        while !self.queue.is_empty() || self.client.as_ref().is_some_and(|c| !c.is_drained()) {
            let limit = self.moved() + CLIENT_STALL;
            match timeout_at(limit, poll_fn(|cx| self.poll_write(cx))).await {
                Ok(written) => written?,
                Err(_) => return Err(stalled()),
            }
        }
        if let Some(client) = &self.client {
            poll_fn(|cx| client.poll_flush(cx)).await.map_err(Error::ClientGone)?;
        }
        self.room.shrink_to(0);
        Ok(())
    }

    /// Writes the whole reply and lets the next one follow.
    ///
    /// # Errors
    /// [`Error::LetGo`] if this was the last reply.
    pub(super) async fn finish(mut self) -> Result<(), Error> {
        let began = Instant::now();
        self.trace();
        self.flush().await?;
        if self.size > SMALL {
            self.budget.set_slow(began.elapsed() >= SLOW);
        }
        let client = self.client.take().ok_or_else(gone)?;
        if self.last {
            poll_fn(|cx| client.poll_shutdown(cx)).await.map_err(Error::ClientGone)?;
            return Err(Error::LetGo);
        }
        self.ticket.pass_on(client);
        Ok(())
    }

    /// Like [`finish`](Self::finish), but a small reply may be sent together with later ones. Only for
    /// requests polled by [`Running`](super::running::Running), which writes them.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub(super) async fn finish_with_others(mut self) -> Result<(), Error> {
        self.first_in_line().await?;
        let small = !self.last && self.size <= SMALL_REPLY;
        match self.client.take() {
            Some(client) if small && client.leave(&self.queue) => {
                self.trace();
                self.account.was_sent(self.queued as u64);
                self.ticket.pass_on(client);
                Ok(())
            }
            client => {
                self.client = client;
                self.finish().await
            }
        }
    }

    /// Logs one line per command, without arguments: they may contain a password or a message-id.
    fn trace(&self) {
        let Some(verb) = self.traced.verb else { return };
        let provider = self.traced.provider.as_ref();
        trace!(
            client = self.traced.client,
            provider = provider.map_or("-", |backend| &backend.config().name),
            "{} {}",
            format!("{verb:?}").to_uppercase().replace('(', " ").replace(')', ""),
            String::from_utf8_lossy(&self.traced.code)
        );
    }

    fn poll_client(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.client.is_none() {
            self.client = Some(ready!(self.ticket.poll_wait(cx)).map_err(|_| gone())?);
            self.moved = Instant::now();
        }
        Poll::Ready(Ok(()))
    }

    /// Writes once, as much as the client accepts.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_client(cx))?;
        let Some(client) = &self.client else { return Poll::Pending };
        if self.queue.is_empty() {
            return client.poll_drain(cx).map_err(Error::ClientGone);
        }
        let written = ready!(client.poll_write(cx, &self.queue)).map_err(Error::ClientGone)?;
        if written > 0 {
            self.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Writes as much as the client accepts now. Returns whether it accepted anything.
    pub(super) fn poll_flow(&mut self, cx: &mut Context<'_>) -> Result<bool, Error> {
        let before = self.written;
        while !self.queue.is_empty() {
            match self.poll_write(cx) {
                Poll::Ready(written) => written?,
                Poll::Pending => break,
            }
        }
        Ok(self.written > before)
    }

    /// Marks the client as slow: its next articles are fetched only when there is room for all of them.
    pub(super) fn set_slow(&self) {
        self.budget.set_slow(true);
    }

    /// When the client last accepted something, or was first offered it.
    pub(super) fn moved(&self) -> Instant {
        let before = self.client.as_ref().map(Writer::moved);
        before.map_or(self.moved, |before| before.max(self.moved))
    }

    fn advance(&mut self, mut n: usize) {
        self.written += n as u64;
        self.account.was_sent(n as u64);
        self.queued = self.queued.saturating_sub(n);
        self.moved = Instant::now();
        while let Some(piece) = self.queue.front_mut() {
            if n < piece.len() {
                return piece.advance(n);
            }
            n -= piece.len();
            self.queue.pop_front();
        }
    }

    /// Whether no more than a status line is queued.
    pub(super) fn is_short(&self) -> bool {
        self.queue.len() <= 1 && self.queued <= SHORT
    }

    /// Takes the client's writing side if it is available, then answers like
    /// [`has_room`](Self::has_room).
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Result<bool, Error> {
        if let Poll::Ready(here) = self.poll_client(cx) {
            here?;
        }
        Ok(self.has_room())
    }

    /// Whether the next bytes may be read: the client has accepted the previous ones, or there is room
    /// to read ahead.
    pub(super) fn has_room(&mut self) -> bool {
        if self.client.is_some() && self.is_short() {
            return true;
        }
        let room = &mut self.room;
        // Without room for the rest, what was read ahead would be lost.
        let grow = |room: &mut Reservation| match self.client {
            Some(_) => room.grow_next(),
            None => room.overdraw(),
        };
        self.queued < room.bytes() || grow(room)
    }
}

fn gone() -> Error {
    Error::ClientGone(io::ErrorKind::BrokenPipe.into())
}

pub(super) fn stalled() -> Error {
    Error::ClientGone(io::Error::new(io::ErrorKind::TimedOut, "it takes nothing"))
}
