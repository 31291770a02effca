//! An account: its plan, what it used in the current period, and what the user has been told.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::moment::date_of;
use crate::period::{Cycle, ONCE};
use crate::plan::{Plan, Quota};
use crate::standing::{Allowance, Due, Exhausted};

/// The parts of a quota at which the user is told, in percent.
const PERCENT: [u8; 3] = [100, 90, 75];
/// So many periods are kept in memory, for a clock that is set back.
const PERIODS: usize = 3;
/// The days before the last one on which the user is told.
const DAYS: [u8; 3] = [0, 3, 14];

/// See the [module](self).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) plan: Plan,
    /// It is in the plans. If not, it is forgotten as soon as its bytes are in the file.
    pub(crate) listed: bool,
    /// The plan is new, and not yet in the file.
    pub(crate) adopt: bool,
    /// The current period: the day on which it began.
    pub(crate) since: i64,
    /// The period to which the bytes used before belong.
    pub(crate) before_since: i64,
    /// The days to the end that the user was last told of.
    pub(crate) warned: Option<u8>,
    /// What was used, by period.
    pub(crate) periods: BTreeMap<i64, Use>,
    /// Its newest total.
    pub(crate) total: u64,
    pub(crate) pace: Pace,
}

/// What was used in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Use {
    /// Bytes in the file, by all processes.
    pub(crate) stored: u64,
    /// Bytes not yet in the file.
    pub(crate) pending: u64,
    /// The percent that the user was last told of.
    pub(crate) alerted: u8,
    /// What the provider said.
    pub(crate) ended: Option<String>,
    /// `ended` is not yet in the file.
    pub(crate) ended_anew: bool,
    /// `alerted` is not yet in the file.
    pub(crate) alerted_anew: bool,
}

/// What the last days took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    /// The day on which this was found out.
    pub(crate) day: i64,
    /// There was no use before that day; the bytes are those of the day.
    pub(crate) first: bool,
    pub(crate) bytes: u64,
    pub(crate) days: u64,
}

impl Pace {
    pub(crate) fn per_day(self) -> u64 {
        self.bytes / self.days.max(1)
    }
}

impl Account {
    pub(crate) fn new(plan: Plan, today: Date) -> Self {
        let since = Cycle::of(plan.quota.as_ref()).current(today, None);
        Self { plan, listed: true, adopt: true, since, before_since: since, ..Self::default() }
    }

    pub(crate) fn cycle(&self) -> Cycle {
        Cycle::of(self.plan.quota.as_ref())
    }

    /// The current period.
    pub(crate) fn current(&mut self) -> &mut Use {
        self.periods.entry(self.since).or_default()
    }

    fn peek(&self) -> Option<&Use> {
        self.periods.get(&self.since)
    }

    /// Takes a new plan. True if the count has to begin anew, as its period is another.
    pub(crate) fn change(&mut self, plan: Plan, today: Date) -> bool {
        let old = std::mem::replace(&mut self.plan, plan);
        if old == self.plan {
            return false;
        }
        let before = |plan: &Plan| plan.quota.map(|quota| quota.used_before);
        let anew = Cycle::of(old.quota.as_ref()) != self.cycle();
        if anew {
            self.since = self.cycle().current(today, None);
        }
        if anew || before(&old) != before(&self.plan) {
            self.before_since = self.since;
        }
        if old.expires != self.plan.expires {
            self.warned = None;
        }
        let level = self.level();
        let current = self.current();
        current.alerted = if anew { 0 } else { current.alerted.min(level) };
        current.ended_anew |= current.ended.take().is_some();
        anew
    }

    /// Everything that was pending is in the file, which says the rest.
    pub(crate) fn settle(&mut self, stored: Self) {
        for used in self.periods.values_mut() {
            used.stored = used.stored.saturating_add(used.pending);
            (used.pending, used.ended_anew, used.alerted_anew) = (0, false, false);
        }
        self.adopt = false;
        (self.since, self.before_since) = (stored.since, stored.before_since);
        (self.warned, self.pace) = (stored.warned, stored.pace);
        let mut current = stored.periods.get(&stored.since).cloned().unwrap_or_default();
        (current.ended_anew, current.alerted_anew) = (false, false);
        self.periods.insert(stored.since, current);
        while self.periods.len() > PERIODS {
            let old = self.periods.keys().copied().find(|since| *since != self.since);
            old.and_then(|since| self.periods.remove(&since));
        }
    }

    /// Begins the period of today, if it has not begun yet.
    pub(crate) fn roll(&mut self, today: Date) {
        let now = self.cycle().current(today, Some(self.since));
        // The clock was wrong: what was counted ahead belongs to today.
        let ahead =
            if now < self.since { self.periods.split_off(&(now + 1)) } else { BTreeMap::new() };
        self.since = now;
        for (_, ahead) in ahead {
            let current = self.current();
            current.stored = current.stored.saturating_add(ahead.stored);
            current.pending = current.pending.saturating_add(ahead.pending);
        }
    }

    /// Marks that the user has been alerted; `anew` if that is not yet in the file.
    pub(crate) fn mark_alerted(&mut self, due: Due, anew: bool) {
        match due {
            Due::Used { percent } => {
                let current = self.current();
                current.alerted = percent;
                current.alerted_anew |= anew;
            }
            Due::Expires { days } => self.warned = Some(days),
        }
    }

    /// Takes the newest total, and what is new in it.
    pub(crate) fn count(&mut self, total: u64, bytes: u64) {
        self.total = total;
        let current = self.current();
        current.pending = current.pending.saturating_add(bytes);
    }

    /// Bytes used in the current period.
    pub(crate) fn used(&self) -> u64 {
        let counted = self.peek().map_or(0, |now| now.stored.saturating_add(now.pending));
        let before = self.plan.quota.filter(|_| self.before_since == self.since);
        counted.saturating_add(before.map_or(0, |quota| quota.used_before))
    }

    pub(crate) fn left(&self) -> Option<u64> {
        self.plan.quota.map(|quota| quota.bytes.saturating_sub(self.used()))
    }

    pub(crate) fn exhausted(&self) -> Option<Exhausted> {
        let said = self.peek().and_then(|now| now.ended.clone());
        let ended = said.map(|why| Exhausted::Ended { why });
        ended.or_else(|| (self.left() == Some(0)).then_some(Exhausted::Quota))
    }

    /// How far it may go; `None` if that is unlimited.
    pub(crate) fn allowance(&self) -> Option<Allowance> {
        let ended = self.peek().is_some_and(|now| now.ended.is_some());
        let left = if ended { Some(0) } else { self.left() }?;
        let reserve = self.plan.quota.map_or(0, |quota| quota.reserve);
        Some(Allowance {
            account: self.plan.account.clone(),
            until: self.total.saturating_add(left),
            reserve_from: self.total.saturating_add(left.saturating_sub(reserve)),
        })
    }

    /// The percent of the quota that the user should have been told of.
    fn level(&self) -> u8 {
        let Some(Quota { bytes, .. }) = self.plan.quota else { return 0 };
        let used = u128::from(self.used()) * 100;
        let reached = |percent: &u8| used >= u128::from(bytes) * u128::from(*percent);
        PERCENT.into_iter().find(reached).unwrap_or(0)
    }

    /// The alert about use that is due.
    pub(crate) fn use_due(&self) -> Option<Due> {
        let told = self.peek().map_or(0, |now| now.alerted);
        Some(self.level()).filter(|level| *level > told).map(|percent| Due::Used { percent })
    }

    /// The alert about the end that is due.
    pub(crate) fn end_due(&self, today: Date) -> Option<Due> {
        let left = days_between(today, self.plan.expires?);
        let days = DAYS.into_iter().find(|days| left <= i64::from(*days))?;
        self.warned.is_none_or(|told| days < told).then_some(Due::Expires { days })
    }

    /// The day on which the current period began, and that on which the next one begins.
    pub(crate) fn period(&self) -> Option<(Date, Date)> {
        let began = date_of(self.since).filter(|_| self.since > ONCE)?;
        Some((began, self.cycle().next(began)?))
    }
}

pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}
