//! The tray as plain data: what the shell draws, a function of the snapshot and the language.

use api::request::Request;
use api::snapshot::{Snapshot, State};
use settings::{Language, PauseFor, TrafficMode};

use crate::words::Words;

/// All of the tray.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tray {
    /// Its icon.
    pub icon: Icon,
    /// What is shown when the pointer rests on it.
    pub tooltip: String,
    /// Its menu, from the top.
    pub menu: Vec<Item>,
}

/// The icons. They differ in shape, not only in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// Nobody is served.
    Stopped,
    /// Nothing to do, or soon to be running.
    Idle,
    /// Something to do.
    Active,
    /// A provider cannot be used.
    Degraded,
    /// The user has to do something.
    Attention,
}

/// An entry of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Words that cannot be chosen.
    Line(String),
    /// A line between others.
    Separator,
    /// Something to do.
    Action {
        /// What it says.
        text: String,
        /// What it does.
        does: Action,
        /// Whether it can be chosen.
        enabled: bool,
        /// Whether it has a tick; nothing where it is no switch.
        checked: Option<bool>,
    },
}

/// What an entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Serves programs.
    Start,
    /// Serves nobody.
    Stop,
    /// Fetches no more articles for a while.
    Pause(PauseFor),
    /// Ends a pause.
    Resume,
    /// Turns slow mode on or off.
    Slow(bool),
    /// Tries all providers that are down.
    TryNow,
    /// Shows the window.
    Open,
    /// Copies the address that programs connect to.
    CopyAddress,
    /// Changes whether the application starts at login.
    StartAtLogin(bool),
    /// Ends the application.
    Quit,
}

impl Action {
    /// What it asks the controller for; nothing for what only the shell can do.
    #[must_use]
    pub fn request(self) -> Option<Request> {
        Some(match self {
            Self::Start => Request::Start,
            Self::Stop => Request::Stop,
            Self::Pause(lasts) => Request::Pause { lasts },
            Self::Resume => Request::Resume,
            Self::Slow(true) => Request::SetTraffic { mode: TrafficMode::Slow },
            Self::Slow(false) => Request::SetTraffic { mode: TrafficMode::Normal },
            Self::TryNow => Request::TryNow { provider: None },
            Self::Open => Request::Show,
            Self::StartAtLogin(start) => Request::SetStartAtLogin { start },
            Self::Quit => Request::Quit,
            Self::CopyAddress => return None,
        })
    }
}

impl Tray {
    /// The tray at one moment. `language` is the one that the system speaks where the settings leave it
    /// to the system.
    #[must_use]
    pub fn of(snapshot: &Snapshot, language: Language) -> Self {
        let words = Words::of(language);
        Self {
            icon: Icon::of(snapshot.state),
            tooltip: words.tooltip(snapshot),
            menu: menu(snapshot, words),
        }
    }
}

impl Icon {
    fn of(state: State) -> Self {
        match state {
            State::Stopped | State::Paused { .. } => Self::Stopped,
            State::Starting | State::Idle => Self::Idle,
            State::Active => Self::Active,
            State::Degraded | State::NoProvider => Self::Degraded,
            State::Down | State::Attention => Self::Attention,
        }
    }
}

fn menu(snapshot: &Snapshot, words: &Words) -> Vec<Item> {
    let does =
        |text: &str, does| Item::Action { text: text.into(), does, enabled: true, checked: None };
    let mut menu = vec![Item::Line(words.status(snapshot)), Item::Separator];
    if snapshot.state == State::Stopped {
        menu.push(does(words.start, Action::Start));
    } else if matches!(snapshot.state, State::Paused { .. }) {
        menu.push(does(words.resume, Action::Resume));
        menu.push(does(words.stop, Action::Stop));
    } else {
        menu.push(does(words.stop, Action::Stop));
        for (text, lasts) in [
            (words.pause_15, PauseFor::Minutes { minutes: 15 }),
            (words.pause_60, PauseFor::Minutes { minutes: 60 }),
            (words.pause_tomorrow, PauseFor::Tomorrow),
            (words.pause, PauseFor::Resumed),
        ] {
            menu.push(does(text, Action::Pause(lasts)));
        }
        let slow = snapshot.traffic.mode == TrafficMode::Slow;
        menu.push(Item::Action {
            text: words.slow.into(),
            does: Action::Slow(!slow),
            enabled: true,
            checked: Some(slow),
        });
    }
    if matches!(snapshot.state, State::Degraded | State::Down) {
        menu.push(does(words.try_now, Action::TryNow));
    }
    menu.push(Item::Separator);
    menu.push(does(words.open, Action::Open));
    menu.push(does(words.copy, Action::CopyAddress));
    if let Some(starts) = snapshot.start_at_login {
        let (text, does) = (words.at_login.into(), Action::StartAtLogin(!starts));
        menu.push(Item::Action { text, does, enabled: true, checked: Some(starts) });
    }
    menu.push(Item::Separator);
    menu.push(does(words.quit, Action::Quit));
    menu
}
