//! TCP connections, with TLS if the settings say so.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::lookup_host;

use super::addresses::Addresses;
use super::establish::within;
use super::race::race;
use super::tls::Connectors;
use super::{BoxStream, Boxed, Dial, DialError, Oddity};
use crate::config::{BackendConfig, Tls};

/// Resolves a host name and port to addresses.
type Resolver = Box<dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync>;

/// Dials over the network.
#[derive(Default)]
pub struct NetDialler {
    connectors: Connectors,
    /// Replaces the system's resolver.
    resolver: Option<Resolver>,
    addresses: Addresses,
}

impl NetDialler {
    /// Creates a dialler. It loads certificates when it first needs them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a dialler that uses `resolver` instead of the system's.
    #[must_use]
    pub fn resolving(
        resolver: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Self {
        Self { resolver: Some(Box::new(resolver)), ..Self::default() }
    }

    /// Returns the host's addresses, best first.
    async fn candidates(&self, to: &BackendConfig) -> Result<Vec<SocketAddr>, DialError> {
        let looking_up = async {
            match &self.resolver {
                Some(resolver) => resolver(&to.host, to.port).map_err(DialError::Resolve),
                None => resolve(to).await,
            }
        };
        let mut addresses = within(to.limits.resolve, "the host's address", looking_up).await?;
        self.addresses.sort(&to.host, &mut addresses);
        Ok(addresses)
    }

    /// Connects to the first address that answers. Those that refuse count as failed.
    async fn first(
        &self,
        addresses: &[SocketAddr],
        to: &BackendConfig,
    ) -> Result<(BoxStream, SocketAddr), DialError> {
        let mut refused = |address| self.addresses.failed(&to.host, address);
        let racing = async { race(addresses, &mut refused).await.map_err(DialError::Connect) };
        let (stream, address) = within(to.limits.connect, "the connection", racing).await?;
        stream.set_nodelay(true).map_err(DialError::Connect)?;
        Ok((Box::new(stream), address))
    }
}

impl Dial for NetDialler {
    fn connect<'a>(&'a self, to: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async move {
            let (stream, _) = self.first(&self.candidates(to).await?, to).await?;
            Ok(stream)
        })
    }

    fn resolve<'a>(
        &'a self,
        to: &'a BackendConfig,
    ) -> Boxed<'a, Result<Vec<SocketAddr>, DialError>> {
        Box::pin(self.candidates(to))
    }

    fn connect_to<'a>(
        &'a self,
        addresses: &'a [SocketAddr],
        to: &'a BackendConfig,
    ) -> Boxed<'a, Result<(BoxStream, SocketAddr), DialError>> {
        Box::pin(self.first(addresses, to))
    }

    fn is_doubtful(&self, address: SocketAddr, to: &BackendConfig) -> bool {
        self.addresses.is_resting(&to.host, address)
    }

    fn succeeded(&self, address: SocketAddr, to: &BackendConfig) {
        self.addresses.succeeded(&to.host, address);
    }

    fn failed(&self, address: SocketAddr, to: &BackendConfig) {
        self.addresses.failed(&to.host, address);
    }

    fn start_tls<'a>(
        &'a self,
        stream: BoxStream,
        to: &'a BackendConfig,
    ) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async move {
            let (Tls::On(options) | Tls::StartTls(options)) = &to.tls else {
                return Err(DialError::Protocol(Oddity::NotAsked));
            };
            let handshake = self.connectors.handshake(stream, &to.host, options);
            within(to.limits.tls, "the TLS handshake", handshake).await
        })
    }
}

/// Looks up the host's addresses, alternating between IPv6 and IPv4 (RFC 8305, section 4).
async fn resolve(to: &BackendConfig) -> Result<Vec<SocketAddr>, DialError> {
    if to.host.eq_ignore_ascii_case("localhost") {
        // Both loopback addresses, whatever the hosts file says (RFC 6761, section 6.3).
        let (six, four) = (Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        return Ok([six, four].map(|ip| SocketAddr::new(ip, to.port)).into());
    }
    let found = lookup_host((to.host.as_str(), to.port)).await.map_err(DialError::Resolve)?;
    let (six, four): (Vec<_>, Vec<_>) = found.partition(SocketAddr::is_ipv6);
    let mut ranked: Vec<_> =
        six.into_iter().enumerate().chain(four.into_iter().enumerate()).collect();
    ranked.sort_by_key(|(at, _)| *at);
    Ok(ranked.into_iter().map(|(_, address)| address).collect())
}
