//! What only the desktop application does, and how it looks.

use std::collections::BTreeSet;

use secrets::Owner;
use serde::{Deserialize, Serialize};

/// What only the desktop application does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the user's")]
pub struct Desktop {
    /// Whether the proxy runs whenever the application does.
    pub on: bool,
    /// Whether the application starts without its window.
    pub start_hidden: bool,
    /// The language of everything people read.
    pub language: Language,
    /// The colours of the window.
    pub theme: Theme,
    /// How much is logged.
    pub log: LogLevel,
    /// Which notifications the desktop shows.
    pub notify: Notify,
    /// Where passwords are kept.
    pub passwords: StoreKind,
    /// Passwords that are about to change, or did not come to it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[cfg_attr(feature = "ts", ts(skip))]
    pub pending: BTreeSet<Pending>,
    /// Whether the user was told that a closed window leaves the application in the tray.
    pub told_of_tray: bool,
    /// The first steps that are done.
    pub first_steps: FirstSteps,
    /// Whether the user has closed the first steps.
    pub first_steps_done: bool,
    /// Whether the sample provider is used as long as there is no other.
    pub sample: bool,
    /// The last settings file that was set aside, by its number, and was answered by the user.
    pub set_aside_seen: u32,
}

/// The languages by their names in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// The system's, or English where that is not spoken here.
    #[default]
    System,
    /// English.
    En,
    /// German.
    De,
}

/// The colours of the window, by their names in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// The system's.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// The way from the first provider to the first article.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct FirstSteps {
    /// A provider was tested or used successfully.
    pub provider_works: bool,
    /// A program has been given a reply, or Newsmux was entered in one.
    pub program_set_up: bool,
    /// An article was delivered.
    pub article_delivered: bool,
}

impl FirstSteps {
    /// The steps that are done in one or the other.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            provider_works: self.provider_works || other.provider_works,
            program_set_up: self.program_set_up || other.program_set_up,
            article_delivered: self.article_delivered || other.article_delivered,
        }
    }
}

/// How much is logged, by its names in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What went wrong.
    Warn,
    /// What changed, too.
    #[default]
    Info,
    /// What was decided, too.
    Debug,
    /// Each request.
    Trace,
}

/// Which notifications the desktop shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct Notify {
    /// When Newsmux needs the user.
    pub attention: bool,
    /// When nothing can be downloaded.
    pub outages: bool,
    /// When an account's volume or time runs out.
    pub accounts: bool,
}

impl Default for Notify {
    fn default() -> Self {
        Self { attention: true, outages: true, accounts: true }
    }
}

/// Where passwords are kept, by its names in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(rename = "Keep"))]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// In the system's keyring.
    #[default]
    Keyring,
    /// In a file of our own, encrypted with a passphrase.
    Vault,
}

impl StoreKind {
    /// The other place.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Keyring => Self::Vault,
            Self::Vault => Self::Keyring,
        }
    }
}

/// A password that a store may not have as the settings say, until that is put right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// The store.
    pub store: StoreKind,
    /// Whose password.
    pub owner: Owner,
}

impl Default for Desktop {
    fn default() -> Self {
        Self {
            on: true,
            start_hidden: false,
            language: Language::default(),
            theme: Theme::default(),
            log: LogLevel::default(),
            notify: Notify::default(),
            passwords: StoreKind::default(),
            pending: BTreeSet::new(),
            told_of_tray: false,
            first_steps: FirstSteps::default(),
            first_steps_done: false,
            sample: false,
            set_aside_seen: 0,
        }
    }
}

impl Desktop {
    /// Whether a password may not be in this store as the settings say.
    #[must_use]
    pub fn is_pending(&self, store: StoreKind, owner: &Owner) -> bool {
        self.pending.iter().any(|pending| pending.store == store && pending.owner == *owner)
    }

    /// Says that the passwords of these owners may not be in this store as the settings say.
    pub fn mark(&mut self, store: StoreKind, owners: &[Owner]) {
        self.pending.extend(owners.iter().map(|owner| Pending { store, owner: owner.clone() }));
    }

    /// Says that they are.
    pub fn unmark(&mut self, store: StoreKind, owners: &[Owner]) {
        self.pending.retain(|pending| pending.store != store || !owners.contains(&pending.owner));
    }
}
