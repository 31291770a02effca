//! Ports at which one provider alone is served.

use nntp_proxy::proxy::Proxy;
use settings::listening::{ProviderPort, bind};
use tokio::task::JoinHandle;

/// The ports that are open.
#[derive(Default)]
pub(crate) struct Ports(Vec<Open>);

struct Open {
    port: ProviderPort,
    tasks: Vec<JoinHandle<()>>,
}

impl Ports {
    /// Opens these and closes all others. Sessions go on.
    ///
    /// # Errors
    /// Which cannot be opened, and why; the others are.
    pub(crate) async fn follow(
        &mut self,
        wanted: &[ProviderPort],
        proxy: &Proxy,
    ) -> Result<(), String> {
        let is_wanted = |open: &Open| {
            wanted.iter().any(|port| port.id == open.port.id && port.listen == open.port.listen)
        };
        let (kept, closed): (Vec<_>, Vec<_>) = self.0.drain(..).partition(is_wanted);
        self.0 = kept;
        for task in closed.into_iter().flat_map(|open| open.tasks) {
            task.abort();
            // The port is free only then.
            drop(task.await);
        }
        let mut refused = Vec::new();
        for port in wanted {
            if !self.0.iter().any(|open| open.port.id == port.id) {
                match bind(&port.listen).await {
                    Ok((listeners, _)) => {
                        let serve = |listener| {
                            let (proxy, id) = (proxy.clone(), port.id.clone());
                            tokio::spawn(async move { proxy.serve_provider(listener, &id).await })
                        };
                        let tasks = listeners.into_iter().map(serve).collect();
                        self.0.push(Open { port: port.clone(), tasks });
                    }
                    Err(why) => refused.push(format!("providers[{}].listen_port: {why}", port.at)),
                }
            }
        }
        if refused.is_empty() { Ok(()) } else { Err(refused.join("; ")) }
    }
}
