//! Counts an account's logins for nothing. At most ten a minute are allowed, whatever clients and
//! providers do. Each host may use only its share of them, so that one that fails does not keep the
//! others from logging in.
//!
//! A login counts until its connection has served a reply, so a cold start opens all connections at
//! once. Where connections are lost right after that, it counts until the connection has
//! [proven](Fate::Proven) itself, and those that were lost count for another minute. Only connections
//! that break together are forgiven, once a minute: a provider that restarts is used again at once.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

const WINDOW: Duration = Duration::from_secs(60);
/// The maximum within the window.
const MOST: usize = 10;
/// A connection has proven itself after so many replies, or with one that comes after so long.
const PROOF: (u8, Duration) = (3, Duration::from_secs(5));
/// How long to doubt new connections after one was lost before it had proven itself.
const DOUBT: Duration = Duration::from_secs(120);

/// The logins of the last minute that count. See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Logins {
    /// In the order of `since`.
    counted: VecDeque<Counted>,
    next: u64,
    doubted_until: Option<Instant>,
    /// When connections broke that are forgiven.
    forgiven: Option<Instant>,
}

/// A login, remembered by its connection's permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Login {
    number: u64,
    at: Instant,
    /// The number of the host.
    host: usize,
}

/// A login that counts since it was made, or since its connection was lost.
#[derive(Debug)]
struct Counted {
    login: Login,
    since: Instant,
    /// Its connection has served a reply and is open, so it counts only where connections are doubted.
    serves: bool,
}

/// What became of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The dial failed before it was sent.
    Unsent,
    /// Its connection has served a reply.
    Served,
    /// Its connection has served several replies, or for some time.
    Proven,
    /// Newsmux closed the connection for reasons of its own.
    Closed,
    /// Newsmux closed the connection because a program left it unusable.
    Dropped,
    /// The connection was lost.
    Lost,
}

impl Fate {
    /// What another reply says about the login of a connection that has served so many by now.
    pub(super) fn after_reply(replies: u8, lived: Duration) -> Option<Self> {
        match replies {
            n if n > PROOF.0 => None,
            n if n == PROOF.0 || lived >= PROOF.1 => Some(Self::Proven),
            n => (n == 1).then_some(Self::Served),
        }
    }
}

impl Logins {
    pub(super) fn begin(&mut self, now: Instant, host: usize) -> Login {
        self.counted.retain(|counted| now < counted.since + WINDOW);
        self.next += 1;
        let login = Login { number: self.next, at: now, host };
        self.counted.push_back(Counted { login, since: now, serves: false });
        login
    }

    /// Records what became of a login.
    pub(super) fn learn(&mut self, now: Instant, login: Login, fate: Fate) {
        let at = self.counted.iter().position(|counted| counted.login.number == login.number);
        let counted = at.and_then(|at| self.counted.get_mut(at));
        // It has served nothing, and counts from its beginning.
        let useless = counted.as_ref().is_some_and(|counted| !counted.serves);
        match (fate, counted) {
            (Fate::Served, counted) => {
                counted.into_iter().for_each(|counted| counted.serves = true)
            }
            (Fate::Closed | Fate::Dropped | Fate::Lost, _) if useless => {}
            (Fate::Unsent | Fate::Proven | Fate::Closed, _) => self.forget(login),
            (Fate::Dropped, _) => {
                self.forget(login);
                self.counted.push_back(Counted { login, since: now, serves: false });
            }
            (Fate::Lost, counted) => {
                let early = counted.is_some() && now < login.at + PROOF.1;
                self.forget(login);
                if early || (now < login.at + WINDOW && !self.forgives(now, login)) {
                    self.doubted_until = Some(now + DOUBT);
                    self.counted.push_back(Counted { login, since: now, serves: false });
                }
            }
        }
    }

    /// Whether connections break together, for one reason, and the login is older than that.
    fn forgives(&mut self, now: Instant, login: Login) -> bool {
        let recent = self.forgiven.filter(|at| now < *at + WINDOW);
        login.at <= *self.forgiven.insert(recent.unwrap_or(now))
    }

    /// Whether connections are lost soon after the login, and have served something.
    pub(super) fn are_brief(&self, now: Instant) -> bool {
        self.doubted_until.is_some_and(|until| now < until)
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
        let doubted = self.are_brief(now);
        let counts = |counted: &&Counted| {
            now < counted.since + WINDOW && (doubted || !counted.serves) && which(&counted.login)
        };
        let recent = || self.counted.iter().filter(counts);
        let surplus = recent().count().checked_sub(most);
        let full = surplus.and_then(|surplus| recent().nth(surplus)).map(|c| c.since + WINDOW);
        // Spread the second half, so that requests need not wait for a minute.
        let spread = recent().skip(most.div_ceil(2) - 1).last().filter(|_| doubted);
        let next = spread.map(|last| last.since + WINDOW / u32::try_from(most).unwrap_or(u32::MAX));
        full.max(next.filter(|next| now < *next))
    }

    fn forget(&mut self, login: Login) {
        self.counted.retain(|counted| counted.login.number != login.number);
    }

    /// Forgets all logins: whatever made them fail may be over.
    pub(super) fn forget_all(&mut self) {
        self.counted.clear();
        (self.doubted_until, self.forgiven) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn ten_logins_a_minute_and_no_more() {
        let (mut logins, now) = (Logins::default(), Instant::now());
        for n in 0..10 {
            assert_eq!(logins.paced_until(now, 0, 1), None, "login {n}");
            logins.begin(now + SECOND * n, 0);
        }
        let later = now + SECOND * 10;
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
        logins.learn(now, made[3], Fate::Served);
        assert_eq!(logins.paced_until(now, 0, 1), None);
    }

    #[test]
    fn connections_that_are_lost_early_count_and_are_no_longer_trusted() {
        let (mut logins, mut now) = (Logins::default(), Instant::now());
        let mut made = Vec::new();
        for _ in 0..600 {
            if logins.paced_until(now, 0, 1).is_none() {
                made.push(now);
                let login = logins.begin(now, 0);
                logins.learn(now, login, Fate::Served);
                logins.learn(now, login, Fate::Lost);
            }
            now += SECOND / 2;
        }
        let within =
            |from: Instant| made.iter().filter(|at| (from..from + WINDOW).contains(at)).count();
        assert!(made.iter().all(|from| within(*from) <= MOST), "{made:?}");
        assert!(made.len() > 40, "{} in five minutes", made.len());
        let gap = made.windows(2).map(|two| two[1] - two[0]).max();
        assert!(gap <= Some(WINDOW / 2), "{gap:?}");
    }

    #[test]
    fn connections_that_break_together_are_forgiven_once_a_minute() {
        let (mut logins, mut now) = (Logins::default(), Instant::now());
        for (round, counted) in [0, 20, 0].into_iter().enumerate() {
            let made: Vec<_> = (0..20).map(|_| logins.begin(now, 0)).collect();
            made.iter().for_each(|login| logins.learn(now, *login, Fate::Proven));
            now += PROOF.1;
            made.iter().for_each(|login| logins.learn(now, *login, Fate::Lost));
            assert_eq!(logins.counted.len(), counted, "in round {round}");
            now += PROOF.1 + WINDOW * u32::from(round == 1);
            logins.counted.retain(|counted| now < counted.since + WINDOW);
        }
    }

    #[test]
    fn a_connection_proves_itself_by_replies_or_by_time() {
        let after = |replies, secs| Fate::after_reply(replies, SECOND * secs);
        assert_eq!([after(1, 0), after(2, 0)], [Some(Fate::Served), None]);
        assert_eq!([after(3, 0), after(1, 5)], [Some(Fate::Proven); 2]);
        assert_eq!([after(4, 0), after(200, 60)], [None; 2]);
    }
}
