//! Races TCP handshakes to several addresses (RFC 8305, section 5), so that a silent address costs
//! little. Only the handshakes overlap; TLS and login are for the winner.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::source::{Source, socket};
use super::{Boxed, DialError};

/// How long to wait for an answer before the next address is tried too (RFC 8305, section 8).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to the first address that answers. All other connections are closed when this returns, so
/// the provider counts only one. Calls `refused` for each address that refuses.
///
/// # Errors
/// The last error, if all refuse; or that `source` cannot be used.
pub(super) async fn race(
    source: Option<&Source>,
    addresses: &[SocketAddr],
    refused: &mut (dyn FnMut(SocketAddr) + Send),
) -> Result<(TcpStream, SocketAddr), DialError> {
    let mut waiting = addresses.iter().copied();
    let mut runners = Vec::with_capacity(addresses.len());
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    loop {
        runners.extend(waiting.next().map(|to| runner(source, to)).transpose()?);
        if runners.is_empty() {
            return Err(DialError::Connect(last));
        }
        let answer = poll_fn(|context| first(&mut runners, context));
        let answer = match waiting.len() {
            0 => Ok(answer.await),
            _ => timeout(HEAD_START, answer).await,
        };
        match answer {
            Ok((Ok(stream), address)) => return Ok((stream, address)),
            Ok((Err(error), address)) => {
                refused(address);
                last = error;
            }
            Err(_) => {}
        }
    }
}

/// A handshake in progress.
type Runner = (SocketAddr, Boxed<'static, io::Result<TcpStream>>);

fn runner(source: Option<&Source>, address: SocketAddr) -> Result<Runner, DialError> {
    Ok((address, Box::pin(socket(source, address)?.connect(address))))
}

/// Removes the first handshake that has a result.
fn first(
    runners: &mut Vec<Runner>,
    context: &mut Context<'_>,
) -> Poll<(io::Result<TcpStream>, SocketAddr)> {
    for at in 0..runners.len() {
        if let Poll::Ready(answer) = runners[at].1.as_mut().poll(context) {
            return Poll::Ready((answer, runners.remove(at).0));
        }
    }
    Poll::Pending
}
