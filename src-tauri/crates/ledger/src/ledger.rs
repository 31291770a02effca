//! The ledger itself: takes readings, and keeps the file and the accounts in step.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::{Timestamp, ZonedDateTime};

use crate::account::Account;
use crate::clock::Clock;
use crate::error::Error;
use crate::figures::Figures;
use crate::moment::Moment;
use crate::pending::{Kind, Name, Pending, Who};
use crate::plan::Plan;
use crate::reading::{
    AccountReading, ProgramReading, ProviderReading, ProviderState, Reading, program_figures,
};
use crate::standing::{AccountStanding, Alert, Exhausted, Taken};
use crate::store::{Batch, Opened, Prune, Store};

/// Days of statistics by day, unless said otherwise.
const KEEP_DAYS: u32 = 730;
/// Old rows are removed once in this many seconds.
const PRUNE_SECS: u64 = 3600;
/// So much of the time before a reading with bytes was busy, at most.
const BUSY_MS: u64 = 5_000;
/// So much of the time since a reading that was down counts, at most: the computer may have slept.
const DOWN_MS: u64 = 60_000;

/// Counts what accounts use, and keeps statistics.
///
/// Its methods block for some milliseconds, as they read and write a file, and for up to two seconds
/// while another process writes it. Several processes may use one file.
pub struct Ledger {
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) store: Store,
    pub(crate) pending: Pending,
    /// What the newest reading has; `None` before the first.
    pub(crate) present: Option<BTreeSet<Who>>,
    accounts: BTreeMap<String, Account>,
    last: Last,
    keep_days: u32,
    pruned: Option<Timestamp>,
}

/// The newest totals, by id.
struct Last {
    at: Timestamp,
    providers: BTreeMap<String, ProviderReading>,
    accounts: BTreeMap<String, AccountReading>,
    programs: BTreeMap<String, ProgramReading>,
}

impl Ledger {
    /// Opens `ledger.sqlite3` in the state folder. Whatever is wrong with it, the ledger counts, and
    /// [`Opened`] says what is wrong.
    pub fn open(folder: &Path, clock: impl Clock + 'static) -> (Self, Opened) {
        let now = clock.now().timestamp();
        let store = Store::open(folder, now);
        let opened = store.opened().clone();
        let last = Last {
            at: now,
            providers: BTreeMap::new(),
            accounts: BTreeMap::new(),
            programs: BTreeMap::new(),
        };
        let ledger = Self {
            clock: Box::new(clock),
            store,
            pending: Pending::default(),
            present: None,
            accounts: BTreeMap::new(),
            last,
            keep_days: KEEP_DAYS,
            pruned: None,
        };
        (ledger, opened)
    }

    /// What became of the file. It changes when a flush gets at a file that was unavailable, or finds it
    /// damaged or removed.
    #[must_use]
    pub fn opened(&self) -> &Opened {
        self.store.opened()
    }

    /// Sets how many days of statistics by day are kept, 730 by default. Months are kept for ever.
    pub fn keep_days(&mut self, days: u32) {
        self.keep_days = days;
    }

    /// Sets what was bought; to be called before the first reading is taken. What accounts have used
    /// stays, also of those that are not in `plans`.
    ///
    /// # Errors
    /// When the file could not be written. The plans hold all the same, and a later flush writes them.
    pub fn set_plans(&mut self, plans: Vec<Plan>) -> Result<(), Error> {
        let today = self.clock.now().date();
        for account in self.accounts.values_mut() {
            account.listed = false;
        }
        for plan in plans {
            match self.accounts.get_mut(&plan.account) {
                Some(account) => {
                    account.roll(today);
                    account.change(plan, today);
                    (account.listed, account.adopt) = (true, true);
                }
                None => self.introduce(plan, today),
            }
        }
        self.flush()
    }

    /// Counts what is new in `reading`. [`Ledger::flush`] writes it.
    pub fn take(&mut self, reading: &Reading) -> Taken {
        let now = self.clock.now();
        let elapsed = now.timestamp().duration_since(self.last.at).as_millis();
        let elapsed = u64::try_from(elapsed).unwrap_or(0);
        self.last.at = now.timestamp();
        for account in self.accounts.values_mut() {
            account.roll(now.date());
        }
        let at = Moment::of(&now);
        let providers = reading.providers.iter().map(|read| self.take_provider(read, at, elapsed));
        let mut present: BTreeSet<Who> = providers.collect();
        present.extend(reading.accounts.iter().map(|read| self.take_account(read, at, elapsed)));
        present.extend(reading.programs.iter().map(|read| self.take_program(read, at, elapsed)));
        self.present = Some(present);
        let listed = self.accounts.values().filter(|account| account.listed);
        let allowances = listed.filter_map(Account::allowance).collect();
        Taken { allowances, alerts: self.alerts(&now) }
    }

    /// Writes what was counted since the last flush, in one transaction, and reads what other processes
    /// counted. Where the file cannot be used ([`Ledger::opened`]), everything stays in memory.
    ///
    /// # Errors
    /// When nothing was written. It stays in memory until a later flush.
    pub fn flush(&mut self) -> Result<(), Error> {
        let now = self.clock.now();
        let timestamp = now.timestamp();
        let waited = |pruned: Timestamp| pruned.duration_until(timestamp).unsigned_abs().as_secs();
        let due = self.pruned.is_none_or(|pruned| waited(pruned) >= PRUNE_SECS);
        let prune = due.then_some(Prune { now: timestamp, keep_days: self.keep_days });
        let accounts = self.accounts.values().collect();
        let batch = Batch { pending: &self.pending, accounts, today: now.date(), prune };
        let Some(settled) = self.store.write(&batch, timestamp)? else { return Ok(()) };
        self.pending.written();
        for (account, stored) in self.accounts.values_mut().zip(settled) {
            account.settle(stored);
        }
        self.accounts.retain(|_, account| account.listed);
        self.pruned = if due { Some(timestamp) } else { self.pruned };
        Ok(())
    }

    /// The provider said in its own words that the account has ended. That holds until the period ends or
    /// the plan changes. The next flush writes it.
    pub fn ended(&mut self, account: &str, why: &str) {
        let today = self.clock.now().date();
        let Some(account) = self.accounts.get_mut(account) else { return };
        account.roll(today);
        let current = account.current();
        let why = Some(why.to_owned());
        current.ended_anew |= current.ended != why;
        current.ended = why;
    }

    /// Why an account is not to be asked; `None` if it may be.
    #[must_use]
    pub fn exhausted(&self, account: &str) -> Option<Exhausted> {
        self.listed(account)?.exhausted()
    }

    /// How an account stands; `None` if it is not in the plans.
    #[must_use]
    pub fn account(&self, account: &str) -> Option<AccountStanding> {
        Some(AccountStanding::of(self.listed(account)?, self.clock.now().date()))
    }

    /// How all accounts of the plans stand, by their ids.
    #[must_use]
    pub fn accounts(&self) -> BTreeMap<String, AccountStanding> {
        let today = self.clock.now().date();
        let listed = self.accounts.iter().filter(|(_, account)| account.listed);
        listed.map(|(id, account)| (id.clone(), AccountStanding::of(account, today))).collect()
    }

    /// Those of them that have a limit or an end.
    #[must_use]
    pub fn limited_accounts(&self) -> BTreeMap<String, AccountStanding> {
        let mut accounts = self.accounts();
        accounts.retain(|_, account| account.quota.is_some() || account.expires.is_some());
        accounts
    }

    fn listed(&self, account: &str) -> Option<&Account> {
        self.accounts.get(account).filter(|account| account.listed)
    }

    /// A new account. What the file says of it is read even if nothing can be written.
    fn introduce(&mut self, plan: Plan, today: jiff::civil::Date) {
        let id = plan.account.clone();
        // What cannot be read is reported by the flush that follows.
        let account = match self.store.load(&id).ok().flatten() {
            Some(mut stored) => {
                stored.roll(today);
                stored.change(plan, today);
                Account { listed: true, adopt: true, ..stored }
            }
            None => Account::new(plan, today),
        };
        self.accounts.insert(id, account);
    }

    fn take_provider(&mut self, read: &ProviderReading, at: Moment, elapsed: u64) -> Who {
        let who = (Kind::Provider, read.id.clone());
        let name = Name { name: read.name.clone(), account: read.account.clone() };
        let before = self.last.providers.insert(read.id.clone(), read.clone());
        let was_down = before.as_ref().is_some_and(|last| last.state == ProviderState::Down);
        let new = before.and_then(|before| read.since(&before)).unwrap_or_else(|| read.clone());
        let mut figures = Figures {
            counts: new.counts,
            first_byte: new.first_byte,
            down_ms: if was_down { elapsed.min(DOWN_MS) } else { 0 },
            busy_ms: 0,
        };
        figures.be_busy(elapsed.min(BUSY_MS));
        self.pending.add_ages(&read.id, at, new.ages);
        self.add(who, name, at, figures)
    }

    fn take_account(&mut self, read: &AccountReading, at: Moment, elapsed: u64) -> Who {
        let who = (Kind::Account, read.id.clone());
        let name = Name { name: read.id.clone(), account: read.id.clone() };
        let before = self.last.accounts.insert(read.id.clone(), read.clone());
        let before = before.map_or(0, |before| before.bytes);
        let new = read.bytes.checked_sub(before).unwrap_or(read.bytes);
        if let Some(account) = self.accounts.get_mut(&read.id) {
            account.count(read.bytes, new);
        }
        let mut figures = Figures::default();
        figures.counts.received = new;
        figures.be_busy(elapsed.min(BUSY_MS));
        self.add(who, name, at, figures)
    }

    fn take_program(&mut self, read: &ProgramReading, at: Moment, elapsed: u64) -> Who {
        let who = (Kind::Program, read.name.clone());
        let name = Name { name: read.name.clone(), account: String::new() };
        let before = self.last.programs.insert(read.name.clone(), read.clone());
        let new = before.and_then(|before| read.counts.since(before.counts));
        let mut figures = program_figures(new.unwrap_or(read.counts));
        figures.be_busy(elapsed.min(BUSY_MS));
        self.add(who, name, at, figures)
    }

    fn add(&mut self, who: Who, name: Name, at: Moment, figures: Figures) -> Who {
        self.pending.add(&who, at, figures);
        self.pending.names.insert(who.clone(), name);
        who
    }

    fn alerts(&mut self, now: &ZonedDateTime) -> Vec<Alert> {
        let mut alerts = Vec::new();
        for account in self.accounts.values_mut().filter(|account| account.listed) {
            let due = [account.use_due(), account.end_due(now.date())];
            for due in due.into_iter().flatten() {
                let claimed = self.store.claim(account, due);
                account.mark_alerted(due, claimed.is_none());
                if claimed != Some(false) {
                    alerts.push(Alert { account: account.plan.account.clone(), what: due });
                }
            }
        }
        alerts
    }
}
