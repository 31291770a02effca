//! Sends one request to backends until one of them answers. Failures before the client has seen a byte
//! of the reply stay between the engine and the providers.

use std::sync::Arc;

use bytes::Bytes;
use nntp::command::{Class, Verb};
use nntp::status::StatusLine;
use nntp::verdict::shown;
use tokio::time::{Duration, Instant, sleep_until};
use tracing::{debug, info};

use super::ClientSession;
use super::clock::date_reply;
use super::error_classification::{Meaning, classify, is_showable, words};
use super::exchange::{Delivered, Exchange};
use super::exclusive::Alone;
use super::selected::Selected;
use super::stateful::OwnTurn;
use super::streaming::relay;
use crate::backend::{Backend, Counters, Reply, Waiting};
use crate::error::{Advice, Blame, Error};
use crate::events::Event;
use crate::router::{Next, Route};
use crate::traffic::Place;

/// The outcome of asking one backend.
pub(super) enum Outcome {
    /// The client has the reply, or will once its queue is written.
    Delivered,
    /// The backend does not have the article.
    Missing(StatusLine),
    /// The backend refuses the request.
    Refused(StatusLine),
    /// The request has to be sent again: as another command with the same answer, or to another backend
    /// first.
    AskAgain,
    /// The backend cannot do it now.
    Unable(StatusLine),
}

/// How a request gets a connection.
pub(super) enum Way<'a> {
    /// On a shared connection.
    Shared,
    /// On a shared connection, behind the commands that select the session's group.
    InGroup(&'a mut Selected),
    /// On a Standard session's own connection, in order with its other requests. A retry uses a shared
    /// one.
    Own(OwnTurn),
    /// On a connection that nobody else uses meanwhile.
    Alone(Alone<'a>),
}

impl Way<'_> {
    /// Returns a request's place, because an earlier reply of its client may need it first. On a
    /// connection of its own, the earlier one has asked for its place earlier, too.
    fn gives_back(&self, place: &mut Option<Place>) {
        if !matches!(self, Self::Own(_)) {
            *place = None;
        }
    }
}

impl ClientSession {
    /// Finds a backend for a request and delivers its reply. This is the only retry loop.
    ///
    /// # Errors
    /// If the session has to end: the client is gone, its reply broke off and cannot be resumed, or
    /// nobody can serve it.
    pub(super) async fn route_and_execute_command(
        &self,
        mut route: Route<'_>,
        mut exchange: Exchange<'_>,
        mut way: Way<'_>,
    ) -> Result<(), Error> {
        let by_id = matches!(exchange.request.class(), Class::ById);
        // Providers answer such requests differently, so one provider's answer is final.
        let one_speaks = matches!(exchange.request.class(), Class::Stateless);
        let (mut refusal, mut lacking, mut place) = (None, false, None);
        loop {
            self.until_allowed(&exchange, &mut place).await?;
            let backend = match route.next() {
                Next::Ask(backend) => backend,
                Next::Wait(until) => {
                    way.gives_back(&mut place);
                    Box::pin(sleep_until(until)).await;
                    continue;
                }
                Next::Missing if by_id && (lacking || exchange.request.verb().names_article()) => {
                    exchange.count_ages_of_missing(&route, None);
                    return self.no_such_article(&mut exchange);
                }
                Next::Missing => return self.refused_by_all(exchange, refusal),
                Next::GiveUp(why) => return self.give_up(exchange, refusal, &route, &why),
            };
            if by_id && !backend.account().used_up.may_send(Instant::now) {
                // The account is used up: every article would get the same answer.
                route.unable(&backend, backend.why());
                continue;
            }
            if by_id && backend.has_no_command_for(exchange.request) {
                route.refused(&backend);
                continue;
            }
            match self.ask(&backend, &mut route, &mut exchange, &mut way).await {
                Ok(Outcome::Delivered) => {
                    exchange.count_delivery(&backend, &route);
                    return Ok(());
                }
                Ok(Outcome::AskAgain) => {}
                Ok(Outcome::Missing(_)) if by_id => {
                    exchange.count_missing(&backend, &route);
                    lacking = true;
                    route.missing(&backend);
                }
                Ok(Outcome::Refused(status)) if one_speaks => {
                    return self.refused_by_all(exchange, Some(status));
                }
                Ok(Outcome::Missing(status) | Outcome::Refused(status)) => {
                    debug!(provider = backend.config().name, "refuses: {}", words(&status));
                    Counters::count(&backend.counters().refused);
                    route.refused(&backend);
                    refusal.get_or_insert(status);
                }
                Ok(Outcome::Unable(status)) => {
                    route.unable(&backend, words(&status));
                    refusal = Some(status);
                }
                Err(error) => {
                    way.gives_back(&mut place);
                    Box::pin(retry(&backend, error, &mut route, &mut exchange)).await?;
                }
            }
        }
    }

    /// Waits until an article may be fetched: for the end of a pause, and for one of the program's places.
    async fn until_allowed(
        &self,
        exchange: &Exchange<'_>,
        place: &mut Option<Place>,
    ) -> Result<(), Error> {
        if !exchange.is_for_article() || exchange.pending.was_seen() {
            return Ok(());
        }
        loop {
            self.until_resumed(exchange.pending).await?;
            if place.is_some() {
                return Ok(());
            }
            *place = self.traffic.place(&self.client).await;
            if !self.traffic.is_paused() {
                return Ok(());
            }
            // The pause began while it waited for its place.
            *place = None;
        }
    }

    /// Asks one backend, the way the request gets its connection.
    async fn ask(
        &self,
        backend: &Arc<Backend>,
        route: &mut Route<'_>,
        exchange: &mut Exchange<'_>,
        way: &mut Way<'_>,
    ) -> Result<Outcome, Error> {
        exchange.hurried = route.may_ask_again(backend);
        match way {
            Way::Shared => self.execute_command_on_backend(backend, route, exchange).await,
            Way::Own(own) => Box::pin(self.ask_own(backend, route, exchange, own)).await,
            Way::InGroup(selected) => {
                Box::pin(self.ask_in_group(backend, route, selected, exchange)).await
            }
            Way::Alone(alone) => Box::pin(self.ask_alone(backend, route, exchange, alone)).await,
        }
    }

    /// Takes a turn on a backend and relays its reply: the hot path.
    pub(super) async fn execute_command_on_backend(
        &self,
        backend: &Arc<Backend>,
        route: &mut Route<'_>,
        exchange: &mut Exchange<'_>,
    ) -> Result<Outcome, Error> {
        let sent = backend.command_for(exchange.request);
        let claim = exchange.claim(self, route.is_last_resort(backend));
        let mut reply = match backend.turn(&claim, &sent) {
            Ok(reply) => reply,
            // Boxed to keep the futures of small requests small.
            Err(waiting) => Box::pin(self.wait_in_line(waiting, backend, route, exchange)).await?,
        };
        reply.set_claim(claim);
        reply.set_prior_refusals(exchange.prior(backend));
        let status = reply.status(exchange.hurried).await?;
        self.deliver(backend, &mut reply, status, exchange).await
    }

    /// Waits for a connection, and leaves the line for a pause.
    pub(super) async fn wait_in_line<T>(
        &self,
        waiting: Waiting<T>,
        backend: &Arc<Backend>,
        route: &mut Route<'_>,
        exchange: &Exchange<'_>,
    ) -> Result<T, Error> {
        let may_wait = exchange.is_for_article() && !exchange.pending.was_seen();
        tokio::select! {
            biased;
            answer = in_line(waiting, backend, route) => answer,
            () = self.traffic.paused(), if may_wait => Err(Error::Busy),
        }
    }

    /// Delivers a reply to the client if it is an answer.
    pub(super) async fn deliver(
        &self,
        backend: &Arc<Backend>,
        reply: &mut Reply,
        status: StatusLine,
        exchange: &mut Exchange<'_>,
    ) -> Result<Outcome, Error> {
        let meaning = classify(backend, reply.request(), &status);
        let status = exchange.request.translated(reply.request(), status);
        match meaning {
            Meaning::Missing => return Ok(Outcome::Missing(status)),
            Meaning::Refused => return Ok(Outcome::Refused(status)),
            Meaning::TryAlternative => return Ok(Outcome::AskAgain),
            Meaning::Unable => return Ok(Outcome::Unable(status)),
            Meaning::Answer => {}
        }
        exchange.pending.comes_from(backend);
        let resumed = exchange.progress.is_behind();
        if !resumed {
            exchange.pending.push(status.to_wire());
        }
        if reply.request().verb() == Verb::Head && exchange.request.verb() == Verb::Stat {
            // The headers are not sent: dropping the reply reads them away.
            Counters::count(&backend.counters().delivered);
            return Ok(Outcome::Delivered);
        }
        let is_article = matches!(status.code().get(), 220 | 222);
        let stall = backend.config().limits.stall;
        relay(reply, exchange.pending, &mut exchange.progress, stall).await?;
        exchange.pending.is_whole(exchange.request.verb());
        Counters::count(&backend.counters().delivered);
        if is_article {
            exchange.delivered = Some(Delivered { age: reply.age(), resumed });
            self.client.was_given_article();
        }
        Ok(Outcome::Delivered)
    }

    fn no_such_article(&self, exchange: &mut Exchange<'_>) -> Result<(), Error> {
        if exchange.pending.was_seen() {
            return Err(Error::NotTheSame);
        }
        self.client.missed_article();
        self.events.tell(|| Event::NotFound {
            client: self.client.name(),
            message_id: exchange
                .request
                .message_id()
                .map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned()),
        });
        exchange.pending.push(Bytes::from_static(b"430 No provider has this article\r\n"));
        Ok(())
    }

    /// Replies that every backend refused, in the words of one. The session continues.
    fn refused_by_all(
        &self,
        exchange: Exchange<'_>,
        refusal: Option<StatusLine>,
    ) -> Result<(), Error> {
        let Exchange { request, pending, .. } = exchange;
        pending.push(
            refusal.map_or(Bytes::from_static(b"503 No provider supports this\r\n"), |status| {
                shown(request, &status).to_wire()
            }),
        );
        Ok(())
    }

    /// Replies that nobody can serve the request: with a refusal that clients understand, else with the
    /// reason, so that they retry later instead of treating the article as missing. If nothing can be
    /// served at all, the session ends.
    fn give_up(
        &self,
        exchange: Exchange<'_>,
        refusal: Option<StatusLine>,
        route: &Route<'_>,
        why: &str,
    ) -> Result<(), Error> {
        let Exchange { request, pending, .. } = exchange;
        if pending.was_seen() {
            return Err(Error::NotTheSame);
        }
        self.client.was_failed();
        self.events.tell(|| Event::RequestFailed {
            client: self.client.name(),
            verb: format!("{:?}", request.verb()).to_uppercase(),
            why: refusal.as_ref().map_or_else(|| reason(why).to_owned(), words),
        });
        match refusal {
            Some(status) if is_showable(request, &status) => {
                pending.push(shown(request, &status).to_wire())
            }
            _ if request.verb() == Verb::Date => {
                pending.push(date_reply(std::time::SystemTime::now()))
            }
            // A Standard session is bound to its provider, but its client's next session is not.
            _ if !self.is_dedicated() && route.somebody_serves() => {
                pending.push(unavailable(503, why));
            }
            _ => {
                pending.push(unavailable(400, why));
                pending.close_after();
            }
        }
        Ok(())
    }
}

/// Prepares another attempt after a failed one.
///
/// # Errors
/// If there is no use in another.
async fn retry(
    backend: &Arc<Backend>,
    error: Error,
    route: &mut Route<'_>,
    exchange: &mut Exchange<'_>,
) -> Result<(), Error> {
    log_failure(backend, &error);
    exchange.failed(backend, &error);
    if error.advice() == Advice::Never {
        return Err(error);
    }
    exchange.begin_again(&error).await?;
    route.failed(backend, &error);
    if exchange.progress.needs_same_headers() && !matches!(error, Error::NotTheSame) {
        route.prefer(backend);
    }
    Ok(())
}

/// Waits for a connection unless another backend can provide one sooner.
///
/// # Errors
/// [`Error::Busy`] if another backend is sooner; otherwise why there is no connection.
async fn in_line<T>(
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

/// Logs a failure at the level it deserves.
pub(super) fn log_failure(backend: &Backend, error: &Error) {
    let provider = &backend.config().name;
    match error.blame() {
        Blame::Client | Blame::Us => debug!(provider, "{error}"),
        // The failed dial was logged already.
        Blame::Provider if matches!(error, Error::Unavailable(_)) => debug!(provider, "{error}"),
        Blame::Provider => {
            Counters::count(&backend.counters().failures);
            info!(provider, "{error}; trying again");
            backend.tell_retried(error);
        }
    }
}

/// The reply to a request that cannot be served: 503, or 400 if the session ends (RFC 3977, section
/// 3.2.1).
fn unavailable(code: u16, why: &str) -> Bytes {
    let plain: String =
        reason(why).chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' }).collect();
    let short = plain.get(..400).unwrap_or(&plain);
    format!("{code} Newsmux: {short}\r\n").into()
}

fn reason(why: &str) -> &str {
    if why.is_empty() { "no provider is set up: add one in the settings" } else { why }
}
