//! What a provider's connections share: what it has and wants, what goes wrong, and the book of all
//! that happened.
#![expect(clippy::panic, reason = "a helper of tests: what goes wrong here fails the test")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::{Duration, Instant, timeout};

use super::admission::Admission;
use super::fault::{Ending, Rule, Script};
use super::library::Library;
use super::line::Line;
use super::plan::Plan;
use super::{Limit, Provider, Quirk};
use crate::article::Article;

/// How long a test waits for something that has to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A provider at run time.
#[derive(Debug)]
pub struct ProviderState {
    pub(super) config: Provider,
    library: Mutex<Library>,
    script: Mutex<Script>,
    limit: Mutex<Limit>,
    pub(super) line: Line,
    book: watch::Sender<Book>,
    pub(super) orders: watch::Sender<Option<HangUp>>,
}

/// The test's order to end all connections.
#[derive(Debug, Clone)]
pub(super) struct HangUp {
    pub(super) words: Vec<u8>,
    pub(super) how: Ending,
}

/// A line that a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// On which connection; the first one is 1.
    pub connection: u64,
    /// Without its line end.
    pub line: String,
    /// When it arrived.
    pub at: Instant,
    /// With which read of its connection it came: those of one write come together.
    pub read: u64,
}

/// All that has happened at a provider.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Book {
    /// Every line that is not an article's, in the order of arrival.
    pub commands: Vec<Command>,
    /// Connections accepted since the start.
    pub accepted: u64,
    /// Connections now: from the moment of acceptance until this side has seen or made their end.
    pub open: u64,
    /// The most there ever were at once.
    pub peak: u64,
    /// Connections turned away because of the limit.
    pub refused: u64,
    /// Connections that count against the limit now.
    pub counted: u64,
    /// Logins that succeeded.
    pub logins: u64,
    /// The connections on which a request was answered and nothing went wrong with it.
    pub served: BTreeSet<u64>,
    /// Bytes of replies sent, faults included.
    pub sent: u64,
    /// Bytes of articles' blocks among them.
    pub articles: u64,
    /// Bytes of articles' blocks that were sent on a connection from the fault on that took it.
    pub lost: u64,
    /// Articles that were broken off: the lines that asked for them, and whether it was within the headers.
    pub broken: Vec<(String, bool)>,
    /// Faults that struck.
    pub faults: u64,
    /// What was said instead of the reply, and to which line.
    pub instead: Vec<(String, String)>,
    /// Articles received by POST, IHAVE and TAKETHIS, as their lines came.
    pub posted: Vec<Vec<u8>>,
}

impl Book {
    /// How many lines began so, in whatever case.
    #[must_use]
    pub fn count(&self, begins: &str) -> usize {
        let fits = |line: &str| {
            let begin = line.as_bytes().get(..begins.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(begins.as_bytes()))
        };
        self.commands.iter().filter(|command| fits(&command.line)).count()
    }

    /// The lines of one connection.
    #[must_use]
    pub fn on(&self, connection: u64) -> Vec<&str> {
        let on = self.commands.iter().filter(|command| command.connection == connection);
        on.map(|command| command.line.as_str()).collect()
    }
}

impl ProviderState {
    pub(super) fn new(config: Provider) -> Arc<Self> {
        Arc::new(Self {
            library: Mutex::new(config.library.clone()),
            script: Mutex::new(config.script.clone()),
            limit: Mutex::new(config.limit.clone()),
            line: Line::new(config.rate),
            book: watch::Sender::default(),
            orders: watch::Sender::new(None),
            config,
        })
    }

    /// The name it puts into headers.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// All that has happened so far.
    #[must_use]
    pub fn book(&self) -> Book {
        self.book.borrow().clone()
    }

    /// How many lines began so, in whatever case.
    #[must_use]
    pub fn count(&self, begins: &str) -> usize {
        self.book.borrow().count(begins)
    }

    /// Takes the lines so far out of the book: for tests that run for hours.
    pub fn forget_commands(&self) {
        self.note(|book| book.commands.clear());
    }

    /// Waits until the book fulfils `done`, and gives it.
    ///
    /// # Panics
    /// When that has not happened after 20 seconds; the book is shown.
    pub async fn until(&self, what: &str, done: impl Fn(&Book) -> bool) -> Book {
        let mut book = self.book.subscribe();
        let seen = timeout(PATIENCE, book.wait_for(done)).await;
        match seen {
            Ok(Ok(book)) => book.clone(),
            Ok(Err(_)) | Err(_) => {
                panic!("{} never saw {what}: {:#?}", self.config.name, self.book())
            }
        }
    }

    /// Waits until a line has arrived that begins so.
    pub async fn until_asked(&self, begins: &str) -> Book {
        self.until(begins, |book| book.count(begins) > 0).await
    }

    /// Waits until no connection is open.
    pub async fn until_alone(&self) -> Book {
        self.until("the end of all connections", |book| book.open == 0).await
    }

    /// Adds an article.
    pub fn add(&self, article: Article) {
        lock(&self.library).add(article);
    }

    /// Whether it has an article.
    #[must_use]
    pub fn holds(&self, article: &Article) -> bool {
        lock(&self.library).article(article.id()).is_some()
    }

    /// Takes an article away.
    pub fn remove(&self, article: &Article) {
        lock(&self.library).remove(article.id());
    }

    /// Takes a group away.
    pub fn remove_group(&self, name: &str) {
        lock(&self.library).remove_group(name);
    }

    /// From now on this goes wrong, and nothing else.
    pub fn play(&self, script: Script) {
        *lock(&self.script) = script;
    }

    /// From now on this goes wrong, too.
    pub fn add_rule(&self, rule: Rule) {
        lock(&self.script).push(rule);
    }

    /// From now on so many bytes a second are sent; none: as many as you like.
    pub fn set_rate(&self, rate: Option<u32>) {
        self.line.set_rate(rate);
    }

    /// From now on this is the limit of connections.
    pub fn set_limit(&self, limit: Limit) {
        *lock(&self.limit) = limit;
    }

    /// Ends all connections, with these last words on each; none when empty.
    pub fn hang_up(&self, words: &str, how: Ending) {
        self.orders.send_replace(Some(HangUp { words: words.into(), how }));
    }

    /// The block of a complete reply to ARTICLE, as this provider gives it.
    #[must_use]
    pub fn article_block(&self, article: &Article) -> Vec<u8> {
        let library = lock(&self.library);
        let head = self.headers(&library, article);
        let lines = [head.as_bytes(), b"\r\n", article.body()].concat();
        crate::article::block(&lines)
    }

    /// The headers of an article here: Path and Xref are the provider's own.
    pub(super) fn headers(&self, library: &Library, article: &Article) -> String {
        let name = &self.config.name;
        if self.config.plain_headers {
            return article.headers("not-for-mail", None);
        }
        let xref = library.place(article.id()).map(|(group, n)| format!("{name} {group}:{n}"));
        article.headers(&format!("{name}!not-for-mail"), xref.as_deref())
    }

    pub(super) fn library(&self) -> MutexGuard<'_, Library> {
        lock(&self.library)
    }

    pub(super) fn has(&self, quirk: Quirk) -> bool {
        self.config.quirks.contains(&quirk)
    }

    pub(super) fn plan(&self, connection: u64, nth: u64, line: &str) -> Plan {
        let plan = lock(&self.script).plan(connection, nth, line);
        if plan.faults > 0 {
            self.note(|book| book.faults += plan.faults);
        }
        plan
    }

    pub(super) fn note(&self, note: impl FnOnce(&mut Book)) {
        self.book.send_modify(note);
    }

    /// Counts a connection, from now until the value is dropped.
    pub(super) fn admit(self: &Arc<Self>) -> Admission {
        let limit = lock(&self.limit).clone();
        let mut admission = Admission::new(self);
        self.note(|book| {
            book.accepted += 1;
            book.open += 1;
            book.peak = book.peak.max(book.open);
            admission.number = book.accepted;
            if let Limit::AtGreeting(_, words) | Limit::Silent(_, words) = &limit
                && !admission.counts(book, limit.number())
            {
                admission.refusal = Some(words.clone());
            }
        });
        admission
    }

    /// Counts a connection that has just given the right password; or refuses it with these words.
    pub(super) fn count_login(&self, admission: &mut Admission) -> Result<(), String> {
        let limit = lock(&self.limit).clone();
        let mut refusal = Ok(());
        self.note(|book| {
            if let Limit::AfterLogin(number, words) = limit
                && !admission.counts(book, number)
            {
                refusal = Err(words);
                return;
            }
            book.logins += 1;
        });
        refusal
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
