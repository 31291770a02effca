//! What is counted while the process runs: totals since its start.

use crate::ages::Ages;
use crate::histogram::Histogram;

/// All totals at one moment. An id occurs once in each list and its totals only grow. A total that went
/// down, or an id that is new, counts from zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The configured providers.
    pub providers: Vec<ProviderReading>,
    /// Their accounts.
    pub accounts: Vec<AccountReading>,
    /// The programs that were served.
    pub programs: Vec<ProgramReading>,
}

/// A provider's totals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderReading {
    /// Its id in the settings.
    pub id: String,
    /// Its name, which history keeps after the provider is removed.
    pub name: String,
    /// The id of its account.
    pub account: String,
    /// How it is now.
    pub state: ProviderState,
    /// What it served.
    pub counts: Counts,
    /// Time from a request to the first byte of its reply.
    pub first_byte: Histogram,
    /// Its articles by age, where the age is known.
    pub ages: Ages,
}

/// How a provider is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProviderState {
    /// It serves.
    Up,
    /// Nobody has asked it for anything.
    #[default]
    Idle,
    /// It fails, and is not asked for a while.
    Down,
}

/// What a provider served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bytes its sockets received.
    pub received: u64,
    /// Bytes its sockets sent.
    pub sent: u64,
    /// Whole articles or bodies delivered.
    pub articles: u64,
    /// Articles or bodies answered with 430.
    pub missing: u64,
    /// Requests refused otherwise.
    pub refused: u64,
    /// Requests that failed: connections that broke, timeouts.
    pub failed: u64,
    /// Articles that another provider had begun and this one completed.
    pub resumed: u64,
    /// Articles delivered after every other provider said 430.
    pub rescued: u64,
    /// Articles a sibling said 430 to that this provider was asked for all the same, to compare them.
    pub sibling_checked: u64,
    /// Of these, how many this provider had.
    pub sibling_differed: u64,
}

/// An account's total.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountReading {
    /// The id of the provider that the account is named after.
    pub id: String,
    /// Bytes received and sent on all its sockets, with logins and checks.
    pub bytes: u64,
}

/// A program's totals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProgramReading {
    /// Its name, by which it is known.
    pub name: String,
    /// What it was served.
    pub counts: ProgramCounts,
}

/// What a program was served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProgramCounts {
    /// Bytes.
    pub bytes: u64,
    /// Whole articles or bodies.
    pub articles: u64,
    /// Articles that no provider has.
    pub missing: u64,
    /// Requests that failed everywhere.
    pub failed: u64,
}
