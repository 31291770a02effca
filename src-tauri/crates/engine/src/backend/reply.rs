//! A turn on a connection. It waits for the turns before it, reads its own reply, and passes the
//! reading side on at the reply's last byte.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use nntp::block::{BlockScan, Scan};
use nntp::command::{Request, Verb};
use nntp::date::Age;
use nntp::status::StatusLine;
use tokio::time::{Instant, timeout};

use super::connection::{Connection, ReadSide, closed};
use super::crawl::Recent;
use super::slot::Watch;
use super::{Backend, Counters, Timing, gather};
use crate::calendar::seconds_now;
use crate::error::Error;
use crate::ticket::Ticket;

mod accept;
mod ending;
mod held_back;

use held_back::HeldBack;

/// How many bytes of an unwanted reply to read to keep its connection.
const DRAIN_BYTES: usize = 2 * 1024 * 1024;

/// A reply to read. If it is dropped early, the rest is read away if that is cheap; otherwise the
/// connection is closed.
pub(crate) struct Reply {
    backend: Arc<Backend>,
    connection: Arc<Connection>,
    request: Request,
    ticket: Option<Ticket<Box<ReadSide>>>,
    stage: Stage,
    unwanted: bool,
    sent: Sent,
    timing: Timing,
    /// When its turn came.
    arrived: Instant,
    /// Whether it may be given up because another connection may do better.
    may_be_tried_again: bool,
    headers: Headers,
    /// Whether it is the first on a new connection.
    fresh: bool,
    /// Replies that are not final the first time, but are when repeated.
    prior: PriorRefusals,
    held_back: HeldBack,
}

/// How a request was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    /// Whether nothing was before it on the connection.
    pub(super) alone: bool,
    /// Whether the connection had been silent for so long that it may have died unnoticed.
    pub(super) stale: bool,
    pub(super) watch: Watch,
}

/// What a provider replied to this request before, on another connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PriorRefusals {
    /// It wanted a login, or another mode.
    pub(crate) login_needed: bool,
    /// It closed a new connection with a farewell as its first reply.
    pub(crate) farewell: bool,
}

/// A block that is being read.
struct Block {
    scan: BlockScan,
    /// When it began; `None` if the client has slowed it down.
    began: Option<Instant>,
    recent: Recent,
}

enum Stage {
    /// Waiting for the turns before.
    Waiting,
    Status(Box<ReadSide>),
    Block(Box<ReadSide>, Block),
    /// The provider is waiting for an upload (RFC 3977, section 6.3).
    Upload(Box<ReadSide>),
    /// The end of the reply is unknown: everything that comes belongs to it.
    Unframed(Box<ReadSide>),
    /// The reading side was passed on, or is gone.
    Done,
}

/// An article's headers, which are read for its age.
enum Headers {
    Unread,
    Read(Option<Age>),
}

impl Headers {
    fn of(verb: Verb) -> Self {
        if verb == Verb::Article { Self::Unread } else { Self::Read(None) }
    }
}

impl Block {
    /// Begins now.
    fn new() -> Self {
        Self { scan: BlockScan::default(), began: Some(Instant::now()), recent: Recent::new() }
    }
}

impl Reply {
    pub(super) fn new(
        backend: &Arc<Backend>,
        connection: Arc<Connection>,
        ticket: Ticket<Box<ReadSide>>,
        request: Request,
        sent: Sent,
    ) -> Self {
        Counters::count(&backend.counters().requests);
        let fresh = connection.is_fresh();
        Self {
            backend: Arc::clone(backend),
            connection,
            headers: Headers::of(request.verb()),
            request,
            ticket: Some(ticket),
            stage: Stage::Waiting,
            unwanted: false,
            sent,
            timing: Timing::default(),
            arrived: sent.watch.at,
            may_be_tried_again: false,
            fresh,
            prior: PriorRefusals::default(),
            held_back: HeldBack::default(),
        }
    }

    /// The request as it was sent.
    pub(crate) fn request(&self) -> &Request {
        &self.request
    }

    /// Sets what the provider replied to this request before. A repeated refusal is final.
    pub(crate) fn set_prior_refusals(&mut self, prior: PriorRefusals) {
        self.prior = prior;
    }

    /// Waits for the turn and the status line. A reply of one line is then complete. A suspiciously
    /// silent reply is given up if it `may_be_tried_again`.
    ///
    /// # Errors
    /// Any error that makes the connection unusable; it is closed.
    pub(crate) async fn status(&mut self, may_be_tried_again: bool) -> Result<StatusLine, Error> {
        match self.wait_turn().await {
            Ok(side) => self.stage = Stage::Status(side),
            Err(error) => return Err(self.fail(error)),
        }
        self.arrived = Instant::now();
        let limit = self.backend.config().limits.first_byte;
        let limit = match may_be_tried_again {
            true => limit.min(self.sent.watch.suspicious_after),
            false => limit,
        };
        let status = self.status_line(self.arrived + limit).await?;
        self.timing.first_line = self.sent.alone.then(|| self.sent.watch.at.elapsed());
        self.may_be_tried_again = may_be_tried_again;
        self.accept(&status)?;
        if self.sent.watch.probe {
            self.backend.probe_answered();
        }
        Ok(status)
    }

    /// Reads the reply to an upload, which may take a while.
    ///
    /// # Errors
    /// Like [`status`](Self::status).
    pub(crate) async fn upload_status(&mut self) -> Result<StatusLine, Error> {
        if let Stage::Upload(side) = std::mem::replace(&mut self.stage, Stage::Done) {
            self.stage = Stage::Status(side);
        }
        let status =
            self.status_line(Instant::now() + self.backend.config().limits.first_byte * 2).await?;
        self.finish();
        Ok(status)
    }

    /// Returns the next bytes of the block as the provider sent them; `None` when it is complete.
    pub(crate) fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Error>> {
        let (side, mut block) = match &mut self.stage {
            Stage::Block(side, block) => (side, Some(block)),
            Stage::Unframed(side) => (side, None),
            Stage::Waiting | Stage::Status(_) | Stage::Upload(_) | Stage::Done => {
                return Poll::Ready(Ok(None));
            }
        };
        let read = match std::mem::take(&mut side.unread) {
            none if none.is_empty() => {
                // A poll may relay megabytes, and other requests' commands should not wait for that.
                gather::send_gathered();
                let from = (&mut side.half, !self.unwanted);
                let read = ready!(self.held_back.poll_read(&self.backend, from, cx));
                let bytes = read.as_ref().map_or(0, Bytes::len);
                self.backend.count_bytes(bytes);
                block.iter_mut().for_each(|block| block.recent.add(bytes));
                read
            }
            some => Ok(some),
        };
        let mut chunk = match read {
            Ok(chunk) if !chunk.is_empty() => chunk,
            Ok(_) => return Poll::Ready(Err(self.fail(Error::ConnectionLost(closed())))),
            Err(error) => return Poll::Ready(Err(self.fail(Error::ConnectionLost(error)))),
        };
        if let Headers::Unread = self.headers {
            self.headers = Headers::Read(Age::by_headers(&chunk, seconds_now()));
        }
        if let Some(Scan::End(n)) = block.map(|block| block.scan.push(&chunk)) {
            side.unread = chunk.split_off(n);
            self.finish();
        }
        Poll::Ready(Ok(Some(chunk)))
    }

    /// The article's age, if its headers have told it.
    pub(crate) fn age(&self) -> Option<Age> {
        match self.headers {
            Headers::Unread => None,
            Headers::Read(age) => age,
        }
    }

    /// Records that the client slowed the reply down, so its duration says nothing about the provider.
    pub(crate) fn held_up(&mut self) {
        if let Stage::Block(_, block) = &mut self.stage {
            (block.began, block.recent) = (None, Recent::new());
        }
    }

    /// Is ready at `end`, while there is more to read.
    pub(crate) fn poll_until(&mut self, end: Instant, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.stage {
            Stage::Block(side, _) | Stage::Unframed(side) => side.timer.poll_until(end, cx),
            Stage::Waiting | Stage::Status(_) | Stage::Upload(_) | Stage::Done => Poll::Ready(()),
        }
    }

    /// Whether the reply crawls, and may do better on another connection.
    pub(crate) fn crawls(&mut self) -> bool {
        let Stage::Block(_, block) = &mut self.stage else { return false };
        block.recent.crawls() && self.may_be_tried_again
    }

    /// Whether the reply was read completely.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    /// Whether the end of the reply cannot be told from its bytes.
    pub(crate) fn is_unframed(&self) -> bool {
        matches!(self.stage, Stage::Unframed(_))
    }

    /// Whether other requests are waiting for this connection.
    pub(crate) fn keeps_others_waiting(&self) -> bool {
        self.backend.is_wanted(self.connection.id)
    }

    /// Closes the connection, because it is too slow or can no longer be trusted. A reply that is
    /// already complete leaves the connection to others.
    pub(crate) fn condemn(&mut self, error: Error) -> Error {
        if let Stage::Done = self.stage { error } else { self.fail(error) }
    }

    /// Reads and discards the rest, within limits.
    pub(crate) async fn discard(mut self) {
        self.unwanted = true;
        let limits = self.backend.config().limits;
        if let Stage::Waiting = self.stage {
            let Ok(side) = self.wait_turn().await else { return };
            self.stage = Stage::Status(side);
        }
        drop(timeout(limits.drain, self.read_away()).await);
    }

    async fn read_away(&mut self) -> Result<(), Error> {
        if let Stage::Status(_) = self.stage {
            let status =
                self.status_line(Instant::now() + self.backend.config().limits.drain).await?;
            self.accept(&status)?;
        }
        let mut left = DRAIN_BYTES;
        while let Some(chunk) = std::future::poll_fn(|cx| self.poll_chunk(cx)).await? {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                return Err(Error::Overrun);
            }
        }
        Ok(())
    }

    async fn wait_turn(&mut self) -> Result<Box<ReadSide>, Error> {
        let ticket = self.ticket.as_mut().ok_or(Error::TurnLost)?;
        let mut side = ticket.wait().await.map_err(|_| Error::TurnLost)?;
        side.at_rest = false;
        Ok(side)
    }

    async fn status_line(&mut self, end: Instant) -> Result<StatusLine, Error> {
        let Stage::Status(side) = &mut self.stage else { return Err(Error::TurnLost) };
        let line = side.read_line(&self.backend, end).await;
        let parsed = line
            .and_then(|line| StatusLine::parse(line).map_err(|e| Error::Unexpected(e.to_string())));
        parsed.map_err(|error| self.fail(error))
    }

    fn move_on(&mut self, to: impl FnOnce(Box<ReadSide>) -> Stage) {
        if let Stage::Status(side) = std::mem::replace(&mut self.stage, Stage::Done) {
            self.stage = to(side);
        }
    }
}
