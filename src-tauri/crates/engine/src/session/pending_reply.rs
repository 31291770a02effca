//! What one request has to say to its client: a queue of bytes, and a place in the order of replies.

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

/// How long a client may take no byte of a reply.
pub(super) const CLIENT_STALL: Duration = Duration::from_secs(300);
/// A client that keeps a reply waiting for this long, in all, is slow: what it asks for next is fetched
/// only when there is room for all of it.
const SLOW: Duration = Duration::from_secs(1);
/// Pieces smaller than this are copied when they have to wait, so that none keeps a whole buffer.
const SMALL: usize = 224 * 1024;
/// One piece of up to this many bytes is a status line, and does not hinder the first read of its block.
const SHORT: usize = 512;
/// What the headers of an article, or a single line, have room in, in bytes.
const HEADERS: usize = 16 * 1024;
/// A reply of up to this many bytes in all does not need a write of its own.
const SMALL_REPLY: usize = 8 * 1024;

/// See the [module](self).
pub(super) struct PendingReply {
    ticket: Ticket<Writer>,
    /// There once all earlier replies are written.
    client: Option<Writer>,
    queue: VecDeque<Bytes>,
    queued: usize,
    written: u64,
    /// When the client last took something, or was first offered it.
    moved: Instant,
    /// How many bytes of the reply there were in all.
    size: usize,
    room: Reservation,
    budget: Budget,
    account: Arc<Client>,
    last: bool,
    traced: Traced,
}

/// What the log says about a request at the level `trace`.
#[derive(Default)]
struct Traced {
    verb: Option<Verb>,
    /// What the client was called when it asked.
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

    /// Says which command is answered here.
    pub(super) fn answers(&mut self, verb: Verb) {
        if enabled!(Level::TRACE) {
            self.traced.verb = Some(verb);
            self.traced.client = self.account.name();
        }
    }

    /// Says whose answer it is.
    pub(super) fn comes_from(&mut self, backend: &Arc<Backend>) {
        self.traced.provider = Some(Arc::clone(backend));
    }

    /// Adds to what is to be said.
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

    /// Ends the session behind this reply.
    pub(super) fn close_after(&mut self) {
        self.last = true;
    }

    /// Whether the client has seen anything of the reply, so that it has to be gone on with.
    pub(super) fn was_seen(&self) -> bool {
        self.written > 0
    }

    /// Whether all earlier replies are written.
    pub(super) fn is_first(&self) -> bool {
        self.client.is_some()
    }

    /// About how many bytes the article will have that is asked for.
    pub(super) fn expected(&self) -> usize {
        self.budget.expected()
    }

    /// The provider's part is over.
    pub(super) fn is_whole(&mut self, verb: Verb) {
        if matches!(verb, Verb::Article | Verb::Body) {
            self.budget.saw_article(self.size);
        }
        self.room.shrink_to(self.queued);
    }

    /// Takes back what the client has not seen.
    pub(super) fn take_back(&mut self) {
        self.queue.clear();
        self.queued = 0;
        self.size = 0;
    }

    /// Waits until all earlier replies are written.
    pub(super) async fn first_in_line(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.poll_client(cx)).await
    }

    /// Waits until the reply may be fetched: it is the client's next, or there is room to read all of it
    /// ahead. A slow client's next has to wait for room too.
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
            // Those behind it may hold the session's share, and wait for it: it goes without in the end.
            if let Ok(room) = timeout(CLIENT_HOLD, budget.reserve(size)).await {
                self.room = room;
            }
        } else if let Some(room) = budget.try_reserve(size) {
            self.room = room;
        }
        Ok(())
    }

    /// Writes all there is to say.
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

    /// Writes all there is to say, and lets the next reply go.
    ///
    /// # Errors
    /// [`Error::LetGo`] when this was the last.
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

    /// As [`finish`](Self::finish), but a small reply may leave with those behind it: for requests that
    /// are polled by [`Running`](super::running::Running), which sees to it.
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

    /// One line for each command. Arguments stay out: a password or an article may be among them.
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

    /// Writes once, as much as the client takes.
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

    /// Writes what there is, as far as the client takes it now; says whether it took any.
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

    /// The client is slow: what it asks for next is fetched only when there is room for all of it.
    pub(super) fn set_slow(&self) {
        self.budget.set_slow(true);
    }

    /// When the client last took something, or was first offered it.
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

    /// Whether what waits is no more than a status line.
    pub(super) fn is_short(&self) -> bool {
        self.queue.len() <= 1 && self.queued <= SHORT
    }

    /// Asks for the client, if it is not here yet; then as [`has_room`](Self::has_room).
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Result<bool, Error> {
        if let Poll::Ready(here) = self.poll_client(cx) {
            here?;
        }
        Ok(self.has_room())
    }

    /// Whether the next bytes may be read: the client has taken what there was, or there is room
    /// to read ahead of it.
    pub(super) fn has_room(&mut self) -> bool {
        if self.client.is_some() && self.is_short() {
            return true;
        }
        let room = &mut self.room;
        // What was read ahead would be lost without room for the rest.
        let grow = |room: &mut Reservation| match self.client {
            Some(_) => room.grow(),
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
