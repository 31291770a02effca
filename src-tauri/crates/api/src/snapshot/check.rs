//! The test of a provider as people see it.

use nntp_proxy::check as engine;
pub use nntp_proxy::check::{BindProblem, Found, Outcome, Proof, ProxyProblem, Remedy, Step, Why};
pub use nntp_proxy::dial::{Certificate, Problem};
use serde::Serialize;

/// A test of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Check {
    /// The name of the provider.
    pub name: String,
    /// What was found so far, in order.
    pub findings: Vec<Finding>,
    /// Whether that is all.
    pub done: bool,
}

impl Check {
    /// Whether something was found that keeps the provider from being used so.
    #[must_use]
    pub fn found_bad(&self) -> bool {
        self.findings.iter().any(|finding| finding.outcome == Outcome::Bad)
    }
}

/// One step of a test, as the engine found it, and in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Finding {
    /// Which.
    pub step: Step,
    /// How it went.
    pub outcome: Outcome,
    /// What was found.
    pub found: Found,
    /// The same in a sentence, in English.
    pub said: String,
    /// The provider's own words, without secrets.
    pub words: Option<String>,
    /// What would help.
    pub remedy: Option<Remedy>,
}

impl From<engine::Finding> for Finding {
    fn from(finding: engine::Finding) -> Self {
        let engine::Finding { step, outcome, found, words, remedy } = finding;
        // The engine lets it pass on this computer; a green tick would say that it is encrypted.
        let outcome = if found == Found::InTheClear { Outcome::Doubtful } else { outcome };
        Self { step, outcome, said: found.to_string(), found, words, remedy }
    }
}
