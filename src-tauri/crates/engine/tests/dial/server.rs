//! A provider of which every word is scripted.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// What a provider does next.
#[derive(Clone)]
pub(crate) enum Step {
    /// Says this, line ends included.
    Say(&'static str),
    /// Reads a line.
    Hear,
    /// Does nothing for a while.
    Wait(Duration),
    /// Answers the beginning of a TLS handshake with these bytes.
    Shake(Vec<u8>),
    /// Takes a TLS handshake.
    Tls(Arc<ServerConfig>),
    /// Closes the connection; a script without this one goes on listening.
    Close,
}

/// A provider on a loopback address. Every connection goes by the same script.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    accepted: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) async fn start(script: impl Into<Vec<Step>>) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), script.into())
    }

    /// The first connection goes by the first script, and so on; all others go by the last.
    pub(crate) async fn in_turn(scripts: Vec<Vec<Step>>) -> Self {
        Self::playing(TcpListener::bind("127.0.0.1:0").await.unwrap(), scripts)
    }

    pub(crate) fn on(listener: TcpListener, script: Vec<Step>) -> Self {
        Self::playing(listener, vec![script])
    }

    fn playing(listener: TcpListener, scripts: Vec<Vec<Step>>) -> Self {
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (all, accepted) = (Arc::clone(&heard), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&accepted);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let next = count.fetch_add(1, SeqCst);
                let script = scripts[next.min(scripts.len() - 1)].clone();
                tokio::spawn(play(stream, script, Arc::clone(&all)));
            }
        });
        Self { address, heard, accepted }
    }

    /// How many connections were accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(SeqCst)
    }

    /// Waits until this line was heard.
    pub(crate) async fn until(&self, line: &str) {
        while !self.heard().iter().any(|heard| heard == line) {
            tokio::task::yield_now().await;
        }
    }

    /// Every line that was heard, and `TLS Full` or `TLS Resumed` for every handshake.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn play(stream: TcpStream, script: Vec<Step>, heard: Arc<Mutex<Vec<String>>>) {
    let mut stream: Box<dyn Io> = Box::new(stream);
    for step in script {
        match step {
            Step::Say(words) => stream.write_all(words.as_bytes()).await.unwrap_or_default(),
            Step::Hear => {
                let line = line(&mut stream).await;
                heard.lock().unwrap().extend(line);
            }
            Step::Wait(time) => tokio::time::sleep(time).await,
            Step::Shake(answer) => {
                let mut hello = [0; 4096];
                if stream.read(&mut hello).await.is_ok() {
                    stream.write_all(&answer).await.unwrap_or_default();
                }
            }
            Step::Tls(config) => {
                let Ok(encrypted) = TlsAcceptor::from(config).accept(stream).await else { return };
                let kind = encrypted.get_ref().1.handshake_kind();
                heard.lock().unwrap().push(format!("TLS {:?}", kind.unwrap()));
                stream = Box::new(encrypted);
            }
            Step::Close => return stream.shutdown().await.unwrap_or_default(),
        }
    }
    hear_on(&mut stream, &heard).await;
}

async fn hear_on(stream: &mut Box<dyn Io>, heard: &Mutex<Vec<String>>) {
    while let Some(line) = line(stream).await {
        heard.lock().unwrap().push(line);
    }
}

/// Nothing when the connection ends; what it ends with is a line too.
async fn line(stream: &mut Box<dyn Io>) -> Option<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        match stream.read_u8().await {
            Ok(byte) => line.push(byte),
            Err(_) if line.is_empty() => return None,
            Err(_) => break,
        }
    }
    Some(String::from_utf8_lossy(&line).trim_end().to_owned())
}
