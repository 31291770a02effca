//! Wrong logins, by the address that they come from: who keeps guessing has to wait.
//!
//! A program that repeats the same wrong login guesses nothing, and holds up nobody. Each other wrong
//! login makes the next one from its address wait longer, and the right one too, so that the time does
//! not tell which it is. Programs on this computer share an address, so their logins wait at most a
//! second.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;

use tokio::time::{Duration, Instant};

use crate::lock::Lock;

/// So many different wrong logins are answered at once.
const FREE: u32 = 3;
/// The longest pause behind a wrong login.
const LONGEST: Duration = Duration::from_secs(30);
/// The most that a login waits. Where it would be more, it is turned away.
const MOST: Duration = Duration::from_secs(60);
/// The most that a login from this computer waits.
const MOST_HERE: Duration = Duration::from_secs(1);
/// An address that guessed nothing for so long is forgotten.
const FORGET: Duration = Duration::from_secs(15 * 60);
/// How many addresses are remembered.
const ADDRESSES: usize = 1024;
/// How many wrong logins of an address are remembered, as hashes.
const REMEMBERED: usize = 8;

/// See the [module](self). Clones share what they remember.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guesses(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    addresses: Lock<HashMap<IpAddr, Address>>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Address {
    wrong: u32,
    /// When the next login may be answered.
    next: Instant,
    last: Instant,
    /// The latest wrong logins.
    known: Vec<u64>,
}

/// When a login is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// At once.
    Now,
    /// Not before this moment.
    At(Instant),
    /// Never: too many wrong logins came from its address.
    TurnedAway,
}

impl Guesses {
    /// Counts a login that was `right` or wrong.
    pub(crate) fn answer(&self, address: IpAddr, login: (&[u8], &[u8]), right: bool) -> Answer {
        let (now, hash) = (Instant::now(), self.0.hasher.hash_one(login));
        let key = network(address);
        let most = if key.is_loopback() { MOST_HERE } else { MOST };
        let mut addresses = self.0.addresses.lock();
        addresses.retain(|_, known| now.duration_since(known.last) < FORGET);
        match addresses.get_mut(&key) {
            None if right => return Answer::Now,
            None => make_room(&mut addresses),
            Some(known) if !right && known.known.contains(&hash) => {
                known.last = now;
                return Answer::Now;
            }
            Some(_) => {}
        }
        let known = addresses.entry(key).or_insert_with(|| Address {
            wrong: 0,
            next: now,
            last: now,
            known: Vec::new(),
        });
        let at = if key.is_loopback() { known.next.min(now + most) } else { known.next };
        if at > now + most {
            known.last = now;
            return Answer::TurnedAway;
        }
        if !right {
            known.wrong = known.wrong.saturating_add(1);
            known.next = at.max(now) + pause(known.wrong).min(most);
            known.last = now;
            if known.known.len() == REMEMBERED {
                known.known.remove(0);
            }
            known.known.push(hash);
        }
        if at > now { Answer::At(at) } else { Answer::Now }
    }
}

/// The pause behind the wrong login of this number.
fn pause(wrong: u32) -> Duration {
    match wrong.checked_sub(FREE) {
        None | Some(0) => Duration::ZERO,
        Some(more) => Duration::from_secs(1 << (more - 1).min(5)).min(LONGEST),
    }
}

/// Forgets the address that guessed last the longest ago, if there are too many.
fn make_room(addresses: &mut HashMap<IpAddr, Address>) {
    if addresses.len() >= ADDRESSES
        && let Some(oldest) = addresses.iter().min_by_key(|(_, known)| known.last)
    {
        let oldest = *oldest.0;
        addresses.remove(&oldest);
    }
}

/// The address; of IPv6 the network, since each computer has all addresses of one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) if !six.is_loopback() => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const LAN: &str = "192.168.1.9";
    const HERE: &str = "127.0.0.1";

    /// How long a login waits; none if it is turned away.
    fn wait(guesses: &Guesses, from: &str, password: &str, right: bool) -> Option<Duration> {
        let login = (b"me".as_slice(), password.as_bytes());
        match guesses.answer(from.parse().unwrap(), login, right) {
            Answer::Now => Some(Duration::ZERO),
            Answer::At(at) => Some(at - Instant::now()),
            Answer::TurnedAway => None,
        }
    }

    fn guess(guesses: &Guesses, from: &str, number: u32) -> Option<Duration> {
        wait(guesses, from, &number.to_string(), false)
    }

    #[tokio::test(start_paused = true)]
    async fn each_guess_waits_longer_and_the_right_one_too() {
        let guesses = Guesses::default();
        let mut waited = Vec::new();
        for number in 0..11 {
            let wait = guess(&guesses, LAN, number).unwrap();
            waited.push(wait.as_secs());
            advance(wait).await;
        }
        assert_eq!(waited, [0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30]);
        let right = wait(&guesses, LAN, "right", true).unwrap();
        assert_eq!(right.as_secs(), 30);
        advance(right).await;
        assert_eq!(wait(&guesses, LAN, "right", true), Some(Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn guesses_at_once_stand_in_line_and_are_turned_away_when_it_is_long() {
        let guesses = Guesses::default();
        let all: Vec<_> = (0..1000).map(|number| guess(&guesses, LAN, number)).collect();
        let answered = all.iter().flatten().count();
        assert!((5..12).contains(&answered), "{answered}");
        assert_eq!(all.last(), Some(&None));
        assert!(guess(&guesses, "192.168.1.10", 0).unwrap().is_zero(), "another is not concerned");
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_repeats_a_wrong_login_holds_up_nobody() {
        let guesses = Guesses::default();
        for _ in 0..1000 {
            assert_eq!(wait(&guesses, LAN, "old", false), Some(Duration::ZERO));
        }
        assert_eq!(wait(&guesses, LAN, "right", true), Some(Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn on_this_computer_nobody_waits_for_more_than_a_second() {
        let guesses = Guesses::default();
        let most = (0..1000).map(|number| guess(&guesses, HERE, number).unwrap()).max();
        assert_eq!(most, Some(MOST_HERE));
        assert_eq!(wait(&guesses, HERE, "right", true), Some(MOST_HERE));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded_and_forgotten() {
        let guesses = Guesses::default();
        for number in 0..5000_u32 {
            let from = IpAddr::from(number.to_be_bytes()).to_string();
            assert!(guess(&guesses, &from, number).is_some());
        }
        assert_eq!(guesses.0.addresses.lock().len(), ADDRESSES);
        advance(FORGET).await;
        assert_eq!(wait(&guesses, LAN, "right", true), Some(Duration::ZERO));
        assert_eq!(guesses.0.addresses.lock().len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn all_addresses_of_an_ipv6_network_are_one() {
        let guesses = Guesses::default();
        for number in 0..50 {
            guess(&guesses, &format!("2001:db8::{number}"), number);
        }
        assert_eq!(guess(&guesses, "2001:db8::ffff", 99), None);
        assert_eq!(guess(&guesses, "2001:db8:0:1::1", 99), Some(Duration::ZERO));
    }
}
