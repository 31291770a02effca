//! Requests, parsed from a client's line and sent on as that same line.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use crate::line::without_end;
use crate::message_id::MessageId;
use crate::status::{Code, StatusLine};

mod framing;
mod verb;

pub use framing::Framing;
pub use verb::{AuthInfo, Verb};

/// The reply to a line that a server could read as several.
const CONTROL_CHARACTERS: &str = "501 The line has control characters in it\r\n";

/// How a request is routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Answered by the proxy itself and never sent on.
    Local(Local),
    /// Names an article by message-id: any connection of any provider will do.
    ById,
    /// Does not depend on the selected group or earlier requests.
    Stateless,
    /// Depends on the selected group or the current article.
    Stateful(Effect),
    /// The client sends an article.
    Upload(Upload),
    /// Unknown: neither its effect nor the end of its reply is known.
    Unknown,
}

/// Commands that the proxy answers itself.
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
    /// XFEATURE COMPRESS, whose replies are no longer text.
    XFeature,
    /// An empty line.
    Empty,
}

/// How a stateful request uses or changes the selected group and current article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Selects a group and its first article.
    Select,
    /// LISTGROUP without a group: moves to the first article.
    ListSelected,
    /// Moves to the article named by number.
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
    /// TAKETHIS (RFC 4644, section 2.5): the article follows at once.
    TakeThis,
}

/// An invalid request, with the reply to send.
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

    /// Whether the command itself is unknown. Otherwise only its argument is malformed, which a
    /// downloader with a bad .nzb sends often without being an attacker.
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

/// A request. Cloning it is cheap.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Ends in CRLF.
    line: Bytes,
    /// Start and end of the arguments.
    args: (usize, usize),
    verb: Verb,
    class: Class,
}

impl Request {
    /// Parses a line, with or without its line end.
    ///
    /// # Errors
    /// If the line contains control characters, which a server could read as several requests, or its
    /// message-id is invalid.
    pub fn parse(line: Bytes) -> Result<Self, BadRequest> {
        let text = without_end(&line);
        let start = text.iter().position(|byte| !is_blank(*byte)).unwrap_or(text.len());
        let words = text.get(start..).unwrap_or_default();
        let (verb, length) = Verb::parse(words);
        let behind = words.get(length..).unwrap_or_default();
        let blanks = behind.iter().take_while(|byte| is_blank(**byte)).count();
        let args = start.saturating_add(length).saturating_add(blanks);
        let argument = text.get(args..).unwrap_or_default();
        let odd = has_control(text);
        let control = odd && memchr::memchr3(0, b'\r', b'\n', text).is_some();
        let control = control.then_some(CONTROL_CHARACTERS);
        if let Some(reply) = control.or_else(|| verb.malformed(argument, odd)) {
            let garbage = matches!(verb, Verb::Unknown | Verb::Empty);
            return Err(BadRequest { reply, garbage });
        }
        let class = verb.class(argument);
        let end = text.len();
        let line = if line.ends_with(b"\r\n") { line } else { with_crlf(text) };
        Ok(Self { line, args: (args, end), verb, class })
    }

    /// The command.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        self.verb
    }

    /// How it is routed.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// The line to send to a provider: the client's own, unchanged, with CRLF.
    #[must_use]
    pub const fn wire(&self) -> &Bytes {
        &self.line
    }

    /// The arguments. Trailing blanks belong to them: passwords may end with some.
    #[must_use]
    pub fn args(&self) -> &[u8] {
        self.line.get(self.args.0..self.args.1).unwrap_or_default()
    }

    /// The message-id of the requested article.
    #[must_use]
    pub fn message_id(&self) -> Option<MessageId<'_>> {
        self.verb.message_id(self.args())
    }

    /// The group that it selects, if any.
    #[must_use]
    pub fn selected_group(&self) -> Option<&[u8]> {
        match self.class {
            Class::Stateful(Effect::Select) => {
                self.args().split(|byte| is_blank(*byte)).find(|word| !word.is_empty())
            }
            _ => None,
        }
    }

    /// What follows a status line with this code in reply to this request.
    #[must_use]
    pub const fn framing(&self, code: Code) -> Framing {
        framing::of(self.verb, self.class, code)
    }

    /// The same request for a server that does not know this command, if another command has exactly
    /// the same answer. [`Self::translated`] turns its status line into ours.
    #[must_use]
    pub fn alternative(&self) -> Option<Self> {
        let by_id = matches!(self.class, Class::ById);
        let verb: &[u8] = match self.verb {
            Verb::Over => b"XOVER ",
            Verb::XOver => b"OVER ",
            // By message-id the replies differ: HDR gives 0 as the number, XHDR repeats the id.
            Verb::Hdr if !by_id => b"XHDR ",
            Verb::XHdr if !by_id => b"HDR ",
            Verb::Stat => b"HEAD ",
            _ => return None,
        };
        let line = [verb, self.args()].concat();
        Self::parse(line.trim_ascii_end().to_vec().into()).ok()
    }

    /// The status line for this request, when `sent` was sent instead.
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

    /// Whether a code means that the provider does not have the article: 430, and what some servers
    /// send instead (423, 420, 412, and 451 for an article that was taken down).
    #[must_use]
    pub const fn means_missing(&self, code: Code) -> bool {
        matches!(self.class, Class::ById) && matches!(code.get(), 412 | 420 | 423 | 430 | 451)
    }
}

impl fmt::Debug for Request {
    /// Prints only the verb: arguments may be a password or a message-id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Request").field(&self.verb).finish()
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether there is a control character. Most lines have none, so looking at many bytes at once is
/// faster than stopping at the first.
fn has_control(text: &[u8]) -> bool {
    text.iter().fold(false, |found, byte| found | byte.is_ascii_control())
}

fn with_crlf(text: &[u8]) -> Bytes {
    let mut line = BytesMut::with_capacity(text.len().saturating_add(2));
    line.put_slice(text);
    line.put_slice(b"\r\n");
    line.freeze()
}
