//! Every request, and what is done about it.

use std::net::IpAddr;

use api::request::{Failure, FailureCode, NetworkInterface, Reply, Request};
use api::snapshot::{Happened, KeepState, Trouble};
use nntp_proxy::dial::interfaces;
use secrets::Owner;
use settings::{NotChanged, SetAside, Settings, SettingsFile, serves_own_user_only};
use tokio::time::Instant;

use super::Answer;
use super::entries::unknown;
use super::run::{Controller, Quitting};
use super::troubles::set_aside;
use super::window::Window;

impl Controller {
    /// Does what is asked. What takes time replies later, and what changes passwords waits until nothing else does.
    #[expect(clippy::too_many_lines, reason = "one arm for each request")]
    pub(super) fn answer(&mut self, request: Request, answer: Answer) {
        let done = match request {
            Request::Start => self.turn(true),
            Request::Stop => self.turn(false),
            Request::Pause { lasts } => Ok(self.pause(lasts)),
            Request::Resume => self.simply(Self::resume),
            Request::SaveProvider { provider, password, proxy_password } => {
                let entered = (password, proxy_password);
                return self.when_idle(|this| this.save_provider(provider, entered, answer));
            }
            Request::EnableProvider { id, enabled } => self.enable_provider(&id, enabled),
            Request::TryNow { provider } => {
                self.simply(|this| this.serving.try_now(provider.as_deref()))
            }
            Request::ArrangeProviders { order } => self.arrange_providers(&order),
            Request::RemoveProvider { id } => {
                return self.reply_when_idle(answer, |this| this.remove(Owner::Provider(id)));
            }
            Request::AddClient { name, hold } => {
                return self.when_idle(move |this| this.add_client(&name, hold, answer));
            }
            Request::RenewClient { name, hold } => {
                return self.when_idle(move |this| this.renew_client(name, hold, answer));
            }
            Request::RemoveClient { name } => {
                return self.reply_when_idle(answer, |this| this.remove(Owner::Client(name)));
            }
            Request::UseSample { on: true } => return self.use_sample(answer),
            Request::UseSample { on: false } => {
                self.set(|settings| settings.desktop.sample = false)
            }
            Request::SaveSampleNzb => self.save_sample_nzb(),
            Request::SaveText { name, text } => self.save_text(&name, &text),
            Request::Undo => return self.when_idle(|this| this.put_back(answer)),
            Request::ForgetRemoved => self.simply(|this| this.undo.removed = None),
            Request::NewPassword => match &self.new_password {
                Some((_, secret)) => Ok(Reply::Password { secret: secret.clone() }),
                None => Err(unknown()),
            },
            Request::PasswordNoted => self.simply(|this| this.new_password = None),
            Request::SetMode { mode } => self.set(|settings| settings.routing.mode = mode),
            Request::SetListen { listen } => return self.set_listen(listen, answer),
            Request::SetTls { tls } => self.set_tls(tls),
            Request::SaveCertificate => self.save_certificate(),
            Request::SetPosting { posting } => self.set(|settings| settings.posting = posting),
            Request::SetTraffic { mode } => self.set_traffic(mode),
            Request::SetLimits { limits } => self.set(|settings| settings.limits = limits),
            Request::LimitProgram { program } => self.limit_program(program),
            Request::SetLanguage { language } => {
                self.set(|settings| settings.desktop.language = language)
            }
            Request::SetAllUsers { all } => {
                self.set(|settings| settings.listen.all_users = Some(all))
            }
            Request::SetTheme { theme } => self.set(|settings| settings.desktop.theme = theme),
            Request::SetLog { log } => self.set(|settings| settings.desktop.log = log),
            Request::SetNotify { notify } => self.set(|settings| settings.desktop.notify = notify),
            Request::SetStartAtLogin { start } => self.desktop.start_at_login(start),
            Request::SetStartHidden { hidden } => {
                self.set(|settings| settings.desktop.start_hidden = hidden)
            }
            Request::EndFirstSteps => self.set(|settings| settings.desktop.first_steps_done = true),
            Request::CheckProvider { provider, password, proxy_password } => {
                self.check_provider(provider, (password, proxy_password))
            }
            Request::NetworkInterfaces => Ok(network_interfaces()),
            Request::TuneProvider { id, connections, volume } => {
                self.tune_provider(id, connections, volume)
            }
            Request::DismissTuning => self.simply(|this| this.tuning.clear()),
            Request::DismissCheck => self.simply(|this| this.checking.clear()),
            Request::DismissTroubles { troubles } => self.dismiss_troubles(&troubles),
            Request::SettingsCopies => Ok(Reply::Copies { copies: self.settings_file.copies() }),
            Request::RestoreSettings { file } => {
                let restore = move |settings: &mut SettingsFile| settings.restore(&file);
                return self.reply_when_idle(answer, |this| this.replace(restore));
            }
            Request::AdoptSettings => {
                return self.reply_when_idle(answer, |this| this.replace(SettingsFile::adopt));
            }
            Request::RetryPasswords => return self.when_idle(|this| this.retry_passwords(answer)),
            Request::OpenVault { passphrase } => {
                return self.when_idle(|this| this.open_vault(passphrase, answer));
            }
            Request::StartVaultOver { passphrase } => {
                return self.when_idle(|this| this.start_vault_over(passphrase, answer));
            }
            Request::ChangePassphrase { passphrase, new } => {
                return self.when_idle(|this| this.change_passphrase(passphrase, new, answer));
            }
            Request::KeepPasswords { keep } => {
                return self.when_idle(move |this| this.use_store(keep, answer));
            }
            Request::FindImports => return self.find_imports(answer),
            Request::ReadImport { path } => return self.read_import(path, answer),
            Request::ReadImportText { text } => self.read_import_text(&text),
            Request::Import { chosen, same_account, hold } => {
                return self
                    .when_idle(move |this| this.import(&chosen, &same_account, hold, answer));
            }
            Request::DismissImport => self.simply(|this| this.importing.dismiss()),
            connect @ Request::ConnectClient { .. } => return self.connect_client(connect, answer),
            Request::UndoConnect { program, address, secret } => {
                return self.undo_connect((program, address), secret, answer);
            }
            Request::DismissConnect { program, address } => {
                self.simply(|this| this.undo.forget_connection(&(program, address)))
            }
            Request::Events { after } => Ok(Reply::Events { events: self.events.after(after) }),
            Request::Statistics { range, by } => return self.statistics(range, by, answer),
            Request::ReportCards { range } => return self.report_cards(range, answer),
            Request::ExportStatistics { range, by } => {
                return self.export_statistics(range, by, answer);
            }
            Request::History => Ok(Reply::History { samples: self.numbers.past() }),
            Request::OpenLogs => self.desktop.open_folder(&self.start.folders.logs),
            Request::ChooseFile { title } => return self.choose_file(&title, answer),
            Request::Copy { text } => self.desktop.copy(text.expose()),
            Request::Show => self.simply(Self::show),
            Request::Close => self.simply(Self::close_asked),
            Request::CloseWindow => self.simply(|this| this.close_window()),
            Request::StayOpen => self.simply(|this| this.desktop.stay_open()),
            Request::Quit => self.simply(|this| this.quit_or_ask()),
            Request::QuitNow => self.simply(|this| this.quitting = Quitting::Now),
            Request::KeepRunning => self.simply(|this| this.quitting = Quitting::No),
        };
        self.give(answer, done);
    }

    /// Does what cannot fail.
    fn simply(&mut self, work: impl FnOnce(&mut Self)) -> Result<Reply, Failure> {
        work(self);
        Ok(Reply::Done)
    }

    /// Replies with what comes of `work` as soon as nothing else is under way with passwords.
    fn reply_when_idle(
        &mut self,
        answer: Answer,
        work: impl FnOnce(&mut Self) -> Result<Reply, Failure> + Send + 'static,
    ) {
        self.when_idle(|this| {
            let done = work(this);
            this.give(answer, done);
        });
    }

    /// Replies when the user has chosen a file, or closed the dialog.
    fn choose_file(&mut self, title: &str, answer: Answer) {
        let chosen = self.desktop.choose_file(title);
        self.later(chosen, |this, chosen| {
            let reply = chosen.map_or(Reply::Done, |path| Reply::File { path });
            this.give(answer, Ok(reply));
        });
    }

    fn dismiss_troubles(&mut self, dismissed: &[Trouble]) -> Result<Reply, Failure> {
        self.books.dismiss_alerts(dismissed);
        self.other_users.dismiss(dismissed);
        self.not_saved
            .take_if(|said| dismissed.contains(&Trouble::SettingsNotSaved { said: said.clone() }));
        let aside = self.settings_file.set_aside();
        match aside.filter(|aside| dismissed.contains(&set_aside(aside))).map(SetAside::number) {
            Some(number) => self.set(|settings| settings.desktop.set_aside_seen = number),
            None => Ok(Reply::Done),
        }
    }

    /// Puts other settings in the place of these.
    fn replace(
        &mut self,
        replace: impl FnOnce(&mut SettingsFile) -> Result<(), NotChanged>,
    ) -> Result<Reply, Failure> {
        let before = self.settings().clone();
        replace(&mut self.settings_file)?;
        self.changed(&before);
        Ok(Reply::Done)
    }

    /// Ends it, unless programs download or a new password is still shown, and the user was not asked yet.
    fn quit_or_ask(&mut self) {
        self.sample();
        let programs = self.engine.as_ref().map_or(0, |engine| engine.clients.len());
        let interrupts = programs > 0 && self.numbers.is_active(Instant::now());
        let loses = interrupts || self.new_password.is_some();
        if self.quitting == Quitting::Asked || !loses {
            self.quitting = Quitting::Now;
            return;
        }
        self.quitting = Quitting::Asked;
        self.show();
    }

    fn show(&mut self) {
        self.desktop.with_window(Window::wanted);
    }

    pub(super) fn close_asked(&mut self) {
        let knows_of_tray = self.settings().desktop.told_of_tray;
        self.desktop.with_window(|window| window.close_asked(knows_of_tray));
    }

    fn close_window(&mut self) {
        // Where it is not saved, it will be said once more.
        drop(self.set(|settings| settings.desktop.told_of_tray = true));
        self.desktop.with_window(Window::close);
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
        let done = self.settings_file.change(change);
        match &done {
            Ok(_) => {
                self.not_saved = None;
                self.changed(&before);
            }
            Err(failure) if failure.code == FailureCode::NotSaved => {
                self.not_saved = Some(failure.message.clone());
            }
            Err(_) => {}
        }
        done
    }

    pub(super) fn changed(&mut self, before: &Settings) {
        let now = self.settings().clone();
        if now.desktop.log != before.desktop.log {
            self.desktop.set_log(now.desktop.log);
        }
        if now.desktop.passwords != self.stores.used() {
            self.stores.switch(now.desktop.passwords, KeepState::Open);
            self.passwords.forget_saved();
        }
        if !serves_own_user_only(self.settings()) {
            self.other_users.forget();
        }
        let shared = Settings { desktop: before.desktop.clone(), ..now };
        if shared != *before {
            self.record(Happened::SettingsChanged);
        }
        self.read_new();
        self.reconcile();
    }
}

fn network_interfaces() -> Reply {
    let interface = |(name, addresses): (String, Vec<IpAddr>)| {
        let addresses = addresses.iter().map(ToString::to_string).collect();
        NetworkInterface { name, addresses }
    };
    Reply::NetworkInterfaces { interfaces: interfaces().into_iter().map(interface).collect() }
}
