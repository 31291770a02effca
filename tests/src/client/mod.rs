//! A scripted NNTP client on any [`Transport`]. Its framing is its own and as simple as can be, so
//! that it shares no mistake with the proxy.
//!
//! Methods whose names begin with `try_` say what went wrong; the others fail the test.
#![expect(clippy::panic, reason = "a helper of tests: what goes wrong here fails the test")]

mod dialogue;

use std::fmt::{Debug, Display};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

use crate::transport::Transport;

/// How much is read at once, in bytes.
const READ: usize = 64 * 1024;
/// How long a client waits for the next bytes, unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(30);

/// See the [module](self).
#[derive(Debug)]
pub struct Client<S> {
    stream: S,
    unread: Vec<u8>,
    patience: Duration,
}

/// A status line and, where it has one, its block as it came, terminator included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Without its line end.
    pub status: String,
    /// Dot-stuffed.
    pub block: Option<Vec<u8>>,
}

impl Reply {
    /// The first three characters of the status line.
    #[must_use]
    pub fn code(&self) -> &str {
        self.status.get(..3).unwrap_or(&self.status)
    }

    /// The block, which must be there.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn block(&self) -> &[u8] {
        match &self.block {
            Some(block) => block,
            None => panic!("no block behind {:?}", self.status),
        }
    }
}

impl Client<TcpStream> {
    /// Connects by TCP. The greeting is still to be read.
    ///
    /// # Panics
    /// When nobody listens there.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = must("connect", TcpStream::connect(address).await);
        must("set TCP_NODELAY", stream.set_nodelay(true));
        Self::over(stream)
    }
}

impl<S: Transport> Client<S> {
    /// A client on a stream that stands.
    pub fn over(stream: S) -> Self {
        Self { stream, unread: Vec::new(), patience: PATIENCE }
    }

    /// Waits so long for the next bytes before it gives up.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Sends a line, or several with CRLF between them, in one write.
    pub async fn send(&mut self, lines: &str) {
        must("send", self.try_send(lines).await);
    }

    /// Like [`send`](Self::send).
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn try_send(&mut self, lines: &str) -> io::Result<()> {
        self.try_send_bytes([lines.as_bytes(), b"\r\n"].concat().as_slice()).await
    }

    /// Sends exactly these bytes.
    ///
    /// # Errors
    /// When the connection is gone, or they are not taken in time.
    pub async fn try_send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let sent = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        timeout(self.patience, sent).await.map_err(|_| late("nobody reads"))?
    }

    /// The next line without its line end.
    pub async fn line(&mut self) -> String {
        must("read a line", self.try_line().await)
    }

    /// Like [`line`](Self::line). The line has to end in CRLF.
    ///
    /// # Errors
    /// When there is no line, or it ends in a bare LF.
    pub async fn try_line(&mut self) -> io::Result<String> {
        let end = self.read_to(b"\n", 0).await?;
        let line: Vec<u8> = self.unread.drain(..end).collect();
        match line.strip_suffix(b"\r\n") {
            Some(line) => Ok(String::from_utf8_lossy(line).into_owned()),
            None => Err(io::Error::new(ErrorKind::InvalidData, "a line that ends in a bare LF")),
        }
    }

    /// A block up to and with its terminator.
    ///
    /// # Errors
    /// When it does not end; what there is of it can be had by [`rest`](Self::rest).
    pub async fn try_block(&mut self) -> io::Result<Vec<u8>> {
        let mut from = 0;
        loop {
            let end = self.read_to(b".\r\n", from).await?;
            let line = &self.unread[..end - 3];
            if line.is_empty() || line.ends_with(b"\r\n") {
                return Ok(self.unread.drain(..end).collect());
            }
            from = end - 2;
        }
    }

    /// The reply to `line`: it tells whether a block comes.
    pub async fn reply_to(&mut self, line: &str) -> Reply {
        must(line, self.try_reply_to(line).await)
    }

    /// Like [`reply_to`](Self::reply_to).
    ///
    /// # Errors
    /// When the reply does not come, or is not whole.
    pub async fn try_reply_to(&mut self, line: &str) -> io::Result<Reply> {
        let status = self.try_line().await?;
        let block = match has_block(line, &status) {
            true => Some(self.try_block().await?),
            false => None,
        };
        Ok(Reply { status, block })
    }

    /// Sends a line and reads the reply to it.
    pub async fn ask(&mut self, line: &str) -> Reply {
        must(line, self.try_ask(line).await)
    }

    /// Like [`ask`](Self::ask).
    ///
    /// # Errors
    /// When the reply does not come, or is not whole.
    pub async fn try_ask(&mut self, line: &str) -> io::Result<Reply> {
        self.try_send(line).await?;
        self.try_reply_to(line).await
    }

    /// Sends all lines at once and reads all replies, in order.
    pub async fn ask_all(&mut self, lines: &[&str]) -> Vec<Reply> {
        self.send(&lines.join("\r\n")).await;
        let mut replies = Vec::with_capacity(lines.len());
        for line in lines {
            replies.push(self.reply_to(line).await);
        }
        replies
    }

    /// Sends an article (lines that end in CRLF), dot-stuffed and with its terminator.
    pub async fn upload(&mut self, lines: &[u8]) {
        must("upload", self.try_send_bytes(&crate::article::block(lines)).await);
    }

    /// Reads `count` bytes, whatever they are.
    pub async fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.unread.len() < count {
            must("read", self.fill().await);
        }
        self.unread.drain(..count).collect()
    }

    /// All that comes until the other side ends the connection, in whatever way.
    ///
    /// # Panics
    /// When it does not.
    pub async fn rest(&mut self) -> Vec<u8> {
        loop {
            match self.fill().await {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::TimedOut => panic!("not closed: {error}"),
                Err(_) => return std::mem::take(&mut self.unread),
            }
        }
    }

    /// Waits for the other side to end the connection without another byte.
    ///
    /// # Panics
    /// When there is another byte, or no end.
    pub async fn closed(&mut self) {
        let rest = self.rest().await;
        assert!(rest.is_empty(), "unexpected: {:?}", String::from_utf8_lossy(&rest));
    }

    /// Leaves without a goodbye: by RST, on TCP.
    pub fn abort(mut self) {
        self.stream.abort();
    }

    /// The stream, for whatever else is to be done with it.
    pub fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Reads until `pattern` stands behind `from`, and says where it ends.
    async fn read_to(&mut self, pattern: &[u8], mut from: usize) -> io::Result<usize> {
        loop {
            let unseen = self.unread.get(from..).unwrap_or_default();
            let found = unseen.windows(pattern.len()).position(|bytes| bytes == pattern);
            if let Some(at) = found {
                return Ok(from + at + pattern.len());
            }
            from = self.unread.len().saturating_sub(pattern.len() - 1).max(from);
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> io::Result<()> {
        self.unread.reserve(READ);
        match timeout(self.patience, self.stream.read_buf(&mut self.unread)).await {
            Err(_) => Err(late("nothing comes")),
            Ok(Ok(0)) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => read.map(drop),
        }
    }
}

/// Whether a block follows `status` as the reply to `line` (RFC 3977, appendix C).
fn has_block(line: &str, status: &str) -> bool {
    let listgroup = line.get(..9).is_some_and(|verb| verb.eq_ignore_ascii_case("listgroup"));
    match status.get(..3).unwrap_or_default() {
        "211" => listgroup,
        "100" | "101" | "215" | "220" | "221" | "222" | "224" | "225" | "230" | "231" => true,
        _ => false,
    }
}

fn late(what: &str) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, what.to_owned())
}

fn must<T>(what: &str, result: Result<T, impl Display + Debug>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what}: {error}"),
    }
}
