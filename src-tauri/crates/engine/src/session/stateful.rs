//! Requests that depend on the selected group or current article (RFC 3977, section 6.1), and the
//! connection of a Standard session.
//!
//! The group belongs to the session, not to a connection: the commands that select it are sent with the
//! request, on a shared connection of the group's provider. In Standard mode, and where connections
//! carry one request at a time, the request gets a connection alone ([`Lease`]).

use std::sync::Arc;

use bytes::Bytes;
use nntp::command::Verb;
use nntp::status::Code;
use nntp::verdict::shown;

use super::ClientSession;
use super::backend::{Outcome, Way};
use super::exchange::Exchange;
use super::handlers::selection;
use super::selected::{Current, Selected, needs_current, no_current, selects};
use crate::backend::{Backend, GroupTurn, Lease, Reply, Volume, Wanted};
use crate::error::Error;
use crate::router::{BackendSelector, Route};
use crate::ticket::Ticket;

/// A request's turn with a Standard session's connection.
pub(super) struct OwnTurn(Option<(Ticket<Selected>, Selected)>);

impl ClientSession {
    /// Executes a stateful request.
    ///
    /// # Errors
    /// If the session has to end.
    pub(super) async fn execute_stateful(
        &self,
        backends: &BackendSelector,
        selected: &mut Selected,
        exchange: Exchange<'_>,
    ) -> Result<(), Error> {
        selected.renew(backends);
        if selected.group.is_none() && !selects(exchange.request) {
            exchange.pending.push(Bytes::from_static(b"412 No newsgroup selected\r\n"));
            return Ok(());
        }
        if selected.is_gone() && needs_current(exchange.request) {
            exchange.pending.push(no_current());
            return Ok(());
        }
        let route = selected.route(backends, exchange.request);
        self.route_and_execute_command(route, exchange, Way::InGroup(selected)).await
    }

    /// Executes a request that needs no group in Standard mode: on the session's connection, in order
    /// with its other requests.
    ///
    /// # Errors
    /// If the session has to end.
    pub(super) async fn execute_dedicated(
        &self,
        backends: &BackendSelector,
        mut ticket: Ticket<Selected>,
        exchange: Exchange<'_>,
    ) -> Result<(), Error> {
        let mut selected = selection(&mut ticket).await?;
        selected.renew(backends);
        let route = selected.route(backends, exchange.request);
        let own = OwnTurn(Some((ticket, selected)));
        self.route_and_execute_command(route, exchange, Way::Own(own)).await
    }

    /// Asks on the session's own connection. The next request may use it as soon as this one is sent,
    /// unless this one may have to be sent again.
    pub(super) async fn ask_own(
        &self,
        backend: &Arc<Backend>,
        route: &mut Route<'_>,
        exchange: &mut Exchange<'_>,
        own: &mut OwnTurn,
    ) -> Result<Outcome, Error> {
        let Some((_, selected)) = &mut own.0 else {
            return self.execute_command_on_backend(backend, route, exchange).await;
        };
        if !selected.has_connection() {
            // Earlier requests that lost the connection may need a new one first.
            exchange.pending.first_in_line().await;
        }
        let lease = self.lease_of(backend, route, selected, exchange).await?;
        // The request does not depend on earlier ones, so a retry can use any connection of that
        // provider.
        route.bind(backend);
        let sent = lease.send(&backend.command_for(exchange.request));
        self.keep(selected, lease);
        // Near the end of the volume, one request follows the other.
        if !backend.is_unsure_of(exchange.request) && backend.volume() == Volume::Plenty {
            own.end();
        }
        // All replies come on one connection in the client's order, so wait here for the client.
        exchange.pending.first_in_line().await;
        let outcome = self.read_reply(backend, sent, exchange).await;
        if !matches!(outcome, Ok(Outcome::AskAgain)) {
            own.end();
        }
        match outcome {
            // The session has one provider, and its reply is the answer.
            Ok(Outcome::Missing(status)) => {
                exchange.count_missing(backend, route);
                exchange.pending.push(shown(exchange.request, &status).to_wire());
                Ok(Outcome::Delivered)
            }
            Ok(Outcome::Refused(status) | Outcome::Unable(status)) => {
                exchange.pending.push(shown(exchange.request, &status).to_wire());
                Ok(Outcome::Delivered)
            }
            outcome => outcome,
        }
    }

    /// Returns the session's connection, or another of `backend`.
    async fn lease_of(
        &self,
        backend: &Arc<Backend>,
        route: &mut Route<'_>,
        selected: &mut Selected,
        exchange: &Exchange<'_>,
    ) -> Result<Lease, Error> {
        if let Some(lease) = selected.take_lease(backend, false) {
            return Ok(lease);
        }
        let wanted = Wanted { client: self.client.id, untouched: false };
        self.wait_in_line(
            backend.lease(&exchange.claim(self, true), wanted),
            backend,
            route,
            exchange,
        )
        .await
    }

    /// Keeps the connection in Standard mode.
    pub(super) fn keep(&self, selected: &mut Selected, lease: Lease) {
        if self.is_dedicated() {
            selected.home.get_or_insert_with(|| Arc::clone(lease.backend()));
            selected.lease = Some(lease);
        }
    }

    async fn read_reply(
        &self,
        backend: &Arc<Backend>,
        sent: Result<Reply, Error>,
        exchange: &mut Exchange<'_>,
    ) -> Result<Outcome, Error> {
        let mut reply = sent?;
        reply.set_claim(exchange.claim(self, true));
        let status = reply.status(exchange.hurried).await?;
        self.deliver(backend, &mut reply, status, exchange).await
    }

    /// Asks behind the commands that select the session's group.
    pub(super) async fn ask_in_group(
        &self,
        backend: &Arc<Backend>,
        route: &mut Route<'_>,
        selected: &mut Selected,
        exchange: &mut Exchange<'_>,
    ) -> Result<Outcome, Error> {
        let prologue = selected.prologue(self.client.id, exchange.request)?;
        let sent = backend.command_for(exchange.request);
        let shared = match self.is_dedicated() || backend.compresses_first(&sent) {
            true => None,
            false => backend.group_turn(&exchange.claim(self, true), &prologue, &sent),
        };
        let mut turn = match shared {
            Some(turn) => self.wait_in_line(turn, backend, route, exchange).await?,
            None => {
                let mut lease = self.lease_of(backend, route, selected, exchange).await?;
                lease.compress_for(&sent).await?;
                GroupTurn::leased(lease, prologue, sent.into_owned())
            }
        };
        let outcome = self.execute_on_turn(backend, &mut turn, selected, exchange).await?;
        if let Some(lease) = turn.into_lease() {
            self.keep(selected, lease);
        }
        Ok(outcome)
    }

    async fn execute_on_turn(
        &self,
        backend: &Arc<Backend>,
        turn: &mut GroupTurn,
        selected: &mut Selected,
        exchange: &mut Exchange<'_>,
    ) -> Result<Outcome, Error> {
        let mut in_place = match select(backend, turn, selected, exchange).await? {
            Selection::Made { in_place } => in_place,
            Selection::Over(outcome) => return Ok(outcome),
        };
        let mut reply = turn.next_reply()?;
        reply.set_claim(exchange.claim(self, true));
        reply.set_prior_refusals(exchange.prior(backend));
        let status = reply.status(exchange.hurried).await?;
        if status.code().get() < 400 {
            in_place |= selected.apply_reply(backend, exchange.request, &status);
        } else if selects(exchange.request) {
            in_place = false;
        }
        let outcome = self.deliver(backend, &mut reply, status, exchange).await;
        if in_place {
            turn.leaves_selected();
        }
        outcome
    }
}

impl OwnTurn {
    /// Passes the connection to the session's next request.
    fn end(&mut self) {
        if let Some((ticket, selected)) = self.0.take() {
            ticket.pass_on(selected);
        }
    }
}

impl Drop for OwnTurn {
    fn drop(&mut self) {
        self.end();
    }
}

/// The result of the commands that select the group.
pub(super) enum Selection {
    /// The group is selected; `in_place` says whether the current article is, too.
    Made { in_place: bool },
    /// The group cannot be selected, or its current article is gone: this is the request's outcome.
    Over(Outcome),
}

/// Reads the replies to a prologue.
pub(super) async fn select(
    backend: &Arc<Backend>,
    turn: &mut GroupTurn,
    selected: &mut Selected,
    exchange: &mut Exchange<'_>,
) -> Result<Selection, Error> {
    let prior = exchange.prior(backend);
    let mut in_place = !turn.has_prologue();
    while turn.has_prologue() {
        let mut reply = turn.next_reply()?;
        reply.set_prior_refusals(prior);
        let status = reply.status(exchange.hurried).await?;
        match (reply.request().verb(), status.code().get()) {
            (Verb::Group, 211) => in_place = selected.is_at(Current::first(&status)),
            (Verb::Group, _) => {
                if status.code() == Code::NO_SUCH_GROUP {
                    selected.group = None;
                }
                return Ok(Selection::Over(Outcome::Refused(status)));
            }
            (_, 223) => in_place = true,
            (_, 420 | 423 | 430) => {
                selected.lose_current();
                exchange.pending.push(no_current());
                return Ok(Selection::Over(Outcome::Delivered));
            }
            (_, code) => {
                return Err(Error::Unexpected(format!("{code} to an article that was there")));
            }
        }
    }
    Ok(Selection::Made { in_place })
}
