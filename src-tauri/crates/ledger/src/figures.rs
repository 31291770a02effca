//! What is counted for one provider, account or program in some time: a row of the file.

use std::ops::AddAssign;

use rusqlite::{Result, Row, ToSql};

use crate::histogram::{BUCKETS, Histogram};
use crate::reading::Counts;

/// The columns with numbers, in the order of [`Figures::numbers`]. After them comes `first_byte`.
pub(crate) const COLUMNS: [&str; 12] = [
    "received",
    "sent",
    "articles",
    "missing",
    "refused",
    "failed",
    "resumed",
    "rescued",
    "sibling_checked",
    "sibling_differed",
    "busy_ms",
    "down_ms",
];

/// A row's figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) counts: Counts,
    pub(crate) busy_ms: u64,
    pub(crate) down_ms: u64,
    pub(crate) first_byte: Histogram,
}

impl Figures {
    pub(crate) fn bytes(&self) -> u64 {
        self.counts.received.saturating_add(self.counts.sent)
    }

    /// If there were bytes, the time in which they came was busy.
    pub(crate) fn be_busy(&mut self, millis: u64) {
        self.busy_ms = if self.bytes() > 0 { millis } else { 0 };
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn numbers(&self) -> [u64; COLUMNS.len()] {
        let Counts { received, sent, articles, missing, refused, failed, .. } = self.counts;
        let Counts { resumed, rescued, sibling_checked, sibling_differed, .. } = self.counts;
        [
            received,
            sent,
            articles,
            missing,
            refused,
            failed,
            resumed,
            rescued,
            sibling_checked,
            sibling_differed,
            self.busy_ms,
            self.down_ms,
        ]
    }

    fn from_numbers(numbers: [u64; COLUMNS.len()], first_byte: Histogram) -> Self {
        let [received, sent, articles, missing, refused, failed, ..] = numbers;
        let [.., resumed, rescued, sibling_checked, sibling_differed, busy_ms, down_ms] = numbers;
        let counts = Counts {
            received,
            sent,
            articles,
            missing,
            refused,
            failed,
            resumed,
            rescued,
            sibling_checked,
            sibling_differed,
        };
        Self { counts, busy_ms, down_ms, first_byte }
    }

    /// Reads the columns from `first` on.
    pub(crate) fn read(row: &Row<'_>, first: usize) -> Result<Self> {
        let mut numbers = [0; COLUMNS.len()];
        for (at, number) in numbers.iter_mut().enumerate() {
            *number = unsigned(row.get(first + at)?);
        }
        let blob = row.get_ref(first + COLUMNS.len())?.as_blob_or_null()?;
        Ok(Self::from_numbers(numbers, blob.map(unpacked).unwrap_or_default()))
    }

    /// The values of the columns.
    pub(crate) fn values(&self) -> Vec<Box<dyn ToSql>> {
        let numbers = self.numbers().map(|number| Box::new(signed(number)) as Box<dyn ToSql>);
        let blob = (self.first_byte != Histogram::default()).then(|| packed(&self.first_byte));
        let mut values = Vec::from(numbers);
        values.push(Box::new(blob));
        values
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        let mut sum = self.numbers();
        for (sum, more) in sum.iter_mut().zip(other.numbers()) {
            *sum = sum.saturating_add(more);
        }
        let mut first_byte = self.first_byte;
        first_byte += other.first_byte;
        *self = Self::from_numbers(sum, first_byte);
    }
}

/// A number as SQLite has it.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number from SQLite.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A histogram in few bytes: its counts in groups of seven bits, the lowest first, the eighth bit set
/// where more follow; without the zeros at the end.
pub(crate) fn packed(histogram: &Histogram) -> Vec<u8> {
    let used = histogram.0.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
    let mut packed = Vec::new();
    for count in &histogram.0[..used] {
        let mut rest = *count;
        while rest >= 0x80 {
            packed.push(0x80 | low_bits(rest));
            rest >>= 7;
        }
        packed.push(low_bits(rest));
    }
    packed
}

fn low_bits(number: u64) -> u8 {
    number.to_le_bytes()[0] & 0x7f
}

/// The histogram of [`packed`]. What makes no sense is left out.
pub(crate) fn unpacked(packed: &[u8]) -> Histogram {
    let mut histogram = Histogram::default();
    let (mut bucket, mut shift) = (0, 0);
    for byte in packed {
        if bucket == BUCKETS || shift > 63 {
            break;
        }
        histogram.0[bucket] |= u64::from(byte & 0x7f) << shift;
        (bucket, shift) = if byte & 0x80 == 0 { (bucket + 1, 0) } else { (bucket, shift + 7) };
    }
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_histogram_is_the_same_and_small() {
        let mut histogram = Histogram::default();
        for (bucket, count) in [(0, 1), (7, 127), (8, 128), (9, 1_000_000), (31, u64::MAX)] {
            histogram.0[bucket] = count;
        }
        assert_eq!(unpacked(&packed(&histogram)), histogram);
        assert_eq!(packed(&Histogram::default()), []);
        histogram.0[31] = 0;
        assert!(packed(&histogram).len() <= 14);
    }

    #[test]
    fn garbage_is_no_reason_to_fail() {
        for length in [0, 1, 31, 32, 33, 400] {
            unpacked(&vec![0xff; length]);
            unpacked(&vec![0x01; length]);
        }
    }

    #[test]
    fn numbers_keep_their_places() {
        let mut number = 0;
        let numbers = [0; COLUMNS.len()].map(|_: u64| {
            number += 1;
            number
        });
        assert_eq!(Figures::from_numbers(numbers, Histogram::default()).numbers(), numbers);
        assert_eq!(Figures::from_numbers(numbers, Histogram::default()).counts.resumed, 7);
        assert_eq!(COLUMNS[6], "resumed");
    }
}
