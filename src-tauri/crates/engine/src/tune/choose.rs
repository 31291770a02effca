//! Which numbers to try, and which to choose.

use std::num::NonZeroU8;

use super::{By, Point};

/// The numbers of connections to try.
const CONNECTIONS: [u16; 14] = [1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192];
/// The depths to try.
pub(super) const DEPTHS: [u8; 5] = [1, 2, 4, 8, 16];
/// A gain that is smaller does not count, in percent.
const GAIN: u64 = 5;

/// The number of connections to try after this one, within the limit.
pub(super) fn next(tried: u16, limit: u16) -> Option<u16> {
    let bigger = CONNECTIONS.into_iter().find(|number| *number > tried);
    let next = bigger.unwrap_or(tried.saturating_mul(2)).min(limit);
    (next > tried).then_some(next)
}

/// Whether the last measurement gained something over the best before.
pub(super) fn gained(points: &[Point]) -> bool {
    let Some((last, before)) = points.split_last() else { return true };
    let best = before.iter().map(|point| point.speed).max().unwrap_or_default();
    exceeds(last.speed, best)
}

/// The first point that is as fast as the best, or nearly so.
pub(super) fn smallest(points: &[Point], by: By) -> Option<Point> {
    let of = || points.iter().filter(|point| point.by == by);
    let best = of().map(|point| point.speed).max()?;
    of().find(|point| !exceeds(best, point.speed)).copied()
}

/// The pipelining to set: what is set, if that is deep enough, and automatic rather than a number.
pub(super) fn pipelining(
    enough: u8,
    configured: Option<NonZeroU8>,
    automatic: u16,
) -> Option<NonZeroU8> {
    match configured {
        Some(depth) if depth.get() >= enough => Some(depth),
        _ if automatic >= enough.into() => None,
        _ => NonZeroU8::new(enough),
    }
}

/// Whether a speed is noticeably higher.
fn exceeds(speed: u64, other: u64) -> bool {
    u128::from(speed) * 100 > u128::from(other) * u128::from(100 + GAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(speeds: &[(u16, u64)]) -> Vec<Point> {
        let point = |(connections, speed): &(u16, u64)| Point {
            by: By::Connections,
            connections: *connections,
            depth: 4,
            speed: *speed,
        };
        speeds.iter().map(point).collect()
    }

    #[test]
    fn the_numbers_grow_up_to_the_limit() {
        let all = |limit| std::iter::successors(next(0, limit), |n| next(*n, limit)).collect();
        let (ten, one, many): (Vec<_>, Vec<_>, Vec<_>) = (all(10), all(1), all(500));
        assert_eq!(ten, [1, 2, 4, 6, 8, 10]);
        assert_eq!(one, [1]);
        assert_eq!(many[12..], [128, 192, 384, 500]);
        assert_eq!(next(8, 8), None);
    }

    #[test]
    fn a_gain_of_less_than_five_percent_is_none() {
        assert!(gained(&points(&[(1, 100)])));
        assert!(gained(&points(&[(1, 100), (2, 106)])));
        assert!(!gained(&points(&[(1, 100), (2, 105)])));
        assert!(!gained(&points(&[(1, 100), (2, 200), (4, 150)])));
    }

    #[test]
    fn the_smallest_number_that_is_nearly_as_fast_is_chosen() {
        let chosen = |speeds: &[(u16, u64)]| {
            smallest(&points(speeds), By::Connections).map(|point| point.connections)
        };
        assert_eq!(chosen(&[(1, 100), (2, 200), (4, 300), (6, 310)]), Some(4));
        assert_eq!(chosen(&[(1, 100), (2, 99)]), Some(1));
        assert_eq!(chosen(&[(1, 100), (2, 140)]), Some(2));
        assert_eq!(chosen(&[]), None);
        assert_eq!(smallest(&points(&[(1, 100)]), By::Depth), None);
    }

    #[test]
    fn pipelining_stays_as_it_is_where_that_is_deep_enough() {
        let number = NonZeroU8::new;
        assert_eq!(pipelining(2, None, 4), None);
        assert_eq!(pipelining(8, None, 4), number(8));
        assert_eq!(pipelining(2, number(3), 4), number(3));
        assert_eq!(pipelining(4, number(1), 4), None);
        assert_eq!(pipelining(16, number(1), 4), number(16));
    }
}
