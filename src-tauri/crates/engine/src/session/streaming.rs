//! Relays a reply to the client without copying: while some bytes are written, the next are read.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::time::{Duration, Instant};

use super::pending_reply::{CLIENT_STALL, PendingReply, stalled};
use super::resume::Progress;
use crate::backend::Reply;
use crate::error::Error;

/// How long a client may keep a connection from waiting requests, in total while one reply is written.
pub(super) const CLIENT_HOLD: Duration = Duration::from_secs(5);
/// How long it may accept nothing in that time.
const CLIENT_SILENCE: Duration = Duration::from_secs(1);
/// Like [`CLIENT_HOLD`], for a reply that cannot be fetched again later.
const CLIENT_LAST_HOLD: Duration = Duration::from_secs(30);

/// Relays a block from a provider's `reply` to the `pending` one. When this returns, the connection is
/// free for others; the last bytes may still be queued in `pending`.
///
/// # Errors
/// [`Error::Overrun`] if the client cannot take the reply now and others wait for the connection.
pub(super) async fn relay(
    reply: &mut Reply,
    pending: &mut PendingReply,
    progress: &mut Progress,
    stall: Duration,
) -> Result<(), Error> {
    // How long we have waited for the provider's next byte, and for the client in total.
    let (mut silence, mut held) = (Duration::ZERO, Duration::ZERO);
    let patience = CLIENT_SILENCE.min(stall);
    while !reply.is_over() {
        let (blocked, began) = (!pending.has_room(), Instant::now());
        let step = poll_fn(|cx| match poll_step(reply, pending, cx) {
            Poll::Pending => reply.poll_until(began + patience, cx).map(|()| Ok(Step::Waited)),
            step => step,
        });
        let step = step.await;
        let held_back = reply.take_held_back();
        if blocked {
            reply.held_up();
        }
        let time = began.elapsed().saturating_sub(held_back);
        *if blocked { &mut held } else { &mut silence } += time;
        if !matches!(progress, Progress::Untracked) && !reply.is_over() && reply.crawls() {
            return Err(reply.condemn(Error::TimedOut("more than a trickle of the reply")));
        }
        match step? {
            Step::Read(None) => break,
            Step::Read(Some(chunk)) => {
                silence = Duration::ZERO;
                let new = progress.push(chunk).map_err(|error| reply.condemn(error))?;
                if !new.is_empty() {
                    pending.push(new);
                }
            }
            Step::Wrote | Step::Waited if blocked => {
                give_up_if_held(reply, pending, progress, held)?
            }
            Step::Wrote | Step::Waited if silence < stall => {}
            Step::Wrote | Step::Waited => {
                return Err(reply.condemn(Error::TimedOut("the rest of the reply")));
            }
        }
    }
    // A complete reply may be sent together with later ones.
    if progress.is_behind() { Err(Error::NotTheSame) } else { Ok(()) }
}

/// What a step did.
enum Step {
    Wrote,
    /// Nothing, for a while.
    Waited,
    /// A chunk; `None` when the block is complete.
    Read(Option<Bytes>),
}

/// Writes what the client accepts, and reads what there is room for. A status line and a full buffer
/// are sent together with what has arrived behind them.
fn poll_step(
    reply: &mut Reply,
    pending: &mut PendingReply,
    cx: &mut Context<'_>,
) -> Poll<Result<Step, Error>> {
    let gathers = pending.gathers();
    let mut wrote = !gathers && pending.poll_flow(cx)?;
    if pending.has_room()
        && let Poll::Ready(chunk) = reply.poll_chunk(cx)?
    {
        return Poll::Ready(Ok(Step::Read(chunk)));
    }
    wrote |= gathers && pending.poll_flow(cx)?;
    if wrote { Poll::Ready(Ok(Step::Wrote)) } else { Poll::Pending }
}

/// Gives up a reply that the client has `held` up: soon if it can be fetched again, later if it cannot.
fn give_up_if_held(
    reply: &Reply,
    pending: &PendingReply,
    progress: &Progress,
    held: Duration,
) -> Result<(), Error> {
    let again = !matches!(progress, Progress::Untracked);
    let silence = pending.blocked_since().elapsed();
    let enough = match again {
        // The reply waits for the client's earlier ones, and one of those may be waiting for this
        // connection.
        _ if !pending.is_first() => held >= CLIENT_HOLD,
        true => held >= CLIENT_HOLD || silence >= CLIENT_SILENCE,
        false => held >= CLIENT_LAST_HOLD,
    };
    if pending.is_first() && silence >= CLIENT_STALL {
        Err(stalled())
    } else if !enough || (pending.is_first() && !reply.keeps_others_waiting()) {
        Ok(())
    } else if again {
        // One that is not the client's next may have waited for another provider.
        if pending.is_first() {
            pending.was_wasted();
        }
        Err(Error::Overrun)
    } else {
        Err(stalled())
    }
}
