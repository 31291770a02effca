//! Remembers which provider recently did not have which article. This only orders the candidates: a 430
//! is one provider's answer at one moment, so every request asks again.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use tokio::time::{Duration, Instant};

use crate::lock::Lock;

/// How long a 430 is remembered.
const MEMORY: Duration = Duration::from_secs(300);
/// The maximum number of remembered answers.
const ENTRIES: usize = 65_536;

/// The remembered 430 replies. See the [module](self).
#[derive(Default)]
pub(super) struct Missing {
    hasher: RandomState,
    known: Lock<Known>,
}

#[derive(Default)]
struct Known {
    when: HashMap<u64, Instant>,
    oldest: VecDeque<u64>,
}

impl Missing {
    /// Remembers that `provider` does not have `article` now.
    pub(super) fn remember(&self, provider: &str, article: &[u8]) {
        let key = self.hasher.hash_one((provider, article));
        let mut known = self.known.lock();
        if known.when.insert(key, Instant::now()).is_none() {
            known.oldest.push_back(key);
        }
        if known.oldest.len() > ENTRIES
            && let Some(oldest) = known.oldest.pop_front()
        {
            known.when.remove(&oldest);
        }
    }

    /// Whether `provider` recently answered that it does not have `article`.
    pub(super) fn is_known(&self, provider: &str, article: &[u8]) -> bool {
        let known = self.known.lock();
        if known.when.is_empty() {
            return false;
        }
        let key = self.hasher.hash_one((provider, article));
        known.when.get(&key).is_some_and(|at| at.elapsed() < MEMORY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_430_is_remembered_for_minutes_and_for_that_provider_alone() {
        let missing = Missing::default();
        missing.remember("a", b"<1@x>");
        assert!(missing.is_known("a", b"<1@x>"));
        assert!(!missing.is_known("b", b"<1@x>"));
        tokio::time::advance(MEMORY).await;
        assert!(!missing.is_known("a", b"<1@x>"));
    }

    #[test]
    fn memory_is_bounded() {
        let missing = Missing::default();
        for n in 0..=ENTRIES {
            missing.remember("a", &n.to_le_bytes());
        }
        assert!(!missing.is_known("a", &0_usize.to_le_bytes()));
        assert!(missing.is_known("a", &ENTRIES.to_le_bytes()));
        assert_eq!(missing.known.lock().when.len(), ENTRIES);
    }
}
