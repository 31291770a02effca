//! `--check`: logs in to every provider and says what was found.

use std::time::SystemTime;

use certificate::Facts;
use nntp_proxy::check::{Finding, check, is_usable};
use nntp_proxy::config::BackendConfig;
use nntp_proxy::dial::NetDialler;

use crate::arguments::Arguments;
use crate::encrypted;
use crate::sampled::Sampled;
use crate::say_line;
use crate::setup::Setup;

/// # Errors
/// What is wrong with the settings, or that a provider is not as it should be.
pub(crate) async fn run(arguments: Arguments) -> Result<(), String> {
    let sampled = Sampled::start(&arguments).await?;
    let setup = Setup::read(&arguments, sampled.as_ref().map(Sampled::address))?;
    let mut bad = Vec::new();
    if let Some((text, good)) = report_tls(&arguments, &setup).await {
        say_line(&text).map_err(|e| format!("cannot write: {e}"))?;
        bad.extend((!good).then(|| "TLS for programs".to_owned()));
    }
    let dialler = std::sync::Arc::new(NetDialler::new());
    let mut checks = Vec::new();
    for backend in setup.config.backends {
        let dialler = std::sync::Arc::clone(&dialler);
        checks.push(tokio::spawn(async move { report(&dialler, &backend).await }));
    }
    if checks.is_empty() {
        return Err(format!("there is no provider: add one in {}", setup.file.display()));
    }
    for check in checks {
        let (name, text, good) = check.await.map_err(|e| format!("the check failed: {e}"))?;
        say_line(text.trim_end()).map_err(|e| format!("cannot write: {e}"))?;
        if !good {
            bad.push(name);
        }
    }
    if bad.is_empty() { Ok(()) } else { Err(format!("not usable: {}", bad.join(", "))) }
}

/// What programs are shown that connect over TLS, and whether they can be.
async fn report_tls(arguments: &Arguments, setup: &Setup) -> Option<(String, bool)> {
    let listen = setup.settings.listen.encrypted()?;
    let place = format!("TLS for programs, on {} port {}", listen.host, listen.port);
    let checked = encrypted::check(&setup.settings.listen, arguments.state.as_deref()).await;
    Some(match checked.transpose()? {
        Ok(facts) => {
            let left = facts.expires.duration_since(SystemTime::now()).unwrap_or_default();
            let days = left.as_secs() / (24 * 60 * 60);
            let outcome = if days > 0 { "good" } else { "bad" };
            let Facts { fingerprint, names, import, .. } = facts;
            let names = names.join(", ");
            let import =
                import.map(|file| format!("\n{:11}programs import {}", "", file.display()));
            let import = import.unwrap_or_default();
            let what = format!("valid for {days} days, for {names}");
            let text = format!(
                "{place}\n  {outcome:<9}certificate: {what}\n{:11}SHA-256 {fingerprint}{import}",
                ""
            );
            (text, days > 0)
        }
        Err(why) => (format!("{place}\n  {:<9}certificate: {why}", "bad"), false),
    })
}

async fn report(dialler: &NetDialler, backend: &BackendConfig) -> (String, String, bool) {
    let findings = check(dialler, backend).await;
    let lines: String = findings.iter().map(lines).collect();
    (backend.name.clone(), format!("{}\n{lines}", backend.name), is_usable(&findings))
}

/// A finding, the provider's own words, and what to change in the settings.
fn lines(finding: &Finding) -> String {
    let Finding { step, outcome, found, words, remedy } = finding;
    let mut text = format!("  {outcome:<9}{step}: {found}\n");
    if let Some(words) = words {
        text.push_str(&format!("{:11}it says: {words}\n", ""));
    }
    if let Some(remedy) = remedy {
        text.push_str(&format!("{:11}what would help: {remedy}\n", ""));
    }
    text
}
