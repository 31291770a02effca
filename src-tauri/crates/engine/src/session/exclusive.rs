//! Requests that need both sides of the client and a provider connection alone: uploads (RFC 3977,
//! section 6.3) and unknown commands.

use std::sync::Arc;

use bytes::Bytes;
use nntp::block::{BlockScan, Scan};
use nntp::command::{Class, Framing, Local, Request, Upload, Verb};
use nntp::status::StatusLine;
use nntp::verdict::{self, Verdict, shown};
use tokio::time::{Duration, sleep, timeout};

use super::ClientSession;
use super::backend::{Outcome, Way, log_failure};
use super::connection::Input;
use super::error_classification::classify;
use super::exchange::Exchange;
use super::handlers::{Conversation, selection};
use super::pending_reply::PendingReply;
use super::selected::Selected;
use super::stateful::{Selection, select};
use crate::backend::{Backend, GroupTurn, Lease, Prologue, Reply, Wanted};
use crate::error::Error;
use crate::router::Route;
use crate::ticket::Ticket;

/// How long a client may be silent while it sends an article.
const UPLOAD_STALL: Duration = Duration::from_secs(60);
/// How long both sides may be silent in a tunnel.
const TUNNEL_IDLE: Duration = Duration::from_secs(60);

impl Conversation {
    /// Reads and discards an article that nobody wants, then sends the refusal.
    pub(super) async fn swallow(&mut self, reply: Bytes) -> Result<(), Error> {
        let mut article = Article::default();
        while self.next_of(&mut article).await?.is_some() {}
        let mut pending = self.pending_reply();
        pending.answers(Verb::TakeThis);
        pending.push(reply);
        pending.finish().await
    }

    /// Executes POST, IHAVE or TAKETHIS.
    pub(super) async fn upload(&mut self, request: Request) -> Result<(), Error> {
        let mut pending = self.pending_reply();
        let (ticket, mut selected, begun) = self.begin(&request, &mut pending).await?;
        if let Some(Begun { mut lease, mut reply, status }) = begun {
            pending.comes_from(lease.backend());
            pending.push(shown(&request, &status).to_wire());
            if request.framing(status.code()) == Framing::Continue {
                pending.flush().await?;
                let failed = upload_failed(&request);
                self.send_article(&mut lease, &mut reply, &mut pending, failed).await?;
            }
            self.session.keep(&mut selected, lease);
        }
        ticket.pass_on(selected);
        pending.finish().await
    }

    /// Sends a request on a connection alone until a provider answers: nothing has begun if the client
    /// already has its reply. The session's selection comes with it.
    async fn begin(
        &mut self,
        request: &Request,
        pending: &mut PendingReply,
    ) -> Result<(Ticket<Selected>, Selected, Option<Begun>), Error> {
        let mut ticket = self.selected.ticket();
        let mut selected = selection(&mut ticket).await?;
        pending.first_in_line().await;
        selected.renew(&self.backends);
        let route = selected.route(&self.backends, request);
        let mut begun = None;
        let way = Way::Alone(Alone { selected: &mut selected, begun: &mut begun });
        let exchange = Exchange::new(request, pending);
        self.session.route_and_execute_command(route, exchange, way).await?;
        Ok((ticket, selected, begun))
    }

    /// Sends the client's article to the provider, and the provider's reply to the client.
    async fn send_article(
        &mut self,
        lease: &mut Lease,
        reply: &mut Reply,
        pending: &mut PendingReply,
        failed: &'static [u8],
    ) -> Result<(), Error> {
        let backend = Arc::clone(lease.backend());
        let mut upload = Some(lease.upload().await?);
        let mut article = Article::default();
        while let Some(bytes) = self.next_of(&mut article).await? {
            let Some(sending) = &mut upload else { continue };
            if let Err(error) = sending.write(&bytes).await {
                log_failure(&backend, &error);
                upload = None;
            }
        }
        let Some(upload) = upload else {
            pending.push(Bytes::from_static(failed));
            return Ok(());
        };
        upload.done();
        match reply.upload_status().await {
            Ok(status) => pending.push(status.to_wire()),
            Err(error) => {
                // The article may have been posted, so posting it again is up to the client.
                log_failure(&backend, &error);
                let unknown =
                    "400 The provider is gone; nobody knows whether the article was posted\r\n";
                pending.push(Bytes::from_static(unknown.as_bytes()));
                pending.close_after();
            }
        }
        Ok(())
    }

    /// Returns the next bytes of the client's article; `None` after its end.
    async fn next_of(&mut self, article: &mut Article) -> Result<Option<Bytes>, Error> {
        if article.ended {
            return Ok(None);
        }
        let gone = || Error::ClientGone(std::io::ErrorKind::UnexpectedEof.into());
        let next = timeout(UPLOAD_STALL, self.client.next_bytes()).await;
        let mut bytes = next.ok().flatten().ok_or_else(gone)?;
        if let Scan::End(n) = article.scan.push(&bytes) {
            article.ended = true;
            self.client.put_back(&bytes.split_off(n));
        }
        Ok(Some(bytes))
    }

    /// Sends an unknown command: the provider may know it.
    pub(super) async fn pass_through(&mut self, request: Request) -> Result<(), Error> {
        let mut pending = self.pending_reply();
        let (ticket, mut selected, begun) = self.begin(&request, &mut pending).await?;
        if let Some(Begun { mut lease, mut reply, status }) = begun {
            // Unless the provider refused it, the command may have changed the connection's state.
            if status.code().get() < 480 {
                lease.spoil();
            }
            if reply.is_unframed() {
                pending.push(status.to_wire());
                self.tunnel(&lease, &mut reply, &mut pending).await?;
                return Err(Error::LetGo);
            }
            let backend = Arc::clone(lease.backend());
            let mut exchange = Exchange::new(&request, &mut pending);
            let done = self.session.deliver(&backend, &mut reply, status, &mut exchange).await?;
            if let Outcome::Missing(status) | Outcome::Refused(status) | Outcome::Unable(status) =
                done
            {
                pending.push(shown(&request, &status).to_wire());
            }
            self.session.keep(&mut selected, lease);
        }
        ticket.pass_on(selected);
        pending.finish().await
    }

    /// Passes bytes both ways, because the end of the reply is unknown. Logins and encryption are still
    /// handled by the proxy.
    async fn tunnel(
        &mut self,
        lease: &Lease,
        reply: &mut Reply,
        pending: &mut PendingReply,
    ) -> Result<(), Error> {
        pending.flush().await?;
        loop {
            let chunk = std::future::poll_fn(|cx| reply.poll_chunk(cx));
            tokio::select! {
                () = self.stopped.as_mut() => return Ok(()),
                () = sleep(TUNNEL_IDLE) => return Ok(()),
                chunk = chunk => {
                    let Some(chunk) = chunk? else { return Ok(()) };
                    pending.push(chunk);
                    pending.flush().await?;
                }
                input = self.client.next_line() => {
                    let Input::Line(Ok(line)) = input else { return Ok(()) };
                    let Ok(request) = Request::parse(line) else { return Ok(()) };
                    if !may_pass(&request) {
                        return Ok(());
                    }
                    lease.pass_on(&request)?;
                }
            }
        }
    }
}

impl ClientSession {
    /// Asks on a connection alone, and keeps connection and reply if the provider answers.
    pub(super) async fn ask_alone(
        &self,
        backend: &Arc<Backend>,
        route: &mut Route<'_>,
        exchange: &mut Exchange<'_>,
        alone: &mut Alone<'_>,
    ) -> Result<Outcome, Error> {
        let (request, selected) = (exchange.request, &mut *alone.selected);
        let upload = matches!(request.class(), Class::Upload(_));
        // An unknown command may act on the selected group, and must not find another client's.
        let untouched = !upload && selected.group.is_none();
        let lease = match selected.take_lease(backend, untouched) {
            Some(lease) => lease,
            None => {
                let wanted = Wanted { client: self.client.id, untouched };
                self.wait_in_line(
                    backend.lease(&exchange.claim(self, true), wanted),
                    backend,
                    route,
                    exchange,
                )
                .await?
            }
        };
        if upload && !lease.allows_posting() && route.postpone(backend) {
            self.keep(selected, lease);
            return Ok(Outcome::AskAgain);
        }
        // Posting depends on no selected group.
        let prologue = match upload {
            true => Prologue::none(self.client.id),
            false => selected.prologue(self.client.id, request)?,
        };
        let mut turn = GroupTurn::leased(lease, prologue, request.clone());
        let selection = select(backend, &mut turn, selected, exchange).await?;
        if let Selection::Over(outcome) = selection {
            if let Some(lease) = turn.into_lease() {
                self.keep(selected, lease);
            }
            return Ok(outcome);
        }
        let mut reply = turn.next_reply()?;
        reply.set_claim(exchange.claim(self, true));
        reply.set_prior_refusals(exchange.prior(backend));
        let status = reply.status(false).await?;
        let Some(lease) = turn.into_lease() else { return Err(Error::TurnLost) };
        if upload && is_for_another(request, &status) {
            classify(backend, request, &status);
            self.keep(selected, lease);
            return Ok(Outcome::Unable(status));
        }
        *alone.begun = Some(Begun { lease, reply, status });
        Ok(Outcome::Delivered)
    }
}

/// Whether another provider may accept an article that this one refuses. Replies about the article
/// itself (435 to 439) are final.
fn is_for_another(request: &Request, status: &StatusLine) -> bool {
    let about_article = matches!(status.code().get(), 435..=439);
    !about_article && verdict::of(request, status) != Verdict::Answer
}

/// A request that needs a connection alone.
pub(super) struct Alone<'a> {
    selected: &'a mut Selected,
    begun: &'a mut Option<Begun>,
}

/// The beginning of a reply, with its connection.
pub(super) struct Begun {
    lease: Lease,
    reply: Reply,
    status: StatusLine,
}

/// An article that the client is sending.
#[derive(Default)]
struct Article {
    scan: BlockScan,
    ended: bool,
}

/// The reply to an upload that failed and may be retried (RFC 3977, section 6.3).
const fn upload_failed(request: &Request) -> &'static [u8] {
    match request.class() {
        Class::Upload(Upload::IHave) => b"436 Transfer failed: the provider is gone\r\n",
        _ => b"441 Posting failed: the provider is gone\r\n",
    }
}

/// Whether a line in a tunnel may go to the provider: not if the proxy itself answers it.
fn may_pass(request: &Request) -> bool {
    matches!(request.class(), Class::Local(Local::Empty))
        || !matches!(request.class(), Class::Local(_))
}
