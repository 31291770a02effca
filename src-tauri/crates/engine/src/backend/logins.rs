//! Counts an account's unproven logins, those whose connections have served nothing yet. At most ten a
//! minute are allowed, whatever clients do.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

const WINDOW: Duration = Duration::from_secs(60);
/// The maximum within the window.
const MOST: usize = 10;

/// The unproven logins of the last minute. See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Logins {
    counted: VecDeque<Login>,
    next: u64,
}

/// A login, remembered by its connection's permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Login {
    number: u64,
    at: Instant,
}

impl Logins {
    pub(super) fn begin(&mut self, now: Instant) -> Login {
        self.counted.retain(|counted| now < counted.at + WINDOW);
        self.next += 1;
        let login = Login { number: self.next, at: now };
        self.counted.push_back(login);
        login
    }

    /// Until when no login may be made, if the limit is reached.
    pub(super) fn paced_until(&self, now: Instant) -> Option<Instant> {
        let recent = || self.counted.iter().filter(|login| now < login.at + WINDOW);
        let surplus = recent().count().checked_sub(MOST)?;
        recent().nth(surplus).map(|login| login.at + WINDOW)
    }

    /// Stops counting a login: the dial failed before it was sent, or its connection has served a
    /// reply.
    pub(super) fn forget(&mut self, login: Login) {
        self.counted.retain(|counted| counted.number != login.number);
    }

    /// Forgets all logins: whatever made them fail may be over.
    pub(super) fn forget_all(&mut self) {
        self.counted.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_logins_a_minute_and_no_more() {
        let (mut logins, now) = (Logins::default(), Instant::now());
        for n in 0..10 {
            assert_eq!(logins.paced_until(now), None, "login {n}");
            logins.begin(now + Duration::from_secs(n));
        }
        let later = now + Duration::from_secs(10);
        assert_eq!(logins.paced_until(later), Some(now + WINDOW));
        assert_eq!(logins.paced_until(now + WINDOW), None);
    }

    #[test]
    fn a_login_whose_connection_has_served_makes_room() {
        let (mut logins, now) = (Logins::default(), Instant::now());
        let made: Vec<_> = (0..10).map(|_| logins.begin(now)).collect();
        assert_eq!(logins.paced_until(now), Some(now + WINDOW));
        logins.forget(made[3]);
        assert_eq!(logins.paced_until(now), None);
    }
}
