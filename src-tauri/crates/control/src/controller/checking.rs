//! The test of a provider, while it is being entered.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::request::{Failure, Password as Entered, Reply};
use api::snapshot::Check;
use nntp_proxy::check::{Check as Trial, Finding as Found, pasted};
use nntp_proxy::config::{BackendConfig, Secret};
use nntp_proxy::dial::NetDialler;
use settings::{Lacking, NotChanged, Password, Provider, Settings, backend, check};
use tokio::task::AbortHandle;

use super::entries::{elsewhere, has_authorities, tidy};
use super::run::Controller;

/// The last test, until it is dismissed.
#[derive(Debug, Default)]
pub(super) struct Checking {
    pub(super) check: Option<Check>,
    run: u64,
    task: Option<AbortHandle>,
    /// What is tested, with the passwords that were entered for it.
    tests: Option<(Provider, Secrets)>,
    /// What was saved as it had passed.
    passed: BTreeMap<String, Provider>,
}

/// What was entered of a provider's password and its proxy's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Secrets {
    password: Option<Secret>,
    proxy_password: Option<Secret>,
}

impl Secrets {
    pub(super) fn of(password: Option<&Entered>, proxy_password: Option<&Entered>) -> Self {
        let secret = |entered: Option<&Entered>| entered.map(|entered| entered.secret.clone());
        Self { password: secret(password), proxy_password: secret(proxy_password) }
    }
}

impl Checking {
    /// A provider was saved, with these passwords if any were entered: what was found of it goes on to count.
    pub(super) fn saved(&mut self, provider: &Provider, entered: &Secrets) {
        let check = self.check.as_ref().filter(|check| check.done && !check.found_bad());
        let is_it = self
            .tests
            .as_ref()
            .is_some_and(|(tested, with)| same_test(tested, provider) && with == entered);
        if check.is_some() && is_it {
            self.passed.insert(provider.id.clone(), provider.clone());
        } else if *entered != Secrets::default() {
            self.passed.remove(&provider.id);
        }
    }

    /// Whether a test has passed for this provider as it is.
    pub(super) fn has_passed(&self, provider: &Provider) -> bool {
        self.passed.get(&provider.id).is_some_and(|passed| same_test(passed, provider))
    }

    /// Ends it, and forgets what it found.
    pub(super) fn clear(&mut self) {
        self.run += 1;
        self.check = None;
        self.task.take().iter().for_each(AbortHandle::abort);
    }
}

impl Controller {
    /// Begins a test, instead of the one before.
    pub(super) fn check_provider(
        &mut self,
        provider: Provider,
        (password, proxy_password): (Option<Entered>, Option<Entered>),
    ) -> Result<Reply, Failure> {
        let mut provider = tidy(provider);
        has_authorities(&provider)?;
        let name = provider.name.clone().unwrap_or_else(|| provider.host.clone());
        let mut credentials = self.passwords.credentials();
        if provider.id.is_empty() {
            // It has none as long as it is not saved, and another's is not for it.
            provider.id = "new".into();
            credentials.providers.clear();
            credentials.proxies.clear();
        }
        let entered = Secrets::of(password.as_ref(), proxy_password.as_ref());
        if let Some(secret) = entered.password.clone() {
            let password = Password::new(secret, &provider);
            credentials.providers.insert(provider.id.clone(), password);
        }
        if let Some(secret) = entered.proxy_password.clone() {
            let password = Password::of_proxy(secret, &provider);
            credentials.proxies.insert(provider.id.clone(), password);
        }
        is_valid(&provider)?;
        let lacking = |lacking| {
            let (field, known) = match lacking {
                Lacking::Password => ("password", &credentials.providers),
                Lacking::ProxyPassword => ("proxy_password", &credentials.proxies),
            };
            match known.get(&provider.id) {
                Some(_) => elsewhere(field),
                None => Failure::invalid(field, "is missing: enter it"),
            }
        };
        let to = backend(self.settings(), &provider, &credentials).map_err(lacking)?;
        self.checking.clear();
        self.checking.check = Some(Check { name, findings: Vec::new(), done: false });
        self.checking.tests = Some((provider, entered));
        self.checking.task = Some(self.run_check(to));
        Ok(Reply::Done)
    }

    /// On the threads of the engine: the two share the connections that were entered.
    fn run_check(&self, to: BackendConfig) -> AbortHandle {
        let (run, post) = (self.checking.run, Arc::new(self.poster()));
        let (found, permits) = (Arc::clone(&post), self.serving.check_permits());
        self.serving.spawn(async move {
            let found =
                |finding: Found| found(Box::new(move |this| this.found(run, Some(finding))));
            Trial::new(&NetDialler::new()).with_permits(permits).run(&to, found).await;
            post(Box::new(move |this| this.found(run, None)));
        })
    }

    /// Takes what was found, or that this was all; unless it was dismissed.
    fn found(&mut self, run: u64, found: Option<Found>) {
        let check = self.checking.check.as_mut().filter(|_| run == self.checking.run);
        let Some(check) = check else { return };
        match found {
            Some(found) => check.findings.push(found.into()),
            None => {
                check.done = true;
                self.count_if_saved();
            }
        }
    }

    /// A test that passed with a provider as it is saved counts without saving the provider again.
    fn count_if_saved(&mut self) {
        let passed = self.checking.check.as_ref().is_some_and(|check| !check.found_bad());
        let Some((tested, entered)) = self.checking.tests.as_ref().filter(|_| passed) else {
            return;
        };
        if *entered != Secrets::default() {
            return;
        }
        let is_it = |saved: &&Provider| saved.id == tested.id && same_test(saved, tested);
        if let Some(saved) = self.settings().providers.iter().find(is_it).cloned() {
            self.checking.passed.insert(saved.id.clone(), saved);
        }
    }
}

/// Whether a test of the one says what a test of the other would.
fn same_test(one: &Provider, other: &Provider) -> bool {
    let tested = |provider: &Provider| Provider {
        id: String::new(),
        name: None,
        enabled: true,
        tier: 0,
        required: false,
        ..provider.clone()
    };
    tested(one) == tested(other)
}

/// By the rules of the settings; what is wrong with a pasted host is for the test to say.
fn is_valid(provider: &Provider) -> Result<(), Failure> {
    let host = pasted(&provider.host).map_or_else(|| provider.host.clone(), |(host, _)| host);
    let provider = Provider { host, ..provider.clone() };
    let settings = Settings { providers: vec![provider], ..Settings::default() };
    Ok(check(&settings).map_err(NotChanged::Invalid)?)
}
