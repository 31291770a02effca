//! How connections to a provider leave this computer: the address of a proxy, and what cannot be.

use std::net::IpAddr;

use nntp_proxy::config::{Bind, IpVersion};
use serde::{Deserialize, Serialize};

use crate::Provider;

/// The usual port of a SOCKS proxy (RFC 1928).
const PORT: u16 = 1080;
const SCHEME: &str = "socks5://";
/// RFC 1929 has one byte for the length.
const LONGEST: usize = 255;
const FORM: &str = "has to be the address of a SOCKS5 proxy, such as socks5://127.0.0.1:1080 or socks5://user@host:1080";

/// The address of a proxy: `socks5://user@host:1080`, of which user and port may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyAddress {
    /// Host name or address, in small letters.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The user name, if it wants one.
    pub username: Option<String>,
}

impl ProxyAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it. No part of the address is in the message: it may hold a password.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let has_scheme = text.get(..SCHEME.len()).is_some_and(|s| s.eq_ignore_ascii_case(SCHEME));
        let place = if has_scheme { &text[SCHEME.len()..] } else { return Err(FORM) };
        let place = place.strip_suffix('/').unwrap_or(place);
        let (username, place) = match place.rsplit_once('@') {
            Some((user, place)) => (Some(username(user)?), place),
            None => (None, place),
        };
        let (host, port) = host_and_port(place).ok_or(FORM)?;
        Ok(Self { host: host.to_ascii_lowercase(), port, username })
    }
}

/// A user name, in which `%40` stands for `@` and so on.
fn username(text: &str) -> Result<String, &'static str> {
    if text.contains(':') {
        return Err("must not have a password in it: it is kept with the other passwords");
    }
    let name = decoded(text).ok_or(FORM)?;
    if name.is_empty() || name.len() > LONGEST || name.chars().any(char::is_control) {
        return Err("has a user name that is empty, too long or has line breaks");
    }
    Ok(name)
}

/// Without its percent-encoding (RFC 3986, section 2.1).
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

fn host_and_port(place: &str) -> Option<(&str, u16)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(six) => {
            let (host, port) = six.split_once(']')?;
            host.parse::<IpAddr>().ok()?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let port = port.map_or(Ok(PORT), str::parse).ok().filter(|port| *port != 0)?;
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || "/?#@[]".contains(c);
    (!host.is_empty() && host.len() <= LONGEST && !host.contains(is_bad)).then_some((host, port))
}

/// What is wrong with how connections to `provider` leave: the field, and why.
pub(crate) fn check_via(provider: &Provider) -> Result<(), (&'static str, String)> {
    if let Some(proxy) = &provider.proxy {
        ProxyAddress::parse(proxy).map_err(|why| ("proxy", why.to_owned()))?;
    }
    let bind = provider.bind.as_deref();
    if bind.is_some_and(|name| name.trim().is_empty() || name.contains(char::is_control)) {
        return Err(("bind", "has to be a network interface such as tun0, or an address".into()));
    }
    let bound = match bind.map(Bind::parse) {
        Some(Bind::Address(address)) if address.is_unspecified() || address.is_multicast() => {
            return Err(("bind", format!("{address} is no address of an interface")));
        }
        Some(Bind::Address(address)) => Some(address),
        Some(Bind::Interface(_)) | None => None,
    };
    let host = provider.host.parse().ok().filter(|_| provider.proxy.is_none());
    let clash = |(field, address): (&str, IpAddr)| {
        let version = if address.is_ipv4() { IpVersion::V4 } else { IpVersion::V6 };
        let why =
            format!("{} does not go with {field}, which is an {version} address", provider.ip);
        (!provider.ip.allows(address)).then_some(("ip", why))
    };
    let fixed = bound.map(|address| ("bind", address));
    let fixed = fixed.into_iter().chain(host.map(|address| ("host", address)));
    if let Some(clash) = fixed.clone().find_map(clash) {
        return Err(clash);
    }
    match (bound, host) {
        (Some(bound), Some(host)) if bound.is_ipv4() != host.is_ipv4() => {
            Err(("bind", "is an address of another version of IP than host".into()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str, port: u16, username: Option<&str>) -> ProxyAddress {
        ProxyAddress { host: host.into(), port, username: username.map(str::to_owned) }
    }

    #[test]
    fn a_proxy_is_a_host_with_a_port_and_a_user_where_they_are_given() {
        for (text, expected) in [
            ("socks5://127.0.0.1:9050", address("127.0.0.1", 9050, None)),
            ("SOCKS5://Proxy.Example/", address("proxy.example", 1080, None)),
            ("socks5://me@proxy.example:1081", address("proxy.example", 1081, Some("me"))),
            ("socks5://a%40b%3Ac@[::1]", address("::1", 1080, Some("a@b:c"))),
            ("socks5://me@home@h:1", address("h", 1, Some("me@home"))),
        ] {
            assert_eq!(ProxyAddress::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_quoting_it() {
        for text in [
            "",
            "127.0.0.1:1080",
            "http://h:1080",
            "socks4://h",
            "socks5://",
            "socks5://h:0",
            "socks5://h:70000",
            "socks5://h:",
            "socks5://@h",
            "socks5://me:hunter2@h",
            "socks5://h/x",
            "socks5://[::1",
            "socks5://[h]:1",
            "socks5://::1:1080",
            "socks5://a b",
            "socks5://m%4@h",
        ] {
            let why = ProxyAddress::parse(text).expect_err(text);
            assert!(!why.contains("hunter2"), "{why}");
        }
    }
}
