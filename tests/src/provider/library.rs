//! What a provider has: articles by message-id, and groups in which it gives them numbers.

use std::collections::BTreeMap;

use crate::article::Article;

/// See the [module](self).
#[derive(Debug, Clone, Default)]
pub(super) struct Library {
    articles: BTreeMap<String, Article>,
    groups: BTreeMap<String, BTreeMap<u64, Article>>,
}

impl Library {
    pub(super) fn add(&mut self, article: Article) {
        self.articles.insert(article.id().into(), article);
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.articles.remove(id);
        for numbered in self.groups.values_mut() {
            numbered.retain(|_, article| article.id() != id);
        }
    }

    pub(super) fn add_group(
        &mut self,
        name: &str,
        numbered: impl IntoIterator<Item = (u64, Article)>,
    ) {
        let group = self.groups.entry(name.into()).or_default();
        for (number, article) in numbered {
            self.articles.insert(article.id().into(), article.clone());
            group.insert(number, article);
        }
    }

    pub(super) fn remove_group(&mut self, name: &str) {
        self.groups.remove(name);
    }

    pub(super) fn article(&self, id: &str) -> Option<&Article> {
        self.articles.get(id)
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = (&str, &BTreeMap<u64, Article>)> {
        self.groups.iter().map(|(name, numbered)| (name.as_str(), numbered))
    }

    pub(super) fn group(&self, name: &str) -> Option<&BTreeMap<u64, Article>> {
        self.groups.get(name)
    }

    pub(super) fn numbered(&self, group: &str, number: u64) -> Option<&Article> {
        self.groups.get(group)?.get(&number)
    }

    /// A group and the number there of an article, if it is in one.
    pub(super) fn place(&self, id: &str) -> Option<(&str, u64)> {
        let at = |numbered: &BTreeMap<u64, Article>| {
            numbered.iter().find(|(_, article)| article.id() == id).map(|(number, _)| *number)
        };
        self.groups().find_map(|(name, numbered)| Some((name, at(numbered)?)))
    }
}

/// Count, lowest and highest number of a group; of an empty one 0, 0, 0.
pub(super) fn bounds(numbered: &BTreeMap<u64, Article>) -> (usize, u64, u64) {
    let low = numbered.keys().next().copied().unwrap_or_default();
    let high = numbered.keys().next_back().copied().unwrap_or_default();
    (numbered.len(), low, high)
}
