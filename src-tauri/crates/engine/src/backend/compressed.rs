//! `COMPRESS DEFLATE` (RFC 8054): a connection is compressed before the first overview that comes on it,
//! and stays so.
//!
//! One connection is enough for a provider's readers: turns for overviews go there, and articles, which
//! hardly become smaller, to the others while there is a choice. The command must not be pipelined
//! (section 2.2.2), so it needs the connection alone: a [`Lease`].

use bytes::Bytes;
use nntp::command::{Class, Request, Verb};
use tokio::time::{Duration, Instant};
use tracing::{debug, info};

use super::Backend;
use super::lease::Lease;
use super::pool::{Effects, Pool};
use super::slot::{Access, Slot};
use crate::config::Compression;
use crate::dial::{Inflated, Stored};
use crate::error::Error;
use crate::ticket::TicketLock;

/// How long nothing is compressed after a connection was lost at the command.
const LOST_MEMORY: Duration = Duration::from_secs(60);
/// How long a provider that refused to compress, or did it badly, is not asked again.
const REFUSED_MEMORY: Duration = Duration::from_secs(30 * 60);

impl Backend {
    /// Whether a request should get a connection alone, to be compressed first: it is worth that, and no
    /// connection is compressed yet.
    pub(crate) fn compresses_first(&self, request: &Request) -> bool {
        self.compresses_for(request) && !self.lock().slots.iter().any(|slot| slot.compressed)
    }

    /// Whether a connection is to be compressed for a request.
    fn compresses_for(&self, request: &Request) -> bool {
        self.config.compression == Compression::Auto
            && is_overview(request)
            && self.learned.not_compressed_until().is_none_or(|until| until <= Instant::now())
    }

    /// Records that the provider does not compress, or not in a way that can be read.
    pub(super) fn does_not_compress(&self, why: &str) {
        info!(provider = self.config.name, "connections are not compressed: {why}");
        self.learned.leave_uncompressed(Instant::now() + REFUSED_MEMORY);
    }
}

impl Lease {
    /// Compresses the connection if the request is worth it, the provider can, and nothing is in flight.
    ///
    /// # Errors
    /// If the connection is lost. The next one is not compressed.
    pub(crate) async fn compress_for(&mut self, request: &Request) -> Result<(), Error> {
        if !self.backend().compresses_for(request) || !self.is_idle_and_all_are_plain() {
            return Ok(());
        }
        let command = Request::parse(Bytes::from_static(b"COMPRESS DEFLATE\r\n"));
        let command = command.map_err(|bad| Error::Unexpected(bad.to_string()))?;
        // If this is dropped on the way, nobody knows whether what comes next is compressed.
        let spoiled = self.set_spoiled(true);
        let reply = async { self.send(&command)?.status(true).await };
        match reply.await {
            Ok(status) if status.code().get() == 206 => self.now_compressed().await?,
            Ok(status) => {
                let said = String::from_utf8_lossy(&status.to_wire()).trim().to_owned();
                self.backend().does_not_compress(&said);
            }
            Err(error) => {
                // Perhaps the connection was dead already: overviews go on without, for now.
                self.backend().learned.leave_uncompressed(Instant::now() + LOST_MEMORY);
                return Err(error);
            }
        }
        self.set_spoiled(spoiled);
        Ok(())
    }

    fn is_idle_and_all_are_plain(&self) -> bool {
        let mut pool = self.backend().lock();
        !pool.slots.iter().any(|slot| slot.compressed)
            && pool.slot(self.connection().id).is_some_and(|slot| slot.turns == 0)
    }

    /// Both directions are compressed from here on.
    async fn now_compressed(&self) -> Result<(), Error> {
        let half = self.connection().take_half().await.ok_or(Error::TurnLost)?;
        self.connection().put_back(Box::new(Stored::new(half)));
        let mut pool = self.backend().lock();
        // Not there if something came behind the reply.
        let slot = pool.slot(self.connection().id).ok_or(Error::TurnLost)?;
        let mut side = slot.line.try_take().ok_or(Error::TurnLost)?;
        side.half = Box::new(Inflated::new(std::mem::replace(
            &mut side.half,
            Box::new(tokio::io::empty()),
        )));
        slot.line = TicketLock::new(side);
        slot.compressed = true;
        debug!(provider = self.backend().config.name, "compressed a connection");
        Ok(())
    }
}

impl Pool {
    /// Returns a compressed connection that has room for an overview.
    pub(super) fn compressed_slot(
        &mut self,
        backend: &Backend,
        request: &Request,
        effects: &mut Effects,
    ) -> Option<usize> {
        if !is_overview(request) {
            return None;
        }
        let depth = self.pace.depth(effects.now, backend.pipelining());
        let fits =
            |slot: &Slot| slot.compressed && slot.access == Access::Shared && slot.turns < depth;
        let at = self.slots.iter().position(fits)?;
        let slot = self.slots.get_mut(at)?;
        (slot.turns > 0 || slot.is_alive(effects)).then_some(at)
    }
}

/// Whether the reply consists of headers of many articles, which become a fraction of their size.
pub(super) fn is_overview(request: &Request) -> bool {
    let verb = request.verb();
    matches!(request.class(), Class::Stateful(_))
        && matches!(
            verb,
            Verb::Over | Verb::XOver | Verb::Hdr | Verb::XHdr | Verb::XPat | Verb::ListGroup
        )
}
