//! The window: when it is shown, and what closing it means. Nothing is ever hidden without a way back.

use std::mem::take;
use std::time::Duration;

use tokio::time::Instant;

/// A window that lasts no longer would only come and go for ever.
const LASTING: Duration = Duration::from_secs(10);

/// What is known of the window and the tray.
#[derive(Debug, Default)]
pub(super) struct Window {
    presence: Presence,
    since: Option<Instant>,
    tray: bool,
    /// At login the panel may come later than the application.
    awaits_panel: bool,
    farewell: bool,
}

/// Whether there is one.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Presence {
    #[default]
    Gone,
    There,
    /// It is closing, and not gone yet.
    Closing,
    /// So it is, and is wanted again.
    Returning,
}

/// What is to be done with the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WindowAction {
    None,
    Show,
    Close,
    Minimize,
}

impl Window {
    /// Whether somebody looks.
    pub(super) fn is_shown(&self) -> bool {
        self.presence != Presence::Gone
    }

    /// Whether there is a tray.
    pub(super) fn has_tray(&self) -> bool {
        self.tray
    }

    /// Whether the window says where the application goes on.
    pub(super) fn says_farewell(&self) -> bool {
        self.farewell
    }

    /// The user wants to close it.
    pub(super) fn close_asked(&mut self, knows_of_tray: bool) -> WindowAction {
        if !self.tray {
            return WindowAction::Minimize;
        }
        if knows_of_tray || self.farewell {
            return self.go();
        }
        self.farewell = true;
        WindowAction::None
    }

    /// It is wanted. One that is about to go cannot be brought back; if it is wanted twice, it may not go at all.
    pub(super) fn wanted(&mut self) -> WindowAction {
        if self.presence == Presence::Closing {
            self.presence = Presence::Returning;
            return WindowAction::None;
        }
        WindowAction::Show
    }

    fn go(&mut self) -> WindowAction {
        if self.presence != Presence::Gone {
            self.presence = Presence::Closing;
        }
        WindowAction::Close
    }

    /// The user closes it, and knows where the application goes on.
    pub(super) fn close(&mut self) -> WindowAction {
        self.farewell = false;
        if self.tray { self.go() } else { WindowAction::Minimize }
    }

    /// It stays after all.
    pub(super) fn stay_open(&mut self) {
        self.farewell = false;
    }

    /// It is there.
    pub(super) fn is_there(&mut self) {
        self.presence = Presence::There;
        self.since = Some(Instant::now());
    }

    /// It is gone. Without a tray it comes back, unless it never came, or did not last.
    pub(super) fn is_gone(&mut self) -> WindowAction {
        self.farewell = false;
        let lasted = self.since.take().is_some_and(|since| since.elapsed() >= LASTING);
        match take(&mut self.presence) {
            Presence::Returning => WindowAction::Show,
            Presence::Closing if !self.tray => WindowAction::Show,
            Presence::There if !self.tray && lasted => WindowAction::Show,
            Presence::There | Presence::Closing | Presence::Gone => WindowAction::None,
        }
    }

    /// There is a tray, or there is none any more.
    pub(super) fn tray(&mut self, there: bool) -> WindowAction {
        self.tray = there;
        if there {
            return WindowAction::None;
        }
        self.farewell = false;
        self.unless_reachable()
    }

    /// It began hidden: that there is no tray yet means nothing until [`waited_for_panel`](Self::waited_for_panel).
    pub(super) fn await_panel(&mut self) {
        self.awaits_panel = true;
    }

    /// If no panel has come, none will.
    pub(super) fn waited_for_panel(&mut self) -> WindowAction {
        self.awaits_panel = false;
        if self.tray { WindowAction::None } else { self.unless_reachable() }
    }

    /// Shows what could not be found otherwise.
    fn unless_reachable(&self) -> WindowAction {
        if self.presence == Presence::Gone && !self.awaits_panel {
            WindowAction::Show
        } else {
            WindowAction::None
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn open(tray: bool) -> Window {
        let mut window = Window::default();
        window.is_there();
        assert_eq!(window.tray(tray), WindowAction::None);
        window
    }

    #[test]
    fn the_first_time_that_it_is_closed_it_says_where_the_application_goes_on() {
        let mut window = open(true);
        assert_eq!(window.close_asked(false), WindowAction::None);
        assert!(window.says_farewell());
        window.stay_open();
        assert!(!window.says_farewell());
        assert_eq!(window.close_asked(false), WindowAction::None);
        assert_eq!(window.close_asked(false), WindowAction::Close);
        assert_eq!(window.is_gone(), WindowAction::None);
        assert!(!window.says_farewell());
    }

    #[test]
    fn later_it_just_closes() {
        assert_eq!(open(true).close_asked(true), WindowAction::Close);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_tray_nothing_is_hidden() {
        let mut window = open(false);
        assert_eq!(window.close_asked(true), WindowAction::Minimize);
        assert_eq!(window.close(), WindowAction::Minimize);
        advance(LASTING).await;
        assert_eq!(window.is_gone(), WindowAction::Show);
        assert_eq!(window.is_gone(), WindowAction::None, "it never came back");
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_that_does_not_last_is_not_made_again_and_again() {
        let mut window = open(false);
        advance(LASTING - Duration::from_millis(1)).await;
        assert_eq!(window.is_gone(), WindowAction::None);
        assert_eq!(window.wanted(), WindowAction::Show, "whoever starts it again sees it");
    }

    #[test]
    fn a_tray_that_goes_away_brings_the_window_back() {
        let mut window = open(true);
        window.is_gone();
        assert_eq!(window.tray(false), WindowAction::Show);
    }

    #[test]
    fn at_login_the_panel_has_time_to_come() {
        for panel in [false, true] {
            let mut window = Window::default();
            window.await_panel();
            assert_eq!(window.tray(false), WindowAction::None);
            assert_eq!(window.tray(panel), WindowAction::None);
            let shown = if panel { WindowAction::None } else { WindowAction::Show };
            assert_eq!(window.waited_for_panel(), shown);
        }
    }
}
