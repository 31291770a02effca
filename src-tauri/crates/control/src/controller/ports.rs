//! The ports at which one provider alone is served.

use std::collections::{BTreeMap, BTreeSet};

use api::snapshot::Trouble;
use settings::Listen;
use settings::listening::{ProviderPort, provider_ports};

use super::run::Controller;
use super::serving::trouble;

/// What becomes of the ports that the settings name. Those that are open are the engine's.
#[derive(Debug, Default)]
pub(super) struct Ports {
    /// Being opened, by the ids of the providers.
    opening: BTreeSet<String>,
    /// Those that cannot be opened, and why.
    shut: BTreeMap<String, Trouble>,
}

impl Ports {
    /// Why some are not open.
    pub(super) fn troubles(&self) -> impl Iterator<Item = Trouble> {
        self.shut.values().cloned()
    }

    /// Whether some are to be tried again.
    pub(super) fn some_are_shut(&self) -> bool {
        !self.shut.is_empty()
    }

    /// Nobody is served.
    pub(super) fn stop(&mut self) {
        self.shut.clear();
    }
}

impl Controller {
    /// Opens the ports that the settings name, and closes all others.
    pub(super) fn open_ports(&mut self) {
        let wanted = provider_ports(self.settings());
        let is_wanted = |id: &str, listen: &Listen| {
            wanted.iter().any(|port| port.id == id && port.listen == *listen)
        };
        self.serving.keep_ports(is_wanted);
        self.ports.shut.retain(|id, _| wanted.iter().any(|port| port.id == *id));
        for ProviderPort { id, listen, .. } in wanted {
            if !self.serving.has_port(&id) && self.ports.opening.insert(id.clone()) {
                self.open_port(id, listen);
            }
        }
    }

    fn open_port(&mut self, id: String, listen: Listen) {
        let before = self.ports.shut.get(&id).and_then(busy);
        let (opening, wanted) = (self.serving.open_port(listen.clone()), listen.clone());
        let opening = async move {
            match opening.await {
                Ok(opened) => Ok(opened),
                Err(error) => Err(trouble(error, &wanted, before).await),
            }
        };
        self.later(opening, move |this, opened| {
            this.ports.opening.remove(&id);
            let ports = provider_ports(this.settings());
            let is_wanted = ports.iter().any(|port| port.id == id && port.listen == listen);
            match opened {
                // It was changed meanwhile.
                _ if !is_wanted || !this.serving.is_on() => this.reconcile(),
                Ok(opened) => {
                    this.ports.shut.remove(&id);
                    this.serving.enter_port(&id, opened);
                }
                Err(why) => {
                    let why = of_provider(&id, listen.port, why);
                    this.ports.shut.insert(id, why);
                }
            }
        });
    }
}

/// What was found out about the port the last time.
fn busy(trouble: &Trouble) -> Option<Trouble> {
    match trouble.clone() {
        Trouble::ProviderPort { port, holder, free, said: None, .. } => {
            Some(Trouble::PortBusy { port, holder, free })
        }
        _ => None,
    }
}

/// As the trouble of a provider.
fn of_provider(id: &str, port: u16, trouble: Trouble) -> Trouble {
    let (holder, free, said) = match trouble {
        Trouble::PortBusy { holder, free, .. } => (holder, free, None),
        Trouble::CannotListen { said } => (None, None, Some(said)),
        _ => (None, None, None),
    };
    Trouble::ProviderPort { provider: id.to_owned(), port, holder, free, said }
}
