//! All that the user can ask for, whether in the window, in the tray or by starting the program again.

mod entered;
mod reply;

use std::num::NonZeroU16;
use std::path::PathBuf;

use downloaders::Program;
use ledger::{By, Range};
use nntp_proxy::config::Secret;
use serde::Deserialize;
use settings::{
    Client, Language, Limits, Listen, ListenTls, LogLevel, Mode, Notify, PauseFor, Provider,
    StoreKind, Theme, TrafficMode,
};

use crate::snapshot::Trouble;
pub use entered::{Arranged, Password, Remember};
use entered::{secret, secret_if_any};
pub use reply::{
    Failure, FailureCode, ImportFile, ImportServer, NetworkInterface, Reply, SameAccount,
};

/// What the user asks for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Serve programs, now and whenever the application runs.
    Start,
    /// Serve nobody, until told otherwise.
    Stop,
    /// Fetch no more articles for a while. Programs stay connected and wait.
    Pause {
        /// For how long.
        lasts: PauseFor,
    },
    /// End a pause.
    Resume,
    /// Adds a provider, or changes the one of the same id. An empty id is given one.
    SaveProvider {
        /// All of it.
        provider: Provider,
        /// The password; nothing leaves it as it is.
        password: Option<Password>,
        /// The password of its proxy; nothing leaves it as it is.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(optional = nullable))]
        proxy_password: Option<Password>,
    },
    /// Uses a provider, or does not.
    EnableProvider {
        /// Its id.
        id: String,
        /// Whether it is used.
        enabled: bool,
    },
    /// Tries a provider that is not well again at once, or all of them.
    TryNow {
        /// Its id; nothing for all.
        provider: Option<String>,
    },
    /// Puts the providers in another order, and their tiers with it.
    ArrangeProviders {
        /// All of them.
        order: Vec<Arranged>,
    },
    /// Removes a provider and its password.
    RemoveProvider {
        /// Its id.
        id: String,
    },
    /// Adds a client's login, with a password that is shown once: see [`Reply::Password`].
    AddClient {
        /// The user name.
        name: String,
        /// How its password is kept.
        hold: Remember,
    },
    /// Gives a client another password.
    RenewClient {
        /// The user name.
        name: String,
        /// How its password is kept.
        hold: Remember,
    },
    /// Removes a client's login.
    RemoveClient {
        /// The user name.
        name: String,
    },
    /// Uses the sample provider, as long as there is no other, or does not.
    UseSample {
        /// Whether it is used.
        on: bool,
    },
    /// Saves the sample's .nzb where downloads go, and shows that folder: see [`Reply::File`].
    SaveSampleNzb,
    /// Saves a text where downloads go, and shows that folder: see [`Reply::File`].
    SaveText {
        /// The file's name; one with a number where another file has it.
        name: String,
        /// All that is in it.
        text: String,
    },
    /// Puts back what was removed last.
    Undo,
    /// Forgets what was removed last.
    ForgetRemoved,
    /// The new password of [`Snapshot::new_password`](crate::snapshot::Snapshot): see [`Reply::Password`].
    NewPassword,
    /// The user dismissed it: it is never shown again.
    PasswordNoted,
    /// Changes how requests are routed.
    SetMode {
        /// The mode.
        mode: Mode,
    },
    /// Changes where programs connect.
    SetListen {
        /// Where.
        listen: Listen,
    },
    /// Changes TLS for programs.
    SetTls {
        /// Where, and with which certificate; nothing turns it off.
        tls: Option<ListenTls>,
    },
    /// Saves the certificate that programs import where downloads go, and shows that folder: see [`Reply::File`].
    SaveCertificate,
    /// Changes whether programs may post.
    SetPosting {
        /// Whether they may.
        posting: bool,
    },
    /// Chooses a mode, such as slow mode.
    SetTraffic {
        /// The new mode.
        mode: TrafficMode,
    },
    /// Changes the limits for everything.
    SetLimits {
        /// All of them.
        limits: Limits,
    },
    /// Sets the limits and the priority of a program.
    LimitProgram {
        /// Its login or, without one, its own name, and all of them. It stays a login, or none.
        program: Client,
    },
    /// Changes the language.
    SetLanguage {
        /// Which.
        language: Language,
    },
    /// Lets the programs of other users connect without a login, or not.
    SetAllUsers {
        /// Whether they may.
        all: bool,
    },
    /// Changes the colours of the window.
    SetTheme {
        /// Which.
        theme: Theme,
    },
    /// Changes how much is logged.
    SetLog {
        /// How much.
        log: LogLevel,
    },
    /// Changes which notifications the desktop shows.
    SetNotify {
        /// Which.
        notify: Notify,
    },
    /// Changes whether the application starts with the session.
    SetStartAtLogin {
        /// Whether it does.
        start: bool,
    },
    /// Changes whether the application starts without its window.
    SetStartHidden {
        /// Whether it does.
        hidden: bool,
    },
    /// The first steps are done, or are not to be seen any more.
    EndFirstSteps,
    /// Tests a provider as it is entered; what is found is in the snapshot.
    CheckProvider {
        /// All of it.
        provider: Provider,
        /// The password; nothing takes the one that is kept.
        password: Option<Password>,
        /// The password of its proxy; nothing takes the one that is kept.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(optional = nullable))]
        proxy_password: Option<Password>,
    },
    /// Searches for the best number of connections to a provider by downloading recent articles again. The
    /// result is in the snapshot.
    TuneProvider {
        /// Its id.
        id: String,
        /// How many its plan allows.
        connections: NonZeroU16,
        /// Whether a limited volume may be used.
        volume: bool,
    },
    /// Forgets the search, and ends it if it is still running.
    DismissTuning,
    /// The network interfaces that connections can leave by: see [`Reply::NetworkInterfaces`].
    NetworkInterfaces,
    /// Forgets the test, and ends it if it is still running.
    DismissCheck,
    /// Forgets troubles that are only told.
    DismissTroubles {
        /// Exactly these, as the snapshot has them: one that has changed since is not dismissed.
        troubles: Vec<Trouble>,
    },
    /// The copies of the settings: see [`Reply::Copies`].
    SettingsCopies,
    /// Puts a copy of the settings in their place, and keeps what was there as another.
    RestoreSettings {
        /// Its name.
        file: String,
    },
    /// Makes what is understood of the settings file the settings, and keeps the file as a copy.
    AdoptSettings,
    /// Asks the keyring again.
    RetryPasswords,
    /// Opens the vault, or makes one where there is none and moves there.
    OpenVault {
        /// Its passphrase.
        #[serde(deserialize_with = "secret")]
        #[cfg_attr(feature = "ts", ts(type = "string"))]
        passphrase: Secret,
    },
    /// Makes a new vault, where the passphrase of the one that is there is forgotten, and moves there. The old one
    /// stays beside it; the passwords in it have to be entered again.
    StartVaultOver {
        /// The new one's passphrase.
        #[serde(deserialize_with = "secret")]
        #[cfg_attr(feature = "ts", ts(type = "string"))]
        passphrase: Secret,
    },
    /// Gives the vault another passphrase, and opens it.
    ChangePassphrase {
        /// The one that it has.
        #[serde(deserialize_with = "secret")]
        #[cfg_attr(feature = "ts", ts(type = "string"))]
        passphrase: Secret,
        /// The one that it gets.
        #[serde(deserialize_with = "secret")]
        #[cfg_attr(feature = "ts", ts(type = "string"))]
        new: Secret,
    },
    /// Keeps passwords elsewhere from now on, and moves those that are kept.
    KeepPasswords {
        /// Where.
        keep: StoreKind,
    },
    /// Looks for the settings of other programs: see [`Reply::Imports`].
    FindImports,
    /// Reads the servers in one of the files that were found: see [`Reply::Import`].
    ReadImport {
        /// The file.
        path: PathBuf,
    },
    /// Reads the servers in a file that the user chose: see [`Reply::Import`].
    ReadImportText {
        /// What is in it, passwords too.
        #[serde(deserialize_with = "secret")]
        #[cfg_attr(feature = "ts", ts(type = "string"))]
        text: Secret,
    },
    /// Takes servers that were read last, with their passwords; all of these or none.
    Import {
        /// Which, counted from 0.
        chosen: Vec<usize>,
        /// Those of them that share the account of [`ImportServer::same_account_as`].
        same_account: Vec<usize>,
        /// How their passwords are kept.
        hold: Remember,
    },
    /// Forgets what was read.
    DismissImport,
    /// Enters Newsmux as a server of a program, by its own interface; what was done is in the snapshot.
    ConnectClient {
        /// Which program.
        program: Program,
        /// Its address, as a browser takes it; where it and the key are empty, those of its imported settings.
        address: String,
        /// The user of its interface, where it has users.
        user: String,
        /// The user's password, or the key; empty for the one that is known from its imported settings.
        #[serde(deserialize_with = "secret")]
        #[cfg_attr(feature = "ts", ts(type = "string"))]
        secret: Secret,
        /// The login that it is given, where programs need one.
        login: Option<String>,
        /// Whether that login is new: it is added as soon as the program has it.
        new_login: bool,
        /// Whether its own servers are switched off there.
        disable_direct: bool,
    },
    /// Undoes what was done in a program.
    UndoConnect {
        /// Which program.
        program: Program,
        /// Its address, as in [`Connected`](crate::snapshot::Connected).
        address: String,
        /// The key to it, where that is not known any more.
        #[serde(default, deserialize_with = "secret_if_any")]
        #[cfg_attr(feature = "ts", ts(type = "string | null"))]
        secret: Option<Secret>,
    },
    /// Forgets what was done in a program, and the key to it.
    DismissConnect {
        /// Which program.
        program: Program,
        /// Its address, as in [`Connected`](crate::snapshot::Connected).
        address: String,
    },
    /// The events after this one, the oldest first.
    Events {
        /// Its number; 0 for all.
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        after: u64,
    },
    /// The speed over the last minutes.
    History,
    /// The use over a time: see [`Reply::Statistics`].
    Statistics {
        /// Which time.
        range: Range,
        /// Whose use.
        by: By,
    },
    /// How good each provider is: see [`Reply::ReportCards`].
    ReportCards {
        /// In which time.
        range: Range,
    },
    /// The use over a time as CSV: see [`Reply::Text`].
    ExportStatistics {
        /// Which time.
        range: Range,
        /// Whose use.
        by: By,
    },
    /// Opens the folder of the logs.
    OpenLogs,
    /// Lets the user choose a file: see [`Reply::File`]. [`Reply::Done`] when none was chosen.
    ChooseFile {
        /// The dialog's title, in the window's language.
        title: String,
    },
    /// Puts a text where the user can paste it from, also when the window is closed.
    Copy {
        /// The text, which can be a password.
        #[serde(deserialize_with = "secret")]
        #[cfg_attr(feature = "ts", ts(type = "string"))]
        text: Secret,
    },
    /// Shows the window.
    Show,
    /// Closes the window as its close button does: the first time, the window first says that the
    /// application keeps running.
    Close,
    /// Closes the window; the application keeps running.
    CloseWindow,
    /// Leaves the window open after all: takes [`Snapshot::farewell`](crate::snapshot::Snapshot) back.
    StayOpen,
    /// Ends the application; while programs download, only when it is asked for again.
    Quit,
    /// Ends the application, whatever it is doing.
    QuitNow,
    /// Lets the application run after all: takes [`Snapshot::asks_to_quit`](crate::snapshot::Snapshot) back.
    KeepRunning,
}
