//! Keeps the ledger of a running proxy: reads its totals every second, writes what is new, and tells the
//! proxy how far each account may still go.
//!
//! A separate thread does it, as the ledger's file may be slow. The proxy stops at the exact byte by
//! itself; what the thread tells it only moves that point when a period ends, when the settings change,
//! or when another process has used the same account.

mod reading;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use ledger::{AccountStanding, Alert, By, Clock, Ledger, Opened, Plan, Range, Reading};
use nntp_proxy::backend::{BackendSnapshot, VolumeEnded};
use nntp_proxy::config::{Allowance, Allowances};
use nntp_proxy::proxy::Proxy;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tracing::{info, warn};

use crate::reading::reading;

/// How often the proxy's totals are read.
const TICK: Duration = Duration::from_secs(1);
/// How often they are written while they change: a crash loses no more than this.
const FLUSH: Duration = Duration::from_secs(2);
/// How often the file is looked at otherwise: a period may have ended, or a provider be down.
const FLUSH_IDLE: Duration = Duration::from_secs(60);
/// How often a file that cannot be written is mentioned in the log.
const COMPLAIN: Duration = Duration::from_secs(600);

/// What the bookkeeper has to say, whenever it has changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct News {
    /// How the accounts stand that have a limit or an end, by their ids.
    pub accounts: BTreeMap<String, AccountStanding>,
    /// How far each account may go.
    pub allowances: Allowances,
    /// The bytes of all providers today, by the computer's calendar.
    pub today: u64,
    /// Alerts that are due. Each comes once.
    pub alerts: Vec<Alert>,
}

/// Keeps the ledger. Dropping it writes what is still unwritten.
pub struct Bookkeeper {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

enum Order {
    Plans(Vec<Plan>, Option<Sender<Allowances>>),
    Watch(Option<Proxy>),
    Finish(Sender<()>),
    Ask(Box<dyn FnOnce(&mut Ledger) + Send>),
}

impl Bookkeeper {
    /// Opens the ledger in `folder` and starts the thread. `told` gets the news, on that thread.
    #[must_use]
    pub fn start(
        folder: &Path,
        clock: impl Clock + 'static,
        told: impl FnMut(News) + Send + 'static,
    ) -> (Self, Opened) {
        let (ledger, opened) = Ledger::open(folder, clock);
        let (orders, receiver) = mpsc::channel();
        let told = Box::new(told);
        let books = Books {
            ledger,
            proxy: None,
            read: Reading::default(),
            written: Written { at: Instant::now(), is_all: true },
            believed: HashMap::new(),
            last: News::default(),
            today: 0,
            added_up: None,
            told,
            complained: None,
        };
        let thread = thread::Builder::new().name("bookkeeper".into());
        // Without a thread nothing is counted; a program that cannot start one has other worries.
        let thread = thread.spawn(move || books.keep(&receiver)).ok();
        (Self { orders: Some(orders), thread }, opened)
    }

    /// Sets what was bought, and returns how far each account may go.
    #[must_use]
    pub fn set_plans(&self, plans: Vec<Plan>) -> Allowances {
        let (answer, allowances) = mpsc::channel();
        self.order(Order::Plans(plans, Some(answer)));
        allowances.recv().unwrap_or_default()
    }

    /// Like [`set_plans`](Self::set_plans), without waiting: the news tell what follows from it.
    pub fn change_plans(&self, plans: Vec<Plan>) {
        self.order(Order::Plans(plans, None));
    }

    /// Counts what this proxy does, from its start.
    pub fn watch(&self, proxy: Proxy) {
        self.order(Order::Watch(Some(proxy)));
    }

    /// Counts what the proxy has done so far, and lets it go.
    pub fn unwatch(&self) {
        self.order(Order::Watch(None));
    }

    /// Writes what is still unwritten.
    pub fn finish(&self) {
        let (answer, done) = mpsc::channel();
        self.order(Order::Finish(answer));
        // Without the thread there is nothing to write.
        done.recv().unwrap_or_default();
    }

    /// Asks the ledger, after what was ordered before. The receiver gets the answer.
    pub fn asking<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Ledger) -> T + Send + 'static,
    ) -> Receiver<T> {
        let (answer, receiver) = mpsc::channel();
        self.order(Order::Ask(Box::new(move |ledger| drop(answer.send(question(ledger))))));
        receiver
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // The thread ends only with this handle.
            drop(orders.send(order));
        }
    }
}

impl Drop for Bookkeeper {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Everything about a time: `series`, `providers` (their report cards) and `accounts`.
///
/// # Errors
/// When the file cannot be read.
pub fn stats(ledger: &Ledger, range: Range, by: By, names: &Names) -> Result<Value, ledger::Error> {
    let series = ledger.series(range, by)?;
    let providers = ledger.report_cards(range)?;
    let accounts = accounts(&ledger.accounts(), names);
    Ok(json!({"series": series, "providers": providers, "accounts": accounts}))
}

/// The names of accounts, by their ids.
pub type Names = BTreeMap<String, String>;

/// How accounts stand, by their ids and each with its name.
#[must_use]
pub fn accounts(
    standings: &BTreeMap<String, AccountStanding>,
    names: &Names,
) -> Map<String, Value> {
    #[derive(Serialize)]
    struct Named<'a> {
        name: &'a str,
        #[serde(flatten)]
        standing: &'a AccountStanding,
    }
    let named = |(id, standing): (&String, _)| {
        (id.clone(), json!(Named { name: names.get(id).unwrap_or(id), standing }))
    };
    standings.iter().map(named).collect()
}

/// What the thread owns.
struct Books {
    ledger: Ledger,
    proxy: Option<Proxy>,
    /// The totals that were counted last.
    read: Reading,
    written: Written,
    /// How often each account's provider had said that the volume is used up, as far as is counted.
    believed: HashMap<String, u64>,
    last: News,
    today: u64,
    /// The day, and the bytes of all accounts, when today was added up last.
    added_up: Option<(Date, u64)>,
    told: Box<dyn FnMut(News) + Send>,
    complained: Option<Instant>,
}

/// What has been written.
struct Written {
    at: Instant,
    /// Nothing has changed since.
    is_all: bool,
}

impl Written {
    /// Whether the file is to be written or looked at again.
    fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.at) >= if self.is_all { FLUSH_IDLE } else { FLUSH }
    }
}

impl Books {
    fn keep(mut self, orders: &Receiver<Order>) {
        let mut tick = Instant::now() + TICK;
        loop {
            match orders.recv_timeout(tick.saturating_duration_since(Instant::now())) {
                Ok(order) => self.follow(order),
                Err(RecvTimeoutError::Timeout) => {
                    tick = Instant::now() + TICK;
                    self.count();
                    if self.written.is_over(Instant::now()) {
                        self.flush();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.count();
        self.flush();
    }

    fn follow(&mut self, order: Order) {
        match order {
            Order::Plans(plans, answer) => {
                if let Err(error) = self.ledger.set_plans(plans) {
                    self.complain(&error);
                }
                let allowances = self.count();
                if let Some(answer) = answer {
                    drop(answer.send(allowances));
                }
            }
            Order::Watch(proxy) => {
                // What the one before has done is counted first.
                self.count();
                self.proxy = proxy;
            }
            Order::Finish(answer) => {
                self.count();
                self.flush();
                // Nobody waits any more where the program is about to be killed.
                answer.send(()).unwrap_or_default();
            }
            Order::Ask(question) => question(&mut self.ledger),
        }
    }

    /// Counts what is new, and tells the proxy and the user what follows from it.
    fn count(&mut self) -> Allowances {
        let snapshot = self.proxy.as_ref().map(Proxy::snapshot);
        let totals = snapshot.as_ref().map(reading).unwrap_or_default();
        self.written.is_all &= totals == self.read;
        self.read = totals;
        for backend in snapshot.iter().flat_map(|snapshot| &snapshot.backends) {
            self.believe(backend);
        }
        let taken = self.ledger.take(&self.read);
        let allowance = |of: ledger::Allowance| {
            (of.account, Allowance { until: of.until, reserve_from: of.reserve_from })
        };
        let allowances: Allowances = taken.allowances.into_iter().map(allowance).collect();
        self.proxy.iter().for_each(|proxy| proxy.set_allowances(&allowances));
        if !taken.alerts.is_empty() {
            // What people are told should still be true after a crash.
            self.flush();
        }
        self.tell(allowances.clone(), taken.alerts);
        allowances
    }

    /// Where the provider says that the volume of a period is used up, it is not asked again before the
    /// next one. A block has no next period: the engine finds out by itself whether it was filled up.
    fn believe(&mut self, backend: &BackendSnapshot) {
        let Some(VolumeEnded { times, said }) = &backend.volume_ended else { return };
        let known = self.believed.insert(backend.account.clone(), *times);
        let standing = self.ledger.account(&backend.account);
        let has_periods = standing.is_some_and(|standing| standing.period_ends.is_some());
        // The word is of the period in which it was said.
        if has_periods && known != Some(*times) {
            self.ledger.ended(&backend.account, said);
            // What is logged should still be true after a crash.
            self.flush();
            info!(provider = backend.name, "not asked before the next period: {said}");
        }
    }

    fn tell(&mut self, allowances: Allowances, alerts: Vec<Alert>) {
        let accounts = self.ledger.limited_accounts();
        let news = News { accounts, allowances, today: self.today, alerts };
        if news != self.last {
            self.last = News { alerts: Vec::new(), ..news.clone() };
            (self.told)(news);
        }
    }

    fn flush(&mut self) {
        self.written = Written { at: Instant::now(), is_all: true };
        match self.ledger.flush() {
            Ok(()) if self.complained.take().is_some() => info!("statistics are written again"),
            Ok(()) => {}
            Err(error) => self.complain(&error),
        }
        self.look_at_today();
    }

    /// Adds up today, if anything was transferred since the last time, or the day is another.
    fn look_at_today(&mut self) {
        let bytes = self.read.accounts.iter().map(|account| account.bytes).sum();
        let day = self.ledger.today();
        if self.added_up.replace((day, bytes)) != Some((day, bytes))
            && let Ok(series) = self.ledger.series(Range::Today, By::Provider)
        {
            self.today = series.total.bytes;
        }
    }

    fn complain(&mut self, error: &ledger::Error) {
        if self.complained.is_none_or(|at| at.elapsed() >= COMPLAIN) {
            self.complained = Some(Instant::now());
            warn!("statistics cannot be written, and stay in memory: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use ledger::{Quota, SystemClock};

    use super::*;

    #[test]
    fn the_file_is_left_alone_while_nothing_changes() {
        let at = Instant::now();
        let after = |secs, is_all| Written { at, is_all }.is_over(at + Duration::from_secs(secs));
        assert_eq!((after(1, false), after(2, false)), (false, true));
        assert_eq!((after(59, true), after(60, true)), (false, true));
    }

    #[test]
    fn what_was_bought_is_known_before_anything_is_served() {
        let folder = tempfile::tempdir().unwrap();
        let (keeper, opened) = Bookkeeper::start(folder.path(), SystemClock, |_| ());
        assert_eq!(opened, Opened::New);
        let plan = |bytes| Plan {
            account: "a".into(),
            quota: Some(Quota { reserve: 10, ..Quota::once(bytes) }),
            expires: None,
        };
        let allowed = keeper.set_plans(vec![plan(100)]);
        assert_eq!(allowed.get("a"), Some(&Allowance { until: 100, reserve_from: 90 }));
        assert_eq!(keeper.set_plans(vec![plan(300)])["a"].until, 300);
        assert_eq!(keeper.asking(|ledger| ledger.accounts().len()).recv(), Ok(1));
    }
}
