//! The commands of RFC 3977 and its extensions, and how each one is routed.

use super::{CONTROL_CHARACTERS, Class, Effect, Local, Upload, is_blank};
use crate::message_id::MessageId;

/// A command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the commands' own")]
pub enum Verb {
    Article,
    AuthInfo(AuthInfo),
    Body,
    Capabilities,
    Check,
    Compress,
    Date,
    Group,
    Hdr,
    Head,
    Help,
    IHave,
    Last,
    List,
    ListGroup,
    ModeReader,
    ModeStream,
    NewGroups,
    NewNews,
    Next,
    Over,
    Post,
    Quit,
    StartTls,
    Stat,
    TakeThis,
    XFeature,
    XGTitle,
    XHdr,
    XOver,
    XPat,
    XZHdr,
    XZVer,
    /// An empty line.
    Empty,
    /// An unknown command.
    Unknown,
}

/// The kinds of AUTHINFO (RFC 4643).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthInfo {
    /// AUTHINFO USER.
    User,
    /// AUTHINFO PASS.
    Pass,
    /// AUTHINFO SASL.
    Sasl,
    /// AUTHINFO GENERIC, and anything else.
    Other,
}

const VERBS: [(&[u8], Verb); 31] = [
    (b"BODY", Verb::Body),
    (b"STAT", Verb::Stat),
    (b"ARTICLE", Verb::Article),
    (b"HEAD", Verb::Head),
    (b"GROUP", Verb::Group),
    (b"XOVER", Verb::XOver),
    (b"OVER", Verb::Over),
    (b"DATE", Verb::Date),
    (b"QUIT", Verb::Quit),
    (b"NEXT", Verb::Next),
    (b"LAST", Verb::Last),
    (b"LIST", Verb::List),
    (b"LISTGROUP", Verb::ListGroup),
    (b"HDR", Verb::Hdr),
    (b"XHDR", Verb::XHdr),
    (b"POST", Verb::Post),
    (b"HELP", Verb::Help),
    (b"CAPABILITIES", Verb::Capabilities),
    (b"CHECK", Verb::Check),
    (b"COMPRESS", Verb::Compress),
    (b"IHAVE", Verb::IHave),
    (b"NEWGROUPS", Verb::NewGroups),
    (b"NEWNEWS", Verb::NewNews),
    (b"STARTTLS", Verb::StartTls),
    (b"TAKETHIS", Verb::TakeThis),
    (b"XFEATURE", Verb::XFeature),
    (b"XGTITLE", Verb::XGTitle),
    (b"XPAT", Verb::XPat),
    (b"XZHDR", Verb::XZHdr),
    (b"XZVER", Verb::XZVer),
    (b"", Verb::Empty),
];

impl Verb {
    /// Parses the command at the start of `line`, in any case, and returns the length of its words.
    pub(super) fn parse(line: &[u8]) -> (Self, usize) {
        let word = first_word(line);
        let two = || {
            let behind = line.get(word.len()..).unwrap_or_default();
            let second = first_word(behind.trim_ascii_start());
            let blanks = behind.len().saturating_sub(behind.trim_ascii_start().len());
            (second, word.len().saturating_add(blanks).saturating_add(second.len()))
        };
        if word.eq_ignore_ascii_case(b"AUTHINFO") {
            let (second, length) = two();
            return (Self::AuthInfo(AuthInfo::of(second)), length);
        }
        if word.eq_ignore_ascii_case(b"MODE") {
            let (second, length) = two();
            return match second {
                mode if mode.eq_ignore_ascii_case(b"READER") => (Self::ModeReader, length),
                mode if mode.eq_ignore_ascii_case(b"STREAM") => (Self::ModeStream, length),
                _ => (Self::Unknown, word.len()),
            };
        }
        let known = VERBS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
        (known.map_or(Self::Unknown, |(_, verb)| *verb), word.len())
    }

    /// How the command with this argument is routed.
    pub(super) fn class(self, argument: &[u8]) -> Class {
        let by_id = self.message_id(argument).is_some();
        match self {
            Self::Article | Self::Body | Self::Head | Self::Stat if by_id => Class::ById,
            Self::Over | Self::XOver | Self::Hdr | Self::XHdr | Self::XPat if by_id => Class::ById,
            Self::Article | Self::Body | Self::Head | Self::Stat => {
                let current = argument.trim_ascii().is_empty();
                Class::Stateful(if current { Effect::Current } else { Effect::Number })
            }
            Self::Over | Self::XOver | Self::Hdr | Self::XHdr | Self::XPat => {
                Class::Stateful(Effect::Range)
            }
            Self::XZVer | Self::XZHdr => Class::Stateful(Effect::Range),
            Self::Group => Class::Stateful(Effect::Select),
            Self::ListGroup if argument.trim_ascii().is_empty() => {
                Class::Stateful(Effect::ListSelected)
            }
            Self::ListGroup => Class::Stateful(Effect::Select),
            Self::Next | Self::Last => Class::Stateful(Effect::Step),
            Self::Date
            | Self::List
            | Self::NewGroups
            | Self::NewNews
            | Self::XGTitle
            | Self::Check => Class::Stateless,
            Self::Post => Class::Upload(Upload::Post),
            Self::IHave => Class::Upload(Upload::IHave),
            Self::TakeThis => Class::Upload(Upload::TakeThis),
            Self::Unknown => Class::Unknown,
            _ => self.local(),
        }
    }

    fn local(self) -> Class {
        match self {
            Self::Capabilities => Class::Local(Local::Capabilities),
            Self::ModeReader => Class::Local(Local::ModeReader),
            Self::ModeStream => Class::Local(Local::ModeStream),
            Self::AuthInfo(kind) => Class::Local(Local::AuthInfo(kind)),
            Self::Quit => Class::Local(Local::Quit),
            Self::Help => Class::Local(Local::Help),
            Self::StartTls => Class::Local(Local::StartTls),
            Self::Compress => Class::Local(Local::Compress),
            Self::XFeature => Class::Local(Local::XFeature),
            Self::Empty => Class::Local(Local::Empty),
            _ => Class::Unknown,
        }
    }

    /// The message-id in this command's argument, if it names an article.
    pub(super) fn message_id(self, argument: &[u8]) -> Option<MessageId<'_>> {
        MessageId::leading(self.id_argument(argument)?)
    }

    /// The part of this command's argument where a message-id would be.
    fn id_argument(self, argument: &[u8]) -> Option<&[u8]> {
        match self {
            Self::Article | Self::Body | Self::Head | Self::Stat | Self::Over | Self::XOver => {
                Some(argument.trim_ascii())
            }
            Self::IHave | Self::Check | Self::TakeThis => Some(argument.trim_ascii()),
            // The first argument is the header name; XPAT has patterns after the id.
            Self::Hdr | Self::XHdr | Self::XPat => {
                let argument = argument.trim_ascii();
                let name = first_word(argument);
                let rest = argument.get(name.len()..).unwrap_or_default().trim_ascii();
                Some(if self == Self::XPat { first_word(rest) } else { rest })
            }
            _ => None,
        }
    }

    /// The reply to an argument that no server could understand. Only in an `odd` line there are control
    /// characters.
    pub(super) fn malformed(self, argument: &[u8], odd: bool) -> Option<&'static str> {
        match self {
            // A password may contain anything, and the article after TAKETHIS follows whatever we
            // reply.
            Self::AuthInfo(_) | Self::TakeThis => return None,
            _ if odd && argument.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') => {
                return Some(CONTROL_CHARACTERS);
            }
            // Its message-id ends at the first blank.
            Self::XPat => return None,
            _ => {}
        }
        let id = self.id_argument(argument).filter(|id| id.starts_with(b"<"))?;
        let end = memchr::memrchr(b'>', id);
        let alone = end.is_some_and(|end| end.saturating_add(1) == id.len());
        match end {
            None => Some("501 The message-id has no closing >\r\n"),
            Some(..=1) => Some("501 The message-id is empty\r\n"),
            Some(_) if odd && id.contains(&b'\t') => Some(CONTROL_CHARACTERS),
            Some(_) if self.names_article() && !alone => {
                Some("501 There is something behind the message-id\r\n")
            }
            Some(_) => None,
        }
    }

    /// Whether it is ARTICLE, BODY, HEAD or STAT.
    #[must_use]
    pub const fn names_article(self) -> bool {
        matches!(self, Self::Article | Self::Body | Self::Head | Self::Stat)
    }
}

impl AuthInfo {
    fn of(word: &[u8]) -> Self {
        match word {
            _ if word.eq_ignore_ascii_case(b"USER") => Self::User,
            _ if word.eq_ignore_ascii_case(b"PASS") => Self::Pass,
            _ if word.eq_ignore_ascii_case(b"SASL") => Self::Sasl,
            _ => Self::Other,
        }
    }
}

fn first_word(line: &[u8]) -> &[u8] {
    line.split(|byte| is_blank(*byte)).next().unwrap_or_default()
}
