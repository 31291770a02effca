//! Where clients connect.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::{Listen, Provider, Settings};

/// Why nobody can connect; a sentence that names the address.
#[derive(Debug)]
pub struct CannotListen {
    address: SocketAddr,
    error: io::Error,
}

/// A port that a provider has of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderPort {
    /// The provider's id.
    pub id: String,
    /// The provider's place in the settings.
    pub at: usize,
    /// Where to listen.
    pub listen: Listen,
}

/// The ports of the providers that are used.
#[must_use]
pub fn provider_ports(settings: &Settings) -> Vec<ProviderPort> {
    let used = settings.providers.iter().enumerate().filter(|(_, provider)| provider.enabled);
    let port = |(at, provider): (usize, &Provider)| {
        let listen = Listen { port: provider.listen_port?, ..settings.listen.plain() };
        Some(ProviderPort { id: provider.id.clone(), at, listen })
    };
    used.filter_map(port).collect()
}

/// Listens, and says at which address. `localhost` is both loopback addresses, with the same port.
///
/// # Errors
/// When the system does not let us, or another program listens there.
pub async fn bind(listen: &Listen) -> Result<(Vec<TcpListener>, SocketAddr), CannotListen> {
    let ip = match listen.host.parse() {
        Ok(ip) => ip,
        Err(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let first = listener(SocketAddr::new(ip, listen.port)).await?;
    let at = SocketAddr::new(ip, listen.port);
    let address = first.local_addr().map_err(|error| CannotListen { address: at, error })?;
    let mut listeners = vec![first];
    if listen.host == "localhost" {
        match listener(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), address.port())).await {
            Ok(second) => listeners.push(second),
            // Some clients would reach that program instead.
            Err(busy) if busy.is_busy() => return Err(busy),
            // A computer without IPv6 has one loopback address less.
            Err(_) => {}
        }
    }
    Ok((listeners, address))
}

async fn listener(address: SocketAddr) -> Result<TcpListener, CannotListen> {
    TcpListener::bind(address).await.map_err(|error| CannotListen { address, error })
}

impl CannotListen {
    /// Whether another program listens there.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.error.kind() == io::ErrorKind::AddrInUse
    }

    /// The program ends meanwhile.
    #[must_use]
    pub fn ended() -> Self {
        let address = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0);
        Self { address, error: io::Error::other("Newsmux is about to end") }
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

impl fmt::Display for CannotListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, error } = self;
        match error.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "cannot listen on {address}: another program uses port {}; end it, or use another port",
                address.port()
            ),
            io::ErrorKind::PermissionDenied => write!(
                f,
                "cannot listen on {address}: the system does not allow it, as for ports below 1024; \
                 use another port"
            ),
            _ => write!(f, "cannot listen on {address}: {error}"),
        }
    }
}

impl Error for CannotListen {}
