//! The programs that download: what is in their settings, and Newsmux among their servers.

pub mod connect;
mod error;
pub mod import;
pub mod places;

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

pub use error::{Error, Problem};

/// Where Newsmux listens when its settings say nothing else: an entry with this port is most likely ours.
pub const USUAL_PORT: u16 = 10080;

/// A program that has news servers in its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Program {
    /// SABnzbd.
    Sabnzbd,
    /// NZBGet.
    Nzbget,
}

/// The address that programs connect to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Address {
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// As programs take it.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

impl Address {
    /// Whether a program's server is this Newsmux.
    fn is_meant_by(&self, host: &str, port: u16) -> bool {
        let here = is_here(host) || host.eq_ignore_ascii_case(&self.host);
        here && (port == self.port || port == USUAL_PORT)
    }
}

/// Whether a host is this computer, as seen from itself.
fn is_here(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
}
