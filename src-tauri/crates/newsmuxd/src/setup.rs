//! From the command line to a configuration, or to the sentence that says what is wrong.

use std::path::PathBuf;

use control::credentials::{self, Credentials};
use control::settings::{self, Listen};
use nntp_proxy::config::Config;

use crate::arguments::Arguments;

/// Everything that is needed to serve.
pub(crate) struct Setup {
    pub(crate) config: Config,
    pub(crate) listen: Listen,
    /// Where the settings are, or would be.
    pub(crate) file: PathBuf,
}

impl Setup {
    /// # Errors
    /// One plain sentence.
    pub(crate) fn read(arguments: &Arguments) -> Result<Self, String> {
        let none = "there is no configuration folder on this system: use --settings";
        let file = arguments.settings.clone().or_else(settings::default_path).ok_or(none)?;
        let settings = match arguments.settings {
            Some(_) => settings::load(&file),
            None => settings::load_default(&file),
        };
        let mut settings = settings.map_err(|e| e.to_string())?;
        if let Some(listen) = &arguments.listen {
            settings.listen = listen.clone();
            settings::check_listen(&settings)
                .map_err(|why| format!("--listen {}: {why}", listen.host))?;
        }
        let credentials = match &arguments.credentials {
            Some(file) => credentials::load(file, &settings).map_err(|e| e.to_string())?,
            None => Credentials::default(),
        };
        let config = control::configure(&file, &settings, &credentials);
        let config = config.map_err(|e| e.to_string())?;
        Ok(Self { config, listen: settings.listen, file })
    }
}
