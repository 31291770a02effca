//! Speed limits on the command line and in words.

use local::channel::{SpeedLimit, TrafficStatus};

use settings::local_time;

use crate::report::size;

/// What `limit` is to be: `off`, `slow`, or a speed such as `5M`.
///
/// # Errors
/// A sentence that says what it can be.
pub(crate) fn parse(word: &str) -> Result<SpeedLimit, String> {
    match word {
        "off" => return Ok(SpeedLimit::Off),
        "slow" => return Ok(SpeedLimit::Slow),
        _ => {}
    }
    let wrong = || {
        format!(
            "{word} isn't a valid limit: use off, slow, or bytes a second such as 500k or 5M; see newsmuxctl --help"
        )
    };
    let units = [("k", 1e3), ("K", 1e3), ("M", 1e6), ("G", 1e9), ("", 1.0)];
    let (number, unit) = units
        .iter()
        .find_map(|(unit, scale)| Some((word.strip_suffix(unit)?, scale)))
        .ok_or_else(wrong)?;
    let plain = number.chars().all(|c| c.is_ascii_digit() || c == '.');
    let number: f64 =
        Some(number).filter(|_| plain).and_then(|n| n.parse().ok()).ok_or_else(wrong)?;
    let speed = number * unit;
    // Beyond this, a number of bytes is not exact, and no line is as fast.
    if !(1.0..=1e15).contains(&speed) {
        return Err(wrong());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it was checked to be within these bounds"
    )]
    let speed = speed as u64;
    Ok(SpeedLimit::Speed { speed })
}

/// How many minutes `pause` is to last: `15m`, `2h`, `1d`.
///
/// # Errors
/// A sentence that says what it can be.
pub(crate) fn minutes(word: &str) -> Result<u32, String> {
    let units = [("m", 1), ("h", 60), ("d", 24 * 60)];
    let given = units.iter().find_map(|(unit, minutes)| Some((word.strip_suffix(unit)?, minutes)));
    given
        .filter(|(number, _)| number.bytes().all(|digit| digit.is_ascii_digit()))
        .and_then(|(number, minutes)| number.parse::<u32>().ok()?.checked_mul(*minutes))
        .filter(|minutes| *minutes > 0)
        .ok_or_else(|| format!("{word} is no time: use 15m, 2h or 1d; see newsmuxctl --help"))
}

/// The limit in a sentence.
pub(crate) fn sentence(traffic: &TrafficStatus) -> String {
    let speed = traffic.speed.map(|speed| format!("{}/s", size(speed)));
    let what = match (traffic.mode.as_str(), speed) {
        ("paused", _) => "paused".into(),
        ("slow", Some(speed)) => format!("slow mode: limited to {speed}"),
        (_, Some(speed)) => format!("limited to {speed}"),
        (_, None) => "no speed limit".into(),
    };
    match (traffic.until, traffic.next.as_deref()) {
        (Some(until), Some(next)) => {
            let time = local_time(until.saturating_mul(1000));
            let next = if next == "speed" { "another limit" } else { next };
            format!("{what} until {time}, then {next}")
        }
        _ => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_word_or_a_speed() {
        for (word, limit) in [
            ("off", SpeedLimit::Off),
            ("slow", SpeedLimit::Slow),
            ("5M", SpeedLimit::Speed { speed: 5_000_000 }),
            ("1.5M", SpeedLimit::Speed { speed: 1_500_000 }),
            ("500k", SpeedLimit::Speed { speed: 500_000 }),
            ("64000", SpeedLimit::Speed { speed: 64_000 }),
            ("1G", SpeedLimit::Speed { speed: 1_000_000_000 }),
        ] {
            assert_eq!(parse(word), Ok(limit), "{word}");
        }
        for word in ["", "M", "fast", "-5M", "5MB", "1e9", "inf", "0", "5 M", "99999999G"] {
            assert!(parse(word).unwrap_err().contains("isn't a valid limit"), "{word}");
        }
    }

    #[test]
    fn a_pause_lasts_so_many_minutes() {
        let expected = [("15m", 15), ("2h", 120), ("1d", 1440)];
        for (word, count) in expected {
            assert_eq!(minutes(word), Ok(count), "{word}");
        }
        for word in ["", "m", "15", "0m", "-5m", "1.5h", "99999999d", "soon"] {
            assert!(minutes(word).unwrap_err().contains("is no time"), "{word}");
        }
    }

    #[test]
    fn a_limit_is_told_in_a_sentence() {
        let told = |mode: &str, speed| {
            sentence(&TrafficStatus { mode: mode.into(), speed, ..TrafficStatus::default() })
        };
        assert_eq!(told("paused", Some(5)), "paused");
        assert_eq!(told("normal", None), "no speed limit");
        assert_eq!(told("normal", Some(80_000_000)), "limited to 80.0 MB/s");
        assert_eq!(told("slow", Some(1_000_000)), "slow mode: limited to 1.0 MB/s");
        assert_eq!(told("speed", Some(5_000_000)), "limited to 5.0 MB/s");
    }
}
