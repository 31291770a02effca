//! What providers and clients are scripted over: sockets, TLS, and pipes in memory alike.

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;
use tokio_rustls::{client, server};

/// A two-way stream of bytes.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin {
    /// Prepares it to be dropped without a goodbye, by RST where there is such a thing.
    fn abort(&mut self) {}
}

impl Transport for DuplexStream {}

impl Transport for TcpStream {
    fn abort(&mut self) {
        drop(self.set_zero_linger());
    }
}

impl<T: Transport> Transport for server::TlsStream<T> {
    fn abort(&mut self) {
        self.get_mut().0.abort();
    }
}

impl<T: Transport> Transport for client::TlsStream<T> {
    fn abort(&mut self) {
        self.get_mut().0.abort();
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn abort(&mut self) {
        (**self).abort();
    }
}
