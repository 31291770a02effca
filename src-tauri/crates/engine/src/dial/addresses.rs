//! What is known about the addresses of hosts. An address is good once a login has succeeded on it,
//! until it fails. A failed address is tried last for a while.

use std::collections::HashMap;
use std::net::SocketAddr;

use tokio::time::{Duration, Instant};

use crate::lock::Lock;

/// How long an address is tried last after its first failure; this doubles with each further one.
const FIRST_REST: Duration = Duration::from_secs(60);
/// The longest time that an address is tried last.
const LONGEST_REST: Duration = Duration::from_secs(960);
/// The maximum number of remembered addresses. Some names have new ones every minute.
const REMEMBERED: usize = 256;

/// A host name and one of its addresses.
type Key = (String, SocketAddr);

/// The results of recent dials, by address. See the [module](self).
#[derive(Default)]
pub(super) struct Addresses(Lock<HashMap<Key, Known>>);

/// The last result of an address.
#[derive(Clone, Copy)]
struct Known {
    at: Instant,
    /// Failures in a row; 0 means good.
    failures: u32,
}

impl Known {
    fn rank(self, now: Instant) -> Rank {
        let Some(again) = self.failures.checked_sub(1) else { return Rank::Good };
        let until = self.at + (FIRST_REST * 2_u32.saturating_pow(again.min(8))).min(LONGEST_REST);
        if until > now { Rank::Resting(until) } else { Rank::Unknown }
    }
}

/// The order in which addresses are tried.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Good,
    /// Not tried yet, or not recently.
    Unknown,
    Resting(Instant),
}

impl Addresses {
    /// Sorts a host's addresses: good ones, unknown ones, failed ones. Otherwise keeps their order.
    pub(super) fn sort(&self, host: &str, addresses: &mut [SocketAddr]) {
        addresses.sort_by_cached_key(|address| self.rank(host, *address));
    }

    /// Whether it failed and is still tried last.
    pub(super) fn is_resting(&self, host: &str, address: SocketAddr) -> bool {
        matches!(self.rank(host, address), Rank::Resting(_))
    }

    /// Records a successful login.
    pub(super) fn succeeded(&self, host: &str, address: SocketAddr) {
        self.remember(host, address, 0);
    }

    /// Records that the address does not answer, or not as it should.
    pub(super) fn failed(&self, host: &str, address: SocketAddr) {
        // Dials that fail together count as one.
        if !self.is_resting(host, address) {
            let before = self.known(host, address).map_or(0, |known| known.failures);
            self.remember(host, address, before.saturating_add(1));
        }
    }

    fn rank(&self, host: &str, address: SocketAddr) -> Rank {
        self.known(host, address).map_or(Rank::Unknown, |known| known.rank(Instant::now()))
    }

    fn known(&self, host: &str, address: SocketAddr) -> Option<Known> {
        self.0.lock().get(&(host.to_owned(), address)).copied()
    }

    fn remember(&self, host: &str, address: SocketAddr, failures: u32) {
        let mut known = self.0.lock();
        known.insert((host.to_owned(), address), Known { at: Instant::now(), failures });
        if known.len() > REMEMBERED {
            let oldest = known.iter().min_by_key(|(_, known)| known.at).map(|(key, _)| key.clone());
            oldest.and_then(|key| known.remove(&key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const HOST: &str = "news.example.com";

    fn address(n: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], n))
    }

    /// The order in which the addresses 1, 2 and 3 are tried.
    fn order(addresses: &Addresses) -> [u16; 3] {
        let mut sorted = [1, 2, 3].map(address);
        addresses.sort(HOST, &mut sorted);
        sorted.map(|address| address.port())
    }

    #[tokio::test(start_paused = true)]
    async fn good_addresses_come_first_and_failed_ones_last() {
        let addresses = Addresses::default();
        assert_eq!(order(&addresses), [1, 2, 3]);
        addresses.failed(HOST, address(1));
        addresses.succeeded(HOST, address(3));
        assert_eq!(order(&addresses), [3, 2, 1]);
        addresses.failed(HOST, address(3));
        assert_eq!(order(&addresses), [2, 1, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_address_is_tried_again_after_a_while_and_later_each_time() {
        let addresses = Addresses::default();
        for rest in [60, 120, 240, 480, 960, 960] {
            addresses.failed(HOST, address(1));
            advance(Duration::from_secs(rest - 1)).await;
            assert_eq!(order(&addresses), [2, 3, 1], "{rest}");
            advance(Duration::from_secs(1)).await;
            assert_eq!(order(&addresses), [1, 2, 3], "{rest}");
        }
        addresses.succeeded(HOST, address(1));
        addresses.failed(HOST, address(1));
        advance(FIRST_REST).await;
        assert_eq!(order(&addresses), [1, 2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn dials_that_fail_together_count_as_one() {
        let addresses = Addresses::default();
        (0..8).for_each(|_| addresses.failed(HOST, address(1)));
        advance(FIRST_REST).await;
        assert_eq!(order(&addresses), [1, 2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_is_remembered_for_each_host_and_port() {
        let addresses = Addresses::default();
        addresses.failed("other.example.com", address(1));
        addresses.failed(HOST, address(4));
        assert_eq!(order(&addresses), [1, 2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_are_forgotten() {
        let addresses = Addresses::default();
        for n in 1..=300 {
            addresses.failed(HOST, address(n));
            advance(Duration::from_millis(1)).await;
        }
        assert_eq!(addresses.0.lock().len(), REMEMBERED);
        assert_eq!(order(&addresses), [1, 2, 3], "these are unknown again");
    }
}
