//! The conversation with a client: its requests run concurrently, and their replies are sent in the
//! order of the requests.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use nntp::capabilities::{Capabilities, Lacks};
use nntp::client::{Action, ClientFlow, Facts};
use nntp::command::{Class, Request};
use nntp::line::TooLong;
use tokio::sync::watch;
use tokio::time::{Duration, Instant};

use super::ClientSession;
use super::backend::Way;
use super::connection::{ClientReader, Input};
use super::exchange::Exchange;
use super::pending_reply::PendingReply;
use super::running::Running;
use super::selected::Selected;
use super::writer::Writer;
use crate::dial::{BoxStream, Boxed};
use crate::error::Error;
use crate::router::{BackendSelector, Route};
use crate::ticket::{Ticket, TicketLock};
use crate::timer::Timer;

/// How many requests of one client run at once.
const PIPELINE: usize = 64;
/// How long a client may be silent.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// How long a client may be silent before it has logged in.
const LOGIN: Duration = Duration::from_secs(60);

/// The reply to a login from an address with too many wrong ones.
const TURNED_AWAY: &[u8] =
    b"400 Too many wrong logins from this address: try again in a minute\r\n";

/// One conversation. See the [module](self).
pub(super) struct Conversation {
    pub(super) session: Arc<ClientSession>,
    pub(super) backends: Arc<BackendSelector>,
    pub(super) client: ClientReader,
    flow: ClientFlow,
    writer: Writer,
    /// The selected group, for one stateful request after another.
    pub(super) selected: TicketLock<Selected>,
    running: Running,
    /// Rings when the client has been silent for too long.
    silence: Timer,
    /// Is ready when the proxy stops.
    pub(super) stopped: Boxed<'static, ()>,
}

/// Why a conversation ended.
pub(super) enum End {
    /// The client sent `QUIT` or closed the connection.
    Client,
    /// The connection broke.
    Broken,
    /// The client was silent for too long.
    Idle,
    /// The client got a last reply, or could get none any more.
    Failed(Error),
    /// The proxy is stopping.
    Stopped,
}

enum Event {
    Replied(Result<(), Error>),
    Line(Result<Bytes, TooLong>),
    /// No more requests come; those in flight are finished.
    End(End),
    /// The client has closed its end, but not all that it sent was read.
    Left,
    /// The client is gone.
    Broken,
}

impl Conversation {
    pub(super) fn new(
        session: Arc<ClientSession>,
        backends: Arc<BackendSelector>,
        stream: BoxStream,
    ) -> Self {
        let (read, write) = stream.halves();
        let limit = session.traffic.of_client(&session.client);
        let writer = Writer::new(write, limit);
        let flow = ClientFlow::new(Facts {
            posting: session.posting,
            login_needed: session.auth.login_needed(),
            stateful: session.allows_stateful(),
        });
        Self {
            backends,
            client: ClientReader::new(read, session.buffer_pool.clone()),
            flow,
            selected: TicketLock::new(Selected::default()),
            running: Running::new(writer.clone()),
            writer,
            silence: Timer::default(),
            stopped: Box::pin(stopped(session.stop.clone())),
            session,
        }
    }

    /// Runs the conversation until it ends.
    pub(super) async fn hold(mut self) -> End {
        let end = self.talk().await;
        if !matches!(end, End::Broken) {
            let Self { client, writer, selected, running, .. } = self;
            // Dropping it would close a plain connection, not an encrypted one.
            writer.close().await;
            drop((writer, selected, running));
            client.linger().await;
        }
        end
    }

    async fn talk(&mut self) -> End {
        let mut pending = self.pending_reply();
        pending.push(self.flow.greeting());
        let session = Arc::clone(&self.session);
        self.running.push(Box::pin(async move {
            session.until_greeted().await?;
            pending.finish_with_others().await
        }));
        loop {
            let end = match self.next_event().await {
                Event::Replied(Ok(())) | Event::Left => continue,
                Event::Replied(Err(Error::ClientGone(_))) | Event::Broken => End::Broken,
                Event::Replied(Err(error)) => End::Failed(error),
                Event::End(end) => {
                    self.session.client.leave();
                    drop(self.finish().await);
                    end
                }
                Event::Line(line) => {
                    let action = self.flow.receive(line);
                    match self.act(action).await {
                        None => continue,
                        Some(end) => end,
                    }
                }
            };
            return end;
        }
    }

    async fn next_event(&mut self) -> Event {
        let quiet = self.running.is_idle();
        let patience = if self.flow.is_logged_in() { IDLE } else { LOGIN };
        let Self { session, client, running, silence, stopped, .. } = self;
        let full = running.len() >= PIPELINE;
        // Take up all that the client has sent before starting any of it, so that the commands are sent
        // together.
        if !full
            && !session.stop.has_changed().unwrap_or(false)
            && let Some(line) = client.line_at_hand()
        {
            return Event::Line(line);
        }
        let end = Instant::now() + patience;
        tokio::select! {
            biased;
            () = stopped.as_mut() => Event::End(End::Stopped),
            replied = running.next(), if !quiet => Event::Replied(replied),
            input = client.next_input(full), if !(full && session.client.has_left()) => match input {
                Input::Line(line) => Event::Line(line),
                Input::End if full => {
                    session.client.leave();
                    Event::Left
                }
                Input::End => Event::End(End::Client),
                Input::Broken => Event::Broken,
            },
            () = poll_fn(|cx| silence.poll_until(end, cx)), if !full => {
                // A client whose request waits for the end of a pause may well be silent.
                match quiet || !session.traffic.is_paused() {
                    true => Event::End(End::Idle),
                    false => Event::Replied(Ok(())),
                }
            }
        }
    }

    /// Finishes the requests in flight. Requests that wait for the end of a pause are given up if the
    /// client leaves meanwhile, or the proxy stops.
    async fn finish(&mut self) -> Result<(), Error> {
        let Self { session, client, running, .. } = self;
        let mut finished = pin!(running.finish());
        if !session.client.has_left() {
            tokio::select! {
                biased;
                done = &mut finished => return done,
                () = client.closed() => {}
                () = stopped(session.stop.clone()) => {}
            }
            session.client.leave();
        }
        finished.await
    }

    async fn act(&mut self, action: Action) -> Option<End> {
        match action {
            Action::Nothing => None,
            Action::Reply(reply) => {
                self.session.refused(&reply);
                self.say(reply);
                None
            }
            Action::Capabilities(offer) => {
                self.say_capabilities(offer);
                None
            }
            Action::Close(words) => {
                self.say_last(words);
                drop(self.finish().await);
                Some(End::Client)
            }
            Action::CheckLogin { user, password } => {
                let session = Arc::clone(&self.session);
                let accepted = tokio::select! {
                    biased;
                    () = self.stopped.as_mut() => return Some(End::Stopped),
                    accepted = session.login(&user, &password) => accepted,
                };
                let answer = match accepted {
                    Some(accepted) => self.flow.login_checked(accepted),
                    None => Action::Close(Bytes::from_static(TURNED_AWAY)),
                };
                Box::pin(self.act(answer)).await
            }
            Action::Forward(request) => self.dispatch(request).await,
            Action::Swallow { reply } => self.alone(|this| Box::pin(this.swallow(reply))).await,
        }
    }

    /// Starts a request.
    async fn dispatch(&mut self, request: Request) -> Option<End> {
        self.session.client.until_recognized().await;
        self.session.client.asked();
        match request.class() {
            Class::ById | Class::Stateless if self.session.is_dedicated() => {
                self.start_dedicated(request);
                None
            }
            Class::ById => {
                self.start_by_id(request);
                None
            }
            Class::Stateless => {
                self.start_stateless(request);
                None
            }
            Class::Stateful(_) => {
                self.session.switch_to_stateful_mode();
                self.start_stateful(request);
                None
            }
            Class::Upload(_) => self.alone(|this| Box::pin(this.upload(request))).await,
            Class::Unknown => {
                self.session.switch_to_stateful_mode();
                self.alone(|this| Box::pin(this.pass_through(request))).await
            }
            // The flow has already answered these.
            Class::Local(_) => None,
        }
    }

    /// Runs something that needs both sides of the client, after all earlier replies were sent.
    async fn alone<F>(&mut self, run: F) -> Option<End>
    where
        F: for<'a> FnOnce(&'a mut Self) -> Boxed<'a, Result<(), Error>>,
    {
        let earlier = self.finish().await;
        let done = match earlier {
            Ok(()) => run(self).await,
            failed => failed,
        };
        done.err().map(End::Failed)
    }

    /// Replies with what the provider has that serves the selected group, or would serve the next one.
    fn say_capabilities(&mut self, offer: Capabilities) {
        let (session, backends) = (Arc::clone(&self.session), Arc::clone(&self.backends));
        let (mut pending, mut ticket) = (self.pending_reply(), self.selected.ticket());
        pending.answers(self.flow.verb());
        self.running.push(Box::pin(async move {
            let selected = selection(&mut ticket).await?;
            let backend = selected.home().cloned().or_else(|| backends.first_for_groups());
            ticket.pass_on(selected);
            let lacks = match &backend {
                Some(backend) if offer.reader => session.lacks(backend).await,
                _ => Lacks::default(),
            };
            pending.push(Capabilities { lacks, ..offer }.to_reply());
            pending.finish_with_others().await
        }));
    }

    /// Sends a reply of the proxy itself.
    fn say(&mut self, reply: Bytes) {
        let mut pending = self.pending_reply();
        pending.answers(self.flow.verb());
        pending.push(reply);
        self.running.push(Box::pin(pending.finish_with_others()));
    }

    /// Sends the last reply of the session.
    fn say_last(&mut self, reply: Bytes) {
        let mut pending = self.pending_reply();
        pending.answers(self.flow.verb());
        pending.push(reply);
        pending.close_after();
        self.running.push(Box::pin(pending.finish_with_others()));
    }

    fn start_by_id(&mut self, request: Request) {
        let (session, backends) = (Arc::clone(&self.session), Arc::clone(&self.backends));
        let mut pending = self.pending_reply();
        self.running.push(Box::pin(async move {
            pending.may_fetch(request.verb()).await;
            let route = Route::new(&backends, &request, None);
            let exchange = Exchange::new(&request, &mut pending);
            session.route_and_execute_command(route, exchange, Way::Shared).await?;
            pending.finish_with_others().await
        }));
    }

    fn start_stateless(&mut self, request: Request) {
        let (session, backends) = (Arc::clone(&self.session), Arc::clone(&self.backends));
        let (mut pending, mut selected) = (self.pending_reply(), self.selected.ticket());
        self.running.push(Box::pin(async move {
            pending.first_in_line().await;
            let home = selection(&mut selected).await?;
            let route = Route::new(&backends, &request, home.home());
            selected.pass_on(home);
            let exchange = Exchange::new(&request, &mut pending);
            session.route_and_execute_command(route, exchange, Way::Shared).await?;
            pending.finish_with_others().await
        }));
    }

    fn start_stateful(&mut self, request: Request) {
        let (session, backends) = (Arc::clone(&self.session), Arc::clone(&self.backends));
        let (mut pending, mut ticket) = (self.pending_reply(), self.selected.ticket());
        self.running.push(Box::pin(async move {
            pending.first_in_line().await;
            let mut selected = selection(&mut ticket).await?;
            let exchange = Exchange::new(&request, &mut pending);
            session.execute_stateful(&backends, &mut selected, exchange).await?;
            ticket.pass_on(selected);
            pending.finish_with_others().await
        }));
    }

    fn start_dedicated(&mut self, request: Request) {
        let (session, backends) = (Arc::clone(&self.session), Arc::clone(&self.backends));
        let (mut pending, ticket) = (self.pending_reply(), self.selected.ticket());
        self.running.push(Box::pin(async move {
            let exchange = Exchange::new(&request, &mut pending);
            session.execute_dedicated(&backends, ticket, exchange).await?;
            pending.finish_with_others().await
        }));
    }

    /// Reserves the next place in the order of replies.
    pub(super) fn pending_reply(&self) -> PendingReply {
        PendingReply::new(&self.session, &self.writer)
    }
}

/// Waits for the session's selection.
pub(super) async fn selection(ticket: &mut Ticket<Selected>) -> Result<Selected, Error> {
    ticket.wait().await.map_err(|_| Error::TurnLost)
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // Without a sender nothing ever stops the session.
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client => f.write_str("the client left"),
            Self::Broken => f.write_str("the client broke off"),
            Self::Idle => f.write_str("the client was silent for too long"),
            Self::Failed(error) => write!(f, "{error}"),
            Self::Stopped => f.write_str("the proxy stops"),
        }
    }
}
