//! TCP connections, with TLS if the settings say so.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::lookup_host;
use tokio::time::timeout;

use super::addresses::Addresses;
use super::establish::within;
use super::race::race;
use super::socks;
use super::source::Source;
use super::tls::Connectors;
use super::{BoxStream, Boxed, Dial, DialError, Oddity};
use crate::config::{BackendConfig, IpVersion, Socks5, Tls};

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

    /// Returns the host's addresses that may be used, best first. A proxy looks them up itself.
    async fn candidates(&self, to: &BackendConfig) -> Result<Vec<SocketAddr>, DialError> {
        // Without the interface not even the name is looked up.
        let source = Source::find(&to.via)?;
        if to.via.proxy.is_some() {
            return Ok(Vec::new());
        }
        let mut addresses = self.look_up(&to.host, to.port, to).await?;
        usable(&mut addresses, source.as_ref(), to.via.ip)?;
        self.addresses.sort(&to.host, &mut addresses);
        Ok(addresses)
    }

    async fn look_up(
        &self,
        host: &str,
        port: u16,
        to: &BackendConfig,
    ) -> Result<Vec<SocketAddr>, DialError> {
        let looking_up = async {
            match &self.resolver {
                Some(resolver) => resolver(host, port).map_err(DialError::Resolve),
                None => resolve(host, port).await,
            }
        };
        within(to.limits.resolve, "the host's address", looking_up).await
    }

    /// Connects to the first address that answers. Those that refuse count as failed.
    async fn first(
        &self,
        addresses: &[SocketAddr],
        to: &BackendConfig,
    ) -> Result<(BoxStream, SocketAddr), DialError> {
        let source = Source::find(&to.via)?;
        let mut refused = |address| self.addresses.failed(&to.host, address);
        let racing = race(source.as_ref(), addresses, &mut refused);
        let (stream, address) = within(to.limits.connect, "the connection", racing).await?;
        stream.set_nodelay(true).map_err(DialError::Connect)?;
        Ok((Box::new(stream), address))
    }

    /// Connects through a proxy.
    async fn through(&self, proxy: &Socks5, to: &BackendConfig) -> Result<BoxStream, DialError> {
        let source = Source::find(&to.via)?;
        let reaching = async {
            let mut addresses = self.look_up(&proxy.host, proxy.port, to).await?;
            usable(&mut addresses, source.as_ref(), to.via.ip)?;
            let mut refused = |_| ();
            let racing = race(source.as_ref(), &addresses, &mut refused);
            within(to.limits.connect, "the connection", racing).await
        };
        let (stream, _) = reaching.await.map_err(|error| socks::unreachable(proxy, error))?;
        stream.set_nodelay(true).map_err(DialError::Connect)?;
        let connecting = socks::connect(stream, proxy, to);
        let connected = timeout(to.limits.connect, connecting).await;
        Ok(Box::new(connected.unwrap_or_else(|_| Err(socks::silent(proxy)))?))
    }
}

impl Dial for NetDialler {
    fn connect<'a>(&'a self, to: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async move {
            if let Some(proxy) = &to.via.proxy {
                return self.through(proxy, to).await;
            }
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

/// Keeps the addresses that may be used.
fn usable(
    addresses: &mut Vec<SocketAddr>,
    source: Option<&Source>,
    ip: IpVersion,
) -> Result<(), DialError> {
    let had_any = !addresses.is_empty();
    addresses
        .retain(|to| ip.allows(to.ip()) && source.is_none_or(|source| source.reaches(to.ip())));
    if !had_any || !addresses.is_empty() {
        return Ok(());
    }
    let of_source = match source.and_then(|source| source.addresses.first()) {
        Some(from) if from.is_ipv4() => IpVersion::V4,
        Some(_) => IpVersion::V6,
        None => IpVersion::Auto,
    };
    Err(DialError::NoAddressOf(if ip == IpVersion::Auto { of_source } else { ip }))
}

/// Looks up the host's addresses, alternating between IPv6 and IPv4 (RFC 8305, section 4).
async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, DialError> {
    if host.eq_ignore_ascii_case("localhost") {
        // Both loopback addresses, whatever the hosts file says (RFC 6761, section 6.3).
        let (six, four) = (Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into());
        return Ok([six, four].map(|ip| SocketAddr::new(ip, port)).into());
    }
    let found = lookup_host((host, port)).await.map_err(DialError::Resolve)?;
    let (six, four): (Vec<_>, Vec<_>) = found.partition(SocketAddr::is_ipv6);
    let mut ranked: Vec<_> =
        six.into_iter().enumerate().chain(four.into_iter().enumerate()).collect();
    ranked.sort_by_key(|(at, _)| *at);
    Ok(ranked.into_iter().map(|(_, address)| address).collect())
}
