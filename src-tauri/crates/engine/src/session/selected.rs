//! A session's selected group, and the commands that select it on another connection: `GROUP`, and
//! `STAT` for the current article (RFC 3977, section 6.1).

use std::sync::Arc;

use bytes::Bytes;
use nntp::command::{Class, Effect, Request, Verb};
use nntp::status::StatusLine;

use crate::backend::{Backend, Lease, Prologue};
use crate::error::Error;
use crate::router::{BackendSelector, Route};
use crate::types::ClientId;

/// A session's selected group and its provider.
#[derive(Default)]
pub(super) struct Selected {
    pub(super) group: Option<Group>,
    /// The provider that the article numbers belong to.
    pub(super) home: Option<Arc<Backend>>,
    /// In Standard mode, the session's one connection.
    pub(super) lease: Option<Lease>,
}

pub(super) struct Group {
    name: Bytes,
    current: Current,
}

/// The current article of a group.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Current {
    /// The first article, as `GROUP` selects it.
    First,
    Number(u64),
    /// The provider has removed it. On a connection where the group was selected again, the current
    /// article would be the first, which the client never asked for.
    Gone,
}

impl Current {
    pub(super) fn first(status: &StatusLine) -> Self {
        status.group().map_or(Self::First, |group| Self::Number(group.low))
    }
}

impl Selected {
    pub(super) fn home(&self) -> Option<&Arc<Backend>> {
        self.home.as_ref()
    }

    /// Follows a settings change. The same server continues; another one has other article numbers.
    pub(super) fn renew(&mut self, backends: &BackendSelector) {
        let Some(home) = self.home.take_if(|home| home.is_retired()) else { return };
        self.lease = None;
        self.home = backends.successor(&home);
        if self.home.is_none() {
            self.group = None;
        }
    }

    /// Whether the session has an open connection.
    pub(super) fn has_connection(&self) -> bool {
        self.lease.as_ref().is_some_and(Lease::is_alive)
    }

    /// Returns the session's connection, if it is one of this backend's. If it has to be `untouched`, no
    /// group was ever selected on it.
    pub(super) fn take_lease(&mut self, backend: &Arc<Backend>, untouched: bool) -> Option<Lease> {
        self.lease.take().filter(|lease| {
            Arc::ptr_eq(lease.backend(), backend)
                && (lease.is_untouched() || !untouched)
                && lease.is_alive()
        })
    }

    /// Returns the route of a request. Article numbers belong to one provider, and a Standard session
    /// keeps its provider. Otherwise, another group may be on another provider.
    pub(super) fn route<'a>(
        &self,
        backends: &'a BackendSelector,
        request: &'a Request,
    ) -> Route<'a> {
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

    pub(super) fn is_gone(&self) -> bool {
        self.group.as_ref().is_some_and(|group| group.current == Current::Gone)
    }

    pub(super) fn lose_current(&mut self) {
        if let Some(group) = &mut self.group {
            group.current = Current::Gone;
        }
    }

    /// Whether this is the current article.
    pub(super) fn is_at(&self, current: Current) -> bool {
        self.group.as_ref().is_some_and(|group| {
            matches!(group.current, Current::First) || group.current == current
        })
    }

    /// Returns the commands that select the group before `request`, and the current article if that
    /// matters.
    pub(super) fn prologue(&self, client: ClientId, request: &Request) -> Result<Prologue, Error> {
        let mut requests = Vec::new();
        if let Some(group) = self.group.as_ref().filter(|_| !selects(request)) {
            requests.push(our_own([b"GROUP ", group.name.as_ref()].concat())?);
            if let (Current::Number(number), true) = (group.current, needs_current(request)) {
                requests.push(our_own(format!("STAT {number}").into_bytes())?);
            }
        }
        Ok(Prologue { client, requests })
    }

    /// Updates group and current article after a reply. Returns whether the connection is sure to have
    /// the same ones.
    pub(super) fn apply_reply(
        &mut self,
        backend: &Arc<Backend>,
        request: &Request,
        status: &StatusLine,
    ) -> bool {
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

fn our_own(line: Vec<u8>) -> Result<Request, Error> {
    Request::parse(line.into()).map_err(|_| Error::Unexpected("our own request".into()))
}

/// Whether a request acts on the current article without naming it.
pub(super) fn needs_current(request: &Request) -> bool {
    let args = request.args().trim_ascii();
    match (request.class(), request.verb()) {
        // An unknown command may act on it.
        (Class::Stateful(Effect::Current | Effect::Step) | Class::Unknown, _) => true,
        (_, Verb::Over | Verb::XOver | Verb::XZVer) => args.is_empty(),
        // Only a header name, without a range.
        (_, Verb::Hdr | Verb::XHdr | Verb::XZHdr) => !args.iter().any(u8::is_ascii_whitespace),
        _ => false,
    }
}

/// RFC 3977, section 6.1.4.
pub(super) fn no_current() -> Bytes {
    Bytes::from_static(b"420 The current article is gone\r\n")
}

pub(super) fn selects(request: &Request) -> bool {
    matches!(request.class(), Class::Stateful(Effect::Select))
}

/// The article number in a request.
fn number(request: &Request) -> Option<u64> {
    let argument = std::str::from_utf8(request.args()).ok()?;
    match request.verb() {
        Verb::Article | Verb::Head | Verb::Body | Verb::Stat => argument.trim().parse().ok(),
        _ => None,
    }
}
