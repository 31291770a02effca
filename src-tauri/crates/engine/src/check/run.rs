//! The steps of a check, one after the other.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use nntp::login::{Account, ModeReader, Refusal, RefusalKind, redacted};
use tokio::time::sleep;

use super::finding::{Finding, Found, Outcome, Remedy, Step, pasted};
use super::via::shown;
use super::{Check, ask};
use crate::config::{BackendConfig, Tls, TlsOptions, Verify};
use crate::dial::{
    DialError, Encryption, Established, Failed, Milestone, account, establish_in_mode,
};

/// Certificates that expire within this many days get a warning.
const SOON: u64 = 14;
const DAY: u64 = 24 * 60 * 60;

/// What to check, and how.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) check: &'a Check<'a>,
    pub(super) to: &'a BackendConfig,
}

impl Case<'_> {
    /// How many connections the proxy itself has open with the account.
    pub(super) fn open_in_proxy(&self) -> u16 {
        self.check.permits.open_in_proxy(self.to)
    }
}

/// One run of a check.
pub(super) struct Run<'a> {
    pub(super) case: Case<'a>,
    account: Option<Account>,
    tell: &'a mut (dyn FnMut(Finding) + Send),
    /// The steps reported so far: none is reported twice.
    told: BTreeSet<Step>,
    /// The greeting on a connection that is not yet encrypted.
    greeting: Option<Finding>,
    /// The addresses of the host, as far as they are known here.
    addresses: Vec<SocketAddr>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        check: &'a Check<'a>,
        to: &'a BackendConfig,
        tell: &'a mut (dyn FnMut(Finding) + Send),
    ) -> Self {
        let (case, told) = (Case { check, to }, BTreeSet::new());
        Self { case, account: None, tell, told, greeting: None, addresses: Vec::new() }
    }

    pub(super) async fn run(mut self) {
        if let Err(bad) = self.all_steps().await {
            self.tell(bad);
        }
    }

    async fn all_steps(&mut self) -> Result<(), Finding> {
        let Case { check, to } = self.case;
        let unusable = |_| Finding::bad(Step::Login, Found::UnusableLogin);
        self.account = account(to).map_err(unusable)?;
        if let Some(interface) = self.case.interface()? {
            self.tell(interface);
        }
        self.name().await?;
        let permit = check.permits.acquire(to, to.limits.drain).await.ok_or_else(|| {
            let open = self.case.open_in_proxy();
            Finding::bad(Step::Connection, Found::AllInUse { open })
        })?;
        let mut connection = self.log_in_or_try_again().await?;
        let done = self.ask(&mut connection).await;
        match done {
            Ok(()) => self.connections(connection, permit).await,
            Err(_) => ask::leave(&mut [connection]).await,
        }
        done
    }

    /// Reports a finding, unless that step was reported before.
    pub(super) fn tell(&mut self, finding: Finding) {
        if self.told.insert(finding.step) {
            (self.tell)(finding.without_secrets(self.account.as_ref()));
        }
    }

    async fn name(&mut self) -> Result<(), Finding> {
        let Case { check, to } = self.case;
        if let Some((host, port)) = pasted(&to.host) {
            let trim = Some(Remedy::TrimHost { host, port });
            return Err(Finding::bad(Step::Name, Found::PastedHost).helped_by(trim));
        }
        let no_address = |error| {
            let found = Found::NoAddress { cause: cause(&error) };
            self.case.not_left(&error).unwrap_or_else(|| Finding::bad(Step::Name, found))
        };
        self.addresses = check.dialler.resolve(to).await.map_err(no_address)?;
        if to.via.proxy.is_none() {
            let (host, addresses) = (to.host.clone(), shown(&self.addresses));
            self.tell(Finding::good(Step::Name, Found::Address { host, addresses }));
        }
        Ok(())
    }

    /// Retries a refused login if the provider may have counted connections that are already closed.
    async fn log_in_or_try_again(&mut self) -> Result<Established, Finding> {
        let clear = self.case.in_the_clear().await;
        let mut first_refusal = None;
        loop {
            match self.log_in(clear.as_ref()).await {
                Ok(connection) => {
                    self.logged_in(first_refusal.as_ref());
                    return Ok(connection);
                }
                Err(Failed { error: DialError::Refused(refusal), .. })
                    if first_refusal.is_none() && may_pass(&refusal) =>
                {
                    first_refusal = Some(refusal);
                    sleep(self.case.check.pause).await;
                }
                Err(failed) => return Err(self.explain(failed).await),
            }
        }
    }

    /// The finding that ends the check. If a proxy was passed, that is reported first.
    async fn explain(&mut self, failed: Failed) -> Finding {
        let bad = self.case.explain(failed, &self.addresses).await;
        if let Found::NotConnectedByProxy { .. } = bad.found {
            self.case.passed_on_the_way().into_iter().take(1).for_each(|good| self.tell(good));
        }
        bad
    }

    fn logged_in(&mut self, first_refusal: Option<&Refusal>) {
        if self.account.is_some() {
            let second_try = first_refusal.is_some();
            let outcome = if second_try { Outcome::Doubtful } else { Outcome::Good };
            let found = Finding::new(Step::Login, outcome, Found::LoggedIn { second_try });
            self.tell(found.saying(first_refusal.map(words).unwrap_or_default()));
        }
    }

    async fn log_in(&mut self, clear: Option<&Finding>) -> Result<Established, Failed> {
        let Case { check, to } = self.case;
        let mut observer = |milestone: Milestone<'_>| self.passed(milestone, clear);
        establish_in_mode(check.dialler, to, ModeReader::NotNeeded, &mut observer).await
    }

    /// With STARTTLS the greeting comes before the encryption, but is reported after it, as for other
    /// connections.
    fn passed(&mut self, milestone: Milestone<'_>, clear: Option<&Finding>) {
        match (milestone, &self.case.to.tls) {
            (Milestone::Connected(address), _) => {
                self.greeting = None;
                self.case.passed_on_the_way().into_iter().for_each(|good| self.tell(good));
                let address = address.map(|address| address.ip().to_string());
                let found = Found::Connected { port: self.case.to.port, address };
                self.tell(Finding::good(Step::Connection, found));
                clear.into_iter().for_each(|clear| self.tell(clear.clone()));
            }
            (Milestone::Encrypted(how), Tls::On(options) | Tls::StartTls(options)) => {
                self.tell(encrypted(options, how));
                self.greeting.take().into_iter().for_each(|greeted| self.tell(greeted));
            }
            (Milestone::Encrypted(_), Tls::Off) => {}
            (Milestone::Greeted(status), tls) => {
                let posting = match status.code().get() {
                    200 | 480 => true,
                    201 => false,
                    _ => return,
                };
                let greeted = Finding::good(Step::Greeting, Found::Greeted { posting });
                let greeted = greeted.saying(redacted(self.account.as_ref(), status.text()));
                match tls {
                    Tls::StartTls(_) => self.greeting = Some(greeted),
                    Tls::On(_) | Tls::Off => self.tell(greeted),
                }
            }
        }
    }

    /// Tests a connection that carries requests.
    async fn ask(&mut self, connection: &mut Established) -> Result<(), Finding> {
        let to = self.case.to;
        if self.account.is_none() {
            let none = ask::without_login(connection, to).await?;
            self.tell(none);
        }
        let capabilities = ask::capabilities(connection, to, self.account.as_ref()).await;
        self.tell(capabilities);
        let round_trip = ask::round_trip(connection, to).await?;
        self.tell(round_trip);
        Ok(())
    }
}

/// Whether a retry may succeed: the provider may still count closed connections.
fn may_pass(refusal: &Refusal) -> bool {
    matches!(
        refusal.kind,
        RefusalKind::TooManyConnections | RefusalKind::Unclear | RefusalKind::Unavailable
    )
}

/// The provider's reply.
pub(super) fn words(refusal: &Refusal) -> String {
    format!("{} {}", refusal.code, refusal.text)
}

fn encrypted(options: &TlsOptions, how: Option<Encryption>) -> Finding {
    let (version, certificate) =
        how.map_or(("TLS".to_owned(), None), |how| (how.version, how.certificate));
    let days_left = certificate.as_ref().map(|shown| shown.expires.saturating_sub(now()) / DAY);
    let soon = days_left.is_some_and(|days| days < SOON);
    let doubtful = soon || options.verify == Verify::None;
    let outcome = if doubtful { Outcome::Doubtful } else { Outcome::Good };
    let verified = options.verify;
    let found = Found::Encrypted { version, verified, certificate, days_left };
    Finding::new(Step::Encryption, outcome, found)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The system's message, or that it timed out.
pub(super) fn cause(error: &DialError) -> String {
    match error {
        DialError::Resolve(error)
        | DialError::Connect(error)
        | DialError::Authorities(error)
        | DialError::Tls(error) => error.to_string(),
        DialError::TimedOut(_) => "it took too long".into(),
        other => other.to_string(),
    }
}
