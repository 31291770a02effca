//! A SOCKS5 proxy (RFC 1928, RFC 1929) with names of its own.
#![expect(clippy::expect_used, reason = "a helper of tests: what goes wrong here fails the test")]

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional, sink};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How a proxy behaves, and the names that it knows.
#[derive(Debug, Clone, Default)]
pub struct Socks {
    names: HashMap<String, SocketAddr>,
    login: Option<(String, String)>,
    refusal: Option<u8>,
    babbles: bool,
    is_silent: bool,
}

/// A proxy that listens, until this is dropped.
#[derive(Debug)]
pub struct Proxying {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    behaviour: Socks,
    task: JoinHandle<()>,
}

impl Socks {
    /// A proxy that asks nobody for a login.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A name that only the proxy knows; every port of it leads there.
    #[must_use]
    pub fn name(mut self, name: &str, leads_to: SocketAddr) -> Self {
        self.names.insert(name.to_owned(), leads_to);
        self
    }

    /// Wants this login.
    #[must_use]
    pub fn login(mut self, user: &str, password: &str) -> Self {
        self.login = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// Answers every request with this code.
    #[must_use]
    pub fn refusing(mut self, code: u8) -> Self {
        self.refusal = Some(code);
        self
    }

    /// Is no SOCKS proxy at all.
    #[must_use]
    pub fn babbling(mut self) -> Self {
        self.babbles = true;
        self
    }

    /// Accepts, and says nothing.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.is_silent = true;
        self
    }

    /// Listens on loopback.
    pub async fn listen(self) -> Proxying {
        self.listen_at((Ipv4Addr::LOCALHOST, 0).into()).await
    }

    /// Listens at this address.
    pub async fn listen_at(self, address: SocketAddr) -> Proxying {
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(accept(listener, self.clone(), Arc::clone(&asked)));
        Proxying { address, asked, behaviour: self, task }
    }

    async fn serve(self, mut client: TcpStream, asked: &Mutex<Vec<String>>) -> io::Result<()> {
        if self.is_silent {
            // Until the client has had enough.
            return copy(&mut client, &mut sink()).await.map(drop);
        }
        if self.babbles {
            // Unread bytes would reset the connection.
            client.read_exact(&mut [0; 3]).await?;
            return client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
        if !self.admits(&mut client).await? {
            return Ok(());
        }
        let target = target(&mut client).await?;
        asked.lock().unwrap_or_else(PoisonError::into_inner).push(target.clone());
        let leads_to = self.names.get(target.rsplit_once(':').map_or("", |(name, _)| name));
        let leads_to = leads_to.copied().or_else(|| target.parse().ok());
        let reached = match (self.refusal, leads_to) {
            (Some(code), _) => Err(code),
            (None, None) => Err(4),
            (None, Some(address)) => TcpStream::connect(address).await.map_err(|_| 5),
        };
        let code = *reached.as_ref().err().unwrap_or(&0);
        client.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
        if let Ok(mut provider) = reached {
            copy_bidirectional(&mut client, &mut provider).await?;
        }
        Ok(())
    }

    /// The choice of the method, and the login.
    async fn admits(&self, client: &mut TcpStream) -> io::Result<bool> {
        client.read_u8().await?;
        let methods = bytes(client).await?;
        let Some((user, password)) = &self.login else {
            client.write_all(&[5, 0]).await?;
            return Ok(true);
        };
        if !methods.contains(&2) {
            client.write_all(&[5, 0xff]).await?;
            return Ok(false);
        }
        client.write_all(&[5, 2]).await?;
        client.read_u8().await?;
        let given = (bytes(client).await?, bytes(client).await?);
        let is_right = given == (user.as_bytes().to_vec(), password.as_bytes().to_vec());
        client.write_all(&[1, u8::from(!is_right)]).await?;
        Ok(is_right)
    }
}

impl Proxying {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was asked to connect to, as `name:port`.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops: it accepts nobody any more, and its connections break.
    pub async fn stop(&mut self) {
        self.task.abort();
        if !self.task.is_finished() {
            drop((&mut self.task).await);
        }
    }

    /// Listens again, on the same port.
    pub async fn restart(&mut self) {
        self.stop().await;
        *self = self.behaviour.clone().listen_at(self.address).await;
    }
}

impl Drop for Proxying {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Its connections end with this task.
async fn accept(listener: TcpListener, socks: Socks, asked: Arc<Mutex<Vec<String>>>) {
    let mut clients = tokio::task::JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.expect("a connection");
        let (socks, asked) = (socks.clone(), Arc::clone(&asked));
        clients.spawn(async move { socks.serve(client, &asked).await });
    }
}

/// Bytes behind their number.
async fn bytes(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; client.read_u8().await?.into()];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// The target of a request to connect.
async fn target(client: &mut TcpStream) -> io::Result<String> {
    let mut head = [0; 4];
    client.read_exact(&mut head).await?;
    let host = match head[3] {
        1 => Ipv4Addr::from_bits(client.read_u32().await?).to_string(),
        4 => format!("[{}]", Ipv6Addr::from_bits(client.read_u128().await?)),
        _ => String::from_utf8_lossy(&bytes(client).await?).into_owned(),
    };
    Ok(format!("{host}:{}", client.read_u16().await?))
}
