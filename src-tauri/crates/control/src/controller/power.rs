//! Start, stop and pause: from what the user wants and the passwords allow to what the engine does.

use api::request::{Failure, Reply};
use api::snapshot::{Happened, PasswordState, Trouble};
use downloaders::Address;
use settings::{Listen, Settings, configure_available};

use super::Answer;
use super::passwords::Known;
use super::run::Controller;
use super::serving::{Opened, trouble};

/// Whether it serves, as far as the user and the passwords are concerned.
#[derive(Debug, Default)]
pub(super) struct Power {
    /// The passwords are read for the first time.
    pub(super) starting: bool,
    /// How many attempts to listen are under way.
    pub(super) opening: usize,
    /// Why it does not listen.
    pub(super) shut: Option<Trouble>,
    /// The application ends, and serves no more.
    pub(super) over: bool,
}

impl Controller {
    /// Serves from now on, or does not; a pause is over.
    pub(super) fn turn(&mut self, on: bool) -> Result<Reply, Failure> {
        let done = self.set(|settings| settings.desktop.on = on)?;
        self.resume();
        Ok(done)
    }

    /// Has the engine do what the settings and passwords say now.
    pub(super) fn reconcile(&mut self) {
        if self.power.starting || self.power.over {
            return;
        }
        // What was counted until now would be lost with what is changed.
        self.sample();
        self.have_sample();
        self.look_at_the_schedule();
        let wanted = self.settings().desktop.on;
        let config = configure_available(self.settings(), &self.passwords.credentials());
        let is_empty = config.as_ref().is_none_or(|config| config.backends.is_empty());
        if let Some(why) = self.why_locked().filter(|_| wanted && is_empty) {
            self.serving.lock(why);
            self.engine = None;
            return self.open_where_wanted();
        }
        let Some(mut config) = config.filter(|_| wanted) else { return self.stop() };
        config.backends.extend(self.sampling.backend());
        config.allowances = self.books.allowances();
        config.traffic = self.limits();
        if let Some(events) = self.serving.apply(config) {
            self.listen_to(events);
        }
        self.serving.proxy().into_iter().for_each(|proxy| self.books.watch(proxy));
        self.plan();
        self.open_where_wanted();
        self.engine = self.serving.snapshot();
    }

    fn open_where_wanted(&mut self) {
        if self
            .serving
            .listening()
            .is_none_or(|(listen, _)| *listen != self.settings().listen.plain())
        {
            self.open();
        }
        self.open_encrypted();
        self.open_ports();
    }

    /// The reply to programs if no provider can be used until the user unlocks the passwords or enters one.
    fn why_locked(&self) -> Option<String> {
        let is_closed = |owner| self.passwords.known(&owner) == Some(&Known::Closed);
        let mut clients = self.settings().logins();
        let waits = self.settings().enabled().any(|provider| {
            (provider.needs_password() && is_closed(provider.owner()))
                || (provider.needs_proxy_password() && is_closed(provider.proxy_owner()))
        }) || clients.any(|client| is_closed(client.owner()));
        if waits {
            return Some("Newsmux is locked: open its window".into());
        }
        let lacks = |state| matches!(state, PasswordState::Missing | PasswordState::Elsewhere);
        let mut providers = self.settings().enabled();
        providers.find_map(|provider| {
            let whose = if lacks(self.passwords.of(provider)) {
                "the password for"
            } else if lacks(self.passwords.of_proxy(provider)) {
                "the proxy password for"
            } else {
                return None;
            };
            let name = ascii(provider.display_name());
            Some(format!("Newsmux: {whose} {name} is missing: open Newsmux's window"))
        })
    }

    /// Stops, if it runs.
    pub(super) fn stop(&mut self) {
        self.power.shut = None;
        self.ports.stop();
        self.encrypted.stop();
        if self.serving.stop() {
            self.record(Happened::Stopped);
        }
        if !self.power.over {
            self.books.unwatch();
        }
        self.engine = None;
    }

    /// Listens where the settings say, unless that is under way.
    fn open(&mut self) {
        if self.power.opening > 0 {
            return;
        }
        let opening = self.opening(self.settings().listen.plain());
        self.later(opening, |this, opened| {
            this.power.opening -= 1;
            let is_wanted =
                |listen: &Listen| this.serving.is_on() && *listen == this.settings().listen.plain();
            match opened {
                Ok(opened) if is_wanted(&opened.listen) => this.enter(opened),
                Err((trouble, listen)) if is_wanted(&listen) => this.power.shut = Some(trouble),
                // It was changed meanwhile.
                Ok(_) | Err(_) => this.reconcile(),
            }
        });
    }

    fn opening(
        &mut self,
        listen: Listen,
    ) -> impl Future<Output = Result<Opened, (Trouble, Listen)>> + Send + 'static {
        self.power.opening += 1;
        let before = self.power.shut.clone();
        let opening = self.serving.open(listen.clone());
        async move {
            match opening.await {
                Ok(opened) => Ok(opened),
                Err(error) => Err((trouble(error, &listen, before).await, listen)),
            }
        }
    }

    fn enter(&mut self, opened: Opened) {
        let host = opened.listen.host.clone();
        let port = self.serving.enter(opened);
        self.power.shut = None;
        if self.serving.is_locked() {
            return;
        }
        self.record(Happened::Started { address: Address { host, port }.to_string() });
    }

    /// Listens elsewhere from now on. While it serves, nothing is changed before it listens there.
    pub(super) fn set_listen(&mut self, listen: Listen, answer: Answer) {
        let host = listen.host.trim().to_owned();
        let listen = Listen { host, port: listen.port, ..self.settings().listen.clone() };
        let wanted = listen.clone();
        let change = move |settings: &mut Settings| {
            settings.listen = wanted.clone();
            Ok(Reply::Done)
        };
        if let Err(failure) = self.settings_file.allows(&change) {
            return self.give(answer, Err(failure));
        }
        if !self.serving.is_on() || self.settings().listen == listen {
            let done = self.change(change);
            return self.give(answer, done);
        }
        let opening = self.opening(listen.plain());
        self.later(opening, move |this, opened| {
            let done = match opened {
                Ok(opened) => this.change_listening(opened, change),
                Err((trouble, _)) => Err(cannot_listen(trouble)),
            };
            this.power.opening -= 1;
            if done.is_err() {
                this.reconcile();
            }
            this.give(answer, done);
        });
    }

    fn change_listening(
        &mut self,
        opened: Opened,
        change: impl Fn(&mut Settings) -> Result<Reply, Failure>,
    ) -> Result<Reply, Failure> {
        let done = self.change(change);
        if done.is_ok() && self.serving.is_on() {
            self.enter(opened);
        }
        done
    }
}

/// A name for a reply, where only ASCII is sure to arrive.
fn ascii(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_graphic() { c } else { ' ' };
    name.chars().take(100).map(plain).collect()
}

fn cannot_listen(trouble: Trouble) -> Failure {
    let (field, message) = match trouble {
        Trouble::PortBusy { port, holder, free } => {
            let holder = holder.unwrap_or_else(|| "another program".into());
            let free = free.map(|port| format!("; {port} is free")).unwrap_or_default();
            ("port", format!("{holder} uses port {port}{free}"))
        }
        Trouble::CannotListen { said } => ("host", said),
        _ => ("host", String::new()),
    };
    Failure { field: Some(field.into()), ..Failure::refused(message) }
}
