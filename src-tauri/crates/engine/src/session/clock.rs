//! The reply to `DATE` when no provider can be asked (RFC 3977, section 7.1).

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::calendar::civil_from_days;

/// `111 yyyymmddhhmmss`, in UTC.
pub(super) fn date_reply(now: SystemTime) -> Bytes {
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("111 {year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}\r\n").into()
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
