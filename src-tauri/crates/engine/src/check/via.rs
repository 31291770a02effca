//! What a check finds between this computer and the provider: the interface, the proxy, and the addresses.

use std::net::SocketAddr;

use super::finding::{BindProblem, Finding, Found, ProxyProblem, Step};
use super::run::{Case, cause};
use crate::config::Via;
use crate::dial::{BindError, DialError, ProxyProblem as Problem, Source};

impl Case<'_> {
    /// Looks for the interface or source address; nothing to say if none is set.
    #[expect(clippy::result_large_err, reason = "a finding either way, once in a check")]
    pub(super) fn interface(&self) -> Result<Option<Finding>, Finding> {
        match Source::find(&self.to.via) {
            Ok(None) => Ok(None),
            Ok(Some(source)) => {
                let addresses = source.addresses.iter().map(ToString::to_string).collect();
                let found = Found::Bound { interface: source.interface, addresses };
                Ok(Some(Finding::good(Step::Interface, found)))
            }
            Err(error) => self.not_left(&error).map_or(Ok(None), Err),
        }
    }

    /// What was passed on the way to a provider to which there is a connection.
    pub(super) fn passed_on_the_way(&self) -> Vec<Finding> {
        let Some(proxy) = &self.to.via.proxy else { return Vec::new() };
        let reached = Found::ProxyReached { proxy: proxy.to_string() };
        let address = Found::AddressAtProxy { host: self.to.host.clone() };
        vec![Finding::good(Step::Proxy, reached), Finding::good(Step::Name, address)]
    }

    /// Why no connection leaves this computer as the settings say; `None` if that is not the reason.
    pub(super) fn not_left(&self, error: &DialError) -> Option<Finding> {
        match error {
            DialError::Bind(error) => {
                let found = not_bound(&self.to.via, error);
                Some(Finding::bad(Step::Interface, found))
            }
            DialError::Proxy(error) => {
                let problem = match &error.why {
                    Problem::Unreachable(_) => ProxyProblem::Unreachable,
                    Problem::Silent => ProxyProblem::Silent,
                    Problem::HungUp => ProxyProblem::HungUp,
                    Problem::NotSocks => ProxyProblem::NotSocks,
                    Problem::LoginNeeded => ProxyProblem::LoginNeeded,
                    Problem::LoginRefused => ProxyProblem::LoginRefused,
                    Problem::NotConnected(why) => {
                        let found = Found::NotConnectedByProxy { cause: (*why).to_owned() };
                        return Some(Finding::bad(Step::Connection, found));
                    }
                };
                let cause = match &error.why {
                    Problem::Unreachable(error) => Some(error.to_string()),
                    _ => None,
                };
                let found = Found::ProxyFailed { problem, proxy: error.proxy.clone(), cause };
                Some(Finding::bad(Step::Proxy, found))
            }
            DialError::NoAddressOf(version) => {
                let step = if self.to.via.proxy.is_some() { Step::Proxy } else { Step::Name };
                Some(Finding::bad(step, Found::NoAddressOf { version: version.to_string() }))
            }
            _ => None,
        }
    }

    /// No address answered.
    pub(super) fn unconnected(&self, error: &DialError, tried: &[SocketAddr]) -> Found {
        Found::NotConnected { cause: cause(error), tried: shown(tried) }
    }
}

/// The addresses without the port.
pub(super) fn shown(addresses: &[SocketAddr]) -> Vec<String> {
    addresses.iter().map(|address| address.ip().to_string()).collect()
}

fn not_bound(via: &Via, error: &BindError) -> Found {
    let (problem, name, cause) = match error {
        BindError::NoInterface(name) => (BindProblem::NoInterface, name.clone(), None),
        BindError::Down(name) => (BindProblem::Down, name.clone(), None),
        BindError::NoAddressOf(name, version) => {
            (BindProblem::NoAddressOf, name.clone(), Some(version.to_string()))
        }
        BindError::NoAddress(address) => (BindProblem::NoAddress, address.to_string(), None),
        BindError::Refused(error) => {
            let name = via.bind.as_ref().map(ToString::to_string).unwrap_or_default();
            (BindProblem::Refused, name, Some(error.to_string()))
        }
    };
    Found::NotBound { problem, name, cause }
}
