//! What was counted and is not yet in the file.

use std::collections::BTreeMap;

use crate::ages::Ages;
use crate::figures::Figures;
use crate::moment::Moment;

/// So many rows are kept by hour. Beyond that, those of other hours are kept by day only.
const BY_HOUR: usize = 4096;

/// Whose figures they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Provider = 0,
    Account = 1,
    Program = 2,
}

/// A provider, account or program.
pub(crate) type Who = (Kind, String);

/// What history calls it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) name: String,
    /// The account of a provider.
    pub(crate) account: String,
}

/// See the [module](self).
#[derive(Debug, Clone, Default)]
pub(crate) struct Pending {
    pub(crate) rows: BTreeMap<(Who, Moment), Figures>,
    /// By provider and month.
    pub(crate) ages: BTreeMap<(String, i64), Ages>,
    /// All that were read, those that are in the file too.
    pub(crate) names: BTreeMap<Who, Name>,
}

impl Pending {
    pub(crate) fn add(&mut self, who: &Who, at: Moment, figures: Figures) {
        if figures.is_empty() {
            return;
        }
        *self.rows.entry((who.clone(), at)).or_default() += figures;
        if self.rows.len() > BY_HOUR {
            self.forget_hours_but(at);
        }
    }

    pub(crate) fn add_ages(&mut self, provider: &str, at: Moment, ages: Ages) {
        if ages != Ages::default() {
            *self.ages.entry((provider.to_owned(), at.month)).or_default() += ages;
        }
    }

    /// Everything is in the file.
    pub(crate) fn written(&mut self) {
        self.rows.clear();
        self.ages.clear();
    }

    /// Keeps memory small where nothing can be written for weeks.
    fn forget_hours_but(&mut self, now: Moment) {
        for ((who, at), figures) in std::mem::take(&mut self.rows) {
            let hour = at.hour.filter(|_| at == now);
            *self.rows.entry((who, Moment { hour, ..at })).or_default() += figures;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Counts;

    #[test]
    fn years_without_a_file_stay_small_and_lose_nothing() {
        let mut pending = Pending::default();
        let who = (Kind::Program, String::from("sabnzbd"));
        let counts = Counts { received: 1, ..Counts::default() };
        let hours = 3 * 365 * 24;
        for hour in 0..hours {
            let day = 20_260_000 + hour / 24;
            let at = Moment { hour: Some(hour * 3600), day, month: day / 100 };
            pending.add(&who, at, Figures { counts, ..Figures::default() });
        }
        assert!(pending.rows.len() < 2 * BY_HOUR, "{}", pending.rows.len());
        let sum: u64 = pending.rows.values().map(Figures::bytes).sum();
        assert_eq!(sum, u64::try_from(hours).unwrap());
    }
}
