//! The findings between this computer and the provider in plain English sentences.

use std::fmt;

use super::finding::{BindProblem, Found, ProxyProblem};
use crate::dial::NOT_CONNECTED;

/// Words a finding about the interface, the proxy, the addresses or the connection.
pub(super) fn on_the_way(found: &Found, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match found {
        Found::Bound { interface, addresses } => {
            write!(f, "{}", addresses.join(", "))?;
            if interface.is_empty() { Ok(()) } else { write!(f, " on {interface}") }
        }
        Found::NotBound { problem, name, cause } => {
            not_bound(f, *problem, (name, cause.as_deref().unwrap_or_default()))
        }
        Found::ProxyReached { proxy } => f.write_str(proxy),
        Found::ProxyFailed { problem, proxy, cause } => {
            proxy_failed(f, *problem, (proxy, cause.as_deref().unwrap_or_default()))
        }
        Found::AddressAtProxy { host } => write!(f, "{host}, looked up by the proxy"),
        Found::NoAddressOf { version } => write!(f, "the host name has no {version} address"),
        Found::NotConnectedByProxy { cause } => {
            write!(f, "the proxy cannot connect to the provider: {cause}")
        }
        Found::Address { host, addresses } => addresses_of(f, host, addresses),
        Found::Connected { port, address: None } => write!(f, "port {port}"),
        Found::Connected { port, address: Some(address) } => {
            write!(f, "port {port} at {address}")
        }
        Found::NotConnected { cause, tried } => {
            write!(f, "{NOT_CONNECTED} ({cause})")?;
            if tried.is_empty() { Ok(()) } else { write!(f, "; tried {}", tried.join(", ")) }
        }
        _ => Ok(()),
    }
}

fn addresses_of(f: &mut fmt::Formatter<'_>, host: &str, addresses: &[String]) -> fmt::Result {
    f.write_str(host)?;
    match addresses {
        [] => Ok(()),
        [only] if only == host => Ok(()),
        addresses => write!(f, " ({})", addresses.join(", ")),
    }
}

fn not_bound(
    f: &mut fmt::Formatter<'_>,
    problem: BindProblem,
    (name, cause): (&str, &str),
) -> fmt::Result {
    match problem {
        BindProblem::NoInterface => {
            write!(f, "there is no network interface {name} with an address")
        }
        BindProblem::Down => write!(f, "the network interface {name} is down"),
        BindProblem::NoAddressOf => {
            write!(f, "the network interface {name} has no {cause} address")
        }
        BindProblem::NoAddress => write!(f, "this computer does not have the address {name}"),
        BindProblem::Refused => write!(f, "cannot bind to {name} ({cause})"),
    }
}

fn proxy_failed(
    f: &mut fmt::Formatter<'_>,
    problem: ProxyProblem,
    (proxy, cause): (&str, &str),
) -> fmt::Result {
    match problem {
        ProxyProblem::Unreachable => write!(f, "cannot connect to {proxy} ({cause})"),
        ProxyProblem::Silent => write!(f, "{proxy} does not answer"),
        ProxyProblem::HungUp => write!(f, "{proxy} closed the connection"),
        ProxyProblem::NotSocks => write!(f, "what answers at {proxy} is no SOCKS5 proxy"),
        ProxyProblem::LoginNeeded => write!(f, "{proxy} requires a user name and password"),
        ProxyProblem::LoginRefused => write!(f, "{proxy} refuses the user name or password"),
    }
}
