//! What keeps the whole from being well.

use serde::{Deserialize, Serialize};
use settings::ReadOnly;

/// Something that keeps the whole from being well. Each has one remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum Trouble {
    /// Another program has the port.
    PortBusy {
        /// The port.
        port: u16,
        /// The program, where the system tells.
        holder: Option<String>,
        /// A port that is free.
        free: Option<u16>,
    },
    /// It cannot listen, for another reason.
    CannotListen {
        /// The system's words.
        said: String,
    },
    /// A provider's own port cannot be opened.
    ProviderPort {
        /// The provider's id.
        provider: String,
        /// The port.
        port: u16,
        /// The program that has it, where the system tells.
        holder: Option<String>,
        /// A port that is free.
        free: Option<u16>,
        /// The system's words, where no program has it.
        said: Option<String>,
    },
    /// The port with TLS cannot be opened.
    EncryptedPort {
        /// The port.
        port: u16,
        /// The program that has it, where the system tells.
        holder: Option<String>,
        /// A port that is free.
        free: Option<u16>,
        /// What is wrong with the certificate, or the system's words, where no program has the port.
        said: Option<String>,
    },
    /// Passwords cannot be had until the user has done something.
    PasswordsClosed,
    /// A provider's password was never entered, or is gone from the keyring.
    NoPassword {
        /// The provider's id.
        provider: String,
    },
    /// A client's password is gone from the keyring.
    NoClientPassword {
        /// The client's name.
        client: String,
    },
    /// A provider refuses the login.
    LoginRefused {
        /// The provider's id.
        provider: String,
        /// Its own words, without secrets.
        said: String,
    },
    /// A provider cannot be used at the moment.
    ProviderDown {
        /// The provider's id.
        provider: String,
        /// Why.
        said: String,
    },
    /// A provider grants no connection at the moment.
    ProviderFull {
        /// The provider's id.
        provider: String,
        /// Its own words, without secrets.
        said: String,
    },
    /// Programs of another user of this computer were refused.
    OtherUser {
        /// The program, where the system tells.
        client: Option<String>,
    },
    /// Much or all of an account's volume is used.
    AccountUsed {
        /// The id of the provider that it is named after.
        account: String,
        /// 75, 90 or 100.
        percent: u8,
    },
    /// An account expires soon, or has expired.
    AccountExpires {
        /// The id of the provider that it is named after.
        account: String,
        /// In so many days at most; 0 also after the day.
        days: u8,
    },
    /// The settings may not be changed, and are used as far as they are understood.
    SettingsReadOnly {
        /// Why.
        why: ReadOnly,
        /// The place in the file or the system's words.
        said: String,
    },
    /// The settings file was no JSON; it was set aside, and new settings began.
    SettingsSetAside {
        /// Where it is now.
        file: String,
        /// What is wrong with it.
        said: String,
    },
    /// The settings could not be written.
    SettingsNotSaved {
        /// Why.
        said: String,
    },
}
