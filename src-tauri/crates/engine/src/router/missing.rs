//! Remembers which provider recently did not have which article. This only orders the candidates: a 430
//! is one provider's answer at one moment, so every request asks again. STAT and HEAD are remembered
//! apart from ARTICLE and BODY: providers may still have the overview of an article that is gone.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use nntp::command::{Request, Verb};
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
    /// Remembers that `provider` does not have the article that `request` names.
    pub(super) fn remember(&self, provider: &str, request: &Request) {
        let Some(key) = self.key(provider, request) else { return };
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

    /// Whether `provider` recently answered a request like this that it does not have the article.
    pub(super) fn is_known(&self, provider: &str, request: &Request) -> bool {
        let known = self.known.lock();
        if known.when.is_empty() {
            return false;
        }
        let when = self.key(provider, request).and_then(|key| known.when.get(&key));
        when.is_some_and(|at| at.elapsed() < MEMORY)
    }

    fn key(&self, provider: &str, request: &Request) -> Option<u64> {
        let whole = matches!(request.verb(), Verb::Article | Verb::Body);
        let article = request.message_id()?;
        Some(self.hasher.hash_one((provider, whole, article.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> Request {
        Request::parse(line.to_owned().into()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_430_is_remembered_for_minutes_for_that_provider_and_kind_of_request_alone() {
        let missing = Missing::default();
        missing.remember("a", &request("BODY <1@x>"));
        assert!(missing.is_known("a", &request("ARTICLE <1@x>")));
        assert!(!missing.is_known("a", &request("STAT <1@x>")));
        assert!(!missing.is_known("b", &request("BODY <1@x>")));
        tokio::time::advance(MEMORY).await;
        assert!(!missing.is_known("a", &request("BODY <1@x>")));
    }

    #[test]
    fn memory_is_bounded() {
        let missing = Missing::default();
        let nth = |n: usize| request(&format!("BODY <{n}@x>"));
        (0..=ENTRIES).for_each(|n| missing.remember("a", &nth(n)));
        assert!(!missing.is_known("a", &nth(0)));
        assert!(missing.is_known("a", &nth(ENTRIES)));
        assert_eq!(missing.known.lock().when.len(), ENTRIES);
    }
}
