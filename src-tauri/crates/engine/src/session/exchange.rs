//! One request and its reply, over all attempts: what providers have said, how far the client's part goes,
//! and what of it counts for the statistics.

use std::sync::Arc;

use nntp::command::{Request, Verb};
use nntp::date::Age;

use super::ClientSession;
use super::pending_reply::PendingReply;
use super::resume::Progress;
use crate::backend::{Backend, Claim, Counters, PriorRefusals, Urgency};
use crate::calendar::seconds_now;
use crate::error::Error;
use crate::router::Route;

/// The assumed size of a reply that is not an article, in bytes.
const SMALL: usize = 1024;

/// One request and the reply that its client waits for.
pub(super) struct Exchange<'a> {
    pub(super) request: &'a Request,
    pub(super) pending: &'a mut PendingReply,
    pub(super) progress: Progress,
    /// What backends replied that is not final the first time.
    prior: Vec<(Arc<Backend>, PriorRefusals)>,
    pub(super) delivered: Option<Delivered>,
    /// Whether another connection may help if this one is silent.
    pub(super) hurried: bool,
}

/// An article that was delivered whole.
pub(super) struct Delivered {
    /// Its age, if the headers tell it.
    pub(super) age: Option<Age>,
    /// Whether it continues one that broke off.
    pub(super) resumed: bool,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(request: &'a Request, pending: &'a mut PendingReply) -> Self {
        let progress = Progress::of(request);
        pending.answers(request.verb());
        Self { request, pending, progress, prior: Vec::new(), delivered: None, hurried: false }
    }

    /// Returns what a backend replied to this request before.
    pub(super) fn prior(&self, backend: &Arc<Backend>) -> PriorRefusals {
        let before = self.prior.iter().find(|(who, _)| Arc::ptr_eq(who, backend));
        before.map(|(_, prior)| *prior).unwrap_or_default()
    }

    /// Remembers a backend's reply, if it is why the request failed there.
    pub(super) fn failed(&mut self, backend: &Arc<Backend>, error: &Error) {
        let mut prior = self.prior(backend);
        prior.login_needed |= matches!(error, Error::LoginNeeded | Error::ModeReaderNeeded);
        prior.farewell |= matches!(error, Error::Farewell { first: true, .. });
        if prior == self.prior(backend) {
            return;
        }
        self.prior.retain(|(who, _)| !Arc::ptr_eq(who, backend));
        self.prior.push((Arc::clone(backend), prior));
    }

    /// Returns the request's claim for the waiting line.
    pub(super) fn claim(&self, session: &ClientSession, last_resort: bool) -> Claim {
        let (client, priority) = (&session.client, session.traffic.priority_of(&session.client));
        let (urgency, cost) = match self.request.verb() {
            Verb::Article | Verb::Body if self.pending.is_first() => {
                (Urgency::Bulk, self.pending.likely_size())
            }
            Verb::Article | Verb::Body => (Urgency::ReadAhead, self.pending.likely_size()),
            // An upload is an article, too.
            Verb::Post | Verb::IHave | Verb::TakeThis => {
                (Urgency::Bulk, self.pending.likely_size())
            }
            _ => (Urgency::Interactive, SMALL),
        };
        Claim { program: client.program(), client: client.id, urgency, priority, cost, last_resort }
    }

    /// Prepares another attempt.
    pub(super) async fn begin_again(&mut self, failed: &Error) -> Result<(), Error> {
        if matches!(failed, Error::Overrun) {
            if self.pending.was_seen() {
                self.pending.flush().await?;
            } else {
                self.pending.take_back();
                self.pending.may_fetch(self.request.verb()).await;
            }
        }
        let progress = std::mem::replace(&mut self.progress, Progress::Untracked);
        self.progress = progress.restart(self.request, self.pending)?;
        Ok(())
    }
}

/// What statistics are made of.
impl Exchange<'_> {
    pub(super) fn is_for_article(&self) -> bool {
        matches!(self.request.verb(), Verb::Article | Verb::Body)
    }

    /// Counts the reply that the client got from a backend, if it is an article.
    pub(super) fn count_delivery(&self, backend: &Arc<Backend>, route: &Route<'_>) {
        let Some(Delivered { age, resumed }) = self.delivered else { return };
        let counters = backend.counters();
        Counters::count(&counters.articles);
        backend.account().recent.delivered(self.request);
        if resumed {
            Counters::count(&counters.resumed);
        }
        if route.only_has(backend) {
            Counters::count(&counters.rescued);
        }
        if route.checks_sibling(backend) {
            Counters::count(&counters.siblings_checked);
            Counters::count(&counters.siblings_differed);
        }
        let age = age.or_else(|| self.estimated_age());
        age.into_iter().for_each(|age| counters.delivered_by_age.count(age));
        self.count_ages_of_missing(route, age);
    }

    /// Counts a backend's reply that it does not have the article.
    pub(super) fn count_missing(&self, backend: &Arc<Backend>, route: &Route<'_>) {
        let counters = backend.counters();
        Counters::count(&counters.missing);
        if !self.is_for_article() {
            return;
        }
        Counters::count(&counters.articles_missing);
        if route.checks_sibling(backend) {
            Counters::count(&counters.siblings_checked);
        }
    }

    /// Counts the age of an article for the backends that lack it.
    pub(super) fn count_ages_of_missing(&self, route: &Route<'_>, age: Option<Age>) {
        if !self.is_for_article() {
            return;
        }
        let Some(age) = age.or_else(|| self.estimated_age()) else { return };
        route.lacking().for_each(|backend| backend.counters().missing_by_age.count(age));
    }

    fn estimated_age(&self) -> Option<Age> {
        let id = self.request.message_id()?;
        Age::by_message_id(id.as_bytes(), seconds_now())
    }
}
