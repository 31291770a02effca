//! The sample provider: there as long as the user wants it and no real provider is.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use api::request::{Failure, FailureCode, Reply};
use nntp_proxy::config::BackendConfig;
use sample::{NZB_NAME, Sample, save_in};
use settings::{Credentials, Provider, Settings, backend};

use super::Answer;
use super::run::Controller;

/// Whether its server runs.
#[derive(Debug, Default)]
pub(super) enum Sampling {
    /// It does not.
    #[default]
    Off,
    /// It soon will.
    Starting,
    /// It does, until this is dropped.
    On(Sample),
    /// It cannot.
    Failed,
}

impl Sampling {
    /// Whether its server runs.
    pub(super) fn is_on(&self) -> bool {
        matches!(self, Self::On(_))
    }

    /// As if it were in the settings.
    pub(super) fn provider(&self) -> Option<Provider> {
        match self {
            Self::On(sample) => Some(Provider::sample(sample.address())),
            Self::Off | Self::Starting | Self::Failed => None,
        }
    }

    /// As the engine takes it.
    pub(super) fn backend(&self) -> Option<BackendConfig> {
        backend(&Settings::default(), &self.provider()?, &Credentials::default()).ok()
    }
}

impl Controller {
    /// Whether there is to be one.
    pub(super) fn wants_sample(&self) -> bool {
        self.settings().desktop.sample && self.settings().providers.is_empty()
    }

    /// Uses it. Nothing is changed before it is there.
    pub(super) fn use_sample(&mut self, answer: Answer) {
        if self.sampling.is_on() {
            return self.give(answer, Ok(Reply::Done));
        }
        let starting = self.serving.start_sample();
        self.later(starting, |this, started| {
            let done = this.sample_started(started);
            this.give(answer, done);
        });
    }

    fn sample_started(&mut self, started: io::Result<Sample>) -> Result<Reply, Failure> {
        let started = started.map_err(|error| Failure::refused(error.to_string()))?;
        // What is not wanted after all ends with the change.
        self.sampling = Sampling::On(started);
        let done = self.change(|settings| {
            if !settings.providers.is_empty() {
                let why = "there is a provider, so the sample is not needed";
                return Err(Failure::new(FailureCode::Invalid, why));
            }
            settings.desktop.sample = true;
            Ok(Reply::Done)
        });
        if done.is_err() {
            self.reconcile();
        }
        done
    }

    /// Starts its server or ends it, as the settings say.
    pub(super) fn have_sample(&mut self) {
        match (self.wants_sample(), &self.sampling) {
            (false, _) => self.sampling = Sampling::Off,
            (true, Sampling::Off) => {
                self.sampling = Sampling::Starting;
                let starting = self.serving.start_sample();
                self.later(starting, Self::sample_came);
            }
            (true, Sampling::Starting | Sampling::On(_) | Sampling::Failed) => {}
        }
    }

    /// It was wanted when the application started.
    fn sample_came(&mut self, started: io::Result<Sample>) {
        if !matches!(self.sampling, Sampling::Starting) {
            return;
        }
        self.sampling = match started {
            Ok(sample) => Sampling::On(sample),
            Err(error) => {
                tracing::warn!("the sample provider cannot start: {error}");
                Sampling::Failed
            }
        };
        self.reconcile();
    }

    /// Saves its .nzb where downloads go, and shows that folder.
    pub(super) fn save_sample_nzb(&mut self) -> Result<Reply, Failure> {
        let Sampling::On(sample) = &self.sampling else {
            return Err(Failure::new(FailureCode::Unknown, "the sample provider is not on"));
        };
        let text = sample.nzb().to_owned();
        self.save_text(NZB_NAME, &text)
    }

    /// Saves a text where downloads go, and shows that folder.
    pub(super) fn save_text(&mut self, name: &str, text: &str) -> Result<Reply, Failure> {
        if Path::new(name).file_name() != Some(OsStr::new(name)) {
            return Err(Failure::invalid("name", "has to be the name of a file alone"));
        }
        let no_folder = || Failure::refused("the system names no folder for downloads");
        let folder = self.start.folders.downloads.clone().ok_or_else(no_folder)?;
        let failed = |error| Failure::refused(format!("{}: {error}", folder.display()));
        let file = save_in(&folder, name, text).map_err(failed)?;
        // It is saved all the same, and the window says where.
        if let Err(failure) = self.desktop.open_folder(&folder) {
            tracing::warn!("cannot show {}: {}", folder.display(), failure.message);
        }
        Ok(Reply::File { path: file.display().to_string() })
    }
}
