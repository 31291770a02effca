//! Hosts that share an account: which probably do, and what becomes of it when the provider that it is named after comes
//! or goes.

use std::net::IpAddr;

use crate::{Provider, Settings};

/// The place of the first of `others` whose account `provider` probably shares: it has the same domain and user name, and an
/// account of its own.
#[must_use]
pub fn same_account(provider: &Provider, others: &[Provider]) -> Option<usize> {
    let domain = domain_of(&provider.host)?;
    let user = user_of(provider)?;
    others.iter().position(|other| {
        other.account.is_none()
            && domain_of(&other.host).as_ref() == Some(&domain)
            && user_of(other) == Some(user)
    })
}

fn user_of(provider: &Provider) -> Option<&str> {
    provider.username.as_deref().map(str::trim).filter(|user| !user.is_empty())
}

/// What was registered of a host name: its last two labels, or three where it ends as `co.uk` does; none of an address.
fn domain_of(host: &str) -> Option<String> {
    let host = host.trim().to_ascii_lowercase();
    if host.contains(':') || host.parse::<IpAddr>().is_ok() {
        return None;
    }
    let labels: Vec<_> = host.split('.').filter(|label| !label.is_empty()).collect();
    match labels.as_slice() {
        [.., domain, second, top] if top.len() == 2 && second.len() <= 3 => {
            Some(format!("{domain}.{second}.{top}"))
        }
        [.., domain, top] => Some(format!("{domain}.{top}")),
        _ => None,
    }
}

impl Provider {
    /// Makes it a host of the account of `owner`, which gets the quota and the last day where it has none itself.
    pub fn share_account_of(&mut self, owner: &mut Self) {
        self.account = Some(owner.id.clone());
        let (quota, expires) = (self.quota.take(), self.expires.take());
        owner.quota = owner.quota.or(quota);
        owner.expires = owner.expires.or(expires);
    }
}

impl Settings {
    /// Hands the account of a provider that was removed over to the first of its other hosts, with what
    /// was bought; `used` is how much of it has been used. Returns those hosts as they were.
    pub fn hand_over_account(&mut self, removed: &Provider, used: Option<u64>) -> Vec<Provider> {
        let belongs = |host: &&mut Provider| host.account.as_ref() == Some(&removed.id);
        let mut hosts: Vec<_> = self.providers.iter_mut().filter(belongs).collect();
        let before = hosts.iter().map(|host| (*host).clone()).collect();
        if let Some((first, others)) = hosts.split_first_mut() {
            first.account = None;
            first.connections = removed.connections;
            (first.expires, first.price) = (removed.expires, removed.price);
            first.quota = removed.quota.map(|mut quota| {
                quota.used_before = used.unwrap_or(quota.used_before);
                quota
            });
            others.iter_mut().for_each(|other| other.account = Some(first.id.clone()));
        }
        before
    }

    /// Gives the account back to its provider, which is there again: its other hosts are as they were
    /// `before`. `used_since` is how much of it they have used meanwhile.
    pub fn give_back_account(&mut self, owner: &str, before: &[Provider], used_since: u64) {
        for host in &mut self.providers {
            if let Some(before) = before.iter().find(|before| before.id == host.id) {
                let Provider { account, quota, expires, price, connections, .. } = before.clone();
                (host.account, host.quota, host.connections) = (account, quota, connections);
                (host.expires, host.price) = (expires, price);
            }
        }
        let ids: Vec<_> = self.providers.iter().map(|provider| provider.id.clone()).collect();
        let Some(back) = self.providers.iter_mut().find(|provider| provider.id == owner) else {
            return;
        };
        // The provider that its own account was named after may have been removed meanwhile.
        back.account = back.account.take().filter(|account| ids.contains(account));
        let quota = back.quota.iter_mut();
        quota.for_each(|quota| quota.used_before = quota.used_before.saturating_add(used_since));
    }
}

#[cfg(test)]
mod tests {
    use ledger::Quota;

    use super::*;
    use crate::check;

    fn shared() -> Settings {
        let quota: Quota = serde_json::from_str(r#"{"bytes": 100, "used_before": 7}"#).unwrap();
        let owner = Provider { quota: Some(quota), ..Provider::new("a", "a.example") };
        let host =
            |id: &str| Provider { account: Some("a".into()), ..Provider::new(id, "b.example") };
        Settings { providers: vec![owner, host("b"), host("c")], ..Settings::default() }
    }

    #[test]
    fn hosts_below_one_public_suffix_are_strangers() {
        let at = |host: &str| Provider { username: Some("u".into()), ..Provider::new(host, host) };
        let is_same = |one: &str, other: &str| same_account(&at(one), &[at(other)]).is_some();
        for (one, other) in [
            ("news.a.co.uk", "news.b.co.uk"),
            ("a.com.au", "b.com.au"),
            ("a.co.uk", "news.b.CO.UK"),
            ("192.0.2.1", "192.0.2.1"),
        ] {
            assert!(!is_same(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("news.a.co.uk", "us.A.co.uk"),
            ("news.eweka.nl", "eweka.nl"),
            ("eu.a.com", "us.a.com"),
            ("eu.ab.info", "us.ab.info"),
        ] {
            assert!(is_same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn what_was_bought_goes_to_the_next_host_and_back() {
        let before = shared();
        let mut settings = before.clone();
        let removed = settings.providers.remove(0);
        let hosts = settings.hand_over_account(&removed, Some(60));
        check(&settings).unwrap();
        let [b, c] = settings.providers.as_slice() else { panic!("{settings:?}") };
        assert_eq!(b.quota.map(|quota| (quota.bytes, quota.used_before)), Some((100, 60)));
        assert_eq!((b.account.as_deref(), c.account.as_deref()), (None, Some("b")));
        settings.providers.insert(0, removed);
        settings.give_back_account("a", &hosts, 5);
        let used =
            settings.providers[0].quota.as_mut().map(|quota| &mut quota.used_before).unwrap();
        assert_eq!(std::mem::replace(used, 7), 12);
        assert_eq!(settings, before);
    }
}
