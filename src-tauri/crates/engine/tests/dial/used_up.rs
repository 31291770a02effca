//! An account that is used up, in simulated time: how often it is asked, and how it comes back.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use nntp_proxy::auth::AuthHandler;
use nntp_proxy::config::{
    Allowances, BackendConfig, Config, RoutingMode, TimeLimits, TrafficLimits,
};
use nntp_proxy::dial::{BoxStream, Boxed, Dial, DialError};
use nntp_proxy::proxy::Proxy;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};
use tokio::time::{Duration, sleep};

use crate::{plain, with_login};

#[derive(Clone, Default)]
struct Provider {
    asked: Arc<AtomicUsize>,
    logins: Arc<AtomicUsize>,
    renewed: Arc<AtomicBool>,
}

impl Provider {
    async fn serve(self, stream: DuplexStream) {
        let (mut stream, mut reply) = (BufReader::new(stream), "200 hello\r\n".to_owned());
        while stream.write_all(reply.as_bytes()).await.is_ok() {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            reply = match line.split_whitespace().next() {
                Some("AUTHINFO") => {
                    self.logins.fetch_add(1, SeqCst);
                    "281 welcome\r\n".into()
                }
                Some("BODY") => {
                    self.asked.fetch_add(1, SeqCst);
                    match self.renewed.load(SeqCst) {
                        true => "222 0 <a@b>\r\nx\r\n.\r\n".into(),
                        false => "502 Byte limit exceeded\r\n".into(),
                    }
                }
                _ => "111 20260101000000\r\n".into(),
            };
        }
    }
}

impl Dial for Provider {
    fn connect<'a>(&'a self, _: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>> {
        let (ours, theirs) = duplex(4096);
        tokio::spawn(self.clone().serve(theirs));
        Box::pin(async { Ok(Box::new(ours) as BoxStream) })
    }

    fn start_tls<'a>(
        &'a self,
        stream: BoxStream,
        _: &'a BackendConfig,
    ) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async { Ok(stream) })
    }
}

fn proxy(provider: &Provider) -> Proxy {
    let mut to = with_login(plain(([127, 0, 0, 1], 1).into()));
    to.connections = NonZeroU16::new(4).unwrap();
    to.limits = TimeLimits::default();
    let auth = Arc::new(AuthHandler::new(None, None));
    let config = Config {
        mode: RoutingMode::PerCommand,
        posting: false,
        auth,
        backends: vec![to],
        allowances: Allowances::new(),
        traffic: TrafficLimits::default(),
    };
    Proxy::new(config, Arc::new(provider.clone()))
}

/// Four articles, pipelined; gives the code of the first reply.
async fn ask(proxy: &Proxy) -> String {
    let (ours, theirs) = duplex(4096);
    let (proxy, from) = (proxy.clone(), "127.0.0.1:9".parse().unwrap());
    tokio::spawn(async move { proxy.serve_client(Box::new(theirs), from).await });
    let mut client = BufReader::new(ours);
    client.read_line(&mut String::new()).await.unwrap();
    client.write_all("BODY <a@b>\r\n".repeat(4).as_bytes()).await.unwrap();
    let mut reply = String::new();
    client.read_line(&mut reply).await.unwrap();
    reply[..3].into()
}

#[tokio::test(start_paused = true)]
async fn a_used_up_account_costs_a_handful_of_requests_a_day() {
    let provider = Provider::default();
    let proxy = proxy(&provider);
    assert_eq!(ask(&proxy).await, "400");
    let at_once = provider.asked.load(SeqCst);
    assert!(at_once <= 4, "{at_once} requests before it was known");
    for _ in 0..24 * 60 {
        sleep(Duration::from_secs(60)).await;
        assert_eq!(ask(&proxy).await, "400");
    }
    let asked = provider.asked.load(SeqCst) - at_once;
    assert!((20..=30).contains(&asked), "{asked} requests");
    let logins = provider.logins.load(SeqCst);
    assert!(logins <= asked + 4, "{logins} logins");

    provider.renewed.store(true, SeqCst);
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(ask(&proxy).await, "222");
    assert_eq!(ask(&proxy).await, "222", "and all that come after");
}

#[tokio::test(start_paused = true)]
async fn an_account_that_may_work_again_is_asked_at_once() {
    let provider = Provider::default();
    let proxy = proxy(&provider);
    assert_eq!(ask(&proxy).await, "400");
    provider.renewed.store(true, SeqCst);
    assert_eq!(ask(&proxy).await, "400");
    proxy.renew();
    assert_eq!(ask(&proxy).await, "222");
}
