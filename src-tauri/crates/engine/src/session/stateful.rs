//! Requests that depend on the selected group or the current article (RFC 3977, section 6.1).
//!
//! The group is the session's, not a connection's: what selects it goes out with the request, on a
//! connection of the group's provider that others use too ([`GroupTurn`]), or on one that the request has
//! for itself ([`Lease`]) where the connections carry one request at a time, and in Standard mode.

use std::sync::Arc;

use bytes::Bytes;
use nntp::command::Verb;
use nntp::status::Code;
use nntp::verdict::shown;
use tokio::time::sleep_until;

use super::ClientSession;
use super::backend::{Errand, Outcome, in_line, note};
use super::handlers::look;
use super::selected::{Current, Restored, Selected, needs_current, no_current, restore, selects};
use super::streaming::Progress;
use crate::backend::{Backend, GroupTurn, Lease, Prologue, Reply};
use crate::baton::Place;
use crate::error::{Advice, Error};
use crate::router::{BackendSelector, Next, Route};

impl ClientSession {
    /// Sees a stateful request through.
    ///
    /// # Errors
    /// When the client has to be let go.
    pub(super) async fn execute_stateful(
        &self,
        backends: &BackendSelector,
        selected: &mut Selected,
        mut errand: Errand<'_>,
    ) -> Result<(), Error> {
        // What a number names cannot be resumed elsewhere.
        errand.progress = Progress::Untracked;
        selected.renew(backends);
        let selects = selects(errand.request);
        if selected.group.is_none() && !selects {
            errand.output.push(Bytes::from_static(b"412 No newsgroup selected\r\n"));
            return Ok(());
        }
        if selected.is_gone() && needs_current(errand.request) {
            errand.output.push(no_current());
            return Ok(());
        }
        let mut route = selected.route(backends, errand.request);
        let mut refusal = None;
        loop {
            let backend = match self.next_backend(&mut route).await {
                Ok(backend) => backend,
                Err(why) => return self.give_up(errand, refusal, &why),
            };
            match self.execute_in_group(&backend, &mut route, selected, &mut errand).await {
                Ok(Outcome::Delivered) => return Ok(()),
                Ok(Outcome::TryAlternative) => {}
                Ok(
                    Outcome::Missing(status) | Outcome::Refused(status) | Outcome::Unable(status),
                ) => {
                    route.missing(&backend);
                    refusal.get_or_insert(status);
                }
                Err(error) if error.advice() == Advice::Never => return Err(error),
                Err(error) if errand.output.was_seen() => return Err(error),
                Err(error) => {
                    note(&backend, &error);
                    errand.failed(&backend, &error);
                    errand.output.take_back();
                    route.failed(&backend, &error);
                }
            }
        }
    }

    /// A connection for the session alone: the one it has, or one of the next backend on the route.
    ///
    /// # Errors
    /// Why there is none, for people; empty when a refusal is the last word.
    pub(super) async fn next_lease(
        &self,
        route: &mut Route<'_>,
        selected: &mut Selected,
    ) -> Result<Lease, String> {
        loop {
            let backend = self.next_backend(route).await?;
            match self.lease_of(&backend, route, selected).await {
                Ok(lease) => return Ok(lease),
                Err(error) => {
                    note(&backend, &error);
                    route.failed(&backend, &error);
                }
            }
        }
    }

    /// The next backend on the route, when it can be asked.
    async fn next_backend(&self, route: &mut Route<'_>) -> Result<Arc<Backend>, String> {
        loop {
            match route.next() {
                Next::Ask(backend) => return Ok(backend),
                Next::Wait(until) => sleep_until(until).await,
                Next::Missing => return Err(String::new()),
                Next::GiveUp(why) => return Err(why),
            }
        }
    }

    async fn lease_of(
        &self,
        backend: &Arc<Backend>,
        route: &mut Route<'_>,
        selected: &mut Selected,
    ) -> Result<Lease, Error> {
        if let Some(lease) = selected.lease.take()
            && Arc::ptr_eq(lease.backend(), backend)
            && lease.is_alive()
        {
            return Ok(lease);
        }
        in_line(backend.lease(self.client.id), backend, route).await
    }

    /// In Standard mode the session keeps its connection.
    pub(super) fn keep(&self, selected: &mut Selected, lease: Lease) {
        if self.is_dedicated() {
            selected.home.get_or_insert_with(|| Arc::clone(lease.backend()));
            selected.lease = Some(lease);
        }
    }

    /// Sees a request that needs no group through, in Standard mode: on the session's connection, in
    /// line with the requests before and behind it.
    ///
    /// # Errors
    /// When the client has to be let go.
    pub(super) async fn execute_dedicated(
        &self,
        backends: &BackendSelector,
        mut place: Place<Selected>,
        mut errand: Errand<'_>,
    ) -> Result<(), Error> {
        let mut selected = look(&mut place).await?;
        selected.renew(backends);
        if !selected.has_connection() {
            // Those before us that lost it may need another first.
            errand.output.first_in_line().await?;
        }
        let mut route = selected.route(backends, errand.request);
        let lease = match self.next_lease(&mut route, &mut selected).await {
            Ok(lease) => lease,
            Err(why) => {
                place.hand_on(selected);
                return self.give_up(errand, None, &why);
            }
        };
        let backend = Arc::clone(lease.backend());
        let sent = lease.send(&backend.command_for(errand.request));
        let outcome = if backend.is_unsure_of(errand.request) {
            // It may have to be sent once more, before whatever comes behind it.
            errand.output.first_in_line().await?;
            let mut outcome = self.read_reply(&backend, sent, &mut errand).await;
            if let Ok(Outcome::TryAlternative) = outcome {
                let sent = lease.send(&backend.command_for(errand.request));
                outcome = self.read_reply(&backend, sent, &mut errand).await;
            }
            self.keep(&mut selected, lease);
            place.hand_on(selected);
            outcome
        } else {
            self.keep(&mut selected, lease);
            place.hand_on(selected);
            // One connection: its replies come in the client's order, and wait there for the client.
            errand.output.first_in_line().await?;
            self.read_reply(&backend, sent, &mut errand).await
        };
        let error = match outcome {
            Ok(Outcome::Delivered) => return Ok(()),
            Ok(Outcome::TryAlternative) => {
                let route = Route::only(backends, &backend);
                return self.route_and_execute_command(route, errand).await;
            }
            Ok(Outcome::Missing(status) | Outcome::Refused(status) | Outcome::Unable(status)) => {
                errand.output.push(shown(errand.request, &status).to_wire());
                return Ok(());
            }
            Err(error) => error,
        };
        if error.advice() == Advice::Never {
            return Err(error);
        }
        note(&backend, &error);
        errand.failed(&backend, &error);
        // The request depends on nothing said before: any connection of that provider will do.
        errand.begin_again(&error).await?;
        let mut route = Route::only(backends, &backend);
        route.failed(&backend, &error);
        self.route_and_execute_command(route, errand).await
    }

    async fn read_reply(
        &self,
        backend: &Arc<Backend>,
        sent: Result<Reply, Error>,
        errand: &mut Errand<'_>,
    ) -> Result<Outcome, Error> {
        let mut reply = sent?;
        let status = reply.status(true).await?;
        self.deliver(backend, &mut reply, status, errand).await
    }

    async fn execute_in_group(
        &self,
        backend: &Arc<Backend>,
        route: &mut Route<'_>,
        selected: &mut Selected,
        errand: &mut Errand<'_>,
    ) -> Result<Outcome, Error> {
        let prologue =
            Prologue { client: self.client.id, requests: selected.prologue(errand.request)? };
        let sent = backend.command_for(errand.request);
        let turn = match self.is_dedicated() {
            true => None,
            false => backend.group_turn(&errand.claim(&self.client), prologue, &sent),
        };
        let Some(turn) = turn else {
            let mut lease = self.lease_of(backend, route, selected).await?;
            let outcome = self.execute_on_lease(&mut lease, selected, errand).await?;
            self.keep(selected, lease);
            return Ok(outcome);
        };
        let turn = in_line(turn, backend, route).await?;
        self.execute_on_turn(turn, selected, errand).await
    }

    async fn execute_on_turn(
        &self,
        mut turn: GroupTurn,
        selected: &mut Selected,
        errand: &mut Errand<'_>,
    ) -> Result<Outcome, Error> {
        let backend = Arc::clone(turn.backend());
        let prior = errand.prior(&backend);
        let mut in_place = turn.prologue.is_empty();
        for mut reply in std::mem::take(&mut turn.prologue) {
            reply.set_prior_refusals(prior);
            let status = reply.status(true).await?;
            match (reply.request().verb(), status.code().get()) {
                (Verb::Group, 211) => in_place = selected.is_at(Current::first(&status)),
                (Verb::Group, code) => {
                    if code == Code::NO_SUCH_GROUP.get() {
                        selected.group = None;
                    }
                    return Ok(Outcome::Refused(status));
                }
                (_, 223) => in_place = true,
                (_, 420 | 423 | 430) => {
                    selected.lose_current();
                    errand.output.push(no_current());
                    return Ok(Outcome::Delivered);
                }
                (_, code) => {
                    let what = format!("{code} to an article that was there");
                    return Err(Error::Unexpected(what));
                }
            }
        }
        turn.reply.set_prior_refusals(prior);
        let status = turn.reply.status(true).await?;
        if status.code().get() < 400 {
            in_place |= selected.note(&backend, errand.request, &status);
        } else if selects(errand.request) {
            in_place = false;
        }
        let outcome = self.deliver(&backend, &mut turn.reply, status, errand).await;
        if in_place {
            turn.leaves_selected();
        }
        outcome
    }

    async fn execute_on_lease(
        &self,
        lease: &mut Lease,
        selected: &mut Selected,
        errand: &mut Errand<'_>,
    ) -> Result<Outcome, Error> {
        let request = errand.request;
        let backend = Arc::clone(lease.backend());
        if !selects(request) {
            match restore(lease, selected, errand.prior(&backend)).await? {
                Restored::Whole => {}
                Restored::WithoutArticle => {
                    selected.lose_current();
                    if needs_current(request) {
                        errand.output.push(no_current());
                        return Ok(Outcome::Delivered);
                    }
                }
                Restored::Refused(status) => {
                    if status.code() == Code::NO_SUCH_GROUP {
                        selected.group = None;
                    }
                    return Ok(Outcome::Refused(status));
                }
            }
        }
        let mut reply = lease.send(&backend.command_for(request))?;
        reply.set_prior_refusals(errand.prior(&backend));
        let status = reply.status(true).await?;
        if status.code().get() < 400 {
            selected.note(&backend, request, &status);
            if selects(request) {
                lease.set_selected(true);
            }
        }
        self.deliver(&backend, &mut reply, status, errand).await
    }
}
