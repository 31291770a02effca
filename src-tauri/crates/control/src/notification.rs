//! A notification as plain data: what the desktop shows, a function of the snapshot and the language.

use api::snapshot::{Snapshot, Trouble};
use settings::Language;

use crate::words::Words;

/// What the desktop shows. A click on it opens the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The fact, without a full stop.
    pub title: String,
    /// What follows from it. May be empty.
    pub body: String,
    /// What a click does.
    pub click: &'static str,
}

/// What the user is notified of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum News<'a> {
    /// This trouble needs the user, and so do so many others.
    Needs(&'a Trouble, usize),
    /// Nothing can be downloaded.
    Outage,
    /// Programs can download again.
    Back,
    /// An account is running out.
    Account(&'a Trouble),
}

impl Notification {
    /// The notification of these news. `language` is the one that the system speaks where the settings leave it to
    /// the system.
    pub(crate) fn of(news: News<'_>, snapshot: &Snapshot, language: Language) -> Self {
        let words = Words::of(language);
        let (title, body) = match news {
            News::Needs(trouble, more) => {
                (words.fact(snapshot, trouble), words.needs(snapshot, trouble, more))
            }
            News::Outage => words.outage(snapshot),
            News::Back => (words.back.into(), words.serves_again.into()),
            News::Account(trouble) => {
                (words.fact(snapshot, trouble), words.account(snapshot, trouble))
            }
        };
        Self { title, body, click: words.open }
    }
}
