//! A dialler whose connections count every byte on the socket, whatever it is for: encryption, logins,
//! replies.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{BoxStream, Boxed, Dial, DialError, ReadHalf, Stream, WriteHalf};
use crate::backend::{Counters, Meter};
use crate::config::BackendConfig;

/// Where the bytes of a provider's connections are counted.
#[derive(Clone)]
pub(crate) struct Tally {
    pub(crate) meter: Arc<Meter>,
    pub(crate) counters: Arc<Counters>,
}

impl Tally {
    fn received(&self, bytes: usize) {
        self.meter.count(bytes as u64);
        self.counters.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn sent(&self, bytes: usize) {
        self.meter.count(bytes as u64);
        self.counters.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// A dialler that counts. See the [module](self).
pub(crate) struct Metered<D> {
    pub(crate) dialler: D,
    pub(crate) tally: Tally,
}

impl<D> Metered<D> {
    fn metered(&self, stream: BoxStream) -> BoxStream {
        Box::new(Counted { inner: stream, tally: self.tally.clone() })
    }
}

impl<D> Dial for Metered<D>
where
    D: Deref<Target: Dial> + Send + Sync,
{
    fn connect<'a>(&'a self, to: &'a BackendConfig) -> Boxed<'a, Result<BoxStream, DialError>> {
        Box::pin(async move { self.dialler.connect(to).await.map(|stream| self.metered(stream)) })
    }

    fn resolve<'a>(
        &'a self,
        to: &'a BackendConfig,
    ) -> Boxed<'a, Result<Vec<SocketAddr>, DialError>> {
        self.dialler.resolve(to)
    }

    fn connect_to<'a>(
        &'a self,
        addresses: &'a [SocketAddr],
        to: &'a BackendConfig,
    ) -> Boxed<'a, Result<(BoxStream, SocketAddr), DialError>> {
        Box::pin(async move {
            let (stream, address) = self.dialler.connect_to(addresses, to).await?;
            Ok((self.metered(stream), address))
        })
    }

    fn is_doubtful(&self, address: SocketAddr, to: &BackendConfig) -> bool {
        self.dialler.is_doubtful(address, to)
    }

    fn succeeded(&self, address: SocketAddr, to: &BackendConfig) {
        self.dialler.succeeded(address, to);
    }

    fn failed(&self, address: SocketAddr, to: &BackendConfig) {
        self.dialler.failed(address, to);
    }

    fn start_tls<'a>(
        &'a self,
        stream: BoxStream,
        to: &'a BackendConfig,
    ) -> Boxed<'a, Result<BoxStream, DialError>> {
        self.dialler.start_tls(stream, to)
    }
}

/// A stream, or half of one, that counts what goes through it.
struct Counted<S> {
    inner: S,
    tally: Tally,
}

impl Stream for Counted<BoxStream> {
    fn halves(self: Box<Self>) -> (ReadHalf, WriteHalf) {
        let Self { inner, tally } = *self;
        let (read, write) = inner.halves();
        let read = Counted { inner: read, tally: tally.clone() };
        (Box::new(read), Box::new(Counted { inner: write, tally }))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        self.tally.received(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, bytes))?;
        self.tally.sent(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, bytes))?;
        self.tally.sent(written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
