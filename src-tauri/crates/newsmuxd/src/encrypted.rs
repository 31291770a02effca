//! The port at which programs connect over TLS, and the certificate that they are shown there.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use certificate::{Facts, Loaded, Names, Source};
use nntp_proxy::encryption::ServerIdentity;
use nntp_proxy::proxy::Proxy;
use settings::Listen;
use settings::listening::bind;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;
use tracing::{info, warn};

/// How often the certificate is looked at.
const RENEWAL: Duration = Duration::from_secs(60 * 60);

/// The port, if it is open.
#[derive(Default)]
pub(crate) struct EncryptedPort(Option<Open>);

struct Open {
    listen: Listen,
    identity: ServerIdentity,
    fingerprint: String,
    serving: Vec<JoinHandle<()>>,
    renewing: JoinHandle<()>,
}

impl EncryptedPort {
    /// Opens the port that the settings name, with its certificate, or closes it. Sessions go on.
    ///
    /// # Errors
    /// Why it cannot be opened. A port that is open stays with the certificate that it has.
    pub(crate) async fn follow(
        &mut self,
        listen: &Listen,
        state: Option<&Path>,
        proxy: &Proxy,
    ) -> Result<(), String> {
        let Some((wanted, source)) = wanted(listen, state)? else {
            self.close().await;
            return Ok(());
        };
        let Loaded { identity, facts } = load(source.clone()).await?;
        let renewing = |identity: &ServerIdentity| tokio::spawn(renew(source, identity.clone()));
        if let Some(open) = self.0.as_mut().filter(|open| open.listen == wanted) {
            open.renewing.abort();
            open.identity.replace(&identity);
            open.renewing = renewing(&open.identity);
            if open.fingerprint != facts.fingerprint {
                info!("the certificate has changed: {}", described(&facts));
                open.fingerprint = facts.fingerprint;
            }
            return Ok(());
        }
        self.close().await;
        let (listeners, address) =
            bind(&wanted).await.map_err(|why| format!("listen.tls: {why}"))?;
        let serve = |listener| {
            let (proxy, identity) = (proxy.clone(), identity.clone());
            tokio::spawn(async move { proxy.serve_encrypted(listener, &identity).await })
        };
        let serving = listeners.into_iter().map(serve).collect();
        info!("listening with TLS on {address}; {}", described(&facts));
        let renewing = renewing(&identity);
        let fingerprint = facts.fingerprint;
        self.0 = Some(Open { listen: wanted, identity, fingerprint, serving, renewing });
        Ok(())
    }

    async fn close(&mut self) {
        let Some(open) = self.0.take() else { return };
        open.renewing.abort();
        for task in open.serving {
            task.abort();
            // The port is free only then.
            drop(task.await);
        }
    }
}

/// What the settings say about TLS: a certificate to show, or none.
///
/// # Errors
/// Why there is none to show.
pub(crate) async fn check(listen: &Listen, state: Option<&Path>) -> Result<Option<Facts>, String> {
    let Some((_, source)) = wanted(listen, state)? else { return Ok(None) };
    Ok(Some(load(source).await?.facts))
}

/// Where to listen, and with which certificate.
fn wanted(listen: &Listen, state: Option<&Path>) -> Result<Option<(Listen, Source)>, String> {
    let (Some(tls), Some(encrypted)) = (&listen.tls, listen.encrypted()) else { return Ok(None) };
    let default = || settings::default_state_folder();
    let state = state.map(PathBuf::from).or_else(default);
    let state =
        state.ok_or("there is no folder for the certificate on this system: use --state")?;
    Ok(Some((encrypted, tls.source(&state))))
}

async fn load(source: Source) -> Result<Loaded, String> {
    let load = move || {
        certificate::load(&source, &Names::of_this_computer(), SystemTime::now())
            .map_err(|why| format!("listen.tls: {why}"))
    };
    spawn_blocking(load).await.unwrap_or_else(|ended| Err(ended.to_string()))
}

/// Renews the certificate in time, and takes one that the user has renewed.
async fn renew(source: Source, identity: ServerIdentity) {
    loop {
        sleep(RENEWAL).await;
        match load(source.clone()).await {
            Ok(loaded) => identity.replace(&loaded.identity),
            Err(why) => warn!("{why}"),
        }
    }
}

/// What programs have to trust.
fn described(facts: &Facts) -> String {
    let Facts { fingerprint, import, .. } = facts;
    match import {
        Some(file) => format!("programs import {} (SHA-256 {fingerprint})", file.display()),
        None => format!("certificate: SHA-256 {fingerprint}"),
    }
}
