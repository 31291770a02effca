//! A connection as the provider has it: it keeps reading while it waits and writes, so that each
//! line's arrival is known to the moment and the client's end is seen at once.

use std::collections::VecDeque;
use std::future::{Future, pending};
use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::{Duration, Instant, timeout};

use super::fault::Ending;
use crate::transport::Transport;

/// How much is read at once, in bytes.
const READ: usize = 16 * 1024;

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// The stream, whatever it is.
pub(super) type Stream = Box<dyn Transport>;

/// See the [module](self).
pub(super) struct Wire {
    read: ReadHalf<Stream>,
    write: WriteHalf<Stream>,
    inbox: Inbox,
}

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// The client closed it, or broke it off.
    Client,
    /// The provider does, in this way.
    Provider(Ending),
}

/// Takes note of a line that has arrived, and of the number of the read that brought it.
pub(super) type Note = Box<dyn Fn(&str, u64) + Send>;

/// What has arrived and was not taken yet.
struct Inbox {
    lines: VecDeque<(Instant, Vec<u8>)>,
    rest: Vec<u8>,
    /// Lines are an article's, not commands.
    in_article: bool,
    /// How often something was read.
    reads: u64,
    note: Note,
}

impl Wire {
    pub(super) fn new(stream: Stream, note: Note) -> Self {
        let (read, write) = split(stream);
        let inbox = Inbox {
            lines: VecDeque::new(),
            rest: Vec::with_capacity(READ),
            in_article: false,
            reads: 0,
            note,
        };
        Self { read, write, inbox }
    }

    /// The next line without its line end, and when it arrived.
    pub(super) async fn line(&mut self) -> Result<(Instant, Vec<u8>), End> {
        loop {
            if let Some(line) = self.inbox.lines.pop_front() {
                return Ok(line);
            }
            self.inbox.fill(&mut self.read).await?;
        }
    }

    /// The lines that come next are an article's.
    pub(super) fn expect_article(&mut self) {
        self.inbox.in_article = true;
    }

    /// Waits for `event`, or for the client's end.
    pub(super) async fn until<T>(&mut self, event: impl Future<Output = T>) -> Result<T, End> {
        let (read, inbox) = (&mut self.read, &mut self.inbox);
        tokio::select! {
            biased;
            happened = event => Ok(happened),
            end = inbox.fill_on(read) => Err(end),
        }
    }

    /// Waits for the client's end.
    pub(super) async fn silence(&mut self) -> End {
        match self.until(pending::<()>()).await {
            Ok(()) => End::Client,
            Err(end) => end,
        }
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), End> {
        let (read, inbox, write) = (&mut self.read, &mut self.inbox, &mut self.write);
        let sent = async {
            write.write_all(bytes).await?;
            write.flush().await
        };
        tokio::select! {
            biased;
            sent = sent => sent.map_err(|_: io::Error| End::Client),
            end = inbox.fill_on(read) => Err(end),
        }
    }

    /// Ends the connection.
    pub(super) async fn close(mut self, how: Ending) {
        match how {
            // A client that does not read may keep TLS from its goodbye.
            Ending::Close => drop(timeout(GOODBYE, self.write.shutdown()).await),
            Ending::Reset => self.read.unsplit(self.write).abort(),
        }
    }

    /// The stream itself. What has arrived on it is forgotten (RFC 4642, section 2.2.2).
    pub(super) fn into_stream(self) -> Stream {
        self.read.unsplit(self.write)
    }
}

impl Inbox {
    /// Reads on and on, until the client's end.
    async fn fill_on(&mut self, read: &mut ReadHalf<Stream>) -> End {
        loop {
            if let Err(end) = self.fill(read).await {
                return end;
            }
        }
    }

    async fn fill(&mut self, read: &mut ReadHalf<Stream>) -> Result<(), End> {
        // What is read is kept in the same breath: this may be dropped at any moment.
        match read.read_buf(&mut self.rest).await {
            Ok(0) | Err(_) => return Err(End::Client),
            Ok(_) => self.reads += 1,
        }
        let now = Instant::now();
        while let Some(at) = self.rest.iter().position(|byte| *byte == b'\n') {
            let mut line: Vec<_> = self.rest.drain(..=at).collect();
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            self.arrived(&line);
            self.lines.push_back((now, line));
        }
        Ok(())
    }

    fn arrived(&mut self, line: &[u8]) {
        if self.in_article {
            self.in_article = line != b".";
            return;
        }
        (self.note)(&String::from_utf8_lossy(line), self.reads);
        let verb = line.get(..9).unwrap_or_default();
        self.in_article = verb.eq_ignore_ascii_case(b"TAKETHIS ");
    }
}
