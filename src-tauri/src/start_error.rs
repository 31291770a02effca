//! Why the program cannot start, with what the user can do about it, in the languages of the window.

use std::error::Error;
use std::io;

/// See the [module](self).
#[derive(Debug)]
pub(crate) enum StartError {
    /// There is no home folder for the settings.
    NoHome,
    /// There is nothing to show a tray or a window on.
    NoDisplay,
    /// Another Newsmux runs, and does not answer.
    NotAnswering,
    /// Another Newsmux runs, and does not understand this version.
    OtherVersion,
    /// The system refused something.
    System(Box<dyn Error>),
    /// The system refused something that the window needs.
    Window(Box<dyn Error>),
}

impl StartError {
    /// In English.
    pub(crate) fn english(&self) -> String {
        match self {
            Self::NoHome => {
                "Newsmux cannot start: your home folder was not found. Set HOME to the folder \
                that the settings belong in, then start Newsmux again."
                    .into()
            }
            Self::NoDisplay => {
                "Newsmux cannot start: there is no display. Log in to a desktop first, or \
                run newsmuxd, which needs no display."
                    .into()
            }
            Self::NotAnswering => {
                "Newsmux cannot start: another Newsmux is running but does not answer. \
                End it (log out, or end the process newsmux), then start Newsmux again."
                    .into()
            }
            Self::OtherVersion => {
                "Newsmux cannot start: another version of Newsmux is running. Quit that \
                one, then start Newsmux again."
                    .into()
            }
            Self::System(error) => format!("Newsmux cannot start: {error}. {REPORT_ENGLISH}"),
            Self::Window(error) => format!(
                "Newsmux cannot open its window: {error}. Your programs are still served. {REPORT_ENGLISH}"
            ),
        }
    }

    /// In German.
    pub(crate) fn german(&self) -> String {
        match self {
            Self::NoHome => "Newsmux kann nicht starten: Ihr persönlicher Ordner wurde nicht gefunden. \
                Setzen Sie HOME auf den Ordner, in den die Einstellungen gehören, und starten Sie Newsmux erneut."
                .into(),
            Self::NoDisplay => "Newsmux kann nicht starten: Es gibt keinen Bildschirm. Melden Sie sich zuerst \
                an einem Desktop an, oder verwenden Sie newsmuxd, das keinen Bildschirm braucht."
                .into(),
            Self::NotAnswering => "Newsmux kann nicht starten: Ein anderes Newsmux läuft, antwortet aber \
                nicht. Beenden Sie es (melden Sie sich ab, oder beenden Sie den Prozess newsmux), und starten Sie \
                Newsmux erneut."
                .into(),
            Self::OtherVersion => "Newsmux kann nicht starten: Eine andere Version von Newsmux läuft. \
                Beenden Sie diese, und starten Sie Newsmux erneut."
                .into(),
            Self::System(error) => format!("Newsmux kann nicht starten: {error}. {REPORT_GERMAN}"),
            Self::Window(error) => format!(
                "Newsmux kann sein Fenster nicht öffnen: {error}. Ihre Programme werden weiter bedient. {REPORT_GERMAN}"
            ),
        }
    }
}

const REPORT_ENGLISH: &str = "Restart the computer and try again. If that doesn't help, report it at \
    https://github.com/newsmux/newsmux/issues.";
const REPORT_GERMAN: &str = "Starten Sie den Computer neu, und versuchen Sie es noch einmal. Wenn das nicht \
    hilft, melden Sie es unter https://github.com/newsmux/newsmux/issues.";

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self::System(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_remedy_in_both_languages() {
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied).into();
        for error in [
            StartError::NoHome,
            StartError::NoDisplay,
            StartError::NotAnswering,
            StartError::OtherVersion,
            StartError::System(denied()),
            StartError::Window(denied()),
        ] {
            for (text, remedies) in [
                (
                    error.english(),
                    ["then start Newsmux again.", "run newsmuxd", "report it at https://"],
                ),
                (
                    error.german(),
                    [
                        "starten Sie Newsmux erneut.",
                        "verwenden Sie newsmuxd",
                        "melden Sie es unter https://",
                    ],
                ),
            ] {
                assert!(remedies.iter().any(|remedy| text.contains(remedy)), "{text}");
                assert!(text.ends_with('.') && !text.contains("  "), "{text}");
            }
            assert_ne!(error.english(), error.german());
        }
    }
}
