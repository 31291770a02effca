//! What keeps the whole from being well, and what of it is new.

use api::snapshot::{PasswordState, ProviderState, ProviderView, Trouble};

use settings::SetAside;

use super::passwords::Known;
use super::run::Controller;

impl Controller {
    /// The most urgent first.
    pub(super) fn troubles(&self, providers: &[ProviderView]) -> Vec<Trouble> {
        let mut troubles = Vec::from_iter(self.power.shut.clone());
        let enabled = self.settings().providers.iter().zip(providers).filter(|(p, _)| p.enabled);
        let enabled: Vec<_> = enabled.map(|(_, view)| view).collect();
        let (mut closed, mut gone) = (enabled.iter().any(|view| is_closed(view)), Vec::new());
        for client in self.settings().logins() {
            match self.passwords.known(&client.owner()) {
                Some(Known::Closed) => closed = true,
                Some(Known::Missing | Known::Failed(_)) => {
                    gone.push(Trouble::NoClientPassword { client: client.name.clone() });
                }
                Some(Known::Saved(_) | Known::ThisSession(_)) | None => {}
            }
        }
        troubles.extend(closed.then_some(Trouble::PasswordsClosed));
        troubles.extend(gone);
        let of = |state: ProviderState| enabled.iter().filter(move |view| view.state == state);
        let missing = of(ProviderState::NoPassword).filter(|view| !is_closed(view));
        troubles.extend(missing.map(|view| Trouble::NoPassword { provider: view.id.clone() }));
        troubles.extend(of(ProviderState::LoginRefused).map(|view| Trouble::LoginRefused {
            provider: view.id.clone(),
            said: view.said.clone(),
        }));
        troubles.extend(self.encrypted.trouble());
        troubles.extend(self.ports.troubles());
        troubles.extend(self.other_users.troubles());
        troubles.extend(self.settings_troubles());
        let not_saved = self.not_saved.clone();
        troubles.extend(not_saved.map(|said| Trouble::SettingsNotSaved { said }));
        troubles.extend(self.books.alerts());
        troubles.extend(of(ProviderState::Down).map(|view| Trouble::ProviderDown {
            provider: view.id.clone(),
            said: view.said.clone(),
        }));
        troubles.extend(of(ProviderState::Full).map(|view| Trouble::ProviderFull {
            provider: view.id.clone(),
            said: view.said.clone(),
        }));
        troubles
    }

    /// What the user should know about the settings file.
    pub(super) fn settings_troubles(&self) -> impl Iterator<Item = Trouble> {
        let read_only = self.settings_file.read_only();
        let read_only = read_only.map(|(why, said)| Trouble::SettingsReadOnly {
            why: why.clone(),
            said: said.to_owned(),
        });
        read_only.into_iter().chain(self.settings_file.set_aside().map(set_aside))
    }
}

/// The trouble of a file that was set aside.
pub(super) fn set_aside(aside: &SetAside) -> Trouble {
    Trouble::SettingsSetAside { file: aside.file().display().to_string(), said: aside.problem() }
}

fn is_closed(view: &ProviderView) -> bool {
    view.state == ProviderState::NoPassword
        && [view.password, view.proxy_password].contains(&PasswordState::Closed)
}

/// Whether nothing is well before the user has done something.
pub(super) fn needs_the_user(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::PortBusy { .. }
        | Trouble::CannotListen { .. }
        | Trouble::PasswordsClosed
        | Trouble::NoPassword { .. }
        | Trouble::NoClientPassword { .. }
        | Trouble::LoginRefused { .. } => true,
        Trouble::ProviderDown { .. }
        | Trouble::ProviderFull { .. }
        | Trouble::ProviderPort { .. }
        | Trouble::EncryptedPort { .. }
        | Trouble::OtherUser { .. }
        | Trouble::AccountUsed { .. }
        | Trouble::AccountExpires { .. }
        | Trouble::SettingsReadOnly { .. }
        | Trouble::SettingsSetAside { .. }
        | Trouble::SettingsNotSaved { .. } => false,
    }
}

/// Troubles that came up, apart from those that are events of the engine.
pub(super) fn news(before: &[Trouble], now: &[Trouble]) -> Vec<Trouble> {
    let is_engines = |trouble: &&Trouble| {
        matches!(
            trouble,
            Trouble::LoginRefused { .. }
                | Trouble::ProviderDown { .. }
                | Trouble::ProviderFull { .. }
                | Trouble::OtherUser { .. }
        )
    };
    let is_new = |trouble: &&Trouble| !before.contains(trouble);
    now.iter().filter(|trouble| !is_engines(trouble)).filter(is_new).cloned().collect()
}
