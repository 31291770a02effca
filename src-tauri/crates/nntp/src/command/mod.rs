//! Requests: parsed from a client's line, and sent on as that very line.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use crate::line::without_end;
use crate::message_id::MessageId;
use crate::status::{Code, StatusLine};

mod framing;
mod verb;

pub use framing::Framing;
pub use verb::{AuthInfo, Verb};

/// The reply to a line that could be taken for more than one.
const CONTROL_CHARACTERS: &str = "501 The line has control characters in it\r\n";

/// How a request is routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Answered by the proxy itself, never sent on.
    Local(Local),
    /// About an article named by its message-id: any connection of any provider will do.
    ById,
    /// Depends on nothing said before.
    Stateless,
    /// Depends on the selected group or the current article.
    Stateful(Effect),
    /// The client sends an article with it.
    Upload(Upload),
    /// Nobody knows what it does or where its reply ends.
    Unknown,
}

/// What the proxy answers itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Local {
    /// CAPABILITIES (RFC 3977, section 5.2).
    Capabilities,
    /// MODE READER (RFC 3977, section 5.3).
    ModeReader,
    /// MODE STREAM (RFC 4644, section 2.3).
    ModeStream,
    /// AUTHINFO (RFC 4643).
    AuthInfo(AuthInfo),
    /// QUIT (RFC 3977, section 5.4).
    Quit,
    /// HELP (RFC 3977, section 7.2).
    Help,
    /// STARTTLS (RFC 4642).
    StartTls,
    /// COMPRESS (RFC 8054).
    Compress,
    /// XFEATURE COMPRESS: replies that are no text any more.
    XFeature,
    /// An empty line.
    Empty,
}

/// What a stateful request does to the session's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Selects a group, and its first article.
    Select,
    /// LISTGROUP without a group: the current article becomes the first.
    ListSelected,
    /// The current article becomes the one named.
    Number,
    /// Reads the current article.
    Current,
    /// NEXT and LAST.
    Step,
    /// Reads a range of the selected group.
    Range,
}

/// How a client sends an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Upload {
    /// POST (RFC 3977, section 6.3.1).
    Post,
    /// IHAVE (RFC 3977, section 6.3.2).
    IHave,
    /// TAKETHIS (RFC 4644, section 2.5): the article follows without waiting.
    TakeThis,
}

/// A line that is not a request, with the reply to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadRequest {
    reply: &'static str,
    garbage: bool,
}

impl BadRequest {
    /// The reply, with its line end.
    #[must_use]
    pub const fn reply(self) -> &'static str {
        self.reply
    }

    /// Whether not even the command is known. Otherwise only its argument is malformed: a downloader
    /// with a bad .nzb has many of those, and is no attacker.
    #[must_use]
    pub const fn is_garbage(self) -> bool {
        self.garbage
    }
}

impl fmt::Display for BadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reply.trim_end())
    }
}

impl std::error::Error for BadRequest {}

/// One request. Cloning it is cheap.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Ends in CRLF.
    line: Bytes,
    /// Where the arguments begin and end.
    args: (usize, usize),
    verb: Verb,
    class: Class,
}

impl Request {
    /// Parses a line, with its line end or without.
    ///
    /// # Errors
    /// When the line has control characters in it, which could be taken for more than one request, or
    /// its message-id is not one.
    pub fn parse(line: Bytes) -> Result<Self, BadRequest> {
        let text = without_end(&line);
        let start = text.iter().position(|byte| !is_blank(*byte)).unwrap_or(text.len());
        let words = text.get(start..).unwrap_or_default();
        let (verb, length) = Verb::parse(words);
        let behind = words.get(length..).unwrap_or_default();
        let blanks = behind.iter().take_while(|byte| is_blank(**byte)).count();
        let args = start.saturating_add(length).saturating_add(blanks);
        let argument = text.get(args..).unwrap_or_default();
        let control = memchr::memchr3(0, b'\r', b'\n', text).map(|_| CONTROL_CHARACTERS);
        if let Some(reply) = control.or_else(|| verb.malformed(argument)) {
            let garbage = matches!(verb, Verb::Unknown | Verb::Empty);
            return Err(BadRequest { reply, garbage });
        }
        let class = verb.class(argument);
        let end = text.len();
        let line = if line.ends_with(b"\r\n") { line } else { with_crlf(text) };
        Ok(Self { line, args: (args, end), verb, class })
    }

    /// Which command it is.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        self.verb
    }

    /// How it is routed.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// What to send to a provider: the client's own line, unchanged, with CRLF.
    #[must_use]
    pub fn wire(&self) -> Bytes {
        self.line.clone()
    }

    /// What is behind the command's words. Blanks at its end are part of it: passwords may have them.
    #[must_use]
    pub fn args(&self) -> &[u8] {
        self.line.get(self.args.0..self.args.1).unwrap_or_default()
    }

    /// The message-id that the request names an article by.
    #[must_use]
    pub fn message_id(&self) -> Option<MessageId<'_>> {
        self.verb.message_id(self.args())
    }

    /// The group that it selects.
    #[must_use]
    pub fn selected_group(&self) -> Option<&[u8]> {
        match self.class {
            Class::Stateful(Effect::Select) => {
                self.args().split(|byte| is_blank(*byte)).find(|word| !word.is_empty())
            }
            _ => None,
        }
    }

    /// What follows a status line with this code, when it answers this request.
    #[must_use]
    pub const fn framing(&self, code: Code) -> Framing {
        framing::of(self.verb, self.class, code)
    }

    /// The same question to a server that does not know this command, where another command has
    /// exactly the same answer. [`Self::translated`] turns its status line into ours.
    #[must_use]
    pub fn alternative(&self) -> Option<Self> {
        let by_id = matches!(self.class, Class::ById);
        let verb: &[u8] = match self.verb {
            Verb::Over => b"XOVER ",
            Verb::XOver => b"OVER ",
            // By message-id the lines differ: HDR gives 0 as the number, XHDR repeats the id.
            Verb::Hdr if !by_id => b"XHDR ",
            Verb::XHdr if !by_id => b"HDR ",
            Verb::Stat => b"HEAD ",
            _ => return None,
        };
        let line = [verb, self.args()].concat();
        Self::parse(line.trim_ascii_end().to_vec().into()).ok()
    }

    /// The status line that belongs to this request, when `sent` was sent in its place.
    #[must_use]
    pub fn translated(&self, sent: &Self, status: StatusLine) -> StatusLine {
        let ranged = !self.args().trim_ascii().is_empty();
        let code = match (self.verb, sent.verb, status.code().get()) {
            (Verb::Hdr, Verb::XHdr, 221) => 225,
            (Verb::XHdr, Verb::Hdr, 225) => 221,
            (Verb::Over, Verb::XOver, 420) if ranged => 423,
            (Verb::XOver, Verb::Over, 423) if ranged => 420,
            (Verb::Stat, Verb::Head, 221) => 223,
            _ => return status,
        };
        status.with_code(code)
    }

    /// Whether a code says that this provider does not have the article (430, and what servers say
    /// in its place: 423, 420, 412, and 451 for an article taken down).
    #[must_use]
    pub const fn means_missing(&self, code: Code) -> bool {
        matches!(self.class, Class::ById) && matches!(code.get(), 412 | 420 | 423 | 430 | 451)
    }
}

impl fmt::Debug for Request {
    /// The verb alone: arguments may be a password or an article's id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Request").field(&self.verb).finish()
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn with_crlf(text: &[u8]) -> Bytes {
    let mut line = BytesMut::with_capacity(text.len().saturating_add(2));
    line.put_slice(text);
    line.put_slice(b"\r\n");
    line.freeze()
}
