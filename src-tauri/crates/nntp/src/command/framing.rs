//! Which replies have a block after their status line (RFC 3977, section 3.2 and the tables of its
//! commands). The code alone does not tell: 211 has one after LISTGROUP and none after GROUP.

use super::{Class, Upload, Verb};
use crate::status::Code;

/// What follows a status line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// Nothing: the reply is complete.
    Line,
    /// A dot-stuffed block.
    Block,
    /// The server waits for the client to send an article.
    Continue,
    /// The code does not fit the request: the stream cannot be trusted any more.
    Unexpected,
}

pub(super) const fn of(verb: Verb, class: Class, code: Code) -> Framing {
    match (class, code.get()) {
        (_, 400..=599) => Framing::Line,
        (Class::Upload(Upload::Post), 340) | (Class::Upload(Upload::IHave), 335) => {
            Framing::Continue
        }
        (Class::Upload(_), 235 | 239 | 240) => Framing::Line,
        // These codes always have a block.
        (Class::Unknown, 100 | 101 | 215 | 220 | 221 | 222 | 224 | 225 | 230 | 231 | 282) => {
            Framing::Block
        }
        (_, code) => known(verb, code),
    }
}

const fn known(verb: Verb, code: u16) -> Framing {
    let block = match verb {
        Verb::Article | Verb::Body => quirk_body_codes(code),
        Verb::Head => code == 221,
        Verb::Over | Verb::XOver | Verb::XZVer => code == 224,
        Verb::Hdr => code == 225,
        Verb::XHdr | Verb::XPat | Verb::XZHdr => code == 221 || code == 225,
        Verb::ListGroup => code == 211,
        Verb::List => code == 215,
        Verb::NewGroups => code == 231,
        Verb::NewNews => code == 230,
        Verb::XGTitle => code == 282,
        _ => false,
    };
    let line = match verb {
        Verb::Group => code == 211,
        Verb::Stat | Verb::Next | Verb::Last => code == 223,
        Verb::Date => code == 111,
        Verb::Check => code == 238,
        Verb::Compress => code == 206,
        _ => false,
    };
    match (block, line) {
        (true, _) => Framing::Block,
        (false, true) => Framing::Line,
        (false, false) => Framing::Unexpected,
    }
}

/// ARTICLE should get 220 and BODY 222. nserv swaps them, and Supernews answered BODY with 221.
const fn quirk_body_codes(code: u16) -> bool {
    matches!(code, 220..=222)
}
