//! The engine on threads of its own, and where programs connect to it.

use std::collections::BTreeMap;
use std::io;
use std::mem::take;
use std::sync::Arc;
use std::time::Duration;

use api::snapshot::Trouble;
use local::Sockets;
use nntp_proxy::check::CheckPermits;
use nntp_proxy::config::{Config, TrafficLimits};
use nntp_proxy::dial::NetDialler;
use nntp_proxy::encryption::ServerIdentity;
use nntp_proxy::events::Event;
use nntp_proxy::proxy::{Proxy, Snapshot};
use nntp_proxy::totals::Totals;
use nntp_proxy::tune::{Allowed, Tune, Unable};
use sample::Sample;
use settings::Listen;
use settings::listening::{CannotListen, bind};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::broadcast::Receiver;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle, spawn_blocking};
use tokio::time::{sleep, timeout};

/// How many threads serve. Each does what one processor can; two keep up with any line.
const WORKERS: usize = 2;
/// How long requests that are under way may go on when it is stopped.
const GRACE: Duration = Duration::from_secs(5);
/// It ends after this long, whatever happens.
const END: Duration = Duration::from_secs(8);
/// How long a program may take to read why it is refused.
const REFUSAL: Duration = Duration::from_secs(1);
/// How many ports behind a busy one are tried.
const NEIGHBOURS: u16 = 20;

/// The engine, whether it runs or not.
pub(super) struct Serving {
    engine: Threads,
    dialler: Arc<NetDialler>,
    proxy: Option<Proxy>,
    /// What all proxies have counted, one after another.
    totals: Totals,
    listening: Option<Listening>,
    /// Where one provider alone is served, by its id.
    ports: BTreeMap<String, Listening>,
    /// Where programs come in over TLS, and the certificate that they are shown.
    encrypted: Option<(Listening, ServerIdentity)>,
    /// The reply to every program while no provider has a password.
    locked: Option<watch::Sender<String>>,
    /// What has to be over before it listens again.
    closing: Vec<JoinHandle<()>>,
}

/// The engine's runtime. It never waits for its end.
struct Threads {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

/// Where programs come in.
struct Listening {
    listen: Listen,
    port: u16,
    tasks: Vec<JoinHandle<()>>,
}

/// Whom a port is for.
#[derive(Clone, Copy)]
enum For<'a> {
    All,
    /// For those that connect over TLS, with this certificate.
    Encrypted(&'a ServerIdentity),
    /// For those that want this provider alone.
    Provider(&'a str),
}

/// Listeners that nobody answers yet.
pub(super) struct Opened {
    pub(super) listen: Listen,
    listeners: Vec<TcpListener>,
    port: u16,
}

impl Serving {
    pub(super) fn new() -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        let builder = builder.worker_threads(WORKERS).thread_name("newsmux-engine").enable_all();
        let (runtime, dialler) = (builder.build()?, Arc::new(NetDialler::new()));
        let engine = Threads { handle: runtime.handle().clone(), runtime: Some(runtime) };
        Ok(Self {
            engine,
            dialler,
            proxy: None,
            totals: Totals::default(),
            listening: None,
            ports: BTreeMap::new(),
            encrypted: None,
            locked: None,
            closing: Vec::new(),
        })
    }

    /// The proxy, while it serves.
    pub(super) fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// Whether programs are meant to come in.
    pub(super) fn is_on(&self) -> bool {
        self.proxy.is_some() || self.is_locked()
    }

    /// Whether programs are only told why they cannot be served.
    pub(super) fn is_locked(&self) -> bool {
        self.locked.is_some()
    }

    /// Serves nobody, and tells each client why.
    pub(super) fn lock(&mut self, why: String) {
        match &self.locked {
            Some(locked) => drop(locked.send_replace(why)),
            None => {
                self.stop();
                self.locked = Some(watch::Sender::new(why));
            }
        }
    }

    /// Where programs come in, and the port.
    pub(super) fn listening(&self) -> Option<(&Listen, u16)> {
        self.listening.as_ref().map(|listening| (&listening.listen, listening.port))
    }

    /// Serves with these settings from now on. When it did not before, the events come with it.
    pub(super) fn apply(&mut self, config: Config) -> Option<Receiver<Event>> {
        if self.is_locked() {
            self.stop();
        }
        let _within = self.engine.handle.enter();
        if let Some(proxy) = &self.proxy {
            proxy.apply(config);
            return None;
        }
        let totals = self.totals.clone();
        let proxy = Proxy::counting_in(totals, config, Arc::clone(&self.dialler) as _);
        let events = proxy.events();
        self.proxy = Some(proxy);
        Some(events)
    }

    /// Begins to listen. What has the same port is closed first: the two could not be open together.
    pub(super) fn open(
        &mut self,
        listen: Listen,
    ) -> impl Future<Output = Result<Opened, CannotListen>> + Send + 'static {
        if let Some(before) = self.listening.take_if(|before| before.port == listen.port) {
            self.closing.extend(before.close());
        }
        self.keep_ports(|_, open| open.port != listen.port);
        if self.encrypted().is_some_and(|(_, port)| port == listen.port) {
            self.close_encrypted();
        }
        self.open_port(listen)
    }

    /// Begins to listen, beside what is open.
    pub(super) fn open_port(
        &mut self,
        listen: Listen,
    ) -> impl Future<Output = Result<Opened, CannotListen>> + Send + 'static {
        let (closing, engine) = (take(&mut self.closing), self.engine.handle.clone());
        async move {
            all(closing).await;
            open(&engine, listen).await
        }
    }

    /// Serves there, and nowhere else. Sessions go on. Gives the port.
    pub(super) fn enter(&mut self, opened: Opened) -> u16 {
        let port = opened.port;
        if let Some(listening) = self.serve(opened, For::All)
            && let Some(before) = self.listening.replace(listening)
        {
            self.closing.extend(before.close());
        }
        port
    }

    /// Serves there with one provider alone.
    pub(super) fn enter_port(&mut self, id: &str, opened: Opened) {
        if let Some(listening) = self.serve(opened, For::Provider(id))
            && let Some(before) = self.ports.insert(id.to_owned(), listening)
        {
            self.closing.extend(before.close());
        }
    }

    /// Closes the ports of providers that are not wanted so any more. Sessions go on.
    pub(super) fn keep_ports(&mut self, is_wanted: impl Fn(&str, &Listen) -> bool) {
        let gone = self.ports.extract_if(.., |id, open| !is_wanted(id, &open.listen));
        self.closing.extend(gone.flat_map(|(_, open)| open.close()));
    }

    /// Where programs come in over TLS, and the port.
    pub(super) fn encrypted(&self) -> Option<(&Listen, u16)> {
        self.encrypted.as_ref().map(|(open, _)| (&open.listen, open.port))
    }

    /// Serves there over TLS.
    pub(super) fn enter_encrypted(&mut self, opened: Opened, identity: ServerIdentity) {
        self.close_encrypted();
        let listening = self.serve(opened, For::Encrypted(&identity));
        self.encrypted = listening.map(|listening| (listening, identity));
    }

    /// Shows another certificate from now on.
    pub(super) fn show(&self, new: &ServerIdentity) {
        self.encrypted.iter().for_each(|(_, identity)| identity.replace(new));
    }

    /// Lets nobody in over TLS any more. Sessions go on.
    pub(super) fn close_encrypted(&mut self) {
        let open = self.encrypted.take().into_iter();
        self.closing.extend(open.flat_map(|(open, _)| open.close()));
    }

    /// Whether the port of this provider is open.
    pub(super) fn has_port(&self, id: &str) -> bool {
        self.ports.contains_key(id)
    }

    /// Answers clients.
    fn serve(&self, opened: Opened, whom: For<'_>) -> Option<Listening> {
        let Opened { listen, listeners, port } = opened;
        let serve = |listener| match (self.proxy.clone(), whom) {
            (Some(proxy), For::All) => {
                Some(self.engine.handle.spawn(async move { proxy.serve(listener).await }))
            }
            (Some(proxy), For::Encrypted(identity)) => {
                let identity = identity.clone();
                let serving = async move { proxy.serve_encrypted(listener, &identity).await };
                Some(self.engine.handle.spawn(serving))
            }
            (Some(proxy), For::Provider(id)) => {
                let id = id.to_owned();
                let serving = async move { proxy.serve_provider(listener, &id).await };
                Some(self.engine.handle.spawn(serving))
            }
            (None, _) => {
                let why = self.locked.as_ref()?.subscribe();
                Some(self.engine.handle.spawn(refuse(listener, why)))
            }
        };
        let tasks: Vec<_> = listeners.into_iter().filter_map(serve).collect();
        (!tasks.is_empty()).then_some(Listening { listen, port, tasks })
    }

    /// Serves nobody any more. Whether programs could come in.
    pub(super) fn stop(&mut self) -> bool {
        let before = self.listening.take();
        let was_open = before.is_some() && self.proxy.is_some();
        self.locked = None;
        self.closing.extend(before.into_iter().flat_map(Listening::close));
        self.keep_ports(|_, _| false);
        self.close_encrypted();
        if let Some(proxy) = self.proxy.take() {
            self.closing.push(self.engine.handle.spawn(async move { proxy.shutdown(GRACE).await }));
        }
        was_open
    }

    /// Limits what is served.
    pub(super) fn limit(&self, limits: &TrafficLimits) {
        self.proxy.iter().for_each(|proxy| proxy.limit(limits));
    }

    /// Renews all connections.
    pub(super) fn renew(&self) {
        let _within = self.engine.handle.enter();
        self.proxy.iter().for_each(Proxy::renew);
    }

    /// Tries a provider that is not well again at once, or all of them.
    pub(super) fn try_now(&self, provider: Option<&str>) {
        let _within = self.engine.handle.enter();
        self.proxy.iter().for_each(|proxy| proxy.try_now(provider));
    }

    /// Starts the sample provider on the engine's threads.
    pub(super) fn start_sample(&self) -> impl Future<Output = io::Result<Sample>> + Send + 'static {
        let started = self.engine.handle.spawn(Sample::start());
        async move { started.await.unwrap_or_else(|ended| Err(io::Error::other(ended))) }
    }

    /// Permits for a check of a provider, beside what is served.
    pub(super) fn check_permits(&self) -> CheckPermits {
        self.proxy.as_ref().map(Proxy::check_permits).unwrap_or_default()
    }

    /// A search for the best number of connections, if it can begin.
    pub(super) fn tune(&self, id: &str, allowed: Allowed) -> Result<Tune, Unable> {
        self.proxy.as_ref().ok_or(Unable::NotUsed)?.tune(id, allowed)
    }

    /// Has something done on the engine's threads.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.engine.handle.spawn(work).abort_handle()
    }

    /// What goes on, if it serves.
    pub(super) fn snapshot(&self) -> Option<Snapshot> {
        self.proxy.as_ref().map(Proxy::snapshot)
    }

    /// Stops, and waits for the end; not for ever.
    pub(super) async fn end(mut self) {
        self.stop();
        drop(timeout(END, all(take(&mut self.closing))).await);
    }
}

impl Listening {
    /// Lets nobody in any more.
    fn close(self) -> Vec<JoinHandle<()>> {
        self.tasks.iter().for_each(JoinHandle::abort);
        self.tasks
    }
}

/// Tells everybody why nothing is served (RFC 3977, section 5.1: 400). The words fit into any socket's buffer.
async fn refuse(listener: TcpListener, why: watch::Receiver<String>) {
    loop {
        match listener.accept().await {
            Ok((mut program, _)) => {
                let line = format!("400 {}\r\n", why.borrow().as_str());
                drop(timeout(REFUSAL, program.write_all(line.as_bytes())).await);
            }
            // There are too many sockets at the moment.
            Err(_) => sleep(REFUSAL).await,
        }
    }
}

/// Waits for tasks to end, whether they are done or were aborted.
async fn all(tasks: Vec<JoinHandle<()>>) {
    for task in tasks {
        drop(task.await);
    }
}

/// Listens within the runtime that serves.
async fn open(engine: &Handle, listen: Listen) -> Result<Opened, CannotListen> {
    let wanted = listen.clone();
    let bound = engine.spawn(async move { bind(&wanted).await }).await;
    // It ends, and so does the runtime.
    let (listeners, address) = bound.unwrap_or_else(|_| Err(CannotListen::ended()))?;
    Ok(Opened { listen, listeners, port: address.port() })
}

/// Why nobody can connect, and what can be done. `before` is what was found out the last time.
pub(super) async fn trouble(
    error: CannotListen,
    listen: &Listen,
    before: Option<Trouble>,
) -> Trouble {
    let port = error.port();
    match before {
        _ if !error.is_busy() => Trouble::CannotListen { said: error.to_string() },
        Some(Trouble::PortBusy { port: same, holder, free }) if same == port => {
            Trouble::PortBusy { port, holder, free }
        }
        _ => {
            let holder = spawn_blocking(move || holder(port)).await.ok().flatten();
            Trouble::PortBusy { port, holder, free: free(listen, port).await }
        }
    }
}

/// The program that has a port, where the system says.
fn holder(port: u16) -> Option<String> {
    let sockets = Sockets::now();
    sockets.listener(port).map(|(id, name)| format!("{name} ({id})"))
}

/// A port that is free, preferably near.
async fn free(listen: &Listen, busy: u16) -> Option<u16> {
    let near = (1..=NEIGHBOURS).filter_map(|step| busy.checked_add(step));
    for port in near.chain([0]) {
        if let Ok((_, address)) = bind(&Listen { port, ..listen.clone() }).await {
            return Some(address.port());
        }
    }
    None
}
