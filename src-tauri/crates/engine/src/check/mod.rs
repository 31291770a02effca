//! Tries one provider and says what was found, step by step, and what would help where something is
//! wrong. Nothing is kept, and all connections are closed again.
//!
//! A remedy is offered only for what was seen: to find out whether a port speaks TLS, plain NNTP or HTTP,
//! the check connects to it, once for each, and sends nothing of the account.

mod ask;
mod connections;
mod finding;
mod refusal;
mod run;
mod service;
mod words;

use std::time::Duration;

pub use crate::backend::CheckPermits;
use crate::config::BackendConfig;
use crate::dial::Dial;

pub use finding::{Finding, Found, Outcome, Proof, Remedy, Step, Why, pasted};

/// The pause before a login is tried for a second time.
const PAUSE: Duration = Duration::from_secs(2);

/// How providers are checked.
pub struct Check<'a> {
    dialler: &'a dyn Dial,
    permits: CheckPermits,
    pause: Duration,
}

impl<'a> Check<'a> {
    /// A check of a provider that nobody uses at the moment.
    #[must_use]
    pub fn new(dialler: &'a dyn Dial) -> Self {
        Self { dialler, permits: CheckPermits::default(), pause: PAUSE }
    }

    /// Beside a proxy that may be using the same account: the two together never have more connections
    /// open than were entered. See [`Proxy::check_permits`](crate::proxy::Proxy::check_permits).
    #[must_use]
    pub fn with_permits(self, permits: CheckPermits) -> Self {
        Self { permits, ..self }
    }

    /// With another pause before a login is tried for a second time.
    #[must_use]
    pub fn with_pause(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }

    /// Checks a provider, and tells each finding as soon as it is there. They end with the first that is
    /// bad.
    pub async fn run(&self, to: &BackendConfig, mut tell: impl FnMut(Finding) + Send) {
        run::Run::new(self, to, &mut tell).run().await;
    }
}

/// Checks a provider that nobody uses at the moment, and gives all findings.
pub async fn check(dialler: &dyn Dial, to: &BackendConfig) -> Vec<Finding> {
    let mut findings = Vec::new();
    Check::new(dialler).run(to, |finding| findings.push(finding)).await;
    findings
}

/// Whether the provider can be used: nothing is bad, though something may be doubtful.
#[must_use]
pub fn is_usable(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.outcome != Outcome::Bad)
}
