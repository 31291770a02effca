//! Keeps the ledger of a running proxy: reads its totals every second, writes what is new, and tells the
//! proxy how far each account may still go.
//!
//! A thread of its own does it, as the ledger's file may be slow. The proxy stops at the exact byte by
//! itself; what the thread tells it only moves that point when a period ends, when the settings change,
//! or when another process has used the same account.

mod reading;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ledger::{AccountStanding, Alert, Clock, Ledger, Opened, Plan};
use nntp_proxy::config::{Allowance, Allowances};
use nntp_proxy::proxy::Proxy;
use tracing::{info, warn};

use crate::reading::reading;

/// How often the proxy's totals are read.
const TICK: Duration = Duration::from_secs(1);
/// How often they are written: a crash loses no more than this.
const FLUSH: Duration = Duration::from_secs(2);
/// How often a file that cannot be written is mentioned in the log.
const COMPLAIN: Duration = Duration::from_secs(600);

/// What the bookkeeper has to say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct News {
    /// How each account stands, by its id.
    pub accounts: BTreeMap<String, AccountStanding>,
    /// What the user should be told now, once.
    pub alerts: Vec<Alert>,
}

/// Keeps the ledger. See the [crate](crate). Dropping it writes what is still unwritten.
pub struct Bookkeeper {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

enum Order {
    Plans(Vec<Plan>, Sender<Allowances>),
    Watch(Proxy),
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
        let books = Books { ledger, proxy: None, last: News::default(), told, complained: None };
        let thread = thread::Builder::new().name("bookkeeper".into());
        // Without a thread nothing is counted; a program that cannot start one has other worries.
        let thread = thread.spawn(move || books.keep(&receiver)).ok();
        (Self { orders: Some(orders), thread }, opened)
    }

    /// Sets what was bought, and returns how far each account may go.
    #[must_use]
    pub fn set_plans(&self, plans: Vec<Plan>) -> Allowances {
        let (answer, allowances) = mpsc::channel();
        self.order(Order::Plans(plans, answer));
        allowances.recv().unwrap_or_default()
    }

    /// Counts what this proxy does, from its start.
    pub fn watch(&self, proxy: Proxy) {
        self.order(Order::Watch(proxy));
    }

    /// Asks the ledger, after what was ordered before. `None` if the thread is gone.
    pub fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Ledger) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, receiver) = mpsc::channel();
        self.order(Order::Ask(Box::new(move |ledger| drop(answer.send(question(ledger))))));
        receiver.recv().ok()
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

/// What the thread owns.
struct Books {
    ledger: Ledger,
    proxy: Option<Proxy>,
    last: News,
    told: Box<dyn FnMut(News) + Send>,
    complained: Option<Instant>,
}

impl Books {
    fn keep(mut self, orders: &Receiver<Order>) {
        let (mut tick, mut flushed) = (Instant::now() + TICK, Instant::now());
        loop {
            match orders.recv_timeout(tick.saturating_duration_since(Instant::now())) {
                Ok(order) => self.follow(order),
                Err(RecvTimeoutError::Timeout) => {
                    tick = Instant::now() + TICK;
                    self.count();
                    if flushed.elapsed() >= FLUSH {
                        flushed = Instant::now();
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
                drop(answer.send(self.count()));
            }
            Order::Watch(proxy) => {
                // What the one before has done is counted first.
                self.count();
                self.proxy = Some(proxy);
            }
            Order::Ask(question) => question(&mut self.ledger),
        }
    }

    /// Counts what is new, and tells the proxy and the user what follows from it.
    fn count(&mut self) -> Allowances {
        let totals = self.proxy.as_ref().map(|proxy| reading(&proxy.snapshot()));
        let taken = self.ledger.take(&totals.unwrap_or_default());
        let allowance = |of: ledger::Allowance| {
            (of.account, Allowance { until: of.until, reserve_from: of.reserve_from })
        };
        let allowances: Allowances = taken.allowances.into_iter().map(allowance).collect();
        self.proxy.iter().for_each(|proxy| proxy.set_allowances(&allowances));
        self.tell(taken.alerts);
        allowances
    }

    fn tell(&mut self, alerts: Vec<Alert>) {
        let news = News { accounts: self.ledger.accounts(), alerts };
        if news != self.last {
            self.last = News { alerts: Vec::new(), ..news.clone() };
            (self.told)(news);
        }
    }

    fn flush(&mut self) {
        match self.ledger.flush() {
            Ok(()) if self.complained.take().is_some() => info!("statistics are written again"),
            Ok(()) => {}
            Err(error) => self.complain(&error),
        }
    }

    fn complain(&mut self, error: &ledger::Error) {
        if self.complained.is_none_or(|at| at.elapsed() >= COMPLAIN) {
            self.complained = Some(Instant::now());
            warn!("statistics cannot be written, and stay in memory: {error}");
        }
    }
}
