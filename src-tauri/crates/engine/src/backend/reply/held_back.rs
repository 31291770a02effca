//! A reply under speed limits: Newsmux holds it back itself, so its duration says nothing about the
//! provider.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::time::Duration;

use super::super::{Backend, Claim, Urgency};
use super::{Reply, Stage};
use crate::config::Priority;
use crate::dial::ReadHalf;
use crate::traffic::Flow;
use crate::types::ClientId;

/// How a reply is held back.
#[derive(Default)]
pub(super) struct HeldBack {
    /// Who the reply is for.
    claim: Option<Claim>,
    /// Its way through the speed limits, where there are any.
    flow: Option<Box<Flow>>,
}

impl HeldBack {
    /// Reads once, as much as the speed limits allow. What nobody wants does not wait for them.
    pub(super) fn poll_read(
        &mut self,
        backend: &Backend,
        (half, wanted): (&mut ReadHalf, bool),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Bytes>> {
        if !wanted || (self.flow.is_none() && !backend.is_limited()) {
            let read = ready!(backend.resources.buffers.poll_read(cx, half));
            backend.charge(read.as_ref().map_or(0, Bytes::len));
            return Poll::Ready(read);
        }
        let claim = &self.claim;
        let flow = self.flow.get_or_insert_with(|| {
            let claim = claim.clone().unwrap_or_else(nobody);
            Box::new(Flow::new(&backend.throttles, &claim))
        });
        let most = ready!(flow.poll(cx));
        let read = backend.resources.buffers.poll_read_most(cx, half, most);
        flow.used(match &read {
            Poll::Ready(Ok(bytes)) => bytes.len(),
            Poll::Ready(Err(_)) | Poll::Pending => 0,
        });
        read
    }
}

/// What Newsmux itself asks for.
fn nobody() -> Claim {
    Claim {
        program: Arc::default(),
        client: ClientId::NOBODY,
        urgency: Urgency::Bulk,
        priority: Priority::Normal,
        cost: 0,
        last_resort: false,
    }
}

impl Reply {
    /// Sets who the reply is for, as in the line for turns.
    pub(crate) fn set_claim(&mut self, claim: Claim) {
        self.held_back.claim = Some(claim);
    }

    /// Returns how long Newsmux has held the reply back since the last call. No time limit counts that.
    pub(crate) fn take_held_back(&mut self) -> Duration {
        let flow = self.held_back.flow.as_mut();
        let time = flow.map_or(Duration::ZERO, |flow| flow.take_held());
        if let Stage::Block(_, block) = &mut self.stage {
            block.recent.leave_out(time);
        }
        time
    }
}
