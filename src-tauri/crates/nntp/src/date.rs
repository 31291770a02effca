//! When an article was posted: by its Date header, or by a time in its message-id.

use memchr::memchr;

/// How much of the headers is searched, in bytes.
const HEADERS: usize = 8 * 1024;
/// The earliest posting time taken for one: 2000-01-01, in seconds since 1970.
const EARLIEST: u64 = 946_684_800;
/// How much later than now a time may be.
const LATEST: u64 = 24 * 60 * 60;
const MONTHS: [&[u8]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

/// An article's age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// Seconds since it was posted.
    pub seconds: u64,
    /// Whether it is an estimate, because it follows from the message-id.
    pub estimated: bool,
}

impl Age {
    /// The age by the Date header (RFC 5536, section 3.1.1), given the first bytes of the headers and the
    /// time now, in seconds since 1970.
    ///
    /// ```
    /// use nntp::date::Age;
    ///
    /// let headers = b"From: a@b\r\nDate: Thu, 1 Jan 2015 00:00:00 +0000\r\n";
    /// let age = Age::by_headers(headers, 1_420_070_460).unwrap();
    /// assert_eq!((age.seconds, age.estimated), (60, false));
    /// ```
    #[must_use]
    pub fn by_headers(headers: &[u8], now: u64) -> Option<Self> {
        let mut rest = headers.get(..HEADERS).unwrap_or(headers);
        loop {
            let (line, after) = rest.split_at_checked(memchr(b'\n', rest)?)?;
            if let Some((name, value)) = line.split_at_checked(5)
                && name.eq_ignore_ascii_case(b"date:")
            {
                return Self::since(seconds(value)?, now, false);
            }
            if line.trim_ascii_end().is_empty() {
                return None;
            }
            rest = after.get(1..)?;
        }
    }

    /// The age by a time in the message-id, as several posting programs write it: ten digits of seconds
    /// or thirteen of milliseconds since 1970.
    #[must_use]
    pub fn by_message_id(id: &[u8], now: u64) -> Option<Self> {
        id.split(|byte| !byte.is_ascii_digit()).find_map(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            let posted = match digits.len() {
                10 => digits.parse().ok()?,
                13 => digits.get(..10)?.parse().ok()?,
                _ => return None,
            };
            Self::since(posted, now, true)
        })
    }

    fn since(posted: u64, now: u64, estimated: bool) -> Option<Self> {
        let plausible = (EARLIEST..=now.saturating_add(LATEST)).contains(&posted);
        plausible.then(|| Self { seconds: now.saturating_sub(posted), estimated })
    }
}

/// Reads a date and time (RFC 5322, section 3.3) as seconds since 1970. A zone by name counts as UTC.
fn seconds(value: &[u8]) -> Option<u64> {
    let value = std::str::from_utf8(value).ok()?;
    let value = value.split_once(',').map_or(value, |(_, after_weekday)| after_weekday);
    let mut words = value.split_ascii_whitespace();
    let day: i64 = words.next()?.parse().ok()?;
    let month = words.next()?.get(..3)?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|name| *name == month.as_bytes())?;
    let year: i64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(str::parse::<i64>);
    let (hours, minutes) = (clock.next()?.ok()?, clock.next()?.ok()?);
    let seconds = clock.next().unwrap_or(Ok(0)).ok()?;
    let fits = (1..=31).contains(&day)
        && (1900..10_000).contains(&year)
        && (0..24).contains(&hours)
        && (0..60).contains(&minutes)
        && (0..=60).contains(&seconds);
    let days = days(year, i64::try_from(month).ok()?.checked_add(1)?, day)?;
    let minutes = hours.checked_mul(60)?.checked_add(minutes)?.checked_sub(offset(words.next()))?;
    let time = days.checked_mul(86_400)?.checked_add(minutes.checked_mul(60)?)?;
    u64::try_from(time.checked_add(seconds)?).ok().filter(|_| fits)
}

/// The minutes that a zone such as `+0130` is ahead of UTC.
fn offset(zone: Option<&str>) -> i64 {
    let ahead = |zone: &str| {
        let (sign, digits) = zone.split_at_checked(1)?;
        let digits: i64 = digits.parse().ok().filter(|digits| (0..=2400).contains(digits))?;
        let minutes = digits.checked_div(100)?.checked_mul(60)?.checked_add(digits % 100)?;
        match sign {
            "+" => Some(minutes),
            "-" => minutes.checked_neg(),
            _ => None,
        }
    };
    zone.and_then(ahead).unwrap_or(0)
}

/// The days from 1970-01-01 to a date of the Gregorian calendar. Years begin in March here, so that the
/// leap day is their last.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let (year, month) = match month {
        3.. => (year, month.checked_sub(3)?),
        _ => (year.checked_sub(1)?, month.checked_add(9)?),
    };
    let leap_days = year.checked_div(4)?.checked_sub(year.checked_div(100)?)?;
    let leap_days = leap_days.checked_add(year.checked_div(400)?)?;
    let before_month = month.checked_mul(153)?.checked_add(2)?.checked_div(5)?;
    let days = year.checked_mul(365)?.checked_add(leap_days)?;
    days.checked_add(before_month)?.checked_add(day)?.checked_sub(719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    #[test]
    fn dates_as_servers_and_programs_write_them() {
        let expected = [
            ("Thu, 1 Jan 1970 00:00:00 +0000", 0),
            ("Wed, 20 Nov 2002 13:45:06 -0800", 1_037_828_706),
            ("29 Feb 2024 12:00 GMT", 1_709_208_000),
            ("Sun, 31 Dec 2023 23:59:60 +0000 (UTC)", 1_704_067_200),
            ("Mon,  5 aug 2019 00:30:00 +0130", 1_564_959_600),
        ];
        for (date, time) in expected {
            assert_eq!(seconds(date.as_bytes()), Some(time), "{date}");
        }
    }

    #[test]
    fn nonsense_is_no_date() {
        for date in ["", "yesterday", "1 Foo 2020 00:00:00 +0000", "1 Jan 2020 25:00:00", "x Jan"] {
            assert_eq!(seconds(date.as_bytes()), None, "{date}");
        }
    }

    #[test]
    fn only_the_headers_are_searched_and_only_plausible_times_count() {
        let in_body = b"Subject: x\r\n\r\nDate: Thu, 1 Jan 2015 00:00:00 +0000\r\n";
        assert_eq!(Age::by_headers(in_body, NOW), None);
        let future = b"Date: Thu, 1 Jan 2099 00:00:00 +0000\r\n";
        assert_eq!(Age::by_headers(future, NOW), None);
        let cut = b"Date: Thu, 1 Jan 20";
        assert_eq!(Age::by_headers(cut, NOW), None);
    }

    #[test]
    fn a_time_in_a_message_id_is_an_estimate() {
        let estimate = |seconds| Some(Age { seconds, estimated: true });
        assert_eq!(Age::by_message_id(b"<aBc-1699999940123@nyuu>", NOW), estimate(60));
        assert_eq!(Age::by_message_id(b"<1699999000.4711@news>", NOW), estimate(1000));
        assert_eq!(Age::by_message_id(b"<part1of9.9999999999@x>", NOW), None);
        assert_eq!(Age::by_message_id(b"<12345@x>", NOW), None);
    }
}
