//! The port at which programs connect over TLS, and the certificate that they are shown there.

use std::fs;

use api::request::{Failure, Reply};
use api::snapshot::{EncryptedView, Trouble};
use certificate::{Facts, Loaded, Names, Source, load};
use downloaders::Address;
use settings::{Listen, ListenTls};
use tokio::task::spawn_blocking;
use tokio::time::{Duration, Instant};

use super::environment::millis;
use super::run::Controller;
use super::serving::{Opened, trouble};

/// How often the certificate is looked at, to renew it in time.
const RENEWAL: Duration = Duration::from_secs(60 * 60);
/// The name of the saved certificate.
const FILE: &str = "newsmux-certificate.crt";

/// What becomes of the port. If it is open, the engine has it.
#[derive(Debug, Default)]
pub(super) struct Encrypted {
    /// It is being opened, or its certificate is being looked at.
    busy: bool,
    /// Why it cannot be opened.
    shut: Option<Trouble>,
    /// The certificate that is shown, and where it is from.
    shown: Option<(Source, Facts)>,
    /// When the certificate is looked at again.
    look: Option<Instant>,
}

impl Encrypted {
    /// Why it is not open.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.shut.clone()
    }

    /// Whether it is to be tried again, or its certificate to be looked at.
    pub(super) fn is_due(&self) -> bool {
        self.shut.is_some() || self.look.is_some_and(|look| look <= Instant::now())
    }

    /// This computer may have other addresses now, or another clock.
    pub(super) fn look_now(&mut self) {
        if self.look.is_some() {
            self.look = Some(Instant::now());
        }
    }

    /// Nobody is served.
    pub(super) fn stop(&mut self) {
        (self.shut, self.shown, self.look) = (None, None, None);
    }
}

impl Controller {
    /// Opens the port that the settings name, and closes any other.
    pub(super) fn open_encrypted(&mut self) {
        let Some((listen, source)) = self.wants_encrypted() else {
            self.serving.close_encrypted();
            return self.encrypted.stop();
        };
        let is_open = self.serving.encrypted().is_some_and(|(open, _)| *open == listen);
        let is_shown = self.encrypted.shown.as_ref().is_some_and(|(of, _)| *of == source);
        if self.encrypted.busy || (is_open && is_shown && !self.encrypted.is_due()) {
            return;
        }
        self.encrypted.busy = true;
        if !is_open {
            self.serving.close_encrypted();
        }
        let opening = (!is_open).then(|| self.serving.open_port(listen.clone()));
        let before = self.encrypted.shut.as_ref().and_then(busy);
        let (wanted, from, now) = (listen.clone(), source.clone(), self.environment.now());
        let loading = move || load(&from, &Names::of_this_computer(), now);
        let work = async move {
            let loaded = spawn_blocking(loading).await.map_err(|ended| shut(ended.to_string()))?;
            let loaded = loaded.map_err(|why| shut(why.to_string()))?;
            let opened = match opening {
                Some(opening) => match opening.await {
                    Ok(opened) => Some(opened),
                    Err(error) => return Err(trouble(error, &wanted, before).await),
                },
                None => None,
            };
            Ok((loaded, opened))
        };
        self.later(work, move |this, done| {
            this.encrypted.busy = false;
            if this.wants_encrypted() == Some((listen.clone(), source.clone())) {
                this.is_encrypted(source, listen.port, done);
            } else {
                // It was changed meanwhile.
                this.open_encrypted();
            }
        });
    }

    fn is_encrypted(
        &mut self,
        source: Source,
        port: u16,
        done: Result<(Loaded, Option<Opened>), Trouble>,
    ) {
        match done {
            Ok((Loaded { identity, facts }, opened)) => {
                match opened {
                    Some(opened) => self.serving.enter_encrypted(opened, identity),
                    None => self.serving.show(&identity),
                }
                self.encrypted.shut = None;
                self.encrypted.shown = Some((source, facts));
                self.encrypted.look = Some(Instant::now() + RENEWAL);
            }
            Err(why) => self.encrypted.shut = Some(of_encrypted(port, why)),
        }
    }

    /// Where to listen, and with which certificate.
    fn wants_encrypted(&self) -> Option<(Listen, Source)> {
        self.serving.proxy()?;
        let listen = &self.settings().listen;
        let source = listen.tls.as_ref()?.source(&self.start.folders.state);
        Some((listen.encrypted()?, source))
    }

    /// What is to be seen of it, while it is open.
    pub(super) fn encrypted_view(&self) -> Option<EncryptedView> {
        let (listen, port) = self.serving.encrypted()?;
        let (source, facts) = self.encrypted.shown.as_ref()?;
        Some(EncryptedView {
            address: Address { host: listen.host.clone(), port },
            fingerprint: facts.fingerprint.clone(),
            names: facts.names.clone(),
            expires: millis(facts.expires),
            own: matches!(source, Source::Own(_)),
        })
    }

    /// Turns it on or off, or changes it.
    pub(super) fn set_tls(&mut self, tls: Option<ListenTls>) -> Result<Reply, Failure> {
        let trimmed = |host: String| Some(host.trim().to_owned()).filter(|host| !host.is_empty());
        let tls = tls.map(|tls| ListenTls { host: tls.host.clone().and_then(trimmed), ..tls });
        self.set(|settings| settings.listen.tls.clone_from(&tls))
    }

    /// Saves what programs import where downloads go.
    pub(super) fn save_certificate(&mut self) -> Result<Reply, Failure> {
        let shown = self.encrypted.shown.as_ref();
        let file = shown.and_then(|(_, facts)| facts.import.clone());
        let file = file.ok_or_else(|| Failure::refused("there is no certificate to import"))?;
        let failed = |error| Failure::refused(format!("{}: {error}", file.display()));
        let text = fs::read_to_string(&file).map_err(failed)?;
        self.save_text(FILE, &text)
    }
}

/// What was found out about the port the last time.
fn busy(trouble: &Trouble) -> Option<Trouble> {
    match trouble.clone() {
        Trouble::EncryptedPort { port, holder, free, said: None } => {
            Some(Trouble::PortBusy { port, holder, free })
        }
        _ => None,
    }
}

/// As the trouble of this port.
fn of_encrypted(port: u16, trouble: Trouble) -> Trouble {
    let (holder, free, said) = match trouble {
        Trouble::PortBusy { holder, free, .. } => (holder, free, None),
        Trouble::CannotListen { said } => (None, None, Some(said)),
        other => return other,
    };
    Trouble::EncryptedPort { port, holder, free, said }
}

/// The certificate cannot be shown.
fn shut(said: String) -> Trouble {
    Trouble::CannotListen { said }
}
