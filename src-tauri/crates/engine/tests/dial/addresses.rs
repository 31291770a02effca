//! A host with several addresses, some of which are sick: what is tried, in which order, for how long.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nntp_proxy::auth::AuthHandler;
use nntp_proxy::check::{Check, is_usable};
use nntp_proxy::config::{
    Allowances, BackendConfig, Config, RoutingMode, TimeLimits, Tls, TrafficLimits, Verify,
};
use nntp_proxy::dial::{BoxStream, Boxed, Dial, DialError, NetDialler, establish};
use nntp_proxy::proxy::Proxy;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};
use tokio::time::Instant;

use crate::certificates::{Authority, expired, valid};
use crate::checking::welcome;
use crate::server::{Server, Step};
use crate::{assert_says, encrypted, plain, with_login};

/// A dialler for which every host has these addresses.
fn at(addresses: &[SocketAddr]) -> NetDialler {
    let addresses = addresses.to_vec();
    NetDialler::resolving(move |_, _| Ok(addresses.clone()))
}

fn of(servers: &[&Server]) -> NetDialler {
    at(&servers.iter().map(|server| server.address).collect::<Vec<_>>())
}

/// A provider with a login, and limits short enough for a test.
fn provider() -> BackendConfig {
    let mut to = with_login(plain(([127, 0, 0, 1], 1).into()));
    "news.example.com".clone_into(&mut to.host);
    let short = Duration::from_millis(400);
    (to.limits.greeting, to.limits.login, to.limits.tls) = (short, short, short);
    to
}

fn good() -> Vec<Step> {
    vec![Step::Say("200 hello\r\n"), Step::Hear, Step::Say("281 welcome\r\n")]
}

fn refusing(greeting: &'static str) -> Vec<Step> {
    vec![Step::Say(greeting), Step::Close]
}

fn answering(login: &'static str) -> Vec<Step> {
    vec![Step::Say("200 hello\r\n"), Step::Hear, Step::Say(login), Step::Close]
}

fn silent_at_login() -> Vec<Step> {
    vec![Step::Say("200 hello\r\n"), Step::Hear]
}

fn logins(server: &Server) -> usize {
    server.heard().iter().filter(|line| line.starts_with("AUTHINFO USER")).count()
}

#[tokio::test]
async fn a_sick_address_leads_to_the_next_within_the_same_dial() {
    for sick in [
        vec![],
        vec![Step::Close],
        refusing("400 not for your network\r\n"),
        refusing("502 no permission\r\n"),
        refusing("500 what?\r\n"),
        refusing("HTTP/1.1 400 Bad Request\r\n"),
        silent_at_login(),
        answering("400 shutting down\r\n"),
        answering("503 try later\r\n"),
    ] {
        let (sick, well) = (Server::start(sick).await, Server::start(good()).await);
        let dialler = of(&[&sick, &well]);
        assert!(establish(&dialler, &provider()).await.is_ok(), "{:?}", sick.heard());
        assert_eq!((sick.accepted(), well.accepted(), logins(&well)), (1, 1, 1));
    }
}

#[tokio::test]
async fn a_handshake_that_fails_leads_to_the_next_address() {
    let authority = Authority::new();
    let behind = |config| [vec![Step::Tls(config)], good()].concat();
    for sick in [
        vec![],
        vec![Step::Close],
        vec![Step::Say("200 hello\r\n")],
        behind(authority.server("elsewhere.example", valid)),
        behind(authority.server("localhost", expired)),
    ] {
        let sick = Server::start(sick).await;
        let well = Server::start(behind(authority.server("localhost", valid))).await;
        let to = encrypted(provider(), Tls::On, Verify::Full, &authority.file());
        let dialler = of(&[&sick, &well]);
        assert!(establish(&dialler, &to).await.is_ok(), "{:?}", sick.heard());
        assert_eq!((sick.accepted(), logins(&sick), logins(&well)), (1, 0, 1));
    }
}

#[tokio::test]
async fn the_next_dials_begin_with_the_address_on_which_the_login_succeeded() {
    let (sick, well) = (Server::start([]).await, Server::start(good()).await);
    let dialler = of(&[&sick, &well]);
    for _ in 0..4 {
        establish(&dialler, &provider()).await.unwrap();
    }
    assert_eq!((sick.accepted(), logins(&well)), (1, 4));
}

#[tokio::test]
async fn an_address_is_good_only_until_it_fails() {
    let first = Server::in_turn(vec![good(), refusing("502 no more\r\n"), good()]).await;
    let second = Server::start(good()).await;
    let dialler = of(&[&first, &second]);
    for _ in 0..4 {
        establish(&dialler, &provider()).await.unwrap();
    }
    assert_eq!((logins(&first), first.accepted()), (1, 2));
    assert_eq!(logins(&second), 3);
}

#[tokio::test]
async fn an_address_is_not_hurried_for_the_sake_of_one_that_is_sick() {
    let sick = Server::start([Step::Close]).await;
    // Takes longer than half of the limit.
    let slow = || [vec![Step::Wait(Duration::from_millis(300))], good()].concat();
    let slow = Server::in_turn(vec![good(), slow()]).await;
    let dialler = of(&[&sick, &slow]);
    for _ in 0..2 {
        establish(&dialler, &provider()).await.unwrap();
    }
    assert_eq!((sick.accepted(), logins(&slow)), (1, 2));
}

#[tokio::test]
async fn what_the_account_is_refused_for_is_not_asked_at_another_address() {
    for refusal in [
        "481 wrong password\r\n",
        "482 too many connections\r\n",
        "502 account expired\r\n",
        "482 no\r\n",
    ] {
        let first = Server::start(answering(refusal)).await;
        let second = Server::start(good()).await;
        let error = establish(&of(&[&first, &second]), &provider()).await.err().unwrap();
        assert!(matches!(error, DialError::Refused(_)), "{error}");
        assert_eq!((first.accepted(), second.accepted()), (1, 0), "{refusal}");
    }
}

#[tokio::test]
async fn what_came_furthest_says_why_no_address_would_do() {
    let far = Server::start(answering("503 try later\r\n")).await;
    let near = Server::start([Step::Close]).await;
    for order in [[&near, &far], [&far, &near]] {
        let error = establish(&of(&order), &provider()).await.err().unwrap();
        assert_says(&error.to_string(), &["503 try later"]);
    }
}

#[tokio::test]
async fn not_more_than_four_addresses_are_tried_in_one_dial() {
    let mut servers = Vec::new();
    for _ in 0..8 {
        servers.push(Server::start(refusing("502 not here\r\n")).await);
    }
    let dialler = of(&servers.iter().collect::<Vec<_>>());
    let tried = || servers.iter().map(Server::accepted).collect::<Vec<_>>();
    assert!(establish(&dialler, &provider()).await.is_err());
    assert_eq!(tried(), [1, 1, 1, 1, 0, 0, 0, 0]);
    assert!(establish(&dialler, &provider()).await.is_err());
    assert_eq!(tried(), [1; 8], "those that failed go to the back");
}

#[tokio::test]
async fn a_ca_file_that_cannot_be_read_is_not_held_against_an_address() {
    let authority = Authority::new();
    let server =
        Server::start([vec![Step::Tls(authority.server("localhost", valid))], good()].concat())
            .await;
    let file = authority.other_file("");
    let to = encrypted(provider(), Tls::On, Verify::Full, &file);
    let dialler = of(&[&server, &server]);
    assert_says(&establish(&dialler, &to).await.err().unwrap().to_string(), &["the ca_file"]);
    assert!(server.accepted() <= 1);
}

#[tokio::test]
async fn a_check_goes_by_the_address_that_works() {
    let authority = Authority::new();
    let tls = || Step::Tls(authority.server("localhost", valid));
    for sick in [vec![], vec![tls(), Step::Say("502 not here\r\n")]] {
        let well = [vec![tls()], welcome("200 hello\r\n", "500 what?\r\n")].concat();
        let (sick, well) = (Server::start(sick).await, Server::start(well).await);
        let to = encrypted(provider(), Tls::On, Verify::Full, &authority.file());
        let (dialler, mut found) = (of(&[&sick, &well]), Vec::new());
        let check = Check::new(&dialler).with_pause(Duration::ZERO);
        check.run(&to, |finding| found.push(finding)).await;
        assert!(is_usable(&found), "{found:?}");
        assert_eq!((sick.accepted(), logins(&well)), (1, 1));
    }
}

/// A login that succeeds, and then these.
fn serving(rest: &[Step]) -> Vec<Step> {
    [&good(), rest].concat()
}

fn found(times: usize) -> Vec<Step> {
    let once = [Step::Hear, Step::Say("223 0 <a@b>\r\n")];
    std::iter::repeat_n(once, times).flatten().collect()
}

/// A client of a proxy whose provider is at these addresses.
async fn client_of(servers: &[&Server]) -> BufReader<DuplexStream> {
    let auth = Arc::new(AuthHandler::new(None, None));
    let (mode, backends) = (RoutingMode::PerCommand, vec![provider()]);
    let config = Config {
        mode,
        posting: false,
        auth,
        backends,
        allowances: Allowances::new(),
        traffic: TrafficLimits::default(),
    };
    let proxy = Proxy::new(config, Arc::new(of(servers)));
    let (ours, theirs) = duplex(4096);
    tokio::spawn(async move {
        proxy.serve_client(Box::new(theirs), "127.0.0.1:1".parse().unwrap()).await;
    });
    let mut client = BufReader::new(ours);
    client.read_line(&mut String::new()).await.unwrap();
    client
}

async fn is_found(client: &mut BufReader<DuplexStream>) -> bool {
    let mut reply = String::new();
    client.write_all(b"STAT <a@b>\r\n").await.unwrap();
    client.read_line(&mut reply).await.unwrap();
    reply.starts_with("223 ")
}

#[tokio::test]
async fn an_address_that_logs_in_and_serves_nothing_is_left_for_the_next() {
    for sick in [vec![Step::Hear, Step::Close], vec![Step::Hear]] {
        let sick = Server::start(serving(&sick)).await;
        let well = Server::start(serving(&found(5))).await;
        let mut client = client_of(&[&sick, &well]).await;
        for n in 0..5 {
            assert!(is_found(&mut client).await, "request {n}");
        }
        assert_eq!((logins(&sick), logins(&well)), (1, 1));
    }
}

#[tokio::test]
async fn an_address_that_goes_silent_after_it_has_served_is_left_for_the_next() {
    let sick = Server::in_turn(vec![serving(&[found(1), vec![Step::Hear]].concat()), good()]).await;
    let well = Server::start(serving(&found(1))).await;
    let mut client = client_of(&[&sick, &well]).await;
    assert!(is_found(&mut client).await);
    assert!(is_found(&mut client).await);
    assert_eq!((logins(&sick), logins(&well)), (1, 1));
}

#[tokio::test]
async fn an_address_that_served_nothing_is_tried_again_where_the_others_fail() {
    let dropping = serving(&[Step::Hear, Step::Close]);
    let first = Server::in_turn(vec![dropping, serving(&found(3))]).await;
    let once = serving(&[found(1), vec![Step::Close]].concat());
    let second = Server::in_turn(vec![once, refusing("502 not here\r\n")]).await;
    let mut client = client_of(&[&first, &second]).await;
    for n in 0..4 {
        assert!(is_found(&mut client).await, "request {n}");
    }
    assert_eq!((logins(&first), logins(&second), second.accepted()), (2, 1, 2));
}

/// An address to which nothing leads is a listener with a full queue: only Linux drops what does not fit.
#[cfg(target_os = "linux")]
mod nowhere {
    use super::*;
    use crate::network::silent::full;
    use tokio::net::{TcpListener, TcpSocket};
    use tokio::time::timeout;

    #[tokio::test]
    async fn an_address_that_leads_nowhere_costs_a_quarter_of_a_second_once() {
        let nowhere = full(TcpSocket::new_v4().unwrap(), "127.0.0.1:0").await.unwrap();
        let well = Server::start(good()).await;
        let dialler = at(&[nowhere.address, well.address]);
        for most in [700, 200] {
            let began = Instant::now();
            establish(&dialler, &provider()).await.unwrap();
            assert!(began.elapsed() < Duration::from_millis(most), "{:?}", began.elapsed());
        }
        assert_eq!(well.accepted(), 2);
    }

    #[tokio::test]
    async fn the_address_that_lost_the_race_never_has_a_connection() {
        let nowhere = full(TcpSocket::new_v4().unwrap(), "127.0.0.1:0").await.unwrap();
        let well = Server::start(good()).await;
        let _connection =
            establish(&at(&[nowhere.address, well.address]), &provider()).await.unwrap();
        for _ in &nowhere.queue {
            nowhere.listener.accept().await.unwrap();
        }
        // There is room now; a handshake that went on would knock again after a second.
        let another = timeout(Duration::from_secs(2), nowhere.listener.accept()).await;
        assert!(another.is_err(), "{another:?}");
    }

    #[tokio::test]
    async fn a_far_address_has_its_time_where_no_other_answers() {
        let slow = full(TcpSocket::new_v4().unwrap(), "127.0.0.1:0").await.unwrap();
        let dead = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let dialler = at(&[slow.address, dead]);
        let (to, began) = (provider(), Instant::now());
        let serving = async {
            // Long after the race is decided otherwise.
            tokio::time::sleep(Duration::from_millis(600)).await;
            for _ in &slow.queue {
                slow.listener.accept().await.unwrap();
            }
            Server::on(slow.listener, good())
        };
        let (established, _server) = tokio::join!(establish(&dialler, &to), serving);
        assert!(established.is_ok(), "after {:?}", began.elapsed());
    }
}

/// In simulated time: addresses that are silent from the greeting or from the login on, and one that
/// serves.
struct Pipes {
    open: Arc<AtomicUsize>,
    most: AtomicUsize,
    began: Instant,
    /// When each address was connected to, in seconds from the beginning.
    dialled: Mutex<Vec<(u16, u64)>>,
}

impl Pipes {
    fn new() -> Self {
        let (open, most) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
        Self { open, most, began: Instant::now(), dialled: Mutex::new(Vec::new()) }
    }

    fn serve(&self, port: u16) -> DuplexStream {
        let (ours, mut theirs) = duplex(1024);
        let open = Arc::clone(&self.open);
        self.most.fetch_max(open.fetch_add(1, SeqCst) + 1, SeqCst);
        self.dialled.lock().unwrap().push((port, self.began.elapsed().as_secs()));
        tokio::spawn(async move {
            let replies = ["200 hello\r\n", "381 more\r\n", "281 welcome\r\n"];
            for reply in replies.iter().take(port.into()) {
                theirs.write_all(reply.as_bytes()).await.unwrap();
                while theirs.read_u8().await.is_ok_and(|byte| byte != b'\n') {}
            }
            while theirs.read_u8().await.is_ok() {}
            open.fetch_sub(1, SeqCst);
        });
        ours
    }
}

impl Dial for Pipes {
    fn connect<'a>(&'a self, _: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async { panic!("there are addresses to choose from") })
    }

    fn resolve<'a>(
        &'a self,
        _: &'a BackendConfig,
    ) -> Boxed<'a, Result<Vec<SocketAddr>, DialError>> {
        Box::pin(async { Ok([0, 1, 2, 3].map(|port| ([192, 0, 2, 1], port).into()).into()) })
    }

    fn connect_to<'a>(
        &'a self,
        addresses: &'a [SocketAddr],
        _: &'a BackendConfig,
    ) -> Boxed<'a, Result<(BoxStream, SocketAddr), DialError>> {
        Box::pin(async move {
            // Whoever was left has its end seen.
            tokio::task::yield_now().await;
            let address = addresses[0];
            Ok((Box::new(self.serve(address.port())) as BoxStream, address))
        })
    }

    fn start_tls<'a>(
        &'a self,
        stream: BoxStream,
        _: &'a BackendConfig,
    ) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async { Ok(stream) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_address_costs_seconds_and_is_left_before_the_next_is_used() {
    let (pipes, mut to) = (Pipes::new(), provider());
    to.limits = TimeLimits::from_timeout(Duration::from_secs(30));
    let established = establish(&pipes, &to).await.unwrap();
    assert_eq!(established.address.unwrap().port(), 3);
    // 3 s for a greeting, 5 s for each reply of the login.
    assert_eq!(*pipes.dialled.lock().unwrap(), [(0, 0), (1, 3), (2, 8), (3, 13)]);
    assert_eq!(pipes.most.load(SeqCst), 1, "never two at once");
}
