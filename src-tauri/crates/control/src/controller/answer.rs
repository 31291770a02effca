//! Every request, and what is done about it.

use secrets::Owner;
use tokio::time::Instant;

use super::Answer;
use super::entries::unknown;
use super::run::Controller;
use super::store::Keeper;
use crate::request::{Failure, FailureCode, Reply, Request};
use crate::settings::Settings;
use crate::snapshot::{Happened, Trouble};

/// Whether a request has to wait until others are done with passwords.
pub(super) fn changes_passwords(request: &Request) -> bool {
    matches!(
        request,
        Request::SaveProvider { .. }
            | Request::RemoveProvider { .. }
            | Request::AddClient { .. }
            | Request::RenewClient { .. }
            | Request::RemoveClient { .. }
            | Request::Undo
            | Request::Import { .. }
            | Request::RestoreSettings { .. }
            | Request::AdoptSettings
            | Request::RetryPasswords
            | Request::OpenVault { .. }
            | Request::StartVaultOver { .. }
            | Request::ChangePassphrase { .. }
            | Request::KeepPasswords { .. }
    )
}

impl Controller {
    /// Does what is asked. What takes time answers later.
    pub(super) fn answer(&mut self, request: Request, answer: Answer) {
        match request {
            Request::SaveProvider { provider, password } => {
                self.save_provider(provider, password, answer);
            }
            Request::AddClient { name, hold } => self.add_client(&name, hold, answer),
            Request::RenewClient { name, hold } => self.renew_client(name, hold, answer),
            Request::Undo => self.undo(answer),
            Request::UseSample { on: true } => self.use_sample(answer),
            Request::SetListen { listen } => self.set_listen(listen, answer),
            Request::RetryPasswords => self.retry_passwords(answer),
            Request::OpenVault { passphrase } => self.open_vault(passphrase, answer),
            Request::StartVaultOver { passphrase } => self.start_vault_over(passphrase, answer),
            Request::ChangePassphrase { passphrase, new } => {
                self.change_passphrase(passphrase, new, answer);
            }
            Request::KeepPasswords { keep } => self.keep_passwords(keep, answer),
            Request::CheckProvider { provider, password } => {
                let done = self.check_provider(provider, password);
                self.give(answer, done);
            }
            Request::FindImports => self.find_imports(answer),
            Request::ReadImport { path } => self.read_import(path, answer),
            Request::Import { chosen, hold } => self.import(&chosen, hold, answer),
            connect @ Request::ConnectClient { .. } => self.connect_client(connect, answer),
            Request::UndoConnect { secret } => self.undo_connect(secret, answer),
            at_once => {
                let done = self.answer_at_once(at_once);
                self.give(answer, done);
            }
        }
    }

    fn answer_at_once(&mut self, request: Request) -> Result<Reply, Failure> {
        match request {
            Request::Start => self.turn(true),
            Request::Stop => self.turn(false),
            Request::Pause { minutes } => Ok(self.pause(minutes)),
            Request::EnableProvider { id, enabled } => self.enable_provider(&id, enabled),
            Request::ArrangeProviders { order } => self.arrange_providers(&order),
            Request::RemoveProvider { id } => self.remove(Owner::Provider(id)),
            Request::RemoveClient { name } => self.remove(Owner::Client(name)),
            Request::SetMode { mode } => self.set(|settings| settings.routing.mode = mode),
            Request::SetPosting { posting } => self.set(|settings| settings.posting = posting),
            Request::SetLanguage { language } => {
                self.set(|settings| settings.desktop.language = language)
            }
            Request::SetTheme { theme } => self.set(|settings| settings.desktop.theme = theme),
            Request::SetLog { log } => self.set(|settings| settings.desktop.log = log),
            Request::SetStartHidden { hidden } => {
                self.set(|settings| settings.desktop.start_hidden = hidden)
            }
            Request::EndFirstSteps => self.set(|settings| settings.desktop.first_steps_done = true),
            Request::SetStartAtLogin { start } => self.start_at_login(start),
            Request::UseSample { on } => self.set(|settings| settings.desktop.sample = on),
            Request::SaveSampleNzb => self.save_sample_nzb(),
            Request::DismissTroubles => self.dismiss_troubles(),
            Request::SettingsCopies => Ok(Reply::Copies { copies: self.keeper.copies() }),
            Request::RestoreSettings { file } => self.replace(|keeper| keeper.restore(&file)),
            Request::AdoptSettings => self.replace(Keeper::adopt),
            Request::DismissCheck => Ok(self.dismiss_check()),
            Request::ReadImportText { text } => self.read_import_text(&text),
            Request::Events { after } => Ok(Reply::Events { events: self.events.after(after) }),
            Request::History => Ok(Reply::History { samples: self.numbers.past() }),
            Request::OpenLogs => {
                self.shell.open_folder(&self.logs).map_err(Failure::refused).map(|()| Reply::Done)
            }
            Request::NewPassword => match &self.new_password {
                Some((_, secret)) => Ok(Reply::Password { secret: secret.clone() }),
                None => Err(unknown()),
            },
            Request::Copy { text } => self.copy(text.expose()),
            other => Ok(self.answer_simply(&other)),
        }
    }

    /// What is always done.
    fn answer_simply(&mut self, request: &Request) -> Reply {
        match request {
            Request::Show => {
                let to_do = self.window.wanted();
                self.with_window(to_do);
            }
            Request::Close => {
                let to_do = self.window.close_asked(self.settings().desktop.told_of_tray);
                self.with_window(to_do);
            }
            Request::CloseWindow => self.close_window(),
            Request::StayOpen => self.window.stay_open(),
            Request::DismissImport => self.importing = None,
            Request::DismissConnect => self.connected = None,
            Request::ForgetRemoved => self.removed = None,
            Request::PasswordNoted => self.new_password = None,
            Request::Quit => self.quit_or_ask(),
            Request::QuitNow => self.ending = true,
            Request::KeepRunning => self.asks_to_quit = false,
            _ => {}
        }
        Reply::Done
    }

    fn dismiss_troubles(&mut self) -> Result<Reply, Failure> {
        self.told.clear();
        match self.keeper.answered() {
            Some(number) => self.set(|settings| settings.desktop.set_aside_seen = number),
            None => Ok(Reply::Done),
        }
    }

    /// Puts other settings in the place of these.
    fn replace(
        &mut self,
        replace: impl FnOnce(&mut Keeper) -> Result<(), Failure>,
    ) -> Result<Reply, Failure> {
        let before = self.settings().clone();
        replace(&mut self.keeper)?;
        self.changed(&before);
        Ok(Reply::Done)
    }

    /// Ends it, unless programs download and the user was not asked yet.
    fn quit_or_ask(&mut self) {
        self.sample();
        let programs = self.engine.as_ref().map_or(0, |engine| engine.clients.len());
        if self.asks_to_quit || programs == 0 || !self.numbers.is_active(Instant::now()) {
            self.ending = true;
            return;
        }
        self.asks_to_quit = true;
        let to_do = self.window.wanted();
        self.with_window(to_do);
    }

    fn copy(&mut self, text: &str) -> Result<Reply, Failure> {
        self.shell.copy(text).map_err(Failure::refused).map(|()| Reply::Done)
    }

    fn close_window(&mut self) {
        let to_do = self.window.close();
        // Where it is not saved, it will be said once more.
        drop(self.set(|settings| settings.desktop.told_of_tray = true));
        self.with_window(to_do);
    }

    fn start_at_login(&mut self, start: bool) -> Result<Reply, Failure> {
        let done = self.shell.start_at_login(start);
        self.starts_at_login = self.shell.starts_at_login();
        done.map_err(Failure::refused).map(|()| Reply::Done)
    }

    pub(super) fn set(&mut self, set: impl FnOnce(&mut Settings)) -> Result<Reply, Failure> {
        self.change(|settings| {
            set(settings);
            Ok(Reply::Done)
        })
    }

    /// Changes the settings, and does what they say then.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub(super) fn change(
        &mut self,
        change: impl FnOnce(&mut Settings) -> Result<Reply, Failure>,
    ) -> Result<Reply, Failure> {
        let before = self.settings().clone();
        let done = self.keeper.change(change);
        match &done {
            Ok(_) => {
                self.told.retain(|told| !matches!(told, Trouble::SettingsNotSaved { .. }));
                self.changed(&before);
            }
            Err(failure) if failure.code == FailureCode::NotSaved => {
                let trouble = Trouble::SettingsNotSaved { said: failure.message.clone() };
                self.told.retain(|told| !matches!(told, Trouble::SettingsNotSaved { .. }));
                self.told.push(trouble);
            }
            Err(_) => {}
        }
        done
    }

    pub(super) fn changed(&mut self, before: &Settings) {
        let now = self.settings().clone();
        if now.desktop.log != before.desktop.log {
            self.shell.set_log(now.desktop.log);
        }
        if now.desktop.passwords != self.passwords.keep() {
            self.passwords.were_moved(now.desktop.passwords);
        }
        let shared = Settings { desktop: before.desktop.clone(), ..now };
        if shared != *before {
            self.tell(Happened::SettingsChanged);
        }
        self.read_new();
        self.reconcile();
    }
}
