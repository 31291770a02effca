//! Hosts that share an account, when the provider that it is named after comes or goes.

use crate::{Provider, Settings};

impl Settings {
    /// Hands the account of a provider that was removed over to the first of its other hosts, with what
    /// was bought; `used` is how much of it has been used. Returns those hosts.
    pub fn hand_over_account(&mut self, removed: &Provider, used: Option<u64>) -> Vec<String> {
        let belongs = |host: &&mut Provider| host.account.as_ref() == Some(&removed.id);
        let mut hosts: Vec<_> = self.providers.iter_mut().filter(belongs).collect();
        let ids: Vec<_> = hosts.iter().map(|host| host.id.clone()).collect();
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
        ids
    }

    /// Gives the account back to a provider that is there again.
    pub fn give_back_account(&mut self, owner: &str, hosts: &[String]) {
        for host in self.providers.iter_mut().filter(|host| hosts.contains(&host.id)) {
            host.account = Some(owner.to_owned());
            (host.quota, host.expires, host.price) = (None, None, None);
        }
        let ids: Vec<_> = self.providers.iter().map(|provider| provider.id.clone()).collect();
        // The provider that its account was named after may have been removed meanwhile.
        let known = |account: &String| ids.contains(account);
        let back = self.providers.iter_mut().find(|provider| provider.id == owner);
        back.into_iter().for_each(|back| back.account = back.account.take().filter(known));
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
        settings.give_back_account("a", &hosts);
        assert_eq!(settings, before);
    }
}
