//! What a client's program may be sent.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::{Flow, Traffic};
use crate::backend::{Claim, Urgency};
use crate::clients::Client;

/// The speed limit of a client's program, whichever it has at the moment.
pub(crate) struct ClientLimit {
    traffic: Traffic,
    client: Arc<Client>,
    flow: Option<Box<Flow>>,
}

impl ClientLimit {
    /// Is ready with how many bytes the client may be sent now.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<usize> {
        let Some(throttle) = self.traffic.speed_of(&self.client) else {
            self.flow = None;
            return Poll::Ready(usize::MAX);
        };
        let flow = self.flow.take().filter(|flow| flow.is_under(&throttle));
        let flow = flow.unwrap_or_else(|| Box::new(Flow::new(&[throttle], &self.claim())));
        self.flow.insert(flow).poll(cx)
    }

    /// Within a program, its clients take turns.
    fn claim(&self) -> Claim {
        Claim {
            program: self.client.program(),
            client: self.client.id,
            urgency: Urgency::Bulk,
            priority: self.traffic.priority_of(&self.client),
            cost: 0,
            last_resort: false,
        }
    }

    /// Records how many bytes it was sent.
    pub(crate) fn used(&mut self, bytes: usize) {
        self.flow.iter_mut().for_each(|flow| flow.used(bytes));
    }
}

impl Traffic {
    /// The speed limit for what a client is sent.
    pub(crate) fn of_client(&self, client: &Arc<Client>) -> ClientLimit {
        ClientLimit { traffic: self.clone(), client: Arc::clone(client), flow: None }
    }
}
