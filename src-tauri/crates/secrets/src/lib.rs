//! Where passwords are kept: the system's keyring, or a vault of our own that a passphrase opens. Never
//! in plain text, and never in one place instead of another without the user's word.

mod ask;
pub mod atomic;
mod generate;
mod keyring;
pub mod memory;
mod vault;

use std::error::Error;
use std::fmt;

use nntp_proxy::config::Secret;
use serde::{Deserialize, Serialize};

pub use ask::Secrets;
pub use generate::generate;
pub use keyring::{Keyring, keyring_of_user};
pub use vault::{Vault, VaultError};

/// Whose secret it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// A provider, by its id.
    Provider(String),
    /// A client, by its name.
    Client(String),
    /// The proxy of a provider, by the provider's id.
    Proxy(String),
}

impl Owner {
    /// The id or the name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Provider(name) | Self::Client(name) | Self::Proxy(name) => name,
        }
    }
}

/// The name that the secret is kept by.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider(id) => write!(f, "provider/{id}"),
            Self::Client(name) => write!(f, "client/{name}"),
            Self::Proxy(id) => write!(f, "proxy/{id}"),
        }
    }
}

/// A place where secrets are kept. Every call blocks, and for as long as the user takes to answer a
/// dialog of the keyring: never make one in an async task.
pub trait Store: Send + Sync + 'static {
    /// The secret of `owner`, if there is one.
    ///
    /// # Errors
    /// When the place cannot be asked.
    fn get(&self, owner: &Owner) -> Result<Option<Secret>, StoreError>;

    /// Keeps `secret` for `owner`, instead of the one before.
    ///
    /// # Errors
    /// When it is not kept; the one before may still be.
    fn set(&self, owner: &Owner, secret: &Secret) -> Result<(), StoreError>;

    /// Forgets the secret of `owner`. There need not be one.
    ///
    /// # Errors
    /// When it may still be there.
    fn delete(&self, owner: &Owner) -> Result<(), StoreError>;
}

/// Why a place does not give or take a secret. No secret is ever in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// The keyring is locked, or the user dismissed its dialog.
    Locked,
    /// There is no keyring; the system's words.
    Absent(String),
    /// The vault wants its passphrase.
    Closed,
    /// There is no answer yet; a dialog of the keyring may wait for the user.
    TimedOut,
    /// Anything else, in a sentence.
    Failed(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked => f.write_str("the keyring is locked"),
            Self::Absent(said) => write!(f, "there is no keyring: {said}"),
            Self::Closed => f.write_str("the vault wants its passphrase"),
            Self::TimedOut => f.write_str("the keyring has not answered yet"),
            Self::Failed(said) => f.write_str(said),
        }
    }
}

impl Error for StoreError {}
