//! The texts: which there are, and where. Each is a separate file.

/// Where people begin.
pub(crate) const WELCOME: &str = "newsmux.welcome";
/// What they ask next.
pub(crate) const HELP: &str = "newsmux.help";

/// A text that becomes an article.
pub(crate) struct Text {
    /// Its group.
    pub(crate) group: &'static str,
    /// Its message-id is made of this.
    pub(crate) name: &'static str,
    /// The text that it answers, by its name.
    pub(crate) answers: Option<&'static str>,
    /// In ASCII, as headers are.
    pub(crate) subject: &'static str,
    /// The language (BCP 47).
    pub(crate) language: &'static str,
    /// The body.
    pub(crate) lines: &'static str,
}

/// All of them, in the order of their numbers.
pub(crate) const TEXTS: [Text; 8] = [
    Text {
        group: WELCOME,
        name: "welcome",
        answers: None,
        subject: "Welcome to Newsmux",
        language: "en",
        lines: include_str!("texts/welcome.txt"),
    },
    Text {
        group: WELCOME,
        name: "next",
        answers: Some("welcome"),
        subject: "Re: Welcome to Newsmux",
        language: "en",
        lines: include_str!("texts/next.txt"),
    },
    Text {
        group: WELCOME,
        name: "willkommen",
        answers: None,
        subject: "Willkommen bei Newsmux",
        language: "de",
        lines: include_str!("texts/willkommen.txt"),
    },
    Text {
        group: HELP,
        name: "sabnzbd",
        answers: None,
        subject: "SABnzbd: what to enter",
        language: "en",
        lines: include_str!("texts/sabnzbd.txt"),
    },
    Text {
        group: HELP,
        name: "nzbget",
        answers: None,
        subject: "NZBGet: what to enter",
        language: "en",
        lines: include_str!("texts/nzbget.txt"),
    },
    Text {
        group: HELP,
        name: "reader",
        answers: None,
        subject: "Newsreaders: what to enter",
        language: "en",
        lines: include_str!("texts/reader.txt"),
    },
    Text {
        group: HELP,
        name: "modes",
        answers: None,
        subject: "What the modes mean",
        language: "en",
        lines: include_str!("texts/modes.txt"),
    },
    Text {
        group: HELP,
        name: "hilfe",
        answers: None,
        subject: "Programme einrichten, und was die Modi bedeuten",
        language: "de",
        lines: include_str!("texts/hilfe.txt"),
    },
];
