//! The ledger beside the loop: what accounts have used, and statistics.

use std::collections::BTreeMap;

use bookkeeping::{Bookkeeper, News};
use ledger::{AccountStanding, Alert, By, Due, Error, Ledger, Plan, Range, SystemClock};
use nntp_proxy::config::Allowances;
use nntp_proxy::proxy::Proxy;
use secrets::Owner;
use serde_json::Value;
use settings::plans;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::Answer;
use super::run::Controller;
use api::request::{Failure, Reply};
use api::snapshot::{AccountView, Trouble};

/// What is known of the accounts.
#[derive(Default)]
pub(super) struct Books {
    /// None before the loop begins, and where the system gives no thread.
    keeper: Option<Bookkeeper>,
    plans: Vec<Plan>,
    allowances: Allowances,
    accounts: BTreeMap<String, AccountStanding>,
    today: u64,
    /// What the user should know, until it is dismissed.
    alerts: Vec<Trouble>,
}

impl Books {
    /// What the user should know about accounts, until it is dismissed.
    pub(super) fn alerts(&self) -> impl Iterator<Item = Trouble> {
        self.alerts.iter().cloned()
    }

    pub(super) fn dismiss_alerts(&mut self, dismissed: &[Trouble]) {
        self.alerts.retain(|alert| !dismissed.contains(alert));
    }

    /// How far each account may go.
    pub(super) fn allowances(&self) -> Allowances {
        self.allowances.clone()
    }

    /// The bytes of today.
    pub(super) fn today(&self) -> u64 {
        self.today
    }

    /// How much of a provider's account has been used, if it has a limit or an end.
    pub(super) fn used(&self, owner: &Owner) -> Option<u64> {
        match owner {
            Owner::Provider(id) => self.accounts.get(id).map(|account| account.used),
            Owner::Client(_) | Owner::Proxy(_) => None,
        }
    }

    /// Counts what this proxy does.
    pub(super) fn watch(&self, proxy: &Proxy) {
        self.keeper.iter().for_each(|keeper| keeper.watch(proxy.clone()));
    }

    /// Counts what the proxy has done so far, and lets it go.
    pub(super) fn unwatch(&self) {
        self.keeper.iter().for_each(Bookkeeper::unwatch);
    }

    /// Writes what is still unwritten.
    pub(super) fn finish(&self) {
        self.keeper.iter().for_each(Bookkeeper::finish);
    }

    /// How the accounts stand that have a limit or an end.
    pub(super) fn accounts(&self) -> Vec<AccountView> {
        let view = |(id, standing): (&String, &AccountStanding)| AccountView {
            id: id.clone(),
            standing: standing.clone(),
        };
        self.accounts.iter().map(view).collect()
    }
}

impl Controller {
    /// Opens the ledger. Only here the loop waits for it: nothing is served before it is known how far
    /// the accounts may go.
    pub(super) fn open_books(&mut self) {
        let post = self.poster();
        let told = move |news| post(Box::new(move |this| this.books_told(news)));
        let (keeper, opened) = Bookkeeper::start(&self.start.folders.state, SystemClock, told);
        tracing::info!("statistics: {opened}");
        self.books.plans = plans(self.settings());
        self.books.allowances = keeper.set_plans(self.books.plans.clone());
        self.books.keeper = Some(keeper);
    }

    /// Tells the ledger what was bought, if that has changed.
    pub(super) fn plan(&mut self) {
        let plans = plans(self.settings());
        if plans == self.books.plans {
            return;
        }
        self.books.plans.clone_from(&plans);
        self.books.keeper.iter().for_each(|keeper| keeper.change_plans(plans.clone()));
    }

    fn books_told(&mut self, news: News) {
        let News { accounts, allowances, today, alerts } = news;
        (self.books.accounts, self.books.allowances) = (accounts, allowances);
        self.books.today = today;
        for trouble in alerts.into_iter().map(trouble) {
            self.books.alerts.retain(|alert| !is_about_same(alert, &trouble));
            self.books.alerts.push(trouble);
        }
    }

    /// Replies with the use over a time, by provider or program.
    pub(super) fn statistics(&self, range: Range, by: By, answer: Answer) {
        self.ask_ledger(answer, move |ledger| {
            Ok(Reply::Statistics { series: ledger.series(range, by)? })
        });
    }

    /// Replies with the report cards of all providers.
    pub(super) fn report_cards(&self, range: Range, answer: Answer) {
        self.ask_ledger(answer, move |ledger| {
            Ok(Reply::ReportCards { cards: ledger.report_cards(range)? })
        });
    }

    /// Replies with the use over a time as CSV.
    pub(super) fn export_statistics(&self, range: Range, by: By, answer: Answer) {
        self.ask_ledger(answer, move |ledger| {
            Ok(Reply::Text { text: ledger.export_csv(range, by)? })
        });
    }

    /// Everything for newsmuxctl.
    pub(super) fn stats(
        &self,
        range: String,
        by: String,
        answer: oneshot::Sender<Result<Value, Failure>>,
    ) {
        let name = |name: String| Value::String(name);
        let parsed = serde_json::from_value::<Range>(name(range))
            .and_then(|range| Ok((range, serde_json::from_value::<By>(name(by))?)));
        let (range, by) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return drop(answer.send(Err(Failure::refused(error.to_string())))),
        };
        let providers = self.settings().providers.iter();
        let names = providers.map(|one| (one.id.clone(), one.display_name().to_owned())).collect();
        self.ask(
            move |ledger| bookkeeping::stats(ledger, range, by, &names),
            |_, done| drop(answer.send(done)),
        );
    }

    fn ask_ledger(
        &self,
        answer: Answer,
        question: impl FnOnce(&mut Ledger) -> Result<Reply, Error> + Send + 'static,
    ) {
        self.ask(question, |this, done| this.give(answer, done));
    }

    /// Asks the ledger beside the loop, and continues with its answer.
    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Ledger) -> Result<T, Error> + Send + 'static,
        then: impl FnOnce(&mut Self, Result<T, Failure>) + Send + 'static,
    ) {
        let asked = self.books.keeper.as_ref().map(|keeper| keeper.asking(question));
        let asking = spawn_blocking(move || asked.and_then(|asked| asked.recv().ok()));
        self.later(asking, move |this, answered| {
            let done = match answered.ok().flatten() {
                Some(done) => done.map_err(|error| Failure::refused(error.to_string())),
                None => Err(Failure::refused("statistics cannot be kept on this system")),
            };
            then(this, done);
        });
    }
}

fn trouble(alert: Alert) -> Trouble {
    let account = alert.account;
    match alert.what {
        Due::Used { percent } => Trouble::AccountUsed { account, percent },
        Due::Expires { days } => Trouble::AccountExpires { account, days },
    }
}

/// Whether a newer alert takes the place of another.
fn is_about_same(one: &Trouble, other: &Trouble) -> bool {
    match (one, other) {
        (
            Trouble::AccountUsed { account: one, .. },
            Trouble::AccountUsed { account: other, .. },
        )
        | (
            Trouble::AccountExpires { account: one, .. },
            Trouble::AccountExpires { account: other, .. },
        ) => one == other,
        _ => false,
    }
}
