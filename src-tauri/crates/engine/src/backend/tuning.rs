//! A provider's connections outside the pool, for measuring its speed with more and more of them.

use std::future::poll_fn;
use std::io;
use std::num::NonZeroU8;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use nntp::login::ModeReader;
use tokio::io::{AsyncWriteExt, empty, sink};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout};

use super::account::Permit;
use super::connection::until_seen;
use super::logins::Fate;
use super::{Backend, Volume, pace};
use crate::dial::{Established, Failed, Milestone, ReadHalf, Stage, WriteHalf, establish_in_mode};
use crate::traffic::Traffic;

/// How often a permit is requested again while none is free.
const RETRY: Duration = Duration::from_millis(50);
/// How long to wait for a permit: idle connections may still be closing.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a provider has to notice that a connection was closed in the middle of a reply.
const CLOSE_GRACE: Duration = Duration::from_secs(1);
/// How long it has to reply to `QUIT`.
const LEAVE: Duration = Duration::from_secs(2);

/// A connection that no program uses. Dropping it closes it, and returns its permit when the provider
/// has seen that.
pub(crate) struct TuneConnection {
    read: ReadHalf,
    write: WriteHalf,
    permit: Option<Permit>,
    /// Requests whose reply is not complete.
    pub(crate) outstanding: Arc<AtomicUsize>,
    served: bool,
    fate: Fate,
}

impl TuneConnection {
    fn new(established: Established, permit: Permit) -> Self {
        let Established { read, write, .. } = established;
        let (outstanding, served, fate) = (Arc::default(), false, Fate::Closed);
        Self { read, write, permit: Some(permit), outstanding, served, fate }
    }

    /// Sends requests.
    pub(crate) async fn send(&mut self, lines: &[u8]) -> io::Result<()> {
        self.write.write_all(lines).await?;
        self.write.flush().await
    }

    /// Reads some bytes; none at the end.
    pub(crate) async fn read(&mut self, backend: &Backend) -> io::Result<Bytes> {
        poll_fn(|cx| backend.resources.buffers.poll_read(cx, &mut self.read)).await
    }

    /// Records that the login was worth it: an article is coming. Returns whether that is news.
    pub(crate) fn serves(&mut self) -> bool {
        let first = !std::mem::replace(&mut self.served, true);
        if first {
            self.permit.iter().for_each(|permit| permit.login(Fate::Served));
        }
        first
    }

    /// Records that the provider broke it off.
    pub(crate) fn lost(&mut self) {
        self.fate = Fate::Lost;
    }
}

impl Drop for TuneConnection {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        // Without a runtime the program is ending, and its sockets with it.
        let Ok(runtime) = Handle::try_current() else { return std::mem::forget(permit) };
        permit.login(self.fate);
        let read = std::mem::replace(&mut self.read, Box::new(empty()));
        let write = std::mem::replace(&mut self.write, Box::new(sink()));
        let at_rest = self.outstanding.load(Ordering::Relaxed) == 0;
        runtime.spawn(async move {
            if at_rest {
                // The permit comes back later if the provider takes no notice.
                drop(timeout(LEAVE, until_seen(read, Some(write), true)).await);
            } else {
                drop((read, write));
                sleep(CLOSE_GRACE).await;
            }
            drop(permit);
        });
    }
}

impl Backend {
    /// The requests for the articles that it delivered last.
    pub(crate) fn recent_requests(&self) -> Vec<Vec<u8>> {
        self.account.recent.requests()
    }

    /// How many connections may be open if its plan allows `up_to`.
    pub(crate) fn limit_of_plan(&self, up_to: u16) -> u16 {
        self.account.limit_of_plan(&self.config, up_to)
    }

    /// Closes the account's idle connections, so that others can be opened.
    pub(crate) fn make_room(&self) {
        self.account.backends().iter().for_each(Self::close_all_idle);
    }

    /// Returns a permit for a connection outside the pool.
    pub(crate) async fn tune_permit(self: &Arc<Self>, up_to: u16) -> Option<Permit> {
        let end = Instant::now() + PATIENCE;
        loop {
            let permit = self.account.try_tune_permit(self, up_to);
            if permit.is_some() || Instant::now() >= end {
                return permit;
            }
            sleep(RETRY).await;
        }
    }

    /// Opens a connection outside the pool. A failure says nothing to the breaker.
    pub(crate) async fn dial_to_tune(&self, permit: Permit) -> Result<TuneConnection, Failed> {
        let known = self.mode_reader();
        let mode = if known == ModeReader::Unclear { ModeReader::NotNeeded } else { known };
        let mut nobody = |_: Milestone<'_>| {};
        let dialler = &*self.resources.dialler;
        let dialled = establish_in_mode(dialler, &self.config, mode, &mut nobody).await;
        match dialled {
            Ok(established) => Ok(TuneConnection::new(established, permit)),
            Err(failed) => {
                if failed.stage < Stage::Login {
                    permit.login(Fate::Unsent);
                }
                Err(failed)
            }
        }
    }

    /// How many requests its connections carry now, at most: as configured, or else by latency.
    pub(crate) fn depth_in_use(&self) -> u16 {
        self.depth_with(self.config.pipelining)
    }

    /// How many they would carry if nothing were configured.
    pub(crate) fn automatic_depth(&self) -> u16 {
        self.depth_with(None)
    }

    fn depth_with(&self, configured: Option<NonZeroU8>) -> u16 {
        self.lock().pace.depth_allowed(Instant::now(), configured).clamp(1, pace::DEEPEST)
    }

    /// How much of the account's volume is left; `None` if it has no limit.
    pub(crate) fn volume_left(&self) -> Option<u64> {
        self.tally.meter.left()
    }

    /// Whether it has to wait for its next login.
    pub(crate) fn is_rationed(&self) -> bool {
        self.account.paced_until(Instant::now(), &self.config.id).is_some()
    }

    /// Whether a program's request is waiting for a connection.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.lock().has_waiting()
    }

    /// How many requests of programs are in flight or waiting.
    pub(crate) fn load(&self) -> usize {
        self.lock().load()
    }

    /// Whether a speed limit holds for what comes from it.
    pub(crate) fn has_speed_limit(&self) -> bool {
        self.is_limited()
    }

    /// The pause and the limits of the proxy.
    pub(crate) fn traffic(&self) -> &Traffic {
        &self.resources.traffic
    }

    /// Whether it serves requests, as far as is known.
    pub(crate) fn serves(&self) -> bool {
        let standing = self.standing(Instant::now());
        standing.serves && standing.volume != Volume::UsedUp
    }
}
