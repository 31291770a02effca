//! Counts the connections that a provider really grants: opens one after the other up to the configured
//! number, and stops at the first refusal.

use std::time::Duration;

use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::ask::leave;
use super::finding::{Finding, Found, Outcome, Remedy, Step};
use super::run::{Case, Run, cause, words};
use crate::backend::CheckPermit;
use crate::dial::{DialError, Established, establish};

/// The most to open, whatever is configured.
const MOST: u16 = 50;
/// The timeout for all of them together.
const TIME_LIMIT: Duration = Duration::from_secs(60);

impl Run<'_> {
    /// Counts the granted connections and closes them all.
    pub(super) async fn connections(&mut self, first: Established, permit: CheckPermit) {
        let (mut open, mut permits) = (vec![first], vec![permit]);
        let opening = self.case.open_all(&mut open, &mut permits);
        let ended = timeout(TIME_LIMIT, opening).await;
        self.tell(self.case.granted(u16::try_from(open.len()).unwrap_or(u16::MAX), ended));
        leave(&mut open).await;
    }
}

impl Case<'_> {
    /// Opens connections until the configured number is reached, or one is refused.
    async fn open_all(
        &self,
        open: &mut Vec<Established>,
        permits: &mut Vec<CheckPermit>,
    ) -> Result<(), DialError> {
        let most = self.to.connections.get().min(MOST);
        while open.len() < most.into() {
            let Some(permit) = self.check.permits.try_acquire(self.to) else { break };
            permits.push(permit);
            open.push(establish(self.check.dialler, self.to).await?);
        }
        Ok(())
    }

    fn granted(&self, count: u16, ended: Result<Result<(), DialError>, Elapsed>) -> Finding {
        let (wanted, beside) = (self.to.connections.get(), self.open_in_proxy());
        let found = |cause| Found::Granted { count, wanted, beside, cause };
        let doubtful = |cause| Finding::new(Step::Connections, Outcome::Doubtful, found(cause));
        let fewer = Some(Remedy::LowerConnections { to: count.saturating_add(beside).min(wanted) });
        match ended {
            Ok(Ok(())) => Finding::good(Step::Connections, found(None)),
            Ok(Err(DialError::Refused(refusal))) => {
                doubtful(None).saying(words(&refusal)).helped_by(fewer)
            }
            Ok(Err(error)) => doubtful(Some(cause(&error))).helped_by(fewer),
            Err(_) => doubtful(Some("it took too long".into())),
        }
    }
}
