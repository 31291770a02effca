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

use super::ClientSession;
use super::streaming::CLIENT_HOLD;
use super::writer::{Place, Writer};
use crate::backend::Backend;
use crate::budget::{Reservation, Trust};
use crate::error::Error;

/// How long a client may accept no byte of a reply.
pub(super) const CLIENT_STALL: Duration = Duration::from_secs(300);
/// Smaller pieces are copied when they have to wait, so that none holds a whole buffer.
const SMALL: usize = 224 * 1024;
/// One piece of up to this many bytes counts as a status line, and is written together with the first
/// bytes of its block.
const SHORT: usize = 512;
/// The room for an article's headers or a single line, in bytes.
const HEADERS: usize = 16 * 1024;
/// A reply of up to this many bytes may share a write with others.
const SMALL_REPLY: usize = 8 * 1024;

/// A reply on its way to the client. See the [module](self).
pub(super) struct PendingReply {
    session: Arc<ClientSession>,
    client: Writer,
    place: Place,
    queue: VecDeque<Bytes>,
    queued: usize,
    written: u64,
    /// The total size of the reply so far.
    size: usize,
    room: Option<Reservation>,
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
    pub(super) fn new(session: &Arc<ClientSession>, client: &Writer) -> Self {
        Self {
            session: Arc::clone(session),
            place: client.place(),
            client: client.clone(),
            queue: VecDeque::new(),
            queued: 0,
            written: 0,
            size: 0,
            room: None,
            last: false,
            traced: Traced::default(),
        }
    }

    /// Sets the command that this answers.
    pub(super) fn answers(&mut self, verb: Verb) {
        if enabled!(Level::TRACE) {
            self.traced.verb = Some(verb);
            self.traced.client = self.session.client.name();
        }
    }

    /// Sets the backend that the reply comes from.
    pub(super) fn comes_from(&mut self, backend: &Arc<Backend>) {
        if self.traced.verb.is_some() {
            self.traced.provider = Some(Arc::clone(backend));
        }
    }

    /// Appends bytes to the reply.
    pub(super) fn push(&mut self, bytes: Bytes) {
        if let (0, true, Some(code)) = (self.written, self.queue.is_empty(), bytes.first_chunk()) {
            self.traced.code = *code;
        }
        let waits = !self.is_first() || !self.queue.is_empty();
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
        self.client.is_next(self.place)
    }

    /// The likely size of the requested article.
    pub(super) fn likely_size(&self) -> usize {
        self.session.budget.likely()
    }

    /// Records that the provider's part is complete.
    pub(super) fn is_whole(&mut self, verb: Verb) {
        if matches!(verb, Verb::Article | Verb::Body) {
            self.session.budget.saw_article(self.size);
        }
        self.keep_room(self.queued);
    }

    /// Discards everything, if the client has seen nothing.
    pub(super) fn take_back(&mut self) {
        self.queue.clear();
        self.queued = 0;
        self.size = 0;
        // It waits for room anew.
        self.room = None;
    }

    /// Waits until all earlier replies are written.
    pub(super) async fn first_in_line(&self) {
        poll_fn(|_| if self.is_first() { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    /// Waits until the reply may be fetched: it is the client's next, or there is room to read all of
    /// it ahead. For a client that is slow, or has yet to show that it is not, even the next needs room. A
    /// single line needs none.
    pub(super) async fn may_fetch(&mut self, verb: Verb) {
        if verb != Verb::Stat {
            // Boxed to keep the futures of small requests small.
            Box::pin(self.room_for(verb)).await;
        }
    }

    async fn room_for(&mut self, verb: Verb) {
        let session = Arc::clone(&self.session);
        let budget = &session.budget;
        let size = || match verb {
            Verb::Article | Verb::Body => budget.expected(),
            _ => HEADERS,
        };
        while !self.is_first() {
            self.room = budget.try_reserve(size());
            if self.room.is_some() {
                return budget.wake_next();
            }
            tokio::select! {
                biased;
                () = self.first_in_line() => {}
                () = budget.own_freed() => {}
            }
        }
        // All the room may be held by clients that read nothing, so it finally goes without.
        if session.traffic.speed_of(&session.client).is_some() {
            // Newsmux itself makes the program slow: others need the room more.
            self.room = timeout(CLIENT_STALL, budget.reserve_in_turn(size)).await.ok();
            return;
        }
        self.room = match budget.trust() {
            Trust::Prompt => budget.try_reserve(size()),
            Trust::Unproven => timeout(CLIENT_HOLD, budget.reserve_next(size)).await.ok(),
            Trust::Wasteful => timeout(CLIENT_STALL, budget.reserve_next(size)).await.ok(),
        };
    }

    /// Writes the whole queue.
    pub(super) async fn flush(&mut self) -> Result<(), Error> {
        self.first_in_line().await;
        while !self.queue.is_empty() || !self.client.is_drained() {
            let limit = self.client.blocked_since() + CLIENT_STALL;
            match timeout_at(limit, poll_fn(|cx| self.poll_write(cx))).await {
                Ok(written) => written?,
                Err(_) => return Err(stalled()),
            }
        }
        let at_once = poll_fn(|cx| Poll::Ready(self.client.poll_flush(cx))).await;
        let flushed = match at_once {
            Poll::Ready(flushed) => flushed,
            Poll::Pending => {
                let limit = self.client.blocked_since() + CLIENT_STALL;
                let flushed = timeout_at(limit, poll_fn(|cx| self.client.poll_flush(cx))).await;
                flushed.map_err(|_| stalled())?
            }
        };
        flushed.map_err(Error::ClientGone)?;
        self.room = None;
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
        self.session.budget.was_taken(self.size, began.elapsed());
        if self.last {
            let shut_down = poll_fn(|cx| self.client.poll_shutdown(cx));
            let shut_down = timeout(CLIENT_STALL, shut_down).await.map_err(|_| stalled())?;
            shut_down.map_err(Error::ClientGone)?;
            return Err(Error::LetGo);
        }
        self.client.pass();
        Ok(())
    }

    /// Like [`finish`](Self::finish), but a small reply may be sent together with later ones. Only for
    /// requests polled by [`Running`](super::running::Running), which writes them.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub(super) async fn finish_with_others(self) -> Result<(), Error> {
        self.first_in_line().await;
        let small = !self.last && self.size <= SMALL_REPLY;
        if !(small && self.client.leave(&self.queue)) {
            return Box::pin(self.finish()).await;
        }
        self.trace();
        self.session.client.was_sent(self.queued as u64);
        Ok(())
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

    /// Writes once, as much as the client accepts.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if !self.is_first() {
            return Poll::Pending;
        }
        if self.queue.is_empty() {
            return self.client.poll_drain(cx).map_err(Error::ClientGone);
        }
        let written = self.client.poll_write(cx, &self.queue).map_err(Error::ClientGone);
        let written = ready!(written)?;
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

    /// Records that what was read of the article has to be fetched again.
    pub(super) fn was_wasted(&self) {
        self.session.budget.was_wasted(self.size);
    }

    /// Since when the client accepts nothing of what it was offered.
    pub(super) fn blocked_since(&self) -> Instant {
        self.client.blocked_since()
    }

    fn advance(&mut self, mut n: usize) {
        self.written += n as u64;
        self.session.client.was_sent(n as u64);
        self.queued = self.queued.saturating_sub(n);
        while let Some(piece) = self.queue.front_mut() {
            if n < piece.len() {
                return piece.advance(n);
            }
            n -= piece.len();
            self.queue.pop_front();
        }
    }

    /// Whether to read before the queue is written: only a status line is queued, or one full buffer,
    /// which means that more has arrived. A write often wakes the client's process, which costs more
    /// than copying the bytes.
    pub(super) fn gathers(&self) -> bool {
        let full = self.session.buffer_pool.buffer_size().get();
        match self.queue.back().map(Bytes::len) {
            Some(last) if last == full => self.queued <= full + SHORT,
            _ => self.queue.len() <= 1 && self.queued <= SHORT,
        }
    }

    /// Whether the next bytes may be read: the client has accepted the previous ones, or there is room
    /// to read ahead.
    pub(super) fn has_room(&mut self) -> bool {
        let first = self.is_first();
        if first && self.gathers() {
            return true;
        }
        let budget = &self.session.budget;
        let room = self.room.get_or_insert_with(|| budget.reserve_nothing());
        // Without room for the rest, what was read ahead would be lost.
        self.queued < room.bytes() || if first { room.grow_next() } else { room.overdraw() }
    }

    /// Returns the room beyond so many bytes.
    fn keep_room(&mut self, bytes: usize) {
        self.room.iter_mut().for_each(|room| room.shrink_to(bytes));
    }
}

pub(super) fn stalled() -> Error {
    Error::ClientGone(io::Error::new(io::ErrorKind::TimedOut, "it takes nothing"))
}
