//! Tests one provider step by step, and says what it found and how to fix problems. It stores nothing
//! and closes all its connections.
//!
//! A remedy is offered only for what was seen. To find out whether a port serves TLS, plain NNTP or
//! HTTP, the check connects once for each and sends nothing of the account.

mod ask;
mod connections;
mod finding;
mod refusal;
mod run;
mod service;
mod via;
mod words;
mod words_via;

use std::time::Duration;

pub use crate::backend::CheckPermits;
use crate::config::BackendConfig;
use crate::dial::{Dial, Metered};

pub use finding::{
    BindProblem, Finding, Found, Outcome, Proof, ProxyProblem, Remedy, Step, Why, pasted,
};

/// The pause before a second login attempt.
const PAUSE: Duration = Duration::from_secs(2);

/// A check of providers.
pub struct Check<'a> {
    dialler: &'a dyn Dial,
    permits: CheckPermits,
    pause: Duration,
}

impl<'a> Check<'a> {
    /// Creates a check of a provider that nobody is using.
    #[must_use]
    pub fn new(dialler: &'a dyn Dial) -> Self {
        Self { dialler, permits: CheckPermits::default(), pause: PAUSE }
    }

    /// Runs beside a proxy that may use the same account: together they never open more connections
    /// than configured, and what they transfer is counted together. See [`Proxy::check_permits`](crate::proxy::Proxy::check_permits).
    #[must_use]
    pub fn with_permits(self, permits: CheckPermits) -> Self {
        Self { permits, ..self }
    }

    /// Changes the pause before a second login attempt.
    #[must_use]
    pub fn with_pause(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }

    /// Checks a provider and reports each finding at once. The check ends at the first bad finding.
    pub async fn run(&self, to: &BackendConfig, mut tell: impl FnMut(Finding) + Send) {
        let Some(tally) = self.permits.tally(to) else {
            return run::Run::new(self, to, &mut tell).run().await;
        };
        let dialler = Metered { dialler: self.dialler, tally };
        let check = Check { dialler: &dialler, permits: self.permits.clone(), pause: self.pause };
        run::Run::new(&check, to, &mut tell).run().await;
    }
}

/// Checks a provider that nobody is using, and returns all findings.
pub async fn check(dialler: &dyn Dial, to: &BackendConfig) -> Vec<Finding> {
    let mut findings = Vec::new();
    Check::new(dialler).run(to, |finding| findings.push(finding)).await;
    findings
}

/// Whether the provider can be used: nothing is bad, though there may be warnings.
#[must_use]
pub fn is_usable(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.outcome != Outcome::Bad)
}
