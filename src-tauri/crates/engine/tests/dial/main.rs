//! Dialling and checking over real sockets on the loopback addresses.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail so")]

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::Path;
use std::time::Duration;

use nntp_proxy::config::{
    BackendConfig, Compression, Credentials, Secret, TimeLimits, Tls, TlsOptions, Verify, Via,
};
use nntp_proxy::dial::{Established, NetDialler, establish};

mod addresses;
mod certificates;
mod checking;
mod granting;
mod login;
mod network;
mod old;
mod remedies;
mod server;
mod silence;
mod starttls;
mod tls;
mod used_up;
mod via;

/// Longer than anything on the loopback addresses takes.
const LONG: Duration = Duration::from_secs(20);

/// A provider at `address`, without encryption and login.
fn plain(address: SocketAddr) -> BackendConfig {
    let mut limits = TimeLimits::from_timeout(LONG);
    (limits.resolve, limits.connect, limits.tls) = (LONG, LONG, LONG);
    BackendConfig {
        id: "a".into(),
        name: "A".into(),
        host: address.ip().to_string(),
        port: address.port(),
        tls: Tls::Off,
        login: None,
        connections: NonZeroU16::MIN,
        tier: 0,
        required: false,
        pipelining: None,
        limits,
        account: None,
        backbone: None,
        via: Via::default(),
        compression: Compression::Off,
    }
}

/// The same with a login.
fn with_login(mut provider: BackendConfig) -> BackendConfig {
    let password = Secret::new("pass word");
    provider.login = Some(Credentials { user: "user".into(), password });
    provider
}

/// The same with TLS options, and by the name that the test's certificates have.
fn encrypted(
    mut provider: BackendConfig,
    tls: fn(TlsOptions) -> Tls,
    verify: Verify,
    ca_file: &Path,
) -> BackendConfig {
    provider.host = "localhost".into();
    provider.tls = tls(TlsOptions { verify, ca_file: Some(ca_file.to_owned()) });
    provider
}

async fn established(provider: &BackendConfig) -> Established {
    establish(&NetDialler::new(), provider).await.unwrap_or_else(|error| panic!("{error}"))
}

/// What it says when there is no connection.
async fn refused(provider: &BackendConfig) -> String {
    match establish(&NetDialler::new(), provider).await {
        Ok(_) => panic!("there is a connection"),
        Err(error) => error.to_string(),
    }
}

/// Whether a sentence has all of these words.
#[track_caller]
fn assert_says(sentence: &str, words: &[&str]) {
    for word in words {
        assert!(sentence.contains(word), "{word:?} is not in {sentence:?}");
    }
}
