//! What a provider's status line means for the request it answers.
//!
//! The code alone is not enough: a 400 is a farewell from one server and an answer from another, and a
//! 502 may be about the article, the connection or the account.

use crate::command::{Class, Effect, Request};
use crate::status::StatusLine;
use crate::words::Words;

/// The meaning of a status line. See the [module](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// An answer to the request.
    Answer,
    /// The provider does not have the article at this moment.
    Missing,
    /// The provider refuses this request: this article, argument or group. Other requests are not
    /// affected.
    Refused,
    /// The provider does not know the command, or did not understand this argument.
    UnknownCommand,
    /// The provider cannot do it now, or not for us. Another one may.
    Unable,
    /// A login is needed first. After a fresh login, this is a refusal.
    LoginNeeded,
    /// The server expects other servers until `MODE READER` is sent (RFC 3977, section 5.3).
    ModeReaderNeeded,
    /// The server closes the connection. This may have crossed the request, so it is not the answer.
    Farewell,
    /// There is one connection too many.
    TooManyConnections,
    /// The account is used up, blocked, expired or unpaid.
    Account,
}

/// Interprets `status` as the reply to `request`.
#[must_use]
pub fn of(request: &Request, status: &StatusLine) -> Verdict {
    let code = status.code().get();
    if code < 400 {
        let known = !matches!(request.class(), Class::Unknown);
        return if code == 205 && known { Verdict::Farewell } else { Verdict::Answer };
    }
    match code {
        480 => return Verdict::LoginNeeded,
        500 => return Verdict::UnknownCommand,
        400 | 401 | 481 | 482 | 502 | 503 => {
            if let Some(verdict) = by_words(request, code, &Words::of(status)) {
                return verdict;
            }
        }
        _ => {}
    }
    let by_id = matches!(request.class(), Class::ById);
    match code {
        400 => Verdict::Farewell,
        403 | 483 | 502 => Verdict::Unable,
        503 if by_id && request.verb().names_article() => Verdict::Unable,
        _ if request.means_missing(status.code()) => Verdict::Missing,
        _ => Verdict::Refused,
    }
}

/// The status line for the client if this refusal is final.
///
/// A 400 would end the client's session, a 480 would make it log in again and again, a 500 for an
/// article makes SABnzbd retry at once and forever, and tin exits at a group that needs a login, where
/// it passes over one that does not exist.
#[must_use]
pub fn shown(request: &Request, status: &StatusLine) -> StatusLine {
    let unknown = matches!(of(request, status), Verdict::UnknownCommand);
    let article = request.verb().names_article();
    let code = match (request.class(), status.code().get()) {
        (Class::ById, code) if article && is_refusal_of_one(request, status) => {
            if request.means_missing(status.code()) { code } else { 430 }
        }
        // SABnzbd and NZBGet retry these later without reporting an error.
        (Class::ById, 403 | 483 | 502) if article => 503,
        (Class::Stateful(Effect::Number), _) if article && unknown => 423,
        (Class::Stateful(Effect::Current), _) if article && unknown => 420,
        (Class::Stateful(Effect::Select), 411 | 480) => 411,
        (Class::Stateful(_), 411) => 412,
        (_, 400) if unknown => 500,
        (_, 400 | 401) => 503,
        (_, 480 | 483) => 502,
        (_, code) => code,
    };
    status.with_code(code)
}

/// Whether refusing this article says nothing about other articles.
fn is_refusal_of_one(request: &Request, status: &StatusLine) -> bool {
    match of(request, status) {
        Verdict::Missing | Verdict::Refused | Verdict::UnknownCommand | Verdict::LoginNeeded => {
            true
        }
        Verdict::Answer
        | Verdict::Unable
        | Verdict::ModeReaderNeeded
        | Verdict::Farewell
        | Verdict::TooManyConnections
        | Verdict::Account => false,
    }
}

/// Whether a refusal says that the paid volume is used up.
#[must_use]
pub fn is_about_volume(status: &StatusLine) -> bool {
    Words::of(status).mean_volume()
}

/// Interprets an ambiguous code by its text.
fn by_words(request: &Request, code: u16, words: &Words) -> Option<Verdict> {
    let about_articles = request.verb().names_article();
    match code {
        401 => words.have("mode-reader").then_some(Verdict::ModeReaderNeeded),
        503 if words.mean_connections() => None,
        _ if words.mean_connections() => Some(Verdict::TooManyConnections),
        // A text such as "503 NEWNEWS disabled" says nothing more.
        _ if words.mean_volume() => Some(Verdict::Account),
        _ if words.mean_account() && (about_articles || words.have("account")) => {
            Some(Verdict::Account)
        }
        400 if words.mean_unknown_command() => Some(Verdict::UnknownCommand),
        400 | 502 | 503 if words.mean_farewell() => Some(Verdict::Farewell),
        _ => None,
    }
}
