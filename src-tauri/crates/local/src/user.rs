//! Whose program is at the other end of a connection on this computer: a port without a login would serve every account.

use std::net::SocketAddr;

/// Whether the program behind `peer`, connected to our socket `local`, runs as this user or as root. Where the system does
/// not tell, and for programs on other computers, it counts as this user's: those need a login.
#[must_use]
pub fn is_own(peer: SocketAddr, local: SocketAddr) -> bool {
    system::is_own(peer, local).unwrap_or(true)
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

    use rustix::process::geteuid;

    const ROOT: u32 = 0;

    /// Nothing where the kernel's tables do not have the connection.
    pub(super) fn is_own(peer: SocketAddr, local: SocketAddr) -> Option<bool> {
        if !peer.ip().to_canonical().is_loopback() {
            return None;
        }
        let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
        let user =
            tables.iter().find_map(|table| user(&fs::read_to_string(table).ok()?, peer, local))?;
        // What its program has closed already belongs to root.
        Some(user == ROOT || user == geteuid().as_raw())
    }

    /// The user of the socket at `peer`, from a table as in `proc_net_tcp(5)`.
    pub(super) fn user(table: &str, peer: SocketAddr, local: SocketAddr) -> Option<u32> {
        let wanted = [peer, local].map(canonical);
        table.lines().skip(1).find_map(|line| {
            let mut fields = line.split_ascii_whitespace().skip(1);
            let ends = [address(fields.next()?)?, address(fields.next()?)?];
            if ends == wanted { fields.nth(4)?.parse().ok() } else { None }
        })
    }

    fn canonical(address: SocketAddr) -> (IpAddr, u16) {
        (address.ip().to_canonical(), address.port())
    }

    /// `0100007F:2760`: each 32 bits of the address as a number of this machine, the port as it is.
    fn address(text: &str) -> Option<(IpAddr, u16)> {
        let (ip, port) = text.split_once(':')?;
        let words: Vec<u8> = (0..ip.len() / 8)
            .map(|word| u32::from_str_radix(ip.get(word * 8..word * 8 + 8)?, 16).ok())
            .collect::<Option<Vec<u32>>>()?
            .into_iter()
            .flat_map(u32::to_ne_bytes)
            .collect();
        let ip = match *words.as_slice() {
            [a, b, c, d] => Ipv4Addr::new(a, b, c, d).into(),
            _ => Ipv6Addr::from(<[u8; 16]>::try_from(words).ok()?).to_canonical(),
        };
        Some((ip, u16::from_str_radix(port, 16).ok()?))
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::net::SocketAddr;

    /// Not known: these systems have no table of connections and their users that every program may read.
    pub(super) fn is_own(_peer: SocketAddr, _local: SocketAddr) -> Option<bool> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    use rustix::process::geteuid;

    use super::*;

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2760 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0
   1: 0100007F:D431 0100007F:2760 01 00000000:00000000 00:00000000 00000000  1001        0 2 1 0 20 4 0 10 -1
   2: 0000000000000000FFFF00000100007F:D432 0000000000000000FFFF00000100007F:2760 01 0:0 00:0 0  1002        0 3
";

    #[cfg(target_endian = "little")]
    #[test]
    fn the_clients_side_of_the_connection_is_found() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let user = |peer, local| system::user(TABLE, at(peer), at(local));
        assert_eq!(user("127.0.0.1:54321", "127.0.0.1:10080"), Some(1001));
        assert_eq!(user("127.0.0.1:10080", "127.0.0.1:54321"), None, "that is our side");
        assert_eq!(user("127.0.0.1:54322", "127.0.0.1:10080"), Some(1002));
        assert_eq!(user("[::ffff:127.0.0.1]:54321", "[::ffff:127.0.0.1]:10080"), Some(1001));
        assert_eq!(user("127.0.0.1:1", "127.0.0.1:10080"), None);
    }

    #[test]
    fn a_program_of_this_user_is_served() {
        for host in ["127.0.0.1", "[::1]"] {
            let Ok(listener) = TcpListener::bind(format!("{host}:0")) else { continue };
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (accepted, peer) = listener.accept().unwrap();
            assert_eq!(system::is_own(peer, accepted.local_addr().unwrap()), Some(true), "{host}");
            drop(client);
        }
    }

    /// Needs root, who alone can start a program as another user.
    #[test]
    fn a_program_of_another_user_is_not() {
        if !geteuid().is_root() {
            return;
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = format!(
            "use IO::Socket::INET; my $s = IO::Socket::INET->new('127.0.0.1:{port}') or die; print <$s>"
        );
        let mut perl = Command::new("perl");
        perl.args(["-e", &script]).uid(65534).gid(65534).stdout(Stdio::piped());
        let mut perl = perl.spawn().unwrap();
        let (accepted, peer) = listener.accept().unwrap();
        assert!(!is_own(peer, accepted.local_addr().unwrap()));
        drop(accepted);
        let mut said = String::new();
        perl.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(perl.wait().unwrap().success());
    }
}
