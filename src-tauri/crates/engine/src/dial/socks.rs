//! Connections through a SOCKS5 proxy (RFC 1928), which looks up the provider's name.

use std::io;

use tokio::net::TcpStream;
use tokio_socks::Error;
use tokio_socks::tcp::Socks5Stream;

use super::{DialError, ProxyError, ProxyProblem};
use crate::config::{BackendConfig, Socks5};

/// Has the proxy at the other end of `stream` connect to the provider.
///
/// # Errors
/// If the proxy refuses us, or cannot connect.
pub(super) async fn connect(
    stream: TcpStream,
    proxy: &Socks5,
    to: &BackendConfig,
) -> Result<TcpStream, DialError> {
    let target = (to.host.as_str(), to.port);
    let connected = match &proxy.login {
        None => Socks5Stream::connect_with_socket(stream, target).await,
        Some(login) => {
            let (user, password) = (login.user.as_str(), login.password.expose());
            Socks5Stream::connect_with_password_and_socket(stream, target, user, password).await
        }
    };
    match connected {
        Ok(stream) => Ok(stream.into_inner()),
        Err(error) => Err(failed(proxy, explained(error, proxy.login.is_some()))),
    }
}

/// The proxy did not answer in time.
pub(super) fn silent(proxy: &Socks5) -> DialError {
    failed(proxy, ProxyProblem::Silent)
}

/// The proxy cannot be reached.
pub(super) fn unreachable(proxy: &Socks5, error: DialError) -> DialError {
    match error {
        DialError::Connect(error) | DialError::Resolve(error) => {
            failed(proxy, ProxyProblem::Unreachable(error))
        }
        DialError::TimedOut(_) => failed(proxy, ProxyProblem::Silent),
        other => other,
    }
}

fn failed(proxy: &Socks5, why: ProxyProblem) -> DialError {
    DialError::Proxy(Box::new(ProxyError { proxy: proxy.to_string(), why }))
}

fn explained(error: Error, with_login: bool) -> ProxyProblem {
    match error {
        Error::Io(error) if is_hang_up(&error) => ProxyProblem::HungUp,
        Error::Io(error) => ProxyProblem::Unreachable(error),
        Error::PasswordAuthFailure(_) => ProxyProblem::LoginRefused,
        Error::NoAcceptableAuthMethods if with_login => ProxyProblem::LoginRefused,
        Error::NoAcceptableAuthMethods | Error::AuthorizationRequired => ProxyProblem::LoginNeeded,
        Error::GeneralSocksServerFailure => ProxyProblem::NotConnected("it gives no reason"),
        Error::ConnectionNotAllowedByRuleset => {
            ProxyProblem::NotConnected("its rules do not allow it")
        }
        Error::NetworkUnreachable => ProxyProblem::NotConnected("network is unreachable"),
        Error::HostUnreachable => ProxyProblem::NotConnected("host is unreachable"),
        Error::ConnectionRefused => ProxyProblem::NotConnected("connection refused"),
        Error::TtlExpired => ProxyProblem::NotConnected("connection timed out"),
        Error::CommandNotSupported | Error::AddressTypeNotSupported => {
            ProxyProblem::NotConnected("it does not support such connections")
        }
        Error::InvalidTargetAddress(_) => ProxyProblem::NotConnected("the host name is too long"),
        _ => ProxyProblem::NotSocks,
    }
}

fn is_hang_up(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    )
}
