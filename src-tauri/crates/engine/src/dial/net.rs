//! Connections over TCP, with TLS where the settings say so.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Duration, timeout};

use super::establish::within;
use super::tls::Connectors;
use super::{BoxStream, Boxed, Dial, DialError, Oddity};
use crate::config::{BackendConfig, Tls, TlsOptions};

/// The next address is tried when one has not answered after this long.
const NEXT_ADDRESS: Duration = Duration::from_secs(1);

/// Dials over the network.
#[derive(Default)]
pub struct NetDialler {
    connectors: Connectors,
    /// Which address of a host answered last: it is tried first.
    good: Mutex<HashMap<String, SocketAddr>>,
}

impl NetDialler {
    /// A dialler that has read no certificates yet: it does when it first needs them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    async fn dial(&self, to: &BackendConfig) -> Result<BoxStream, DialError> {
        let limits = to.limits;
        let mut addresses = within(limits.resolve, "the host's address", resolve(to)).await?;
        let good = self.good().get(&to.host).copied();
        addresses.sort_by_key(|address| Some(*address) != good);
        let connecting = first_that_answers(&addresses);
        let (stream, address) = within(limits.connect, "the connection", connecting).await?;
        self.good().insert(to.host.clone(), address);
        stream.set_nodelay(true).map_err(DialError::Connect)?;
        match &to.tls {
            Tls::On(options) => self.encrypt(Box::new(stream), to, options).await,
            Tls::Off | Tls::StartTls(_) => Ok(Box::new(stream)),
        }
    }

    fn good(&self) -> MutexGuard<'_, HashMap<String, SocketAddr>> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn encrypt(
        &self,
        stream: BoxStream,
        to: &BackendConfig,
        options: &TlsOptions,
    ) -> Result<BoxStream, DialError> {
        let handshake = self.connectors.handshake(stream, &to.host, options);
        within(to.limits.tls, "the TLS handshake", handshake).await
    }
}

impl Dial for NetDialler {
    fn connect<'a>(&'a self, to: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(self.dial(to))
    }

    fn resolve<'a>(&'a self, to: &'a BackendConfig) -> Boxed<'a, Result<(), DialError>> {
        Box::pin(async move {
            within(to.limits.resolve, "the host's address", resolve(to)).await.map(drop)
        })
    }

    fn start_tls<'a>(
        &'a self,
        stream: BoxStream,
        to: &'a BackendConfig,
    ) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async move {
            match &to.tls {
                Tls::On(options) | Tls::StartTls(options) => {
                    self.encrypt(stream, to, options).await
                }
                Tls::Off => Err(DialError::Protocol(Oddity::NotAsked)),
            }
        })
    }
}

/// The host's addresses, the two families in turn (RFC 8305, section 4).
async fn resolve(to: &BackendConfig) -> Result<Vec<SocketAddr>, DialError> {
    if to.host.eq_ignore_ascii_case("localhost") {
        // Both loopback addresses, whatever the system's tables say (RFC 6761, section 6.3).
        let (six, four) = (Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        return Ok([six, four].map(|ip| SocketAddr::new(ip, to.port)).into());
    }
    let found = lookup_host((to.host.as_str(), to.port)).await.map_err(DialError::Resolve)?;
    let (six, four): (Vec<_>, Vec<_>) = found.partition(SocketAddr::is_ipv6);
    let mut sorted = Vec::with_capacity(six.len() + four.len());
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    loop {
        let (a, b) = (six.next(), four.next());
        if a.is_none() && b.is_none() {
            return Ok(sorted);
        }
        sorted.extend(a.into_iter().chain(b));
    }
}

/// The first of the addresses that answers. Never two at once, as RFC 8305 has it: the provider might
/// count both.
async fn first_that_answers(
    addresses: &[SocketAddr],
) -> Result<(TcpStream, SocketAddr), DialError> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    let mut silent = Vec::new();
    for address in addresses {
        match timeout(NEXT_ADDRESS, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok((stream, *address)),
            Ok(Err(error)) => last = error,
            Err(_) => silent.push(*address),
        }
    }
    // What is far away or busy may answer later.
    for address in silent {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok((stream, address)),
            Err(error) => last = error,
        }
    }
    Err(DialError::Connect(last))
}
