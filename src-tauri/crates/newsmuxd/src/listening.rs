//! Where clients connect.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use control::settings::Listen;
use tokio::net::TcpListener;

/// Listens, and says at which address. `localhost` is both loopback addresses, with the same port.
///
/// # Errors
/// A sentence that names the address.
pub(crate) async fn bind(listen: &Listen) -> Result<(Vec<TcpListener>, SocketAddr), String> {
    let ip = match listen.host.parse() {
        Ok(ip) => ip,
        Err(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let first = listener(SocketAddr::new(ip, listen.port)).await?;
    let address = first.local_addr().map_err(|e| format!("cannot listen: {e}"))?;
    let mut listeners = vec![first];
    if listen.host == "localhost" {
        // A computer without IPv6 has one loopback address less.
        let second = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), address.port());
        listeners.extend(TcpListener::bind(second).await);
    }
    Ok((listeners, address))
}

async fn listener(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("cannot listen on {address}: another program uses port {}", address.port())
        }
        io::ErrorKind::PermissionDenied => {
            format!("cannot listen on {address}: ports below 1024 are for the system; use another")
        }
        _ => format!("cannot listen on {address}: {error}"),
    })
}
