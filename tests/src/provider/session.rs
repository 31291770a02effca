//! One connection from the greeting to its end: waits for lines, answers each in its turn, and does to
//! the replies what the script says.

use std::sync::Arc;

use tokio::join;
use tokio::time::{Duration, Instant, sleep, sleep_until, timeout};

use super::admission::Admission;
use super::deflated::{Compressing, Deflated};
use super::fault::{Ending, GREETING};
use super::line::Line;
use super::plan::{Piece, Plan, Stop};
use super::quirk::Quirk;
use super::reply::{Reply, Then};
use super::state::{HangUp, ProviderState};
use super::wire::{End, Note, Stream, Wire};
use super::{Answers, Limit, Security};

/// The line that rules match for the reply to an article that was uploaded.
pub const UPLOADED: &str = "(uploaded)";

/// See the [module](self).
pub(super) struct Session {
    pub(super) state: Arc<ProviderState>,
    pub(super) admission: Admission,
    /// What this connection may send, apart from the others.
    own_line: Line,
    /// Replies begun so far, the greeting among them.
    replies: u64,
    pub(super) group: Option<Selected>,
    pub(super) user: Option<String>,
    pub(super) logged_in: bool,
    pub(super) encrypted: bool,
    pub(super) compressed: Option<Compressing>,
    /// `MODE READER` was sent.
    pub(super) reader: bool,
    /// What was said when the article that comes now was announced.
    uploading: String,
}

/// The group of a connection and the number of its current article.
#[derive(Debug, Clone)]
pub(super) struct Selected {
    pub(super) name: String,
    pub(super) current: Option<u64>,
}

pub(super) async fn serve(stream: Stream, state: Arc<ProviderState>, admission: Admission) {
    let mut orders = state.orders.subscribe();
    let mut session = Session {
        logged_in: state.config.account.is_none(),
        own_line: Line::new(state.config.rate_of_each),
        state: Arc::clone(&state),
        admission,
        replies: 0,
        group: None,
        user: None,
        encrypted: false,
        compressed: None,
        reader: false,
        uploading: String::new(),
    };
    let mut opened = session.open(stream).await;
    let end = loop {
        // A client that does not get through TLS is let go.
        let Ok(wire) = &mut opened else { break End::Client };
        let next = tokio::select! {
            biased;
            order = orders.changed() => match order {
                Ok(()) => Next::End(session.hang_up(wire).await),
                Err(_) => Next::End(End::Provider(Ending::Close)),
            },
            next = session.answer_all(wire) => next.unwrap_or_else(Next::End),
        };
        opened = match (next, opened) {
            (Next::End(end), now) => {
                opened = now;
                break end;
            }
            (Next::Encrypt, Ok(wire)) => session.encrypt(wire.into_stream()).await,
            (Next::Compress, Ok(wire)) => Ok(session.compress_from_here(wire)),
            (_, closed) => closed,
        };
    };
    // Whoever sees the end may count on it that the connection does not count any more.
    drop(session);
    if let (End::Provider(how), Ok(wire)) = (end, opened) {
        wire.close(how).await;
    }
}

/// What to do when the talking is over for now.
enum Next {
    End(End),
    Encrypt,
    Compress,
}

impl Session {
    /// Makes the connection ready for the greeting, or gives it back to be closed.
    async fn open(&mut self, stream: Stream) -> Result<Wire, Stream> {
        match self.state.config.tls {
            Security::Implicit(_) => self.encrypt(stream).await,
            Security::Plain | Security::StartTls(_) => Ok(Wire::new(stream, self.note())),
        }
    }

    async fn encrypt(&mut self, stream: Stream) -> Result<Wire, Stream> {
        let (Security::Implicit(acceptor) | Security::StartTls(acceptor)) = &self.state.config.tls
        else {
            return Err(stream);
        };
        let handshake = acceptor.accept(stream).into_fallible();
        let stream = handshake.await.map_err(|(_, stream)| stream)?;
        self.encrypted = true;
        Ok(Wire::new(Box::new(stream), self.note()))
    }

    fn compress_from_here(&mut self, wire: Wire) -> Wire {
        let how = self.state.config.compressing.unwrap_or(Compressing::Well);
        self.compressed = Some(how);
        Wire::new(Box::new(Deflated::new(wire.into_stream(), how)), self.note())
    }

    fn note(&self) -> Note {
        let (state, connection) = (Arc::clone(&self.state), self.admission.number);
        Box::new(move |line, read| {
            let command =
                super::Command { connection, line: line.into(), at: Instant::now(), read };
            state.note(|book| book.commands.push(command));
        })
    }

    async fn hang_up(&self, wire: &mut Wire) -> End {
        let order = self.state.orders.borrow().clone();
        let Some(HangUp { words, how }) = order else { return End::Provider(Ending::Close) };
        match wire.send(&words).await {
            Ok(()) => End::Provider(how),
            Err(end) => end,
        }
    }

    /// Talks until the connection ends or is to be encrypted.
    async fn answer_all(&mut self, wire: &mut Wire) -> Result<Next, End> {
        let mut then = match self.replies {
            0 => self.respond(wire, Instant::now(), GREETING).await?,
            _ => Then::GoOn,
        };
        loop {
            let (arrived, line) = match then {
                Then::Close => return Ok(Next::End(End::Provider(Ending::Close))),
                Then::StartTls => return Ok(Next::Encrypt),
                Then::Compress => return Ok(Next::Compress),
                Then::TakeArticle => (self.take_article(wire).await?, UPLOADED.into()),
                Then::GoOn => self.next_line(wire).await?,
            };
            // An article follows TAKETHIS without waiting for a reply (RFC 4644, section 2.5).
            let arrived = match line.get(..9) {
                Some(verb) if verb.eq_ignore_ascii_case("TAKETHIS ") => {
                    self.take_article(wire).await?
                }
                _ => arrived,
            };
            then = self.respond(wire, arrived, &line).await?;
        }
    }

    async fn next_line(&self, wire: &mut Wire) -> Result<(Instant, String), End> {
        let (arrived, line) = match &self.state.config.idle {
            None => wire.line().await?,
            Some((limit, words)) => match timeout(*limit, wire.line()).await {
                Ok(line) => line?,
                Err(_) => {
                    wire.send(words.as_bytes()).await?;
                    return Err(End::Provider(Ending::Close));
                }
            },
        };
        Ok((arrived, String::from_utf8_lossy(&line).into_owned()))
    }

    /// Reads an article to its end, and says when that arrived.
    async fn take_article(&self, wire: &mut Wire) -> Result<Instant, End> {
        let mut article = Vec::new();
        loop {
            let (arrived, line) = wire.line().await?;
            if line == b"." {
                self.state.note(|book| book.posted.push(article));
                return Ok(arrived);
            }
            article.extend_from_slice(&line);
            article.extend_from_slice(b"\r\n");
        }
    }

    async fn respond(
        &mut self,
        wire: &mut Wire,
        arrived: Instant,
        line: &str,
    ) -> Result<Then, End> {
        self.replies += 1;
        let plan = self.state.plan(self.admission.number, self.replies, line);
        let wait =
            if line == GREETING { plan.delay } else { plan.delay + self.state.config.latency };
        if wait > Duration::ZERO {
            wire.until(sleep_until(arrived + wait)).await?;
        }
        if let Some(instead) = plan.instead() {
            self.state.note(|book| book.instead.push((line.into(), instead.status)));
        }
        let Some(reply) = plan.instead().or_else(|| self.reply_to(line)) else {
            return Ok(Then::GoOn);
        };
        if reply.then == Then::TakeArticle {
            self.uploading = line.into();
            wire.expect_article();
        }
        let answered = plan.leaves_an_answer(&reply) && !self.admission.lost;
        self.admission.lost |= plan.takes_the_connection(&reply);
        if let Some(within_headers) = plan.breaks_article(&reply) {
            self.state.note(|book| book.broken.push((line.into(), within_headers)));
        }
        if self.logged_in && answered && line != GREETING && !line.starts_with("AUTHINFO") {
            self.state.note(|book| _ = book.served.insert(self.admission.number));
        }
        self.send(wire, &reply, plan).await?;
        Ok(reply.then)
    }

    fn reply_to(&mut self, line: &str) -> Option<Reply> {
        let silent = matches!(self.state.config.limit, Limit::Silent(..));
        match (line, &self.admission.refusal) {
            (GREETING, Some(words)) if !silent => Some(Reply::line(words).then(Then::Close)),
            (GREETING, _) => Some(self.greeting()),
            (_, Some(words)) => Some(Reply::line(words).then(Then::Close)),
            (UPLOADED, None) => Some(self.uploaded()),
            (line, None) => self.scripted(line).or_else(|| self.answer(line)),
        }
    }

    fn scripted(&self, line: &str) -> Option<Reply> {
        let Answers(answers) = self.state.config.answers.as_ref()?;
        answers(line).as_deref().map(Reply::verbatim)
    }

    fn greeting(&self) -> Reply {
        let name = self.state.name();
        match self.state.has(Quirk::NoPosting) {
            false => Reply::line(&format!("200 {name} ready, posting allowed")),
            true => Reply::line(&format!("201 {name} ready, no posting")),
        }
    }

    fn uploaded(&self) -> Reply {
        match self.uploading.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "POST" => Reply::line("240 Article received"),
            "IHAV" => Reply::line("235 Article transferred"),
            _ => Reply::line("500 What?"),
        }
    }

    async fn send(&self, wire: &mut Wire, reply: &Reply, mut plan: Plan) -> Result<(), End> {
        plan.bare_lf |= self.state.has(Quirk::BareLf);
        if self.state.has(Quirk::SplitsBlock) {
            plan.ends.push(reply.status.len() + 2);
        }
        let mut status = reply.status.len() + if plan.bare_lf { 1 } else { 2 };
        // A wait for each single byte would be a crawl, which is given up.
        for Piece { bytes, stop } in plan.pieces(reply) {
            let most = self.state.line.piece().min(self.own_line.piece());
            for bytes in bytes.chunks(most) {
                if !plan.trickle {
                    let (own, all) = (&self.own_line, &self.state.line);
                    let passing = async { join!(own.pass(bytes.len()), all.pass(bytes.len())) };
                    wire.until(passing).await?;
                }
                wire.send(bytes).await?;
                status = self.count(reply, bytes.len(), status);
            }
            match stop {
                None if plan.pause > Duration::ZERO && !plan.trickle => {
                    wire.until(sleep(plan.pause)).await?
                }
                None => {}
                Some(Stop::End(how)) => return Err(End::Provider(how)),
                Some(Stop::Forever) => return Err(wire.silence().await),
                Some(Stop::Until(gate)) => wire.until(gate.passed()).await?,
            }
        }
        Ok(())
    }

    /// Counts bytes that were sent; gives how many of the status line are still to come.
    fn count(&self, reply: &Reply, sent: usize, status: usize) -> usize {
        let block = if reply.is_article() { sent.saturating_sub(status) as u64 } else { 0 };
        self.state.note(|book| {
            book.sent += sent as u64;
            book.articles += block;
            book.lost += if self.admission.lost { block } else { 0 };
        });
        status.saturating_sub(sent)
    }
}
