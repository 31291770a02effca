//! Events for people. They cost nothing when nobody listens.

use std::fmt;

use tokio::sync::broadcast;

use crate::backend::State;
use crate::encryption::HandshakeProblem;

/// How many events wait for a listener; a slower listener misses the oldest.
const WAITING: usize = 256;

/// An event. It contains no secret, and a message-id only where one is named.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A provider works: for the first time, or again.
    Connected {
        /// The provider's name.
        provider: String,
    },
    /// A provider is down, or refuses the login or every connection.
    Failing {
        /// The provider's name.
        provider: String,
        /// Its state now.
        state: State,
        /// Why, in a sentence.
        why: String,
    },
    /// A provider grants fewer connections than configured.
    FewerConnections {
        /// The provider's name.
        provider: String,
        /// The number of connections that it grants.
        granted: u16,
        /// The provider's reply, or the error.
        why: String,
    },
    /// A request failed at a provider and is retried there or elsewhere.
    Retried {
        /// The provider's name.
        provider: String,
        /// Why, in a sentence.
        why: String,
    },
    /// A client's request could not be served.
    RequestFailed {
        /// The client's login, its program, or its address.
        client: String,
        /// The request's verb.
        verb: String,
        /// Why, in a sentence.
        why: String,
    },
    /// No provider has an article.
    NotFound {
        /// The client's login, its program, or its address.
        client: String,
        /// The article's message-id, if the request names one.
        message_id: Option<String>,
    },
    /// A client tried an invalid login.
    LoginRefused {
        /// The client's program, or its address with its port.
        client: String,
    },
    /// A client gave no login, and needs one.
    LoginNeeded {
        /// The client's program, or its address with its port.
        client: String,
    },
    /// A client got no encrypted connection.
    HandshakeFailed {
        /// The client's address, with its port.
        client: String,
        /// Why.
        problem: HandshakeProblem,
    },
    /// A client was not admitted: it runs as another user of this computer.
    NotAdmitted {
        /// The client's address, with its port.
        client: String,
    },
}

/// Sends events to all listeners.
#[derive(Clone)]
pub(crate) struct Events(broadcast::Sender<Event>);

impl Events {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }

    /// Sends an event. It is created only if somebody listens.
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if self.0.receiver_count() > 0 {
            // The last listener may have left just now.
            drop(self.0.send(event()));
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}
