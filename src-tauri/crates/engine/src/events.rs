//! What happens, for people: told to whoever listens, and to nobody's cost where nobody does.

use std::fmt;

use tokio::sync::broadcast;

use crate::backend::State;

/// How many wait for a listener; one that is later misses the oldest.
const WAITING: usize = 256;

/// Something that happened. No secret and no message-id is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A provider can be used: for the first time, or again.
    Connected {
        /// The provider's name.
        provider: String,
    },
    /// A provider cannot be used.
    Failing {
        /// The provider's name.
        provider: String,
        /// How its connections are now.
        state: State,
        /// Why, in a sentence.
        why: String,
    },
    /// A provider grants fewer connections than it is allowed to be asked for.
    FewerConnections {
        /// The provider's name.
        provider: String,
        /// How many.
        granted: u16,
        /// The provider's words.
        why: String,
    },
    /// A request failed at a provider, and is tried again there or elsewhere.
    Retried {
        /// The provider's name.
        provider: String,
        /// Why, in a sentence.
        why: String,
    },
    /// A client did not get what it asked for.
    RequestFailed {
        /// The client's login, or its address.
        client: String,
        /// The request's verb.
        verb: String,
        /// Why, in a sentence.
        why: String,
    },
    /// No provider has an article.
    NotFound {
        /// The client's login, or its address.
        client: String,
    },
    /// A client gave a login that is none.
    LoginRefused {
        /// The client's address, with its port.
        client: String,
    },
    /// A client gave no login, and needs one.
    LoginNeeded {
        /// The client's address, with its port.
        client: String,
    },
}

/// Where events are told.
#[derive(Clone)]
pub(crate) struct Events(broadcast::Sender<Event>);

impl Events {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }

    /// Tells an event, which is made only where somebody listens.
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if self.0.receiver_count() > 0 {
            // The last listener may leave at this moment.
            drop(self.0.send(event()));
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}
