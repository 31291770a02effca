//! The words in German.

use api::snapshot::{KeepState, Trouble};

use super::Words;

/// The system's place for passwords.
const KEYRING: &str =
    if cfg!(windows) { "Die Anmeldeinformationsverwaltung" } else { "Der Schlüsselbund" };

/// The same as an object.
const THE_KEYRING: &str =
    if cfg!(windows) { "die Anmeldeinformationsverwaltung" } else { "den Schlüsselbund" };

/// What programs wait for while it is locked.
const UNLOCK: &str = if cfg!(windows) {
    "Programme können erst wieder laden, wenn Sie sie entsperren."
} else {
    "Programme können erst wieder laden, wenn Sie ihn entsperren."
};

pub(super) static GERMAN: Words = Words {
    start: "Einschalten",
    stop: "Ausschalten",
    pause_15: "15 Minuten pausieren",
    pause_60: "1 Stunde pausieren",
    pause_tomorrow: "Bis morgen pausieren",
    pause: "Bis auf Weiteres pausieren",
    resume: "Fortsetzen",
    slow: "Langsamer Modus",
    try_now: "Anbieter jetzt erneut verbinden",
    open: "Newsmux öffnen",
    copy: "Adresse kopieren",
    at_login: "Beim Anmelden starten",
    quit: "Newsmux beenden",
    stopped: "Aus",
    starting: "Startet …",
    idle: "An, Leerlauf",
    point: ",",
    active: |speed| format!("An, {speed}"),
    paused: "Pausiert",
    full: "Volle Geschwindigkeit",
    ends: |what, time| format!("{what} bis {time}"),
    nothing: "Kein Download möglich",
    all_down: "Alle Anbieter sind ausgefallen",
    all_used_up: "Alle Accounts sind aufgebraucht",
    all_full: "Alle Anbieter haben ihr Verbindungslimit erreicht",
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
            format!("Newsmux kann {THE_KEYRING} nicht benutzen")
        }
        (Trouble::PasswordsClosed, KeepState::Asking) => {
            format!("{KEYRING} bittet Sie um Entsperrung")
        }
        (Trouble::PasswordsClosed, KeepState::VaultClosed) => "Der Tresor ist gesperrt".into(),
        (Trouble::PasswordsClosed, _) => format!("{KEYRING} ist gesperrt"),
        (Trouble::NoPassword { .. } | Trouble::NoClientPassword { .. }, _) => {
            format!("Das Passwort für {name} fehlt")
        }
        (Trouble::LoginRefused { .. }, _) => format!("{name} hat die Anmeldung abgelehnt"),
        (Trouble::ProviderDown { .. }, _) => format!("{name} ist ausgefallen"),
        (Trouble::ProviderFull { .. }, _) => format!("{name} hat keine freien Verbindungen"),
        (Trouble::ProviderPort { port, .. }, _) => {
            format!("Port {port}, für Programme nur über {name}, ist nicht offen")
        }
        (Trouble::EncryptedPort { port, .. }, _) => {
            format!("Der verschlüsselte Port {port} ist nicht offen")
        }
        (Trouble::OtherUser { client }, _) => {
            let program = client.as_deref().unwrap_or("Ein Programm");
            format!("{program} kann sich nicht verbinden. Es läuft unter einem anderen Benutzer")
        }
        (Trouble::AccountUsed { percent: 100, .. }, _) => format!("{name} ist aufgebraucht"),
        (Trouble::AccountUsed { percent, .. }, _) => format!("{name}: {percent} % verbraucht"),
        (Trouble::AccountExpires { days: 0, .. }, _) => {
            format!("{name} läuft heute ab oder ist abgelaufen")
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
    limited: |speed| format!("begrenzt auf {speed}"),
    today: |bytes| format!(" · heute {bytes}"),
    until: |trouble, keep| match (trouble, keep) {
        (Trouble::PortBusy { .. }, _) => {
            "Programme können erst wieder laden, wenn der Port frei ist oder Sie einen anderen wählen."
        }
        (Trouble::CannotListen { .. }, _) => {
            "Programme können erst wieder laden, wenn Sie die Adresse ändern."
        }
        (Trouble::PasswordsClosed, KeepState::Absent { .. }) => {
            "Programme können erst wieder laden, wenn Newsmux Ihre Passwörter lesen kann."
        }
        (Trouble::PasswordsClosed, KeepState::VaultClosed) => {
            "Programme können erst wieder laden, wenn Sie ihn entsperren."
        }
        (Trouble::PasswordsClosed, _) => UNLOCK,
        (Trouble::LoginRefused { .. }, _) => {
            "Programme können erst wieder laden, wenn Sie Benutzername oder Passwort korrigieren."
        }
        _ => "Programme können erst wieder laden, wenn Sie es eingeben.",
    },
    other_user: "Lassen Sie andere Benutzer zu, oder legen Sie für das Programm eine Anmeldung an.",
    no_login: "Programme können diese Anmeldung erst wieder verwenden, wenn Sie ein neues Passwort erzeugen.",
    others: "Downloads laufen über die anderen Anbieter weiter.",
    more: |count| match count {
        1 => "Ein weiteres Problem erfordert Ihr Eingreifen.".into(),
        _ => format!("{count} weitere Probleme erfordern Ihr Eingreifen."),
    },
    keeps_trying: "Newsmux versucht es weiter.",
    back: "Downloads sind wieder möglich",
    serves_again: "Newsmux bedient Ihre Programme wieder.",
    left: |left| format!("Noch {left}."),
    left_for: |left, days| match days {
        1 => format!("Noch {left}, bei diesem Tempo etwa 1 Tag."),
        _ => format!("Noch {left}, bei diesem Tempo etwa {days} Tage."),
    },
    resets: |day| format!("Beginnt neu am {day}."),
    last_day: |day| format!("Letzter Tag: {day}."),
    date: |date| date.rsplit('-').collect::<Vec<_>>().join("."),
};
