//! A provider for those who have no account yet: a small news server in this process, on loopback, with a few
//! groups, texts that tell how to use Newsmux, and one picture in yEnc with its .nzb. Nothing in it is real Usenet.

mod article;
mod clock;
mod library;
mod nzb;
mod picture;
mod reading;
mod reply;
mod saving;
mod server;
mod session;
mod texts;
mod wildmat;
mod yenc;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::{AbortHandle, spawn_blocking};

use library::Library;
pub use picture::picture;
pub use saving::{save, save_in};

/// How many connections the server takes at once. A provider of it is better told of fewer.
pub const CONNECTIONS: u16 = 16;
/// The name of the picture, as programs save it.
pub const PICTURE_NAME: &str = "newsmux-sample.png";
/// What the .nzb is best called.
pub const NZB_NAME: &str = "newsmux-sample.nzb";

/// The server, for as long as this value lives. Dropping it ends the server and its connections.
///
/// ```
/// # use tokio::io::{AsyncBufReadExt, BufReader};
/// # use tokio::net::TcpStream;
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let sample = sample::Sample::start().await?;
/// let mut greeting = String::new();
/// let stream = TcpStream::connect(sample.address()).await?;
/// BufReader::new(stream).read_line(&mut greeting).await?;
/// assert!(greeting.starts_with("201 "));
/// # std::io::Result::Ok(()) })?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Sample {
    address: SocketAddr,
    nzb: String,
    serving: AbortHandle,
}

impl Sample {
    /// Starts it on a free port of 127.0.0.1, in the runtime that this is called in.
    ///
    /// # Errors
    /// When the system gives no port.
    pub async fn start() -> io::Result<Self> {
        // To draw and encode the picture takes a moment that nobody else is to wait for.
        let library = spawn_blocking(Library::new).await.map_err(io::Error::other)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (address, nzb) = (listener.local_addr()?, nzb::of(&library));
        let serving = tokio::spawn(server::serve(listener, Arc::new(library))).abort_handle();
        Ok(Self { address, nzb, serving })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The .nzb of the picture, which is the same each time.
    #[must_use]
    pub fn nzb(&self) -> &str {
        &self.nzb
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
