//! One request's way through the backends: who was asked, what came of it, who is next.

use std::sync::Arc;

use nntp::command::{Class, Request};
use tokio::time::{Duration, Instant};

use super::BackendSelector;
use crate::backend::{Availability, Backend};
use crate::error::Error;

/// How much one backend may fail a request before it is given up on: it may lose a connection six
/// times, or be silent or wrong twice.
const PATIENCE: u8 = 18;
/// To lose a connection under the request.
const LOST: u8 = 3;
/// To lose it under an earlier one, on which this one waited.
const LOST_BEFORE: u8 = 1;
/// To be silent or wrong.
const SILENT: u8 = 9;
/// The pause after the second connection that was lost; it doubles with each further one.
const BREATH: Duration = Duration::from_millis(5);
/// How long a request may take, over all backends, without a byte of progress; longer only where a
/// provider is given so long that it could not be asked twice.
const DEADLINE: Duration = Duration::from_secs(60);
/// How long a request waits when every backend that could serve it is down.
const OUTAGE: Duration = Duration::from_secs(15);
/// A backend that went down this short a time ago is waited for before an article is called missing.
const HICCUP: Duration = Duration::from_secs(10);
/// How long a request waits for a first connection, while another backend might have one.
const FIRST_CONNECTION: Duration = Duration::from_millis(400);
/// How long it waits for a busy backend, while another might serve it.
const BUSY: Duration = Duration::from_secs(2);

/// What to do next with a request.
pub(crate) enum Next {
    /// Ask this one, and wait so long for a connection.
    Ask(Arc<Backend>, Duration),
    /// Nobody can be asked before this moment.
    Wait(Instant),
    /// Every backend that can be used said that it does not have the article.
    Missing,
    /// Nobody can serve it. For each that might have, why not.
    GiveUp(String),
}

/// See the [module](self).
pub(crate) struct Route<'a> {
    selector: &'a BackendSelector,
    article: Option<Vec<u8>>,
    candidates: Vec<Candidate>,
    /// Only the candidate can serve it: article numbers are its own.
    bound: bool,
    began: Instant,
}

#[derive(Clone)]
struct Candidate {
    backend: Arc<Backend>,
    /// Its place in the settings where that decides, else 0.
    order: usize,
    answer: Answer,
    failings: u8,
    /// After some failings it is left alone for a moment.
    rests_until: Option<Instant>,
    /// It was asked with little patience, since another might serve the request.
    hurried: bool,
    /// Had no connection in time, while another might have had one.
    skipped: u8,
    why: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    None,
    Missing,
    Unable,
}

impl<'a> Route<'a> {
    /// The way of `request`. Articles go to the backend that is least busy. Other requests go to
    /// `home`, where the client's group is, or to the first in the settings: lists of groups and
    /// overview formats differ between providers, and a client is to see one of them.
    pub(crate) fn new(
        selector: &'a BackendSelector,
        request: &Request,
        home: Option<&Arc<Backend>>,
    ) -> Self {
        let by_id = matches!(request.class(), Class::ById);
        let order = |(at, backend): (usize, &Arc<Backend>)| match home {
            _ if by_id => Candidate::new(backend, 0),
            Some(home) if Arc::ptr_eq(home, backend) => Candidate::new(backend, 0),
            _ => Candidate::new(backend, at + 1),
        };
        let article = request.message_id().filter(|_| by_id).map(|id| id.as_bytes().to_vec());
        let mut candidates: Vec<_> = selector.backends().iter().enumerate().map(order).collect();
        candidates.sort_by_key(|candidate| candidate.backend.config().tier);
        Self { selector, article, candidates, bound: false, began: Instant::now() }
    }

    /// The way of a request that only `home` can serve.
    pub(crate) fn only(selector: &'a BackendSelector, home: &Arc<Backend>) -> Self {
        let candidates = vec![Candidate::new(home, 0)];
        Self { selector, article: None, candidates, bound: true, began: Instant::now() }
    }

    /// Who is to be asked now.
    pub(crate) fn next(&mut self) -> Next {
        if self.candidates.iter().any(|candidate| candidate.backend.is_retired()) {
            self.renew();
        }
        let now = Instant::now();
        if now >= self.deadline() {
            return Next::GiveUp(self.reasons());
        }
        let tiers = self.candidates.chunk_by(|a, b| a.tier() == b.tier());
        let next = tiers.into_iter().find_map(|tier| self.next_in(tier));
        let next = next.unwrap_or_else(|| self.conclude(now));
        if let Next::Ask(backend, patience) = &next {
            let hurried = *patience < backend.config().limits.turn;
            self.note(&Arc::clone(backend), |candidate| candidate.hurried = hurried);
        }
        next
    }

    /// The settings were changed on the way: what is known of those that stayed is kept.
    fn renew(&mut self) {
        let old = std::mem::take(&mut self.candidates);
        let wanted: Vec<_> = if self.bound {
            old.iter().filter_map(|c| self.selector.successor(&c.backend)).collect()
        } else {
            self.selector.backends().to_vec()
        };
        let known = |new: &Arc<Backend>| old.iter().find(|old| Arc::ptr_eq(&old.backend, new));
        let order = |new: &Arc<Backend>, at| {
            let before = |old: &&Candidate| old.backend.config().is_same_server(new.config());
            old.iter().find(before).map_or(at + 1, |old| old.order)
        };
        let new = wanted.iter().enumerate().map(|(at, new)| {
            known(new).cloned().unwrap_or_else(|| Candidate::new(new, order(new, at)))
        });
        self.candidates = new.collect();
        self.candidates.sort_by_key(Candidate::tier);
    }

    fn deadline(&self) -> Instant {
        let turns = self.candidates.iter().map(|c| c.backend.config().limits.turn * 2);
        self.began + turns.max().unwrap_or_default().max(DEADLINE)
    }

    /// Who is next in a tier; none when it can say nothing more.
    fn next_in(&self, tier: &[Candidate]) -> Option<Next> {
        let up = || tier.iter().filter(|c| c.is_open() && c.not_before().is_none());
        let ready = || up().filter(|c| c.rests().is_none());
        if let Some(chosen) = ready().min_by_key(|c| self.rank(c)) {
            // One that has no connection yet may turn out to be dead: nobody waits for it while
            // another has one.
            let proven = ready().filter(|c| c.backend.is_proven()).min_by_key(|c| self.rank(c));
            let untried = || ready().filter(|c| !c.backend.is_proven());
            untried().for_each(|c| c.backend.warm_up());
            let as_good = |c: &&Candidate| c.order == chosen.order && c.failings <= chosen.failings;
            let chosen = proven.filter(as_good).unwrap_or(chosen);
            // Where the order decides, the first is waited for: lists come from one provider.
            let equal = |c: &&Candidate| c.order == chosen.order && c.skipped <= chosen.skipped;
            let alternative = ready().filter(equal).any(|c| !c.is(chosen));
            let patience = match alternative && chosen.skipped == 0 {
                true if chosen.backend.is_proven() => BUSY,
                true => FIRST_CONNECTION,
                false => chosen.backend.config().limits.turn,
            };
            return Some(Next::Ask(Arc::clone(&chosen.backend), patience));
        }
        if let Some(at) = up().filter_map(Candidate::rests).min() {
            return Some(self.wait(at));
        }
        let required = tier.iter().filter(|c| c.is_open() && c.backend.config().required);
        let at = required.filter_map(Candidate::not_before).min()?;
        Some(self.wait(at))
    }

    fn rank(&self, candidate: &Candidate) -> impl Ord + use<> {
        let id = &candidate.backend.config().id;
        let known = self.article.as_ref().is_some_and(|a| self.selector.missing.is_known(id, a));
        (
            candidate.skipped,
            candidate.order,
            candidate.failings,
            candidate.backend.is_unable(),
            known,
            candidate.backend.load(),
        )
    }

    /// Nobody is left to ask at this moment.
    fn conclude(&self, now: Instant) -> Next {
        let missing = self.candidates.iter().any(|c| c.answer == Answer::Missing);
        let failed = self.candidates.iter().any(|c| c.has_failed());
        let down = || self.candidates.iter().filter(|c| c.is_open());
        let hiccup = |c: &&Candidate| c.backend.down_for().is_some_and(|time| time < HICCUP);
        let until = if missing {
            down().filter(hiccup).filter_map(Candidate::not_before).min()
        } else {
            down().filter_map(Candidate::not_before).min()
        };
        match until {
            Some(at) if at <= self.began + OUTAGE => Next::Wait(at.max(now)),
            _ if missing && !failed => Next::Missing,
            _ => Next::GiveUp(self.reasons()),
        }
    }

    fn wait(&self, at: Instant) -> Next {
        if at <= self.deadline() { Next::Wait(at) } else { Next::GiveUp(self.reasons()) }
    }

    fn reasons(&self) -> String {
        if self.candidates.is_empty() && self.bound {
            return "this provider was taken out of the settings".to_owned();
        }
        let reason = |c: &Candidate| {
            let why = if c.why.is_empty() { c.backend.why() } else { c.why.clone() };
            (!why.is_empty()).then(|| format!("{}: {why}", c.backend.config().name))
        };
        self.candidates.iter().filter_map(reason).collect::<Vec<_>>().join("; ")
    }

    /// The client has got a part of the reply: the clocks begin anew.
    pub(crate) fn progressed(&mut self) {
        self.began = Instant::now();
    }

    /// The backend does not have the article.
    pub(crate) fn missing(&mut self, backend: &Arc<Backend>) {
        if let Some(article) = &self.article {
            self.selector.missing.remember(&backend.config().id, article);
        }
        self.note(backend, |candidate| candidate.answer = Answer::Missing);
    }

    /// The backend answers, but cannot serve this.
    pub(crate) fn unable(&mut self, backend: &Arc<Backend>, why: String) {
        self.note(backend, |candidate| {
            candidate.answer = Answer::Unable;
            candidate.why = why;
        });
    }

    /// The backend failed.
    pub(crate) fn failed(&mut self, backend: &Arc<Backend>, error: &Error) {
        self.note(backend, |candidate| {
            candidate.failings += match error {
                Error::TimedOut("a free connection") if candidate.hurried => {
                    candidate.skipped = 1;
                    0
                }
                Error::TimedOut(_) | Error::Unexpected(_) | Error::NotTheSame => SILENT,
                Error::TurnLost => LOST_BEFORE,
                // That was the client.
                Error::Overrun => 0,
                _ => LOST,
            };
            let lost = u32::from(candidate.failings / LOST);
            let pause = lost.checked_sub(2).map(|more| BREATH * 2_u32.saturating_pow(more));
            candidate.rests_until = pause.map(|pause| Instant::now() + pause);
            candidate.why = error.to_string();
        });
    }

    fn note(&mut self, backend: &Arc<Backend>, note: impl FnOnce(&mut Candidate)) {
        let found = self.candidates.iter_mut().find(|c| Arc::ptr_eq(&c.backend, backend));
        if let Some(candidate) = found {
            note(candidate);
        }
    }
}

impl Candidate {
    fn new(backend: &Arc<Backend>, order: usize) -> Self {
        let (answer, why) = (Answer::None, String::new());
        Self {
            backend: Arc::clone(backend),
            order,
            answer,
            failings: 0,
            rests_until: None,
            hurried: false,
            skipped: 0,
            why,
        }
    }

    fn tier(&self) -> u8 {
        self.backend.config().tier
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.backend, &other.backend)
    }

    /// Whether asking it may still help.
    fn is_open(&self) -> bool {
        self.answer == Answer::None && self.failings < PATIENCE
    }

    /// Until when it cannot be asked.
    fn not_before(&self) -> Option<Instant> {
        match self.backend.availability() {
            Availability::Ready => None,
            Availability::NotBefore(at) => Some(at),
        }
    }

    /// Until when it is left alone, if it is.
    fn rests(&self) -> Option<Instant> {
        self.rests_until.filter(|at| *at > Instant::now())
    }

    /// It can be used, and yet did not answer: nobody knows whether it has the article.
    fn has_failed(&self) -> bool {
        self.answer == Answer::None && self.failings >= PATIENCE && self.not_before().is_none()
    }
}
