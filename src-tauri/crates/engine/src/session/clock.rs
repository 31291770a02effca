//! The answer to `DATE` when there is no provider to ask (RFC 3977, section 7.1).

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

/// `111 yyyymmddhhmmss`, in UTC.
pub(super) fn date_reply(now: SystemTime) -> Bytes {
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("111 {year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}\r\n").into()
}

/// The date of a day since 1970-01-01, in years that begin in March and eras of 400 of them (Howard
/// Hinnant, "chrono-compatible low-level date algorithms").
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn dates_are_right_at_the_edges_of_years_and_leap_days() {
        for (seconds, date) in [
            (0, "19700101000000"),
            (951_827_696, "20000229123456"),
            (1_709_251_199, "20240229235959"),
            (1_767_225_599, "20251231235959"),
            (1_767_225_600, "20260101000000"),
        ] {
            let reply = date_reply(UNIX_EPOCH + Duration::from_secs(seconds));
            assert_eq!(reply, format!("111 {date}\r\n"));
        }
    }
}
