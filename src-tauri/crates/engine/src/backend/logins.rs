//! Counts an account's unproven logins, those whose connections have served nothing yet. At most ten a
//! minute are allowed, whatever clients do. Each host may use only its share of them, so that one that
//! fails does not keep the others from logging in.

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
    /// The number of the host.
    host: usize,
}

impl Logins {
    pub(super) fn begin(&mut self, now: Instant, host: usize) -> Login {
        self.counted.retain(|counted| now < counted.at + WINDOW);
        self.next += 1;
        let login = Login { number: self.next, at: now, host };
        self.counted.push_back(login);
        login
    }

    /// Until when a host of so many may not log in, if a limit is reached.
    pub(super) fn paced_until(&self, now: Instant, host: usize, hosts: usize) -> Option<Instant> {
        let share = (MOST / hosts.max(1)).max(1);
        let own = self.full_until(now, share, |login| login.host == host);
        own.max(self.full_until(now, MOST, |_| true))
    }

    /// Until when there are `most` or more of these logins, if there are now.
    fn full_until(
        &self,
        now: Instant,
        most: usize,
        which: impl Fn(&Login) -> bool,
    ) -> Option<Instant> {
        let recent = || self.counted.iter().filter(|login| now < login.at + WINDOW && which(login));
        let surplus = recent().count().checked_sub(most)?;
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
            assert_eq!(logins.paced_until(now, 0, 1), None, "login {n}");
            logins.begin(now + Duration::from_secs(n), 0);
        }
        let later = now + Duration::from_secs(10);
        assert_eq!(logins.paced_until(later, 0, 1), Some(now + WINDOW));
        assert_eq!(logins.paced_until(now + WINDOW, 0, 1), None);
    }

    #[test]
    fn a_host_that_fails_leaves_the_others_their_share() {
        let (mut logins, now) = (Logins::default(), Instant::now());
        for _ in 0..5 {
            logins.begin(now, 0);
        }
        assert_eq!(logins.paced_until(now, 0, 2), Some(now + WINDOW));
        assert_eq!(logins.paced_until(now, 1, 2), None);
        for _ in 0..5 {
            logins.begin(now, 1);
        }
        assert_eq!(logins.paced_until(now, 2, 3), Some(now + WINDOW), "ten in all");
    }

    #[test]
    fn a_login_whose_connection_has_served_makes_room() {
        let (mut logins, now) = (Logins::default(), Instant::now());
        let made: Vec<_> = (0..10).map(|_| logins.begin(now, 0)).collect();
        assert_eq!(logins.paced_until(now, 0, 1), Some(now + WINDOW));
        logins.forget(made[3]);
        assert_eq!(logins.paced_until(now, 0, 1), None);
    }
}
