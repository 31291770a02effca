//! Patterns for the names of groups (RFC 3977, section 4): the last that fits decides.

/// Whether `name` is meant by `wildmat`, such as `newsmux.*,!*.help`.
pub(crate) fn is_meant(wildmat: &str, name: &str) -> bool {
    let mut meant = false;
    for pattern in wildmat.split(',') {
        let (wanted, pattern) = match pattern.strip_prefix('!') {
            Some(rest) => (false, rest),
            None => (true, pattern),
        };
        if fits(pattern.as_bytes(), name.as_bytes()) {
            meant = wanted;
        }
    }
    meant
}

/// `*` stands for any octets, `?` for one. A star takes as little as will do, and more when that does not.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut to, mut again) = (0, 0, None);
    while to < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                again = Some((at, to));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[to] => {
                (at, to) = (at + 1, to + 1);
            }
            _ => {
                let Some((star, taken)) = again else { return false };
                again = Some((star, taken + 1));
                (at, to) = (star + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pattern_that_fits_decides() {
        for (wildmat, name, meant) in [
            ("*", "a.b", true),
            ("a.b", "a.b", true),
            ("a.b", "a.bc", false),
            ("a.?", "a.b", true),
            ("*.b", "a.b.c.b", true),
            ("a*c*", "abcd", true),
            ("a*x", "abcd", false),
            ("*,!a.*", "a.b", false),
            ("!a.*,*", "a.b", true),
            ("!a.b", "c", false),
            ("", "a", false),
        ] {
            assert_eq!(is_meant(wildmat, name), meant, "{wildmat} {name}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!is_meant(&"*a".repeat(400), &"a".repeat(399)));
    }
}
