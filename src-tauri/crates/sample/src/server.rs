//! The server's door, and one task for each connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use nntp::line::LineReader;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::CONNECTIONS;
use crate::library::Library;
use crate::reply::Reply;
use crate::session::{GREETING, Session};

/// How long a client may say nothing, or take nothing.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long to wait when the system has no connection to give.
const BREATH: Duration = Duration::from_millis(100);
/// The longest line, in octets: message-ids may be longer than RFC 3977 has it.
const LINE: usize = 1024;
const TOO_MANY: &[u8] = b"502 The sample provider takes no more connections\r\n";

/// Serves until the task is aborted, and its connections with it.
pub(crate) async fn serve(listener: TcpListener, library: Arc<Library>) {
    let (places, mut sessions) = (Arc::new(Semaphore::new(CONNECTIONS.into())), JoinSet::new());
    loop {
        let Ok((mut stream, _)) = listener.accept().await else {
            sleep(BREATH).await;
            continue;
        };
        while sessions.try_join_next().is_some() {}
        let (place, library) = (Arc::clone(&places).try_acquire_owned(), Arc::clone(&library));
        sessions.spawn(async move {
            let done = match place {
                Ok(_place) => converse(stream, library).await,
                Err(_) => stream.write_all(TOO_MANY).await,
            };
            // A client may go away at any time.
            drop(done);
        });
    }
}

/// One client, from the greeting to its end.
async fn converse(mut stream: TcpStream, library: Arc<Library>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(GREETING).await?;
    let (mut session, mut lines) = (Session::new(library), LineReader::new(LINE));
    while timeout(PATIENCE, stream.read_buf(lines.buffer_mut())).await?? > 0 {
        while let Some(line) = lines.next_line() {
            let reply = session.receive(line);
            timeout(PATIENCE, send(&mut stream, &reply)).await??;
            if reply.is_last() {
                return Ok(());
            }
        }
    }
    Ok(())
}

async fn send(stream: &mut TcpStream, reply: &Reply) -> io::Result<()> {
    for piece in reply.pieces() {
        stream.write_all(piece).await?;
    }
    Ok(())
}
