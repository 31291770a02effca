//! All that the user can ask for, whether in the window, in the tray or by starting the program again.

use std::path::PathBuf;

use downloaders::import::{Doubt, LeftOut};
use downloaders::{Error, Problem, Program};
use nntp_proxy::config::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::settings::{Keep, Language, Listen, LogLevel, Mode, Provider, Theme};
use crate::snapshot::{Event, Sample};

/// What the user asks for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Serve programs, now and whenever the application runs.
    Start,
    /// Serve nobody, until told otherwise.
    Stop,
    /// Serve nobody for a while.
    Pause {
        /// For how long.
        minutes: u16,
    },
    /// Adds a provider, or changes the one of the same id. An empty id is given one.
    SaveProvider {
        /// All of it.
        provider: Provider,
        /// The password; nothing leaves it as it is.
        password: Option<Password>,
    },
    /// Uses a provider, or does not.
    EnableProvider {
        /// Its id.
        id: String,
        /// Whether it is used.
        enabled: bool,
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
        hold: Hold,
    },
    /// Gives a client another password.
    RenewClient {
        /// The user name.
        name: String,
        /// How its password is kept.
        hold: Hold,
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
    /// Changes whether programs may post.
    SetPosting {
        /// Whether they may.
        posting: bool,
    },
    /// Changes the language.
    SetLanguage {
        /// Which.
        language: Language,
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
    },
    /// Forgets the test, and ends it if it still goes on.
    DismissCheck,
    /// Forgets a trouble that is only told: settings that were set aside or not saved.
    DismissTroubles,
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
        #[serde(deserialize_with = "enter")]
        #[cfg_attr(test, ts(type = "string"))]
        passphrase: Secret,
    },
    /// Makes a new vault, where the passphrase of the one that is there is forgotten, and moves there. The old one
    /// stays beside it; the passwords in it have to be entered again.
    StartVaultOver {
        /// The new one's passphrase.
        #[serde(deserialize_with = "enter")]
        #[cfg_attr(test, ts(type = "string"))]
        passphrase: Secret,
    },
    /// Gives the vault another passphrase, and opens it.
    ChangePassphrase {
        /// The one that it has.
        #[serde(deserialize_with = "enter")]
        #[cfg_attr(test, ts(type = "string"))]
        passphrase: Secret,
        /// The one that it gets.
        #[serde(deserialize_with = "enter")]
        #[cfg_attr(test, ts(type = "string"))]
        new: Secret,
    },
    /// Keeps passwords elsewhere from now on, and moves those that are kept.
    KeepPasswords {
        /// Where.
        keep: Keep,
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
        #[serde(deserialize_with = "enter")]
        #[cfg_attr(test, ts(type = "string"))]
        text: Secret,
    },
    /// Takes servers that were read last, with their passwords; all of these or none.
    Import {
        /// Which, counted from 0.
        chosen: Vec<usize>,
        /// How their passwords are kept.
        hold: Hold,
    },
    /// Forgets what was read.
    DismissImport,
    /// Enters Newsmux as a server of a program, by its own interface; what was done is in the snapshot.
    ConnectClient {
        /// Which program.
        program: Program,
        /// Its address, as a browser takes it.
        address: String,
        /// The user of its interface, where it has users.
        user: String,
        /// The user's password, or the key.
        #[serde(deserialize_with = "enter")]
        #[cfg_attr(test, ts(type = "string"))]
        secret: Secret,
        /// The login that it is given, where programs need one.
        login: Option<String>,
        /// Whether that login is new: it is added as soon as the program has it.
        new_login: bool,
        /// Whether its own servers are switched off there.
        disable_direct: bool,
    },
    /// Undoes in that program what was done.
    UndoConnect {
        /// The key to it, where that is not known any more.
        #[serde(default, deserialize_with = "enter_if")]
        #[cfg_attr(test, ts(type = "string | null"))]
        secret: Option<Secret>,
    },
    /// Forgets what was done there, and the key to it.
    DismissConnect,
    /// The events after this one, the oldest first.
    Events {
        /// Its number; 0 for all.
        #[cfg_attr(test, ts(type = "number"))]
        after: u64,
    },
    /// The speed over the last minutes.
    History,
    /// Opens the folder of the logs.
    OpenLogs,
    /// Puts a text where the user can paste it from, also when the window is closed.
    Copy {
        /// The text, which can be a password.
        #[serde(deserialize_with = "enter")]
        #[cfg_attr(test, ts(type = "string"))]
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
    /// Ends the application, whatever goes on.
    QuitNow,
    /// Lets the application run after all: takes [`Snapshot::asks_to_quit`](crate::snapshot::Snapshot) back.
    KeepRunning,
}

/// A password that is entered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Password {
    /// The password.
    #[serde(deserialize_with = "enter")]
    #[cfg_attr(test, ts(type = "string"))]
    pub secret: Secret,
    /// How it is kept.
    pub hold: Hold,
}

/// How a password is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Where passwords are kept.
    #[default]
    Keep,
    /// Nowhere: it is forgotten when the application ends.
    ThisSession,
}

/// Where a provider goes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Arranged {
    /// Its id.
    pub id: String,
    /// Its tier.
    pub tier: u8,
}

/// What comes of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Reply {
    /// It is done; what has changed is in the snapshot.
    Done,
    /// The provider that was saved.
    Saved {
        /// Its id.
        id: String,
    },
    /// A client's new password, which is never told again.
    Password {
        /// The password.
        #[serde(serialize_with = "show")]
        #[cfg_attr(test, ts(type = "string"))]
        secret: Secret,
    },
    /// The file that was saved.
    File {
        /// Where it is.
        path: String,
    },
    /// Copies of the settings.
    Copies {
        /// The newest first.
        copies: Vec<SettingsCopy>,
    },
    /// Events.
    Events {
        /// The oldest first.
        events: Vec<Event>,
    },
    /// Speeds.
    History {
        /// The oldest first.
        samples: Vec<Sample>,
    },
    /// The settings of other programs that are there.
    Imports {
        /// Those in their usual places.
        files: Vec<ImportFile>,
    },
    /// What can be taken from another program. No secret is in it.
    Import {
        /// Whose settings they are.
        program: Program,
        /// The servers that can be taken.
        servers: Vec<ImportServer>,
        /// Those that cannot.
        left_out: Vec<LeftOut>,
    },
}

/// A copy of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SettingsCopy {
    /// Its name, beside the settings.
    pub file: String,
    /// When it was written, in milliseconds since 1970.
    #[cfg_attr(test, ts(type = "number"))]
    pub at: u64,
    /// How many providers are in it; none where this version cannot use it.
    pub providers: Option<usize>,
}

/// The settings of another program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ImportFile {
    /// Which.
    pub program: Program,
    /// The file.
    pub path: PathBuf,
}

/// A server that can be taken from another program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ImportServer {
    /// As the provider that it becomes.
    pub provider: Provider,
    /// Whether it comes with a password.
    pub password: bool,
    /// What is not taken as it was, or should be looked at.
    pub doubts: Vec<Doubt>,
    /// Whether there is a provider with this host and user name already.
    pub known: bool,
}

/// A request that was not done, and nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Failure {
    /// What is wrong.
    pub code: FailureCode,
    /// The field of the form that it is about.
    pub field: Option<String>,
    /// In a sentence, with the remedy.
    pub message: String,
}

/// What is wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// A value cannot be.
    Invalid,
    /// There is none of that name.
    Unknown,
    /// Passwords cannot be kept at the moment: the keyring is locked or waits.
    KeepClosed,
    /// Passwords cannot be kept: there is no keyring.
    KeepAbsent,
    /// Passwords cannot be kept at the moment: the vault wants its passphrase.
    VaultClosed,
    /// The password that is kept was entered for another server, another user, or more encryption.
    PasswordAgain,
    /// The vault's passphrase is another.
    WrongPassphrase,
    /// The settings could not be written.
    NotSaved,
    /// The settings may not be changed: see [`Trouble::SettingsReadOnly`](crate::snapshot::Trouble).
    SettingsReadOnly,
    /// The system refused.
    Refused,
    /// A file is not the settings of a program that is known.
    ImportKind,
    /// No server is in it.
    ImportEmpty,
    /// It cannot be read.
    ImportRead,
    /// That is no address of a program, or one that Newsmux cannot speak to.
    ClientAddress,
    /// The program is on another computer, and a login that is kept is not sent there.
    LoginElsewhere,
    /// The program is on another computer, and Newsmux serves only this one.
    ClientElsewhere,
    /// Nothing answers there.
    ClientSilent,
    /// Something else answers there.
    ClientOther,
    /// The program refuses the key, or the user and the password.
    ClientKey,
    /// The program refuses the address that it was called by.
    ClientHost,
    /// The program lets nobody change its settings from outside.
    ClientLocked,
    /// The program did not do what it was asked, for another reason.
    ClientFailed,
}

impl Failure {
    /// One that is about no field.
    pub(crate) fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code, field: None, message: message.into() }
    }

    /// A value that cannot be, in this field of the form.
    pub(crate) fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(FailureCode::Invalid, message) }
    }

    /// The system refused; in its words.
    pub(crate) fn refused(said: impl Into<String>) -> Self {
        Self::new(FailureCode::Refused, said)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match error.problem() {
            Problem::NotSettings => FailureCode::ImportKind,
            Problem::NoServers => FailureCode::ImportEmpty,
            Problem::Address => FailureCode::ClientAddress,
            Problem::Elsewhere => FailureCode::ClientElsewhere,
            Problem::Silent => FailureCode::ClientSilent,
            Problem::Other => FailureCode::ClientOther,
            Problem::Key => FailureCode::ClientKey,
            Problem::Host => FailureCode::ClientHost,
            Problem::Locked => FailureCode::ClientLocked,
            Problem::Failed => FailureCode::ClientFailed,
        };
        Self::new(code, error.to_string())
    }
}

fn enter<'de, D: Deserializer<'de>>(entered: D) -> Result<Secret, D::Error> {
    String::deserialize(entered).map(Secret::new)
}

fn enter_if<'de, D: Deserializer<'de>>(entered: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(entered)?.map(Secret::new))
}

fn show<S: Serializer>(secret: &Secret, shown: S) -> Result<S::Ok, S::Error> {
    shown.serialize_str(secret.expose())
}
