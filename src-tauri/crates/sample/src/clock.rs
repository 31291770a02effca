//! Dates as NNTP writes them, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

const DAY: u64 = 86_400;

/// The time now as DATE gives it: `yyyymmddhhmmss` (RFC 3977, section 7.1).
pub(crate) fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    date(since.as_secs())
}

/// Seconds since 1970 as `yyyymmddhhmmss`. Years are counted from March, so that a leap day is a year's last.
fn date(seconds: u64) -> String {
    let (days, second) = (seconds / DAY + 719_468, seconds % DAY);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}{month:02}{of_month:02}{hour:02}{minute:02}{:02}", second % 60)
}

/// The date that NEWNEWS and NEWGROUPS are asked with: `yyyymmdd`, or `yymmdd` of the last hundred years
/// (RFC 3977, section 7.3.2). None where it is no date. `now` is a date as [`now`] gives it.
pub(crate) fn asked(date: &str, time: &str, now: &str) -> Option<String> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if time.len() != 6 || !digits(time) || !digits(date) {
        return None;
    }
    match date.len() {
        8 => Some(format!("{date}{time}")),
        6 => {
            let century: u32 = now.get(..2)?.parse().ok()?;
            let future = date.get(..2)? > now.get(2..4)?;
            Some(format!("{}{date}{time}", century - u32::from(future)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_dates_also_on_leap_days() {
        for (seconds, expected) in [
            (0, "19700101000000"),
            (951_782_399, "20000228235959"),
            (951_782_400, "20000229000000"),
            (1_735_732_800, "20250101120000"),
            (4_102_444_799, "20991231235959"),
            (4_107_542_400, "21000301000000"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }

    #[test]
    fn a_date_of_two_digits_is_of_the_last_hundred_years() {
        let asked = |date| asked(date, "000000", "20261124120000");
        assert_eq!(asked("20240229").as_deref(), Some("20240229000000"));
        assert_eq!(asked("260101").as_deref(), Some("20260101000000"));
        assert_eq!(asked("990101").as_deref(), Some("19990101000000"));
        for wrong in ["", "2024", "yyyymmdd", "2024010"] {
            assert_eq!(asked(wrong), None, "{wrong}");
        }
    }
}
