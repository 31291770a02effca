//! What happened, as the window lists it.

use serde::Serialize;
use settings::TrafficMode;

use super::{NotEncrypted, Trouble};

/// Events of one kind from one program or provider, each soon after the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Event {
    /// The number of the first event, which stays as the group grows.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub id: u64,
    /// The number of the last event. Events are counted from 1.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub number: u64,
    /// The time of the first event.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub since: u64,
    /// The time of the last event.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: u64,
    /// The number of events.
    pub times: u32,
    /// The severity.
    pub level: Level,
    /// The last event.
    pub happened: Happened,
}

/// How bad an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    Info,
    /// Something went wrong, and Newsmux recovered.
    Warning,
    /// A program did not get what it asked for, or the user has to do something.
    Error,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Happened {
    /// The proxy listens.
    Started {
        /// Where.
        address: String,
    },
    /// It listens no more.
    Stopped,
    /// The settings were changed.
    SettingsChanged,
    /// Another mode holds, such as slow mode.
    TrafficMode {
        /// The new mode.
        mode: TrafficMode,
    },
    /// The computer woke, or its network changed: all connections are renewed.
    Renewed,
    /// A provider can be used.
    ProviderUp {
        /// Its name.
        provider: String,
    },
    /// A provider cannot be used.
    ProviderDown {
        /// Its name.
        provider: String,
        /// Why.
        said: String,
    },
    /// A provider refuses the login.
    LoginRefused {
        /// Its name.
        provider: String,
        /// Its words.
        said: String,
    },
    /// A provider grants fewer connections than the settings say.
    FewerConnections {
        /// Its name.
        provider: String,
        /// How many.
        granted: u16,
        /// Its words.
        said: String,
    },
    /// A request failed at a provider, and Newsmux retried it there or elsewhere.
    Retried {
        /// The provider's name.
        provider: String,
        /// What went wrong.
        said: String,
    },
    /// A program did not get what it asked for.
    RequestFailed {
        /// The program, by its login or its address.
        client: String,
        /// The request's verb.
        request: String,
        /// Why.
        said: String,
    },
    /// No provider has an article.
    NotFound {
        /// The program, by its login or its address.
        client: String,
        /// The article's message-id, if the request named one.
        message_id: Option<String>,
    },
    /// A program gave a wrong login.
    ClientRefused {
        /// The program, or its address where the system does not tell.
        client: String,
    },
    /// A program gave no login, and needs one.
    LoginNeeded {
        /// The program, or its address where the system does not tell.
        client: String,
    },
    /// A program got no encrypted connection.
    NotEncrypted {
        /// Its address.
        client: String,
        /// Why.
        why: NotEncrypted,
        /// The error.
        said: String,
    },
    /// A program was not admitted: it runs as another user.
    OtherUser {
        /// The program, or its address where the system does not tell.
        client: String,
    },
    /// Another trouble came up.
    Trouble {
        /// Which.
        trouble: Trouble,
    },
}
