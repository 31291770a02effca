//! One backend as a request's route sees it: how often it was asked, what came of it, and whether asking
//! again may help.

use std::sync::Arc;

use tokio::time::{Duration, Instant};

use crate::backend::{Availability, Backend, Confidence, Standing, Volume};
use crate::error::Error;

/// How many connections to a backend may be lost during this request.
const LOST: u8 = 6;
/// How often a backend may be silent or wrong.
const WRONG: u8 = 2;
/// How many connections may be lost during earlier requests that this one waited behind.
const LOST_BEFORE: u8 = 18;
/// The pause after the second lost connection; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// A backend that may serve a request. See the [module](self).
#[derive(Clone)]
pub(super) struct Candidate {
    pub(super) backend: Arc<Backend>,
    pub(super) tier: u16,
    /// Its place in the settings if that matters, else 0.
    pub(super) order: usize,
    pub(super) answer: Answer,
    pub(super) failures: Failures,
    /// Until when it is left alone after failures.
    pub(super) rests_until: Option<Instant>,
    pub(super) why: String,
    pub(super) standing: Standing,
    /// Whether it is asked although a provider of the same backbone does not have the article.
    pub(super) checks_sibling: bool,
}

/// How often a backend has failed this request.
#[derive(Clone, Copy, Default)]
pub(super) struct Failures {
    pub(super) lost: u8,
    pub(super) wrong: u8,
    pub(super) lost_before: u8,
}

/// What a backend answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    None,
    Missing,
    /// It refuses the request, so nobody knows whether it has the article.
    Refused,
    /// Not asked: a provider of the same backbone does not have the article.
    Skipped,
    Unable,
}

impl Failures {
    pub(super) fn count(&mut self, error: &Error) {
        let counter = match error {
            // It will not be the same when it is asked again.
            Error::NotTheSame => return self.wrong = WRONG,
            Error::TimedOut(_) | Error::Unexpected(_) => &mut self.wrong,
            Error::TurnLost => &mut self.lost_before,
            // The client failed, not the backend.
            Error::Overrun | Error::ClientGone(_) | Error::LetGo => return,
            Error::Busy | Error::Rationed => return,
            Error::ConnectionLost(_)
            | Error::Farewell { .. }
            | Error::LoginNeeded
            | Error::ModeReaderNeeded
            | Error::TooManyConnections
            | Error::Unavailable(_) => &mut self.lost,
        };
        *counter = counter.saturating_add(1);
    }

    /// The pause before asking again, after several lost connections.
    pub(super) fn pause(self) -> Option<Duration> {
        let more = self.lost.checked_sub(2)?;
        Some(FIRST_PAUSE * 2_u32.saturating_pow(more.into()))
    }

    pub(super) const fn total(self) -> u8 {
        self.lost.saturating_add(self.wrong).saturating_add(self.lost_before)
    }

    pub(super) const fn are_enough(self) -> bool {
        self.lost >= LOST || self.wrong >= WRONG || self.lost_before >= LOST_BEFORE
    }
}

impl Candidate {
    pub(super) fn new(backend: &Arc<Backend>, order: usize) -> Self {
        Self {
            backend: Arc::clone(backend),
            tier: backend.config().tier.into(),
            order,
            answer: Answer::None,
            failures: Failures::default(),
            rests_until: None,
            why: String::new(),
            standing: Standing::default(),
            checks_sibling: false,
        }
    }

    pub(super) const fn tier(&self) -> u16 {
        self.tier
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.backend, &other.backend)
    }

    /// Whether asking it again may help.
    pub(super) fn is_open(&self) -> bool {
        self.answer == Answer::None && !self.failures.are_enough() && !self.is_used_up()
    }

    /// Whether it has said that it does not have the article, or that it refuses the request.
    pub(super) fn has_answered(&self) -> bool {
        matches!(self.answer, Answer::Missing | Answer::Refused)
    }

    /// Whether the rest of its account's volume is kept for what no other provider has.
    pub(super) fn is_reserved(&self) -> bool {
        self.standing.volume == Volume::Reserve
    }

    /// Whether nothing is left of its account's volume.
    pub(super) fn is_used_up(&self) -> bool {
        self.standing.volume == Volume::UsedUp
    }

    /// Whether it can be asked now.
    pub(super) fn is_ready(&self, now: Instant) -> bool {
        let rests = self.rests_until.is_some_and(|until| now < until);
        self.is_open() && self.not_before().is_none() && !rests
    }

    pub(super) fn is_proven(&self) -> bool {
        self.standing.confidence == Confidence::Proven
    }

    /// Until when it cannot be asked.
    pub(super) const fn not_before(&self) -> Option<Instant> {
        match self.standing.availability {
            Availability::Ready | Availability::Retired => None,
            Availability::NotBefore(at) | Availability::Rationed(at) => Some(at),
        }
    }

    /// Whether it serves requests, but has to wait for its next login.
    pub(super) const fn is_rationed(&self) -> bool {
        matches!(self.standing.availability, Availability::Rationed(_))
    }

    /// Whether it is usable and yet failed: nobody knows whether it has the article.
    pub(super) fn has_failed(&self) -> bool {
        self.answer == Answer::None && self.failures.are_enough() && self.not_before().is_none()
    }
}
