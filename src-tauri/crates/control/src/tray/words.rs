//! What the tray says, in the languages that it speaks.

use crate::settings::Language;
use crate::snapshot::{KeepState, Snapshot, State, Trouble};

/// The texts in one language.
pub(super) struct Words {
    pub(super) start: &'static str,
    pub(super) stop: &'static str,
    pub(super) pause_15: &'static str,
    pub(super) pause_60: &'static str,
    pub(super) open: &'static str,
    pub(super) copy: &'static str,
    pub(super) at_login: &'static str,
    pub(super) quit: &'static str,
    stopped: &'static str,
    starting: &'static str,
    idle: &'static str,
    /// What stands between a number and its fraction.
    point: &'static str,
    active: fn(&str) -> String,
    paused: fn(u64) -> String,
    trouble: fn(&Trouble, &str, &KeepState) -> String,
}

impl Words {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::System | Language::En => &ENGLISH,
            Language::De => &GERMAN,
        }
    }

    /// The state in a few words.
    pub(super) fn status(&self, snapshot: &Snapshot) -> String {
        match snapshot.state {
            State::Stopped => self.stopped.into(),
            State::Paused { until } => {
                (self.paused)(until.saturating_sub(snapshot.figures.at).div_ceil(60_000))
            }
            State::Starting => self.starting.into(),
            State::Idle => self.idle.into(),
            State::Active => (self.active)(&self.speed(snapshot.figures.speed)),
            State::Degraded | State::Attention => match snapshot.troubles.first() {
                Some(trouble) => (self.trouble)(trouble, name(snapshot, trouble), &snapshot.keep),
                None => self.idle.into(),
            },
        }
    }

    fn speed(&self, speed: u64) -> String {
        if speed < 1_000_000 {
            return format!("{} kB/s", speed.div_ceil(1000));
        }
        let tenths = speed / 100_000;
        format!("{}{}{} MB/s", tenths / 10, self.point, tenths % 10)
    }
}

/// Whom the trouble is with.
fn name<'a>(snapshot: &'a Snapshot, trouble: &'a Trouble) -> &'a str {
    match trouble {
        Trouble::NoPassword { provider }
        | Trouble::LoginRefused { provider, .. }
        | Trouble::ProviderDown { provider, .. } => {
            let view = snapshot.providers.iter().find(|view| view.id == *provider);
            view.map_or(provider, |view| &view.name)
        }
        Trouble::NoClientPassword { client } => client,
        Trouble::PortBusy { holder: Some(holder), .. } => holder,
        _ => "",
    }
}

static ENGLISH: Words = Words {
    start: "Start",
    stop: "Stop",
    pause_15: "Pause for 15 minutes",
    pause_60: "Pause for an hour",
    open: "Open Newsmux",
    copy: "Copy address",
    at_login: "Start at login",
    quit: "Quit Newsmux",
    stopped: "Off",
    starting: "Starting …",
    idle: "On, nothing to do",
    point: ".",
    active: |speed| format!("On, {speed}"),
    paused: |minutes| format!("Paused for {minutes} min"),
    trouble: |trouble, name, keep| match (trouble, keep) {
        (Trouble::PortBusy { port, .. }, _) if name.is_empty() => {
            format!("Another program already uses port {port}")
        }
        (Trouble::PortBusy { port, .. }, _) => format!("{name} already uses port {port}"),
        (Trouble::CannotListen { .. }, _) => "Cannot listen for your programs".into(),
        (Trouble::PasswordsClosed, KeepState::Absent { .. }) => "There is no keyring".into(),
        (Trouble::PasswordsClosed, KeepState::Asking) => "The keyring waits for you".into(),
        (Trouble::PasswordsClosed, KeepState::VaultClosed) => "The vault is closed".into(),
        (Trouble::PasswordsClosed, _) => "The keyring is locked".into(),
        (Trouble::NoPassword { .. } | Trouble::NoClientPassword { .. }, _) => {
            format!("The password for {name} is missing")
        }
        (Trouble::LoginRefused { .. }, _) => format!("{name} refuses the login"),
        (Trouble::ProviderDown { .. }, _) => format!("{name} cannot be used at the moment"),
        (Trouble::SettingsReadOnly { .. }, _) => "The settings cannot be changed".into(),
        (Trouble::SettingsSetAside { .. }, _) => "The settings file was damaged".into(),
        (Trouble::SettingsNotSaved { .. }, _) => "The settings could not be saved".into(),
    },
};

static GERMAN: Words = Words {
    start: "Einschalten",
    stop: "Ausschalten",
    pause_15: "15 Minuten Pause",
    pause_60: "Eine Stunde Pause",
    open: "Newsmux öffnen",
    copy: "Adresse kopieren",
    at_login: "Beim Anmelden starten",
    quit: "Newsmux beenden",
    stopped: "Aus",
    starting: "Startet …",
    idle: "An, nichts zu tun",
    point: ",",
    active: |speed| format!("An, {speed}"),
    paused: |minutes| format!("Pause, noch {minutes} Min."),
    trouble: |trouble, name, keep| match (trouble, keep) {
        (Trouble::PortBusy { port, .. }, _) if name.is_empty() => {
            format!("Ein anderes Programm benutzt schon Port {port}")
        }
        (Trouble::PortBusy { port, .. }, _) => format!("{name} benutzt schon Port {port}"),
        (Trouble::CannotListen { .. }, _) => "Ihre Programme können Newsmux nicht erreichen".into(),
        (Trouble::PasswordsClosed, KeepState::Absent { .. }) => {
            "Es gibt keinen Schlüsselbund".into()
        }
        (Trouble::PasswordsClosed, KeepState::Asking) => "Der Schlüsselbund wartet auf Sie".into(),
        (Trouble::PasswordsClosed, KeepState::VaultClosed) => "Der Tresor ist geschlossen".into(),
        (Trouble::PasswordsClosed, _) => "Der Schlüsselbund ist gesperrt".into(),
        (Trouble::NoPassword { .. } | Trouble::NoClientPassword { .. }, _) => {
            format!("Das Passwort für {name} fehlt")
        }
        (Trouble::LoginRefused { .. }, _) => format!("{name} lehnt die Anmeldung ab"),
        (Trouble::ProviderDown { .. }, _) => format!("{name} kann zurzeit nicht benutzt werden"),
        (Trouble::SettingsReadOnly { .. }, _) => "Die Einstellungen sind schreibgeschützt".into(),
        (Trouble::SettingsSetAside { .. }, _) => "Die Einstellungsdatei war beschädigt".into(),
        (Trouble::SettingsNotSaved { .. }, _) => {
            "Die Einstellungen konnten nicht gespeichert werden".into()
        }
    },
};
