//! A scripted Usenet provider: a decent NNTP server with the quirks and faults that a test asks for.
//!
//! [`Provider`] says what it is; [`ProviderState`] is it at run time, with the [`Book`] of all that
//! happened. [`serve_connection`] serves one client on any [`Transport`]: it knows no sockets and
//! takes its time from tokio, so that simulations can use it under paused time.
//! [`Provider::listen`] puts it behind a TCP port on loopback.

mod admission;
mod commands;
mod deflated;
mod fault;
mod library;
mod line;
mod listener;
mod login;
mod plan;
mod quirk;
mod reading;
mod reply;
mod session;
mod state;
mod wire;

use std::fmt;
use std::sync::Arc;

use tokio::time::Duration;
use tokio_rustls::TlsAcceptor;

use crate::article::Article;
use crate::tls::Identity;
use crate::transport::Transport;
use deflated::Compressing;
use library::Library;

pub use fault::{At, Ending, Fault, GREETING, Gate, Rule, Script, on};
pub use listener::Listening;
pub use quirk::Quirk;
pub use session::UPLOADED;
pub use state::{Book, Command, ProviderState};

/// What a provider is like. Each method changes one thing about it.
#[derive(Debug, Clone)]
pub struct Provider {
    name: String,
    library: Library,
    account: Option<(String, String)>,
    limit: Limit,
    lingering: Duration,
    latency: Duration,
    rate: Option<u32>,
    rate_of_each: Option<u32>,
    idle: Option<(Duration, String)>,
    posting: bool,
    plain_headers: bool,
    answers: Option<Answers>,
    quirks: Vec<Quirk>,
    script: Script,
    tls: Security,
    compressing: Option<Compressing>,
}

/// How many connections a provider grants, and what it says to one more.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Limit {
    /// As many as you like.
    None,
    /// So many; these words instead of a greeting, and the end.
    AtGreeting(u64, String),
    /// So many logins; these words instead of 281, and the end.
    AfterLogin(u64, String),
    /// So many; greeted as ever, these words to the first command, and the end.
    Silent(u64, String),
}

impl Limit {
    fn number(&self) -> u64 {
        match self {
            Self::None => u64::MAX,
            Self::AtGreeting(n, _) | Self::AfterLogin(n, _) | Self::Silent(n, _) => *n,
        }
    }
}

#[derive(Clone)]
enum Security {
    Plain,
    Implicit(TlsAcceptor),
    StartTls(TlsAcceptor),
}

/// What a test wants said to a line.
#[derive(Clone)]
struct Answers(Arc<Answer>);
type Answer = dyn Fn(&str) -> Option<String> + Send + Sync;

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answers")
    }
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Implicit(_) => "Implicit",
            Self::StartTls(_) => "StartTls",
        })
    }
}

impl Provider {
    /// An empty provider without login, limits and faults. The name goes into its headers.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            library: Library::default(),
            account: None,
            limit: Limit::None,
            lingering: Duration::ZERO,
            latency: Duration::ZERO,
            rate: None,
            rate_of_each: None,
            idle: None,
            posting: true,
            plain_headers: false,
            answers: None,
            quirks: Vec::new(),
            script: Script::new(),
            tls: Security::Plain,
            compressing: None,
        }
    }

    /// Has this article.
    #[must_use]
    pub fn with(mut self, article: &Article) -> Self {
        self.library.add(article.clone());
        self
    }

    /// Has this group, with these articles under the provider's own numbers.
    #[must_use]
    pub fn group(mut self, name: &str, numbered: &[(u64, &Article)]) -> Self {
        let numbered = numbered.iter().map(|(number, article)| (*number, (*article).clone()));
        self.library.add_group(name, numbered);
        self
    }

    /// Wants this login.
    #[must_use]
    pub fn account(self, user: &str, password: &str) -> Self {
        Self { account: Some((user.into(), password.into())), ..self }
    }

    /// Grants only so many connections.
    #[must_use]
    pub fn limit(self, limit: Limit) -> Self {
        Self { limit, ..self }
    }

    /// A connection counts against the limit for so long after its end.
    #[must_use]
    pub fn lingering(self, lingering: Duration) -> Self {
        Self { lingering, ..self }
    }

    /// Each reply begins so long after the arrival of its request; requests in between overlap.
    #[must_use]
    pub fn latency(self, latency: Duration) -> Self {
        Self { latency, ..self }
    }

    /// Sends so many bytes a second, on all connections together.
    #[must_use]
    pub fn rate(self, rate: u32) -> Self {
        Self { rate: Some(rate), ..self }
    }

    /// Sends so many bytes a second on each connection, at most.
    #[must_use]
    pub fn rate_of_each(self, rate: u32) -> Self {
        Self { rate_of_each: Some(rate), ..self }
    }

    /// Gives these answers, each a status line and its block where it has one, with all line ends. To
    /// lines without an answer it says what it would have said anyway.
    #[must_use]
    pub fn answers(self, answers: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { answers: Some(Answers(Arc::new(answers))), ..self }
    }

    /// Ends a connection that was idle for so long, with these words; without any when empty.
    #[must_use]
    pub fn idle(self, limit: Duration, words: &str) -> Self {
        Self { idle: Some((limit, words.into())), ..self }
    }

    /// Takes no articles: greets with 200 all the same, and says 440.
    #[must_use]
    pub fn without_posting(self) -> Self {
        Self { posting: false, ..self }
    }

    /// Adds no headers of its own: whole articles are the same as at other such providers.
    #[must_use]
    pub fn plain_headers(self) -> Self {
        Self { plain_headers: true, ..self }
    }

    /// Has this habit.
    #[must_use]
    pub fn quirk(mut self, quirk: Quirk) -> Self {
        self.quirks.push(quirk);
        self
    }

    /// Has this go wrong.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.script = self.script.and(rule);
        self
    }

    /// Has all this go wrong, and nothing else.
    #[must_use]
    pub fn script(self, script: Script) -> Self {
        Self { script, ..self }
    }

    /// Speaks TLS from the first byte.
    #[must_use]
    pub fn tls(self, identity: &Identity) -> Self {
        Self { tls: Security::Implicit(identity.acceptor()), ..self }
    }

    /// Offers STARTTLS.
    #[must_use]
    pub fn start_tls(self, identity: &Identity) -> Self {
        Self { tls: Security::StartTls(identity.acceptor()), ..self }
    }

    /// Compresses when it is asked to.
    #[must_use]
    pub fn compresses(self) -> Self {
        Self { compressing: Some(Compressing::Well), ..self }
    }

    /// The same, but behind so many bytes on a compressed connection what it sends cannot be inflated.
    #[must_use]
    pub fn compresses_badly_behind(self, bytes: u64) -> Self {
        Self { compressing: Some(Compressing::BrokenBehind(bytes)), ..self }
    }

    /// The provider at run time, for [`serve_connection`].
    #[must_use]
    pub fn state(self) -> Arc<ProviderState> {
        ProviderState::new(self)
    }

    /// Serves clients on a free TCP port of 127.0.0.1, until the value is dropped.
    pub async fn listen(self) -> Listening {
        Listening::start(self.state()).await
    }
}

/// Serves one client to the end. The connection counts from now until this side has seen or made its
/// end.
pub async fn serve_connection(stream: impl Transport + 'static, state: Arc<ProviderState>) {
    let admission = state.admit();
    session::serve(Box::new(stream), state, admission).await;
}
