//! The way of a reply to the client: the bytes that were read from the provider are the bytes that
//! are written, and while some are written the next are read.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::time::{Duration, Instant, timeout};

use super::pending_reply::{CLIENT_STALL, PendingReply, stalled};
use super::resume::Progress;
use crate::backend::Reply;
use crate::error::Error;

/// How long a client may keep a connection from others that wait for it, in all that it takes to
/// write one reply.
pub(super) const CLIENT_HOLD: Duration = Duration::from_secs(5);
/// How long it may take nothing at all meanwhile.
const CLIENT_SILENCE: Duration = Duration::from_secs(1);
/// The same as [`CLIENT_HOLD`], where it cannot get the rest again later.
const CLIENT_LAST_HOLD: Duration = Duration::from_secs(30);

/// A provider that sends less than [`LEAST`] bytes within this time crawls.
const CRAWL: Duration = Duration::from_secs(10);
/// See [`CRAWL`].
const LEAST: usize = 10 * 1024;

/// How long a provider may take for a block.
pub(super) struct Limits {
    /// For no byte at all.
    pub(super) stall: Duration,
    /// Another provider may have the article: this one may not crawl.
    pub(super) elsewhere: bool,
}

/// What came lately.
struct Recent {
    since: Instant,
    bytes: usize,
}

impl Recent {
    fn nothing() -> Self {
        Self { since: Instant::now(), bytes: 0 }
    }

    /// Adds bytes. True when so few came that the provider crawls.
    fn add(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        if self.since.elapsed() < CRAWL {
            return false;
        }
        std::mem::replace(self, Self::nothing()).bytes < LEAST
    }
}

/// Relays a block from a provider's `reply` to the `pending` one. When this returns, the provider's part is
/// over, and the connection is free for others; the last bytes may still be in the queue of `pending`.
///
/// # Errors
/// [`Error::Overrun`] when the client cannot take the reply now, and others wait for the connection.
pub(super) async fn relay(
    reply: &mut Reply,
    pending: &mut PendingReply,
    progress: &mut Progress,
    Limits { stall, elsewhere }: Limits,
) -> Result<(), Error> {
    let may_crawl = !elsewhere || matches!(progress, Progress::Untracked);
    let mut recent = Recent::nothing();
    // How long we have waited: for the provider's next byte, and for the client in all.
    let (mut silence, mut held) = (Duration::ZERO, Duration::ZERO);
    let patience = CLIENT_SILENCE.min(stall);
    loop {
        let (blocked, began) = (!pending.has_room(), Instant::now());
        let step = timeout(patience, poll_fn(|cx| poll_step(reply, pending, cx))).await;
        if blocked {
            reply.held_up();
            recent = Recent::nothing();
        }
        *if blocked { &mut held } else { &mut silence } += began.elapsed();
        match step {
            Ok(Ok(Step::Read(Some(chunk)))) => {
                silence = Duration::ZERO;
                let crawls = recent.add(chunk.len()) && !may_crawl;
                let new = progress.push(chunk).map_err(|error| reply.condemn(error))?;
                if !new.is_empty() {
                    pending.push(new);
                }
                // What is complete may leave with the replies behind it.
                if reply.is_over() && !progress.is_behind() {
                    return Ok(());
                }
                if crawls {
                    return Err(reply.condemn(Error::TimedOut("a reply that crawls")));
                }
            }
            Ok(Ok(Step::Read(None))) if progress.is_behind() => return Err(Error::NotTheSame),
            Ok(Ok(Step::Read(None))) => return Ok(()),
            Ok(Err(error)) => return Err(error),
            Ok(Ok(Step::Wrote)) | Err(_) if blocked => {
                give_up_if_held(reply, pending, progress, held)?
            }
            Ok(Ok(Step::Wrote)) | Err(_) if silence < stall => {}
            Ok(Ok(Step::Wrote)) | Err(_) => {
                return Err(reply.condemn(Error::TimedOut("the rest of the reply")));
            }
        }
    }
}

/// What moved.
enum Step {
    Wrote,
    /// A chunk, or none when the block is complete.
    Read(Option<Bytes>),
}

/// Writes what the client takes, and reads what there is room for. A status line goes out with the first
/// bytes of its block, where those are there already.
fn poll_step(
    reply: &mut Reply,
    pending: &mut PendingReply,
    cx: &mut Context<'_>,
) -> Poll<Result<Step, Error>> {
    let short = pending.is_short();
    let mut wrote = !short && pending.poll_flow(cx)?;
    if pending.poll_room(cx)?
        && let Poll::Ready(chunk) = reply.poll_chunk(cx)?
    {
        return Poll::Ready(Ok(Step::Read(chunk)));
    }
    wrote |= short && pending.poll_flow(cx)?;
    if wrote { Poll::Ready(Ok(Step::Wrote)) } else { Poll::Pending }
}

/// The client has `held` the reply up. What it can get again later, it does not keep others waiting
/// for; and what it cannot, not for long.
fn give_up_if_held(
    reply: &Reply,
    pending: &PendingReply,
    progress: &Progress,
    held: Duration,
) -> Result<(), Error> {
    let again = !matches!(progress, Progress::Untracked);
    let silence = pending.moved().elapsed();
    let enough = match again {
        // It waits for its client's earlier replies, and one of them may wait for its connection.
        _ if !pending.is_first() => held >= CLIENT_HOLD,
        true => held >= CLIENT_HOLD || silence >= CLIENT_SILENCE,
        false => held >= CLIENT_LAST_HOLD,
    };
    if pending.is_first() && silence >= CLIENT_STALL {
        Err(stalled())
    } else if !enough || (pending.is_first() && !reply.keeps_others_waiting()) {
        Ok(())
    } else if again {
        pending.set_slow();
        Err(Error::Overrun)
    } else {
        Err(stalled())
    }
}
