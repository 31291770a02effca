//! Which process stands behind a socket on this computer, where the system tells.

use std::net::SocketAddr;

use listeners::{Listener, Protocol, SocketState, get_all};

/// The sockets at one moment, with their processes. Taking it blocks for some milliseconds.
#[derive(Debug)]
pub struct Sockets(Vec<Listener>);

impl Sockets {
    /// Those of this moment.
    #[must_use]
    pub fn now() -> Self {
        let all = get_all().map(|all| all.into_iter().collect()).unwrap_or_default();
        Self(all)
    }

    /// The process that listens on a port, with its name.
    #[must_use]
    pub fn listener(&self, port: u16) -> Option<(u32, &str)> {
        self.process(|one| one.state == SocketState::Listen && one.socket.port() == port)
    }

    /// The process at the other end of a connection from `address`, with its name.
    #[must_use]
    pub fn client(&self, address: SocketAddr) -> Option<(u32, &str)> {
        let is_it = |socket: SocketAddr| {
            socket.port() == address.port()
                && socket.ip().to_canonical() == address.ip().to_canonical()
        };
        self.process(|one| one.state != SocketState::Listen && is_it(one.socket))
    }

    fn process(&self, is_it: impl Fn(&Listener) -> bool) -> Option<(u32, &str)> {
        let found = self.0.iter().find(|one| one.protocol == Protocol::TCP && is_it(one))?;
        Some((found.process.pid, &found.process.name))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::process;

    use super::*;

    #[test]
    fn both_ends_of_a_connection_are_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let client = TcpStream::connect(at).unwrap();
        let sockets = Sockets::now();
        let ours = |found: Option<(u32, &str)>| found.map(|(id, _)| id) == Some(process::id());
        assert!(ours(sockets.listener(at.port())));
        assert!(ours(sockets.client(client.local_addr().unwrap())));
        assert!(sockets.client(at).is_none() || ours(sockets.client(at)));
    }
}
