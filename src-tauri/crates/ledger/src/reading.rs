//! What is counted while the process runs: totals since its start.

use crate::ages::Ages;
use crate::figures::Figures;
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
    /// Bytes received and sent on all its sockets, with logins.
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

impl ProviderReading {
    /// What was counted since `before`, or `None` if this is not a continuation of it.
    pub(crate) fn since(&self, before: &Self) -> Option<Self> {
        let counts = self.counts.since(before.counts)?;
        let first_byte = self.first_byte.since(&before.first_byte)?;
        let ages = self.ages.since(&before.ages)?;
        Some(Self { counts, first_byte, ages, ..self.clone() })
    }
}

impl Counts {
    fn since(self, before: Self) -> Option<Self> {
        Some(Self {
            received: self.received.checked_sub(before.received)?,
            sent: self.sent.checked_sub(before.sent)?,
            articles: self.articles.checked_sub(before.articles)?,
            missing: self.missing.checked_sub(before.missing)?,
            refused: self.refused.checked_sub(before.refused)?,
            failed: self.failed.checked_sub(before.failed)?,
            resumed: self.resumed.checked_sub(before.resumed)?,
            rescued: self.rescued.checked_sub(before.rescued)?,
            sibling_checked: self.sibling_checked.checked_sub(before.sibling_checked)?,
            sibling_differed: self.sibling_differed.checked_sub(before.sibling_differed)?,
        })
    }
}

impl ProgramCounts {
    /// What was counted since `before`, or `None` if this is not a continuation of it.
    pub(crate) fn since(self, before: Self) -> Option<Self> {
        Some(Self {
            bytes: self.bytes.checked_sub(before.bytes)?,
            articles: self.articles.checked_sub(before.articles)?,
            missing: self.missing.checked_sub(before.missing)?,
            failed: self.failed.checked_sub(before.failed)?,
        })
    }
}

/// A program's counts in the columns of a provider.
pub(crate) fn program_figures(counts: ProgramCounts) -> Figures {
    let ProgramCounts { bytes, articles, missing, failed } = counts;
    let counts = Counts { received: bytes, articles, missing, failed, ..Counts::default() };
    Figures { counts, ..Figures::default() }
}
