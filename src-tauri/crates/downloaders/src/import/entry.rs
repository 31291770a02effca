//! A server as it is written in a program's settings. Both programs mean the same by different names.

use std::net::IpAddr;

use nntp_proxy::config::{Secret, Verify};

use super::{Doubt, LeftOut, Server, Unfit};
use crate::Address;

/// As many as the settings allow.
const MOST_CONNECTIONS: u16 = 500;
/// The server in NZBGet's settings before there are others.
const EXAMPLE: &str = "my.newsserver.com";
/// What both programs take where no port is said.
const USUAL_PORT: u16 = 119;

/// A server, with numbers as they were written.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) host: String,
    pub(super) port: String,
    pub(super) username: String,
    pub(super) password: Option<Secret>,
    pub(super) connections: String,
    pub(super) tier: String,
    pub(super) retention: String,
    pub(super) quota: Option<u64>,
    pub(super) expires: String,
    pub(super) group: String,
    pub(super) off: bool,
    pub(super) tls: bool,
    pub(super) required: bool,
    pub(super) verify: Verify,
    /// What only its own program has.
    pub(super) doubts: Vec<Doubt>,
}

impl Entry {
    /// What it means; or why it cannot be imported.
    pub(super) fn server(mut self, ours: &Address) -> Result<Server, LeftOut> {
        let host = bare(&self.host);
        let (port, wrong_port) = self.port();
        let name = if self.name.is_empty() { host.to_owned() } else { self.name.clone() };
        let unfit = if !can_be(host) {
            Some(Unfit::Host)
        } else if ours.is_meant_by(host, port.unwrap_or(USUAL_PORT)) {
            Some(Unfit::Ours)
        } else {
            (host == EXAMPLE).then_some(Unfit::Example)
        };
        if let Some(why) = unfit {
            return Err(LeftOut { name, why });
        }
        // Both programs open none then.
        self.off |= self.connections.parse() == Ok(0_i64);
        let (connections, wrong_connections) = self.connections();
        let (tier, wrong_tier) = self.tier();
        let wrong = [wrong_port, wrong_connections, wrong_tier].into_iter().flatten();
        let odd_day = !self.expires.is_empty() && !is_day(&self.expires);
        let odd_day = odd_day.then(|| Doubt::Expires { said: self.expires.clone() });
        let doubts = self.safety().into_iter().chain(wrong).chain(self.retention()).chain(odd_day);
        Ok(Server {
            doubts: doubts.chain(self.doubts.iter().cloned()).collect(),
            name,
            enabled: !self.off,
            host: host.to_owned(),
            port,
            tls: self.tls,
            verify: if self.tls { self.verify } else { Verify::Full },
            password: self.password.filter(|_| !self.username.is_empty()),
            username: Some(self.username).filter(|user| !user.is_empty()),
            connections,
            tier,
            required: self.required,
            quota: self.quota,
            expires: Some(self.expires).filter(|day| is_day(day)),
            group: Some(self.group).filter(|group| !matches!(group.as_str(), "" | "0")),
        })
    }

    /// The port as it was said; none where the usual one is meant.
    fn port(&self) -> (Option<u16>, Option<Doubt>) {
        match self.port.parse::<u16>() {
            Ok(port) if port > 0 => (Some(port), None),
            _ if self.port.is_empty() => (Some(USUAL_PORT), None),
            _ => (None, Some(Doubt::Port { said: self.port.clone() })),
        }
    }

    fn connections(&self) -> (u16, Option<Doubt>) {
        let said = self.connections.as_str();
        let number = if said.is_empty() { Some(1) } else { said.parse::<i64>().ok() };
        let taken = number.unwrap_or(1).clamp(1, MOST_CONNECTIONS.into());
        let taken = u16::try_from(taken).unwrap_or(MOST_CONNECTIONS);
        let doubt = Doubt::Connections { said: said.into(), taken };
        (taken, (!matches!(number, Some(0)) && number != Some(taken.into())).then_some(doubt))
    }

    fn tier(&self) -> (u8, Option<Doubt>) {
        let said = self.tier.as_str();
        let number = if said.is_empty() { Some(0) } else { said.parse::<i64>().ok() };
        let taken = u8::try_from(number.unwrap_or(0).clamp(0, u8::MAX.into())).unwrap_or(u8::MAX);
        let doubt = Doubt::Tier { said: said.into(), taken };
        (taken, (number != Some(taken.into())).then_some(doubt))
    }

    /// What may let others read along, or come in.
    fn safety(&self) -> Vec<Doubt> {
        let logs_in = !self.username.is_empty();
        let doubts = [
            self.off.then_some(Doubt::Off),
            (logs_in && !self.tls).then_some(Doubt::NotEncrypted),
            (self.tls && self.verify != Verify::Full).then_some(Doubt::LessVerified),
            (logs_in && self.password.is_none()).then_some(Doubt::NoPassword),
        ];
        doubts.into_iter().flatten().collect()
    }

    fn retention(&self) -> Option<Doubt> {
        let days = self.retention.parse().ok().filter(|days| *days > 0)?;
        Some(Doubt::Retention { days })
    }
}

/// Whether it has the form of a date such as `2027-03-01`.
fn is_day(text: &str) -> bool {
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<_> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([4, 2, 2]) && parts.iter().all(|part| is_number(part))
}

/// Without the brackets around an IPv6 address.
fn bare(host: &str) -> &str {
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inside.unwrap_or(host)
}

/// By the rules of the settings.
fn can_be(host: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '/' || c == ':';
    !host.is_empty() && (host.parse::<IpAddr>().is_ok() || !host.contains(odd))
}
