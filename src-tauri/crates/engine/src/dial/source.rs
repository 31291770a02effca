//! The interface or source address that connections leave by.

use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(target_os = "macos")]
use std::num::NonZeroU32;

use if_addrs::{Interface, get_if_addrs};
use tokio::net::TcpSocket;

use super::{BindError, DialError};
use crate::config::{Bind, IpVersion, Via};

/// What sockets are bound to, as it is now.
pub(crate) struct Source {
    /// The interface; empty for a source address that no interface shows, as 127.0.0.2.
    pub(crate) interface: String,
    /// Its addresses that may be used, or the one to use.
    pub(crate) addresses: Vec<IpAddr>,
    /// The interface's number, if the sockets are bound to it and not to an address.
    index: Option<u32>,
    is_device: bool,
}

impl Source {
    /// Finds the interface or address that connections have to leave by; `None` if they may leave by any.
    ///
    /// # Errors
    /// If it is not there, or down: then nothing may be sent.
    pub(crate) fn find(via: &Via) -> Result<Option<Self>, DialError> {
        let Some(bind) = &via.bind else { return Ok(None) };
        let all = get_if_addrs().map_err(|error| DialError::Bind(BindError::Refused(error)))?;
        let found = match bind {
            Bind::Interface(name) => Self::interface(name, via.ip, &all),
            Bind::Address(address) => Self::address(*address, &all),
        };
        found.map(Some).map_err(DialError::Bind)
    }

    fn interface(name: &str, ip: IpVersion, all: &[Interface]) -> Result<Self, BindError> {
        let entries: Vec<_> = all.iter().filter(|entry| entry.name == name).collect();
        let Some(first) = entries.first() else {
            return Err(BindError::NoInterface(name.to_owned()));
        };
        if !entries.iter().any(|entry| entry.is_oper_up()) {
            return Err(BindError::Down(name.to_owned()));
        }
        let addresses =
            entries.iter().filter(|entry| !entry.is_link_local()).map(|entry| entry.ip());
        let addresses: Vec<_> = addresses.filter(|address| ip.allows(*address)).collect();
        if addresses.is_empty() {
            return Err(BindError::NoAddressOf(name.to_owned(), ip));
        }
        Ok(Self { interface: name.to_owned(), addresses, index: first.index, is_device: true })
    }

    /// Every address of 127.0.0.0/8 is there without being listed.
    fn address(address: IpAddr, all: &[Interface]) -> Result<Self, BindError> {
        let entry = all.iter().find(|entry| entry.ip() == address);
        match entry {
            None if !address.is_loopback() => return Err(BindError::NoAddress(address)),
            Some(entry) if !entry.is_oper_up() => return Err(BindError::Down(entry.name.clone())),
            _ => {}
        }
        let interface = entry.map(|entry| entry.name.clone()).unwrap_or_default();
        Ok(Self { interface, addresses: vec![address], index: None, is_device: false })
    }

    /// Whether it has an address from which this one can be reached.
    pub(super) fn reaches(&self, to: IpAddr) -> bool {
        self.addresses.iter().any(|from| from.is_ipv4() == to.is_ipv4())
    }

    /// Binds a socket that is to connect to `to`.
    fn bind(&self, socket: &TcpSocket, to: SocketAddr) -> io::Result<()> {
        if self.is_device && self.bind_device(socket, to)? {
            return Ok(());
        }
        let from = self.addresses.iter().find(|from| from.is_ipv4() == to.is_ipv4());
        let from = from.ok_or(io::ErrorKind::AddrNotAvailable)?;
        socket.bind(SocketAddr::new(*from, 0))
    }

    /// Linux: SO_BINDTODEVICE.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn bind_device(&self, socket: &TcpSocket, _: SocketAddr) -> io::Result<bool> {
        let _ = self.index;
        socket.bind_device(Some(self.interface.as_bytes())).map(|()| true)
    }

    /// macOS: IP_BOUND_IF.
    #[cfg(target_os = "macos")]
    fn bind_device(&self, socket: &TcpSocket, to: SocketAddr) -> io::Result<bool> {
        let index = self.index.and_then(NonZeroU32::new).ok_or(io::ErrorKind::NotFound)?;
        let socket = socket2::SockRef::from(socket);
        match to {
            SocketAddr::V4(_) => socket.bind_device_by_index_v4(Some(index))?,
            SocketAddr::V6(_) => socket.bind_device_by_index_v6(Some(index))?,
        }
        Ok(true)
    }

    /// Windows sends what has an interface's address by that interface (its strong host model).
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
    fn bind_device(&self, _: &TcpSocket, _: SocketAddr) -> io::Result<bool> {
        let _ = self.index;
        Ok(false)
    }
}

/// Makes a socket that can connect to `to`, bound as it has to be.
///
/// # Errors
/// If it cannot be bound; it is not used then.
pub(super) fn socket(source: Option<&Source>, to: SocketAddr) -> Result<TcpSocket, DialError> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.map_err(DialError::Connect)?;
    let refused = |error| DialError::Bind(BindError::Refused(error));
    source.map_or(Ok(()), |source| source.bind(&socket, to)).map_err(refused)?;
    Ok(socket)
}

/// The names of the interfaces that connections can leave by, with their addresses. Empty if the system
/// does not tell.
#[must_use]
pub fn interfaces() -> Vec<(String, Vec<IpAddr>)> {
    let mut all: Vec<(String, Vec<IpAddr>)> = Vec::new();
    let usable = |entry: &Interface| !entry.is_loopback() && !entry.is_link_local();
    for entry in get_if_addrs().unwrap_or_default().into_iter().filter(usable) {
        let address = entry.ip();
        match all.iter_mut().find(|(name, _)| *name == entry.name) {
            Some((_, addresses)) => addresses.push(address),
            None => all.push((entry.name, vec![address])),
        }
    }
    all
}
