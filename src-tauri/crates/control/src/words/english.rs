//! The words in English.

use api::snapshot::{KeepState, Trouble};

use super::Words;

/// The system's place for passwords.
const KEYRING: &str = if cfg!(target_os = "macos") {
    "Keychain"
} else if cfg!(windows) {
    "Credential Manager"
} else {
    "the keyring"
};

pub(super) static ENGLISH: Words = Words {
    start: "Start",
    stop: "Stop",
    pause_15: "Pause for 15 minutes",
    pause_60: "Pause for 1 hour",
    pause_tomorrow: "Pause until tomorrow",
    pause: "Pause until resumed",
    resume: "Resume",
    slow: "Slow mode",
    try_now: "Try providers again now",
    open: "Open Newsmux",
    copy: "Copy address",
    at_login: "Start at login",
    quit: "Quit Newsmux",
    stopped: "Off",
    starting: "Starting …",
    idle: "On, idle",
    point: ".",
    active: |speed| format!("On, {speed}"),
    paused: "Paused",
    full: "Full speed",
    ends: |what, time| format!("{what} until {time}"),
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
        (Trouble::PasswordsClosed, KeepState::Absent { .. }) => {
            format!("Newsmux can't use {KEYRING}")
        }
        (Trouble::PasswordsClosed, KeepState::Asking) => {
            format!("{KEYRING} is asking you to unlock it")
        }
        (Trouble::PasswordsClosed, KeepState::VaultClosed) => "the vault is locked".into(),
        (Trouble::PasswordsClosed, _) => format!("{KEYRING} is locked"),
        (Trouble::NoPassword { .. } | Trouble::NoClientPassword { .. }, _) => {
            format!("the password for {name} is missing")
        }
        (Trouble::LoginRefused { .. }, _) => format!("{name} refused the login"),
        (Trouble::ProviderDown { .. }, _) => format!("{name} is down"),
        (Trouble::ProviderFull { .. }, _) => format!("{name} has no free connections"),
        (Trouble::ProviderPort { port, .. }, _) => {
            format!("port {port}, for programs that use only {name}, isn't open")
        }
        (Trouble::EncryptedPort { port, .. }, _) => format!("the encrypted port {port} isn't open"),
        (Trouble::OtherUser { client }, _) => {
            let program = client.as_deref().unwrap_or("a program");
            format!("{program} can't connect: it runs as another user")
        }
        (Trouble::AccountUsed { percent: 100, .. }, _) => format!("{name} is used up"),
        (Trouble::AccountUsed { percent, .. }, _) => format!("{name}: {percent}% used"),
        (Trouble::AccountExpires { days: 0, .. }, _) => {
            format!("{name} expires today or has expired")
        }
        (Trouble::AccountExpires { days, .. }, _) => format!("{name} expires within {days} days"),
        (Trouble::SettingsReadOnly { .. }, _) => "settings can't be changed".into(),
        (Trouble::SettingsSetAside { .. }, _) => "the settings file was damaged".into(),
        (Trouble::SettingsNotSaved { .. }, _) => "settings couldn't be saved".into(),
    },
    limited: |speed| format!("limited to {speed}"),
    today: |bytes| format!(" · {bytes} today"),
    until: |trouble, keep| match (trouble, keep) {
        (Trouble::PortBusy { .. }, _) => {
            "Programs can't download until the port is free or you choose another."
        }
        (Trouble::CannotListen { .. }, _) => {
            "Programs can't download until you change the address."
        }
        (Trouble::PasswordsClosed, KeepState::Absent { .. }) => {
            "Programs can't download until Newsmux can read your passwords."
        }
        (Trouble::PasswordsClosed, _) => "Programs can't download until you unlock it.",
        (Trouble::LoginRefused { .. }, _) => {
            "Programs can't download until you correct the user name or password."
        }
        _ => "Programs can't download until you enter it.",
    },
    other_user: "Serve other users, or add a login for this program.",
    no_login: "Programs can't use this login until you create a new password.",
    others: "Downloads continue on the other providers.",
    more: |count| match count {
        1 => "Something else needs you, too.".into(),
        _ => format!("{count} other things need you, too."),
    },
    keeps_trying: "Newsmux keeps trying.",
    back: "Downloads can continue",
    serves_again: "Newsmux serves your programs again.",
    left: |left| format!("{left} left."),
    left_for: |left, days| match days {
        1 => format!("{left} left, about 1 day at this pace."),
        _ => format!("{left} left, about {days} days at this pace."),
    },
    resets: |day| format!("It resets on {day}."),
    last_day: |day| format!("Its last day: {day}."),
    date: str::to_owned,
};
