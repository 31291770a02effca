//! The requests of a check on a ready connection, and how it closes.

use std::time::Duration;

use nntp::capabilities::Offered;
use nntp::login::{Account, redacted};
use nntp::status::StatusLine;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::finding::{Finding, Found, Step};
use super::refusal::broken_off;
use crate::config::BackendConfig;
use crate::dial::{DialError, Established, read_block, read_status};

/// How many times the latency is measured.
const ROUND_TRIPS: usize = 3;
/// A message-id that no server has: asking for it shows whether articles may be requested at all.
const NO_ARTICLE: &[u8] = b"STAT <newsmux.check@localhost.invalid>\r\n";
/// How long the provider has to answer `QUIT` on all connections together.
const LEAVE: Duration = Duration::from_secs(2);

/// Sends a line and reads the status line of the reply.
async fn ask(
    connection: &mut Established,
    to: &BackendConfig,
    line: &[u8],
) -> Result<StatusLine, Found> {
    let asking = async {
        connection.write.write_all(line).await.map_err(DialError::Connect)?;
        connection.write.flush().await.map_err(DialError::Connect)?;
        read_status(&mut connection.read).await
    };
    match timeout(to.limits.first_byte, asking).await {
        Ok(status) => status.map_err(|error| broken_off(&error)),
        Err(_) => Err(Found::NoAnswer),
    }
}

/// Without an account, finds out whether the provider needs one.
pub(super) async fn without_login(
    connection: &mut Established,
    to: &BackendConfig,
) -> Result<Finding, Finding> {
    let bad = |found| Finding::bad(Step::Login, found);
    let status = ask(connection, to, NO_ARTICLE).await.map_err(bad)?;
    if status.code().get() == 480 {
        let words = format!("480 {}", redacted(None, status.text()));
        return Err(bad(Found::LoginNeeded).saying(words));
    }
    Ok(Finding::good(Step::Login, Found::NoLogin))
}

/// Asks for the capabilities.
pub(super) async fn capabilities(
    connection: &mut Established,
    to: &BackendConfig,
    account: Option<&Account>,
) -> Finding {
    let offered = offered(connection, to).await;
    let list: Vec<_> = offered.iter().map(|one| redacted(account, one.as_bytes())).collect();
    let found = if list.is_empty() { Found::NoCapabilities } else { Found::Capabilities { list } };
    Finding::good(Step::Capabilities, found)
}

/// Reads the capabilities; empty if the provider lists none.
pub(super) async fn offered(connection: &mut Established, to: &BackendConfig) -> Offered {
    match ask(connection, to, b"CAPABILITIES\r\n").await {
        Ok(status) if status.code().get() == 101 => {
            let block = timeout(to.limits.first_byte, read_block(&mut connection.read)).await;
            Offered::parse(&block.unwrap_or(Ok(Vec::new())).unwrap_or_default())
        }
        _ => Offered::default(),
    }
}

/// Measures the latency: the median of a few small requests.
pub(super) async fn round_trip(
    connection: &mut Established,
    to: &BackendConfig,
) -> Result<Finding, Finding> {
    let mut times = [Duration::ZERO; ROUND_TRIPS];
    for time in &mut times {
        let began = Instant::now();
        let asked = ask(connection, to, b"DATE\r\n").await;
        asked.map_err(|found| Finding::bad(Step::RoundTrip, found))?;
        *time = began.elapsed();
    }
    times.sort_unstable();
    let microseconds = u64::try_from(times[ROUND_TRIPS / 2].as_micros()).unwrap_or(u64::MAX);
    Ok(Finding::good(Step::RoundTrip, Found::RoundTrip { microseconds }))
}

/// Sends `QUIT` on all connections, and gives the provider a moment to close them.
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
