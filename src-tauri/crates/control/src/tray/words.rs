//! The words of the tray, in English and German.

use api::snapshot::{KeepState, ProviderState, ProviderView, Snapshot, State, Trouble};
use settings::Language;

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
    /// The decimal separator.
    point: &'static str,
    active: fn(&str) -> String,
    paused: fn(u64) -> String,
    /// Begins the sentence that says why nothing can be downloaded.
    nothing: &'static str,
    all_down: &'static str,
    all_used_up: &'static str,
    all_full: &'static str,
    /// Of several reasons.
    none_available: &'static str,
    no_provider: &'static str,
    several_down: fn(usize) -> String,
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
            State::Down => format!("{}: {}", self.nothing, self.none_works(&snapshot.providers)),
            State::NoProvider => format!("{}: {}", self.nothing, self.no_provider),
            State::Degraded | State::Attention => self.trouble(snapshot),
        }
    }

    /// The most urgent trouble, and whether programs can still download.
    fn trouble(&self, snapshot: &Snapshot) -> String {
        let Some(trouble) = snapshot.troubles.first() else { return self.idle.into() };
        let because = (self.because)(trouble, name(snapshot, trouble), &snapshot.keep);
        let is_down = |trouble: &&Trouble| matches!(trouble, Trouble::ProviderDown { .. });
        let down = snapshot.troubles.iter().filter(is_down).count();
        match name(snapshot, trouble) {
            _ if snapshot.serves && is_down(&trouble) && down > 1 => (self.several_down)(down),
            _ if !snapshot.serves => format!("{}: {because}", self.nothing),
            name if !name.is_empty() && because.starts_with(name) => because,
            _ => capitalized(&because),
        }
    }

    /// Why no provider works: how all of them are, if they are the same.
    fn none_works(&self, providers: &[ProviderView]) -> &'static str {
        let states = providers.iter().map(|view| view.state);
        let mut used = states.filter(|state| *state != ProviderState::Off);
        match used.next() {
            Some(first) if used.any(|state| state != first) => self.none_available,
            Some(ProviderState::UsedUp) => self.all_used_up,
            Some(ProviderState::Full) => self.all_full,
            _ => self.all_down,
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

/// The provider, login or program that the trouble is about.
fn name<'a>(snapshot: &'a Snapshot, trouble: &'a Trouble) -> &'a str {
    match trouble {
        Trouble::NoPassword { provider }
        | Trouble::LoginRefused { provider, .. }
        | Trouble::ProviderDown { provider, .. }
        | Trouble::ProviderFull { provider, .. }
        | Trouble::AccountUsed { account: provider, .. }
        | Trouble::AccountExpires { account: provider, .. } => {
            let view = snapshot.providers.iter().find(|view| view.id == *provider);
            view.map_or(provider, |view| &view.name)
        }
        Trouble::NoClientPassword { client } | Trouble::OtherUser { client: Some(client) } => {
            client
        }
        Trouble::PortBusy { holder: Some(holder), .. } => holder,
        _ => "",
    }
}

/// With a capital letter, to begin a sentence.
fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The system's place for passwords.
const KEYRING: &str = if cfg!(target_os = "macos") {
    "Keychain"
} else if cfg!(windows) {
    "Credential Manager"
} else {
    "the keyring"
};

/// The same in German.
const KEYRING_GERMAN: &str =
    if cfg!(windows) { "Die Anmeldeinformationsverwaltung" } else { "Der Schlüsselbund" };

static ENGLISH: Words = Words {
    start: "Start",
    stop: "Stop",
    pause_15: "Pause for 15 minutes",
    pause_60: "Pause for 1 hour",
    open: "Open Newsmux",
    copy: "Copy address",
    at_login: "Start at login",
    quit: "Quit Newsmux",
    stopped: "Off",
    starting: "Starting …",
    idle: "On, idle",
    point: ".",
    active: |speed| format!("On, {speed}"),
    paused: |minutes| format!("Paused for {minutes} min"),
    nothing: "Nothing can be downloaded",
    all_down: "all providers are down",
    all_used_up: "all accounts are used up",
    all_full: "all providers are at their connection limit",
    none_available: "no provider is available",
    no_provider: "no provider is enabled",
    several_down: |count| format!("{count} providers are down"),
    because: |trouble, name, keep| match (trouble, keep) {
        (Trouble::PortBusy { port, .. }, _) if name.is_empty() => format!("port {port} is in use"),
        (Trouble::PortBusy { port, .. }, _) => format!("port {port} is used by {name}"),
        (Trouble::CannotListen { .. }, _) => "programs can't connect".into(),
        (Trouble::PasswordsClosed, KeepState::Absent { .. }) => "there is no keyring".into(),
        (Trouble::PasswordsClosed, KeepState::Asking) => format!("{KEYRING} is waiting for you"),
        (Trouble::PasswordsClosed, KeepState::VaultClosed) => "the vault is locked".into(),
        (Trouble::PasswordsClosed, _) => format!("{KEYRING} is locked"),
        (Trouble::NoPassword { .. } | Trouble::NoClientPassword { .. }, _) => {
            format!("the password for {name} is missing")
        }
        (Trouble::LoginRefused { .. }, _) => format!("{name} refused the login"),
        (Trouble::ProviderDown { .. }, _) => format!("{name} is down"),
        (Trouble::ProviderFull { .. }, _) => format!("{name} has no free connections"),
        (Trouble::OtherUser { client }, _) => {
            let program = client.as_deref().unwrap_or("a program");
            format!("{program} can't connect: it runs as another user")
        }
        (Trouble::AccountUsed { percent: 100, .. }, _) => format!("{name} is used up"),
        (Trouble::AccountUsed { percent, .. }, _) => format!("{name}: {percent} % used"),
        (Trouble::AccountExpires { days: 0, .. }, _) => format!("{name} expires or has expired"),
        (Trouble::AccountExpires { days, .. }, _) => format!("{name} expires within {days} days"),
        (Trouble::SettingsReadOnly { .. }, _) => "settings can't be changed".into(),
        (Trouble::SettingsSetAside { .. }, _) => "the settings file was damaged".into(),
        (Trouble::SettingsNotSaved { .. }, _) => "settings couldn't be saved".into(),
    },
};

static GERMAN: Words = Words {
    start: "Einschalten",
    stop: "Ausschalten",
    pause_15: "15 Minuten pausieren",
    pause_60: "1 Stunde pausieren",
    open: "Newsmux öffnen",
    copy: "Adresse kopieren",
    at_login: "Beim Anmelden starten",
    quit: "Newsmux beenden",
    stopped: "Aus",
    starting: "Startet …",
    idle: "An, Leerlauf",
    point: ",",
    active: |speed| format!("An, {speed}"),
    paused: |minutes| format!("Pausiert, noch {minutes} Min."),
    nothing: "Kein Download möglich",
    all_down: "Alle Anbieter sind ausgefallen",
    all_used_up: "Alle Accounts sind aufgebraucht",
    all_full: "Alle Anbieter sind an ihrem Verbindungslimit",
    none_available: "Kein Anbieter ist verfügbar",
    no_provider: "Kein Anbieter ist aktiviert",
    several_down: |count| format!("{count} Anbieter sind ausgefallen"),
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
            format!("{KEYRING_GERMAN} wartet auf Sie")
        }
        (Trouble::PasswordsClosed, KeepState::VaultClosed) => "Der Tresor ist gesperrt".into(),
        (Trouble::PasswordsClosed, _) => format!("{KEYRING_GERMAN} ist gesperrt"),
        (Trouble::NoPassword { .. } | Trouble::NoClientPassword { .. }, _) => {
            format!("Das Passwort für {name} fehlt")
        }
        (Trouble::LoginRefused { .. }, _) => format!("{name} hat die Anmeldung abgelehnt"),
        (Trouble::ProviderDown { .. }, _) => format!("{name} ist ausgefallen"),
        (Trouble::ProviderFull { .. }, _) => format!("{name} hat keine freien Verbindungen"),
        (Trouble::OtherUser { client }, _) => {
            let program = client.as_deref().unwrap_or("Ein Programm");
            format!("{program} kann sich nicht verbinden: läuft unter einem anderen Benutzer")
        }
        (Trouble::AccountUsed { percent: 100, .. }, _) => format!("{name} ist aufgebraucht"),
        (Trouble::AccountUsed { percent, .. }, _) => format!("{name}: {percent} % verbraucht"),
        (Trouble::AccountExpires { days: 0, .. }, _) => {
            format!("{name} läuft ab oder ist abgelaufen")
        }
        (Trouble::AccountExpires { days, .. }, _) => {
            format!("{name} läuft in höchstens {days} Tagen ab")
        }
        (Trouble::SettingsReadOnly { .. }, _) => {
            "Die Einstellungen lassen sich nicht ändern".into()
        }
        (Trouble::SettingsSetAside { .. }, _) => "Die Einstellungsdatei war beschädigt".into(),
        (Trouble::SettingsNotSaved { .. }, _) => {
            "Die Einstellungen konnten nicht gespeichert werden".into()
        }
    },
};
