//! The application under test: asked as the window asks, and watched as the window watches.

use std::fmt::Debug;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use api::request::{Failure, FailureCode, Reply, Request};
use api::snapshot::{Event, Happened, ProviderView, Snapshot, State, Trouble};
use control::controller::{
    Dependencies, Environment, Folders, Handle, Notice, Shell, Sources, Start, start_with,
};
use control::notification::Notification;
use control::tray::Tray;
use downloaders::places::Candidate;
use newsmux_tests::article::Article;
use newsmux_tests::client::Client;
use newsmux_tests::provider::{Listening, Provider};
use nntp_proxy::config::Secret;
use secrets::memory::MemoryStore;
use secrets::{Owner, Store, Vault};
use serde_json::{Value, json};
use settings::LogLevel;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio::task::yield_now;
use tokio::time::timeout;

/// How long something may take that has to come.
const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const PASSWORD: &str = "correct horse battery";

/// What the shell was told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    Show,
    Close,
    Minimize,
    Open(PathBuf),
    StartAtLogin(bool),
    Log(LogLevel),
    Copy(String),
    ChooseFile(String),
    Quit,
    /// The controller has let go of it.
    Dropped,
}

/// A desktop that writes everything down.
#[derive(Debug, Clone, Default)]
pub(crate) struct Desk {
    pub(crate) calls: watch::Sender<Vec<Call>>,
    pub(crate) trays: watch::Sender<Vec<Tray>>,
    pub(crate) notifications: watch::Sender<Vec<Notification>>,
    pub(crate) starts_at_login: Arc<Mutex<Option<bool>>>,
    /// The dialogs that are open.
    pub(crate) choosing: Arc<Mutex<Vec<oneshot::Sender<String>>>>,
}

struct MockShell(Desk);

impl MockShell {
    fn note(&self, call: Call) {
        self.0.calls.send_modify(|calls| calls.push(call));
    }
}

impl Drop for MockShell {
    fn drop(&mut self) {
        self.note(Call::Dropped);
    }
}

impl Shell for MockShell {
    fn show_window(&mut self) {
        self.note(Call::Show);
    }
    fn close_window(&mut self) {
        self.note(Call::Close);
    }
    fn minimize_window(&mut self) {
        self.note(Call::Minimize);
    }
    fn draw_tray(&mut self, tray: &Tray) {
        self.0.trays.send_modify(|trays| trays.push(tray.clone()));
    }
    fn notify(&mut self, notification: &Notification) {
        self.0.notifications.send_modify(|all| all.push(notification.clone()));
    }
    fn open_folder(&mut self, folder: &Path) -> Result<(), String> {
        self.note(Call::Open(folder.to_owned()));
        Ok(())
    }
    fn start_at_login(&mut self, start: bool) -> Result<(), String> {
        self.note(Call::StartAtLogin(start));
        let mut starts = self.0.starts_at_login.lock().map_err(|error| error.to_string())?;
        let known = starts.as_mut().ok_or("this desktop has no such thing")?;
        *known = start;
        Ok(())
    }
    fn starts_at_login(&mut self) -> Option<bool> {
        *self.0.starts_at_login.lock().unwrap()
    }
    fn set_log(&mut self, level: LogLevel) {
        self.note(Call::Log(level));
    }
    fn copy(&mut self, text: &str) -> Result<(), String> {
        self.note(Call::Copy(text.to_owned()));
        Ok(())
    }
    fn choose_file(&mut self, title: &str, chosen: oneshot::Sender<String>) {
        self.0.choosing.lock().unwrap().push(chosen);
        self.note(Call::ChooseFile(title.to_owned()));
    }
    fn quit(&mut self) {
        self.note(Call::Quit);
    }
}

/// The clock on the wall and the network, as the test wants them.
#[derive(Debug, Clone, Default)]
pub(crate) struct World(Arc<Mutex<(Duration, Sources)>>, pub(crate) Vec<Candidate>);

impl World {
    pub(crate) fn sleep(&self, time: Duration) {
        self.0.lock().unwrap().0 += time;
    }
    pub(crate) fn connect_to(&self, address: Ipv4Addr) {
        self.0.lock().unwrap().1 = [Some(address.into()), None];
    }
}

impl Environment for World {
    fn now(&self) -> SystemTime {
        SystemTime::now() + self.0.lock().unwrap().0
    }
    fn sources(&self) -> Sources {
        self.0.lock().unwrap().1
    }
    fn places(&self) -> Vec<Candidate> {
        self.1.clone()
    }
}

/// What the application finds when it starts.
pub(crate) struct Begin {
    pub(crate) folder: Arc<TempDir>,
    pub(crate) keyring: Arc<MemoryStore>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) desk: Desk,
    pub(crate) world: World,
    pub(crate) hidden: bool,
    pub(crate) language: Option<String>,
}

impl Begin {
    /// A computer that never saw Newsmux; any free port.
    pub(crate) fn new() -> Self {
        let keyring = Arc::new(MemoryStore::new());
        let begin = Self {
            folder: Arc::new(tempfile::tempdir().unwrap()),
            store: Arc::clone(&keyring) as _,
            keyring,
            desk: Desk::default(),
            world: World::default(),
            hidden: false,
            language: None,
        };
        begin.settings(json!({}))
    }

    /// One whose settings have the provider `a`, with its password in the keyring.
    pub(crate) fn with_provider(news: &Listening) -> Self {
        Self::new().settings(json!({"providers": [at("a", news)]})).password("a", PASSWORD)
    }

    /// With these settings; the port is any that is free, where they say nothing.
    pub(crate) fn settings(self, mut settings: Value) -> Self {
        let fields = settings.as_object_mut().unwrap();
        fields.entry("listen").or_insert(json!({"host": "127.0.0.1", "port": 0}));
        fields.entry("providers").or_insert(json!([]));
        fs::write(self.file(), settings.to_string()).unwrap();
        self
    }

    /// With this provider's password in the keyring.
    pub(crate) fn password(self, id: &str, password: &str) -> Self {
        self.keyring.set(&Owner::Provider(id.into()), &Secret::new(password)).unwrap();
        self
    }

    pub(crate) fn hidden(self) -> Self {
        Self { hidden: true, ..self }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("settings.json")
    }

    pub(crate) fn parts(&self) -> (impl Shell, Start, Dependencies) {
        let config = self.folder.path().to_owned();
        let vault = Arc::new(Vault::at(config.join("vault.json")));
        let folders = Folders {
            state: config.join("state"),
            logs: config.join("logs"),
            downloads: Some(config.join("downloads")),
            config,
        };
        let (hidden, system_language) = (self.hidden, self.language.clone());
        let start = Start { folders, version: "1.2.3", hidden, system_language };
        let (environment, timeout) = (Box::new(self.world.clone()), Duration::from_millis(300));
        let keyring = Arc::clone(&self.store);
        (MockShell(self.desk.clone()), start, Dependencies { keyring, vault, environment, timeout })
    }

    pub(crate) fn start(self) -> App {
        let (shell, start, dependencies) = self.parts();
        let handle = start_with(shell, start, dependencies).unwrap();
        // Ticks come more often while the window is there.
        handle.notice(Notice::WindowShown);
        App { handle, begin: self }
    }
}

/// The application, running.
pub(crate) struct App {
    pub(crate) handle: Handle,
    pub(crate) begin: Begin,
}

impl App {
    pub(crate) fn now(&self) -> Arc<Snapshot> {
        self.handle.watch().borrow().clone()
    }

    /// Waits for a snapshot that is so.
    pub(crate) async fn until(&self, is_so: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let mut watch = self.handle.watch();
        match timeout(PATIENCE, watch.wait_for(|now| is_so(now))).await {
            Ok(seen) => seen.unwrap().clone(),
            Err(_) => panic!("it never came to that: {:#?}", self.now()),
        }
    }

    /// Waits until programs can come in, and gives the address.
    pub(crate) async fn address(&self) -> SocketAddr {
        let is_open = |now: &Snapshot| now.address.port != 0 && now.state != State::Starting;
        self.until(is_open).await.address.to_string().parse().unwrap()
    }

    /// Waits until the shell was told this.
    pub(crate) async fn told(&self, call: &Call) -> Vec<Call> {
        saw(&self.begin.desk.calls, |calls| calls.contains(call)).await
    }

    /// Waits until something outside is so.
    pub(crate) async fn at_last(&self, is_so: impl Fn(&Self) -> bool) {
        let asking = async {
            while !is_so(self) {
                self.handle.request(Request::History).await.ok();
                yield_now().await;
            }
        };
        timeout(PATIENCE, asking).await.unwrap();
    }

    /// Waits until this has happened.
    pub(crate) async fn happened(&self, is_it: impl Fn(&Happened) -> bool) -> Event {
        let mut watch = self.handle.watch();
        let found = async {
            loop {
                let all = self.events().await.into_iter();
                if let Some(event) = all.rev().find(|event| is_it(&event.happened)) {
                    return event;
                }
                watch.changed().await.unwrap();
            }
        };
        let found = timeout(PATIENCE, found).await;
        match found {
            Ok(event) => event,
            Err(_) => panic!("it never happened: {:#?}", self.events().await),
        }
    }

    pub(crate) async fn events(&self) -> Vec<Event> {
        match self.ask(json!({"do": "events", "after": 0})).await {
            Ok(Reply::Events { events }) => events,
            other => panic!("{other:?}"),
        }
    }

    /// Asks in the words that the window uses.
    pub(crate) async fn ask(&self, request: Value) -> Result<Reply, Failure> {
        let request: Request = serde_json::from_value(request).unwrap();
        timeout(PATIENCE, self.handle.request(request)).await.unwrap()
    }

    /// Asks for what has to be done.
    pub(crate) async fn must(&self, request: Value) -> Reply {
        let words = request.to_string();
        self.ask(request).await.unwrap_or_else(|failure| panic!("{words}: {failure:?}"))
    }

    /// Asks for what must not be done; why not, and the field.
    pub(crate) async fn refused(&self, request: Value) -> (FailureCode, Option<String>) {
        let words = request.to_string();
        let failure = self.ask(request).await.err().unwrap_or_else(|| panic!("{words} was done"));
        (failure.code, failure.field)
    }

    /// Dismisses the troubles that are so, as the window shows them.
    pub(crate) async fn dismiss(&self, is_so: impl Fn(&Trouble) -> bool) {
        let troubles: Vec<_> =
            self.now().troubles.iter().filter(|one| is_so(one)).cloned().collect();
        self.must(json!({"do": "dismiss_troubles", "troubles": troubles})).await;
    }

    pub(crate) fn provider(&self, id: &str) -> ProviderView {
        provider(&self.now(), id)
    }

    /// What the keyring has for a provider.
    pub(crate) fn kept(&self, id: &str) -> Option<String> {
        let all = self.begin.keyring.secrets();
        all.get(&Owner::Provider(id.into())).map(password_in)
    }

    /// What the file says.
    pub(crate) fn saved(&self) -> Value {
        serde_json::from_slice(&fs::read(self.begin.file()).unwrap()).unwrap()
    }

    /// Ends it, and gives what it leaves behind.
    pub(crate) async fn quit(self) -> Begin {
        self.must(json!({"do": "quit_now"})).await;
        let calls = saw(&self.begin.desk.calls, |calls| calls.contains(&Call::Dropped)).await;
        assert!(calls.ends_with(&[Call::Quit, Call::Dropped]), "{calls:?}");
        self.begin.desk.calls.send_replace(Vec::new());
        self.begin
    }
}

/// The password in what is kept: it says too which server it is for, unless somebody else has put it there.
pub(crate) fn password_in(kept: &Secret) -> String {
    let said: Option<Value> = serde_json::from_str(kept.expose()).ok();
    let password = said.as_ref().and_then(|said| said["password"].as_str());
    password.unwrap_or(kept.expose()).to_owned()
}

/// Waits until what was written down is so.
pub(crate) async fn saw<T: Clone + Debug>(
    noted: &watch::Sender<Vec<T>>,
    is_so: impl Fn(&[T]) -> bool,
) -> Vec<T> {
    let mut noted = noted.subscribe();
    let seen = timeout(PATIENCE, noted.wait_for(|all| is_so(all))).await;
    let seen = seen.map(|all| all.unwrap().clone());
    seen.unwrap_or_else(|_| panic!("it never came to that: {:#?}", *noted.borrow()))
}

pub(crate) fn provider(now: &Snapshot, id: &str) -> ProviderView {
    now.providers.iter().find(|view| view.id == id).unwrap().clone()
}

/// A provider's settings.
pub(crate) fn at(id: &str, provider: &Listening) -> Value {
    let (host, port) = ("127.0.0.1", provider.address().port());
    json!({"id": id, "host": host, "port": port, "tls": "off", "connections": 2, "username": "me"})
}

/// A provider with a login and an article.
pub(crate) async fn one_article() -> (Listening, Article) {
    let article = Article::binary(1, 200_000);
    (Provider::named("a").account("me", PASSWORD).with(&article).listen().await, article)
}

/// A program that has connected and was let in.
pub(crate) async fn program(address: SocketAddr) -> Client<TcpStream> {
    let mut client = Client::connect(address).await;
    assert!(client.line().await.starts_with("20"));
    client
}

/// Whether a client is called as this very program, or by its address where the system does not tell.
pub(crate) fn is_this_program(client: &str) -> bool {
    let is_unknown = client == "127.0.0.1" && !cfg!(target_os = "linux");
    is_unknown || client.starts_with("controller")
}

pub(crate) async fn fetch(client: &mut Client<TcpStream>, article: &Article) {
    let body = client.ask(&format!("BODY {}", article.id())).await;
    assert_eq!(body.block(), article.body_block());
}

/// Whether programs are refused, now or when those who closed the door have let go of it.
pub(crate) async fn is_refused(address: SocketAddr) -> bool {
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    timeout(PATIENCE, refused).await.is_ok()
}
