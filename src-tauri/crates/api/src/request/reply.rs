//! What comes of a request: a reply, or why it was not done.

use std::path::PathBuf;

use downloaders::import::{Doubt, LeftOut};
use downloaders::{Error, Problem, Program};
use ledger::{ReportCard, Series};
use nntp_proxy::config::Secret;
use serde::{Serialize, Serializer};
use settings::{Complaint, NotChanged, Provider, SettingsCopy};

use crate::snapshot::{Event, Sample};

/// What comes of a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
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
        #[cfg_attr(feature = "ts", ts(type = "string"))]
        secret: Secret,
    },
    /// The file that was saved or chosen.
    File {
        /// Where it is.
        path: String,
    },
    /// The network interfaces that connections can leave by.
    NetworkInterfaces {
        /// In the system's order.
        interfaces: Vec<NetworkInterface>,
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
    /// The use over a time.
    Statistics {
        /// For each hour, day or month.
        series: Series,
    },
    /// How good the providers are.
    ReportCards {
        /// The most used first.
        cards: Vec<ReportCard>,
    },
    /// A text to save.
    Text {
        /// All of it.
        text: String,
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

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NetworkInterface {
    /// Its name.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<String>,
}

/// The settings of another program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ImportFile {
    /// Which.
    pub program: Program,
    /// The file.
    pub path: PathBuf,
}

/// A server that can be taken from another program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ImportServer {
    /// As the provider that it becomes.
    pub provider: Provider,
    /// Whether it comes with a password.
    pub password: bool,
    /// What is not taken as it was, or should be looked at.
    pub doubts: Vec<Doubt>,
    /// Whether there is a provider with this host and user name already.
    pub known: bool,
    /// The account that it probably shares.
    pub same_account_as: Option<SameAccount>,
}

/// The account that a server to be imported probably shares: that of another server of the same domain and user name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SameAccount {
    /// The id of the provider that the account is named after; none where it is to be imported, too.
    pub provider: Option<String>,
    /// The servers before it that have the same account, counted from 0: it is named after the first that is imported.
    pub servers: Vec<usize>,
}

/// A request that was not done, and nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
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
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
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
    /// The program is on another computer, and HTTPS is only for this one.
    ClientEncrypted,
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
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code, field: None, message: message.into() }
    }

    /// A value that cannot be, in this field of the form.
    #[must_use]
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(FailureCode::Invalid, message) }
    }

    /// The system refused; in its words.
    pub fn refused(said: impl Into<String>) -> Self {
        Self::new(FailureCode::Refused, said)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match error.problem() {
            Problem::Unreadable => FailureCode::ImportRead,
            Problem::NotSettings => FailureCode::ImportKind,
            Problem::NoServers => FailureCode::ImportEmpty,
            Problem::Address => FailureCode::ClientAddress,
            Problem::Encrypted => FailureCode::ClientEncrypted,
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

impl From<NotChanged> for Failure {
    fn from(why: NotChanged) -> Self {
        let message = why.to_string();
        match why {
            // The field is the last word of the place: the form has no other.
            NotChanged::Invalid(Complaint { place, why }) => {
                Self::invalid(place.rsplit('.').next().unwrap_or_default(), why)
            }
            NotChanged::ReadOnly(_) | NotChanged::Held => {
                Self::new(FailureCode::SettingsReadOnly, message)
            }
            NotChanged::NotUnderstood(_) | NotChanged::NotWritten(..) => {
                Self::new(FailureCode::NotSaved, message)
            }
            NotChanged::NoSuchCopy => Self::new(FailureCode::Unknown, message),
            NotChanged::Unusable(_) => Self::refused(message),
        }
    }
}

fn show<S: Serializer>(secret: &Secret, shown: S) -> Result<S::Ok, S::Error> {
    shown.serialize_str(secret.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_cannot_be_names_its_field() {
        let place = "providers[0].connections".into();
        let why = NotChanged::Invalid(Complaint { place, why: "0 is too few".into() });
        let failure = Failure::from(why);
        assert_eq!(failure.code, FailureCode::Invalid);
        assert_eq!(failure.field.as_deref(), Some("connections"));
    }
}
