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
        let second = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), address.port());
        match TcpListener::bind(second).await {
            Ok(second) => listeners.push(second),
            // Some clients would reach that program instead.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                return Err(explained(second, &error));
            }
            // A computer without IPv6 has one loopback address less.
            Err(_) => {}
        }
    }
    Ok((listeners, address))
}

async fn listener(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| explained(address, &error))
}

fn explained(address: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "cannot listen on {address}: another program uses port {}; end it, or use another port",
            address.port()
        ),
        io::ErrorKind::PermissionDenied => format!(
            "cannot listen on {address}: the system does not allow it, as for ports below 1024; use \
             another port"
        ),
        _ => format!("cannot listen on {address}: {error}"),
    }
}
