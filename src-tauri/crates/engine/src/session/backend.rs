//! One request to the backends, until one has answered it. Whatever fails before the client has seen
//! a byte of the reply stays between us and the providers.

use std::sync::Arc;

use bytes::Bytes;
use nntp::command::{Class, Request, Verb};
use nntp::status::StatusLine;
use nntp::verdict::shown;
use tokio::time::{Duration, sleep_until};
use tracing::{debug, info};

use super::ClientSession;
use super::clock::date_reply;
use super::error_classification::{Meaning, classify, is_showable, words};
use super::streaming::{Output, Progress, relay};
use crate::backend::{Backend, Claim, Counters, PriorRefusals, Reply, Urgency, Waiting};
use crate::clients::Client;
use crate::error::{Advice, Blame, Error};
use crate::events::Event;
use crate::router::{Next, Route};

/// About what a reply takes that is no article, in bytes.
const SMALL: usize = 1024;

/// What came of asking one backend.
pub(super) enum Outcome {
    /// The client has the reply, or will when its queue is written.
    Delivered,
    /// The backend does not have the article.
    Missing(StatusLine),
    /// The backend refuses this request.
    Refused(StatusLine),
    /// Ask the same backend again: it may know another command with the same answer.
    TryAlternative,
    /// The backend cannot do it now.
    Unable(StatusLine),
}

/// One request on its way.
pub(super) struct Errand<'a> {
    pub(super) request: &'a Request,
    pub(super) output: &'a mut Output,
    pub(super) progress: Progress,
    /// What backends have said that is not an answer the first time.
    prior: Vec<(Arc<Backend>, PriorRefusals)>,
}

impl<'a> Errand<'a> {
    pub(super) fn new(request: &'a Request, output: &'a mut Output) -> Self {
        let progress = Progress::of(request.verb());
        output.answers(request.verb());
        Self { request, output, progress, prior: Vec::new() }
    }

    /// What a backend has said to it before.
    pub(super) fn prior(&self, backend: &Arc<Backend>) -> PriorRefusals {
        let before = self.prior.iter().find(|(who, _)| Arc::ptr_eq(who, backend));
        before.map(|(_, prior)| *prior).unwrap_or_default()
    }

    /// Remembers what a backend has said, if that was why the request failed there.
    pub(super) fn failed(&mut self, backend: &Arc<Backend>, error: &Error) {
        let Error::Dismissed { status, fresh } = error else { return };
        let mut prior = self.prior(backend);
        match status.code().get() {
            401 | 480 => prior.login_needed = true,
            _ => prior.farewell |= *fresh,
        }
        self.prior.retain(|(who, _)| !Arc::ptr_eq(who, backend));
        self.prior.push((Arc::clone(backend), prior));
    }

    /// What it claims in the line of those who wait.
    pub(super) fn claim(&self, client: &Client) -> Claim {
        let (urgency, cost) = match self.request.verb() {
            Verb::Article | Verb::Body if self.output.is_first() => {
                (Urgency::Bulk, self.output.expected())
            }
            Verb::Article | Verb::Body => (Urgency::ReadAhead, self.output.expected()),
            _ => (Urgency::Interactive, SMALL),
        };
        Claim { program: client.program(), client: client.id, urgency, cost }
    }

    /// Makes ready for another attempt.
    pub(super) async fn begin_again(&mut self, failed: &Error) -> Result<(), Error> {
        if matches!(failed, Error::Overrun) {
            if self.output.was_seen() {
                self.output.flush().await?;
            } else {
                self.output.take_back();
                self.output.may_fetch(self.request.verb()).await?;
            }
        }
        let progress = std::mem::replace(&mut self.progress, Progress::Untracked);
        self.progress = progress.restart(self.request.verb(), self.output)?;
        Ok(())
    }
}

impl ClientSession {
    /// Finds a backend for a request and sees it through: the per-command way.
    ///
    /// # Errors
    /// When the client has to be let go: it is gone, or its reply was broken off and cannot be
    /// resumed, or nobody can serve it.
    pub(super) async fn route_and_execute_command(
        &self,
        mut route: Route<'_>,
        mut errand: Errand<'_>,
    ) -> Result<(), Error> {
        let by_id = matches!(errand.request.class(), Class::ById);
        let mut refusal = None;
        let mut lacking = false;
        loop {
            let backend = match route.next() {
                Next::Ask(backend) => backend,
                Next::Wait(until) => {
                    sleep_until(until).await;
                    continue;
                }
                Next::Missing if lacking || is_article(errand.request) => {
                    return self.no_such_article(&mut errand);
                }
                Next::Missing => return self.refused_by_all(errand, refusal),
                Next::GiveUp(why) => return self.give_up(errand, refusal, &why),
            };
            if by_id && backend.standing().unable {
                // Its account is used up, and every article would hear the same.
                route.unable(&backend, backend.why());
                continue;
            }
            if by_id && backend.has_no_command_for(errand.request) {
                route.missing(&backend);
                continue;
            }
            let asked = self.execute_command_on_backend(&backend, &mut route, &mut errand).await;
            match asked {
                Ok(Outcome::Delivered) => return Ok(()),
                Ok(Outcome::Missing(_)) => {
                    Counters::count(&backend.counters().missing);
                    lacking = true;
                    route.missing(&backend);
                }
                Ok(Outcome::TryAlternative) => {}
                Ok(Outcome::Refused(status)) if by_id => {
                    debug!(provider = backend.config().name, "refuses: {}", words(&status));
                    route.missing(&backend);
                    refusal.get_or_insert(status);
                }
                Ok(Outcome::Refused(status)) => return self.refused_by_all(errand, Some(status)),
                Ok(Outcome::Unable(status)) => {
                    route.unable(&backend, words(&status));
                    refusal = Some(status);
                }
                Err(error) => {
                    note(&backend, &error);
                    errand.failed(&backend, &error);
                    if error.advice() == Advice::Never {
                        return Err(error);
                    }
                    errand.begin_again(&error).await?;
                    route.failed(&backend, &error);
                }
            }
        }
    }

    /// Takes a turn on a backend and relays its reply: the hot path.
    async fn execute_command_on_backend(
        &self,
        backend: &Arc<Backend>,
        route: &mut Route<'_>,
        errand: &mut Errand<'_>,
    ) -> Result<Outcome, Error> {
        let sent = backend.command_for(errand.request);
        let turn = backend.turn(&errand.claim(&self.client), &sent);
        let mut reply = in_line(turn, backend, route).await?;
        reply.set_prior_refusals(errand.prior(backend));
        let status = reply.status(route.may_ask_again(backend)).await?;
        self.deliver(backend, &mut reply, status, errand).await
    }

    /// Gives a reply to the client, if it is an answer.
    pub(super) async fn deliver(
        &self,
        backend: &Arc<Backend>,
        reply: &mut Reply,
        status: StatusLine,
        errand: &mut Errand<'_>,
    ) -> Result<Outcome, Error> {
        let meaning = classify(backend, reply.request(), &status);
        let status = errand.request.translated(reply.request(), status);
        match meaning {
            Meaning::Missing => return Ok(Outcome::Missing(status)),
            Meaning::Refused => return Ok(Outcome::Refused(status)),
            Meaning::TryAlternative => return Ok(Outcome::TryAlternative),
            Meaning::Unable => return Ok(Outcome::Unable(status)),
            Meaning::Answer => {}
        }
        errand.output.comes_from(backend);
        if !errand.progress.is_behind() {
            errand.output.push(status.to_wire());
        }
        if reply.request().verb() == Verb::Head && errand.request.verb() == Verb::Stat {
            // The headers stay here: the reply reads them away when it is dropped.
            Counters::count(&backend.counters().delivered);
            return Ok(Outcome::Delivered);
        }
        let is_article = matches!(status.code().get(), 220 | 222);
        let stall = backend.config().limits.stall;
        relay(reply, errand.output, &mut errand.progress, stall).await?;
        errand.output.is_whole(errand.request.verb());
        Counters::count(&backend.counters().delivered);
        if is_article {
            Counters::count(&backend.counters().articles);
            self.client.was_given_article();
        }
        Ok(Outcome::Delivered)
    }

    fn no_such_article(&self, errand: &mut Errand<'_>) -> Result<(), Error> {
        if errand.output.was_seen() {
            return Err(Error::NotTheSame);
        }
        self.events.tell(|| Event::NotFound { client: self.client.name() });
        errand.output.push(Bytes::from_static(b"430 No provider has this article\r\n"));
        Ok(())
    }

    /// Every backend that was asked refused the request: the client gets the words of one, and goes on.
    fn refused_by_all(&self, errand: Errand<'_>, refusal: Option<StatusLine>) -> Result<(), Error> {
        let Errand { request, output, .. } = errand;
        output.push(
            refusal.map_or(Bytes::from_static(b"503 No provider supports this\r\n"), |status| {
                shown(request, &status).to_wire()
            }),
        );
        Ok(())
    }

    /// Nobody could serve the request. A refusal is shown where clients can live with it; else the client
    /// is told that we cannot go on, so that it asks again later instead of calling the article missing.
    pub(super) fn give_up(
        &self,
        errand: Errand<'_>,
        refusal: Option<StatusLine>,
        why: &str,
    ) -> Result<(), Error> {
        let Errand { request, output, .. } = errand;
        if output.was_seen() {
            return Err(Error::NotTheSame);
        }
        self.events.tell(|| Event::RequestFailed {
            client: self.client.name(),
            verb: format!("{:?}", request.verb()).to_uppercase(),
            why: refusal.as_ref().map_or_else(|| reason(why).to_owned(), words),
        });
        match refusal {
            Some(status) if is_showable(request) => output.push(shown(request, &status).to_wire()),
            _ if request.verb() == Verb::Date => {
                output.push(date_reply(std::time::SystemTime::now()))
            }
            _ => {
                output.push(sorry(why));
                output.close_after();
            }
        }
        Ok(())
    }
}

/// Waits for a connection for as long as none is to be had sooner elsewhere.
///
/// # Errors
/// [`Error::Busy`] when another backend would be sooner; else why there is none.
pub(super) async fn in_line<T>(
    mut waiting: Waiting<T>,
    backend: &Arc<Backend>,
    route: &mut Route<'_>,
) -> Result<T, Error> {
    loop {
        if let Some(answer) = waiting.answer(route.patience(backend)).await {
            return answer;
        }
        backend.wake();
        if let Some(answer) = waiting.answer(Duration::ZERO).await {
            return answer;
        }
        if route.has_better_than(backend) {
            return Err(Error::Busy);
        }
    }
}

fn is_article(request: &Request) -> bool {
    request.verb().names_article()
}

/// Logs a failure as loudly as it deserves.
pub(super) fn note(backend: &Backend, error: &Error) {
    let provider = &backend.config().name;
    match error.blame() {
        Blame::Client | Blame::Us => debug!(provider, "{error}"),
        // That was said when the dial failed.
        Blame::Provider if matches!(error, Error::Unavailable(_)) => debug!(provider, "{error}"),
        Blame::Provider => {
            Counters::count(&backend.counters().failures);
            info!(provider, "{error}; trying again");
            backend.tell_retried(error);
        }
    }
}

/// The reply that ends a session for which there is no provider (RFC 3977, section 3.2.1: 400).
pub(super) fn sorry(why: &str) -> Bytes {
    let plain: String =
        reason(why).chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' }).collect();
    let short = plain.get(..400).unwrap_or(&plain);
    format!("400 Newsmux: {short}\r\n").into()
}

fn reason(why: &str) -> &str {
    if why.is_empty() { "no provider is set up: add one in the settings" } else { why }
}
