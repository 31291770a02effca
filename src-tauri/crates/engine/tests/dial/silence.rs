//! A provider that falls silent costs no more than the limit of the step that it is in.

use std::time::Duration;

use nntp_proxy::config::{BackendConfig, TimeLimits, Tls, Verify};
use tokio::time::Instant;

use crate::certificates::{Authority, valid};
use crate::server::{Server, Step};
use crate::{LONG, assert_says, encrypted, plain, refused, with_login};

const SHORT: Duration = Duration::from_millis(100);

/// The step ends by its own limit, long before any other could.
async fn assert_times_out(
    mut to: BackendConfig,
    limit: fn(&mut TimeLimits) -> &mut Duration,
    step: &str,
) {
    *limit(&mut to.limits) = SHORT;
    let began = Instant::now();
    assert_says(&refused(&to).await, &["timed out waiting for ", step]);
    assert!((SHORT..LONG / 2).contains(&began.elapsed()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_silent_greeting_times_out() {
    let server = Server::start([]).await;
    assert_times_out(plain(server.address), |limits| &mut limits.greeting, "the greeting").await;
}

#[tokio::test]
async fn half_a_greeting_times_out() {
    let server = Server::start([Step::Say("200 hel")]).await;
    assert_times_out(plain(server.address), |limits| &mut limits.greeting, "the greeting").await;
}

#[tokio::test]
async fn a_silent_tls_handshake_times_out() {
    let (authority, server) = (Authority::new(), Server::start([]).await);
    let to = encrypted(plain(server.address), Tls::On, Verify::Full, &authority.file());
    assert_times_out(to, |limits| &mut limits.tls, "the TLS handshake").await;
}

#[tokio::test]
async fn a_silent_greeting_behind_tls_times_out() {
    let authority = Authority::new();
    let server = Server::start([Step::Tls(authority.server("localhost", valid))]).await;
    let to = encrypted(plain(server.address), Tls::On, Verify::Full, &authority.file());
    assert_times_out(to, |limits| &mut limits.greeting, "the greeting").await;
}

#[tokio::test]
async fn a_silent_login_times_out() {
    let user = [Step::Say("200 hello\r\n")];
    let password = [Step::Say("200 hello\r\n"), Step::Hear, Step::Say("381 more\r\n")];
    for script in [user.to_vec(), password.to_vec()] {
        let server = Server::start(script).await;
        let to = with_login(plain(server.address));
        assert_times_out(to, |limits| &mut limits.login, "the reply to the login").await;
    }
}

#[tokio::test]
async fn a_silent_starttls_times_out() {
    let authority = Authority::new();
    let server = Server::start([Step::Say("200 hello\r\n")]).await;
    let to = encrypted(plain(server.address), Tls::StartTls, Verify::Full, &authority.file());
    assert_times_out(to, |limits| &mut limits.login, "the reply to the login").await;

    let script = [Step::Say("200 hello\r\n"), Step::Hear, Step::Say("382 go on\r\n")];
    let server = Server::start(script).await;
    let to = encrypted(plain(server.address), Tls::StartTls, Verify::Full, &authority.file());
    assert_times_out(to, |limits| &mut limits.tls, "the TLS handshake").await;
}
