//! Requests that depend on the selected group or the current article (RFC 3977, section 6.1).
//!
//! The group is the session's, not a connection's: what selects it goes out with the request, on a
//! connection of the group's provider that others use too ([`GroupTurn`]), or on one that the request has
//! for itself ([`Lease`]) where the connections carry one request at a time, and in Standard mode.

use std::sync::Arc;

use bytes::Bytes;
use nntp::command::{Class, Effect, Request, Verb};
use nntp::status::{Code, StatusLine};
use nntp::verdict::shown;
use tokio::time::sleep_until;

use super::ClientSession;
use super::backend::{Errand, Outcome, in_line, note};
use super::handlers::look;
use crate::backend::{Backend, GroupTurn, Lease, PriorRefusals, Prologue, Reply};
use crate::baton::Place;
use crate::error::{Advice, Error};
use crate::router::{BackendSelector, Next, Route};

/// What a session has selected, and where.
#[derive(Default)]
pub(super) struct Selected {
    group: Option<Group>,
    /// The provider whose article numbers these are.
    home: Option<Arc<Backend>>,
    /// In Standard mode, the session's one connection.
    lease: Option<Lease>,
}

struct Group {
    name: Bytes,
    current: Current,
}

/// The current article of a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Current {
    /// Where `GROUP` puts it, whichever number that is.
    First,
    Number(u64),
    /// The provider has removed it. A connection on which the group was selected anew stands at the
    /// first article, which the client has never asked for.
    Gone,
}

impl Current {
    fn first(status: &StatusLine) -> Self {
        status.group().map_or(Self::First, |group| Self::Number(group.low))
    }
}

/// What came of selecting the session's group on another connection.
pub(super) enum Restored {
    /// Group and current article are as the client left them.
    Whole,
    /// The group is selected, and its current article is gone.
    WithoutArticle,
    /// The provider does not have the group any more, or refuses it now.
    Refused(StatusLine),
}

impl Selected {
    pub(super) fn home(&self) -> Option<&Arc<Backend>> {
        self.home.as_ref()
    }

    /// Follows changed settings: the same server goes on as it was, another has other numbers.
    pub(super) fn renew(&mut self, backends: &BackendSelector) {
        let Some(home) = self.home.take_if(|home| home.is_retired()) else { return };
        self.lease = None;
        self.home = backends.successor(&home);
        if self.home.is_none() {
            self.group = None;
        }
    }

    /// Whether the session has a connection, and it stands.
    fn has_connection(&self) -> bool {
        self.lease.as_ref().is_some_and(Lease::is_alive)
    }

    /// The way of a request that cannot go to just anyone: article numbers are the provider's own,
    /// and in Standard mode the session has one provider. Another group may be elsewhere.
    pub(super) fn route<'a>(&self, backends: &'a BackendSelector, request: &Request) -> Route<'a> {
        let bound = match request.class() {
            Class::Stateful(Effect::Select) | Class::Upload(_) => false,
            Class::Stateful(_) | Class::Unknown => true,
            Class::Local(_) | Class::ById | Class::Stateless => false,
        };
        match &self.home {
            Some(home) if bound || self.lease.is_some() => Route::only(backends, home),
            home => Route::new(backends, request, home.as_ref()),
        }
    }
}

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

impl Selected {
    fn is_gone(&self) -> bool {
        self.group.as_ref().is_some_and(|group| group.current == Current::Gone)
    }

    fn lose_current(&mut self) {
        if let Some(group) = &mut self.group {
            group.current = Current::Gone;
        }
    }

    /// Whether the current article is this one.
    fn is_at(&self, current: Current) -> bool {
        self.group.as_ref().is_some_and(|group| {
            matches!(group.current, Current::First) || group.current == current
        })
    }

    /// What selects the group before `request`, and the current article where that matters.
    fn prologue(&self, request: &Request) -> Result<Vec<Request>, Error> {
        let Some(group) = self.group.as_ref().filter(|_| !selects(request)) else {
            return Ok(Vec::new());
        };
        let mut requests = vec![our_own([b"GROUP ", group.name.as_ref()].concat())?];
        if let (Current::Number(number), true) = (group.current, needs_current(request)) {
            requests.push(our_own(format!("STAT {number}").into_bytes())?);
        }
        Ok(requests)
    }

    /// Follows what a reply has done to the group and the current article. Whether the connection is
    /// sure to have both as the session has them.
    fn note(&mut self, backend: &Arc<Backend>, request: &Request, status: &StatusLine) -> bool {
        match (request.selected_group(), &mut self.group) {
            (Some(name), _) => {
                let name = Bytes::copy_from_slice(name);
                self.group = Some(Group { name, current: Current::first(status) });
                self.home = Some(Arc::clone(backend));
                true
            }
            (None, Some(group)) if request.verb() == Verb::ListGroup => {
                group.current = Current::first(status);
                true
            }
            (None, Some(group)) if (220..=223).contains(&status.code().get()) => {
                if let Class::Stateful(Effect::Number | Effect::Step) = request.class() {
                    let number = status.article_number().or_else(|| number(request));
                    group.current = number.map_or(group.current, Current::Number);
                    return number.is_some();
                }
                false
            }
            _ => false,
        }
    }
}

/// Selects the session's group and current article on a connection where they are not.
pub(super) async fn restore(
    lease: &mut Lease,
    selected: &Selected,
    prior: PriorRefusals,
) -> Result<Restored, Error> {
    let Some(group) = selected.group.as_ref().filter(|_| !lease.is_selected()) else {
        return Ok(Restored::Whole);
    };
    let status = ask(lease, [b"GROUP ", group.name.as_ref()].concat(), prior).await?;
    if status.code() != Code::GROUP_SELECTED {
        return Ok(Restored::Refused(status));
    }
    let first = Current::first(&status);
    let mut restored = Restored::Whole;
    match group.current {
        Current::Gone => restored = Restored::WithoutArticle,
        Current::Number(number) if group.current != first => {
            let status = ask(lease, format!("STAT {number}").into_bytes(), prior).await?;
            match status.code().get() {
                223 => {}
                420 | 423 | 430 => restored = Restored::WithoutArticle,
                code => {
                    let what = format!("{code} to an article that was there");
                    return Err(Error::Unexpected(what));
                }
            }
        }
        Current::First | Current::Number(_) => {}
    }
    lease.set_selected(true);
    Ok(restored)
}

async fn ask(lease: &Lease, line: Vec<u8>, prior: PriorRefusals) -> Result<StatusLine, Error> {
    let mut reply = lease.send(&our_own(line)?)?;
    reply.set_prior_refusals(prior);
    reply.status(true).await
}

fn our_own(line: Vec<u8>) -> Result<Request, Error> {
    Request::parse(line.into()).map_err(|_| Error::Unexpected("our own request".into()))
}

/// Whether a request is about the current article, which it does not name.
fn needs_current(request: &Request) -> bool {
    let args = request.args().trim_ascii();
    match (request.class(), request.verb()) {
        (Class::Stateful(Effect::Current | Effect::Step), _) => true,
        (_, Verb::Over | Verb::XOver) => args.is_empty(),
        // A header's name, and no range behind it.
        (_, Verb::Hdr | Verb::XHdr) => !args.iter().any(u8::is_ascii_whitespace),
        _ => false,
    }
}

/// RFC 3977, section 6.1.4.
fn no_current() -> Bytes {
    Bytes::from_static(b"420 The current article is gone\r\n")
}

fn selects(request: &Request) -> bool {
    matches!(request.class(), Class::Stateful(Effect::Select))
}

/// The article number that a request names.
fn number(request: &Request) -> Option<u64> {
    let argument = std::str::from_utf8(request.args()).ok()?;
    match request.verb() {
        Verb::Article | Verb::Head | Verb::Body | Verb::Stat => argument.trim().parse().ok(),
        _ => None,
    }
}
