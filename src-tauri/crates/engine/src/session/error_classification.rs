//! Decides what to do with a provider's status line: pass it to the client, or ask elsewhere.

use nntp::command::{Request, Verb};
use nntp::status::StatusLine;
use nntp::verdict::{self, Verdict};

use crate::backend::Backend;

/// What a status line means for routing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It is the answer for the client.
    Answer,
    /// The provider does not have the article at this moment.
    Missing,
    /// The provider refuses this request, and would again.
    Refused,
    /// The provider lacks the command, but may know another with the same answer.
    TryAlternative,
    /// The provider cannot do it now; another may.
    Unable,
}

/// Interprets `status` as the reply to `sent`, and lets the backend learn from it.
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
        Verdict::Account => {
            backend.set_used_up(words(status), verdict::is_about_volume(status));
        }
        Verdict::Unable
        | Verdict::LoginNeeded
        | Verdict::ModeReaderNeeded
        | Verdict::Farewell
        | Verdict::TooManyConnections => {}
    }
    match verdict {
        Verdict::Answer => Meaning::Answer,
        Verdict::Missing => Meaning::Missing,
        Verdict::Refused | Verdict::UnknownCommand | Verdict::LoginNeeded => Meaning::Refused,
        // The provider may have the article after all.
        Verdict::Farewell | Verdict::ModeReaderNeeded if names_article(sent) => Meaning::Unable,
        Verdict::Farewell | Verdict::ModeReaderNeeded => Meaning::Refused,
        Verdict::Unable | Verdict::TooManyConnections | Verdict::Account => Meaning::Unable,
    }
}

/// Whether the client may see a refusal when nobody can serve the request. For articles, only one that
/// says "not now": a downloader would treat others as a missing article.
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
