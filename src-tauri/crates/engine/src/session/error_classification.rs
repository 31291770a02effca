//! What becomes of a provider's status line: the client's answer, or a reason to ask elsewhere.

use nntp::command::{Request, Verb};
use nntp::status::StatusLine;
use nntp::verdict::{self, Verdict};

use crate::backend::Backend;

/// What to do about a status line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The client gets it.
    Answer,
    /// This provider does not have the article, at this moment.
    Missing,
    /// This provider refuses this request, and would again.
    Refused,
    /// This provider does not know the command, and may know another with the same answer.
    TryAlternative,
    /// This provider cannot do it now; another may.
    Unable,
}

/// The meaning of `status` as the reply to `sent`, with which the backend has something to learn.
pub(super) fn classify(backend: &Backend, sent: &Request, status: &StatusLine) -> Meaning {
    let verdict = verdict::of(sent, status);
    match verdict {
        Verdict::UnknownCommand if backend.does_not_know(sent) => return Meaning::TryAlternative,
        Verdict::UnknownCommand => return Meaning::Refused,
        Verdict::Answer => {
            backend.knows(sent.verb());
            if matches!(sent.verb(), Verb::Article | Verb::Body) {
                backend.account().used_up.has_served();
            }
        }
        Verdict::Missing | Verdict::Refused => backend.knows(sent.verb()),
        Verdict::LoginNeeded => backend.refused_after_login(sent),
        Verdict::Account => backend.set_used_up(words(status)),
        Verdict::Unable
        | Verdict::ModeReaderNeeded
        | Verdict::Farewell
        | Verdict::TooManyConnections => {}
    }
    match verdict {
        Verdict::Answer => Meaning::Answer,
        Verdict::Missing => Meaning::Missing,
        Verdict::Refused | Verdict::UnknownCommand | Verdict::LoginNeeded => Meaning::Refused,
        // It may have the article all the same.
        Verdict::Farewell | Verdict::ModeReaderNeeded if names_article(sent) => Meaning::Unable,
        Verdict::Farewell | Verdict::ModeReaderNeeded => Meaning::Refused,
        Verdict::Unable | Verdict::TooManyConnections | Verdict::Account => Meaning::Unable,
    }
}

/// Whether a refusal may be shown to the client when nobody can serve the request. Of an article only what
/// says no more than that it cannot be had now: a downloader would take the rest for a missing article.
pub(super) fn is_showable(request: &Request, status: &StatusLine) -> bool {
    let article = request.message_id().is_some() && names_article(request);
    !article || verdict::of(request, status) == Verdict::Unable
}

/// A provider's refusal, for people.
pub(super) fn words(status: &StatusLine) -> String {
    String::from_utf8_lossy(&status.to_wire()).trim().to_owned()
}

const fn names_article(request: &Request) -> bool {
    Verb::names_article(request.verb())
}
