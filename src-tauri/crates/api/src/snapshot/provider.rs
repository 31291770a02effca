//! A provider as people see it.

use ledger::AccountStanding;
use serde::Serialize;

/// A provider, its settings aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ProviderView {
    /// Its id in the settings.
    pub id: String,
    /// The name that people see.
    pub name: String,
    /// How it is.
    pub state: ProviderState,
    /// In a sentence, where it is not well.
    pub said: String,
    /// When it is tried again, where it is not well.
    pub retry: Option<Retry>,
    /// Whether its password is there.
    pub password: PasswordState,
    /// Whether its proxy's password is there.
    pub proxy_password: PasswordState,
    /// Whether a test found it to work exactly as it is saved.
    pub tested: bool,
    /// Connections that are open.
    pub open: u16,
    /// Connections that the provider grants, as far as is known.
    pub granted: u16,
    /// Connections that the user allows.
    pub allowed: u16,
    /// Bytes a second.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub speed: u64,
    /// Bytes since the application started.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
    /// Replies given to programs.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub replies: u64,
    /// Articles that it did not have.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub missing: u64,
    /// Requests that failed by its fault.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub failures: u64,
}

/// How an account stands that has a limit or an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AccountView {
    /// The id of the provider that it is named after.
    pub id: String,
    /// How it stands.
    pub standing: AccountStanding,
}

/// How a provider is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ProviderState {
    /// Switched off, or the whole is stopped.
    Off,
    /// Its password is not there.
    NoPassword,
    /// Not used yet.
    Untried,
    /// Well.
    Up,
    /// It cannot be reached.
    Down,
    /// It grants no connection at the moment.
    Full,
    /// It refuses the login.
    LoginRefused,
    /// Its account is used up, by our count or by its own words.
    UsedUp,
}

/// When a provider that is not well is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Retry {
    /// With the first request after this time.
    At {
        /// The time.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        time: u64,
    },
    /// With the next request.
    NextRequest,
    /// It is being tried.
    UnderWay,
}

/// Whether a password is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PasswordState {
    /// None is needed.
    NotNeeded,
    /// It is kept.
    Kept,
    /// It is known until the application ends.
    ThisSession,
    /// It is not there.
    Missing,
    /// There is one, which was entered for another server.
    Elsewhere,
    /// Whether it is there cannot be known: the place is closed.
    Closed,
}
