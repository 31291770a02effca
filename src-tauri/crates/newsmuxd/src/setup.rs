//! From the command line to a configuration, or to the sentence that says what is wrong.

use std::net::SocketAddr;
use std::path::PathBuf;

use ledger::Plan;
use nntp_proxy::config::Config;
use settings::credentials::{self, Credentials};
use settings::listening::{ProviderPort, provider_ports};
use settings::{self, Listen, Provider, Settings, configure};

use crate::arguments::Arguments;

/// Everything that is needed to serve.
pub(crate) struct Setup {
    pub(crate) config: Config,
    /// What was bought of each account.
    pub(crate) plans: Vec<Plan>,
    pub(crate) settings: Settings,
    /// Where one provider alone is served.
    pub(crate) ports: Vec<ProviderPort>,
    /// Where the settings are, or would be.
    pub(crate) file: PathBuf,
}

impl Setup {
    /// With `sample` the server at that address is the only provider.
    ///
    /// # Errors
    /// One plain sentence.
    pub(crate) fn read(arguments: &Arguments, sample: Option<SocketAddr>) -> Result<Self, String> {
        let (file, mut settings) = settings(arguments)?;
        if let Some(listen) = &arguments.listen {
            let Listen { all_users, tls, .. } = settings.listen;
            settings.listen = Listen { all_users, tls, ..listen.clone() };
            settings::check_listen(&settings)
                .map_err(|why| format!("--listen {}: {why}", listen.host))?;
        }
        let credentials = match &arguments.credentials {
            Some(file) => credentials::load(file, &settings).map_err(|e| e.to_string())?,
            None => Credentials::default(),
        };
        if let Some(address) = sample {
            settings.providers = vec![Provider::sample(address)];
        }
        let config = configure(&file, &settings, &credentials);
        let config = config.map_err(|e| e.to_string())?;
        let plans = settings::plans(&settings);
        let ports = provider_ports(&settings);
        Ok(Self { config, plans, ports, settings, file })
    }
}

/// The settings, and where they are or would be.
fn settings(arguments: &Arguments) -> Result<(PathBuf, Settings), String> {
    let (file, settings) = match (&arguments.settings, settings::default_path()) {
        (Some(file), _) => (file.clone(), settings::load(file)),
        (None, Some(file)) => (file.clone(), settings::load_default(&file)),
        // The sample needs none.
        (None, None) if arguments.sample.is_some() => (PathBuf::new(), Ok(Settings::default())),
        (None, None) => {
            return Err("there is no configuration folder on this system: use --settings".into());
        }
    };
    Ok((file, settings.map_err(|e| e.to_string())?))
}
