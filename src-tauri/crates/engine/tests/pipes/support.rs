//! What stands around the engine in these tests: providers behind pipes, and clients on pipes. There are
//! no sockets, so that time can be paused.

use std::io::ErrorKind;
use std::num::{NonZeroU8, NonZeroU16};
use std::sync::Arc;
use std::time::Duration;

use newsmux_tests::provider::{ProviderState, serve_connection};
use nntp_proxy::auth::AuthHandler;
use nntp_proxy::config::{
    Allowances, BackendConfig, Compression, Config, RoutingMode, TimeLimits, Tls, TrafficLimits,
    Via,
};
use nntp_proxy::dial::{BoxStream, Boxed, Dial, DialError, Stream};
use nntp_proxy::proxy::Proxy;
use tokio::io::{DuplexStream, duplex};
use tokio::task::unconstrained;

/// How much a pipe to a provider usually has room for, in bytes.
const ROOM: usize = 32 * 1024;

/// Dials these providers, whose names are their hosts. There are no others.
pub(crate) struct Pipes {
    pub(crate) providers: Vec<Arc<ProviderState>>,
    /// What a pipe holds, in bytes.
    pub(crate) room: usize,
}

impl Pipes {
    pub(crate) fn to(providers: &[&Arc<ProviderState>]) -> Self {
        Self { providers: providers.iter().copied().cloned().collect(), room: ROOM }
    }
}

impl Dial for Pipes {
    fn connect<'a>(&'a self, to: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async move {
            let provider = self.providers.iter().find(|provider| provider.name() == to.host);
            let refused = || DialError::Connect(ErrorKind::ConnectionRefused.into());
            let provider = Arc::clone(provider.ok_or_else(refused)?);
            let (ours, theirs) = duplex(self.room);
            // What is due is said at once, and not by and by.
            tokio::spawn(unconstrained(serve_connection(theirs, provider)));
            Ok(Box::new(ours) as BoxStream)
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

/// The settings of the provider with this name.
pub(crate) fn backend(name: &str, connections: u16) -> BackendConfig {
    BackendConfig {
        id: name.into(),
        name: name.into(),
        host: name.into(),
        port: 119,
        tls: Tls::Off,
        login: None,
        connections: NonZeroU16::new(connections).unwrap(),
        tier: 0,
        required: false,
        pipelining: None,
        limits: TimeLimits::from_timeout(Duration::from_secs(30)),
        account: None,
        backbone: None,
        via: Via::default(),
        compression: Compression::Off,
    }
}

/// One request after the other for each connection, or so many at once.
pub(crate) fn depth(depth: u8) -> Option<NonZeroU8> {
    NonZeroU8::new(depth)
}

pub(crate) fn config(mode: RoutingMode, backends: Vec<BackendConfig>) -> Config {
    Config {
        mode,
        posting: false,
        auth: Arc::new(AuthHandler::new(None, None)),
        backends,
        allowances: Allowances::new(),
        traffic: TrafficLimits::default(),
    }
}

/// A client's end of a pipe with so much room; `wrap` has the proxy's end first.
pub(crate) fn connect<S: Stream + 'static>(
    proxy: &Proxy,
    room: usize,
    wrap: impl FnOnce(DuplexStream) -> S,
) -> DuplexStream {
    let (ours, theirs) = duplex(room);
    let (proxy, theirs) = (proxy.clone(), wrap(theirs));
    let address = "127.0.0.1:9".parse().unwrap();
    tokio::spawn(async move { proxy.serve_client(Box::new(theirs), address).await });
    ours
}
