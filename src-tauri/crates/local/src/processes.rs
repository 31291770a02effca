//! Which program stands behind a socket on this computer, where the system tells.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use listeners::{Listener, Process, Protocol, SocketState, get_all};

use crate::programs;

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

    /// The process that listens on a port, with the name of its program.
    #[must_use]
    pub fn listener(&self, port: u16) -> Option<(u32, String)> {
        let is_it = |one: &Listener| one.state == SocketState::Listen && one.socket.port() == port;
        self.process(is_it).map(named)
    }

    /// The process at the other end of a connection from `address`, with the name of its program.
    #[must_use]
    pub fn client(&self, address: SocketAddr) -> Option<(u32, String)> {
        self.at(address).map(named)
    }

    fn at(&self, address: SocketAddr) -> Option<&Process> {
        let is_it = |socket: SocketAddr| {
            socket.port() == address.port()
                && socket.ip().to_canonical() == address.ip().to_canonical()
        };
        self.process(|one| one.state != SocketState::Listen && is_it(one.socket))
    }

    fn process(&self, is_it: impl Fn(&Listener) -> bool) -> Option<&Process> {
        let found = self.0.iter().find(|one| one.protocol == Protocol::TCP && is_it(one))?;
        Some(&found.process)
    }
}

fn named(process: &Process) -> (u32, String) {
    (process.pid, programs::name(process))
}

/// The sockets as they were taken last, and when that began. Connections that come together share them.
static LAST: Mutex<Option<(Instant, Sockets)>> = Mutex::new(None);

/// The name of the program at the other end of a connection from `peer`, which was `connected` by this moment: if it runs
/// on this computer and the system tells. Blocks for some milliseconds.
#[must_use]
pub fn program_at(peer: SocketAddr, connected: Instant) -> Option<String> {
    if !peer.ip().to_canonical().is_loopback() {
        return None;
    }
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.as_ref().is_none_or(|(began, _)| *began < connected) {
        let began = Instant::now();
        *last = Some((began, Sockets::now()));
    }
    let process = last.as_ref()?.1.at(peer).cloned();
    drop(last);
    process.as_ref().map(programs::name)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::process;

    use super::*;

    /// One that has sent something: before that, wine does not know whose it is.
    fn client(at: SocketAddr) -> TcpStream {
        let mut client = TcpStream::connect(at).unwrap();
        client.write_all(b"CAPABILITIES\r\n").unwrap();
        client
    }

    #[test]
    fn who_listens_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let found = Sockets::now().listener(listener.local_addr().unwrap().port());
        assert_eq!(found.map(|(id, _)| id), Some(process::id()));
    }

    #[test]
    fn who_is_connected_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let client = client(at);
        let sockets = Sockets::now();
        let process = |address| sockets.client(address).map(|(id, _)| id);
        assert_eq!(process(client.local_addr().unwrap()), Some(process::id()));
        assert!(process(at).is_none_or(|id| id == process::id()));
    }

    #[test]
    fn many_connections_at_once_are_all_recognized() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let clients: Vec<_> = (0..20).map(|_| client(at)).collect();
        let names: Vec<_> = std::thread::scope(|scope| {
            let ask = |client: &TcpStream| {
                let peer = client.local_addr().unwrap();
                scope.spawn(move || program_at(peer, Instant::now()))
            };
            let asked: Vec<_> = clients.iter().map(ask).collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        assert!(names.iter().all(|name| name.is_some() && *name == names[0]), "{names:?}");
        assert_eq!(program_at("192.0.2.7:1".parse().unwrap(), Instant::now()), None);
    }
}
