//! The steps of a check, one after the other.

use std::collections::BTreeSet;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use nntp::login::{Account, RefusalKind, redacted};
use tokio::time::{Instant, sleep};

use super::finding::{Finding, Found, Outcome, Remedy, Step, pasted};
use super::{Check, ask};
use crate::backend::{Visit, Visits};
use crate::config::{BackendConfig, Tls, TlsOptions, Verify};
use crate::dial::{
    BoxStream, DialError, Encryption, Established, Failed, Heard, Hop, Route, Stage, account,
    encrypt, log_in,
};

/// A certificate that is valid for less than this is doubtful, in days.
const SOON: u64 = 14;
const DAY: u64 = 24 * 60 * 60;

/// What is checked, and by what means.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) check: &'a Check<'a>,
    pub(super) to: &'a BackendConfig,
}

/// One check, from its beginning to its end.
pub(super) struct Run<'a> {
    pub(super) case: Case<'a>,
    account: Option<Account>,
    tell: &'a mut (dyn FnMut(Finding) + Send),
    /// What is not told for a second time.
    told: BTreeSet<Step>,
    /// What this connection was greeted with.
    greeting: Option<Finding>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        check: &'a Check<'a>,
        to: &'a BackendConfig,
        tell: &'a mut (dyn FnMut(Finding) + Send),
    ) -> Self {
        let (case, told) = (Case { check, to }, BTreeSet::new());
        Self { case, account: None, tell, told, greeting: None }
    }

    pub(super) async fn run(mut self) {
        if let Err(bad) = self.all_steps().await {
            self.tell(bad);
        }
    }

    async fn all_steps(&mut self) -> Result<(), Finding> {
        let unusable = |_| Finding::bad(Step::Login, Found::UnusableLogin);
        self.account = account(self.case.to).map_err(unusable)?;
        self.name().await?;
        let visit = self.case.enter().await?;
        let mut connection = self.log_in_or_try_again().await?;
        let done = self.on(&mut connection).await;
        match done {
            Ok(()) => self.connections(connection, visit).await,
            Err(_) => ask::leave(&mut [connection]).await,
        }
        done
    }

    /// Tells what was found, unless that step was told before.
    pub(super) fn tell(&mut self, finding: Finding) {
        if self.told.insert(finding.step) {
            (self.tell)(finding.without_secrets(self.account.as_ref()));
        }
    }

    async fn name(&mut self) -> Result<(), Finding> {
        if let Some((host, port)) = pasted(&self.case.to.host) {
            let trim = Some(Remedy::TrimHost { host, port });
            return Err(Finding::bad(Step::Name, Found::PastedHost).helped_by(trim));
        }
        let found = self.case.check.dialler.resolve(self.case.to).await;
        found.map_err(|error| Finding::bad(Step::Name, no_address(&error)))?;
        self.tell(Finding::good(Step::Name, Found::Address { host: self.case.to.host.clone() }));
        Ok(())
    }

    /// A refusal that may be about connections which are gone already is put to the test.
    async fn log_in_or_try_again(&mut self) -> Result<Established, Finding> {
        let clear = self.case.in_the_clear().await;
        let first = match self.attempt(clear.as_ref()).await {
            Ok(connection) => {
                self.logged_in(false, "");
                return Ok(connection);
            }
            Err(failed) if may_pass(&failed.error) => failed,
            Err(failed) => return Err(self.case.explain(failed).await),
        };
        sleep(self.case.check.pause).await;
        match self.attempt(clear.as_ref()).await {
            Ok(connection) => {
                self.logged_in(true, &words(&first.error));
                Ok(connection)
            }
            Err(failed) => Err(self.case.explain(failed).await),
        }
    }

    fn logged_in(&mut self, second_try: bool, words: &str) {
        if self.account.is_some() {
            let outcome = if second_try { Outcome::Doubtful } else { Outcome::Good };
            let found = Found::LoggedIn { second_try };
            self.tell(Finding::new(Step::Login, outcome, found).saying(words));
        }
    }

    /// One connection, up to the login, on whichever of the addresses lets us.
    async fn attempt(&mut self, clear: Option<&Finding>) -> Result<Established, Failed> {
        let mut route = Route::find(self.case.check.dialler, self.case.to).await?;
        loop {
            let (stream, hop) = route.connect().await?;
            match self.log_in(stream, &hop, clear).await {
                Ok(connection) => {
                    route.arrived(&hop);
                    return Ok(connection);
                }
                Err(failed) => route.failed(&hop, failed)?,
            }
        }
    }

    async fn log_in(
        &mut self,
        stream: BoxStream,
        hop: &Hop,
        clear: Option<&Finding>,
    ) -> Result<Established, Failed> {
        let (dialler, to) = (self.case.check.dialler, &hop.to);
        self.greeting = None;
        self.tell(Finding::good(Step::Connection, Found::Connected { port: to.port }));
        let stream = encrypt(dialler, stream, to).await?;
        match &to.tls {
            Tls::On(options) => self.tell(encrypted(options, stream.encryption())),
            Tls::Off => clear.into_iter().for_each(|clear| self.tell(clear.clone())),
            Tls::StartTls(_) => {}
        }
        log_in(dialler, stream, to, &mut |heard| self.hear(heard)).await
    }

    fn hear(&mut self, heard: Heard<'_>) {
        match heard {
            Heard::Reply(status) if self.greeting.is_none() => {
                let posting = match status.code().get() {
                    200 | 480 => true,
                    201 => false,
                    _ => return,
                };
                let words = redacted(self.account.as_ref(), status.text());
                let greeted = Finding::good(Step::Greeting, Found::Greeted { posting });
                let greeted = greeted.saying(words);
                if !matches!(self.case.to.tls, Tls::StartTls(_)) {
                    self.tell(greeted.clone());
                }
                self.greeting = Some(greeted);
            }
            Heard::Reply(_) => {}
            Heard::Encrypted(how) => {
                if let Tls::StartTls(options) = &self.case.to.tls {
                    self.tell(encrypted(options, how));
                }
                self.greeting.clone().into_iter().for_each(|greeted| self.tell(greeted));
            }
        }
    }

    /// What is found on a connection that stands.
    async fn on(&mut self, connection: &mut Established) -> Result<(), Finding> {
        if self.account.is_none() {
            let none = ask::without_login(connection, self.case.to).await?;
            self.tell(none);
        }
        let account = self.account.clone();
        let capabilities = ask::capabilities(connection, self.case.to, account.as_ref()).await;
        self.tell(capabilities);
        let round_trip = ask::round_trip(connection, self.case.to).await?;
        self.tell(round_trip);
        Ok(())
    }
}

/// The step of a check at which a dial ended.
pub(super) const fn step(stage: Stage) -> Step {
    match stage {
        Stage::Connection => Step::Connection,
        Stage::Encryption => Step::Encryption,
        Stage::Greeting => Step::Greeting,
        Stage::Login => Step::Login,
    }
}

/// Whether the next try may go otherwise: the provider may count what is gone already.
fn may_pass(error: &DialError) -> bool {
    let DialError::Refused(refusal) = error else { return false };
    matches!(
        refusal.kind,
        RefusalKind::TooManyConnections | RefusalKind::Unclear | RefusalKind::Unavailable
    )
}

/// The provider's own words, where it said some.
pub(super) fn words(error: &DialError) -> String {
    match error {
        DialError::Refused(refusal) => format!("{} {}", refusal.code, refusal.text),
        _ => String::new(),
    }
}

impl Case<'_> {
    /// Leave for a first connection: where the proxy has all that were entered, it closes an idle one.
    async fn enter(&self) -> Result<Option<Visit>, Finding> {
        let Some(visits) = &self.check.visits else { return Ok(None) };
        let end = Instant::now() + self.to.limits.drain;
        loop {
            if let Some(visit) = visits.enter(self.to) {
                return Ok(Some(visit));
            }
            if Instant::now() >= end {
                let open = visits.beside(self.to);
                return Err(Finding::bad(Step::Connection, Found::AllInUse { open }));
            }
            sleep(Visits::PATIENCE).await;
        }
    }
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

/// In the system's words, or that nobody told in time.
pub(super) fn cause(error: &DialError) -> String {
    let plain = |error: &io::Error| error.to_string();
    match error {
        DialError::Resolve(error)
        | DialError::Connect(error)
        | DialError::Authorities(error)
        | DialError::Tls(error) => plain(error),
        DialError::Certificate(bad) => bad.to_string(),
        DialError::TimedOut(_) => "it took too long".into(),
        DialError::Protocol(_) | DialError::Refused(_) | DialError::Account(_) => error.to_string(),
    }
}

fn no_address(error: &DialError) -> Found {
    Found::NoAddress { cause: cause(error) }
}
