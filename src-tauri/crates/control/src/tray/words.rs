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
    /// Nothing can be downloaded, because …
    nothing: &'static str,
    all_down: &'static str,
    no_provider: &'static str,
    because: fn(&Trouble, &str, &KeepState) -> String,
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
            State::Down => format!("{}: {}", self.nothing, self.all_down),
            State::NoProvider => format!("{}: {}", self.nothing, self.no_provider),
            State::Degraded | State::Attention => self.trouble(snapshot),
        }
    }

    /// The most urgent trouble, and whether downloads go on.
    fn trouble(&self, snapshot: &Snapshot) -> String {
        let Some(trouble) = snapshot.troubles.first() else { return self.idle.into() };
        let because = (self.because)(trouble, name(snapshot, trouble), &snapshot.keep);
        match name(snapshot, trouble) {
            _ if !snapshot.serves => format!("{}: {because}", self.nothing),
            name if !name.is_empty() && because.starts_with(name) => because,
            _ => capitalized(&because),
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

/// As it begins a sentence.
fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
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
    nothing: "Nothing can be downloaded",
    all_down: "all providers are down",
    no_provider: "no provider is in use",
    because: |trouble, name, keep| match (trouble, keep) {
        (Trouble::PortBusy { port, .. }, _) if name.is_empty() => format!("port {port} is in use"),
        (Trouble::PortBusy { port, .. }, _) => format!("port {port} is used by {name}"),
        (Trouble::CannotListen { .. }, _) => "programs cannot connect".into(),
        (Trouble::PasswordsClosed, KeepState::Absent { .. }) => "there is no keyring".into(),
        (Trouble::PasswordsClosed, KeepState::Asking) => "the keyring waits for your answer".into(),
        (Trouble::PasswordsClosed, KeepState::VaultClosed) => "the vault is closed".into(),
        (Trouble::PasswordsClosed, _) => "the keyring is locked".into(),
        (Trouble::NoPassword { .. } | Trouble::NoClientPassword { .. }, _) => {
            format!("the password for {name} is missing")
        }
        (Trouble::LoginRefused { .. }, _) => format!("{name} refuses the login"),
        (Trouble::ProviderDown { .. }, _) => format!("{name} is down"),
        (Trouble::SettingsReadOnly { .. }, _) => "settings cannot be changed".into(),
        (Trouble::SettingsSetAside { .. }, _) => "the settings file was damaged".into(),
        (Trouble::SettingsNotSaved { .. }, _) => "the settings could not be saved".into(),
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
    nothing: "Kein Download möglich",
    all_down: "Alle Anbieter sind ausgefallen",
    no_provider: "Kein Anbieter ist in Gebrauch",
    because: |trouble, name, keep| match (trouble, keep) {
        (Trouble::PortBusy { port, .. }, _) if name.is_empty() => {
            format!("Port {port} ist belegt")
        }
        (Trouble::PortBusy { port, .. }, _) => format!("Port {port} ist von {name} belegt"),
        (Trouble::CannotListen { .. }, _) => "Programme können sich nicht verbinden".into(),
        (Trouble::PasswordsClosed, KeepState::Absent { .. }) => {
            "Es gibt keinen Schlüsselbund".into()
        }
        (Trouble::PasswordsClosed, KeepState::Asking) => {
            "Der Schlüsselbund wartet auf Ihre Antwort".into()
        }
        (Trouble::PasswordsClosed, KeepState::VaultClosed) => "Der Tresor ist geschlossen".into(),
        (Trouble::PasswordsClosed, _) => "Der Schlüsselbund ist gesperrt".into(),
        (Trouble::NoPassword { .. } | Trouble::NoClientPassword { .. }, _) => {
            format!("Das Passwort für {name} fehlt")
        }
        (Trouble::LoginRefused { .. }, _) => format!("{name} lehnt die Anmeldung ab"),
        (Trouble::ProviderDown { .. }, _) => format!("{name} ist ausgefallen"),
        (Trouble::SettingsReadOnly { .. }, _) => {
            "Die Einstellungen können nicht geändert werden".into()
        }
        (Trouble::SettingsSetAside { .. }, _) => "Die Einstellungsdatei war beschädigt".into(),
        (Trouble::SettingsNotSaved { .. }, _) => {
            "Die Einstellungen konnten nicht gespeichert werden".into()
        }
    },
};
