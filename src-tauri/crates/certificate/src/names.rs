//! The names and addresses of this computer, by which programs call it.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use gethostname::gethostname;
use rcgen::{CidrSubnet, GeneralSubtree, NameConstraints};

/// Domains of home networks, and of no web site.
const DOMAINS: [&str; 8] =
    ["localhost", "local", "lan", "home", "internal", "home.arpa", "localdomain", "fritz.box"];
/// Networks that have no address of the Internet.
const NETWORKS: [(IpAddr, u8); 8] = [
    (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    // Shared addresses, which VPNs such as Tailscale use.
    (IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0)), 10),
    (IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
    (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
];

/// The names and addresses of a computer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    hosts: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
}

impl Names {
    /// Those of this computer, as the system knows them.
    #[must_use]
    pub fn of_this_computer() -> Self {
        let host = gethostname().to_string_lossy().into_owned();
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        Self::new(&host, interfaces.into_iter().map(|interface| interface.ip()))
    }

    /// Those of a computer with this host name and these addresses.
    #[must_use]
    pub fn new(host: &str, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let short = host.split('.').next().unwrap_or_default().to_owned();
        let mut hosts = BTreeSet::from(["localhost".to_owned()]);
        if is_label(&short) && short.parse::<u32>().is_err() {
            hosts.insert(format!("{short}.local"));
            hosts.insert(short);
            if host.split('.').all(is_label) {
                hosts.insert(host);
            }
        }
        let here = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        let addresses = addresses.into_iter().chain(here).filter(is_of_a_home).collect();
        Self { hosts, addresses }
    }

    /// As texts, those of hosts first.
    pub(crate) fn texts(&self) -> Vec<String> {
        let addresses = self.addresses.iter().map(IpAddr::to_string);
        self.hosts.iter().cloned().chain(addresses).collect()
    }

    /// Without the host names that an authority with these constraints cannot vouch for.
    pub(crate) fn within(&self, domains: &[String]) -> Self {
        let hosts = self.hosts.iter().filter(|host| domains.iter().any(|of| is_below(host, of)));
        Self { hosts: hosts.cloned().collect(), addresses: self.addresses.clone() }
    }

    /// What an authority of this computer may vouch for.
    pub(crate) fn constraints(&self) -> NameConstraints {
        let hosts = self.hosts.iter().map(String::as_str);
        let domains: BTreeSet<_> = DOMAINS.into_iter().chain(hosts).collect();
        let domains = domains.into_iter().map(|name| GeneralSubtree::DnsName(name.to_owned()));
        let networks = NETWORKS.into_iter().map(|(address, prefix)| {
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, prefix))
        });
        NameConstraints {
            permitted_subtrees: domains.chain(networks).collect(),
            excluded_subtrees: Vec::new(),
        }
    }
}

/// Whether the address is of no network of the Internet. Addresses that are good on one cable alone
/// (`fe80::`) are left out: programs need the name of an interface with them.
fn is_of_a_home(address: &IpAddr) -> bool {
    NETWORKS.iter().any(|(network, prefix)| match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (network.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(*prefix)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            (network.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(*prefix)
        }
        _ => false,
    })
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether it can be a part of a host name.
fn is_label(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !text.is_empty() && text.len() <= 63 && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(host: &str, addresses: &[&str]) -> Vec<String> {
        Names::new(host, addresses.iter().map(|text| text.parse().unwrap())).texts()
    }

    #[test]
    fn a_computer_is_called_by_its_names_and_its_addresses_at_home() {
        let addresses =
            ["192.168.1.5", "100.101.1.1", "fd00::5", "203.0.113.5", "fe80::1", "2001:db8::1"];
        assert_eq!(
            texts("Server.example.com", &addresses),
            [
                "localhost",
                "server",
                "server.example.com",
                "server.local",
                "100.101.1.1",
                "127.0.0.1",
                "192.168.1.5",
                "::1",
                "fd00::5"
            ]
        );
    }

    #[test]
    fn what_cannot_be_a_host_name_is_left_out() {
        let plain = ["localhost", "127.0.0.1", "::1"];
        for host in ["", "a b", "Jürgens Rechner", "10.0.0.1"] {
            assert_eq!(texts(host, &[]), plain, "{host:?}");
        }
    }

    #[test]
    fn a_name_is_below_whole_domains_alone() {
        let names = Names::new("box.example.com", []);
        let domains = ["localhost".to_owned(), "ample.com".to_owned(), "ox".to_owned()];
        assert_eq!(names.within(&domains).texts(), ["localhost", "127.0.0.1", "::1"]);
        let domains = ["example.com".to_owned()];
        assert_eq!(names.within(&domains).texts(), ["box.example.com", "127.0.0.1", "::1"]);
    }
}
