//! Requests by message-id through a whole proxy, over pipes and in simulated time. Which provider is asked
//! is decided inside the engine: what the figures grow by with each provider is the choice.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU16;
use std::sync::Arc;

use nntp_proxy::auth::AuthHandler;
use nntp_proxy::config::{
    Allowances, BackendConfig, Compression, Config, RoutingMode, TimeLimits, Tls, TrafficLimits,
    Via,
};
use nntp_proxy::dial::{BoxStream, Boxed, Dial, DialError};
use nntp_proxy::proxy::Proxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::Builder;

use crate::cases::ID;

/// Asks for an article so many times: `together` requests in one write, and the next when all are answered.
pub(crate) fn serve(providers: usize, together: usize, times: u64) -> Result<f64, String> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.map_err(|e| e.to_string())?.block_on(async {
        let auth = Arc::new(AuthHandler::new(None, None));
        let backends = (0..providers).map(backend).collect();
        let config = Config {
            mode: RoutingMode::PerCommand,
            posting: false,
            auth,
            backends,
            allowances: Allowances::new(),
            traffic: TrafficLimits::default(),
        };
        let (mut client, theirs) = duplex(16 * 1024);
        let proxy = Proxy::new(config, Arc::new(Pipes));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        tokio::spawn(async move { proxy.serve_client(Box::new(theirs), address).await });
        expect(&mut client, b"201 ").await?;
        let requests = format!("STAT {ID}\r\n").repeat(together);
        for _ in 0..times {
            client.write_all(requests.as_bytes()).await.map_err(|e| e.to_string())?;
            let mut left = together;
            while left > 0 {
                left = left.saturating_sub(expect(&mut client, b"223 ").await?);
            }
        }
        Ok(together as f64)
    })
}

/// Reads one reply or several, and says how many.
async fn expect(client: &mut DuplexStream, code: &[u8]) -> Result<usize, String> {
    let mut reply = [0; 4096];
    let length = client.read(&mut reply).await.map_err(|e| e.to_string())?;
    let reply = reply.get(..length).unwrap_or_default();
    let right = reply.starts_with(code) && reply.ends_with(b"\r\n");
    let replies = || reply.iter().filter(|byte| **byte == b'\n').count();
    right.then(replies).ok_or_else(|| String::from_utf8_lossy(reply).into_owned())
}

fn backend(at: usize) -> BackendConfig {
    BackendConfig {
        id: at.to_string(),
        name: at.to_string(),
        host: at.to_string(),
        port: 119,
        tls: Tls::Off,
        login: None,
        connections: NonZeroU16::MIN,
        tier: 0,
        required: false,
        pipelining: None,
        limits: TimeLimits::default(),
        account: None,
        backbone: None,
        via: Via::default(),
        compression: Compression::Off,
    }
}

/// Providers that have every article.
struct Pipes;

impl Dial for Pipes {
    fn connect<'a>(&'a self, _: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>> {
        let (ours, theirs) = duplex(16 * 1024);
        tokio::spawn(answer(theirs));
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

/// Allocates nothing for a request.
async fn answer(mut proxy: DuplexStream) {
    let (mut lines, status) = ([0; 4096], format!("223 0 {ID}\r\n"));
    let found = status.repeat(lines.len() / "STAT".len());
    let mut reply = "200 hello\r\n";
    while proxy.write_all(reply.as_bytes()).await.is_ok() {
        let Ok(read @ 1..) = proxy.read(&mut lines).await else { return };
        let lines = lines.get(..read).unwrap_or_default();
        let requests = lines.iter().filter(|byte| **byte == b'\n').count();
        reply = match lines.starts_with(b"STAT ") {
            true => found.get(..requests * status.len()).unwrap_or_default(),
            false => "200 as you like\r\n",
        };
    }
}
