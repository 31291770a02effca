//! newsmuxd as it runs: the proxy, and what keeps its books, limits and ports.

use std::net::SocketAddr;
use std::sync::Arc;

use nntp_proxy::config::Config;
use nntp_proxy::dial::NetDialler;
use nntp_proxy::proxy::Proxy;
use settings::Listen;
use tracing::{error, info, warn};

use crate::arguments::Arguments;
use crate::books::Books;
use crate::encrypted::EncryptedPort;
use crate::ports::Ports;
use crate::setup::Setup;
use crate::traffic::Traffic;

/// What runs. See the [module](self).
pub(crate) struct Daemon {
    pub(crate) proxy: Proxy,
    pub(crate) books: Option<Arc<Books>>,
    pub(crate) traffic: Arc<Traffic>,
    listen: Listen,
    ports: Ports,
    encrypted: EncryptedPort,
}

impl Daemon {
    /// Opens the port with TLS and the providers' own ports; the caller listens on the main port.
    ///
    /// # Errors
    /// Which port cannot be opened, and why.
    pub(crate) async fn start(arguments: &Arguments, mut setup: Setup) -> Result<Self, String> {
        let books = Books::open(arguments).map(Arc::new);
        books.iter().for_each(|books| books.allow(&mut setup));
        let Setup { config, settings, ports, .. } = setup;
        let listen = settings.listen.clone();
        let traffic = Traffic::new(settings);
        let config = Config { traffic: traffic.limits(), ..config };
        let proxy = Proxy::new(config, Arc::new(NetDialler::new()));
        books.iter().for_each(|books| books.watch(&proxy));
        tokio::spawn(Arc::clone(&traffic).follow(proxy.clone()));
        let (own, encrypted) = (Ports::default(), EncryptedPort::default());
        let mut daemon = Self { proxy, books, traffic, listen, ports: own, encrypted };
        daemon.ports.follow(&ports, &daemon.proxy).await?;
        let state = arguments.state.as_deref();
        daemon.encrypted.follow(&daemon.listen, state, &daemon.proxy).await?;
        Ok(daemon)
    }

    /// Takes new settings, or stays with the old ones where the new are not good.
    pub(crate) async fn reload(&mut self, arguments: &Arguments, sample: Option<SocketAddr>) {
        let mut setup = match Setup::read(arguments, sample) {
            Ok(setup) => setup,
            Err(sentence) => {
                return error!("{sentence}; going on with the settings from before");
            }
        };
        if setup.settings.listen.plain() != self.listen.plain() {
            warn!("the address to listen on has changed: restart newsmuxd for that");
        }
        self.books.iter().for_each(|books| books.allow(&mut setup));
        let Setup { config, settings, ports, .. } = setup;
        self.listen.tls = settings.listen.tls.clone();
        let apply = |traffic| self.proxy.apply(Config { traffic, ..config });
        self.traffic.reload(settings, apply);
        if let Err(sentence) = self.ports.follow(&ports, &self.proxy).await {
            error!("{sentence}");
        }
        let state = arguments.state.as_deref();
        if let Err(sentence) = self.encrypted.follow(&self.listen, state, &self.proxy).await {
            error!("{sentence}");
        }
        info!("settings reloaded");
    }
}
