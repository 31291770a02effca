//! Names, addresses, and those that do not answer.

use std::net::{Ipv4Addr, Ipv6Addr};

use tokio::net::TcpListener;

use crate::server::{Server, Step};
use crate::{assert_says, established, plain, refused};

fn greeting() -> Vec<Step> {
    vec![Step::Say("200 hello\r\n")]
}

#[tokio::test]
async fn a_name_without_an_address_says_so() {
    let server = Server::start(greeting()).await;
    let mut to = plain(server.address);
    // Too long for a name: no one needs to be asked.
    to.host = "a".repeat(64);
    assert_says(&refused(&to).await, &["has no address", "check its spelling"]);
}

#[tokio::test]
async fn a_port_where_nothing_listens_says_so() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_says(&refused(&plain(address)).await, &["cannot connect", "check host and port"]);
}

#[tokio::test]
async fn localhost_is_both_loopback_addresses() {
    for ip in ["127.0.0.1:0", "[::1]:0"] {
        // A computer without IPv6 has one loopback address less.
        let Ok(listener) = TcpListener::bind(ip).await else { continue };
        let server = Server::on(listener, greeting());
        let mut to = plain(server.address);
        to.host = "localhost".into();
        established(&to).await;
    }
}

#[tokio::test]
async fn an_address_can_be_of_either_family() {
    for ip in [Ipv4Addr::LOCALHOST.into(), std::net::IpAddr::from(Ipv6Addr::LOCALHOST)] {
        let Ok(listener) = TcpListener::bind((ip, 0)).await else { continue };
        established(&plain(Server::on(listener, greeting()).address)).await;
    }
}

/// Only Linux drops what does not fit into the queue of a listener, which makes it a silent address.
#[cfg(target_os = "linux")]
pub(crate) mod silent {
    use std::net::SocketAddr;
    use std::time::Duration;

    use nntp_proxy::dial::{DialError, NetDialler, establish};
    use tokio::net::{TcpSocket, TcpStream};
    use tokio::time::timeout;

    use super::*;

    /// A listener whose queue is full, and those who fill it.
    pub(crate) struct Full {
        pub(crate) address: SocketAddr,
        pub(crate) listener: TcpListener,
        pub(crate) queue: Vec<TcpStream>,
    }

    pub(crate) async fn full(socket: TcpSocket, address: &str) -> Option<Full> {
        socket.bind(address.parse().unwrap()).ok()?;
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut queue = Vec::new();
        while let Ok(connected) =
            timeout(Duration::from_millis(200), TcpStream::connect(address)).await
        {
            queue.push(connected.unwrap());
            assert!(queue.len() < 10, "the queue is never full");
        }
        Some(Full { address, listener, queue })
    }

    #[tokio::test]
    async fn an_address_that_does_not_answer_times_out() {
        let full = full(TcpSocket::new_v4().unwrap(), "127.0.0.1:0").await.unwrap();
        let mut to = plain(full.address);
        to.limits.connect = Duration::from_millis(100);
        let error = establish(&NetDialler::new(), &to).await.err().unwrap();
        assert!(matches!(error, DialError::TimedOut("the connection")), "{error}");
    }

    #[tokio::test]
    async fn the_next_address_is_tried_when_the_first_is_silent() {
        let Ok(six) = TcpSocket::new_v6() else { return };
        let Some(full) = full(six, "[::1]:0").await else { return };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, full.address.port())).await.unwrap();
        let server = Server::on(listener, greeting());
        let mut to = plain(server.address);
        to.host = "localhost".into();
        timeout(Duration::from_secs(5), established(&to)).await.unwrap();
    }
}
