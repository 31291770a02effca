//! Remembers which articles an account delivered last, so that they can be requested again to measure
//! its speed. It is kept in memory only, and neither logged nor shown.

use nntp::command::Request;

use crate::lock::Lock;

/// How many articles to remember.
const MOST: usize = 256;
/// A longer request is not remembered. Message-ids have at most 250 bytes (RFC 3977, section 3.6).
const LONGEST: usize = 300;

/// The requests for the last articles. See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Recent(Lock<Ring>);

#[derive(Default)]
struct Ring {
    /// Each is written over in place, so that remembering one allocates nothing.
    lines: Vec<Vec<u8>>,
    next: usize,
}

impl Recent {
    /// Remembers a request by message-id whose article was delivered whole.
    pub(crate) fn delivered(&self, request: &Request) {
        let line = request.wire();
        if request.message_id().is_none() || line.len() > LONGEST {
            return;
        }
        let mut ring = self.0.lock();
        let at = ring.next;
        ring.next = (at + 1) % MOST;
        match ring.lines.get_mut(at) {
            Some(old) => {
                old.clear();
                old.extend_from_slice(line);
            }
            None => ring.lines.push(line.to_vec()),
        }
    }

    /// The remembered requests, each with its line end, none twice.
    pub(crate) fn requests(&self) -> Vec<Vec<u8>> {
        let mut lines = self.0.lock().lines.clone();
        lines.sort_unstable();
        lines.dedup();
        lines
    }
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring").field("articles", &self.lines.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> Request {
        Request::parse(format!("{line}\r\n").into_bytes().into()).unwrap()
    }

    #[test]
    fn the_last_articles_are_remembered_and_nothing_else() {
        let recent = Recent::default();
        recent.delivered(&request("ARTICLE 12"));
        recent.delivered(&request("BODY"));
        recent.delivered(&request(&format!("BODY <{}@x>", "y".repeat(200))));
        assert_eq!(recent.requests().len(), 1);
        for n in 0..MOST + 10 {
            recent.delivered(&request(&format!("BODY <{n}@x>")));
        }
        let lines = recent.requests();
        assert_eq!(lines.len(), MOST);
        assert!(!lines.contains(&b"BODY <9@x>\r\n".to_vec()), "the oldest are forgotten");
        assert!(lines.contains(&b"BODY <10@x>\r\n".to_vec()));
    }

    #[test]
    fn no_message_id_is_printed() {
        let recent = Recent::default();
        recent.delivered(&request("BODY <secret@x>"));
        assert!(!format!("{recent:?}").contains("secret"));
    }
}
