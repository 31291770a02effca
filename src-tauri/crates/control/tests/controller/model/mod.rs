//! The controller under random requests, notices, hands in the settings file, time, and a keyring that answers when
//! and as it likes. Whenever nothing is under way, what has to be true is true.
//!
//! A seed says everything that happens, so a failing one replays: `SEED=123 cargo test -p control --test controller
//! model`. `SEEDS=10000` tries more of them. Only how long the vault and the sockets take is not the seed's.

mod beliefs;
mod gate;
mod steps;

use std::env;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant as RealInstant, SystemTime};

use api::request::{Failure, Reply, Request};
use api::snapshot::{KeepState, Snapshot, State};
use control::controller::{Environment, Handle, Notice, Sources, prepare};
use downloaders::Program;
use newsmux_tests::rng::Rng;
use secrets::memory::MemoryStore;
use secrets::{Owner, Store, StoreError, Vault};
use settings::{Listen, StoreKind, load};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking, yield_now};
use tokio::time::{Instant, advance};

use crate::app::{Begin, Call};
use beliefs::Beliefs;
use gate::Gate;

/// How many seeds are tried, and how many rounds each has.
const SEEDS: u64 = 48;
const ROUNDS: u64 = 14;
/// Every so many seeds have a vault, which takes its time by design.
const VAULTS: u64 = 8;
/// What really takes time takes no longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// No end takes longer.
const END: Duration = Duration::from_secs(10);

#[test]
fn whatever_happens_settings_passwords_and_the_door_agree() {
    let number = |name| env::var(name).ok().and_then(|text| text.parse().ok());
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        let log = Arc::new(Mutex::new(Vec::new()));
        let run = || {
            let mut runtime = Builder::new_current_thread();
            let runtime = runtime.enable_all().start_paused(true).build().unwrap();
            runtime.block_on(async { Model::new(seed, Arc::clone(&log)).run().await });
            runtime.shutdown_background();
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
            eprintln!("SEED={seed}:\n{}", log.lock().unwrap().join("\n"));
            resume_unwind(panic);
        }
    }
}

/// The clock on the wall goes with the one of the test, and jumps.
#[derive(Clone)]
struct Wall(Instant, Arc<Mutex<Duration>>);

impl Environment for Wall {
    fn now(&self) -> SystemTime {
        let jumped = *self.1.lock().unwrap();
        SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 30) + self.0.elapsed() + jumped
    }
    fn sources(&self) -> Sources {
        [None, None]
    }
    fn places(&self) -> Vec<(Program, PathBuf)> {
        Vec::new()
    }
}

/// A request that is not answered yet.
struct Asked {
    request: Request,
    answer: oneshot::Receiver<Result<Reply, Failure>>,
}

struct Model {
    rng: Rng,
    log: Arc<Mutex<Vec<String>>>,
    begin: Begin,
    gate: Arc<Gate>,
    vault: Arc<Vault>,
    wall: Wall,
    handle: Handle,
    controller: JoinHandle<()>,
    asked: Vec<Asked>,
    beliefs: Beliefs,
    has_vault: bool,
    /// Whether only one thing is asked, so that its answer can be compared with the snapshot.
    is_alone: bool,
    /// Whether the keyring was asked again, so that it forgets what it would not before.
    is_forgotten: bool,
    /// What was written into the settings file by hand last.
    by_hand: Option<String>,
    /// A port that another program has.
    taken: std::net::TcpListener,
    /// As long as it waits, time goes on only when it is told to.
    _still: mpsc::Sender<()>,
}

impl Model {
    fn new(seed: u64, log: Arc<Mutex<Vec<String>>>) -> Self {
        let keyring = Arc::new(MemoryStore::new());
        let gate = Arc::new(Gate::new(Arc::clone(&keyring)));
        let begin = Begin { store: Arc::clone(&gate) as _, ..Begin::new() };
        let begin = Begin { keyring, ..begin };
        let wall = Wall(Instant::now(), Arc::default());
        let (still, until) = mpsc::channel::<()>();
        drop(spawn_blocking(move || until.recv()));
        let (vault, handle, controller) = start(&begin, &wall);
        Self {
            rng: Rng::new(seed),
            log,
            begin,
            gate,
            vault,
            wall,
            handle,
            controller,
            asked: Vec::new(),
            beliefs: Beliefs::default(),
            has_vault: seed % VAULTS == 1,
            is_alone: true,
            is_forgotten: false,
            by_hand: None,
            taken: std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
            _still: still,
        }
    }

    async fn run(mut self) {
        for round in 0..ROUNDS {
            self.note(format!("-- round {round}"));
            // What is asked together is heard together, before the keyring answers any of it.
            self.gate.hold();
            self.mend();
            let steps = 1 + self.rng.below(4);
            self.is_alone = steps == 1;
            for _ in 0..steps {
                self.step();
            }
            self.heard().await;
            if self.rng.chance(300) {
                let time = *self.rng.pick(&[50, 200, 400, 1000]);
                self.pass(Duration::from_millis(time)).await;
            }
            // What a vault has that is closed again nobody can see from here.
            if self.rng.chance(150) && self.now().settings.desktop.passwords == StoreKind::Keyring {
                self.restart().await;
            }
            let answer = self.answer_of_the_keyring();
            self.gate.answer(answer);
            self.settle().await;
            if self.rng.chance(300) {
                let time = *self.rng.pick(&[1, 31, 61]);
                self.pass(Duration::from_secs(time)).await;
                self.settle().await;
            }
        }
        self.gate.answer(None);
        self.quit().await;
    }

    fn note(&self, what: String) {
        self.log.lock().unwrap().push(what);
    }

    fn now(&self) -> Arc<Snapshot> {
        self.handle.watch().borrow().clone()
    }

    fn answer_of_the_keyring(&mut self) -> Option<StoreError> {
        let answer = match self.rng.below(10) {
            0 => Some(StoreError::Locked),
            1 => Some(StoreError::Absent("no bus".into())),
            2 => Some(StoreError::Failed("it broke".into())),
            _ => None,
        };
        self.note(format!("the keyring answers {answer:?}"));
        answer
    }

    fn ask(&mut self, request: Request) {
        self.note(format!("ask {request:?}"));
        let (tell, answer) = oneshot::channel();
        let (handle, asked) = (self.handle.clone(), request.clone());
        let is_alone = self.is_alone;
        tokio::spawn(async move {
            let answer = handle.request(asked.clone()).await;
            let is_told = !is_alone || answer.is_err() || tells(&handle.watch().borrow(), &asked);
            assert!(is_told, "{asked:?} was answered before it was told");
            drop(tell.send(answer));
        });
        self.asked.push(Asked { request, answer });
    }

    /// Goes on with time, in steps that no tick misses.
    async fn pass(&self, time: Duration) {
        const STEP: Duration = Duration::from_millis(100);
        self.note(format!("time passes: {time:?}"));
        let mut left = time;
        while !left.is_zero() {
            let step = left.min(STEP);
            advance(step).await;
            left -= step;
            self.heard().await;
        }
    }

    /// Waits until the loop has heard everything so far.
    async fn heard(&self) {
        for _ in 0..3 {
            yield_now().await;
            drop(self.handle.request(Request::History).await);
        }
    }

    /// Waits until nothing is under way, and sees that all is well.
    async fn settle(&mut self) {
        let barrier = self.handle.clone();
        let nobody = Request::RemoveClient { name: "nobody".into() };
        let barrier = tokio::spawn(async move { barrier.request(nobody).await });
        let began = RealInstant::now();
        let mut asked = Vec::new();
        for Asked { request, mut answer } in self.asked.drain(..) {
            let answer = loop {
                match answer.try_recv() {
                    Ok(answer) => break answer,
                    Err(error) => assert!(began.elapsed() < PATIENCE, "{request:?}: {error}"),
                }
                rest().await;
            };
            asked.push((request, answer));
        }
        while !barrier.is_finished() || self.now().keep == KeepState::Asking {
            assert!(began.elapsed() < PATIENCE, "it does not come to rest: {:#?}", self.now());
            rest().await;
        }
        // What was waited for may have begun more.
        drop(self.handle.request(Request::RemoveClient { name: "nobody".into() }).await);
        for (request, answer) in asked {
            self.note(format!("{request:?}: {answer:?}"));
            self.beliefs.learn(&request, &answer);
        }
        self.is_forgotten = self.rng.chance(500) && !self.gate.fails();
        if self.is_forgotten {
            drop(self.handle.request(Request::RetryPasswords).await);
        }
        while let Err(why) = self.check() {
            assert!(began.elapsed() < PATIENCE, "{why}: {:#?}", self.now());
            rest().await;
        }
        self.heard().await;
        assert_eq!(self.check(), Ok(()), "and stays so");
    }

    fn check(&self) -> Result<(), String> {
        let now = self.now();
        self.check_file(&now)?;
        self.check_door(&now)?;
        self.check_passwords(&now)
    }

    /// The file is the snapshot's, or what somebody wrote by hand and nobody has written over.
    fn check_file(&self, now: &Snapshot) -> Result<(), String> {
        // One that was put aside is written with the first change.
        let Ok(text) = fs::read_to_string(self.begin.file()) else { return Ok(()) };
        if self.by_hand.as_ref() == Some(&text) {
            return Ok(());
        }
        let saved = load(&self.begin.file()).map_err(|error| error.to_string())?;
        if saved != now.settings {
            return Err(format!("the file has {saved:?}"));
        }
        match &self.by_hand {
            Some(hand) if !is_in(hand, &now.settings) => Err(format!("it has lost {hand}")),
            _ => Ok(()),
        }
    }

    fn check_door(&self, now: &Snapshot) -> Result<(), String> {
        let host = if now.address.host == "localhost" { "127.0.0.1" } else { &now.address.host };
        let address: SocketAddr = format!("{host}:{}", now.address.port).parse().unwrap();
        let usual = Listen::default().port;
        let is_taken = address == self.taken.local_addr().unwrap();
        let is_open = !is_taken && address.port() != 0 && TcpStream::connect(address).is_ok();
        match now.state {
            State::Idle
            | State::Active
            | State::Degraded
            | State::Down
            | State::NoProvider
            | State::Paused { .. }
                if !is_open =>
            {
                Err("it is shut".into())
            }
            // Settings that begin anew have the usual port, and somebody else may be there.
            State::Stopped if is_open && address.port() != usual => Err("it is open".into()),
            State::Starting => Err("it is starting".into()),
            _ => Ok(()),
        }
    }

    fn check_passwords(&self, now: &Snapshot) -> Result<(), String> {
        let store = |owner: &Owner| match now.settings.desktop.passwords {
            StoreKind::Keyring => self.begin.keyring.secrets().get(owner).cloned(),
            StoreKind::Vault => self.vault.get(owner).ok().flatten(),
        };
        self.beliefs.check(now, !self.has_vault && self.is_forgotten, store)?;
        if now.keep != KeepState::Open || now.settings.desktop.passwords != StoreKind::Keyring {
            return Ok(());
        }
        let has = |owner: &Owner| match owner {
            Owner::Proxy(_) => false,
            Owner::Provider(id) => now.settings.providers.iter().any(|p| p.id == *id),
            Owner::Client(name) => now.settings.clients.iter().any(|c| c.name == *name),
        };
        let left = self.begin.keyring.secrets().into_keys().find(|owner| !has(owner));
        match left.filter(|owner| !self.beliefs.are_left(owner) && self.is_forgotten) {
            Some(owner) => Err(format!("the password of {owner} is left")),
            None => Ok(()),
        }
    }

    /// Ends it within its time, whatever goes on.
    async fn quit(&mut self) {
        self.note("quit".into());
        self.ask(Request::QuitNow);
        let began = (Instant::now(), RealInstant::now());
        while !self.controller.is_finished() {
            assert!(began.0.elapsed() <= END && began.1.elapsed() < PATIENCE, "it does not end");
            if self.gate.is_held() {
                advance(Duration::from_millis(100)).await;
            }
            rest().await;
        }
        (&mut self.controller).await.unwrap();
        let calls = self.begin.desk.calls.send_replace(Vec::new());
        assert!(calls.ends_with(&[Call::Quit, Call::Dropped]), "{calls:?}");
        let asked: Vec<_> = self.asked.drain(..).collect();
        for Asked { request, answer } in asked {
            let answer = answer.await.unwrap();
            self.note(format!("{request:?}: {answer:?}"));
            self.beliefs.learn(&request, &answer);
        }
        self.check_file(&self.now()).unwrap();
    }

    async fn restart(&mut self) {
        self.quit().await;
        self.gate.end();
        self.gate = Arc::new(Gate::new(Arc::clone(&self.begin.keyring)));
        self.begin.store = Arc::clone(&self.gate) as _;
        let settings = load(&self.begin.file()).unwrap_or_default();
        self.beliefs.begin(&self.begin.keyring.secrets(), &settings);
        (self.vault, self.handle, self.controller) = start(&self.begin, &self.wall);
        self.by_hand = None;
    }
}

fn start(begin: &Begin, wall: &Wall) -> (Arc<Vault>, Handle, JoinHandle<()>) {
    let (shell, start, mut dependencies) = begin.parts();
    dependencies.environment = Box::new(wall.clone());
    let vault = Arc::clone(&dependencies.vault);
    let (handle, controller) = prepare(shell, start, dependencies).unwrap();
    handle.notice(Notice::WindowShown);
    (vault, handle, tokio::spawn(controller))
}

/// Lets others go on, and does not let time go on.
async fn rest() {
    yield_now().await;
    thread::yield_now();
}

/// Whether what was written by hand, the routing mode, is there.
fn is_in(hand: &str, settings: &settings::Settings) -> bool {
    let hand: serde_json::Value = match serde_json::from_str(hand) {
        Ok(hand) => hand,
        Err(_) => return true,
    };
    serde_json::to_value(settings).unwrap()["routing"] == hand["routing"]
}

/// Whether a request shows in the snapshot.
fn tells(now: &Snapshot, request: &Request) -> bool {
    let has = |id: &String| now.providers.iter().any(|view| view.id == *id);
    match request {
        Request::SaveProvider { provider, .. } => has(&provider.id),
        Request::RemoveProvider { id } => !has(id),
        Request::SetListen { listen } => now.settings.listen == *listen,
        Request::SetPosting { posting } => now.settings.posting == *posting,
        Request::Start => now.settings.desktop.on,
        Request::Stop => now.state == State::Stopped,
        Request::AddClient { name, .. } => now.settings.clients.iter().any(|c| c.name == *name),
        _ => true,
    }
}

fn folder_in_the_way(begin: &Begin) -> PathBuf {
    begin.folder.path().join(".settings.json.new")
}
