//! One request's route through the backends: who was asked, what they answered, and who is next.

use std::sync::Arc;

use nntp::command::{Class, Request};
use tokio::time::{Duration, Instant};
use tracing::debug;

use super::BackendSelector;
use super::candidate::{Answer, Candidate};
use crate::backend::{Availability, Backend, SHARE_AFTER, Standing};
use crate::error::Error;

/// After this many losses, a backend that is set aside is no longer waited for.
const ENOUGH: u8 = 4;
/// The tier after all those of the settings.
const LAST: u16 = u16::MAX;
/// How long a request waits while every backend that could serve it is down.
const OUTAGE: Duration = Duration::from_secs(15);
/// How long a request waits where logins are rationed. Its program may have given up by then.
const RATION: Duration = Duration::from_secs(120);
/// If a backend went down less than this ago, wait for it before reporting an article as missing.
const SHORT_OUTAGE: Duration = Duration::from_secs(10);
/// How long a request waits for a first connection before checking whether another backend has one.
const FIRST_CONNECTION: Duration = Duration::from_millis(400);

/// The next step of a request.
pub(crate) enum Next {
    /// Ask this backend.
    Ask(Arc<Backend>),
    /// No backend can be asked before this moment.
    Wait(Instant),
    /// Every usable backend said that it does not have the article.
    Missing,
    /// Nobody can serve it. The text says why, for each backend.
    GiveUp(String),
}

/// The route of one request. See the [module](self).
pub(crate) struct Route<'a> {
    selector: &'a BackendSelector,
    /// The request, if it names an article by message-id.
    article: Option<&'a Request>,
    candidates: Vec<Candidate>,
    /// Whether only this candidate can serve it, because article numbers are its own.
    bound: bool,
    /// How long it has waited while nobody could be asked.
    idled: Duration,
}

impl<'a> Route<'a> {
    /// Creates the route of `request`. Articles go to the least busy backend. Other requests go to
    /// `home`, where the client's group is, or to the first in the settings: group lists and overview
    /// formats differ between providers, and a client should see only one. Requests for another group
    /// go to lower tiers than that of `home` first.
    pub(crate) fn new(
        selector: &'a BackendSelector,
        request: &'a Request,
        home: Option<&Arc<Backend>>,
    ) -> Self {
        let by_id = matches!(request.class(), Class::ById);
        let lists = matches!(request.class(), Class::Stateless);
        let order = |(at, backend): (usize, &Arc<Backend>)| match home {
            _ if by_id => Candidate::new(backend, 0),
            Some(home) if Arc::ptr_eq(home, backend) => {
                let tier = if lists { 0 } else { backend.config().tier.into() };
                Candidate { tier, ..Candidate::new(backend, 0) }
            }
            _ => Candidate::new(backend, at + 1),
        };
        let article = by_id.then_some(request);
        let mut candidates: Vec<_> = selector.backends().iter().enumerate().map(order).collect();
        candidates.sort_by_key(Candidate::tier);
        Self::of(selector, article, candidates)
    }

    /// Creates the route of a request that only `home` can serve.
    pub(crate) fn only(selector: &'a BackendSelector, home: &Arc<Backend>) -> Self {
        Self { bound: true, ..Self::of(selector, None, vec![Candidate::new(home, 0)]) }
    }

    fn of(
        selector: &'a BackendSelector,
        article: Option<&'a Request>,
        candidates: Vec<Candidate>,
    ) -> Self {
        Self { selector, article, candidates, bound: false, idled: Duration::ZERO }
    }

    /// Restricts the route to `home`.
    pub(crate) fn bind(&mut self, home: &Arc<Backend>) {
        self.candidates.retain(|candidate| Arc::ptr_eq(&candidate.backend, home));
        self.bound = true;
    }

    /// Moves `backend` behind all others. Returns false if no other is left.
    pub(crate) fn postpone(&mut self, backend: &Arc<Backend>) -> bool {
        self.update(backend, |candidate| candidate.tier = LAST);
        self.candidates.sort_by_key(Candidate::tier);
        let now = Instant::now();
        let may_be_asked = |c: &Candidate| c.tier != LAST && c.is_ready(now) && self.may_use(c);
        self.candidates.iter().any(may_be_asked)
    }

    /// Moves all others behind `backend`.
    pub(crate) fn prefer(&mut self, backend: &Arc<Backend>) {
        let others = self.candidates.iter_mut().filter(|c| !Arc::ptr_eq(&c.backend, backend));
        others.for_each(|other| other.tier = LAST);
        self.candidates.sort_by_key(Candidate::tier);
    }

    /// Returns the next step.
    pub(crate) fn next(&mut self) -> Next {
        let now = self.refresh();
        let tiers = self.candidates.chunk_by(|a, b| a.tier() == b.tier());
        let next = tiers.into_iter().find_map(|tier| self.next_in(tier, now));
        next.unwrap_or_else(|| self.conclude(now))
    }

    /// Takes one consistent view of each backend, and says when.
    fn refresh(&mut self) -> Instant {
        let now = Instant::now();
        self.candidates.iter_mut().for_each(|c| c.standing = c.backend.standing(now));
        let retired = |c: &Candidate| c.standing.availability == Availability::Retired;
        if self.candidates.iter().any(retired) {
            self.renew();
        }
        now
    }

    /// Whether another backend would serve the request sooner than `backend`, in whose line it waits.
    pub(crate) fn has_better_than(&mut self, backend: &Arc<Backend>) -> bool {
        let now = self.refresh();
        let Some(this) = self.candidates.iter().find(|c| Arc::ptr_eq(&c.backend, backend)) else {
            return true;
        };
        let sooner =
            |other: &Candidate| other.is_proven() && (other.standing.idle || !this.is_proven());
        let as_good = |other: &&Candidate| {
            (other.tier(), other.order) == (this.tier(), this.order)
                && other.failures.total() <= this.failures.total()
                && other.standing.unable <= this.standing.unable
                && !other.is(this)
        };
        let ready = |other: &Candidate| other.is_ready(now) && self.may_use(other);
        self.candidates.iter().filter(as_good).any(|other| ready(other) && sooner(other))
    }

    /// Whether any provider serves requests now, if not this one.
    pub(crate) fn somebody_serves(&self) -> bool {
        let answered = |c: &Candidate| c.has_answered() || c.standing.serves;
        let others = || self.selector.backends();
        self.candidates.iter().any(answered)
            || others().iter().any(|b| !self.is_candidate(b) && b.standing(Instant::now()).serves)
    }

    fn is_candidate(&self, backend: &Arc<Backend>) -> bool {
        self.candidates.iter().any(|c| Arc::ptr_eq(&c.backend, backend))
    }

    /// How long to wait in the line of `backend` before asking
    /// [`has_better_than`](Self::has_better_than).
    pub(crate) fn patience(&self, backend: &Arc<Backend>) -> Duration {
        let asked = self.candidates.iter().find(|c| Arc::ptr_eq(&c.backend, backend));
        let proven = asked.is_none_or(|c| c.is_proven());
        if proven { SHARE_AFTER } else { FIRST_CONNECTION }
    }

    /// Whether `backend` has not been silent on this request yet, so that another connection may help.
    pub(crate) fn may_ask_again(&self, backend: &Arc<Backend>) -> bool {
        let asked = self.candidates.iter().find(|c| Arc::ptr_eq(&c.backend, backend));
        asked.is_some_and(|c| c.failures.wrong == 0)
    }

    /// Follows a settings change, keeping what is known about unchanged backends.
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

    /// Returns who is next in a tier; `None` if nobody in it can help any more.
    fn next_in(&self, tier: &[Candidate], now: Instant) -> Option<Next> {
        let ready = || tier.iter().filter(|c| c.is_ready(now) && self.may_use(c));
        if let Some(chosen) = self.best(ready()) {
            // A backend without a connection may be dead, so it is dialled beside the request.
            ready().filter(|c| !c.is_proven()).for_each(|c| c.backend.warm_up());
            return Some(Next::Ask(Arc::clone(&chosen.backend)));
        }
        let open = || tier.iter().filter(|c| c.is_open() && self.may_use(c));
        if let Some(at) =
            open().filter(|c| c.not_before().is_none()).filter_map(|c| c.rests_until).min()
        {
            return Some(Next::Wait(at));
        }
        let required = open().filter(|c| c.backend.config().required);
        required.filter_map(Candidate::not_before).min().map(Next::Wait)
    }

    fn best<'c>(&self, mut ready: impl Iterator<Item = &'c Candidate>) -> Option<&'c Candidate> {
        let first = ready.next()?;
        let Some(second) = ready.next() else { return Some(first) };
        [first, second].into_iter().chain(ready).min_by_key(|c| self.rank(c))
    }

    fn rank(&self, candidate: &Candidate) -> impl Ord + use<> {
        let id = &candidate.backend.config().id;
        let known = self.article.is_some_and(|article| self.selector.missing.is_known(id, article));
        let Standing { unable, confidence, work, load, .. } = candidate.standing;
        (candidate.order, candidate.failures.total(), unable, confidence, known, work, load)
    }

    /// Decides what to do when nobody can be asked at this moment.
    fn conclude(&mut self, now: Instant) -> Next {
        let missing = self.candidates.iter().any(Candidate::has_answered);
        // One whose volume is reserved might have the article, as long as others have not answered.
        let kept = |c: &Candidate| c.is_open() && !self.may_use(c);
        let waits = |c: &Candidate| c.is_open() && c.is_rationed();
        let failed = self.candidates.iter().any(|c| c.has_failed() || kept(c) || waits(c));
        // A backend that keeps failing this request is not waited for.
        let down = || self.candidates.iter().filter(|c| c.is_open() && c.failures.lost < ENOUGH);
        let hiccup = |c: &&Candidate| {
            c.is_rationed() || c.standing.down_for.is_some_and(|time| time < SHORT_OUTAGE)
        };
        // One that serves a request for each login is slow, which is no outage.
        let slow = !missing && down().any(Candidate::is_rationed);
        let until = if missing {
            down().filter(hiccup).filter_map(Candidate::not_before).min()
        } else {
            down().filter_map(Candidate::not_before).min()
        };
        let most = if slow { RATION } else { OUTAGE };
        match until.map(|at| (at, self.idled + at.saturating_duration_since(now))) {
            Some((at, idled)) if idled <= most => {
                self.idled = idled;
                Next::Wait(at)
            }
            _ if missing && !failed => Next::Missing,
            _ => Next::GiveUp(self.reasons()),
        }
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

    /// Records that the backend cannot answer the request, so that others are asked.
    pub(crate) fn refused(&mut self, backend: &Arc<Backend>) {
        self.update(backend, |candidate| candidate.answer = Answer::Refused);
    }

    /// Records that the backend does not have the article. Others of its backbone are skipped, but for a
    /// few that check whether they really have the same articles.
    pub(crate) fn missing(&mut self, backend: &Arc<Backend>) {
        self.update(backend, |candidate| candidate.answer = Answer::Missing);
        if let Some(article) = self.article {
            self.selector.missing.remember(&backend.config().id, article);
        }
        let config = backend.config();
        let unasked = |c: &&mut Candidate| c.answer == Answer::None && !c.checks_sibling;
        let siblings = self.candidates.iter_mut().filter(unasked);
        for sibling in siblings.filter(|c| c.backend.config().is_sibling(config)) {
            if self.selector.is_check_due() {
                sibling.checks_sibling = true;
            } else {
                debug!(provider = sibling.backend.config().name, "skipped: same backbone");
                sibling.answer = Answer::Skipped;
            }
        }
    }

    /// Whether the backend is asked to check that providers of one backbone have the same articles.
    pub(crate) fn checks_sibling(&self, backend: &Arc<Backend>) -> bool {
        self.candidates.iter().any(|c| Arc::ptr_eq(&c.backend, backend) && c.checks_sibling)
    }

    /// The backends that said that they do not have the article.
    pub(crate) fn lacking(&self) -> impl Iterator<Item = &Arc<Backend>> {
        let lacking = self.candidates.iter().filter(|c| c.answer == Answer::Missing);
        lacking.map(|c| &c.backend)
    }

    /// Whether there are others than `backend`, and none of them has the article.
    pub(crate) fn only_has(&self, backend: &Arc<Backend>) -> bool {
        let lacks = |c: &Candidate| matches!(c.answer, Answer::Missing | Answer::Skipped);
        self.candidates.len() > 1 && self.others(backend).all(lacks)
    }

    /// Whether no other backend can serve the request, but for those that keep the rest of their volume
    /// too.
    pub(crate) fn is_last_resort(&self, backend: &Arc<Backend>) -> bool {
        let cannot = |c: &Candidate| c.answer != Answer::None || c.is_used_up() || c.is_reserved();
        self.others(backend).all(cannot)
    }

    fn others(&self, backend: &Arc<Backend>) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter().filter(move |c| !Arc::ptr_eq(&c.backend, backend))
    }

    /// Whether the account's volume allows it to be asked.
    fn may_use(&self, candidate: &Candidate) -> bool {
        !candidate.is_reserved() || self.is_last_resort(&candidate.backend)
    }

    /// Records that the backend cannot serve the request.
    pub(crate) fn unable(&mut self, backend: &Arc<Backend>, why: String) {
        self.update(backend, |candidate| {
            candidate.answer = Answer::Unable;
            candidate.why = why;
        });
    }

    /// Records a failure.
    pub(crate) fn failed(&mut self, backend: &Arc<Backend>, error: &Error) {
        self.update(backend, |candidate| {
            // The request moved to another backend, which is asked now.
            if matches!(error, Error::Busy) {
                candidate.rests_until = Some(Instant::now() + SHARE_AFTER);
                return;
            }
            candidate.failures.count(error);
            candidate.rests_until = candidate.failures.pause().map(|pause| Instant::now() + pause);
            candidate.why = error.to_string();
        });
    }

    fn update(&mut self, backend: &Arc<Backend>, change: impl FnOnce(&mut Candidate)) {
        let found = self.candidates.iter_mut().find(|c| Arc::ptr_eq(&c.backend, backend));
        if let Some(candidate) = found {
            change(candidate);
        }
    }
}
