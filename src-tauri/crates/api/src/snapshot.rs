//! What people see. The window and the tray are functions of one [`Snapshot`]; there is nothing else that
//! they know. Times are milliseconds since 1970, speeds bytes a second.

use downloaders::Address;
use serde::Serialize;
use settings::{Settings, TrafficMode};

mod check;
mod encrypted;
mod event;
mod program;
mod provider;
mod trouble;
mod tuning;

pub use check::{
    BindProblem, Certificate, Check, Finding, Found, Outcome, Problem, Proof, ProxyProblem, Remedy,
    Step, Why,
};
pub use encrypted::{EncryptedView, NotEncrypted};
pub use event::{Event, Happened, Level};
pub use program::{ClientView, Connected, Direct, ProgramAddress};
pub use provider::{AccountView, PasswordState, ProviderState, ProviderView, Retry};
pub use trouble::Trouble;
pub use tuning::{TuneBy, TuneOutcome, TunePoint, TuneUnable, Tuned, Tuning};

/// Everything at one moment. No secret is in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate fact")]
pub struct Snapshot {
    /// The state of the whole, which is the tray's icon.
    pub state: State,
    /// Whether something can be downloaded, as far as is known.
    pub serves: bool,
    /// What keeps it from being well, the most urgent first.
    pub troubles: Vec<Trouble>,
    /// The address that programs connect to.
    pub address: Address,
    /// The port with TLS, while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional = nullable))]
    pub encrypted: Option<EncryptedView>,
    /// What is happening.
    pub figures: Figures,
    /// The providers, in the order of the settings.
    pub providers: Vec<ProviderView>,
    /// How the accounts stand that have a limit or an end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<AccountView>>"))]
    pub accounts: Vec<AccountView>,
    /// Whether the sample provider is used: it is the only one in `providers`, and not in the settings.
    pub sample: bool,
    /// The programs that are connected now.
    pub clients: Vec<ClientView>,
    /// The number of the newest event; those before are asked for.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub last_event: u64,
    /// Which speed limit holds for everything.
    pub traffic: TrafficView,
    /// The settings as they are in the file.
    pub settings: Settings,
    /// How the place is where passwords are kept.
    pub keep: KeepState,
    /// How the vault is, whether passwords are kept there or not.
    pub vault: VaultState,
    /// The name of what was removed last, as long as that can be undone.
    pub removed: Option<String>,
    /// Whose new password the user has not taken note of yet.
    pub new_password: Option<String>,
    /// A test of a provider, from its start until it is dismissed.
    pub check: Option<Check>,
    /// A search for the best number of connections, from its start until it is dismissed.
    pub tuning: Option<Tuning>,
    /// Programs whose key is known from their imported settings: to connect them, none needs to be entered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<ProgramAddress>>"))]
    pub reachable: Vec<ProgramAddress>,
    /// What was done in programs to connect them, each until it is dismissed.
    pub connected: Vec<Connected>,
    /// Whether the application starts at login; nothing where the system does not tell.
    pub start_at_login: Option<bool>,
    /// Whether there is a tray to go to when the window is closed.
    pub tray: bool,
    /// Whether the window is asked to close for the first time, and has to say where the application keeps running.
    pub farewell: bool,
    /// Whether the user is asked to end it though programs download.
    pub asks_to_quit: bool,
    /// The program's version.
    pub version: &'static str,
}

/// The state of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// Nobody is served, because the user said so.
    Stopped,
    /// Running, and no article is fetched for a while: programs wait.
    Paused {
        /// It resumes at this time; nothing until somebody resumes it.
        #[cfg_attr(feature = "ts", ts(type = "number | null"))]
        until: Option<u64>,
    },
    /// Soon to be running.
    Starting,
    /// Running, with nothing to do.
    Idle,
    /// Running, with something to do.
    Active,
    /// Running, and a provider cannot be used at the moment; others can.
    Degraded,
    /// Running, and no provider can be used at the moment.
    Down,
    /// Running, without a provider.
    NoProvider,
    /// The user has to do something.
    Attention,
}

/// Which speed limit holds for everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TrafficView {
    /// How it was chosen.
    pub mode: TrafficMode,
    /// The limit, in bytes a second.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub speed: Option<u64>,
    /// When it changes by itself, by the schedule or because a pause ends.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub until: Option<u64>,
    /// What holds then.
    pub next: Option<TrafficMode>,
}

/// What is happening, over all providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Figures {
    /// The time of this moment.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: u64,
    /// Bytes a second from the providers.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub speed: u64,
    /// Bytes from the providers since the application started.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub bytes: u64,
    /// Bytes from the providers today, on the sockets.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub today: u64,
    /// Replies given to programs since the application started.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub replies: u64,
    /// Articles and bodies given to programs since the application started.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub articles: u64,
}

/// How the place is where passwords are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum KeepState {
    /// Open, or not yet needed.
    Open,
    /// The keyring is locked.
    Locked,
    /// There is no keyring.
    Absent {
        /// The system's words.
        said: String,
    },
    /// The keyring waits for the user to answer its dialog.
    Asking,
    /// The vault wants its passphrase.
    VaultClosed,
}

/// How the vault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum VaultState {
    /// There is none.
    None,
    /// It wants its passphrase.
    Closed,
    /// Its passphrase was given.
    Open,
    /// Another vault, with another passphrase, has replaced it.
    Other,
}

/// The speed at one moment of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Sample {
    /// When.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: u64,
    /// Bytes a second.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub speed: u64,
}
