//! How connections to a provider leave this computer.

use std::fmt;
use std::net::IpAddr;

use super::Credentials;

/// How connections to a provider leave this computer. Where it is not possible that way, there is no
/// connection: never one by another way instead.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Via {
    /// A proxy that makes the connections, and looks up the provider's host name.
    pub proxy: Option<Socks5>,
    /// The interface or source address of the sockets.
    pub bind: Option<Bind>,
    /// The version of IP that the sockets use.
    pub ip: IpVersion,
}

/// A SOCKS5 proxy (RFC 1928).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socks5 {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The user name and password (RFC 1929), if it wants them.
    pub login: Option<Credentials>,
}

/// What a socket is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bind {
    /// A network interface, by its name: nothing leaves by another.
    Interface(String),
    /// A source address.
    Address(IpAddr),
}

impl Bind {
    /// An address where it reads as one, else the name of an interface.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Interface(text.to_owned()), Self::Address)
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interface(name) => f.write_str(name),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}

/// Which version of IP is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum IpVersion {
    /// Either.
    #[default]
    Auto,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

impl IpVersion {
    /// Whether this address may be used.
    #[must_use]
    pub const fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Auto => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

impl fmt::Display for IpVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "IP",
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

impl fmt::Display for Socks5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}
