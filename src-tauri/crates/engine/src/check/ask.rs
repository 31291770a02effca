//! What is asked on a connection once it carries requests, and how it is left.

use std::time::Duration;

use nntp::block::{BlockScan, Scan};
use nntp::capabilities::Offered;
use nntp::login::{Account, redacted};
use nntp::status::StatusLine;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::finding::{Finding, Found, Step};
use crate::config::BackendConfig;
use crate::dial::Established;

/// How often the round trip is measured.
const ROUND_TRIPS: usize = 3;
/// The most that is read of one reply, in bytes.
const REPLY: usize = 64 * 1024;
/// An article that nobody has: to ask for it shows whether articles may be asked for at all.
const NO_ARTICLE: &[u8] = b"STAT <newsmux.check@localhost.invalid>\r\n";
/// How long the provider has to take leave of all connections.
const LEAVE: Duration = Duration::from_secs(2);

/// Sends a line and reads the reply, with its block where it is the list of capabilities.
pub(super) async fn ask(
    connection: &mut Established,
    to: &BackendConfig,
    line: &[u8],
) -> Result<Vec<u8>, Found> {
    let asking = async {
        connection.write.write_all(line).await?;
        connection.write.flush().await?;
        let mut reply = Vec::new();
        while !is_complete(&reply) && reply.len() < REPLY {
            reply.push(connection.read.read_u8().await?);
        }
        Ok::<_, std::io::Error>(reply)
    };
    match timeout(to.limits.first_byte, asking).await {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(_)) => Err(Found::HungUp),
        Err(_) => Err(Found::NoAnswer),
    }
}

fn is_complete(reply: &[u8]) -> bool {
    let Some(end) = reply.iter().position(|byte| *byte == b'\n') else { return false };
    let block = reply.get(end + 1..).unwrap_or_default();
    !reply.starts_with(b"101") || matches!(BlockScan::default().push(block), Scan::End(_))
}

/// Without an account: whether the provider wants one all the same.
pub(super) async fn without_login(
    connection: &mut Established,
    to: &BackendConfig,
) -> Result<Finding, Finding> {
    let bad = |found| Finding::bad(Step::Login, found);
    let reply = ask(connection, to, NO_ARTICLE).await.map_err(bad)?;
    match StatusLine::parse(reply.into()) {
        Ok(status) if status.code().get() == 480 => {
            let words = format!("480 {}", redacted(None, status.text()));
            Err(bad(Found::LoginNeeded).saying(words))
        }
        _ => Ok(Finding::good(Step::Login, Found::NoLogin)),
    }
}

/// What the provider offers, as it says itself.
pub(super) async fn capabilities(
    connection: &mut Established,
    to: &BackendConfig,
    account: Option<&Account>,
) -> Finding {
    let reply = ask(connection, to, b"CAPABILITIES\r\n").await.unwrap_or_default();
    let list: Vec<_> =
        offered(&reply).iter().map(|one| redacted(account, one.as_bytes())).collect();
    let found = if list.is_empty() { Found::NoCapabilities } else { Found::Capabilities { list } };
    Finding::good(Step::Capabilities, found)
}

/// The lines of the list of capabilities; none where the reply is another.
pub(super) fn offered(reply: &[u8]) -> Vec<String> {
    let end = reply.iter().position(|byte| *byte == b'\n').filter(|_| reply.starts_with(b"101"));
    let block = end.and_then(|end| reply.get(end + 1..)).unwrap_or_default();
    Offered::parse(block).iter().map(Into::into).collect()
}

/// How far away it is: the median of a few small requests.
pub(super) async fn round_trip(
    connection: &mut Established,
    to: &BackendConfig,
) -> Result<Finding, Finding> {
    let mut times = Vec::with_capacity(ROUND_TRIPS);
    for _ in 0..ROUND_TRIPS {
        let began = Instant::now();
        let asked = ask(connection, to, b"DATE\r\n").await;
        asked.map_err(|found| Finding::bad(Step::RoundTrip, found))?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let median = times.get(ROUND_TRIPS / 2).copied().unwrap_or_default();
    let microseconds = u64::try_from(median.as_micros()).unwrap_or(u64::MAX);
    Ok(Finding::good(Step::RoundTrip, Found::RoundTrip { microseconds }))
}

/// Takes leave on all connections, and waits a little for the provider to do so too.
pub(super) async fn leave(connections: &mut [Established]) {
    for connection in &mut *connections {
        drop(connection.write.write_all(b"QUIT\r\n").await);
        drop(connection.write.flush().await);
    }
    let farewells = async {
        for connection in &mut *connections {
            while connection.read.read_u8().await.is_ok_and(|byte| byte != b'\n') {}
        }
    };
    drop(timeout(LEAVE, farewells).await);
}
