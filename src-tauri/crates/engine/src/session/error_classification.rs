//! What a status line from a provider means for a request: an answer, or a reason to ask elsewhere.

use nntp::command::{Class, Request, Verb};
use nntp::status::{Code, StatusLine};

/// What a status line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The client gets it.
    Answer,
    /// This provider does not have the article, at this moment.
    Missing,
    /// This provider cannot do it; another may.
    Unable,
}

/// The meaning of `code` as the answer to `request`.
///
/// For articles every refusal is hidden: downloaders take a 500 for a reason to ask again at once and
/// for ever, and a 451 for a fault. For other requests, what the provider says is the answer, unless
/// it is about the account.
pub(super) fn classify(request: &Request, code: Code) -> Meaning {
    let refusal = code.get() >= 400;
    match request.class() {
        _ if !refusal => Meaning::Answer,
        Class::ById if request.means_missing(code) => Meaning::Missing,
        Class::ById => Meaning::Unable,
        _ if matches!(code.get(), 403 | 502) => Meaning::Unable,
        _ => Meaning::Answer,
    }
}

/// Whether a refusal may be shown to the client when all have refused. Not so for articles.
pub(super) fn is_showable(request: &Request) -> bool {
    !matches!(request.verb(), Verb::Article | Verb::Body | Verb::Head | Verb::Stat)
}

/// Whether a provider's refusal is about the account rather than about this request.
pub(super) fn is_about_account(status: &StatusLine) -> bool {
    status.code().get() == 502
}
