//! Why a connection cannot leave this computer as the settings say.

use std::fmt;
use std::io;
use std::net::IpAddr;

use crate::config::IpVersion;

/// Why a socket cannot be bound.
#[derive(Debug)]
#[non_exhaustive]
pub enum BindError {
    /// There is no such interface, or it has no address.
    NoInterface(String),
    /// The interface is down.
    Down(String),
    /// The interface has no address of this version.
    NoAddressOf(String, IpVersion),
    /// No interface has this address.
    NoAddress(IpAddr),
    /// The system does not let us.
    Refused(io::Error),
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoInterface(name) => write!(
                f,
                "there is no network interface {name} with an address: connect the VPN, or correct bind"
            ),
            Self::Down(name) => {
                write!(f, "the network interface {name} is down: connect the VPN, or correct bind")
            }
            Self::NoAddressOf(name, version) => {
                write!(f, "the network interface {name} has no {version} address")
            }
            Self::NoAddress(address) => write!(
                f,
                "this computer does not have the address {address}: connect the VPN, or correct bind"
            ),
            Self::Refused(error) => {
                write!(f, "cannot bind to the interface or address in the settings ({error})")
            }
        }
    }
}

/// A proxy that does not connect us.
#[derive(Debug)]
pub struct ProxyError {
    /// The proxy's host and port.
    pub proxy: String,
    /// What is wrong.
    pub why: ProxyProblem,
}

/// Why a SOCKS5 proxy does not connect us.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProxyProblem {
    /// No connection to the proxy.
    Unreachable(io::Error),
    /// The proxy does not answer in time.
    Silent,
    /// It closed the connection.
    HungUp,
    /// It is no SOCKS5 proxy.
    NotSocks,
    /// It wants a user name and a password.
    LoginNeeded,
    /// It refuses the user name or password.
    LoginRefused,
    /// It cannot connect to the provider, and says why.
    NotConnected(&'static str),
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proxy = &self.proxy;
        match &self.why {
            ProxyProblem::Unreachable(error) => {
                write!(f, "cannot connect to the SOCKS5 proxy {proxy} ({error})")
            }
            ProxyProblem::Silent => write!(f, "the SOCKS5 proxy {proxy} does not answer"),
            ProxyProblem::HungUp => write!(f, "the SOCKS5 proxy {proxy} closed the connection"),
            ProxyProblem::NotSocks => write!(f, "what answers at {proxy} is no SOCKS5 proxy"),
            ProxyProblem::LoginNeeded => {
                write!(f, "the SOCKS5 proxy {proxy} requires a user name and password")
            }
            ProxyProblem::LoginRefused => {
                write!(f, "the SOCKS5 proxy {proxy} refuses the user name or password")
            }
            ProxyProblem::NotConnected(why) => {
                write!(f, "the SOCKS5 proxy {proxy} cannot connect to the provider: {why}")
            }
        }
    }
}
