//! How good each provider is.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::series::whole;
use super::{speed, total};
use crate::ages::{AGES, AgeRange, Ages};
use crate::error::Error;
use crate::figures::Figures;
use crate::ledger::Ledger;
use crate::moment::month_key;
use crate::pending::Kind;
use crate::report::{AgeLine, Range, ReportCard};
use crate::store::read;

/// Retention is the age at which at least so many percent
const RETAINED_PERCENT: u64 = 95;
/// of so many articles were delivered.
const RETAINED_ARTICLES: u64 = 50;
/// Speed by hour of the day is that of so many days.
const SPEED_DAYS: i64 = 35;

impl Ledger {
    /// How good each provider is that was used in this time, the most used first. Ages are counted by
    /// month, so those of the months in the range count as a whole.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn report_cards(&self, range: Range) -> Result<Vec<ReportCard>, Error> {
        let kind = Kind::Provider;
        let (_, table) = self.table(range, kind)?;
        let names = self.names(kind)?;
        let ages = self.ages(range)?;
        let speeds = self.speeds()?;
        let card = |(id, row): (String, Vec<Figures>)| {
            let figures = whole(&row);
            let ages = ages.get(&id).copied().unwrap_or_default();
            let name = names.get(&id).cloned().unwrap_or_default();
            ReportCard {
                name: name.name,
                account: name.account,
                removed: self.removed(kind, &id),
                speed_by_hour: speeds.get(&id).copied().unwrap_or_default(),
                ..report_card(id, &figures, &ages)
            }
        };
        let mut cards: Vec<ReportCard> = table.into_iter().map(card).collect();
        cards.sort_by_key(|card| std::cmp::Reverse(card.total.bytes));
        Ok(cards)
    }

    fn ages(&self, range: Range) -> Result<BTreeMap<String, Ages>, Error> {
        let today = self.today();
        let (from, to) = match range {
            Range::Today => (month_key(today), month_key(today)),
            Range::Days30 => (month_key(today.saturating_sub(29.days())), month_key(today)),
            Range::Months12 => {
                (month_key(today.first_of_month().saturating_sub(11.months())), month_key(today))
            }
            Range::All => (i64::MIN, i64::MAX),
        };
        let mut all = self.store.read(|file| read::ages(file, (from, to)))?.unwrap_or_default();
        for ((id, month), ages) in &self.pending.ages {
            if (from..=to).contains(month) {
                *all.entry(id.clone()).or_default() += *ages;
            }
        }
        Ok(all)
    }

    /// Bytes a second by hour of the day, for each provider.
    fn speeds(&self) -> Result<BTreeMap<String, [u64; 24]>, Error> {
        let now = self.clock.now();
        let first = now.timestamp().as_second() - SPEED_DAYS * 86_400;
        let mut sums = BTreeMap::<String, [(u64, u64); 24]>::new();
        let (mut last, mut hour) = (i64::MIN, 0);
        let mut add = |id: &str, key: i64, bytes: u64, busy_ms: u64| {
            if last != key {
                (last, hour) = (key, hour_of_day(key, now.time_zone()));
            }
            let sum = &mut sums.entry(id.to_owned()).or_default()[hour];
            *sum = (sum.0.saturating_add(bytes), sum.1.saturating_add(busy_ms));
        };
        self.store.read(|file| read::speeds(file, first, &mut add))?;
        for (((kind, id), at), figures) in &self.pending.rows {
            if let Some(hour) = at.hour.filter(|hour| *kind == Kind::Provider && *hour >= first) {
                add(id, hour, figures.bytes(), figures.busy_ms);
            }
        }
        let speeds = |hours: [(u64, u64); 24]| hours.map(|(bytes, busy_ms)| speed(bytes, busy_ms));
        Ok(sums.into_iter().map(|(id, hours)| (id, speeds(hours))).collect())
    }
}

fn hour_of_day(second: i64, zone: &TimeZone) -> usize {
    let at = Timestamp::from_second(second).unwrap_or_default();
    usize::try_from(at.to_zoned_datetime(zone.clone()).hour()).unwrap_or(0)
}

/// What figures and ages say.
fn report_card(id: String, figures: &Figures, ages: &Ages) -> ReportCard {
    let counts = figures.counts;
    let asked = counts.articles.saturating_add(counts.missing);
    let lines: Vec<AgeLine> = (0..AGES).filter_map(|bucket| age_line(ages, bucket)).collect();
    ReportCard {
        id,
        name: String::new(),
        account: String::new(),
        removed: false,
        total: total(figures),
        asked,
        completion: (asked > 0).then(|| ratio(counts.articles, asked)),
        retention: lines.iter().rev().find(|line| retained(line)).map(|line| line.age),
        ages: lines,
        speed_by_hour: [0; 24],
        sibling_checked: counts.sibling_checked,
        sibling_differed: counts.sibling_differed,
    }
}

fn age_line(ages: &Ages, bucket: usize) -> Option<AgeLine> {
    let (exact, estimated) = (ages.exact[bucket], ages.estimated[bucket]);
    let mut both = exact;
    both += estimated;
    let completion = ratio(both.delivered, both.all());
    let age = AgeRange::of(bucket);
    (both.all() > 0).then_some(AgeLine { age, exact, estimated, completion })
}

fn retained(line: &AgeLine) -> bool {
    let mut both = line.exact;
    both += line.estimated;
    let delivered = u128::from(both.delivered) * 100;
    let enough = both.all() >= RETAINED_ARTICLES;
    enough && delivered >= u128::from(both.all()) * u128::from(RETAINED_PERCENT)
}

/// A part of a whole, from 0 to 1.
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}
