//! How many connections a provider really grants: one after the other, never more than were entered, and
//! an end at the first that is refused.

use std::time::Duration;

use tokio::time::timeout;

use super::ask::leave;
use super::finding::{Finding, Found, Outcome, Remedy, Step};
use super::run::{Case, Run, cause};
use crate::backend::Visit;
use crate::dial::{DialError, Established, establish};

/// More are never tried, however many were entered.
const MOST: u16 = 50;
/// How long all of them together may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The connections that stand, and the leave for each.
struct Open {
    connections: Vec<Established>,
    visits: Vec<Option<Visit>>,
}

/// Why no more were opened.
enum Ended {
    /// There are as many as were entered, or as are tried at most.
    All,
    /// One more was not to be had.
    Refused(DialError),
    /// It took too long.
    TooSlow,
}

impl Run<'_> {
    pub(super) async fn connections(&mut self, first: Established, visit: Option<Visit>) {
        let mut open = Open { connections: vec![first], visits: vec![visit] };
        let opened = timeout(PATIENCE, self.case.open_all(&mut open)).await;
        let ended = opened.unwrap_or(Ended::TooSlow);
        self.tell(self.case.granted(open.count(), &ended));
        leave(&mut open.connections).await;
        drop(open.visits);
    }
}

impl Case<'_> {
    async fn open_all(&self, open: &mut Open) -> Ended {
        let most = self.to.connections.get().min(MOST);
        while open.count() < most {
            let visit = match &self.check.visits {
                None => None,
                Some(visits) => match visits.enter(self.to) {
                    None => return Ended::All,
                    visit => visit,
                },
            };
            match establish(self.check.dialler, self.to).await {
                Ok(connection) => open.connections.push(connection),
                Err(error) => return Ended::Refused(error),
            }
            open.visits.push(visit);
        }
        Ended::All
    }

    fn granted(&self, count: u16, ended: &Ended) -> Finding {
        let wanted = self.to.connections.get();
        let beside = self.check.visits.as_ref().map_or(0, |visits| visits.beside(self.to));
        let found = |cause| Found::Granted { count, wanted, beside, cause };
        let doubtful = |cause| Finding::new(Step::Connections, Outcome::Doubtful, found(cause));
        let fewer = Some(Remedy::LowerConnections { to: count.saturating_add(beside).min(wanted) });
        match ended {
            Ended::All => Finding::good(Step::Connections, found(None)),
            Ended::Refused(DialError::Refused(refusal)) => {
                let words = format!("{} {}", refusal.code, refusal.text);
                doubtful(None).saying(words).helped_by(fewer)
            }
            Ended::Refused(error) => doubtful(Some(cause(error))).helped_by(fewer),
            Ended::TooSlow => doubtful(Some("it took too long".into())),
        }
    }
}

impl Open {
    fn count(&self) -> u16 {
        u16::try_from(self.connections.len()).unwrap_or(u16::MAX)
    }
}
